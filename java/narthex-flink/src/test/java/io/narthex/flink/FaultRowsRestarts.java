// Failures of the sink with restarts on, with and without checkpoints: nothing is lost, and the end comes.
package io.narthex.flink;

import static io.narthex.flink.FaultActs.FORWARD;
import static io.narthex.flink.FaultActs.LOSE_ANSWER;
import static io.narthex.flink.FaultActs.status;
import static io.narthex.flink.FaultActs.when;
import static io.narthex.flink.FaultRow.row;

import io.narthex.flink.FaultRow.Extra;
import java.util.ArrayList;
import java.util.List;

final class FaultRowsRestarts {
    private FaultRowsRestarts() {}

    static List<FaultRow> rows() {
        List<FaultRow> rows = new ArrayList<>();
        rows.add(row("", "401 once, then well").input(20, 1, 20).first(status(401)).restarts(3).seen("401 204").smoke());
        rows.add(row("", "401 once, then well").input(20, 1, 20).first(status(401)).restarts(3)
                .stopped(2).seen("401 204"));
        rows.add(row("", "401 once, after an accepted request").first(FORWARD, status(401)).restarts(3)
                .seen("204 401 204x2"));
        rows.add(row("", "401 once, after an accepted request, five samples a series").input(10, 5, 25)
                .first(FORWARD, status(401)).restarts(3).seen("204 401 …").ledger(null));
        rows.add(row("", "503 until retries end, then well").input(20, 1, 20).twice().times(3, status(503)).restarts(3)
                .seen("503@0..2 204"));
        rows.add(row("", "404 until restarts end").input(20, 1, 20).always(status(404)).restarts(2)
                .fails("404").seen("404x3").ledger("pending 20"));
        rows.add(row("", "404 until restarts end").input(20, 1, 20).always(status(404)).restarts(2).checkpoints(100)
                .open().fails("404").seen("404x3").ledger(null));
        rows.add(row("", "503 until retries and restarts end").input(20, 1, 20).twice().always(status(503)).restarts(2)
                .fails("gave up after 3 attempts").seen("503@0..2 503@0..2 503@0..2").ledger("pending 20"));
        rows.add(row("", "404 in the middle of a busy source, checkpoints").input(500, 100, 500).checkpoints(50)
                .times(20, FORWARD).first(status(404)).restarts(3).seen("204x20 404 …").ledger(null));
        rows.add(row("", "404 while the source pauses, checkpoints").input(20, 2, 20).checkpoints(100)
                .first(FORWARD, status(404)).pauses(1, 1).restarts(3).seen("204 404 …").ledger(null));
        rows.add(row("", "404 between a checkpoint's barrier and its completion").input(20, 5, 20).checkpoints(300)
                .slowCheckpoint().option("sink.checkpoint-wait", "50 ms")
                .times(20, status(503)).first(status(404)).restarts(3).seen(null).ledger(null));
        rows.add(row("", "404 while a checkpoint waits for settlement").input(20, 5, 20).checkpoints(100)
                .times(15, status(503)).first(status(404)).restarts(3).seen(null).ledger(null));
        rows.add(row("", "404 with unsettled samples in a checkpoint").input(20, 5, 20).checkpoints(100)
                .option("sink.checkpoint-wait", "20 ms")
                .times(20, status(503)).first(status(404)).restarts(3).seen(null).ledger(null));
        rows.add(row("", "404 with unsettled samples in a checkpoint").input(20, 5, 20).checkpoints(100)
                .option("sink.checkpoint-wait", "20 ms")
                .times(20, status(503)).first(status(404)).restarts(3).stopped(24).seen(null).ledger(null));
        rows.add(row("", "an answer lost, then 404, checkpoints").input(10, 10, 25).checkpoints(100)
                .first(FORWARD, LOSE_ANSWER, status(404)).restarts(3).seen("204 - 404@1 …").ledger(null));
        rows.add(row("", "404 once, two subtasks").input(100, 20, 100).parallelism(2).checkpoints(50)
                .times(6, FORWARD).first(status(404)).restarts(3).seen(null).ledger(null));
        rows.add(row("", "404 until restarts end, two subtasks").input(100, 20, 100).parallelism(2)
                .always(status(404)).restarts(1).fails("404").seen(null).ledger(null));
        rows.add(row("", "401 once, two subtasks, four shards").input(100, 20, 100).parallelism(2)
                .option("sink.shards", "4").first(status(401)).restarts(3).seen(null).ledger(null));
        rows.addAll(refusedAfterRestart());
        return rows;
    }

    /** After the restart a request holds what is stored already and what is new. */
    private static FaultRow mixed() {
        return row("", "401 once, then a request of stored and new samples").input(10, 5, 50).unchecked().pauses(3, 1)
                .first(FORWARD, status(401)).restarts(3);
    }

    /** Nothing of these samples was ever sent before the restart. */
    private static List<FaultRow> refusedAfterRestart() {
        List<FaultRow> rows = new ArrayList<>();
        rows.add(row("", "401 once, then 400 for one sample").input(20, 1, 20).overtaken(3).first(status(401))
                .restarts(3).seen(null).ledger("written 19, replayed 1").held(19).undecidable(1)
                .why("`out of order sample`, and nobody can tell whether an earlier attempt wrote it"));
        rows.add(row("", "401 once, then 422 for one sample").input(20, 1, 20).first(status(401))
                .always(when("V3", status(422))).restarts(3).seen(null)
                .ledger("written 19, rejected{unprocessable} 1"));
        rows.add(row("", "401 once, then 400 for one sample of tomorrow, not checked").input(20, 1, 50).unchecked()
                .extra(Extra.FUTURE).first(status(401)).restarts(3).seen(null)
                .ledger("written 20, rejected{bad_request} 1"));
        rows.add(row("", "401 once, then 400 for one vehicle of fifty samples each").input(10, 50, 10).first(status(401))
                .always(when("V3", status(400))).restarts(3).seen(null)
                .ledger("written 450, rejected{bad_request} 50"));
        rows.add(row("", "401 after a checkpoint of settled samples, then 422 for one new sample").input(20, 2, 20)
                .pauses(1, 1).first(FORWARD, status(401)).always(when("V3", status(422))).checkpoints(50).restarts(3)
                .stopped(13).seen(null).ledger("written 19, rejected{unprocessable} 1"));
        rows.add(row("", "401 once, then 400 for all").input(8, 1, 8).first(status(401)).always(status(400))
                .restarts(3).seen(null).ledger("rejected{bad_request} 8"));
        rows.add(row("", "401 once, then 400 for all, discarded").input(8, 1, 8).first(status(401))
                .always(status(400)).rejectsWhole()
                .restarts(3).seen(null).ledger("rejected{bad_request} 8"));
        rows.add(mixed().seen("204 401 400 …").ledger("written 30, rejected{bad_request} 20").held(50)
                .why("with checks off nothing is remembered, and what is there already counts as rejected"));
        rows.add(mixed().rejectsWhole().seen("204 401 400").ledger("rejected{bad_request} 50").held(30));
        return rows;
    }
}
