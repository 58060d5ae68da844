// Which columns make up a series: what the converter needs to know.
package io.narthex.flink.table;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.RowData.FieldGetter;
import org.apache.flink.table.types.logical.LogicalType;

/** Columns by position, with readers for their types; made by {@link SeriesMappingPlan}. */
final class SeriesMapping implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Null where the name is a column. */
    String metricNameLiteral;
    /** Null where the name is a literal. */
    FieldGetter metricName;
    final List<LabelColumn> labels = new ArrayList<>();
    /** Null where there is none. */
    FieldGetter labelMap;
    /** Null where samples come from two columns. */
    SampleArray samples;
    Column<Double> value;
    Column<Long> timestamp;
    /** Null where there is none. */
    FieldGetter stale;

    /** A column that is read as one kind of value. */
    static final class Column<T> implements Serializable {
        private static final long serialVersionUID = 1L;

        private final FieldGetter getter;
        private final SerializableFunction<Object, T> reader;

        Column(LogicalType type, int position, SerializableFunction<Object, T> reader) {
            this.getter = RowData.createFieldGetter(type, position);
            this.reader = reader;
        }

        /** Null for NULL. */
        T read(RowData row) {
            Object field = getter.getFieldOrNull(row);
            return field == null ? null : reader.apply(field);
        }
    }

    /** A column that is a label. */
    static final class LabelColumn implements Serializable {
        private static final long serialVersionUID = 1L;

        final String name;
        final Column<String> column;

        LabelColumn(String name, Column<String> column) {
            this.name = name;
            this.column = column;
        }
    }

    /** A column of several samples. */
    static final class SampleArray implements Serializable {
        private static final long serialVersionUID = 1L;

        final FieldGetter array;
        final ArrayData.ElementGetter element;
        final Column<Double> value;
        final Column<Long> timestamp;

        SampleArray(
                FieldGetter array, ArrayData.ElementGetter element, Column<Double> value, Column<Long> timestamp) {
            this.array = array;
            this.element = element;
            this.value = value;
            this.timestamp = timestamp;
        }
    }
}
