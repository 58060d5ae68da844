// A sink one of whose native calls panics while the job runs.
package io.narthex.flink.internal;

import io.narthex.flink.PrometheusTimeSeries;
import java.util.Collection;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** All is as in any other sink, but for the record with the value {@link #PANICS_AT}. */
public final class PanickingSink extends TimeSeriesSink {
    public static final double PANICS_AT = 150;
    private static final long serialVersionUID = 1L;

    public PanickingSink(SinkSettings settings) {
        super(settings, new TimeSeriesEncoder(500));
    }

    @Override
    public StatefulSinkWriter<PrometheusTimeSeries, WriterState> restoreWriter(
            WriterInitContext context, Collection<WriterState> state) {
        NativeCore core = NativeCore.open(settings().optionsOf(0, 1, false), null);
        TimeSeriesEncoder encoder = new TimeSeriesEncoder(500);
        PrometheusSinkWriter<PrometheusTimeSeries> writer = new PrometheusSinkWriter<>(
                core,
                (series, packer) -> {
                    if (series.getSamples()[0].getValue() == PANICS_AT) {
                        core.panic();
                    }
                    encoder.encode(series, packer);
                },
                context.getMailboxExecutor(),
                context.getProcessingTimeService(),
                new SinkMetrics(context.metricGroup()),
                settings().checkpointWait(),
                0,
                1);
        writer.start(state);
        return writer;
    }
}
