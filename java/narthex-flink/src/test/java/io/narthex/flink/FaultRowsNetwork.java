// Nothing comes back, and nothing was stored: refused, timeout, reset, TLS and DNS errors.
package io.narthex.flink;

import static io.narthex.flink.FaultActs.CUT_HEAD;
import static io.narthex.flink.FaultActs.FORWARD;
import static io.narthex.flink.FaultActs.GARBAGE;
import static io.narthex.flink.FaultActs.LOSE_REQUEST;
import static io.narthex.flink.FaultActs.RESET_AFTER_BODY;
import static io.narthex.flink.FaultActs.RESET_BEFORE_BODY;
import static io.narthex.flink.FaultActs.RESET_IN_BODY;
import static io.narthex.flink.FaultActs.SILENCE;
import static io.narthex.flink.FaultRow.row;
import static io.narthex.flink.FaultRows.boundedAndIdle;
import static io.narthex.flink.FaultRows.boundedAndStopped;

import io.narthex.flink.FaultProxy.Act;
import io.narthex.flink.FaultRow.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

final class FaultRowsNetwork {
    private static final String GAVE_UP = "gave up after 3 attempts";

    private FaultRowsNetwork() {}

    static List<FaultRow> rows() {
        List<FaultRow> rows = new ArrayList<>();
        rows.add(gaveUp("68", "connection refused", Place.CLOSED_PORT).smoke());
        rows.add(gaveUp("69", "connection refused", Place.CLOSED_PORT).unchecked().open());
        rows.addAll(boundedAndStopped(0, () -> letGo("70", "connection refused", Place.CLOSED_PORT).unchecked()));
        rows.add(inTrouble("71", "connection refused", Place.CLOSED_PORT));
        rows.addAll(boundedAndStopped(2, () -> row("72", "connection refused for a while").at(Place.OPENS_LATER)
                .seen(null)));
        rows.addAll(boundedAndIdle(() -> gaveUp("73", "DNS error", Place.NO_SUCH_NAME)));
        rows.addAll(boundedAndStopped(0, () -> letGo("74", "DNS error", Place.NO_SUCH_NAME)));
        rows.add(inTrouble("75", "DNS error", Place.NO_SUCH_NAME).unchecked());
        rows.addAll(boundedAndIdle(() ->
                gaveUp("76", "TLS error: the receiver speaks plain HTTP", Place.PLAIN_BEHIND_HTTPS)));
        rows.addAll(boundedAndStopped(0, () ->
                letGo("77", "TLS error: the receiver speaks plain HTTP", Place.PLAIN_BEHIND_HTTPS).unchecked()));
        rows.add(row("78", "TLS error: another certificate for a while, after an accepted request")
                .input(10, 2, 10).at(Place.CERTIFICATE_REPLACED).pauses(1, 1).stopped(2).seen("204 204@…"));
        rows.add(row("", "connection refused for a while, after an accepted request").input(20, 2, 20)
                .at(Place.GOES_AWAY).pauses(1, 1).seen("204 204@…").ledger("written 40"));
        rows.addAll(timeouts());
        rows.addAll(resets());
        rows.addAll(noAnswers());
        return rows;
    }

    private static FaultRow gaveUp(String binary, String name, Place place) {
        return row(binary, name).input(20, 1, 20).at(place).twice().fails(GAVE_UP).seen("none").ledger("pending 20");
    }

    private static FaultRow letGo(String binary, String name, Place place) {
        return row(binary, name).input(20, 1, 20).at(place).twice().discards().seen("none")
                .ledger("dropped{retries_exhausted} 20");
    }

    private static FaultRow inTrouble(String binary, String name, Place place) {
        return row(binary, name).input(20, 1, 20).at(place).saved(0).seen("none").ledger("pending 20");
    }

    private static List<FaultRow> timeouts() {
        List<FaultRow> rows = new ArrayList<>();
        rows.add(row("79", "timeout, nothing stored").input(20, 1, 20).quick().first(SILENCE).seen("- 204@1").waits(990));
        rows.add(row("80", "timeout, nothing stored").input(20, 1, 20).quick().first(SILENCE).unchecked().stopped(2)
                .seen("- 204@1"));
        rows.addAll(boundedAndIdle(() -> row("81", "timeout for ever").input(20, 1, 20).quick().twice().always(SILENCE)
                .fails(GAVE_UP).seen("-@0..2").ledger("pending 20")));
        rows.addAll(boundedAndStopped(3, () -> row("82", "timeout for ever").input(20, 1, 20).quick().twice()
                .always(SILENCE).discards().unchecked().seen("-@0..2").ledger("dropped{retries_exhausted} 20")));
        return rows;
    }

    private static List<FaultRow> resets() {
        List<FaultRow> rows = new ArrayList<>();
        rows.add(row("83", "reset in the middle of the body").input(20, 1, 20).first(RESET_IN_BODY).seen("- 204@1"));
        rows.add(row("84", "reset in the middle of the body").input(20, 1, 20).times(2, RESET_IN_BODY).unchecked()
                .cancelled(3).seen("-@0..1 204@2"));
        rows.addAll(boundedAndStopped(3, () ->
                row("85", "reset after the body").first(RESET_AFTER_BODY).seen("- 204@1 204")));
        rows.addAll(boundedAndStopped(3, () -> row("86", "reset before the body, for ever").input(20, 1, 20).twice()
                .always(RESET_BEFORE_BODY).discards().seen("-@0..2").ledger("dropped{retries_exhausted} 20")));
        return rows;
    }

    /** Where the Apache connector hung: once, for ever and failing, for ever and discarding. */
    private static List<FaultRow> noAnswers() {
        Map<String, Act> acts = new TreeMap<>();
        acts.put("connection closed without an answer", LOSE_REQUEST);
        acts.put("half a status line", CUT_HEAD);
        acts.put("an answer that is no HTTP", GARBAGE);
        acts.put("reset before the body", RESET_BEFORE_BODY);
        List<FaultRow> rows = new ArrayList<>();
        acts.forEach((name, act) -> {
            rows.addAll(boundedAndStopped(3, () -> row("", name).first(act).seen("- 204@1 204")));
            rows.addAll(boundedAndIdle(() -> row("", name + ", for ever").input(20, 1, 20).twice().always(act)
                    .fails(GAVE_UP).seen("-@0..2").ledger("pending 20")));
            rows.add(row("", name + ", for ever, after an accepted request").twice().first(FORWARD).always(act).open()
                    .fails(GAVE_UP).seen("204 -@0..2").ledger("written 10, pending 10"));
            rows.addAll(boundedAndStopped(3, () -> row("", name + ", for ever").input(20, 1, 20).twice().always(act)
                    .discards().seen("-@0..2").ledger("dropped{retries_exhausted} 20")));
        });
        return rows;
    }
}
