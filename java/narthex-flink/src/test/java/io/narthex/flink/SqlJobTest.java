// SQL jobs on a mini cluster against a scripted receiver: CREATE TABLE, INSERT INTO, and what arrives.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class SqlJobTest {
    private static final String COLUMNS = "name STRING, val DOUBLE, ts BIGINT";

    @TempDir Path folder;
    private Receiver receiver;
    private StreamExecutionEnvironment env;
    private StreamTableEnvironment sql;

    @BeforeEach
    void start() throws Exception {
        receiver = new Receiver();
        begin(1, EnvironmentSettings.inStreamingMode());
    }

    @AfterEach
    void stop() {
        receiver.close();
    }

    private void begin(int parallelism, EnvironmentSettings settings) {
        Configuration configuration = Jobs.configuration();
        configuration.setString("taskmanager.memory.managed.size", "128 mb"); // windows need some
        env = Jobs.environment(configuration, parallelism);
        sql = StreamTableEnvironment.create(env, settings);
        sql.getConfig().set("table.local-time-zone", "UTC");
    }

    /** A table with the columns, and options beside the usual ones as 'key'='value' pairs. */
    private void createTable(String columns, String... options) {
        Map<String, String> all = new TreeMap<>();
        all.put("connector", "prometheus");
        all.put("metric.endpoint-url", receiver.url());
        all.put("metric.name", "name");
        all.put("metric.sample.key", "val");
        all.put("metric.sample.timestamp", "ts");
        for (int i = 0; i < options.length; i += 2) {
            all.put(options[i], options[i + 1]);
        }
        all.values().removeIf(String::isEmpty);
        List<String> with = new ArrayList<>();
        all.forEach((key, value) -> with.add("'" + key + "' = '" + value + "'"));
        sql.executeSql("CREATE TABLE t (" + columns + ") WITH (" + String.join(", ", with) + ")");
    }

    private void insert(String query) throws Exception {
        sql.executeSql("INSERT INTO t " + query).await(120, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"streaming", "batch"})
    void values_arrive_in_both_modes(String mode) throws Exception {
        begin(2, mode.equals("batch") ? EnvironmentSettings.inBatchMode() : EnvironmentSettings.inStreamingMode());
        createTable(COLUMNS + ", host STRING, code INT");
        insert("VALUES ('up', 1.0, 1000, 'a', 200), ('up', 2.5, 1000, 'b', 404), ('down', -1.0, 2000, 'a', 200)");
        assertEquals("{{__name__=down, code=200, host=a}=[-1.0@2000], {__name__=up, code=200, host=a}=[1.0@1000], "
                + "{__name__=up, code=404, host=b}=[2.5@1000]}", receiver.series.toString());
    }

    /** Beside each column the text that Flink's own cast makes of it: both arrive as labels, and must be equal. */
    @Test
    void labels_of_every_scalar_type_are_as_cast_makes_them() throws Exception {
        String[][] columns = {
            {"CHAR(3)", "'abc'", "'xyz'"},
            {"VARCHAR(9)", "'äöü €'", "'😀'"},
            {"STRING", "'a \"quoted\" text'", "' '"},
            {"BOOLEAN", "TRUE", "FALSE"},
            {"BINARY(2)", "X'6162'", "X'c3a4'"},
            {"BYTES", "X'616263'", "X'30'"},
            {"TINYINT", "-128", "127"},
            {"SMALLINT", "-32768", "5"},
            {"INT", "2147483647", "0"},
            {"BIGINT", "-9223372036854775807", "12"},
            {"FLOAT", "1.5", "1e20"},
            {"DOUBLE", "0.1", "-1e-9"},
            {"DECIMAL(20, 4)", "1234567890.5", "-0.0001"},
            {"DECIMAL(38, 0)", "'12345678901234567890123456789012345678'", "0"},
            {"DATE", "DATE '2026-02-28'", "DATE '1969-12-31'"},
            {"TIME(0)", "TIME '01:02:03'", "TIME '23:59:59'"},
            {"TIMESTAMP(0)", "TIMESTAMP '2026-02-28 01:02:03'", "TIMESTAMP '1969-12-31 23:59:59'"},
            {"TIMESTAMP(3)", "TIMESTAMP '2026-02-28 01:02:03.5'", "TIMESTAMP '2026-02-28 01:02:03'"},
            {"TIMESTAMP(9)", "TIMESTAMP '2026-02-28 01:02:03.123456789'", "TIMESTAMP '2026-02-28 01:02:03.1'"},
            {"TIMESTAMP_LTZ(3)", "TO_TIMESTAMP_LTZ(1500, 3)", "TO_TIMESTAMP_LTZ(-1, 3)"},
            {"TIMESTAMP_LTZ(0)", "TO_TIMESTAMP_LTZ(1000, 3)", "TO_TIMESTAMP_LTZ(0, 3)"},
        };
        sql.getConfig().set("table.local-time-zone", "America/St_Johns");
        List<String> definitions = new ArrayList<>();
        List<String> rows = new ArrayList<>();
        for (int row = 1; row <= 2; row++) {
            List<String> selected = new ArrayList<>(List.of("'m'", "CAST(" + row + " AS DOUBLE)", "CAST(1000 AS BIGINT)"));
            for (int i = 0; i < columns.length; i++) {
                String typed = "CAST(" + columns[i][row] + " AS " + columns[i][0] + ")";
                if (row == 1) {
                    definitions.add("typed_" + i + " " + columns[i][0] + ", cast_" + i + " STRING");
                }
                selected.add(typed);
                selected.add("CAST(" + typed + " AS STRING)");
            }
            rows.add("SELECT " + String.join(", ", selected));
        }
        createTable(COLUMNS + ", " + String.join(", ", definitions));
        insert(String.join(" UNION ALL ", rows));
        assertEquals(2, receiver.series.size(), receiver.series.toString());
        for (String labels : receiver.series.keySet()) {
            for (int i = 0; i < columns.length; i++) {
                String expected = between(labels, "cast_" + i + "=");
                assertFalse(expected.isEmpty(), columns[i][0] + " in " + labels);
                assertEquals(expected, between(labels, "typed_" + i + "="), columns[i][0]);
            }
        }
    }

    private static String between(String labels, String begin) {
        int at = labels.indexOf(begin) + begin.length();
        int end = labels.indexOf(", typed_", at);
        int other = labels.indexOf(", cast_", at);
        int last = Stream.of(end, other).filter(i -> i >= 0).min(Integer::compare).orElse(labels.length() - 1);
        return labels.indexOf(begin) < 0 ? "" : labels.substring(at, last);
    }

    @Test
    void nulls_are_left_out_or_dead_letters() throws Exception {
        Path lost = folder.resolve("lost.ndjson");
        createTable(COLUMNS + ", host STRING, code INT", "sink.dead-letters.path", lost.toString());
        insert("VALUES ('m', 1.0, 1000, 'a', CAST(NULL AS INT)), ('m', 2.0, 2000, '', 5), "
                + "('m', CAST(NULL AS DOUBLE), 3000, 'no_value', 1), ('m', 4.0, CAST(NULL AS BIGINT), 'no_time', 1), "
                + "(CAST(NULL AS STRING), 5.0, 5000, 'no_name', 1)");
        assertEquals("{{__name__=m, code=5}=[2.0@2000], {__name__=m, host=a}=[1.0@1000]}", receiver.series.toString());
        List<String> letters = Files.readAllLines(lost);
        assertEquals(3, letters.size(), letters.toString());
        for (String host : List.of("no_value", "no_time", "no_name")) {
            assertTrue(letters.stream().anyMatch(letter -> letter.contains(host) && letter.contains("\"null\"")),
                    host + " is not in " + letters);
        }
    }

    @Test
    void maps_arrays_and_stale_markers() throws Exception {
        createTable("name STRING, labels MAP<STRING, STRING>, samples ARRAY<ROW<v INT, t TIMESTAMP_LTZ(3)>>, extra INT",
                "metric.sample.key", "", "metric.sample.timestamp", "", "metric.samples", "samples",
                "metric.label.map", "labels", "metric.label.keys", "[]");
        insert("SELECT 'm', MAP['k', 'v', 'empty', ''], "
                + "ARRAY[ROW(1, TO_TIMESTAMP_LTZ(1000, 3)), ROW(2, TO_TIMESTAMP_LTZ(2000, 3))], 7");
        assertEquals("{{__name__=m, k=v}=[1.0@1000, 2.0@2000]}", receiver.series.toString());
        receiver.series.clear();
        sql.executeSql("DROP TABLE t");
        createTable(COLUMNS + ", gone BOOLEAN", "metric.stale", "gone");
        insert("VALUES ('m', 1.0, 1000, FALSE), ('m', CAST(NULL AS DOUBLE), 2000, TRUE)");
        assertEquals("{{__name__=m}=[1.0@1000, NaN@2000]}", receiver.series.toString());
    }

    @Test
    void a_timestamp_is_read_in_the_zone_of_the_session() throws Exception {
        sql.getConfig().set("table.local-time-zone", "Asia/Tokyo");
        createTable("name STRING, val DOUBLE, ts TIMESTAMP(3)");
        insert("VALUES ('m', 1.0, TIMESTAMP '1970-01-01 09:00:01.5')");
        assertEquals("{{__name__=m}=[1.0@1500]}", receiver.series.toString());
    }

    /** One task reads, four convert or would, and some write: without keys the rows of a series would overtake. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void series_keep_their_order_at_any_parallelism(int sinks) throws Exception {
        begin(4, EnvironmentSettings.inStreamingMode());
        DataStream<Row> rows = Jobs.generated(env, 20_000, 0, i -> Jobs.record(i, 50))
                .map(s -> Row.of(s.getMetricName(), s.getLabels()[0].getValue(), s.getSamples()[0].getValue(),
                        s.getSamples()[0].getTimestamp()))
                .returns(Types.ROW_NAMED(new String[] {"name", "n", "val", "ts"},
                        Types.STRING,
                        Types.STRING,
                        Types.DOUBLE,
                        Types.LONG))
                .setParallelism(1);
        sql.createTemporaryView("numbers", rows, Schema.newBuilder().build());
        createTable(COLUMNS + ", n STRING", "sink.parallelism", "" + sinks);
        insert("SELECT name, val, ts, n FROM numbers");
        assertEquals(50, receiver.series.size());
        for (int s = 0; s < 50; s++) {
            List<String> expected = new ArrayList<>();
            for (long i = s; i < 20_000; i += 50) {
                expected.add((double) i + "@" + (Jobs.BEGIN + i / 50 * 10));
            }
            assertEquals(expected, receiver.series.get("{__name__=m, n=s" + s + "}"), "series " + s);
        }
    }

    @Test
    void generated_rows_aggregated_by_window_arrive() throws Exception {
        sql.executeSql("CREATE TABLE g (id INT, ts AS TO_TIMESTAMP_LTZ(1000 * id, 3), WATERMARK FOR ts AS ts) WITH ("
                + "'connector' = 'datagen', 'fields.id.kind' = 'sequence', 'fields.id.start' = '0', "
                + "'fields.id.end' = '99')");
        createTable("n BIGINT, bucket INT, ts TIMESTAMP(3)", "metric.name", "", "metric.name.literal",
                "rows_in_window", "metric.sample.key", "n");
        insert("SELECT COUNT(*), MOD(id, 2), window_end FROM TABLE(TUMBLE(TABLE g, DESCRIPTOR(ts), INTERVAL '50' "
                + "SECOND)) GROUP BY window_start, window_end, MOD(id, 2)");
        assertEquals("{{__name__=rows_in_window, bucket=0}=[25.0@50000, 25.0@100000], "
                + "{__name__=rows_in_window, bucket=1}=[25.0@50000, 25.0@100000]}", receiver.series.toString());
    }

    /** Each ten rows come in reverse, and the times are those of another zone than that of the watermarks. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void rows_in_disorder_wait_for_their_time(int parallelism) throws Exception {
        begin(parallelism, EnvironmentSettings.inStreamingMode());
        sql.getConfig().set("table.local-time-zone", "Asia/Tokyo");
        sql.executeSql("CREATE TABLE g (id INT, ts AS TIMESTAMPADD(SECOND, id / 10 * 10 + 9 - MOD(id, 10), "
                + "TIMESTAMP '1970-01-01 09:00:00.000'), WATERMARK FOR ts AS ts - INTERVAL '10' SECOND) WITH ("
                + "'connector' = 'datagen', 'fields.id.kind' = 'sequence', 'fields.id.start' = '0', "
                + "'fields.id.end' = '39')");
        createTable("name STRING, val INT, ts TIMESTAMP(3)", "sink.reorder", "true");
        String named = "SELECT CASE WHEN MOD(id, 2) = 0 THEN 'even' ELSE 'odd' END, id, ";
        insert(named + "ts FROM g");
        Map<String, List<String>> expected = new TreeMap<>();
        for (int second = 0; second < 40; second++) {
            int id = second / 10 * 10 + 9 - second % 10;
            expected.computeIfAbsent(id % 2 == 0 ? "{__name__=even}" : "{__name__=odd}", name -> new ArrayList<>())
                    .add((double) id + "@" + second * 1000);
        }
        assertEquals(expected.toString(), receiver.series.toString());
        Throwable thrown = assertThrows(Exception.class, () -> insert(named + "CAST(ts AS TIMESTAMP(3)) FROM g"));
        assertTrue(told(thrown).contains("has sink.reorder, and no column of the query tells the stream's time"),
                told(thrown));
    }

    private static String told(Throwable thrown) {
        StringBuilder all = new StringBuilder();
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            all.append(t.getMessage()).append('\n');
        }
        return all.toString();
    }

    @Test
    void retracting_and_upserting_queries_are_refused_with_advice() {
        createTable(COLUMNS);
        sql.executeSql("CREATE TABLE g (name STRING, val DOUBLE, ts BIGINT, proc AS PROCTIME()) WITH ("
                + "'connector' = 'datagen', 'number-of-rows' = '10')");
        String last = "SELECT name, val, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY name ORDER BY proc %s) AS n "
                + "FROM g) WHERE n = 1";
        for (String query : List.of("SELECT name, CAST(COUNT(*) AS DOUBLE), MAX(ts) FROM g GROUP BY name",
                String.format(last, "DESC"),
                "SELECT a.name, b.val, a.ts FROM g a LEFT JOIN g b ON a.name = b.name")) {
            for (String statement : List.of("INSERT INTO t " + query, "EXPLAIN INSERT INTO t " + query)) {
                String told = told(assertThrows(Exception.class, () -> sql.executeSql(statement)));
                assertTrue(told.contains("cannot take this query") && told.contains("TUMBLE"), told);
            }
        }
        // What the advice says is taken.
        String plan = sql.explainSql("INSERT INTO t " + String.format(last, "ASC"));
        assertTrue(plan.contains("Sink(table=[default_catalog.default_database.t]"), plan);
    }

    @Test
    void mistakes_are_told_at_once_and_secrets_never() {
        createTable(COLUMNS, "metric.endpoint-url", "http://joe:s3cret@h/w", "metric.sample.key", "value",
                "sink.checks", "some", "sink.headers.Authorization", "s3cret", "sink.auth.pasword", "s3cret");
        Exception thrown =
                assertThrows(Exception.class, () -> sql.executeSql("INSERT INTO t VALUES ('m', 1.0, 1000)"));
        String told = ExceptionUtils.stringifyException(thrown);
        assertTrue(told.contains("3 mistakes in its definition"), told);
        assertTrue(told.contains("metric.sample.key: there is no column \"value\"; the nearest is \"val\""), told);
        assertTrue(told.contains("sink.checks: \"some\" is unknown; allowed are off, labels, full"), told);
        assertTrue(told.contains("sink.auth.pasword: there is no such option"), told);
        assertFalse(told.contains("s3cret"), told);
    }

    @Test
    void explain_shows_no_secret_and_credentials_arrive() throws Exception {
        createTable(COLUMNS, "sink.auth.username", "joe", "sink.auth.password", "s3cret", "sink.headers.X-Key", "s3cret");
        assertFalse(sql.explainSql("INSERT INTO t VALUES ('m', 1.0, 1000)").contains("s3cret"));
        insert("VALUES ('m', 1.0, 1000)");
        assertEquals("Basic am9lOnMzY3JldA==", receiver.lastHeaders.get("authorization"));
        assertEquals("s3cret", receiver.lastHeaders.get("x-key"));
    }

    @Test
    void a_wrong_receiver_fails_the_job() {
        receiver.script = request -> 404;
        createTable(COLUMNS);
        String told = told(assertThrows(Exception.class, () -> insert("VALUES ('m', 1.0, 1000)")));
        assertTrue(told.contains("404"), told);
    }

    @Test
    void a_compiled_plan_runs() throws Exception {
        createTable(COLUMNS);
        sql.executeSql("CREATE TABLE g (name STRING, val DOUBLE, ts BIGINT) WITH ("
                + "'connector' = 'datagen', 'number-of-rows' = '10', 'fields.ts.min' = '1', 'fields.ts.max' = '9')");
        Path plan = folder.resolve("plan.json");
        sql.executeSql("COMPILE PLAN '" + plan + "' FOR INSERT INTO t SELECT 'm', 1.0, ts FROM g");
        sql.executeSql("EXECUTE PLAN '" + plan + "'").await(120, TimeUnit.SECONDS);
        assertTrue(receiver.samples() > 0);
    }
}
