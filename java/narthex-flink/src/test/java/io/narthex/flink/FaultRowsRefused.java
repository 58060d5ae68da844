// 400, 409, 422, 413 and other 4xx: bad samples are found and rejected, the rest is written.
package io.narthex.flink;

import static io.narthex.flink.FaultActs.KEEP_GOOD;
import static io.narthex.flink.FaultActs.above;
import static io.narthex.flink.FaultActs.status;
import static io.narthex.flink.FaultActs.when;
import static io.narthex.flink.FaultRow.row;
import static io.narthex.flink.FaultRows.boundedAndStopped;

import io.narthex.flink.FaultRow.Extra;
import java.util.ArrayList;
import java.util.List;

final class FaultRowsRefused {
    private static final String LOST_ONE = "lost 1 of a request's 20 samples, first bad_request";

    private FaultRowsRefused() {}

    static List<FaultRow> rows() {
        List<FaultRow> rows = new ArrayList<>();
        rows.add(one("12", "bad_request").overtaken(3).says(LOST_ONE).smoke());
        rows.add(one("13", "bad_request").overtaken(3).unchecked().stopped(11).says(LOST_ONE));
        rows.add(row("15", "400 for one sample of tomorrow, not checked").input(20, 1, 50).unchecked()
                .extra(Extra.FUTURE).seen("400 204 400 204").ledger("written 20, rejected{bad_request} 1"));
        rows.add(row("16", "400 for one sample").input(20, 1, 20).overtaken(3).rejectsWhole()
                .seen("400").ledger("rejected{bad_request} 20").says("lost 20 of a request's 20 samples"));
        rows.add(row("17", "400 for one sample").overtaken(3).unchecked().rejectsWhole().cancelled(2)
                .seen("400 204").ledger("written 10, rejected{bad_request} 10"));
        rows.addAll(boundedAndStopped(10, () -> vehicleOfFive("18").unchecked()));
        rows.addAll(boundedAndStopped(10, () -> vehicleOfFive("19")));
        rows.add(row("20", "400 for all").input(8, 1, 8).overtaken(0, 1, 2, 3, 4, 5, 6, 7)
                .seen("400x15").ledger("rejected{bad_request} 8").says("lost 8 of a request's 8 samples"));
        rows.add(row("21", "400 for all").input(8, 1, 8).overtaken(0, 1, 2, 3, 4, 5, 6, 7)
                .unchecked().rejectsWhole().discards().stopped(1).seen("400").ledger("rejected{bad_request} 8"));
        rows.addAll(keepsGood());
        rows.addAll(other());
        rows.addAll(large());
        return rows;
    }

    /** Vehicle 3 of 20 is bad: down to it, then the rest. */
    private static FaultRow one(String binary, String reason) {
        return row(binary, "400 for one sample").input(20, 1, 20)
                .seen("400x3 204 400 204 400x2 204x3").ledger("written 19, rejected{" + reason + "} 1");
    }

    private static FaultRow vehicleOfFive(String binary) {
        return row(binary, "400 for one vehicle of five samples each").input(10, 5, 50).overtaken(3)
                .seen("400 …").ledger("written 45, rejected{bad_request} 5");
    }

    private static List<FaultRow> keepsGood() {
        List<FaultRow> rows = new ArrayList<>();
        rows.addAll(boundedAndStopped(11, () -> row("22", "400, the good part kept, one sample a series")
                .input(20, 1, 20).overtaken(3).always(KEEP_GOOD)
                .seen("400x3 200 400 200 400x2 200x3").ledger("written 19, rejected{bad_request} 1")));
        rows.add(row("23", "400, the good part kept, one sample a series")
                .input(20, 1, 20).overtaken(3).always(KEEP_GOOD).unchecked().rejectsWhole()
                .seen("400").ledger("rejected{bad_request} 20").held(19));
        rows.add(fiveKept("24").ledger("written 18, replayed 27, rejected{bad_request} 5"));
        rows.add(fiveKept("25").unchecked().stopped(10).ledger("written 9, replayed 36, rejected{bad_request} 5"));
        return rows;
    }

    private static FaultRow fiveKept(String binary) {
        return row(binary, "400, the good part kept, five samples a series")
                .input(10, 5, 50).overtaken(3).always(KEEP_GOOD).seen("400 …");
    }

    private static List<FaultRow> other() {
        List<FaultRow> rows = new ArrayList<>();
        rows.addAll(boundedAndStopped(11, () -> row("26", "409 for one sample").input(20, 1, 20)
                .always(when("V3", status(409))).seen("409x3 204 409 204 409x2 204x3")
                .ledger("written 19, rejected{conflict} 1").says("first conflict")));
        rows.addAll(boundedAndStopped(1, () -> row("27", "409 for one sample").input(20, 1, 20)
                .always(when("V3", status(409))).unchecked().rejectsWhole()
                .seen("409").ledger("rejected{conflict} 20")));
        rows.addAll(boundedAndStopped(11, () -> row("28", "422 for one sample").input(20, 1, 20)
                .always(when("V3", status(422))).unchecked().seen("422x3 204 422 204 422x2 204x3")
                .ledger("written 19, rejected{unprocessable} 1").says("first unprocessable")));
        rows.addAll(boundedAndStopped(1, () -> row("29", "422 for one sample").input(20, 1, 20)
                .always(when("V3", status(422))).rejectsWhole().seen("422").ledger("rejected{unprocessable} 20")));
        rows.add(refusedWhole("30", 408));
        rows.add(refusedWhole("31", 408).rejectsWhole().unchecked().stopped(2));
        for (int code : new int[] {402, 406, 411, 418, 431, 451}) {
            rows.addAll(boundedAndStopped(2, () -> refusedWhole("", code)));
        }
        return rows;
    }

    private static FaultRow refusedWhole(String binary, int code) {
        return row(binary, Integer.toString(code)).first(status(code)).seen(code + " 204")
                .ledger("written 10, rejected{client_error} 10").says("first client_error");
    }

    private static List<FaultRow> large() {
        List<FaultRow> rows = new ArrayList<>();
        rows.add(row("32", "413 above 150 bytes").input(40, 1, 40).always(above(150))
                .seen("413x3 204 …").ledger("written 40").smoke());
        rows.add(row("33", "413 above 150 bytes").input(40, 1, 40).always(above(150)).unchecked().rejectsWhole()
                .stopped(5).seen("413x3 204 …").ledger("written 40"));
        rows.addAll(boundedAndStopped(9, () -> row("34", "413 for one sample alone").input(10, 1, 50)
                .always(above(4096)).extra(Extra.LARGE).seen("413 204 413 204 413 204 413 204 413")
                .ledger("written 10, rejected{too_large} 1").says("first too_large")));
        return rows;
    }
}
