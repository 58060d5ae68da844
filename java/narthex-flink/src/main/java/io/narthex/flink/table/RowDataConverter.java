// Makes a series of a row.
package io.narthex.flink.table;

import io.narthex.flink.PrometheusTimeSeries;
import io.narthex.flink.PrometheusTimeSeries.Label;
import io.narthex.flink.PrometheusTimeSeries.Sample;
import io.narthex.flink.table.SeriesMapping.LabelColumn;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.table.api.TableException;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.types.RowKind;

/**
 * One row is one series with one sample, or with several.
 *
 * <p>What is NULL in a row never fails the job: a label is left out, and a sample without value or time goes below as
 * null, where it is counted as {@code dropped{null}} and becomes a dead letter with the series' labels.
 */
final class RowDataConverter implements MapFunction<RowData, PrometheusTimeSeries> {
    private static final long serialVersionUID = 1L;
    private static final Label[] NO_LABELS = {};
    /** Tells Prometheus that a series ends; the exact bits count. */
    private static final double STALE_MARKER = Double.longBitsToDouble(0x7ff0000000000002L);

    private final SeriesMapping mapping;

    RowDataConverter(SeriesMapping mapping) {
        this.mapping = mapping;
    }

    @Override
    public PrometheusTimeSeries map(RowData row) {
        if (row.getRowKind() != RowKind.INSERT) {
            // Refused when the query is planned; a source that breaks its word is no reason to write what was deleted.
            throw new TableException("a row of kind " + row.getRowKind().shortString() + " came to a Prometheus table, "
                    + "which takes insertions only; the source or operator before it broke its declared change-log mode");
        }
        return new PrometheusTimeSeries(metricName(row), labels(row), samples(row));
    }

    private String metricName(RowData row) {
        if (mapping.metricName == null) {
            return mapping.metricNameLiteral;
        }
        Object name = mapping.metricName.getFieldOrNull(row);
        return name == null ? null : name.toString();
    }

    private Label[] labels(RowData row) {
        List<Label> labels = new ArrayList<>(mapping.labels.size());
        for (LabelColumn label : mapping.labels) {
            String value = label.column.read(row);
            if (value != null && !value.isEmpty()) {
                labels.add(new Label(label.name, value));
            }
        }
        if (mapping.labelMap != null) {
            addMap((MapData) mapping.labelMap.getFieldOrNull(row), labels);
        }
        return labels.toArray(NO_LABELS);
    }

    private static void addMap(MapData map, List<Label> labels) {
        if (map == null) {
            return;
        }
        ArrayData keys = map.keyArray();
        ArrayData values = map.valueArray();
        for (int i = 0; i < map.size(); i++) {
            String value = text(values, i);
            if (value != null && !value.isEmpty()) {
                // A key that is NULL stays, for it may have been an important one: the sink files the record.
                labels.add(new Label(text(keys, i), value));
            }
        }
    }

    private static String text(ArrayData array, int position) {
        if (array.isNullAt(position)) {
            return null;
        }
        StringData text = array.getString(position);
        return text.toString();
    }

    private Sample[] samples(RowData row) {
        if (mapping.samples != null) {
            return samplesOf((ArrayData) mapping.samples.array.getFieldOrNull(row));
        }
        Long timestamp = mapping.timestamp.read(row);
        if (mapping.stale != null && Boolean.TRUE.equals(mapping.stale.getFieldOrNull(row))) {
            return new Sample[] {timestamp == null ? null : new Sample(STALE_MARKER, timestamp)};
        }
        return new Sample[] {sample(mapping.value.read(row), timestamp)};
    }

    private Sample[] samplesOf(ArrayData array) {
        if (array == null) {
            return new Sample[] {null};
        }
        Sample[] samples = new Sample[array.size()];
        for (int i = 0; i < samples.length; i++) {
            RowData element = (RowData) mapping.samples.element.getElementOrNull(array, i);
            if (element != null) {
                samples[i] = sample(mapping.samples.value.read(element), mapping.samples.timestamp.read(element));
            }
        }
        return samples;
    }

    /** Null where a part of it is. */
    private static Sample sample(Double value, Long timestamp) {
        if (value == null || timestamp == null) {
            return null;
        }
        // Only metric.stale makes a stale marker: any other NaN is the usual one.
        return new Sample(value.isNaN() ? Double.NaN : value, timestamp);
    }
}
