// SQL jobs against real Prometheus servers, 2.42 and 3.x.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class SqlRealPrometheusTest {
    @TempDir Path folder;

    private static StreamTableEnvironment sql(int parallelism) {
        return StreamTableEnvironment.create(
                Jobs.environment(Jobs.configuration(), parallelism), EnvironmentSettings.inStreamingMode());
    }

    private static void insert(StreamTableEnvironment sql, String query) throws Exception {
        sql.executeSql("INSERT INTO t " + query).await(120, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void generated_rows_are_stored_at_a_parallelism_of_2(int major) throws Exception {
        try (Prometheus server = Prometheus.start(major, folder)) {
            StreamTableEnvironment sql = sql(2);
            sql.executeSql("CREATE TABLE g (id BIGINT) WITH ('connector' = 'datagen', 'fields.id.kind' = 'sequence', "
                    + "'fields.id.start' = '0', 'fields.id.end' = '9999')");
            sql.executeSql("CREATE TABLE t (v BIGINT, ts TIMESTAMP_LTZ(3), n STRING, ok BOOLEAN) WITH ("
                    + "'connector' = 'prometheus', 'metric.endpoint-url' = '" + server.writeUrl() + "', "
                    + "'metric.name.literal' = 'm', 'metric.sample.key' = 'v', 'metric.sample.timestamp' = 'ts', "
                    + "'sink.parallelism' = '2')");
            // A series of its own for each row: two subtasks generate, so rows of one series come in any order.
            insert(sql, "SELECT id, TO_TIMESTAMP_LTZ(" + Jobs.BEGIN + " + id, 3), 's' || CAST(id AS STRING), TRUE FROM g");
            long now = System.currentTimeMillis();
            assertEquals(10_000, server.query("count(count_over_time(m{ok=\"TRUE\"}[2h]))", now));
            assertEquals(10_000 * 9_999 / 2, server.query("sum(sum_over_time(m[2h]))", now));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void several_samples_a_row_and_a_stale_marker_are_stored(int major) throws Exception {
        try (Prometheus server = Prometheus.start(major, folder)) {
            StreamTableEnvironment sql = sql(1);
            String common = "'connector' = 'narthex-prometheus', 'metric.endpoint-url' = '" + server.writeUrl() + "', ";
            sql.executeSql("CREATE TABLE t (name STRING, labels MAP<STRING, STRING>, s ARRAY<ROW<v DOUBLE, t BIGINT>>) "
                    + "WITH (" + common + "'metric.name' = 'name', 'metric.label.map' = 'labels', 'metric.samples' = 's')");
            long begin = Jobs.BEGIN;
            insert(sql, "SELECT 'a', MAP['k', 'v'], ARRAY[ROW(CAST(1 AS DOUBLE), CAST(" + begin + " AS BIGINT)), "
                    + "ROW(CAST(2 AS DOUBLE), CAST(" + (begin + 1000) + " AS BIGINT))]");
            assertEquals(1, server.query("a{k=\"v\"}", begin));
            assertEquals(2, server.query("a{k=\"v\"}", begin + 1000));

            sql.executeSql("DROP TABLE t");
            sql.executeSql("CREATE TABLE t (v DOUBLE, ts BIGINT, gone BOOLEAN) WITH (" + common
                    + "'metric.name.literal' = 'b', 'metric.sample.key' = 'v', 'metric.sample.timestamp' = 'ts', "
                    + "'metric.stale' = 'gone')");
            insert(sql, "VALUES (7.0, " + begin + ", FALSE), (7.0, " + (begin + 1000) + ", TRUE)");
            assertEquals(7, server.query("b", begin + 500));
            assertEquals(0, server.query("b", begin + 1500));
            assertEquals(1, server.query("count_over_time(b[5m])", begin + 1500));
        }
    }
}
