// Jobs that fail in the sink's foreign parts, a user's signer and Rust: the words arrive, and the cluster lives on.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import io.narthex.flink.internal.PanickingSink;
import io.narthex.flink.internal.SinkSettings;
import io.narthex.flink.internal.TimeSeriesEncoder;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class SharedClusterTest {
    private static final int RECORDS = 200;
    private static SharedCluster cluster;

    private Receiver receiver;

    @BeforeAll
    static void startCluster() throws Exception {
        cluster = new SharedCluster();
    }

    @AfterAll
    static void stopCluster() {
        cluster.close();
    }

    @BeforeEach
    void startReceiver() throws Exception {
        receiver = new Receiver();
    }

    @AfterEach
    void stopReceiver() {
        receiver.close();
    }

    private void run(Sink<PrometheusTimeSeries> sink) throws Exception {
        StreamExecutionEnvironment env = Jobs.environment(Jobs.configuration(), 1);
        Jobs.generated(env, RECORDS, 0, i -> Jobs.record(i, 10)).sinkTo(sink);
        cluster.run(env);
    }

    private void assertFailsAndTheNextJobRuns(String words, Sink<PrometheusTimeSeries> sink) throws Exception {
        Jobs.assertFails(words, () -> run(sink));
        assertEquals(0, receiver.samples());
        Jobs.await("the failed sink's threads to end", Duration.ofSeconds(10),
                () -> OwnProcess.narthexThreads() == 0);
        run(Jobs.sink(receiver.url()).build());
        assertEquals(RECORDS, receiver.samples());
    }

    @Test
    void a_signer_that_throws() throws Exception {
        PrometheusRequestSigner signer = (headers, body) -> {
            throw new IllegalStateException("no key today");
        };
        assertFailsAndTheNextJobRuns(
                "the request signer threw java.lang.IllegalStateException: no key today",
                Jobs.sink(receiver.url()).setRequestSigner(signer).build());
    }

    @Test
    void a_panic_in_a_native_call() throws Exception {
        PrometheusSink sink = Jobs.sink(receiver.url()).setMaxTimeInBufferMS(60_000).build();
        assertFailsAndTheNextJobRuns("a test asked for this panic", new PanickingSink(sink.settings()));
    }

    @Test
    void a_panic_on_a_thread_of_the_native_sink() throws Exception {
        PrometheusSink sink = panicking("on purpose");
        try {
            assertFailsAndTheNextJobRuns("it panicked: on purpose", sink);
        } catch (AssertionError error) {
            // A release build has no such option, and says so.
            boolean isRelease = ExceptionUtils.stringifyException(error).contains("test.panic");
            if (isRelease) {
                System.out.println("SKIPPED: a panic on a thread of the sink: the native library is a release build");
                abort();
            }
            throw error;
        }
    }

    /** As any other, but each of its requests panics in Rust. */
    private PrometheusSink panicking(String words) {
        SinkSettings settings = Jobs.sink(receiver.url()).build().settings();
        Map<String, String> options = new LinkedHashMap<>(settings.options());
        options.put("test.panic", words);
        return new PrometheusSink(
                new SinkSettings(options, settings.metricGroupName(), settings.checkpointWait(), null),
                new TimeSeriesEncoder(RECORDS));
    }
}
