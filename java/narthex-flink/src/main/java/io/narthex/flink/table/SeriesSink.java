// The sink of the table connector.
package io.narthex.flink.table;

import io.narthex.flink.PrometheusTimeSeries;
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

/** As {@link io.narthex.flink.PrometheusSink}, with the sink's own defaults in place of the builder's. */
final class SeriesSink extends LineSink<PrometheusTimeSeries>
        implements SupportsWriterState<PrometheusTimeSeries, WriterState> {
    private static final long serialVersionUID = 1L;

    private final SinkSettings settings;
    /** A row may hold any number of samples: a large one goes out in several requests. */
    private final TimeSeriesEncoder encoder = new TimeSeriesEncoder(Integer.MAX_VALUE);

    SeriesSink(SinkSettings settings) {
        this.settings = settings;
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
        return "prometheus(" + settings + ")";
    }
}
