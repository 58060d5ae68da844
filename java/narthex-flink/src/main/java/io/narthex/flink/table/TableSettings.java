// What a table's options say about the sink: all but the columns.
package io.narthex.flink.table;

import io.narthex.flink.PrometheusRequestSigner;
import io.narthex.flink.internal.Nearest;
import io.narthex.flink.internal.SettingsCheck;
import io.narthex.flink.internal.SinkOption;
import io.narthex.flink.internal.SinkSettings;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.apache.flink.table.factories.FactoryUtil;

/** Reads and checks them; the sink's own defaults hold, not those of the DataStream builder. */
final class TableSettings {
    private static final String URL = PrometheusConnectorOptions.ENDPOINT_URL.key();
    private static final String URL_EXAMPLE = "for example 'http://localhost:9090/api/v1/write'";
    private static final String USER_AGENT = "Flink-Prometheus";
    private static final String METRIC_GROUP = "Prometheus";

    private final SinkSettings sink;
    private final Integer parallelism;
    private final boolean reorders;

    /** Adds to the mistakes what is wrong; then {@link #sink()} is not to be used. */
    TableSettings(Map<String, String> options, ClassLoader classLoader, Mistakes mistakes) {
        SignerDiscovery signers = new SignerDiscovery(classLoader, mistakes);
        PrometheusRequestSigner signer = signers.signer(options, mistakes);
        checkKeys(options, signers, mistakes);
        parallelism = parallelism(options, mistakes);
        reorders = reorders(options, mistakes);
        sink = sinkSettings(options, signer, mistakes);
    }

    /** Null where there are mistakes. */
    SinkSettings sink() {
        return sink;
    }

    /** Null when the table sets none. */
    Integer parallelism() {
        return parallelism;
    }

    /** Whether rows wait for their time. */
    boolean reorders() {
        return reorders;
    }

    private static boolean reorders(Map<String, String> options, Mistakes mistakes) {
        String key = PrometheusConnectorOptions.REORDER.key();
        String text = options.getOrDefault(key, "false").trim();
        boolean reorders = text.equalsIgnoreCase("true");
        if (!reorders && !text.equalsIgnoreCase("false")) {
            mistakes.add(key, "\"" + text + "\" is neither true nor false");
        }
        if (reorders && options.containsKey(PrometheusConnectorOptions.SAMPLES.key())) {
            mistakes.add(key, "a row of several samples has no time of its own; leave out one of both");
        }
        return reorders;
    }

    private static void checkKeys(Map<String, String> options, SignerDiscovery signers, Mistakes mistakes) {
        Set<String> known = new LinkedHashSet<>(PrometheusConnectorOptions.all().keySet());
        known.add(FactoryUtil.CONNECTOR.key());
        known.add(FactoryUtil.PROPERTY_VERSION.key());
        known.addAll(signers.knownOptions());
        for (String key : options.keySet()) {
            boolean isKnown = known.contains(key)
                    || SinkOption.of(key) != null
                    || key.startsWith(PrometheusConnectorOptions.AWS_PREFIX);
            if (!isKnown) {
                mistakes.add(key, "there is no such option; the nearest is " + Nearest.of(key, known));
            }
        }
    }

    private static Integer parallelism(Map<String, String> options, Mistakes mistakes) {
        String key = PrometheusConnectorOptions.PARALLELISM.key();
        String text = options.get(key);
        if (text == null) {
            return null;
        }
        if (!text.trim().matches("[1-9][0-9]{0,4}")) {
            mistakes.add(key, "\"" + text + "\" is no number of subtasks; write 1 or more, or leave it out for as many "
                    + "as the query has");
            return null;
        }
        return Integer.valueOf(text.trim());
    }

    private static SinkSettings sinkSettings(
            Map<String, String> options, PrometheusRequestSigner signer, Mistakes mistakes) {
        Map<String, String> own = new LinkedHashMap<>();
        own.put(SettingsCheck.USER_AGENT, USER_AGENT);
        own.put(SettingsCheck.CHECKPOINT_WAIT,
                PrometheusConnectorOptions.CHECKPOINT_WAIT.defaultValue().toSeconds() + " s");
        options.forEach((key, value) -> {
            if (SinkOption.of(key) != null || key.equals(SettingsCheck.CHECKPOINT_WAIT)) {
                own.put(key, value);
            }
        });
        String url = options.get(URL);
        boolean hasUrl = url != null && !url.isBlank();
        if (!hasUrl) {
            mistakes.add(URL, "is missing; " + URL_EXAMPLE);
        }
        // Checked all the same where there is none, for the other options' sake.
        own.put(URL, hasUrl ? url : "http://localhost/");
        SettingsCheck check = new SettingsCheck(own);
        mistakes.addAll(check.mistakes(METRIC_GROUP));
        return mistakes.isEmpty() ? check.settings(METRIC_GROUP, signer) : null;
    }
}
