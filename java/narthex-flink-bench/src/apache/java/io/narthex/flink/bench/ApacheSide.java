// The Apache connector, the yardstick; compiled by scripts/bench-flink.sh where its jar is to be had.
package io.narthex.flink.bench;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.connector.prometheus.sink.PrometheusSink;
import org.apache.flink.connector.prometheus.sink.PrometheusTimeSeries;
import org.apache.flink.connector.prometheus.sink.PrometheusTimeSeries.Label;
import org.apache.flink.connector.prometheus.sink.PrometheusTimeSeries.Sample;
import org.apache.flink.connector.prometheus.sink.PrometheusTimeSeriesLabelsAndMetricNameKeySelector;

/** Its records have no type information of their own: Flink takes Kryo. */
public final class ApacheSide implements Side<PrometheusTimeSeries> {
    private static final long serialVersionUID = 1L;

    @Override
    public PrometheusTimeSeries record(
            String metric, String[] names, String[] values, int samples, double value, long timestampMillis) {
        Label[] labels = new Label[names.length];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = new Label(names[i], values[i]);
        }
        Sample[] made = new Sample[samples];
        for (int i = 0; i < samples; i++) {
            made[i] = new Sample(value + i, timestampMillis + i * SeriesGenerator.STEP_MILLIS);
        }
        return new PrometheusTimeSeries(metric, labels, made);
    }

    @Override
    public TypeInformation<PrometheusTimeSeries> type() {
        return TypeInformation.of(PrometheusTimeSeries.class);
    }

    @Override
    public KeySelector<PrometheusTimeSeries, Integer> key() {
        return new PrometheusTimeSeriesLabelsAndMetricNameKeySelector();
    }

    @Override
    public Sink<PrometheusTimeSeries> sink(String url, int batch) {
        return PrometheusSink.builder()
                .setPrometheusRemoteWriteUrl(url)
                .setMaxBatchSizeInSamples(batch)
                // It must be above the batch, and counts records.
                .setMaxBufferedRequests(Math.max(1000, 2 * batch))
                .build();
    }
}
