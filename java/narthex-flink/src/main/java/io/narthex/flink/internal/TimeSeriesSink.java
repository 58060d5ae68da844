// What the sinks of the DataStream API and of the table connector have in common: writers and their state.
package io.narthex.flink.internal;

import io.narthex.flink.PrometheusTimeSeries;
import java.util.Collection;
import java.util.Collections;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsWriterState;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** A sink of time series with these settings. */
public abstract class TimeSeriesSink extends LineSink<PrometheusTimeSeries>
        implements SupportsWriterState<PrometheusTimeSeries, WriterState> {
    private static final long serialVersionUID = 1L;

    private final SinkSettings settings;
    private final TimeSeriesEncoder encoder;

    protected TimeSeriesSink(SinkSettings settings, TimeSeriesEncoder encoder) {
        this.settings = settings;
        this.encoder = encoder;
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

    protected SinkSettings settings() {
        return settings;
    }
}
