// Answers that are late, cut, endless or in another manner: the status counts, and nothing hangs.
package io.narthex.flink;

import static io.narthex.flink.FaultActs.CLOSE_BEHIND;
import static io.narthex.flink.FaultActs.CUT_BODY;
import static io.narthex.flink.FaultActs.FORWARD;
import static io.narthex.flink.FaultActs.INFORMS_FIRST;
import static io.narthex.flink.FaultActs.OLD_MANNER;
import static io.narthex.flink.FaultActs.endlessBody;
import static io.narthex.flink.FaultActs.late;
import static io.narthex.flink.FaultActs.silentBody;
import static io.narthex.flink.FaultRow.row;
import static io.narthex.flink.FaultRows.boundedAndIdle;
import static io.narthex.flink.FaultRows.boundedAndStopped;

import java.util.ArrayList;
import java.util.List;

final class FaultRowsAnswers {
    private FaultRowsAnswers() {}

    static List<FaultRow> rows() {
        List<FaultRow> rows = new ArrayList<>();
        rows.addAll(boundedAndStopped(2, () ->
                row("87", "an answer of 200 that breaks off in its body").first(CUT_BODY).seen("200 204")));
        rows.addAll(boundedAndStopped(1, () ->
                row("", "200, its body never comes").first(silentBody(200)).quick().seen("200 204")));
        rows.addAll(boundedAndStopped(1, () ->
                row("", "200, its body never ends").first(endlessBody(200)).quick().seen("200 204")));
        rows.addAll(boundedAndIdle(() -> row("", "404, its body never comes").input(20, 1, 20).quick()
                .always(silentBody(404)).fails("404").seen("404").ledger("pending 20")));
        rows.addAll(boundedAndIdle(() -> row("", "404, its body never ends").input(20, 1, 20).quick()
                .always(endlessBody(404)).fails("404").seen("404").ledger("pending 20")));
        rows.addAll(boundedAndStopped(2, () -> row("", "503, its body never comes").quick()
                .first(silentBody(503)).seen("503 204@1 204")));
        rows.addAll(boundedAndStopped(2, () -> row("", "503, its body never ends").quick()
                .first(endlessBody(503)).seen("503 204@1 204")));
        rows.addAll(boundedAndStopped(1, () -> row("", "400, its body never ends, one sample").quick()
                .input(1, 1, 10).first(endlessBody(400)).seen("400").ledger("rejected{bad_request} 1")));
        rows.addAll(boundedAndStopped(2, () -> row("", "103 before the answer").first(INFORMS_FIRST)));
        rows.addAll(boundedAndStopped(2, () -> row("", "200 in the manner of HTTP/1.0").always(OLD_MANNER).seen("200x2")));
        rows.addAll(boundedAndStopped(4, () -> row("", "each connection is closed behind its answer")
                .input(20, 2, 10).always(CLOSE_BEHIND).seen(null).ledger("written 40")));
        rows.add(row("", "the connection is closed while the source pauses").input(20, 2, 20)
                .first(CLOSE_BEHIND).pauses(1, 1).seen(null).ledger("written 40"));
        rows.addAll(boundedAndStopped(10, () -> row("", "every answer takes a fifth of a second").input(20, 5, 10)
                .always(late(200, FORWARD)).seen("204x10").ledger("written 100")));
        rows.add(row("", "every answer takes a fifth of a second, a busy source").input(500, 10, 500)
                .always(late(200, FORWARD)).option("sink.requests.max-buffered", "500")
                .seen("204x10").ledger("written 5000"));
        return rows;
    }
}
