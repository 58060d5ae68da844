// 429 and 5xx: again, until the receiver takes it or patience ends.
package io.narthex.flink;

import static io.narthex.flink.FaultActs.FORWARD;
import static io.narthex.flink.FaultActs.status;
import static io.narthex.flink.FaultActs.when;
import static io.narthex.flink.FaultRow.row;
import static io.narthex.flink.FaultRows.boundedAndIdle;
import static io.narthex.flink.FaultRows.boundedAndStopped;

import java.util.ArrayList;
import java.util.List;

final class FaultRowsRetried {
    private static final String GAVE_UP = "gave up after 3 attempts";

    private FaultRowsRetried() {}

    static List<FaultRow> rows() {
        List<FaultRow> rows = new ArrayList<>();
        rows.add(row("48", "429 three times").times(3, status(429)).seen("429@0..2 204@3 204").smoke());
        rows.add(row("49", "429 three times").first(FORWARD).times(3, status(429)).unchecked().stopped(5)
                .seen("204 429@0..2 204@3"));
        rows.addAll(boundedAndIdle(() -> gaveUp("50", 429)));
        rows.add(letGo("51", 429).unchecked());
        rows.add(letGo("51", 429).unchecked().cancelled(3));
        rows.add(inTrouble("52", 429));
        rows.addAll(retryAfter());
        rows.addAll(boundedAndStopped(5, () -> row("56", "500 three times").times(3, status(500)).unchecked()
                .seen("500@0..2 204@3 204")));
        rows.addAll(boundedAndIdle(() -> gaveUp("57", 500).unchecked()));
        rows.add(letGo("58", 500).smoke());
        rows.addAll(boundedAndStopped(12, () -> oneSample("59")));
        rows.addAll(boundedAndStopped(12, () -> oneSample("60").unchecked().rejectsWhole()));
        rows.addAll(boundedAndIdle(() -> row("61", "500 for one sample, before anything was accepted")
                .input(20, 1, 20).always(when("V3", status(500))).option("sink.retry.max-time", "300 ms")
                .fails("gave up after").seen(null).ledger("pending 20")));
        rows.addAll(boundedAndStopped(6, () -> row("62", "503 four times, after an accepted request")
                .first(FORWARD).times(4, status(503)).seen("204 503@0..3 204@4")));
        rows.add(row("63", "503 four times").times(4, status(503)).discards().unchecked().cancelled(6)
                .seen("503@0..3 204@4 204"));
        rows.addAll(boundedAndIdle(() -> row("64", "503 for ever, before anything was accepted").input(20, 1, 20)
                .always(status(503)).option("sink.retry.max-time", "300 ms").fails("gave up after")
                .seen(null).ledger("pending 20")));
        rows.add(inTrouble("65", 503).unchecked());
        rows.addAll(boundedAndStopped(3, () -> letGo("66", 503)));
        rows.addAll(boundedAndStopped(5, () -> row("67", "529 three times").times(3, status(529))
                .seen("529@0..2 204@3 204")));
        rows.addAll(boundedAndIdle(() -> row("", "503 for ever in the last of ten requests").input(20, 5, 10).twice()
                .times(9, FORWARD).always(status(503)).fails(GAVE_UP)
                .seen("204x9 503@0..2").ledger("written 90, pending 10")));
        rows.add(row("", "503 for ever in the last of ten requests").input(20, 5, 10).twice().discards()
                .times(9, FORWARD).always(status(503))
                .seen("204x9 503@0..2").ledger("written 90, dropped{retries_exhausted} 10"));
        rows.add(row("", "503 for ever in the middle of a busy source").input(500, 100, 500).twice()
                .times(20, FORWARD).always(status(503)).open().fails(GAVE_UP).seen("204x20 503@0..2").ledger(null));
        rows.add(row("", "503 for ever, a busy source").input(500, 100, 500).always(status(503)).cancelled(3)
                .seen(null).ledger(null));
        rows.add(row("", "503 for ever, a busy source").input(500, 100, 500).always(status(503)).saved(3)
                .seen(null).ledger(null));
        rows.add(row("", "503 for ever, while the job is stopped with a drain").input(20, 1, 20).always(status(503))
                .failsWhileStopped(true, 3, "gave up after 101 attempts").seen("503@0..100").ledger("pending 20"));
        rows.add(row("", "503, then 404 while the job is stopped").input(20, 1, 20).times(30, status(503))
                .always(status(404)).failsWhileStopped(false, 3, "404").seen("503@0..29 404@30").ledger("pending 20"));
        rows.add(row("", "503 at every second request of a busy source").input(500, 100, 500)
                .times(1, status(503)).first(FORWARD, status(503), FORWARD, status(429), FORWARD, status(503))
                .stopped(104).seen("503 204@1 503 204@1 429 204@1 503 204@1 …").ledger("written 50000"));
        return rows;
    }

    private static List<FaultRow> retryAfter() {
        List<FaultRow> rows = new ArrayList<>();
        rows.add(row("53", "429 with Retry-After 1").first(status(429, "Retry-After: 1"))
                .seen("429 204@1 204").waits(990));
        rows.add(row("54", "429 with Retry-After 1").first(FORWARD, status(429, "Retry-After: 1")).unchecked()
                .stopped(3).seen("204 429 204@1").waits(990));
        rows.addAll(boundedAndStopped(3, () ->
                row("55", "429 with Retry-After of an hour, cut to a tenth of a second")
                        .first(status(429, "Retry-After: 3600")).option("sink.retry.max-retry-after", "100 ms")
                        .seen("429 204@1 204").waits(99)));
        rows.add(row("", "503 with a Retry-After that is no number").first(status(503, "Retry-After: soon"))
                .seen("503 204@1 204"));
        return rows;
    }

    private static FaultRow gaveUp(String binary, int code) {
        return row(binary, code + " for ever").input(20, 1, 20).twice().always(status(code))
                .fails(GAVE_UP).seen(code + "@0..2").ledger("pending 20");
    }

    private static FaultRow letGo(String binary, int code) {
        return row(binary, code + " for ever").input(20, 1, 20).twice().always(status(code)).discards()
                .seen(code + "@0..2").ledger("dropped{retries_exhausted} 20").says("first retries_exhausted");
    }

    private static FaultRow inTrouble(String binary, int code) {
        return row(binary, code + " for ever").input(20, 1, 20).always(status(code)).saved(3)
                .seen(null).ledger("pending 20");
    }

    private static FaultRow oneSample(String binary) {
        return row(binary, "500 for one sample").always(when("V13", status(500)))
                .seen("204 500@0..…").ledger("written 19, rejected{server_error} 1").says("first server_error");
    }
}
