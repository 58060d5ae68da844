// 2xx: what is sent counts as written; what the checks hold back never gets there.
package io.narthex.flink;

import static io.narthex.flink.FaultActs.storedThen;
import static io.narthex.flink.FaultRow.row;
import static io.narthex.flink.FaultRows.boundedAndStopped;

import io.narthex.flink.FaultRow.Extra;
import java.util.ArrayList;
import java.util.List;

final class FaultRowsAccepted {
    private FaultRowsAccepted() {}

    static List<FaultRow> rows() {
        List<FaultRow> rows = new ArrayList<>();
        rows.add(row("1", "200").always(storedThen(200)).seen("200x2"));
        rows.add(row("2", "200").always(storedThen(200)).unchecked().cancelled(2).seen("200x2"));
        rows.add(row("3", "202").always(storedThen(202)).unchecked().seen("202x2"));
        rows.add(row("4", "202").always(storedThen(202)).stopped(2).seen("202x2"));
        rows.add(row("5", "204").smoke());
        rows.add(row("6", "204").rejectsWhole().discards().unchecked().drained(2));
        rows.addAll(boundedAndStopped(1, () -> row("7", "204, a late sample in the input, checked")
                .input(20, 1, 50).extra(Extra.OLDER).seen("204")
                .ledger("written 20, dropped{out_of_order} 1").says("first out_of_order")));
        rows.addAll(boundedAndStopped(1, () ->
                row("8", "204, a late sample in the input, not checked: acknowledged is not stored")
                        .input(20, 1, 50).extra(Extra.OLDER).unchecked().seen("204")
                        .ledger("written 21").held(20).disorder(1)));
        rows.addAll(boundedAndStopped(1, () -> row("9", "204, a conflicting sample in the input, checked")
                .input(20, 1, 50).extra(Extra.CONFLICT).seen("204")
                .ledger("written 20, dropped{duplicate} 1").says("first duplicate")));
        rows.addAll(boundedAndStopped(1, () -> row("10", "204, a sample twice in the input: nothing is lost")
                .input(20, 1, 50).extra(Extra.SAME).seen("204").ledger("written 20, dropped{duplicate_same} 1")));
        rows.addAll(boundedAndStopped(1, () -> row("11", "204, a sample of tomorrow in the input, checked")
                .input(20, 1, 50).extra(Extra.FUTURE).seen("204")
                .ledger("written 20, dropped{too_far_in_future} 1").says("first too_far_in_future")));
        return rows;
    }
}
