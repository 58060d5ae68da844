// A sink's closing ledger, flat: `written 19, rejected{bad_request} 1`.
package io.narthex.flink;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;

final class FaultLedger {
    private static final Pattern DOOR = Pattern.compile("(\\w+(?:\\{\\w+\\})?) (\\d+)(?:, )?");

    /** The doors that are not zero. */
    final Map<String, Long> doors = new TreeMap<>();
    long received;
    long requests;
    long deadLettersFailed;

    private FaultLedger() {}

    static FaultLedger parse(String json) throws IOException {
        JsonNode node = FaultStore.JSON.readTree(json);
        FaultLedger ledger = new FaultLedger();
        for (String door : new String[] {"written", "replayed", "pending"}) {
            ledger.put(door, node.path(door).asLong());
        }
        for (String door : new String[] {"rejected", "dropped"}) {
            node.path(door).fields().forEachRemaining(
                    reason -> ledger.put(door + "{" + reason.getKey() + "}", reason.getValue().asLong()));
        }
        ledger.received = node.path("received").asLong();
        ledger.requests = node.path("requests").asLong();
        ledger.deadLettersFailed = node.path("dead_letters_failed").asLong();
        return ledger;
    }

    /** What a row expects. */
    static Map<String, Long> expected(String text) {
        Map<String, Long> doors = new TreeMap<>();
        Matcher door = DOOR.matcher(text);
        int at = 0;
        while (door.find() && door.start() == at) {
            doors.put(door.group(1), Long.parseLong(door.group(2)));
            at = door.end();
        }
        if (at != text.length()) {
            throw new AssertionError("cannot read the ledger " + text);
        }
        return doors;
    }

    private void put(String door, long samples) {
        if (samples != 0) {
            doors.merge(door, samples, Long::sum);
        }
    }

    void add(FaultLedger other) {
        other.doors.forEach(this::put);
        received += other.received;
        requests += other.requests;
        deadLettersFailed += other.deadLettersFailed;
    }

    static FaultLedger sum(Iterable<FaultLedger> ledgers) {
        FaultLedger sum = new FaultLedger();
        ledgers.forEach(sum::add);
        return sum;
    }

    long door(String door) {
        return doors.getOrDefault(door, 0L);
    }

    boolean addsUp() {
        return received == doors.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Samples that must be among the dead letters. */
    Map<String, Long> filed() {
        return doors.entrySet().stream()
                .filter(door -> door.getKey().startsWith("rejected") || door.getKey().startsWith("dropped"))
                .filter(door -> !door.getKey().equals("dropped{duplicate_same}"))
                .collect(Collectors.toMap(
                        door -> door.getKey().replaceAll(".*\\{|\\}", ""), Map.Entry::getValue, Long::sum, TreeMap::new));
    }
}
