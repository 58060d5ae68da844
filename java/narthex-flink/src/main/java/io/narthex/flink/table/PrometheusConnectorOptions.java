// The options of the table connector.
package io.narthex.flink.table;

import io.narthex.flink.internal.SettingsCheck;
import io.narthex.flink.internal.SinkOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.util.TimeUtils;

/**
 * What may stand in the {@code WITH} of a table with the connector {@code prometheus}.
 *
 * <p>The options that all engines share, {@code sink.*}, are made from the one list in the jar; those of the table are
 * constants here. docs/flink-sql.md describes them, and a test holds page and code equal.
 */
public final class PrometheusConnectorOptions {
    public static final ConfigOption<String> ENDPOINT_URL = text(SettingsCheck.URL,
            "The receiver's URL, for example http://localhost:9090/api/v1/write.");
    public static final ConfigOption<String> METRIC_NAME = text("metric.name",
            "The column with the metric's name; one table can serve many metrics.");
    public static final ConfigOption<String> METRIC_NAME_LITERAL = text("metric.name.literal",
            "The metric's name itself, in place of a column.");
    public static final ConfigOption<String> SAMPLE_KEY = text("metric.sample.key",
            "The column with the value; any number.");
    public static final ConfigOption<String> SAMPLE_TIMESTAMP = text("metric.sample.timestamp",
            "The column with the time: TIMESTAMP, TIMESTAMP_LTZ, or BIGINT in milliseconds since 1970.");
    public static final ConfigOption<String> SAMPLES = text("metric.samples",
            "In place of the two: a column ARRAY<ROW<value, timestamp>>, several samples from one row, oldest first.");
    public static final ConfigOption<String> LABEL_KEYS = text("metric.label.keys",
            "The columns that become labels under their own names, as a;b or [a,b]. When absent: every scalar column "
                    + "that no other option names. [] is none.");
    public static final ConfigOption<String> LABEL_MAP = text("metric.label.map",
            "A column MAP<STRING, STRING> with further labels.");
    public static final ConfigOption<String> STALE = text("metric.stale",
            "A BOOLEAN column; where it is true, a stale marker is written in place of the value.");
    public static final ConfigOption<String> REQUEST_SIGNER = text("metric.request-signer",
            "Who signs requests, for example amazon-managed-prometheus (with aws.region and others).");
    public static final ConfigOption<Boolean> REORDER = ConfigOptions.key("sink.reorder")
            .booleanType()
            .defaultValue(false)
            .withDescription("Whether rows wait until the watermark has passed their time, and are written in its order.");
    public static final ConfigOption<Integer> PARALLELISM = FactoryUtil.SINK_PARALLELISM;
    public static final ConfigOption<Duration> CHECKPOINT_WAIT = ConfigOptions.key(SettingsCheck.CHECKPOINT_WAIT)
            .durationType()
            .defaultValue(Duration.ofSeconds(5))
            .withDescription("How long a checkpoint waits for settlement before the rest goes into its state.");

    /** Options of a request signer begin so. */
    static final String AWS_PREFIX = "aws.";
    /** Options of a header begin so. */
    static final String HEADERS_PREFIX = "sink.headers.";

    private PrometheusConnectorOptions() {}

    /** The options of tables alone, in the order of the docs. */
    public static List<ConfigOption<?>> ofTable() {
        return List.of(ENDPOINT_URL, METRIC_NAME, METRIC_NAME_LITERAL, SAMPLE_KEY, SAMPLE_TIMESTAMP, SAMPLES,
                LABEL_KEYS, LABEL_MAP, STALE, REQUEST_SIGNER, REORDER, PARALLELISM, CHECKPOINT_WAIT);
    }

    /** The options that all engines share, in the order of the docs. */
    public static List<ConfigOption<?>> ofSink() {
        List<ConfigOption<?>> options = new ArrayList<>();
        SinkOption.ALL.values().forEach(option -> options.add(made(option)));
        return Collections.unmodifiableList(options);
    }

    /** Both, by key. */
    public static Map<String, ConfigOption<?>> all() {
        Map<String, ConfigOption<?>> all = new LinkedHashMap<>();
        ofTable().forEach(option -> all.put(option.key(), option));
        ofSink().forEach(option -> all.put(option.key(), option));
        return Collections.unmodifiableMap(all);
    }

    private static ConfigOption<String> text(String key, String description) {
        return ConfigOptions.key(key).stringType().noDefaultValue().withDescription(description);
    }

    /** Flink's form of an option of the list. Values are read and checked by {@link SinkOption}, not through this. */
    private static ConfigOption<?> made(SinkOption option) {
        ConfigOptions.OptionBuilder builder = ConfigOptions.key(option.key());
        String value = option.defaultValue();
        ConfigOption<?> made;
        switch (option.type()) {
            case "integer":
                // One default is a rule, not a number.
                made = value.matches("[0-9]+")
                        ? builder.longType().defaultValue(Long.valueOf(value))
                        : builder.longType().noDefaultValue();
                break;
            case "duration":
                made = value.isEmpty()
                        ? builder.durationType().noDefaultValue()
                        : builder.durationType().defaultValue(TimeUtils.parseDuration(value));
                break;
            case "memory-size":
                made = value.isEmpty()
                        ? builder.memoryType().noDefaultValue()
                        : builder.memoryType().defaultValue(MemorySize.parse(value));
                break;
            case "headers":
                made = builder.mapType().noDefaultValue();
                break;
            default:
                made = value.isEmpty()
                        ? builder.stringType().noDefaultValue()
                        : builder.stringType().defaultValue(value);
        }
        return made.withDescription(option.doc());
    }
}
