// A sink's whole configuration, checked, as it travels with the job.
package io.narthex.flink.internal;

import io.narthex.flink.PrometheusRequestSigner;
import java.io.Serializable;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Holds secrets where they were given literally; never shows them. */
public final class SinkSettings implements Serializable {
    private static final long serialVersionUID = 1L;

    static final String DEAD_LETTERS = "sink.dead-letters.path";
    /** Not in the list of options: what is refused may be there already, sent before the restart. */
    static final String AFTER_RESTART = "after-restart";

    private final LinkedHashMap<String, String> options;
    private final String metricGroupName;
    private final Duration checkpointWait;
    private final PrometheusRequestSigner signer;

    /** The options are what the native library gets; the signer may be null. */
    public SinkSettings(
            Map<String, String> options,
            String metricGroupName,
            Duration checkpointWait,
            PrometheusRequestSigner signer) {
        this.options = new LinkedHashMap<>(options);
        this.metricGroupName = metricGroupName;
        this.checkpointWait = checkpointWait;
        this.signer = signer;
    }

    public Map<String, String> options() {
        return Collections.unmodifiableMap(options);
    }

    public String metricGroupName() {
        return metricGroupName;
    }

    public Duration checkpointWait() {
        return checkpointWait;
    }

    /** Null when requests are not signed in Java. */
    public PrometheusRequestSigner signer() {
        return signer;
    }

    /** The options of one subtask: above a parallelism of 1 each has a dead-letter file of its own. */
    Map<String, String> optionsOf(int subtask, int parallelism, boolean isRestored) {
        Map<String, String> own = new LinkedHashMap<>(options);
        if (isRestored) {
            own.put(AFTER_RESTART, "true");
        }
        if (parallelism > 1) {
            own.computeIfPresent(DEAD_LETTERS, (key, path) -> numbered(path, subtask));
        }
        return own;
    }

    /** {@code lost.ndjson} becomes {@code lost-3.ndjson}. */
    static String numbered(String path, int subtask) {
        int name = path.lastIndexOf('/') + 1;
        int dot = path.lastIndexOf('.');
        int at = dot > name ? dot : path.length();
        return path.substring(0, at) + "-" + subtask + path.substring(at);
    }

    /** For the log; secrets are stars, and so is what stands before an @ in the URL. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        options.forEach((key, value) -> {
            SinkOption option = SinkOption.of(key);
            boolean isSecret = option != null && option.isSecret();
            text.append(key).append('=').append(isSecret ? "***" : shownUrl(value)).append(", ");
        });
        return text.append("metric group=").append(metricGroupName)
                .append(", sink.checkpoint-wait=").append(Units.format(checkpointWait))
                .append(", signer=").append(signer == null ? "none" : signer.getClass().getName())
                .toString();
    }

    /** What stands before an @ may be a password, also where the scheme was forgotten; a query may hold a token. */
    static String shownUrl(String url) {
        int at = url.lastIndexOf('@');
        int afterScheme = url.indexOf("://") + 3;
        boolean hasScheme = afterScheme > 2 && (at < 0 || afterScheme <= at);
        String shown = at < 0 ? url : (hasScheme ? url.substring(0, afterScheme) : "") + "***" + url.substring(at);
        if (afterScheme <= 2) {
            return shown; // a path, a name
        }
        for (int i = 0; i < shown.length(); i++) {
            if (shown.charAt(i) == '?' || shown.charAt(i) == '#') {
                return shown.substring(0, i + 1) + "…";
            }
        }
        return shown;
    }
}
