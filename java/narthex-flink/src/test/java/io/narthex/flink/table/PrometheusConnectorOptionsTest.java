// The list of options: one file, the factory and the page agree, both ways.
package io.narthex.flink.table;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.narthex.flink.internal.SinkOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.MemorySize;
import org.junit.jupiter.api.Test;

class PrometheusConnectorOptionsTest {
    private static final Path REPOSITORY = Paths.get(System.getProperty("narthex.repository"));
    private static final Path LIST = REPOSITORY.resolve("crates/sink/options.json");
    private static final Path PAGE = REPOSITORY.resolve("docs/flink-sql.md");

    private static Set<String> found(String pattern, String text) {
        Set<String> found = new LinkedHashSet<>();
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    private static Set<String> keys(Iterable<ConfigOption<?>> options) {
        Set<String> keys = new LinkedHashSet<>();
        options.forEach(option -> keys.add(option.key()));
        return keys;
    }

    @Test
    void the_jar_holds_the_list_of_the_repository() throws Exception {
        byte[] inJar = SinkOption.class.getResourceAsStream("options.json").readAllBytes();
        assertArrayEquals(Files.readAllBytes(LIST), inJar);
    }

    @Test
    void the_factory_takes_the_list_and_the_tables_own_options_and_no_others() throws Exception {
        Set<String> list = found("\"key\": \"([^\"]+)\"", Files.readString(LIST));
        PrometheusDynamicTableSinkFactory factory = new PrometheusDynamicTableSinkFactory();
        Set<String> taken = keys(factory.requiredOptions());
        taken.addAll(keys(factory.optionalOptions()));
        Set<String> expected = new LinkedHashSet<>(list);
        expected.addAll(List.of("metric.endpoint-url", "metric.name", "metric.name.literal", "metric.sample.key",
                "metric.sample.timestamp", "metric.samples", "metric.label.keys", "metric.label.map", "metric.stale",
                "metric.request-signer", "sink.reorder", "sink.parallelism", "sink.checkpoint-wait"));
        assertEquals(expected, taken);
        assertEquals(list, keys(PrometheusConnectorOptions.ofSink()));
    }

    @Test
    void types_and_defaults_are_those_of_the_list() {
        Object[] some = {
            default_("sink.batch.max-size"), default_("sink.flush-buffer.size"), default_("sink.flush-buffer.timeout"),
            default_("sink.requests.max-buffered"), default_("sink.checks"), default_("sink.max-future"),
            default_("sink.retry.max-retries"), default_("sink.auth.password"), default_("sink.headers"),
        };
        Object[] expected = {
            2000L, MemorySize.ofMebiBytes(1), Duration.ofMillis(500), null, "full", "10 min", null, null, null,
        };
        assertArrayEquals(expected, some);
        for (ConfigOption<?> option : PrometheusConnectorOptions.ofSink()) {
            SinkOption inList = SinkOption.ALL.get(option.key());
            boolean isRule = inList.type().equals("integer") && !inList.defaultValue().matches("[0-9]*");
            assertEquals(!inList.defaultValue().isEmpty() && !isRule, option.hasDefaultValue(), option.key());
        }
    }

    private static Object default_(String key) {
        return PrometheusConnectorOptions.all().get(key).defaultValue();
    }

    @Test
    void the_page_has_the_tables_options_and_no_others() throws Exception {
        Set<String> inPage = found("(?m)^\\| `([a-z.-]+)` \\|", Files.readString(PAGE));
        assertEquals(keys(PrometheusConnectorOptions.ofTable()), inPage);
    }
}
