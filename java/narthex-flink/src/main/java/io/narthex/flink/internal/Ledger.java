// What became of every sample of a subtask so far.
package io.narthex.flink.internal;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/** The native library's ledger: received = written + replayed + rejected + dropped + pending. */
final class Ledger {
    static final String RETRIES_EXHAUSTED = "retries_exhausted";
    /** A repetition of what is there: dropped, and nothing is lost. */
    static final String DUPLICATE_SAME = "duplicate_same";

    static final Ledger EMPTY = new Ledger(Collections.emptyMap());

    private final Map<String, Object> members;
    final Map<String, Long> rejected;
    final Map<String, Long> dropped;

    private Ledger(Map<String, Object> members) {
        this.members = members;
        this.rejected = byReason("rejected");
        this.dropped = byReason("dropped");
    }

    static Ledger parse(String json) {
        return new Ledger(Json.parseObject(json));
    }

    long received() {
        return number("received");
    }

    long written() {
        return number("written");
    }

    long replayed() {
        return number("replayed");
    }

    long pending() {
        return number("pending");
    }

    /** Attempts, retries among them. */
    long requests() {
        return number("requests");
    }

    long retries() {
        return number("retries");
    }

    /** Attempts that were answered with 2xx. */
    long requestsAccepted() {
        return number("requests_accepted");
    }

    /** Requests that were refused for good, or whose retries ended. */
    long requestsRefused() {
        return number("requests_refused");
    }

    /** Packed bytes of requests, each counted once however often it is tried. */
    long requestBytes() {
        return number("request_bytes");
    }

    long deadLettersFailed() {
        return number("dead_letters_failed");
    }

    long rejectedTotal() {
        return sum(rejected);
    }

    /** Samples rejected or dropped, without repetitions of what is there. */
    long lost() {
        return rejectedTotal() + sum(dropped) - dropped.getOrDefault(DUPLICATE_SAME, 0L);
    }

    private static long sum(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    private long number(String member) {
        Object value = members.get(member);
        return value instanceof Number ? ((Number) value).longValue() : 0;
    }

    private Map<String, Long> byReason(String member) {
        Map<String, Long> counts = new TreeMap<>();
        Object value = members.get(member);
        if (value instanceof Map) {
            ((Map<?, ?>) value).forEach((reason, count) -> counts.put((String) reason, ((Number) count).longValue()));
        }
        return counts;
    }
}
