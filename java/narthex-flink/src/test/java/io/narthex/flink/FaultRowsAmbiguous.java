// The receiver may hold what it did not acknowledge: a refused repetition is no loss.
package io.narthex.flink;

import static io.narthex.flink.FaultActs.FORWARD;
import static io.narthex.flink.FaultActs.LOSE_ANSWER;
import static io.narthex.flink.FaultActs.LOSE_REQUEST;
import static io.narthex.flink.FaultActs.SILENCE_AFTER_STORED;
import static io.narthex.flink.FaultActs.storedThen;
import static io.narthex.flink.FaultRow.row;
import static io.narthex.flink.FaultRows.boundedAndIdle;
import static io.narthex.flink.FaultRows.boundedAndStopped;

import java.util.ArrayList;
import java.util.List;

final class FaultRowsAmbiguous {
    private static final String LOST_ANSWER = "answer lost after commit, ";
    private static final String REPLAYED = "- 400@1 400x12 204";

    private FaultRowsAmbiguous() {}

    static List<FaultRow> rows() {
        List<FaultRow> rows = new ArrayList<>();
        rows.add(row("88", LOST_ANSWER + "one sample a series").input(20, 1, 20).first(LOSE_ANSWER).seen("- 204@1"));
        rows.add(row("89", LOST_ANSWER + "one sample a series").input(20, 1, 20).first(LOSE_ANSWER).unchecked()
                .rejectsWhole().stopped(2).seen("- 204@1"));
        rows.addAll(boundedAndStopped(15, () -> five("90").first(LOSE_ANSWER).unchecked()
                .seen(REPLAYED).ledger("written 10, replayed 40")));
        rows.add(five("91").first(LOSE_ANSWER).seen("- 204@1 204").ledger("written 50"));
        rows.add(five("92").first(FORWARD, LOSE_ANSWER)
                .seen("204 - 400@1 400x3 204").ledger("written 20, replayed 30"));
        rows.addAll(boundedAndStopped(16, () -> five("93").input(10, 10, 50).first(FORWARD, LOSE_ANSWER).unchecked()
                .seen("204 " + REPLAYED).ledger("written 60, replayed 40")));
        rows.addAll(boundedAndStopped(2, () -> five("94").first(LOSE_ANSWER).rejectsWhole().unchecked()
                .seen("- 400@1").ledger("replayed 50")));
        rows.addAll(boundedAndStopped(10, () -> row("95", "answer lost of a refusal, one bad vehicle: nothing is replayed")
                .input(10, 5, 50).overtaken(3).first(LOSE_ANSWER).unchecked()
                .seen("- 400@1 …").ledger("written 45, rejected{bad_request} 5")));
        rows.addAll(boundedAndIdle(() -> row("96", "answer lost for ever, patience ends").input(20, 1, 20).twice()
                .always(LOSE_ANSWER).fails("gave up after 3 attempts").seen("-@0..2").ledger("pending 20").held(20)));
        rows.addAll(boundedAndStopped(3, () -> row("97", "answer lost for ever, patience ends").input(20, 1, 20).twice()
                .always(LOSE_ANSWER).discards().unchecked().seen("-@0..2")
                .ledger("dropped{retries_exhausted} 20").held(20)));
        rows.addAll(boundedAndStopped(2, () -> row("98", "timeout after commit, one sample a series").input(20, 1, 20)
                .quick().first(SILENCE_AFTER_STORED).seen("- 204@1")));
        rows.addAll(boundedAndStopped(15, () -> row("99", "timeout after commit, five samples a series")
                .input(10, 5, 50).quick().first(SILENCE_AFTER_STORED).unchecked()
                .seen(REPLAYED).ledger("written 10, replayed 40")));
        rows.addAll(boundedAndStopped(15, () -> row("100", "a gateway's 503 after commit, five samples a series")
                .input(10, 5, 50).first(storedThen(503)).unchecked()
                .seen("503 400@1 400x12 204").ledger("written 10, replayed 40")));
        rows.addAll(boundedAndStopped(10, () -> lostRequest("101").unchecked()));
        rows.addAll(boundedAndStopped(10, () -> lostRequest("102")));
        return rows;
    }

    private static FaultRow five(String binary) {
        return row(binary, LOST_ANSWER + "five samples a series").input(10, 5, 50);
    }

    private static FaultRow lostRequest(String binary) {
        return row(binary, "request lost before it arrived, one bad vehicle: nothing is replayed")
                .input(10, 5, 50).overtaken(3).first(LOSE_REQUEST)
                .seen("- 400@1 …").ledger("written 45, rejected{bad_request} 5");
    }
}
