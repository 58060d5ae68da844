// How PrometheusTimeSeries become records.
package io.narthex.flink.internal;

import io.narthex.flink.PrometheusTimeSeries;
import io.narthex.flink.PrometheusTimeSeries.Label;
import io.narthex.flink.PrometheusTimeSeries.Sample;

/** Nulls and too many samples become dead letters. */
public final class TimeSeriesEncoder implements RecordEncoder<PrometheusTimeSeries> {
    private static final long serialVersionUID = 1L;
    private static final Label[] NO_LABELS = {};

    private final int maxSamples;

    /** A record with more samples than this is refused. */
    public TimeSeriesEncoder(int maxSamples) {
        this.maxSamples = maxSamples;
    }

    @Override
    public void encode(PrometheusTimeSeries series, RecordPacker packer) {
        Sample[] samples = series.getSamples();
        packer.begin();
        packer.label(RecordPacker.METRIC_NAME, series.getMetricName());
        labels(series.getLabels(), packer);
        if (samples == null) {
            packer.refuse(RecordPacker.NULL, "its samples are null");
        } else if (samples.length > maxSamples) {
            packer.refuse(RecordPacker.TOO_LARGE, "the record has " + samples.length
                    + " samples, more than setMaxRecordSizeInSamples(" + maxSamples + ") allows");
        }
        packer.beginSamples();
        if (samples == null) {
            packer.nullSample();
        } else {
            for (Sample sample : samples) {
                if (sample == null) {
                    packer.nullSample();
                } else {
                    packer.sample(sample.getValue(), sample.getTimestamp());
                }
            }
        }
        packer.end();
    }

    private static void labels(Label[] labels, RecordPacker packer) {
        if (labels == null) {
            packer.refuse(RecordPacker.NULL, "its labels are null");
        }
        for (Label label : labels == null ? NO_LABELS : labels) {
            if (label == null) {
                packer.label(null, null);
            } else {
                packer.label(label.getName(), label.getValue());
            }
        }
    }
}
