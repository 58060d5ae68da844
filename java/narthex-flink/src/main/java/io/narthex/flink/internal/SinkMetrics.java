// The sink's numbers in Flink's metrics.
package io.narthex.flink.internal;

import java.util.HashMap;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;

/**
 * Counters with the Apache connector's names and meanings, and ours from the ledger; docs/flink.md lists them.
 *
 * <p>Written by the task's thread; reporters read counters and gauges that are safe to read from any.
 */
final class SinkMetrics {
    private final MetricGroup group;
    private final Map<String, Counter> counters = new HashMap<>();
    private volatile Ledger ledger = Ledger.EMPTY;

    SinkMetrics(MetricGroup group) {
        this.group = group;
        group.gauge("numSamplesPending", () -> ledger.pending());
        update(Ledger.EMPTY);
    }

    /** Shows a newer ledger. */
    void update(Ledger newer) {
        ledger = newer;
        // The Apache connector's.
        set("numSamplesOut", newer.written());
        set("numWriteRequestsOut", newer.requestsAccepted());
        set("numWriteRequestsRetries", newer.retries());
        set("numSamplesNonRetryableDropped", newer.rejectedTotal());
        set("numSamplesRetryLimitDropped", newer.dropped.getOrDefault(Ledger.RETRIES_EXHAUSTED, 0L));
        set("numSamplesDropped", newer.lost());
        set("numWriteRequestsPermanentlyFailed", newer.requestsRefused());
        // Ours.
        set("numSamplesReceived", newer.received());
        set("numSamplesWritten", newer.written());
        set("numSamplesReplayed", newer.replayed());
        set("numWriteRequests", newer.requests());
        // What Flink calls the bytes of a sink (FLIP-33).
        set("numBytesSend", newer.requestBytes());
        set("numDeadLettersFailed", newer.deadLettersFailed());
        newer.rejected.forEach((reason, samples) -> set(reason, "numSamplesRejected", samples));
        newer.dropped.forEach((reason, samples) -> set(reason, "numSamplesDropped", samples));
    }

    private void set(String name, long value) {
        set(counters.computeIfAbsent(name, group::counter), value);
    }

    private void set(String reason, String name, long value) {
        String key = reason + "." + name;
        Counter counter = counters.get(key);
        if (counter == null) {
            counter = group.addGroup("reason", reason).counter(name);
            counters.put(key, counter);
        }
        set(counter, value);
    }

    private static void set(Counter counter, long value) {
        long more = value - counter.getCount();
        if (more > 0) {
            counter.inc(more);
        }
    }
}
