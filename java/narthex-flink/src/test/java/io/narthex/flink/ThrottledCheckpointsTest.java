// Checkpoints and cancelling while a receiver takes nothing at all.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.client.JobCancellationException;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ThrottledCheckpointsTest {
    private static final Duration INTERVAL = Duration.ofMillis(500);
    private static final List<Long> COMPLETED = new CopyOnWriteArrayList<>();

    @TempDir Path checkpoints;

    @Test
    void all_complete_for_15_s_and_cancelling_takes_less_than_2_s() throws Exception {
        COMPLETED.clear();
        try (Receiver receiver = new Receiver()) {
            receiver.script = request -> 429;
            JobClient job = throttled(receiver).executeAsync();
            // Asked for before: the mini cluster is gone with its job.
            CompletableFuture<JobExecutionResult> result = job.getJobExecutionResult();
            Jobs.await("requests come", Duration.ofSeconds(30), () -> receiver.requests.get() > 2);
            Thread.sleep(15_000);

            assertFalse(result.isDone(), () -> "the job has ended: " + result);
            List<Long> completed = List.copyOf(COMPLETED);
            assertTrue(completed.size() >= 20, completed.size() + " checkpoints in 15 s, of 30");
            List<Long> all = LongStream.rangeClosed(1, completed.size()).boxed().collect(Collectors.toList());
            assertEquals(all, completed, "a checkpoint is missing");
            assertEquals(0, receiver.samples());

            long begin = System.nanoTime();
            job.cancel();
            Throwable end = assertThrows(ExecutionException.class, () -> result.get(30, TimeUnit.SECONDS));
            double seconds = (System.nanoTime() - begin) / 1e9;
            assertTrue(ExceptionUtils.findThrowable(end, JobCancellationException.class).isPresent(), end.toString());
            assertTrue(seconds < 2, "cancelling took " + seconds + " s");
            System.out.printf("%d checkpoints in 15 s while throttled, cancelled in %.2f s%n", completed.size(), seconds);
        }
    }

    /** Fails at the first checkpoint that fails or takes more than ten intervals. */
    private StreamExecutionEnvironment throttled(Receiver receiver) {
        Configuration configuration = Jobs.withCheckpoints(checkpoints, INTERVAL);
        configuration.setString("execution.checkpointing.timeout", "5 s");
        configuration.setString("execution.checkpointing.tolerable-failed-checkpoints", "0");
        configuration.setString("restart-strategy.type", "none");
        StreamExecutionEnvironment env = Jobs.environment(configuration, 2);
        Jobs.generated(env, Long.MAX_VALUE, 0, i -> Jobs.record(i, 20))
                .map(new Completions()).setParallelism(1)
                .keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector())
                .sinkTo(Jobs.sink(receiver.url()).setCheckpointWait(Duration.ofMillis(100)).build());
        return env;
    }

    /** Hands on what comes, and notes which checkpoints are complete. */
    private static final class Completions
            implements MapFunction<PrometheusTimeSeries, PrometheusTimeSeries>, CheckpointListener {
        private static final long serialVersionUID = 1L;

        @Override
        public PrometheusTimeSeries map(PrometheusTimeSeries series) {
            return series;
        }

        @Override
        public void notifyCheckpointComplete(long id) {
            COMPLETED.add(id);
        }
    }
}
