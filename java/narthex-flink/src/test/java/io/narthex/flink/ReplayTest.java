// A job that restarts against a receiver that takes nothing older than what it holds.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ReplayTest {
    private static final int COUNT = 9_000;
    private static final int SERIES = 20;

    @TempDir Path checkpoints;
    @TempDir Path letters;

    @Test
    void what_the_source_sends_again_is_replayed_and_nothing_is_lost() throws Exception {
        replays(Duration.ofMillis(700));
    }

    /** Without a checkpoint to go back to, the job begins anew. */
    @Test
    void a_job_that_begins_anew_after_a_failure_replays_all() throws Exception {
        replays(Duration.ofHours(1));
    }

    private void replays(Duration interval) throws Exception {
        try (Receiver receiver = new Receiver(); ClosingLines lines = new ClosingLines()) {
            receiver.refusesOlder = true;
            StreamExecutionEnvironment env =
                    Jobs.environment(Jobs.withCheckpoints(checkpoints, interval), 2);
            Jobs.generated(env, COUNT, 3_000, i -> Jobs.record(i, SERIES))
                    .map(new FailsOnce(receiver)).setParallelism(1)
                    .keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector())
                    .sinkTo(Jobs.sink(receiver.url())
                            .setDeadLettersPath(letters.resolve("lost.ndjson").toString())
                            .build());
            env.execute(); // throws unless FINISHED

            assertTrue(FailsOnce.hasFailed);
            assertTrue(receiver.refused.get() > 0, "nothing was replayed: the test proves nothing");
            Jobs.assertStored(receiver, COUNT, SERIES);
            assertEquals(List.of(), Jobs.deadLetters(letters));
            assertTrue(lines.sum("\"replayed\":(\\d+)") > 0, lines.all().toString());
            assertEquals(0, lines.sum("\"bad_request\":(\\d+)"), lines.all().toString());
        }
    }

    /** Fails when the receiver holds samples that the source will send again. */
    private static final class FailsOnce implements MapFunction<PrometheusTimeSeries, PrometheusTimeSeries>,
            CheckpointedFunction {
        private static final long serialVersionUID = 1L;
        private static volatile Receiver receiver;
        private static volatile boolean hasFailed;

        private long seen;
        private long seenAtCheckpoint;

        FailsOnce(Receiver receiver) {
            FailsOnce.receiver = receiver;
            hasFailed = false;
        }

        @Override
        public PrometheusTimeSeries map(PrometheusTimeSeries series) {
            seen++;
            if (!hasFailed && seen > COUNT / 3 && receiver.samples() > seenAtCheckpoint + 10 * SERIES) {
                hasFailed = true;
                throw new IllegalStateException("injected");
            }
            return series;
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {
            seenAtCheckpoint = seen;
        }

        @Override
        public void initializeState(FunctionInitializationContext context) {}
    }
}
