// Checks a sink's options, and what they say together.
package io.narthex.flink.internal;

import io.narthex.flink.PrometheusRequestSigner;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Collects every mistake; {@link #settings} throws them together. */
public final class SettingsCheck {
    public static final String URL = "metric.endpoint-url";
    public static final String USER_AGENT = "user-agent";
    /** Flink's only: how long a checkpoint waits. The native library does not know it. */
    public static final String CHECKPOINT_WAIT = "sink.checkpoint-wait";
    /** Stand for a setter that was given null. */
    public static final String NULL_RETRIES = "setRetryConfiguration";
    public static final String NULL_BEHAVIOR = "setErrorHandlingBehaviorConfiguration";

    private static final Duration LONGEST_CHECKPOINT_WAIT = Duration.ofHours(1);
    private static final int MOST_RECORD_SAMPLES = 1_000_000;
    private static final long DEFAULT_SHARDS = 8;
    private static final long DEFAULT_BATCH = 2000;
    /** What the protocol sets itself. */
    private static final Set<String> RESERVED_HEADERS = Set.of(
            "content-encoding", "content-type", "user-agent", "x-prometheus-remote-write-version", "retry-attempt",
            "content-length", "transfer-encoding", "host", "connection", "te");
    private static final String MAX_BUFFERED = "sink.requests.max-buffered";
    private static final String HEADERS = "sink.headers.";

    private final Map<String, String> options;
    private final List<String> mistakes = new ArrayList<>();

    public SettingsCheck(Map<String, String> options) {
        this.options = new LinkedHashMap<>(options);
    }

    /** The builder's limit in records, as one in samples. */
    public void maxBufferedRequests(Integer records) {
        if (records == null) {
            return;
        }
        if (records < 1) {
            mistake("setMaxBufferedRequests", records + " is out of range; allowed is 1 and more");
            return;
        }
        options.putIfAbsent(MAX_BUFFERED, Long.toString(Math.max(records, leastBuffered())));
    }

    /** The builder's limit of samples in a record. */
    public int maxRecordSamples(Integer samples) {
        if (samples == null) {
            return (int) Math.min(MOST_RECORD_SAMPLES, number("sink.batch.max-size", DEFAULT_BATCH));
        }
        if (samples < 1 || samples > MOST_RECORD_SAMPLES) {
            mistake("setMaxRecordSizeInSamples",
                    samples + " is out of range; allowed are 1 to " + MOST_RECORD_SAMPLES);
        }
        return samples;
    }

    /**
     * The checked settings.
     *
     * @throws IllegalArgumentException with every mistake, one a line
     */
    public SinkSettings settings(String metricGroupName, PrometheusRequestSigner signer) {
        mistakes(metricGroupName);
        if (!mistakes.isEmpty()) {
            throw new IllegalArgumentException("cannot build the Prometheus sink: " + mistakes.size()
                    + (mistakes.size() == 1 ? " mistake" : " mistakes") + "\n  " + String.join("\n  ", mistakes));
        }
        Map<String, String> forNative = new LinkedHashMap<>(options);
        forNative.remove(CHECKPOINT_WAIT);
        return new SinkSettings(forNative, metricGroupName, checkedWait(), signer);
    }

    /** Every mistake: the option, a colon, and what is wrong with it. To be asked once. */
    public List<String> mistakes(String metricGroupName) {
        checkNulls();
        checkUrl();
        checkUserAgent();
        if (metricGroupName == null || metricGroupName.isBlank()) {
            mistake("setMetricGroupName", "is empty; leave it out for \"Prometheus\"");
        }
        checkedWait();
        checkEach();
        checkBuffer();
        checkBackoff();
        checkAuth();
        checkTls();
        return Collections.unmodifiableList(mistakes);
    }

    private void mistake(String option, String problem) {
        mistakes.add(option + ": " + problem);
    }

    private void checkNulls() {
        for (String setter : List.of(NULL_RETRIES, NULL_BEHAVIOR)) {
            if (options.containsKey(setter)) {
                options.remove(setter);
                mistake(setter, "is null; leave it out for the default");
            }
        }
    }

    private void checkUrl() {
        String url = options.get(URL);
        if (url == null || url.isBlank()) {
            mistake(URL, "is missing; set it by setPrometheusRemoteWriteUrl, for example to "
                    + "http://localhost:9090/api/v1/write");
            return;
        }
        String shown = SinkSettings.shownUrl(url.trim());
        try {
            URI uri = new URI(url.trim());
            String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
            if (!url.contains("://")) {
                mistake(URL, "\"" + shown + "\" has no scheme; write http://" + shown);
            } else if (!scheme.equals("http") && !scheme.equals("https")) {
                mistake(URL, "\"" + scheme + "\" is no scheme of Remote-Write; write http:// or https://");
            } else if (uri.getHost() == null) {
                mistake(URL, "\"" + shown + "\" has no host");
            } else if (uri.getPort() == 0 || uri.getPort() > 65535) {
                mistake(URL, uri.getPort() + " is no port; allowed are 1 to 65535");
            }
        } catch (URISyntaxException e) {
            // Its own message would show the URL, and a password in it.
            mistake(URL, "\"" + shown + "\" is no URL: " + e.getReason());
        }
    }

    private void checkUserAgent() {
        String agent = options.get(USER_AGENT);
        if (agent == null || agent.isBlank() || !agent.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
            mistake("setHttpUserAgent", "must be a text that a header can carry; leave it out for the default");
        }
    }

    private Duration checkedWait() {
        String text = options.get(CHECKPOINT_WAIT);
        try {
            Duration wait = Units.duration(String.valueOf(text));
            if (wait.compareTo(LONGEST_CHECKPOINT_WAIT) > 0) {
                mistake(CHECKPOINT_WAIT, text + " is out of range; allowed are 0 s to 1 h");
            }
            return wait;
        } catch (IllegalArgumentException e) {
            mistake(CHECKPOINT_WAIT, e.getMessage());
            return Duration.ZERO;
        }
    }

    private void checkEach() {
        options.forEach((key, value) -> {
            if (key.equals(URL) || key.equals(USER_AGENT) || key.equals(CHECKPOINT_WAIT)) {
                return;
            }
            SinkOption option = SinkOption.of(key);
            if (option == null) {
                mistake(key, "there is no such option; the nearest is " + SinkOption.nearest(key));
            } else if (key.equals("sink.requests.max-inflight")) {
                checkInFlight(value);
            } else if (key.startsWith(HEADERS)) {
                checkHeader(key.substring(HEADERS.length()), value);
            } else {
                String problem = option.problemWith(value);
                if (problem != null) {
                    mistake(key, problem);
                }
            }
        });
    }

    private void checkInFlight(String value) {
        if (value == null || !value.trim().equals("1")) {
            mistake("sink.requests.max-inflight (setMaxInFlightRequests)", value
                    + " is not 1: two requests of a series at once could arrive in the wrong order; for more requests "
                    + "at a time, each of other series, raise sink.shards (setShards)");
        }
    }

    private void checkHeader(String name, String value) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (RESERVED_HEADERS.contains(lower)) {
            mistake(HEADERS + name, "is set by the protocol and cannot be replaced");
        } else if (!name.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]+")) {
            mistake(HEADERS + name, "is no name of a header");
        } else if (value == null || !value.chars().allMatch(c -> c >= ' ' && c != 0x7f || c == '\t')) {
            mistake(HEADERS + name, "its value is null or holds characters that no header can carry");
        } else if (lower.equals("authorization") && (has("sink.auth.username") || hasToken())) {
            mistake(HEADERS + name, "is given beside sink.auth options; keep one of them");
        }
    }

    private void checkBuffer() {
        Long buffered = numberOrNull(MAX_BUFFERED);
        if (buffered != null && buffered < leastBuffered()) {
            mistake(MAX_BUFFERED, buffered + " is too few: " + number("sink.shards", DEFAULT_SHARDS)
                    + " shards with requests of " + number("sink.batch.max-size", DEFAULT_BATCH)
                    + " samples need at least " + leastBuffered());
        }
    }

    private long leastBuffered() {
        return Math.max(1, number("sink.shards", DEFAULT_SHARDS)) * Math.max(1, number("sink.batch.max-size", DEFAULT_BATCH));
    }

    private void checkBackoff() {
        try {
            Duration first = Units.duration(String.valueOf(options.getOrDefault("sink.retry.initial-backoff", "30 ms")));
            String longest = options.getOrDefault("sink.retry.max-backoff", "5 s");
            if (Units.duration(String.valueOf(longest)).compareTo(first) < 0) {
                mistake("sink.retry.max-backoff", longest + " is shorter than sink.retry.initial-backoff, "
                        + Units.format(first));
            }
        } catch (IllegalArgumentException | ArithmeticException e) {
            // Reported with the option itself.
            return;
        }
    }

    private void checkAuth() {
        boolean hasName = has("sink.auth.username");
        boolean hasPassword = has("sink.auth.password") || has("sink.auth.password-file");
        if (hasName && !hasPassword) {
            mistake("sink.auth.username", "needs sink.auth.password or sink.auth.password-file");
        }
        if (hasPassword && !hasName) {
            mistake("sink.auth.password", "needs sink.auth.username");
        }
        if (hasName && options.get("sink.auth.username").contains(":")) {
            mistake("sink.auth.username", "must not hold a colon (RFC 7617)");
        }
        oneOf("sink.auth.password", "sink.auth.password-file");
        oneOf("sink.auth.bearer-token", "sink.auth.bearer-token-file");
        if ((hasName || hasPassword) && hasToken()) {
            mistake("sink.auth.bearer-token", "is given beside a user name; a request has one Authorization");
        }
    }

    private void oneOf(String literal, String file) {
        if (has(literal) && has(file)) {
            mistake(file, "is given beside " + literal + "; keep one of them");
        }
    }

    private void checkTls() {
        if (has("sink.tls.cert-file") != has("sink.tls.key-file")) {
            mistake("sink.tls.cert-file", "and sink.tls.key-file go together; one of them is missing");
        }
    }

    private boolean has(String key) {
        return options.get(key) != null;
    }

    private boolean hasToken() {
        return has("sink.auth.bearer-token") || has("sink.auth.bearer-token-file");
    }

    private long number(String key, long absent) {
        Long number = numberOrNull(key);
        return number == null ? absent : number;
    }

    private Long numberOrNull(String key) {
        try {
            return options.get(key) == null ? null : Long.valueOf(options.get(key).trim());
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
