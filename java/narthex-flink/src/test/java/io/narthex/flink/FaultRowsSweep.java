// Every status, and the worst faults under every kind of source, with the defaults of the sink.
package io.narthex.flink;

import static io.narthex.flink.FaultActs.FORWARD;
import static io.narthex.flink.FaultActs.GARBAGE;
import static io.narthex.flink.FaultActs.LOSE_ANSWER;
import static io.narthex.flink.FaultActs.LOSE_REQUEST;
import static io.narthex.flink.FaultActs.RESET_AFTER_BODY;
import static io.narthex.flink.FaultActs.status;
import static io.narthex.flink.FaultActs.storedThen;
import static io.narthex.flink.FaultRow.row;

import io.narthex.flink.FaultProxy.Act;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

final class FaultRowsSweep {
    private FaultRowsSweep() {}

    static List<FaultRow> statuses() {
        List<FaultRow> rows = new ArrayList<>();
        for (int code : new int[] {201, 203, 206, 226, 299}) {
            rows.add(row("", Integer.toString(code)).always(storedThen(code)).seen(code + "x2"));
        }
        for (int code : new int[] {300, 305, 306, 399}) {
            rows.add(row("", Integer.toString(code)).input(20, 1, 20).always(status(code)).discards()
                    .fails(Integer.toString(code)).seen(Integer.toString(code)).ledger("pending 20"));
        }
        for (int code : new int[] {407, 410, 412, 414, 416, 417, 421, 423, 424, 425, 426, 428, 499}) {
            rows.add(row("", Integer.toString(code)).first(status(code)).seen(code + " 204")
                    .ledger("written 10, rejected{client_error} 10").says("first client_error"));
        }
        for (int code : new int[] {501, 502, 504, 505, 507, 508, 511, 520, 599}) {
            rows.add(row("", code + " once").first(status(code)).seen(code + " 204@1 204"));
            rows.add(row("", code + " for ever").input(20, 1, 20).twice().always(status(code))
                    .fails("gave up after 3 attempts").seen(code + "@0..2").ledger("pending 20"));
        }
        return rows;
    }

    /** Faults that end a job, by their names; each ends it at its first request. */
    private static Map<String, Act> fatal() {
        Map<String, Act> fatal = new LinkedHashMap<>();
        fatal.put("401", status(401));
        fatal.put("403", status(403));
        fatal.put("404", status(404));
        fatal.put("302 to a page that answers 200", status(302, "Location: SELF/login"));
        fatal.put("304", status(304));
        fatal.put("503 until retries end", status(503));
        fatal.put("no answer until retries end", LOSE_REQUEST);
        fatal.put("an answer that is no HTTP until retries end", GARBAGE);
        fatal.put("a reset until retries end", RESET_AFTER_BODY);
        fatal.put("the answer lost until retries end", LOSE_ANSWER);
        return fatal;
    }

    static List<FaultRow> sources() {
        List<FaultRow> rows = new ArrayList<>();
        fatal().forEach((name, act) -> {
            rows.add(defaults(name + ", one batch", 20, 1).always(act).twice().fails("").held(stored(act, 20)));
            rows.add(defaults(name + ", one batch, checkpoints", 20, 1).always(act).twice().checkpoints(50).fails("")
                    .held(stored(act, 20)));
            rows.add(defaults(name + ", after a pause, checkpoints", 20, 2).pauses(1, 1).twice()
                    .times(1, FORWARD).always(act).option("sink.shards", "1").checkpoints(50).fails(""));
            rows.add(defaults(name + ", a busy source, checkpoints", 500, 60).twice()
                    .times(20, FORWARD).always(act).checkpoints(50).open().fails(""));
            rows.add(defaults(name + ", a busy source, two subtasks", 500, 60).twice().parallelism(2)
                    .times(20, FORWARD).always(act).fails(""));
            rows.add(defaults(name + ", a busy source, then well after a restart", 200, 20).twice().restarts(3)
                    .times(5, FORWARD).times(3, act).checkpoints(50));
            rows.add(defaults(name + ", then well after a restart, the source goes idle", 20, 1).twice().restarts(3)
                    .times(3, act).checkpoints(50).option("sink.shards", "1").stopped(4));
        });
        return rows;
    }

    /** All shards, batches of 500. */
    private static FaultRow defaults(String name, int series, int samples) {
        return row("", name).input(series, samples, 500).option("sink.shards", "8").seen(null).ledger(null);
    }

    private static int stored(Act act, int all) {
        return act == LOSE_ANSWER ? all : 0;
    }
}
