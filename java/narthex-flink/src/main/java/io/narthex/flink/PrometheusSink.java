// The DataStream sink.
package io.narthex.flink;

import io.narthex.flink.internal.LineSink;
import io.narthex.flink.internal.SinkSettings;
import io.narthex.flink.internal.TimeSeriesEncoder;
import io.narthex.flink.internal.WriterState;
import io.narthex.flink.internal.WriterStateSerializer;
import io.narthex.flink.internal.Writers;
import java.util.Collection;
import java.util.Collections;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

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
public final class PrometheusSink extends LineSink<PrometheusTimeSeries>
        implements SupportsWriterState<PrometheusTimeSeries, WriterState> {
    private static final long serialVersionUID = 1L;

    private final SinkSettings settings;
    private final TimeSeriesEncoder encoder;

    PrometheusSink(SinkSettings settings, TimeSeriesEncoder encoder) {
        this.settings = settings;
        this.encoder = encoder;
    }

    /** Begins to configure a sink. */
    public static PrometheusSinkBuilder builder() {
        return new PrometheusSinkBuilder();
    }

    @Override
    public StatefulSinkWriter<PrometheusTimeSeries, WriterState> createWriter(WriterInitContext context) {
        return restoreWriter(context, Collections.emptyList());
    }

    @Override
    public StatefulSinkWriter<PrometheusTimeSeries, WriterState> restoreWriter(
            WriterInitContext context, Collection<WriterState> state) {
        return Writers.open(settings, encoder, context, state);
    }

    @Override
    public SimpleVersionedSerializer<WriterState> getWriterStateSerializer() {
        return new WriterStateSerializer();
    }

    /** The configuration, without secrets. */
    @Override
    public String toString() {
        return "PrometheusSink(" + settings + ")";
    }

    SinkSettings settings() {
        return settings;
    }
}
