// Builds a PrometheusSink.
package io.narthex.flink;

import io.narthex.flink.PrometheusSinkConfiguration.Checks;
import io.narthex.flink.PrometheusSinkConfiguration.NameValidation;
import io.narthex.flink.PrometheusSinkConfiguration.OnErrorBehavior;
import io.narthex.flink.PrometheusSinkConfiguration.OnReject;
import io.narthex.flink.PrometheusSinkConfiguration.RetryConfiguration;
import io.narthex.flink.PrometheusSinkConfiguration.SinkWriterErrorHandlingBehaviorConfiguration;
import io.narthex.flink.internal.SettingsCheck;
import io.narthex.flink.internal.SinkSettings;
import io.narthex.flink.internal.TimeSeriesEncoder;
import io.narthex.flink.internal.Units;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects the sink's configuration; {@link #build()} checks all of it and reports every mistake in one exception.
 *
 * <p>The setters and defaults of the Apache connector are here under their names, then ours, then
 * {@link #setOption}, which takes any key of the list of options (docs/sink-options.md). What is set last counts.
 */
public final class PrometheusSinkBuilder {
    private static final Logger LOG = LoggerFactory.getLogger(PrometheusSink.class);

    /** Samples in one request; the Apache connector's default. */
    private static final int DEFAULT_BATCH_SAMPLES = 500;
    private static final Duration DEFAULT_TIME_IN_BUFFER = Duration.ofSeconds(5);
    private static final Duration DEFAULT_SOCKET_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration DEFAULT_CHECKPOINT_WAIT = Duration.ofSeconds(5);

    private final Map<String, String> options = new LinkedHashMap<>();
    private Integer maxRecordSamples;
    private Integer maxBufferedRequests;
    private String metricGroupName = "Prometheus";
    private PrometheusRequestSigner signer;

    PrometheusSinkBuilder() {
        setMaxBatchSizeInSamples(DEFAULT_BATCH_SAMPLES);
        set("sink.flush-buffer.timeout", DEFAULT_TIME_IN_BUFFER);
        set("sink.request.timeout", DEFAULT_SOCKET_TIMEOUT);
        set(SettingsCheck.CHECKPOINT_WAIT, DEFAULT_CHECKPOINT_WAIT);
        setHttpUserAgent("Flink-Prometheus");
        setRetryConfiguration(RetryConfiguration.DEFAULT_RETRY_CONFIGURATION);
        setErrorHandlingBehaviorConfiguration(SinkWriterErrorHandlingBehaviorConfiguration.DEFAULT_BEHAVIORS);
    }

    /** Where to write, for example {@code http://localhost:9090/api/v1/write}. Required. */
    public PrometheusSinkBuilder setPrometheusRemoteWriteUrl(String url) {
        return setOption(SettingsCheck.URL, url);
    }

    /** Signs each attempt. Default: none. */
    public PrometheusSinkBuilder setRequestSigner(PrometheusRequestSigner requestSigner) {
        this.signer = requestSigner;
        return this;
    }

    /** Most samples in one request, 1 to 1,000,000; {@code sink.batch.max-size}. Default 500. */
    public PrometheusSinkBuilder setMaxBatchSizeInSamples(int samples) {
        return set("sink.batch.max-size", samples);
    }

    /** Most encoded bytes in one request, before compression; {@code sink.flush-buffer.size}. Default 1 MiB. */
    public PrometheusSinkBuilder setMaxBatchSizeInBytes(long bytes) {
        return setOption("sink.flush-buffer.size", bytes + " b");
    }

    /**
     * Most samples in one record, 1 and more; a record with more becomes a dead letter and is never a failure.
     * Default: as many as in a request. May be more: a large record goes out in several requests.
     */
    public PrometheusSinkBuilder setMaxRecordSizeInSamples(int samples) {
        this.maxRecordSamples = samples;
        return this;
    }

    /** Longest time in milliseconds that a sample waits for its request to fill, 1 ms to 1 h. Default 5,000. */
    public PrometheusSinkBuilder setMaxTimeInBufferMS(long milliseconds) {
        return setOption("sink.flush-buffer.timeout", milliseconds + " ms");
    }

    /**
     * Most records that wait, 1 and more, where each is one sample; at least one request a shard is buffered in any
     * case. Default: four requests a shard. {@code sink.requests.max-buffered} counts samples exactly.
     */
    public PrometheusSinkBuilder setMaxBufferedRequests(int records) {
        this.maxBufferedRequests = records;
        return this;
    }

    /** Only 1 is allowed: two requests at once could arrive in the wrong order. Use {@link #setShards}. */
    public PrometheusSinkBuilder setMaxInFlightRequests(int requests) {
        return set("sink.requests.max-inflight", requests);
    }

    /** How often, and with which waits, a request is tried again. Default: 30 ms, doubled up to 5 s, 100 times. */
    public PrometheusSinkBuilder setRetryConfiguration(RetryConfiguration configuration) {
        if (configuration == null) {
            options.put(SettingsCheck.NULL_RETRIES, null);
            return this;
        }
        options.remove(SettingsCheck.NULL_RETRIES);
        setOption("sink.retry.initial-backoff", configuration.getInitialRetryDelayMS() + " ms");
        setOption("sink.retry.max-backoff", configuration.getMaxRetryDelayMS() + " ms");
        return set("sink.retry.max-retries", configuration.getMaxRetryCount());
    }

    /** Longest time in milliseconds of one attempt, connecting included; 0 is the most there is, 1 h. Default 5,000. */
    public PrometheusSinkBuilder setSocketTimeoutMs(int milliseconds) {
        return setOption("sink.request.timeout", milliseconds == 0 ? "1 h" : milliseconds + " ms");
    }

    /** The {@code User-Agent}. Default {@code Flink-Prometheus}. */
    public PrometheusSinkBuilder setHttpUserAgent(String userAgent) {
        options.put(SettingsCheck.USER_AGENT, userAgent);
        return this;
    }

    /** What happens when retries end. Default: the job fails. */
    public PrometheusSinkBuilder setErrorHandlingBehaviorConfiguration(
            SinkWriterErrorHandlingBehaviorConfiguration configuration) {
        if (configuration == null) {
            options.put(SettingsCheck.NULL_BEHAVIOR, null);
            return this;
        }
        options.remove(SettingsCheck.NULL_BEHAVIOR);
        boolean fails = configuration.getOnMaxRetryExceeded() == OnErrorBehavior.FAIL;
        return setOption("sink.on-exhausted", fails ? "fail" : "discard");
    }

    /** The group of the sink's metrics. Default {@code Prometheus}. */
    public PrometheusSinkBuilder setMetricGroupName(String name) {
        this.metricGroupName = name;
        return this;
    }

    /** Requests in flight at once in a subtask, each of its own share of the series, 1 to 1,024. Default 8. */
    public PrometheusSinkBuilder setShards(int shards) {
        return set("sink.shards", shards);
    }

    /** What is checked before sending. Default {@link Checks#FULL}. */
    public PrometheusSinkBuilder setChecks(Checks checks) {
        return setOption("sink.checks", checks == null ? null : checks.optionValue());
    }

    /** Which names are good. Default {@link NameValidation#LEGACY}. */
    public PrometheusSinkBuilder setNameValidation(NameValidation validation) {
        return setOption("sink.name-validation", validation == null ? null : validation.optionValue());
    }

    /** How late behind its series' newest a sample may be and still be sent; what the receiver takes. Default 0. */
    public PrometheusSinkBuilder setOutOfOrderWindow(Duration window) {
        return set("sink.out-of-order-window", window);
    }

    /** How far ahead of the clock a sample may be. Default 10 min. */
    public PrometheusSinkBuilder setMaxFuture(Duration ahead) {
        return set("sink.max-future", ahead);
    }

    /** What happens to a request that the receiver refuses for its data. Default {@link OnReject#ISOLATE}. */
    public PrometheusSinkBuilder setOnReject(OnReject onReject) {
        return setOption("sink.on-reject", onReject == null ? null : onReject.optionValue());
    }

    /**
     * The file, on the task manager, to which lost samples are appended as NDJSON with the reason. Above a
     * parallelism of 1 each subtask has its own: {@code lost.ndjson} becomes {@code lost-0.ndjson} and so on.
     */
    public PrometheusSinkBuilder setDeadLettersPath(String path) {
        return setOption("sink.dead-letters.path", path);
    }

    /** Basic authentication. The password travels with the job; {@link #setBasicAuthWithPasswordFile} avoids that. */
    public PrometheusSinkBuilder setBasicAuth(String username, String password) {
        setOption("sink.auth.username", username);
        return setOption("sink.auth.password", password);
    }

    /** Basic authentication; the file is read on the task manager, and again when it changes. */
    public PrometheusSinkBuilder setBasicAuthWithPasswordFile(String username, String passwordFile) {
        setOption("sink.auth.username", username);
        return setOption("sink.auth.password-file", passwordFile);
    }

    /** Bearer authentication. The token travels with the job; {@link #setBearerTokenFile} avoids that. */
    public PrometheusSinkBuilder setBearerToken(String token) {
        return setOption("sink.auth.bearer-token", token);
    }

    /** Bearer authentication; the file is read on the task manager, and again when it changes. */
    public PrometheusSinkBuilder setBearerTokenFile(String tokenFile) {
        return setOption("sink.auth.bearer-token-file", tokenFile);
    }

    /** A further header, such as {@code X-Scope-OrgID}. Those of the protocol cannot be replaced. */
    public PrometheusSinkBuilder setHeader(String name, String value) {
        return setOption("sink.headers." + name, value);
    }

    /** PEM file, on the task manager, with the CAs to trust instead of the system's. */
    public PrometheusSinkBuilder setTlsCaFile(String path) {
        return setOption("sink.tls.ca-file", path);
    }

    /** PEM files, on the task manager, with the client's certificate chain and private key. */
    public PrometheusSinkBuilder setTlsClientCertificate(String certFile, String keyFile) {
        setOption("sink.tls.cert-file", certFile);
        return setOption("sink.tls.key-file", keyFile);
    }

    /** How long a checkpoint waits for settlement before the rest goes into its state, 0 to 1 h. Default 5 s. */
    public PrometheusSinkBuilder setCheckpointWait(Duration wait) {
        return set(SettingsCheck.CHECKPOINT_WAIT, wait);
    }

    /** Sets any option by its key (docs/sink-options.md), or {@code sink.checkpoint-wait}. */
    public PrometheusSinkBuilder setOption(String key, String value) {
        options.put(String.valueOf(key), value);
        return this;
    }

    private PrometheusSinkBuilder set(String key, int value) {
        return setOption(key, Integer.toString(value));
    }

    private PrometheusSinkBuilder set(String key, Duration value) {
        return setOption(key, value == null ? null : value.isNegative() ? value.toString() : Units.format(value));
    }

    /**
     * Checks everything.
     *
     * @throws IllegalArgumentException with every mistake, one a line
     */
    public PrometheusSink build() {
        SettingsCheck check = new SettingsCheck(options);
        check.maxBufferedRequests(maxBufferedRequests);
        int recordSamples = check.maxRecordSamples(maxRecordSamples);
        SinkSettings settings = check.settings(metricGroupName, signer);
        PrometheusSink sink = new PrometheusSink(settings, new TimeSeriesEncoder(recordSamples));
        LOG.info("{}", sink);
        return sink;
    }
}
