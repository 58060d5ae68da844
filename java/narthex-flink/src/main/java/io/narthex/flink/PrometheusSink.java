// The DataStream sink.
package io.narthex.flink;

import io.narthex.flink.internal.SinkSettings;
import io.narthex.flink.internal.TimeSeriesEncoder;
import io.narthex.flink.internal.TimeSeriesSink;

/**
 * Writes time series to a Prometheus Remote-Write receiver.
 *
 * <p>With a parallelism above 1, key the stream by {@link PrometheusTimeSeriesLabelsAndMetricNameKeySelector} first:
 * the samples of a series keep their order as long as one subtask writes them all.
 *
 * <pre>{@code
 * PrometheusSink sink = PrometheusSink.builder()
 *         .setPrometheusRemoteWriteUrl("http://localhost:9090/api/v1/write")
 *         .build();
 * stream.keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector()).sinkTo(sink);
 * }</pre>
 */
public final class PrometheusSink extends TimeSeriesSink {
    private static final long serialVersionUID = 1L;

    PrometheusSink(SinkSettings settings, TimeSeriesEncoder encoder) {
        super(settings, encoder);
    }

    /** Begins to configure a sink. */
    public static PrometheusSinkBuilder builder() {
        return new PrometheusSinkBuilder();
    }

    /** The configuration, without secrets. */
    @Override
    public String toString() {
        return "PrometheusSink(" + settings() + ")";
    }

    // Widened to this package, for its tests.
    @Override
    protected SinkSettings settings() {
        return super.settings();
    }
}
