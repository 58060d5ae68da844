// Gives series in the order of the stream's time.
package io.narthex.flink.table;

import io.narthex.flink.PrometheusTimeSeries;
import io.narthex.flink.PrometheusTimeSeriesTypeInfo;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.typeutils.ListTypeInfo;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Keeps what comes until the watermark has passed its time. What comes behind it goes on at once: whether it is too late
 * is for the sink to say, which knows what it has of the series.
 */
final class Reorder extends KeyedProcessFunction<Integer, PrometheusTimeSeries, PrometheusTimeSeries> {
    private static final long serialVersionUID = 1L;

    private final String table;

    Reorder(String table) {
        this.table = table;
    }

    private MapState<Long, List<PrometheusTimeSeries>> waiting() {
        return getRuntimeContext()
                .getMapState(new MapStateDescriptor<>(
                        "waiting", Types.LONG, new ListTypeInfo<>(PrometheusTimeSeriesTypeInfo.INSTANCE)));
    }

    @Override
    public void processElement(PrometheusTimeSeries series, Context context, Collector<PrometheusTimeSeries> out)
            throws Exception {
        Long time = context.timestamp();
        if (time == null) {
            throw new IllegalStateException("table " + table + " has sink.reorder, and no column of the query tells the "
                    + "stream's time: select the column of a table's WATERMARK, or window_time, as it is");
        }
        if (time <= context.timerService().currentWatermark()) {
            out.collect(series);
            return;
        }
        MapState<Long, List<PrometheusTimeSeries>> waiting = waiting();
        List<PrometheusTimeSeries> known = waiting.get(time);
        List<PrometheusTimeSeries> ofTime = known == null ? new ArrayList<>() : known;
        ofTime.add(series);
        waiting.put(time, ofTime);
        context.timerService().registerEventTimeTimer(time);
    }

    @Override
    public void onTimer(long time, OnTimerContext context, Collector<PrometheusTimeSeries> out) throws Exception {
        MapState<Long, List<PrometheusTimeSeries>> waiting = waiting();
        waiting.get(time).forEach(out::collect);
        waiting.remove(time);
    }
}
