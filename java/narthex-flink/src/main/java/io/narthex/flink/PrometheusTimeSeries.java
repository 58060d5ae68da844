// The sink's input: one series with one or more samples.
package io.narthex.flink;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.flink.api.common.typeinfo.TypeInfo;

/**
 * One time series: a metric name, labels in any order, and samples, oldest first.
 *
 * <p>Nothing is checked here, so that one bad record cannot fail a job: what cannot be written becomes a dead letter
 * of the sink, with the reason. Objects are shared between operators and must not be changed; that includes the arrays
 * that the getters return. Flink serializes it by {@link PrometheusTimeSeriesTypeInfo}, never by Kryo.
 */
@TypeInfo(PrometheusTimeSeriesTypeInfo.Factory.class)
public final class PrometheusTimeSeries implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String metricName;
    private final Label[] labels;
    private final Sample[] samples;

    public PrometheusTimeSeries(String metricName, Label[] labels, Sample[] samples) {
        this.metricName = metricName;
        this.labels = labels;
        this.samples = samples;
    }

    /** Begins a series without labels and samples. */
    public static Builder builder() {
        return new Builder();
    }

    /** Begins a series with what another one holds; the other one stays as it is. */
    public static Builder builderFrom(PrometheusTimeSeries other) {
        Builder builder = new Builder();
        builder.metricName = other.metricName;
        builder.labels.addAll(Arrays.asList(other.labels));
        builder.samples.addAll(Arrays.asList(other.samples));
        return builder;
    }

    /** The value of the label {@code __name__}. */
    public String getMetricName() {
        return metricName;
    }

    /** All other labels, not a copy. */
    public Label[] getLabels() {
        return labels;
    }

    /** The samples, not a copy. */
    public Sample[] getSamples() {
        return samples;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof PrometheusTimeSeries)) {
            return false;
        }
        PrometheusTimeSeries that = (PrometheusTimeSeries) other;
        return Objects.equals(metricName, that.metricName)
                && Arrays.equals(labels, that.labels)
                && Arrays.equals(samples, that.samples);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Objects.hashCode(metricName) + Arrays.hashCode(labels)) + Arrays.hashCode(samples);
    }

    @Override
    public String toString() {
        return metricName + Arrays.toString(labels) + Arrays.toString(samples);
    }

    /** One label. */
    public static final class Label implements Serializable {
        private static final long serialVersionUID = 1L;

        private final String name;
        private final String value;

        public Label(String name, String value) {
            this.name = name;
            this.value = value;
        }

        public String getName() {
            return name;
        }

        public String getValue() {
            return value;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Label
                    && Objects.equals(name, ((Label) other).name)
                    && Objects.equals(value, ((Label) other).value);
        }

        @Override
        public int hashCode() {
            return 31 * Objects.hashCode(name) + Objects.hashCode(value);
        }

        @Override
        public String toString() {
            return name + "=" + value;
        }
    }

    /** One value at one time. */
    public static final class Sample implements Serializable {
        private static final long serialVersionUID = 1L;

        private final double value;
        private final long timestamp;

        /** A value at a time in milliseconds since 1970, UTC. */
        public Sample(double value, long timestamp) {
            this.value = value;
            this.timestamp = timestamp;
        }

        public double getValue() {
            return value;
        }

        /** Milliseconds since 1970, UTC. */
        public long getTimestamp() {
            return timestamp;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Sample
                    && Double.compare(value, ((Sample) other).value) == 0
                    && timestamp == ((Sample) other).timestamp;
        }

        @Override
        public int hashCode() {
            return 31 * Double.hashCode(value) + Long.hashCode(timestamp);
        }

        @Override
        public String toString() {
            return value + "@" + timestamp;
        }
    }

    /** Collects a series; it can be used again after {@link #build()}. */
    public static final class Builder {
        private static final Label[] NO_LABELS = {};
        private static final Sample[] NO_SAMPLES = {};

        private String metricName;
        private final List<Label> labels = new ArrayList<>();
        private final List<Sample> samples = new ArrayList<>();

        private Builder() {}

        public Builder withMetricName(String name) {
            this.metricName = name;
            return this;
        }

        public Builder addLabel(String name, String value) {
            labels.add(new Label(name, value));
            return this;
        }

        /** Adds a value at a time in milliseconds since 1970, UTC. */
        public Builder addSample(double value, long timestamp) {
            samples.add(new Sample(value, timestamp));
            return this;
        }

        public PrometheusTimeSeries build() {
            return new PrometheusTimeSeries(metricName, labels.toArray(NO_LABELS), samples.toArray(NO_SAMPLES));
        }
    }
}
