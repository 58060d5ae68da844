// State, ledger, metrics, options, units, signer and loader, each by itself.
package io.narthex.flink.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.junit.jupiter.api.Test;

class SmallPartsTest {
    @Test
    void state_comes_back_and_broken_state_is_refused() throws IOException {
        WriterStateSerializer serializer = new WriterStateSerializer();
        byte[] record = {2, 0, 0, 0, 9, 9};
        byte[] bytes = serializer.serialize(new WriterState(3, 4, record));
        WriterState read = serializer.deserialize(serializer.getVersion(), bytes);
        assertEquals(3, read.subtask);
        assertEquals(4, read.parallelism);
        assertArrayEquals(record, read.records);

        assertThrows(IOException.class, () -> serializer.deserialize(2, bytes));
        assertThrows(IOException.class, () -> serializer.deserialize(1, new byte[7]));
        bytes[8]++;
        assertThrows(IOException.class, () -> serializer.deserialize(1, bytes));
    }

    @Test
    void the_ledger_becomes_counters() {
        Map<String, Counter> counters = new HashMap<>();
        SinkMetrics metrics = new SinkMetrics(new Recorded(counters, ""));
        String ledger = "{\"received\":20,\"written\":9,\"replayed\":1,\"rejected\":{\"bad_request\":2},"
                + "\"dropped\":{\"duplicate_same\":3,\"retries_exhausted\":4},\"pending\":1,\"requests\":7,\"retries\":2,"
                + "\"requests_accepted\":4,\"requests_refused\":1,\"request_bytes\":77,\"dead_letters_failed\":0}";
        metrics.update(Ledger.parse(ledger));
        metrics.update(Ledger.parse(ledger));
        Map<String, Long> expected = Map.of(
                "numSamplesOut", 9L, "numSamplesDropped", 6L, "numSamplesNonRetryableDropped", 2L,
                "numWriteRequestsOut", 4L, "numWriteRequestsPermanentlyFailed", 1L,
                "numSamplesRetryLimitDropped", 4L, "numWriteRequestsRetries", 2L, "numSamplesReplayed", 1L,
                "reason.bad_request.numSamplesRejected", 2L, "reason.duplicate_same.numSamplesDropped", 3L);
        expected.forEach((name, value) -> assertEquals(value, counters.get(name).getCount(), name));
        assertEquals(77, counters.get("numBytesSend").getCount());
    }

    private static final class Recorded extends UnregisteredMetricsGroup {
        private final Map<String, Counter> counters;
        private final String prefix;

        Recorded(Map<String, Counter> counters, String prefix) {
            this.counters = counters;
            this.prefix = prefix;
        }

        @Override
        public Counter counter(String name) {
            return counters.computeIfAbsent(prefix + name, key -> super.counter(name));
        }

        @Override
        public MetricGroup addGroup(String key, String value) {
            return new Recorded(counters, prefix + key + "." + value + ".");
        }
    }

    @Test
    void durations_and_sizes_are_read_as_flink_writes_them() {
        assertEquals(Duration.ofMillis(500), Units.duration("500 ms"));
        assertEquals(Duration.ofMillis(7), Units.duration("7"));
        assertEquals(Duration.ofMinutes(10), Units.duration("10min"));
        assertEquals(1 << 20, Units.bytes("1 mb"));
        assertThrows(IllegalArgumentException.class, () -> Units.duration("soon"));
        assertThrows(IllegalArgumentException.class, () -> Units.duration("-1 s"));
        assertEquals("5 s", Units.format(Duration.ofSeconds(5)));
        assertEquals(Duration.ofMillis(1), Units.duration(Units.format(Duration.ofNanos(1))));
    }

    @Test
    void each_option_of_the_list_takes_its_default_and_refuses_what_is_outside() {
        for (SinkOption option : SinkOption.ALL.values()) {
            assertSame(option, SinkOption.of(option.key()));
        }
        Map<String, String> bad = Map.of(
                "sink.batch.max-size", "0", "sink.flush-buffer.size", "33 mb", "sink.flush-buffer.timeout", "2 h",
                "sink.shards", "1025", "sink.checks", "all", "sink.out-of-order-window", "never",
                "sink.retry.max-retries", "4294967296", "sink.checks.idle-timeout", "999 ms");
        bad.forEach((key, value) -> assertTrue(SinkOption.of(key).problemWith(value).contains(value), key));
        Map<String, String> good = Map.of(
                "sink.batch.max-size", "1000000", "sink.flush-buffer.size", "1 kb", "sink.flush-buffer.timeout", "1 h",
                "sink.checks", "labels", "sink.out-of-order-window", "unlimited", "sink.max-future", "1 h",
                "sink.retry.max-retries", "4294967295", "sink.checks.idle-timeout", "30 d");
        good.forEach((key, value) -> assertNull(SinkOption.of(key).problemWith(value), key));
        assertEquals("sink.shards", SinkOption.nearest("sink.shard"));
    }

    @Test
    void a_signer_sees_headers_without_case_and_the_users_class_loader() throws IOException {
        try (URLClassLoader user = new URLClassLoader(new URL[0], null)) {
            ClassLoader before = Thread.currentThread().getContextClassLoader();
            SignerCallback callback = new SignerCallback((headers, body) -> {
                assertSame(user, Thread.currentThread().getContextClassLoader());
                assertEquals("snappy", headers.get("Content-Encoding"));
                headers.put("Authorization", "signed " + body.length);
            }, user);
            String[] signed = callback.sign(new String[] {"content-encoding", "snappy"}, new byte[5]);
            assertArrayEquals(new String[] {"Authorization", "signed 5", "content-encoding", "snappy"}, signed);
            assertSame(before, Thread.currentThread().getContextClassLoader());
        }
    }

    @Test
    void a_ready_library_is_named_by_property_or_variable() {
        assertEquals("/a", NativeLibrary.readyPath("/a", "/b"));
        assertEquals("/b", NativeLibrary.readyPath(" ", "/b"));
        assertNull(NativeLibrary.readyPath(null, ""));
        assertEquals("linux-x86_64", NativeLibrary.platform("Linux", "amd64"));
        assertEquals("mac-os-x-aarch64", NativeLibrary.platform("Mac OS X", "aarch64"));
    }

    @Test
    void each_subtask_has_its_dead_letter_file() {
        assertEquals("/d.x/lost-3.ndjson", SinkSettings.numbered("/d.x/lost.ndjson", 3));
        assertEquals("/d.x/lost-0", SinkSettings.numbered("/d.x/lost", 0));
    }
}
