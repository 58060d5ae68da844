// Reads fields of rows, in Flink's internal form, as texts, numbers and times.
package io.narthex.flink.table;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.TimeZone;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.DistinctType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.utils.LogicalTypeChecks;
import org.apache.flink.table.utils.DateTimeUtils;

/** Each method gives the reader for a type, or null where the type has none. A reader never sees a null. */
final class FieldReaders {
    private FieldReaders() {}

    /** A scalar's text, as {@code CAST(… AS STRING)} gives it. */
    static SerializableFunction<Object, String> text(LogicalType type, ZoneId zone) {
        switch (type.getTypeRoot()) {
            case CHAR:
            case VARCHAR:
            case TINYINT:
            case SMALLINT:
            case INTEGER:
            case BIGINT:
            case FLOAT:
            case DOUBLE:
                return Object::toString;
            case DECIMAL:
                return value -> ((DecimalData) value).toBigDecimal().toPlainString();
            case BOOLEAN:
                return value -> (Boolean) value ? "TRUE" : "FALSE";
            case BINARY:
            case VARBINARY:
                return value -> new String((byte[]) value, StandardCharsets.UTF_8);
            case DATE:
                return value -> DateTimeUtils.formatDate((Integer) value);
            case INTERVAL_YEAR_MONTH:
                return value -> DateTimeUtils.formatIntervalYearMonth((Integer) value);
            case INTERVAL_DAY_TIME:
                return value -> DateTimeUtils.formatIntervalDayTime((Long) value);
            case DISTINCT_TYPE:
                return text(((DistinctType) type).getSourceType(), zone);
            default:
                return timeText(type, zone);
        }
    }

    private static SerializableFunction<Object, String> timeText(LogicalType type, ZoneId zone) {
        int precision = type.is(LogicalTypeRoot.TIME_WITHOUT_TIME_ZONE)
                        || type.is(LogicalTypeRoot.TIMESTAMP_WITHOUT_TIME_ZONE)
                        || type.is(LogicalTypeRoot.TIMESTAMP_WITH_LOCAL_TIME_ZONE)
                ? LogicalTypeChecks.getPrecision(type)
                : 0;
        switch (type.getTypeRoot()) {
            case TIME_WITHOUT_TIME_ZONE:
                return value -> DateTimeUtils.formatTimestampMillis((Integer) value, precision);
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return timestampText(TimeZone.getTimeZone("UTC"), precision);
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return timestampText(TimeZone.getTimeZone(zone), precision);
            default:
                return null;
        }
    }

    private static SerializableFunction<Object, String> timestampText(TimeZone zone, int precision) {
        return value -> DateTimeUtils.formatTimestamp((TimestampData) value, zone, precision);
    }

    /** A number's value. */
    static SerializableFunction<Object, Double> number(LogicalType type) {
        switch (type.getTypeRoot()) {
            case TINYINT:
            case SMALLINT:
            case INTEGER:
            case BIGINT:
            case FLOAT:
            case DOUBLE:
                return value -> ((Number) value).doubleValue();
            case DECIMAL:
                return value -> {
                    BigDecimal decimal = ((DecimalData) value).toBigDecimal();
                    return decimal.doubleValue();
                };
            case DISTINCT_TYPE:
                return number(((DistinctType) type).getSourceType());
            default:
                return null;
        }
    }

    /** A time's milliseconds since 1970, UTC; a time without a zone is one of the given zone. */
    static SerializableFunction<Object, Long> millis(LogicalType type, ZoneId zone) {
        switch (type.getTypeRoot()) {
            case BIGINT:
                return value -> (Long) value;
            case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                return value -> ((TimestampData) value).getMillisecond();
            case TIMESTAMP_WITHOUT_TIME_ZONE:
                return localMillis(zone);
            case DISTINCT_TYPE:
                return millis(((DistinctType) type).getSourceType(), zone);
            default:
                return null;
        }
    }

    private static SerializableFunction<Object, Long> localMillis(ZoneId zone) {
        if (zone.getRules().isFixedOffset()) {
            long offset = 1000L * zone.getRules().getOffset(LocalDateTime.MIN).getTotalSeconds();
            return value -> ((TimestampData) value).getMillisecond() - offset;
        }
        return value -> ((TimestampData) value).toLocalDateTime().atZone(zone).toInstant().toEpochMilli();
    }
}
