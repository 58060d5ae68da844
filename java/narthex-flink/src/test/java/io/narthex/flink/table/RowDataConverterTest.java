// What a row becomes.
package io.narthex.flink.table;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.narthex.flink.PrometheusTimeSeries;
import io.narthex.flink.PrometheusTimeSeries.Label;
import io.narthex.flink.PrometheusTimeSeries.Sample;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.TableException;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.types.RowKind;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;

class RowDataConverterTest {
    private static RowDataConverter converter(DataType row, String zone, String... changes) {
        Mistakes mistakes = new Mistakes();
        Configuration config = new Configuration();
        config.setString("table.local-time-zone", zone);
        SeriesMapping mapping =
                new SeriesMappingPlan(Tables.options(changes), row.getLogicalType(), config, mistakes).mapping();
        assertEquals(true, mistakes.isEmpty(), () -> mistakes.asException("t").getMessage());
        try {
            // As it travels.
            return InstantiationUtil.clone(new RowDataConverter(mapping));
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static DataType row(DataType time, DataTypes.Field... further) {
        DataTypes.Field[] fields = new DataTypes.Field[3 + further.length];
        fields[0] = DataTypes.FIELD("name", DataTypes.STRING());
        fields[1] = DataTypes.FIELD("val", DataTypes.DOUBLE());
        fields[2] = DataTypes.FIELD("ts", time);
        System.arraycopy(further, 0, fields, 3, further.length);
        return DataTypes.ROW(fields);
    }

    private static StringData text(String text) {
        return StringData.fromString(text);
    }

    private static Label[] labels(String... pairs) {
        Label[] labels = new Label[pairs.length / 2];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = new Label(pairs[2 * i], pairs[2 * i + 1]);
        }
        return labels;
    }

    @Test
    void remaining_scalars_are_labels_and_nulls_and_empties_are_left_out() {
        RowDataConverter converter = converter(row(DataTypes.BIGINT(),
                DataTypes.FIELD("a", DataTypes.STRING()), DataTypes.FIELD("b", DataTypes.INT()),
                DataTypes.FIELD("c", DataTypes.STRING()), DataTypes.FIELD("skipped", DataTypes.ARRAY(DataTypes.INT()))),
                "UTC");
        PrometheusTimeSeries series =
                converter.map(GenericRowData.of(text("m"), 1.5, 7L, text(""), 3, null, new GenericArrayData(new int[0])));
        assertEquals("m", series.getMetricName());
        assertArrayEquals(labels("b", "3"), series.getLabels());
        assertArrayEquals(new Sample[] {new Sample(1.5, 7)}, series.getSamples());
    }

    @Test
    void named_labels_and_a_map() {
        for (String keys : new String[] {"a;b", "[a,b]", "[ 'a', \"b\" ]", " a ; b ;"}) {
            RowDataConverter converter = converter(row(DataTypes.BIGINT(), DataTypes.FIELD("a", DataTypes.STRING()),
                    DataTypes.FIELD("b", DataTypes.STRING()), DataTypes.FIELD("c", DataTypes.STRING()),
                    DataTypes.FIELD("map", DataTypes.MAP(DataTypes.STRING(), DataTypes.STRING()))), "UTC",
                    "metric.label.keys", keys, "metric.label.map", "map");
            Map<StringData, StringData> map = new HashMap<>();
            map.put(text("k"), text("v"));
            map.put(text("empty"), text(""));
            map.put(text("null"), null);
            RowData row = GenericRowData.of(text("m"), 1.0, 1L, text("1"), text("2"), text("3"), new GenericMapData(map));
            assertArrayEquals(labels("a", "1", "b", "2", "k", "v"), converter.map(row).getLabels(), keys);
            row = GenericRowData.of(text("m"), 1.0, 1L, text("1"), text("2"), text("3"), null);
            assertArrayEquals(labels("a", "1", "b", "2"), converter.map(row).getLabels());
        }
    }

    @Test
    void nulls_become_null_samples() {
        RowDataConverter converter = converter(row(DataTypes.BIGINT()), "UTC");
        assertNull(converter.map(GenericRowData.of(text("m"), null, 1L)).getSamples()[0]);
        assertNull(converter.map(GenericRowData.of(text("m"), 1.0, null)).getSamples()[0]);
        assertNull(converter.map(GenericRowData.of(null, 1.0, 1L)).getMetricName());
    }

    @Test
    void times_are_read_in_the_zone_of_the_session() {
        LocalDateTime local = LocalDateTime.parse("2026-07-01T12:00:00.123456789");
        long utc = Instant.parse("2026-07-01T12:00:00.123Z").toEpochMilli();
        String[][] zones = {{"UTC", "0"}, {"+05:30", "-19800"}, {"Europe/Berlin", "-7200"}, {"America/New_York", "14400"}};
        for (String[] zone : zones) {
            RowDataConverter converter = converter(row(DataTypes.TIMESTAMP(9)), zone[0]);
            GenericRowData row = GenericRowData.of(text("m"), 1.0, TimestampData.fromLocalDateTime(local));
            assertEquals(utc + 1000 * Long.parseLong(zone[1]), converter.map(row).getSamples()[0].getTimestamp(), zone[0]);
            converter = converter(row(DataTypes.TIMESTAMP_LTZ(9)), zone[0]);
            row = GenericRowData.of(text("m"), 1.0, TimestampData.fromEpochMillis(utc, 456789));
            assertEquals(utc, converter.map(row).getSamples()[0].getTimestamp(), zone[0]);
        }
        // Before 1970, and rounded down as any other.
        RowDataConverter converter = converter(row(DataTypes.TIMESTAMP(6)), "UTC");
        RowData row = GenericRowData.of(text("m"), 1.0,
                TimestampData.fromLocalDateTime(LocalDateTime.parse("1969-12-31T23:59:59.999900")));
        assertEquals(-1, converter.map(row).getSamples()[0].getTimestamp());
    }

    @Test
    void a_stale_row_is_a_marker_and_no_other_nan_is() {
        RowDataConverter converter = converter(row(DataTypes.BIGINT(), DataTypes.FIELD("gone", DataTypes.BOOLEAN())),
                "UTC", "metric.stale", "gone");
        long marker = 0x7ff0000000000002L;
        double nan = Double.longBitsToDouble(marker);
        assertEquals(marker, bits(converter.map(GenericRowData.of(text("m"), 1.0, 1L, true))));
        assertEquals(marker, bits(converter.map(GenericRowData.of(text("m"), null, 1L, true))));
        assertEquals(0x7ff8000000000000L, bits(converter.map(GenericRowData.of(text("m"), nan, 1L, false))));
        assertEquals(0x7ff8000000000000L, bits(converter.map(GenericRowData.of(text("m"), nan, 1L, null))));
        assertNull(converter.map(GenericRowData.of(text("m"), 1.0, null, true)).getSamples()[0]);
    }

    private static long bits(PrometheusTimeSeries series) {
        return Double.doubleToRawLongBits(series.getSamples()[0].getValue());
    }

    @Test
    void an_array_holds_several_samples() {
        DataType sample = DataTypes.ROW(
                DataTypes.FIELD("v", DataTypes.DECIMAL(10, 2)), DataTypes.FIELD("t", DataTypes.TIMESTAMP_LTZ(3)));
        DataType row = DataTypes.ROW(
                DataTypes.FIELD("samples", DataTypes.ARRAY(sample)), DataTypes.FIELD("host", DataTypes.STRING()));
        RowDataConverter converter = converter(row, "UTC", "metric.name", null, "metric.name.literal", "m",
                "metric.sample.key", null, "metric.sample.timestamp", null, "metric.samples", "samples");
        GenericArrayData array = new GenericArrayData(new Object[] {
            GenericRowData.of(decimal("1.25"), TimestampData.fromEpochMillis(1)),
            null,
            GenericRowData.of(null, TimestampData.fromEpochMillis(2)),
            GenericRowData.of(decimal("2.00"), TimestampData.fromEpochMillis(3)),
        });
        PrometheusTimeSeries series = converter.map(GenericRowData.of(array, text("h")));
        assertEquals("m", series.getMetricName());
        assertArrayEquals(new Sample[] {new Sample(1.25, 1), null, null, new Sample(2, 3)}, series.getSamples());
        assertArrayEquals(new Sample[] {null}, converter.map(GenericRowData.of(null, text("h"))).getSamples());
        GenericArrayData empty = new GenericArrayData(new Object[0]);
        assertEquals(0, converter.map(GenericRowData.of(empty, text("h"))).getSamples().length);
    }

    private static DecimalData decimal(String text) {
        return DecimalData.fromBigDecimal(new BigDecimal(text), 10, 2);
    }

    @Test
    void deletes_never_become_samples() {
        RowDataConverter converter = converter(row(DataTypes.BIGINT()), "UTC");
        for (RowKind kind : new RowKind[] {RowKind.DELETE, RowKind.UPDATE_BEFORE, RowKind.UPDATE_AFTER}) {
            GenericRowData row = GenericRowData.of(text("m"), 1.0, 1L);
            row.setRowKind(kind);
            assertThrows(TableException.class, () -> converter.map(row));
        }
    }
}
