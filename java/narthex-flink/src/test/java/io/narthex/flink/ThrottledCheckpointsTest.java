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

/** {@code -Dnarthex.throttle.seconds=300} for a long run; {@code make test-flink-throttled} does it. */
@Timeout(600)
class ThrottledCheckpointsTest {
    private static final int SECONDS = Integer.getInteger("narthex.throttle.seconds", 15);
    /** Every 10 s where the run is long. */
    private static final Duration INTERVAL = Duration.ofMillis(Math.min(10_000, SECONDS * 1_000L / 30));
    private static final List<Long> COMPLETED = new CopyOnWriteArrayList<>();

    @TempDir Path checkpoints;

    @Test
    void unaligned_ones_all_complete_and_cancelling_takes_less_than_2_s() throws Exception {
        Configuration configuration = configuration();
        // Fails at the first checkpoint that fails.
        configuration.setString("execution.checkpointing.tolerable-failed-checkpoints", "0");
        throttled(configuration, job -> {
            int before = COMPLETED.size();
            Thread.sleep(SECONDS * 1_000L);
            List<Long> completed = List.copyOf(COMPLETED);
            long due = SECONDS * 1_000L / INTERVAL.toMillis();
            int seen = completed.size() - before;
            assertTrue(seen >= due * 2 / 3, seen + " checkpoints of " + due);
            List<Long> all = LongStream.rangeClosed(1, completed.size()).boxed().collect(Collectors.toList());
            assertEquals(all, completed, "a checkpoint is missing");
            return seen + " unaligned checkpoints of " + due + " in " + SECONDS + " s";
        });
    }

    /** Barriers wait behind the records in front of them, which the sink takes five of in a second. */
    @Test
    void aligned_ones_do_not_complete() throws Exception {
        Configuration configuration = configuration();
        configuration.setString("execution.checkpointing.unaligned.enabled", "false");
        configuration.setString("execution.checkpointing.tolerable-failed-checkpoints", "1000");
        throttled(configuration, job -> {
            int before = COMPLETED.size(); // those that began before the way to the sink was full
            Thread.sleep(10_000);
            assertEquals(before, COMPLETED.size(), "aligned checkpoints complete after all: tell it in docs/flink.md");
            return "no aligned checkpoint in 10 s";
        });
    }

    /** The setting to change where checkpoints are to be aligned as long as that is fast. */
    @Test
    void aligned_ones_with_a_time_out_complete() throws Exception {
        Configuration configuration = configuration();
        configuration.setString("execution.checkpointing.aligned-checkpoint-timeout", "300 ms");
        configuration.setString("execution.checkpointing.tolerable-failed-checkpoints", "0");
        throttled(configuration, job -> {
            int before = COMPLETED.size();
            Jobs.await("checkpoints complete", Duration.ofSeconds(60), () -> COMPLETED.size() > before + 3);
            return "checkpoints that turn unaligned after 300 ms complete";
        });
    }

    private interface Watch {
        String watch(JobClient job) throws Exception;
    }

    /** Runs a job that a receiver throttles from the first request on; watches it, then cancels it. */
    private void throttled(Configuration configuration, Watch watch) throws Exception {
        COMPLETED.clear();
        try (Receiver receiver = new Receiver()) {
            receiver.script = request -> 429;
            StreamExecutionEnvironment env = Jobs.environment(configuration, 2);
            Jobs.generated(env, Long.MAX_VALUE, 0, i -> Jobs.record(i, 20))
                    .map(new Completions()).setParallelism(1)
                    .keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector())
                    .sinkTo(Jobs.sink(receiver.url()).setCheckpointWait(Duration.ofMillis(100)).build());
            JobClient job = env.executeAsync();
            // Asked for before: the mini cluster is gone with its job.
            CompletableFuture<JobExecutionResult> result = job.getJobExecutionResult();
            Jobs.await("requests come", Duration.ofSeconds(30), () -> receiver.requests.get() > 2);
            Thread.sleep(2_000); // until all that lies between source and receiver is full

            String seen = watch.watch(job);
            assertFalse(result.isDone(), () -> "the job has ended: " + result);
            assertEquals(0, receiver.samples());

            long begin = System.nanoTime();
            job.cancel();
            Throwable end = assertThrows(ExecutionException.class, () -> result.get(30, TimeUnit.SECONDS));
            double seconds = (System.nanoTime() - begin) / 1e9;
            assertTrue(ExceptionUtils.findThrowable(end, JobCancellationException.class).isPresent(), end.toString());
            assertTrue(seconds < 2, "cancelling took " + seconds + " s");
            System.out.printf("throttled: %s, cancelled in %.2f s%n", seen, seconds);
        }
    }

    private Configuration configuration() {
        Configuration configuration = Jobs.withCheckpoints(checkpoints, INTERVAL);
        configuration.setString("execution.checkpointing.timeout", "8 s");
        configuration.setString("restart-strategy.type", "none");
        return configuration;
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
