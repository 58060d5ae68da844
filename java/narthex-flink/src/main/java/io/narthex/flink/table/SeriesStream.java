// The operators behind a table: convert, key by series, reorder if that is asked for, write.
package io.narthex.flink.table;

import io.narthex.flink.PrometheusTimeSeries;
import io.narthex.flink.PrometheusTimeSeriesLabelsAndMetricNameKeySelector;
import io.narthex.flink.PrometheusTimeSeriesTypeInfo;
import java.util.Optional;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamSink;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.sink.DataStreamSinkProvider;
import org.apache.flink.table.data.RowData;

/**
 * Rows are converted in the subtasks that they come from, and each series is written by one subtask.
 *
 * <p>They are keyed at any parallelism, 1 included: Flink may give a job another one later, and the operators of a
 * savepoint must stay what they are.
 */
final class SeriesStream implements DataStreamSinkProvider {
    private final String table;
    private final RowDataConverter converter;
    private final SeriesSink sink;
    private final Integer parallelism;
    private final boolean reorders;

    SeriesStream(
            String table, RowDataConverter converter, SeriesSink sink, Integer parallelism, boolean reorders) {
        this.table = table;
        this.converter = converter;
        this.sink = sink;
        this.parallelism = parallelism;
        this.reorders = reorders;
    }

    @Override
    public DataStreamSink<?> consumeDataStream(ProviderContext context, DataStream<RowData> rows) {
        SingleOutputStreamOperator<PrometheusTimeSeries> series =
                rows.map(converter, PrometheusTimeSeriesTypeInfo.INSTANCE).name("series of " + table);
        context.generateUid("prometheus-series").ifPresent(series::uid);
        // As many as there are before: a redistribution here would mix up the rows of a series.
        asBefore(series.getTransformation(), rows.getTransformation());

        if (reorders) {
            series = series
                    .keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector(), Types.INT)
                    .process(new Reorder(table), PrometheusTimeSeriesTypeInfo.INSTANCE)
                    .name("reorder: " + table);
            context.generateUid("prometheus-reorder").ifPresent(series::uid);
            asBefore(series.getTransformation(), rows.getTransformation());
        }
        DataStreamSink<PrometheusTimeSeries> written = series
                .keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector(), Types.INT)
                .sinkTo(sink)
                .name("prometheus: " + table);
        context.generateUid("prometheus-writer").ifPresent(written::uid);
        if (parallelism == null) {
            asBefore(written.getTransformation(), rows.getTransformation());
        } else {
            written.setParallelism(parallelism);
        }
        return written;
    }

    private static void asBefore(Transformation<?> transformation, Transformation<?> before) {
        transformation.setParallelism(before.getParallelism(), before.isParallelismConfigured());
    }

    @Override
    public Optional<Integer> getParallelism() {
        return Optional.ofNullable(parallelism);
    }
}
