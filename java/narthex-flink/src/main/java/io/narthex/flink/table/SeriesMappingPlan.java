// Finds the columns that a table's options name, and checks their types.
package io.narthex.flink.table;

import io.narthex.flink.internal.Nearest;
import io.narthex.flink.table.SeriesMapping.Column;
import io.narthex.flink.table.SeriesMapping.LabelColumn;
import io.narthex.flink.table.SeriesMapping.SampleArray;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.config.TableConfigOptions;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeFamily;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;

/** Used once per table, while a query is planned. */
final class SeriesMappingPlan {
    private static final String NUMBERS = "TINYINT to BIGINT, FLOAT, DOUBLE or DECIMAL";
    private static final String TIMES = "TIMESTAMP, TIMESTAMP_LTZ, or BIGINT in milliseconds since 1970";

    private final Map<String, String> options;
    private final RowType row;
    private final Mistakes mistakes;
    private final ZoneId zone;
    private final LabelNames names;
    private final SeriesMapping mapping = new SeriesMapping();
    /** Columns that are something else than labels. */
    private final Set<String> taken = new LinkedHashSet<>();

    SeriesMappingPlan(Map<String, String> options, LogicalType row, ReadableConfig config, Mistakes mistakes) {
        this.options = options;
        this.row = (RowType) row;
        this.mistakes = mistakes;
        this.zone = zone(config);
        this.names = new LabelNames(options.get("sink.name-validation"));
    }

    /** The mapping; not to be used when there are mistakes. */
    SeriesMapping mapping() {
        metricName();
        if (options.containsKey(PrometheusConnectorOptions.SAMPLES.key())) {
            samples();
        } else {
            valueAndTimestamp();
            stale();
        }
        labelMap();
        labels();
        return mapping;
    }

    private ZoneId zone(ReadableConfig config) {
        String zone = config.get(TableConfigOptions.LOCAL_TIME_ZONE);
        if (TableConfigOptions.LOCAL_TIME_ZONE.defaultValue().equals(zone)) {
            return ZoneId.systemDefault();
        }
        try {
            return ZoneId.of(zone);
        } catch (DateTimeException e) {
            mistakes.add(TableConfigOptions.LOCAL_TIME_ZONE.key(),
                    "\"" + zone + "\" is no time zone; write for example UTC or Europe/Berlin");
            return ZoneId.of("UTC");
        }
    }

    private void metricName() {
        String literal = options.get(PrometheusConnectorOptions.METRIC_NAME_LITERAL.key());
        boolean hasColumn = options.containsKey(PrometheusConnectorOptions.METRIC_NAME.key());
        if (literal != null && hasColumn) {
            mistake(PrometheusConnectorOptions.METRIC_NAME_LITERAL, "is given beside metric.name; keep the literal "
                    + "where all rows are of one metric, else the column");
        } else if (literal == null && !hasColumn) {
            mistake(PrometheusConnectorOptions.METRIC_NAME, "is missing; name the column with the metric's name, or "
                    + "write the name itself: 'metric.name.literal' = 'requests_total'");
        }
        if (literal != null) {
            String problem = names.problemWithMetric(literal);
            if (problem != null) {
                mistake(PrometheusConnectorOptions.METRIC_NAME_LITERAL, problem);
            }
            mapping.metricNameLiteral = literal;
        }
        if (hasColumn) {
            RowType.RowField field = column(PrometheusConnectorOptions.METRIC_NAME);
            if (field != null && expect(PrometheusConnectorOptions.METRIC_NAME, field,
                    field.getType().is(LogicalTypeFamily.CHARACTER_STRING), "STRING")) {
                mapping.metricName = getter(field);
            }
        }
    }

    private void valueAndTimestamp() {
        RowType.RowField value = required(PrometheusConnectorOptions.SAMPLE_KEY, "the column with the value");
        if (value != null) {
            mapping.value = read(PrometheusConnectorOptions.SAMPLE_KEY, value,
                    FieldReaders.number(value.getType()), NUMBERS);
        }
        RowType.RowField time = required(PrometheusConnectorOptions.SAMPLE_TIMESTAMP, "the column with the time");
        if (time != null) {
            mapping.timestamp = read(PrometheusConnectorOptions.SAMPLE_TIMESTAMP, time,
                    FieldReaders.millis(time.getType(), zone), TIMES);
        }
    }

    private RowType.RowField required(ConfigOption<String> option, String what) {
        if (options.containsKey(option.key())) {
            return column(option);
        }
        mistake(option, "is missing; name " + what + ", or a column with several samples by metric.samples");
        return null;
    }

    private <T> Column<T> read(
            ConfigOption<String> option,
            RowType.RowField field,
            SerializableFunction<Object, T> reader,
            String expected) {
        return expect(option, field, reader != null, expected)
                ? new Column<>(field.getType(), row.getFieldIndex(field.getName()), reader)
                : null;
    }

    private void samples() {
        for (ConfigOption<String> other : List.of(PrometheusConnectorOptions.SAMPLE_KEY,
                PrometheusConnectorOptions.SAMPLE_TIMESTAMP, PrometheusConnectorOptions.STALE)) {
            if (options.containsKey(other.key())) {
                mistake(other, "is given beside metric.samples; keep one of the two ways to give samples");
            }
        }
        RowType.RowField field = column(PrometheusConnectorOptions.SAMPLES);
        if (field == null) {
            return;
        }
        RowType sample = sampleType(field.getType());
        SerializableFunction<Object, Double> value = sample == null ? null : FieldReaders.number(sample.getTypeAt(0));
        SerializableFunction<Object, Long> time = sample == null ? null : FieldReaders.millis(sample.getTypeAt(1), zone);
        if (expect(PrometheusConnectorOptions.SAMPLES, field, value != null && time != null,
                "ARRAY<ROW<value, timestamp>>, the value a number (" + NUMBERS + "), then the time (" + TIMES + ")")) {
            mapping.samples = new SampleArray(
                    getter(field),
                    ArrayData.createElementGetter(sample),
                    new Column<>(sample.getTypeAt(0), 0, value),
                    new Column<>(sample.getTypeAt(1), 1, time));
        }
    }

    /** The type of one sample; null when the column holds none. */
    private static RowType sampleType(LogicalType type) {
        if (!type.is(LogicalTypeRoot.ARRAY) || !type.getChildren().get(0).is(LogicalTypeRoot.ROW)) {
            return null;
        }
        RowType sample = (RowType) type.getChildren().get(0);
        return sample.getFieldCount() == 2 ? sample : null;
    }

    private void stale() {
        if (options.containsKey(PrometheusConnectorOptions.STALE.key())) {
            RowType.RowField field = column(PrometheusConnectorOptions.STALE);
            if (field != null && expect(PrometheusConnectorOptions.STALE, field,
                    field.getType().is(LogicalTypeRoot.BOOLEAN), "BOOLEAN")) {
                mapping.stale = getter(field);
            }
        }
    }

    private void labelMap() {
        if (options.containsKey(PrometheusConnectorOptions.LABEL_MAP.key())) {
            RowType.RowField field = column(PrometheusConnectorOptions.LABEL_MAP);
            if (field != null && expect(PrometheusConnectorOptions.LABEL_MAP, field,
                    isMapOfTexts(field.getType()), "MAP<STRING, STRING>")) {
                mapping.labelMap = getter(field);
            }
        }
    }

    private static boolean isMapOfTexts(LogicalType type) {
        return type.is(LogicalTypeRoot.MAP)
                && type.getChildren().stream().allMatch(child -> child.is(LogicalTypeFamily.CHARACTER_STRING));
    }

    private void labels() {
        String keys = options.get(PrometheusConnectorOptions.LABEL_KEYS.key());
        if (keys != null) {
            Set<String> seen = new LinkedHashSet<>();
            for (String name : ColumnNames.parse(keys)) {
                if (!seen.add(name)) {
                    mistake(PrometheusConnectorOptions.LABEL_KEYS, "names \"" + name + "\" twice");
                } else {
                    namedLabel(name, keys);
                }
            }
            return;
        }
        for (RowType.RowField field : row.getFields()) {
            SerializableFunction<Object, String> reader = FieldReaders.text(field.getType(), zone);
            if (reader != null && !taken.contains(field.getName())) {
                addLabel(field, reader, "; or leave it out: list the labels in metric.label.keys");
            }
        }
    }

    private void namedLabel(String name, String keys) {
        int position = row.getFieldIndex(name);
        if (position < 0) {
            boolean isCommaList = keys.contains(",") && !keys.trim().startsWith("[");
            mistake(PrometheusConnectorOptions.LABEL_KEYS,
                    noColumn(name) + (isCommaList ? "; several columns are written a;b or [a,b]" : ""));
            return;
        }
        RowType.RowField field = row.getFields().get(position);
        SerializableFunction<Object, String> reader = FieldReaders.text(field.getType(), zone);
        if (reader == null) {
            mistake(PrometheusConnectorOptions.LABEL_KEYS, "the column \"" + name + "\" is "
                    + field.getType().asSummaryString() + ", and only scalar types can be labels"
                    + (isMapOfTexts(field.getType()) ? "; name it by metric.label.map" : ""));
        } else {
            addLabel(field, reader, "");
        }
    }

    private void addLabel(RowType.RowField field, SerializableFunction<Object, String> reader, String further) {
        String problem = names.problemWithLabel(field.getName());
        if (problem != null) {
            mistake(PrometheusConnectorOptions.LABEL_KEYS, problem + further);
            return;
        }
        int position = row.getFieldIndex(field.getName());
        mapping.labels.add(
                new LabelColumn(field.getName(), new Column<>(field.getType(), position, reader)));
    }

    /** The column that an option names; null, and a mistake, when there is none. */
    private RowType.RowField column(ConfigOption<String> option) {
        String name = options.get(option.key()).trim();
        int position = row.getFieldIndex(name);
        if (position < 0) {
            mistake(option, noColumn(name));
            return null;
        }
        taken.add(name);
        return row.getFields().get(position);
    }

    private String noColumn(String name) {
        return "there is no column \"" + name + "\"; the nearest is \"" + Nearest.of(name, row.getFieldNames())
                + "\", there are " + String.join(", ", row.getFieldNames());
    }

    private RowData.FieldGetter getter(RowType.RowField field) {
        return RowData.createFieldGetter(field.getType(), row.getFieldIndex(field.getName()));
    }

    private boolean expect(ConfigOption<String> option, RowType.RowField field, boolean isGood, String expected) {
        if (!isGood) {
            mistake(option, "the column \"" + field.getName() + "\" is " + field.getType().asSummaryString()
                    + "; it must be " + expected);
        }
        return isGood;
    }

    private void mistake(ConfigOption<?> option, String problem) {
        mistakes.add(option.key(), problem);
    }
}
