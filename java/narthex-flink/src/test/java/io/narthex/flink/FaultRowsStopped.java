// 401, 403, 404, 405, 415, redirects and refused certificates: the job fails at once, whatever the options say.
package io.narthex.flink;

import static io.narthex.flink.FaultActs.FORWARD;
import static io.narthex.flink.FaultActs.early;
import static io.narthex.flink.FaultActs.status;
import static io.narthex.flink.FaultActs.when;
import static io.narthex.flink.FaultRow.row;
import static io.narthex.flink.FaultRows.boundedAndIdle;

import io.narthex.flink.FaultRow.Place;
import java.util.ArrayList;
import java.util.List;

final class FaultRowsStopped {
    private static final String NEVER_FOLLOWED = "redirects are never followed";

    private FaultRowsStopped() {}

    static List<FaultRow> rows() {
        List<FaultRow> rows = new ArrayList<>();
        rows.addAll(boundedAndIdle(() -> stops("35", 401, "check user name, password or token").smoke()));
        rows.addAll(boundedAndIdle(() -> stops("36", 401, "answered 401").unchecked().rejectsWhole().discards()));
        rows.addAll(boundedAndIdle(() -> row("37", "401 after an accepted request").first(FORWARD).always(status(401))
                .fails("401").seen("204 401").ledger("written 10, pending 10")));
        rows.addAll(boundedAndIdle(() -> stops("38", 403, "check that these credentials may write")));
        rows.addAll(boundedAndIdle(() -> stops("39", 404, "Prometheus needs --web.enable-remote-write-receiver")));
        rows.addAll(boundedAndIdle(() -> stops("40", 404, "check the URL's path").discards().unchecked()));
        rows.addAll(boundedAndIdle(() -> stops("41", 405, "this URL takes no POST")));
        rows.addAll(boundedAndIdle(() -> stops("42", 415, "does not take Remote-Write 1.0 messages").unchecked()));
        rows.addAll(boundedAndIdle(() -> row("", "404 in the last of ten requests").input(20, 5, 10)
                .times(9, FORWARD).always(status(404)).fails("404").seen("204x9 404").ledger("written 90, pending 10")));
        rows.add(row("", "404 after a pause of the source").input(20, 2, 20).pauses(1, 1)
                .first(FORWARD).always(status(404)).fails("404").seen("204 404").ledger("written 20, pending 20"));
        rows.add(row("", "404 in the middle of a busy source").input(500, 100, 500)
                .times(20, FORWARD).always(status(404)).open().fails("404").seen("204x20 404").ledger(null));
        rows.addAll(boundedAndIdle(() -> stops("", 401, "401", early(401))));
        rows.add(row("", "404, job mode BATCH").input(20, 1, 20).always(status(404)).batchMode()
                .fails("404").seen("404").ledger("pending 20"));
        rows.addAll(boundedAndIdle(() -> row("", "404 for one vehicle of a hundred, four shards").input(100, 5, 500)
                .option("sink.shards", "4").always(when("V3", status(404))).fails("404").seen(null).ledger(null)));
        rows.addAll(redirects());
        rows.addAll(certificates());
        return rows;
    }

    private static FaultRow stops(String binary, int code, String words, FaultProxy.Act act) {
        return row(binary, code + (act == null ? "" : " before the body is read")).input(20, 1, 20)
                .always(act == null ? status(code) : act)
                .fails(words).seen(Integer.toString(code)).ledger("pending 20");
    }

    private static FaultRow stops(String binary, int code, String words) {
        return stops(binary, code, words, null);
    }

    /** Where they point to answers 200 to everything, and stores nothing. */
    private static List<FaultRow> redirects() {
        List<FaultRow> rows = new ArrayList<>();
        for (int code : new int[] {301, 302, 303, 307, 308}) {
            String binary = code == 301 ? "43" : "";
            rows.addAll(boundedAndIdle(() -> redirect(binary, code).discards()));
        }
        rows.addAll(boundedAndIdle(() -> row("44", "302 to nowhere").input(20, 1, 20).always(status(302)).discards()
                .fails(NEVER_FOLLOWED).seen("302").ledger("pending 20")));
        rows.addAll(boundedAndIdle(() -> row("", "304").input(20, 1, 20).always(status(304))
                .fails("304").seen("304").ledger("pending 20")));
        rows.add(row("", "302 after an accepted request").first(FORWARD)
                .always(status(302, "Location: SELF/login")).fails(NEVER_FOLLOWED)
                .seen("204 302").ledger("written 10, pending 10").smoke());
        return rows;
    }

    private static FaultRow redirect(String binary, int code) {
        return row(binary, code + " to a page that answers 200").input(20, 1, 20)
                .always(status(code, "Location: SELF/login")).fails(NEVER_FOLLOWED)
                .seen(Integer.toString(code)).ledger("pending 20");
    }

    private static List<FaultRow> certificates() {
        List<FaultRow> rows = new ArrayList<>();
        rows.addAll(boundedAndIdle(() -> unknownCa("45")));
        rows.addAll(boundedAndIdle(() -> unknownCa("46").unchecked().discards()));
        rows.add(row("47", "TLS, a certificate of the CA file").at(Place.TRUSTED_HTTPS));
        rows.add(row("47", "TLS, a certificate of the CA file").at(Place.TRUSTED_HTTPS).stopped(2));
        return rows;
    }

    private static FaultRow unknownCa(String binary) {
        return row(binary, "TLS error: a certificate of an unknown CA").input(20, 1, 20).at(Place.UNKNOWN_CA)
                .fails("check the CA file").seen("none").ledger("pending 20");
    }
}
