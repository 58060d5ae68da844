// Defaults, ranges, and all mistakes in one exception.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.narthex.flink.PrometheusSinkConfiguration.OnErrorBehavior;
import io.narthex.flink.PrometheusSinkConfiguration.RetryConfiguration;
import io.narthex.flink.PrometheusSinkConfiguration.SinkWriterErrorHandlingBehaviorConfiguration;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

class PrometheusSinkBuilderTest {
    private static final String URL = "http://localhost:9090/api/v1/write";

    private static PrometheusSinkBuilder builder() {
        return PrometheusSink.builder().setPrometheusRemoteWriteUrl(URL);
    }

    private static String mistakes(PrometheusSinkBuilder builder) {
        return assertThrows(IllegalArgumentException.class, builder::build).getMessage();
    }

    @Test
    void defaults_are_those_of_the_apache_connector() {
        Map<String, String> options = builder().build().settings().options();
        assertEquals(
                Map.of(
                        "metric.endpoint-url", URL, "sink.batch.max-size", "500", "sink.flush-buffer.timeout", "5 s",
                        "sink.request.timeout", "5 s", "sink.retry.initial-backoff", "30 ms",
                        "sink.retry.max-backoff", "5000 ms", "sink.retry.max-retries", "100",
                        "sink.on-exhausted", "fail", "user-agent", "Flink-Prometheus"),
                options);
        assertEquals("Prometheus", builder().build().settings().metricGroupName());
        assertEquals(Duration.ofSeconds(5), builder().build().settings().checkpointWait());
    }

    @Test
    void all_mistakes_are_in_one_exception() {
        String message = mistakes(PrometheusSink.builder()
                .setPrometheusRemoteWriteUrl("ftp://host/write")
                .setMaxBatchSizeInSamples(0)
                .setMaxRecordSizeInSamples(0)
                .setMaxTimeInBufferMS(0)
                .setMaxBufferedRequests(0)
                .setMaxInFlightRequests(8)
                .setSocketTimeoutMs(-1)
                .setHttpUserAgent(" ")
                .setMetricGroupName("")
                .setRetryConfiguration(null)
                .setErrorHandlingBehaviorConfiguration(null)
                .setShards(2000)
                .setChecks(null)
                .setOutOfOrderWindow(Duration.ofSeconds(-1))
                .setCheckpointWait(Duration.ofHours(2))
                .setBearerToken("t")
                .setBasicAuth("user", "p")
                .setTlsClientCertificate("/cert", null)
                .setHeader("Content-Type", "x")
                .setOption("sink.shrads", "1"));
        assertEquals(20, message.lines().count() - 1, message);
        assertTrue(message.contains("the nearest is sink.shards"), message);
        assertTrue(message.contains("wrong order"), message);
    }

    @Test
    void a_missing_url_is_named_with_an_example() {
        assertTrue(mistakes(PrometheusSink.builder()).contains("http://localhost:9090/api/v1/write"));
        assertTrue(mistakes(PrometheusSink.builder().setPrometheusRemoteWriteUrl("localhost:9090/write"))
                .contains("write http://localhost:9090/write"));
    }

    @Test
    void both_ends_of_ranges_are_allowed() {
        builder().setMaxBatchSizeInSamples(1).setShards(1024).setMaxTimeInBufferMS(1).setSocketTimeoutMs(1).build();
        builder().setMaxBatchSizeInSamples(1_000_000).setShards(1).setMaxTimeInBufferMS(3_600_000)
                .setSocketTimeoutMs(0).setMaxInFlightRequests(1).setCheckpointWait(Duration.ZERO)
                .setMaxRecordSizeInSamples(1_000_000).setMaxBatchSizeInBytes(1024).build();
    }

    @Test
    void a_buffer_in_records_holds_at_least_a_request_a_shard() {
        PrometheusSinkBuilder builder = builder().setMaxBufferedRequests(1000);
        assertEquals("4000", builder.build().settings().options().get("sink.requests.max-buffered"));
        builder.setShards(1);
        assertEquals("1000", builder.build().settings().options().get("sink.requests.max-buffered"));
        builder.setOption("sink.requests.max-buffered", "499");
        assertTrue(mistakes(builder).contains("499 is too few"));
    }

    @Test
    void retries_are_checked_together() {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> RetryConfiguration.builder().setInitialRetryDelayMS(0).setMaxRetryDelayMS(0)
                                .setMaxRetryCount(0).build())
                .getMessage();
        assertTrue(message.contains("initialRetryDelayMS") && message.contains("maxRetryDelayMS")
                && message.contains("maxRetryCount"), message);
        assertTrue(mistakes(builder().setOption("sink.retry.max-backoff", "10 ms")).contains("shorter"));
    }

    @Test
    void failing_on_refused_data_is_forbidden_and_explained() {
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> SinkWriterErrorHandlingBehaviorConfiguration.builder()
                                .onPrometheusNonRetryableError(OnErrorBehavior.FAIL).build())
                .getMessage();
        assertTrue(message.contains("for ever"), message);
        PrometheusSink sink = builder()
                .setErrorHandlingBehaviorConfiguration(SinkWriterErrorHandlingBehaviorConfiguration.builder()
                        .onMaxRetryExceeded(OnErrorBehavior.DISCARD_AND_CONTINUE).build())
                .build();
        assertEquals("discard", sink.settings().options().get("sink.on-exhausted"));
    }

    @Test
    void secrets_are_shown_nowhere() {
        String text = PrometheusSink.builder()
                .setPrometheusRemoteWriteUrl("http://me:hunter2@host/write?token=hunter2").setHeader("X-Key", "hunter2").build().toString()
                + builder().setBasicAuth("me", "hunter2").build()
                + builder().setBearerToken("hunter2").build();
        assertFalse(text.contains("hunter2"), text);
        assertFalse(mistakes(PrometheusSink.builder().setPrometheusRemoteWriteUrl("http://me:hunter2@ho st/"))
                .contains("hunter2"));
    }

    @Test
    void the_sink_travels_with_its_signer() throws IOException, ClassNotFoundException {
        PrometheusSink sink = builder().setRequestSigner((headers, body) -> headers.put("a", "b")).build();
        PrometheusSink copy = InstantiationUtil.deserializeObject(
                InstantiationUtil.serializeObject(sink), getClass().getClassLoader());
        assertEquals(sink.settings().options(), copy.settings().options());
        Map<String, String> headers = new java.util.HashMap<>();
        copy.settings().signer().addSignatureHeaders(headers, new byte[0]);
        assertEquals(Map.of("a", "b"), headers);
    }
}
