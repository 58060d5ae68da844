// What is refused while a query is planned, and in which words.
package io.narthex.flink.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.narthex.flink.PrometheusRequestSigner;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrometheusDynamicTableSinkFactoryTest {
    private static void assertMistake(String expected, String... changes) {
        String mistakes = Tables.mistakes(changes);
        assertTrue(mistakes.contains("1 mistake in its definition\n  " + expected), mistakes);
    }

    private static void assertMistakes(String expected, String... changes) {
        String mistakes = Tables.mistakes(changes);
        assertTrue(mistakes.contains("\n  " + expected), mistakes);
    }

    @Test
    void a_good_table_is_taken_under_both_names() {
        assertEquals("", Tables.mistakes());
        assertEquals("", Tables.mistakes("connector", "narthex-prometheus"));
        assertEquals("", Tables.mistakes("metric.label.keys", "[host]", "sink.parallelism", "2", "sink.shards", "4",
                "sink.checkpoint-wait", "2 s", "sink.out-of-order-window", "unlimited", "sink.headers.X-Scope-OrgID",
                "a", "sink.auth.username", "u", "sink.auth.password-file", "/run/secrets/p"));
    }

    @Test
    void all_mistakes_are_told_at_once() {
        String mistakes = Tables.mistakes("metric.endpoint-url", "localhost:9090", "metric.name", "nam",
                "metric.sample.key", "host", "metric.sample.timestamp", null, "metric.label.keys", "Host;val;val",
                "sink.shards", "0", "sink.flush-buffer.timeout", "soon", "sink.shard", "3", "sink.parallelism", "-1",
                "sink.checkpoint-wait", "2 h");
        assertTrue(mistakes.startsWith("cannot write to table c.d.t, connector prometheus: 11 mistakes in its"),
                mistakes);
        for (String part : new String[] {
            "metric.endpoint-url: \"localhost:9090\" has no scheme; write http://localhost:9090",
            "metric.name: there is no column \"nam\"; the nearest is \"name\", there are name, val, ts, host",
            "metric.sample.key: the column \"host\" is STRING; it must be TINYINT to BIGINT",
            "metric.sample.timestamp: is missing; name the column with the time",
            "metric.label.keys: there is no column \"Host\"; the nearest is \"host\"",
            "metric.label.keys: names \"val\" twice",
            "sink.shards: 0 is out of range; allowed are 1 to 1024",
            "sink.flush-buffer.timeout: \"soon\" is not a duration",
            "sink.shard: there is no such option; the nearest is sink.shards",
            "sink.parallelism: \"-1\" is no number of subtasks",
            "sink.checkpoint-wait: 2 h is out of range; allowed are 0 s to 1 h",
        }) {
            assertTrue(mistakes.contains("\n  " + part), part + " is not in\n" + mistakes);
        }
    }

    @Test
    void what_is_missing_is_named() {
        assertMistake("metric.endpoint-url: is missing; for example", "metric.endpoint-url", null);
        assertMistake("metric.name: is missing; name the column", "metric.name", null);
        assertMistake("metric.name.literal: is given beside metric.name", "metric.name.literal", "m");
        assertMistake("metric.name.literal: \"a-b\" is no name of a metric",
                "metric.name", null, "metric.name.literal", "a-b");
        assertMistake("metric.sample.key: is missing", "metric.sample.key", null);
        assertMistakes("metric.sample.key: is given beside metric.samples",
                "metric.samples", "ts", "metric.sample.timestamp", null);
    }

    @Test
    void options_that_do_not_exist_name_the_nearest() {
        assertMistake("metric.endpoint.url: there is no such option; the nearest is metric.endpoint-url",
                "metric.endpoint.url", "x");
        assertMistake("sink.batch.size: there is no such option; the nearest is sink.batch.max-size",
                "sink.batch.size", "5");
        String mistakes = Tables.mistakes("sink.requests.max-inflight", "2");
        assertTrue(mistakes.contains("2 is not 1") && mistakes.contains("raise sink.shards"), mistakes);
    }

    @Test
    void names_of_columns_must_be_names_of_labels() {
        ResolvedSchema schema = ResolvedSchema.of(
                Column.physical("name", DataTypes.STRING()),
                Column.physical("val", DataTypes.DOUBLE()),
                Column.physical("ts", DataTypes.BIGINT()),
                Column.physical("plant-name", DataTypes.STRING()),
                Column.physical("__tenant", DataTypes.STRING()));
        String mistakes = Tables.mistakes(schema, Tables.options());
        assertTrue(mistakes.contains("2 mistakes"), mistakes);
        assertTrue(mistakes.contains("the column \"plant-name\" cannot be a label"), mistakes);
        assertTrue(mistakes.contains("rename it, for example to \"plant_name\""), mistakes);
        assertTrue(mistakes.contains("the column \"__tenant\" cannot be a label"), mistakes);
        assertEquals("", Tables.mistakes(schema, Tables.options("metric.label.keys", "[]")));
        assertEquals("", Tables.mistakes(schema,
                Tables.options("metric.label.keys", "plant-name", "sink.name-validation", "utf8")));
    }

    @Test
    void types_of_columns_are_checked() {
        ResolvedSchema schema = ResolvedSchema.of(
                Column.physical("name", DataTypes.INT()),
                Column.physical("val", DataTypes.BOOLEAN()),
                Column.physical("ts", DataTypes.INT()),
                Column.physical("map", DataTypes.MAP(DataTypes.STRING(), DataTypes.INT())),
                Column.physical("stale", DataTypes.STRING()),
                Column.physical("list", DataTypes.ARRAY(DataTypes.DOUBLE())));
        String mistakes = Tables.mistakes(schema, Tables.options("metric.label.map", "map", "metric.stale", "stale",
                "metric.label.keys", "list"));
        for (String part : new String[] {
            "metric.name: the column \"name\" is INT; it must be STRING",
            "metric.sample.key: the column \"val\" is BOOLEAN; it must be",
            "metric.sample.timestamp: the column \"ts\" is INT; it must be TIMESTAMP",
            "metric.label.map: the column \"map\" is MAP<STRING, INT>; it must be MAP<STRING, STRING>",
            "metric.stale: the column \"stale\" is STRING; it must be BOOLEAN",
            "metric.label.keys: the column \"list\" is ARRAY<DOUBLE>, and only scalar types can be labels",
        }) {
            assertTrue(mistakes.contains(part), part + " is not in\n" + mistakes);
        }
        mistakes = Tables.mistakes(schema, Tables.options("metric.samples", "list", "metric.sample.key", null,
                "metric.sample.timestamp", null, "metric.name", null, "metric.name.literal", "m"));
        assertTrue(mistakes.contains("it must be ARRAY<ROW<value, timestamp>>"), mistakes);
    }

    @Test
    void an_unknown_signer_names_the_module() {
        assertMistake("metric.request-signer: \"amazon-managed-prometheus\" is in the module "
                + "narthex-flink-signer-amp, which is not on the class path",
                "metric.request-signer", "amazon-managed-prometheus", "aws.region", "eu-central-1");
        assertMistake("aws.region: has no use without 'metric.request-signer'", "aws.region", "eu-central-1");
        assertMistake("metric.request-signer: there is no signer \"mine\"", "metric.request-signer", "mine");
    }

    @Test
    void a_signer_is_found_and_gets_its_options(@TempDir Path folder) throws Exception {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(PrometheusRequestSignerFactory.class.getName()), Stamps.class.getName());
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {folder.toUri().toURL()}, getClass().getClassLoader())) {
            Mistakes mistakes = new Mistakes();
            TableSettings settings = new TableSettings(Tables.options("metric.request-signer", "stamps", "aws.ink",
                    "blue"), loader, mistakes);
            assertTrue(mistakes.isEmpty(), () -> mistakes.asException("t").getMessage());
            assertTrue(settings.sink().signer() instanceof PrometheusRequestSigner);
            new TableSettings(Tables.options("metric.request-signer", "stamps", "aws.inc", "blue"), loader, mistakes);
            new TableSettings(Tables.options("metric.request-signer", "stamp"), loader, mistakes);
            assertEquals("cannot write to table t, connector prometheus: 3 mistakes in its definition\n"
                    + "  aws.inc: the signer \"stamps\" has no such option; the nearest is aws.ink\n"
                    + "  metric.request-signer: aws.ink: is missing\n"
                    + "  metric.request-signer: there is no signer \"stamp\"; the nearest is \"stamps\", on the class "
                    + "path are [stamps]",
                    mistakes.asException("t").getMessage());
        }
    }

    /** A signer on the class path. */
    public static final class Stamps implements PrometheusRequestSignerFactory {
        @Override
        public String identifier() {
            return "stamps";
        }

        @Override
        public Set<String> options() {
            return Set.of("aws.ink");
        }

        @Override
        public PrometheusRequestSigner create(String endpointUrl, Map<String, String> options) {
            if (!options.containsKey("aws.ink")) {
                throw new IllegalArgumentException("aws.ink: is missing");
            }
            return (headers, body) -> headers.put("X-Stamp", options.get("aws.ink"));
        }
    }

    @Test
    void secrets_are_never_shown() {
        String[] secrets = {"metric.endpoint-url", "http://joe:s3cret@localhost:9090/w", "sink.headers.X-Key", "s3cret",
            "sink.auth.bearer-token", "s3cret", "sink.auth.pasword", "s3cret", "aws.credentials.secret", "s3cret"};
        String mistakes = Tables.mistakes(secrets);
        assertTrue(mistakes.contains("sink.auth.pasword: there is no such option; the nearest is sink.auth.password"),
                mistakes);
        assertFalse(mistakes.contains("s3cret"), mistakes);
        assertFalse(mistakes.contains("joe"), mistakes);

        for (String url : new String[] {"joe:s3cret@h/w", "ftp://joe:s3cret@h", "http://joe:s3c ret@h", "//joe:s3cret@h"}) {
            mistakes = Tables.mistakes("metric.endpoint-url", url);
            assertTrue(mistakes.contains("metric.endpoint-url: "), mistakes);
            assertFalse(mistakes.contains("s3c") || mistakes.contains("joe"), mistakes);
        }

        DynamicTableSink sink = Tables.sink(Tables.PLAIN, Tables.options("metric.endpoint-url",
                "http://joe:s3cret@localhost:9090/w", "sink.headers.X-Key", "s3cret"));
        assertFalse((sink.asSummaryString() + sink).contains("s3cret"));
        Mistakes none = new Mistakes();
        TableSettings settings = new TableSettings(Tables.options("sink.headers.X-Key", "s3cret",
                "sink.auth.username", "u", "sink.auth.password", "s3cret"), getClass().getClassLoader(), none);
        assertFalse(new SeriesSink(settings.sink()).toString().contains("s3cret"));
    }

    @Test
    void the_sinks_own_defaults_hold_and_files_pass_through() {
        Mistakes none = new Mistakes();
        Map<String, String> sink = new TableSettings(Tables.options("sink.auth.username", "u",
                "sink.auth.password-file", "/run/secrets/p"), getClass().getClassLoader(), none).sink().options();
        // What is absent here, the native library sets.
        assertEquals(Set.of("user-agent", "metric.endpoint-url", "sink.auth.username", "sink.auth.password-file"),
                sink.keySet());
        assertEquals("/run/secrets/p", sink.get("sink.auth.password-file"));
    }

    @Test
    void a_compiled_plan_takes_changed_options_but_no_other_columns() {
        Map<String, String> changed = Tables.options("sink.shards", "0", "metric.sample.key", "nonsense");
        String mistakes = Tables.mistakes(Tables.PLAIN, Tables.options(), changed);
        assertTrue(mistakes.contains("1 mistake") && mistakes.contains("sink.shards: 0 is out of range"), mistakes);
    }

    @Test
    void only_insertions_are_taken() {
        DynamicTableSink sink = Tables.sink(Tables.PLAIN, Tables.options());
        assertEquals(ChangelogMode.insertOnly(), sink.getChangelogMode(ChangelogMode.insertOnly()));
        for (ChangelogMode mode : new ChangelogMode[] {ChangelogMode.all(), ChangelogMode.upsert(),
            ChangelogMode.newBuilder().addContainedKind(RowKind.INSERT).addContainedKind(RowKind.DELETE).build()}) {
            ValidationException e = assertThrows(ValidationException.class, () -> sink.getChangelogMode(mode));
            assertTrue(e.getMessage().contains("TUMBLE"), e.getMessage());
        }
        assertEquals(sink.asSummaryString(), sink.copy().asSummaryString());
    }

    @Test
    void the_time_zone_of_the_session_is_checked() {
        Mistakes mistakes = new Mistakes();
        Configuration config = new Configuration();
        config.setString("table.local-time-zone", "Mars");
        new SeriesMappingPlan(Tables.options(), Tables.PLAIN.toPhysicalRowDataType().getLogicalType(), config, mistakes)
                .mapping();
        assertTrue(mistakes.asException("t").getMessage().contains("\"Mars\" is no time zone"));
    }
}
