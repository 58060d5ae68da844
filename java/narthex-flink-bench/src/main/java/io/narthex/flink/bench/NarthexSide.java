// This connector: its type information and its sink.
package io.narthex.flink.bench;

import io.narthex.flink.PrometheusSink;
import io.narthex.flink.PrometheusSinkConfiguration.Checks;
import io.narthex.flink.PrometheusTimeSeries;
import io.narthex.flink.PrometheusTimeSeries.Label;
import io.narthex.flink.PrometheusTimeSeries.Sample;
import io.narthex.flink.PrometheusTimeSeriesLabelsAndMetricNameKeySelector;
import io.narthex.flink.PrometheusTimeSeriesTypeInfo;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.java.functions.KeySelector;

class NarthexSide implements Side<PrometheusTimeSeries> {
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
        return PrometheusTimeSeriesTypeInfo.INSTANCE;
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
                .setChecks(Checks.FULL)
                .build();
    }
}
