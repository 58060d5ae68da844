// Keys a stream by series, so that each series goes through one subtask and keeps its order.
package io.narthex.flink;

import io.narthex.flink.PrometheusTimeSeries.Label;
import java.util.Objects;
import org.apache.flink.api.java.functions.KeySelector;

/**
 * The key of a series: metric name and labels.
 *
 * <p>Use it with {@code keyBy} before a sink with a parallelism above 1. The order of the labels does not change the
 * key, and neither does a label with an empty value, which to Prometheus is no label. A null is a key like any other:
 * such a record becomes a dead letter in the sink and not a failure here.
 */
public final class PrometheusTimeSeriesLabelsAndMetricNameKeySelector
        implements KeySelector<PrometheusTimeSeries, Integer> {
    private static final long serialVersionUID = 1L;

    @Override
    public Integer getKey(PrometheusTimeSeries series) {
        int key = 0;
        Label[] labels = series.getLabels();
        if (labels != null) {
            for (Label label : labels) {
                // A sum, since it does not depend on the order.
                key += label == null ? 1 : keyOf(label.getName(), label.getValue());
            }
        }
        return mixed(key + Objects.hashCode(series.getMetricName()));
    }

    private static int keyOf(String name, String value) {
        if (value != null && value.isEmpty()) {
            return 0;
        }
        // Mixed first, or swapped values of two labels would often sum up alike.
        return mixed(31 * Objects.hashCode(name) + mixed(Objects.hashCode(value)));
    }

    /** The finaliser of MurmurHash3: spreads each bit over all. */
    private static int mixed(int hash) {
        int h = hash;
        h = (h ^ (h >>> 16)) * 0x85ebca6b;
        h = (h ^ (h >>> 13)) * 0xc2b2ae35;
        return h ^ (h >>> 16);
    }
}
