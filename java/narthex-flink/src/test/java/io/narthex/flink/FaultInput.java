// The records of a row's job: everybody's first sample, then everybody's second, then a bad one.
package io.narthex.flink;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

final class FaultInput {
    private static final long AGO_MILLIS = 60_000;
    private static final long DAY_MILLIS = 86_400_000;
    private static final int LARGE = 20_000;

    final String metric;
    private final FaultRow row;
    private final long begin = System.currentTimeMillis() - AGO_MILLIS;
    private final long step;

    FaultInput(FaultRow row, String metric) {
        this.row = row;
        this.metric = metric;
        this.step = Math.min(1_000, 30_000 / row.samples);
    }

    long count() {
        return (long) row.series * row.samples + (row.extra == FaultRow.Extra.NOTHING ? 0 : 1);
    }

    PrometheusTimeSeries record(long i) {
        return i < (long) row.series * row.samples
                ? sample((int) (i % row.series), i, begin + i / row.series * step)
                : extra();
    }

    private PrometheusTimeSeries extra() {
        long newest = begin + (row.samples - 1) * step;
        switch (row.extra) {
            case OLDER:
                return sample(3, 0.5, begin - 1_000);
            case CONFLICT:
                return sample(3, 0.5, newest);
            case SAME:
                return record((long) row.series * (row.samples - 1) + 3);
            case FUTURE:
                return sample(3, 0.5, begin + AGO_MILLIS + DAY_MILLIS);
            default:
                return PrometheusTimeSeries.builder().withMetricName(metric)
                        .addLabel("note", noise()).addSample(1, newest).build();
        }
    }

    /** A label that no compressor makes small. */
    private static String noise() {
        Random random = new Random(1);
        StringBuilder text = new StringBuilder();
        while (text.length() < LARGE) {
            text.append(Long.toHexString(random.nextLong()));
        }
        return text.toString();
    }

    /** Newer samples of the series that are overtaken. */
    List<PrometheusTimeSeries> newer() {
        List<PrometheusTimeSeries> newer = new ArrayList<>();
        for (int series : row.overtaken) {
            newer.add(sample(series, -1, begin + 40_000));
        }
        return newer;
    }

    private PrometheusTimeSeries sample(int series, double value, long at) {
        return PrometheusTimeSeries.builder().withMetricName(metric)
                .addLabel("vehicle", "V" + series).addSample(value, at).build();
    }

    /** Every different sample, as {@link FaultStore} names them. */
    Set<String> samples() {
        Set<String> samples = new TreeSet<>();
        for (long i = 0; i < count(); i++) {
            PrometheusTimeSeries series = record(i);
            PrometheusTimeSeries.Sample sample = series.getSamples()[0];
            samples.add(FaultStore.name(WriteRequests.labels(series), sample.getValue(), sample.getTimestamp()));
        }
        return samples;
    }
}
