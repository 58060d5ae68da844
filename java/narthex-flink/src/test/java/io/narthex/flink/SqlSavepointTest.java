// A SQL job stopped with a savepoint and started again from it.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class SqlSavepointTest {
    @TempDir Path folder;

    @Test
    void what_was_unsettled_is_written_after_it() throws Exception {
        try (Receiver receiver = new Receiver()) {
            receiver.script = request -> 503;
            JobClient job = start(receiver, null);
            Jobs.await("requests come", Duration.ofSeconds(60), () -> receiver.requests.get() > 8);
            String savepoint =
                    Jobs.get(job.stopWithSavepoint(false, folder.toString(), SavepointFormatType.CANONICAL));
            assertEquals(0, receiver.samples());

            receiver.script = request -> 204;
            JobClient again = start(receiver, savepoint);
            Jobs.await("samples arrive", Duration.ofSeconds(60), () -> receiver.samples() > 3_000);
            Jobs.get(again.cancel());

            List<String> arrived = receiver.series.get("{__name__=m}");
            List<String> expected = new ArrayList<>();
            for (long id = 0; id < arrived.size(); id++) {
                expected.add((double) id + "@" + (Jobs.BEGIN + id));
            }
            assertEquals(expected, arrived);
            assertTrue(receiver.series.size() == 1, receiver.series.keySet().toString());
        }
    }

    private JobClient start(Receiver receiver, String savepoint) {
        Configuration configuration = Jobs.withCheckpoints(folder, Duration.ofHours(1));
        configuration.setString("parallelism.default", "1");
        if (savepoint != null) {
            Jobs.restoreFrom(configuration, savepoint);
        }
        TableEnvironment sql = TableEnvironment.create(
                EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(configuration).build());
        sql.executeSql("CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000', "
                + "'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '1000000')");
        sql.executeSql("CREATE TABLE metrics (name STRING, val DOUBLE, ts BIGINT) WITH ('connector' = 'prometheus', "
                + "'metric.endpoint-url' = '" + receiver.url() + "', 'metric.name' = 'name', "
                + "'metric.sample.key' = 'val', 'metric.sample.timestamp' = 'ts', 'sink.checkpoint-wait' = '300 ms')");
        return sql.executeSql("INSERT INTO metrics SELECT 'm', CAST(id AS DOUBLE), " + Jobs.BEGIN + " + id FROM numbers")
                .getJobClient().orElseThrow();
    }
}
