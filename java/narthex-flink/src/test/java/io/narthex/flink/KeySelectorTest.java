// The key of a series is that of its labels as a set.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.narthex.flink.PrometheusTimeSeries.Label;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeySelectorTest {
    private static int key(String metric, String... namesAndValues) {
        PrometheusTimeSeries.Builder builder = PrometheusTimeSeries.builder().withMetricName(metric);
        for (int i = 0; i < namesAndValues.length; i += 2) {
            builder.addLabel(namesAndValues[i], namesAndValues[i + 1]);
        }
        return new PrometheusTimeSeriesLabelsAndMetricNameKeySelector().getKey(builder.build());
    }

    @Test
    void the_order_of_labels_does_not_matter() {
        assertEquals(key("m", "a", "1", "b", "2"), key("m", "b", "2", "a", "1"));
    }

    @Test
    void an_empty_label_is_no_label() {
        assertEquals(key("m", "a", "1"), key("m", "a", "1", "b", ""));
    }

    @Test
    void different_series_have_different_keys() {
        assertNotEquals(key("m", "a", "1", "b", "2"), key("m", "a", "2", "b", "1"));
        assertNotEquals(key("m", "a", "b"), key("m", "b", "a"));
        Set<Integer> keys = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            keys.add(key("m", "a", "v" + i, "b", "w" + i));
        }
        assertEquals(10_000, keys.size(), 3);
    }

    @Test
    void nulls_have_a_key_too() {
        key(null, null, null);
        new PrometheusTimeSeriesLabelsAndMetricNameKeySelector()
                .getKey(new PrometheusTimeSeries(null, new Label[] {null}, null));
        new PrometheusTimeSeriesLabelsAndMetricNameKeySelector().getKey(new PrometheusTimeSeries(null, null, null));
    }
}
