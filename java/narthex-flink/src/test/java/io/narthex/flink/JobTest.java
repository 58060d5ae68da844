// Whole jobs on a mini cluster against a scripted receiver: what arrives, what fails, what is saved.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.narthex.flink.PrometheusTimeSeries.Label;
import io.narthex.flink.PrometheusTimeSeries.Sample;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.client.JobCancellationException;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class JobTest {
    private static final AtomicBoolean HAS_FAILED = new AtomicBoolean();

    private static final AtomicInteger GENERATED = new AtomicInteger();

    @TempDir Path folder;
    private Receiver receiver;

    @BeforeEach
    void start() throws Exception {
        receiver = new Receiver();
        HAS_FAILED.set(false);
        GENERATED.set(0);
    }

    @AfterEach
    void stop() {
        receiver.close();
    }

    private static void run(Configuration configuration, int parallelism, long count, int series, PrometheusSink sink)
            throws Exception {
        StreamExecutionEnvironment env = Jobs.environment(configuration, parallelism);
        DataStream<PrometheusTimeSeries> stream = Jobs.generated(env, count, 0, i -> Jobs.record(i, series));
        if (parallelism > 1) {
            stream = stream.keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector());
        }
        stream.sinkTo(sink).setParallelism(parallelism);
        env.execute();
    }

    private void assertStored(long count, int series) {
        Jobs.assertStored(receiver, count, series);
    }

    @Test
    void one_series_arrives_in_order() throws Exception {
        run(Jobs.configuration(), 1, 5_000, 1, Jobs.sink(receiver.url()).build());
        assertStored(5_000, 1);
    }

    @Test
    void many_series_arrive_in_order() throws Exception {
        run(Jobs.configuration(), 1, 20_000, 1_000, Jobs.sink(receiver.url()).build());
        assertStored(20_000, 1_000);
    }

    @Test
    void keyed_series_arrive_in_order_at_a_parallelism_of_2() throws Exception {
        run(Jobs.configuration(), 2, 20_000, 100, Jobs.sink(receiver.url()).build());
        assertStored(20_000, 100);
    }

    @Test
    void keyed_series_arrive_in_order_at_a_parallelism_of_4() throws Exception {
        run(Jobs.configuration(), 4, 20_000, 100, Jobs.sink(receiver.url()).build());
        assertStored(20_000, 100);
    }

    @Test
    void batch_mode_ends_with_everything_written() throws Exception {
        Configuration configuration = Jobs.configuration();
        configuration.setString("execution.runtime-mode", "BATCH");
        run(configuration, 1, 2_000, 10, Jobs.sink(receiver.url()).build());
        assertStored(2_000, 10);
    }

    @Test
    void records_of_many_samples_arrive_whole() throws Exception {
        StreamExecutionEnvironment env = Jobs.environment(Jobs.configuration(), 1);
        Jobs.generated(env, 3, 0, i -> {
            PrometheusTimeSeries.Builder builder = PrometheusTimeSeries.builder().withMetricName("m");
            for (int s = 0; s < 20_000; s++) {
                builder.addSample(s, Jobs.BEGIN + i * 20_000 + s);
            }
            return builder.build();
        }).sinkTo(Jobs.sink(receiver.url()).setMaxRecordSizeInSamples(20_000).build());
        env.execute();
        assertEquals(60_000, new HashSet<>(receiver.series.get("{__name__=m}")).size());
    }

    @Test
    void a_receiver_in_trouble_delays_and_loses_nothing() throws Exception {
        receiver.script = request -> request % 3 == 0 ? 503 : request % 3 == 1 ? 429 : 204;
        run(Jobs.configuration(), 2, 10_000, 50, Jobs.sink(receiver.url()).build());
        assertStored(10_000, 50);
    }

    @Test
    void a_404_in_a_job_of_one_batch_fails_it() {
        receiver.script = request -> 404;
        Jobs.assertFails("404", () -> run(Jobs.configuration(), 1, 10, 1, Jobs.sink(receiver.url()).build()));
    }

    @Test
    void exhausted_retries_fail_a_job_of_one_batch() {
        receiver.script = request -> 500;
        PrometheusSink sink = Jobs.sink(receiver.url())
                .setOption("sink.retry.max-retries", "2").setOption("sink.retry.max-backoff", "50 ms").build();
        Jobs.assertFails("500", () -> run(Jobs.configuration(), 1, 10, 1, sink));
        assertEquals(3, receiver.requests.get());
    }

    @Test
    void a_404_fails_a_job_whose_source_is_idle() throws Exception {
        receiver.script = request -> 404;
        StreamExecutionEnvironment env = Jobs.environment(Jobs.configuration(), 1);
        Jobs.generated(env, 1_000_000, 0.1, i -> Jobs.record(i, 1)).sinkTo(Jobs.sink(receiver.url()).build());
        // Asked for at once: the mini cluster is gone with its job, and answers no more.
        CompletableFuture<JobExecutionResult> result = env.executeAsync().getJobExecutionResult();
        Jobs.assertFails("404", () -> result.get(5, TimeUnit.SECONDS));
    }

    @Test
    void poison_becomes_dead_letters_and_the_rest_is_written() throws Exception {
        Path lost = folder.resolve("lost.ndjson");
        StreamExecutionEnvironment env = Jobs.environment(Jobs.configuration(), 1);
        Jobs.generated(env, 1_000, 0, i -> {
            Sample[] samples = {new Sample(i, Jobs.BEGIN + i)};
            if (i == 300) {
                return new PrometheusTimeSeries("m", new Label[] {new Label("broken", null)}, samples);
            } else if (i == 400) {
                return new PrometheusTimeSeries(null, new Label[0], samples);
            }
            return new PrometheusTimeSeries("m", new Label[0], samples);
        }).sinkTo(Jobs.sink(receiver.url()).setDeadLettersPath(lost.toString()).build());
        env.execute();
        assertEquals(998, receiver.samples());
        List<String> letters = Files.readAllLines(lost);
        assertEquals(2, letters.size());
        assertEquals(2, letters.stream().filter(line -> line.contains("\"null\"")).count());
        assertTrue(letters.stream().anyMatch(line -> line.contains("broken")), letters.get(0));
    }

    @Test
    void a_record_with_too_many_samples_becomes_dead_letters_and_the_rest_is_written() throws Exception {
        Path lost = folder.resolve("lost.ndjson");
        StreamExecutionEnvironment env = Jobs.environment(Jobs.configuration(), 1);
        Jobs.generated(env, 100, 0, i -> {
            PrometheusTimeSeries.Builder builder = PrometheusTimeSeries.builder().withMetricName("m" + i);
            for (int s = 0; s < (i == 50 ? 501 : 1); s++) {
                builder.addSample(s, Jobs.BEGIN + s);
            }
            return builder.build();
        }).sinkTo(Jobs.sink(receiver.url()).setDeadLettersPath(lost.toString()).build());
        env.execute();
        assertEquals(99, receiver.samples());
        List<String> letters = Files.readAllLines(lost);
        assertEquals(501, letters.stream().filter(line -> line.contains("\"record_too_large\"")).count());
    }

    @Test
    void a_restart_from_a_checkpoint_loses_nothing() throws Exception {
        StreamExecutionEnvironment env =
                Jobs.environment(Jobs.withCheckpoints(folder, Duration.ofMillis(200)), 2);
        Jobs.generated(env, 6_000, 3_000, i -> Jobs.record(i, 20))
                .map(series -> {
                    // Once, two thirds through.
                    if (series.getSamples()[0].getValue() > 4_000 && HAS_FAILED.compareAndSet(false, true)) {
                        throw new IllegalStateException("injected");
                    }
                    return series;
                }).setParallelism(1)
                .keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector())
                .sinkTo(Jobs.sink(receiver.url()).build());
        env.execute();
        assertTrue(HAS_FAILED.get());
        assertAllArrived(6_000, 20);
    }

    /** As {@link #assertStored}, but what was replayed may be there twice. */
    private void assertAllArrived(int count, int series) {
        assertEquals(series, receiver.series.size());
        receiver.series.values().forEach(samples -> assertEquals(count / series, new HashSet<>(samples).size()));
    }

    @Test
    void a_savepoint_holds_what_is_unsettled_and_restores_at_the_same_parallelism() throws Exception {
        restoreAt(2);
        assertStored(400, 20);
    }

    @Test
    void a_savepoint_restores_at_another_parallelism() throws Exception {
        restoreAt(4);
        // Nothing newer overtakes here: the source had ended.
        assertAllArrived(400, 20);
    }

    /** Stops with a savepoint while the receiver takes nothing, then goes on with one that does. */
    private void restoreAt(int parallelism) throws Exception {
        receiver.script = request -> 503;
        StreamExecutionEnvironment env = Jobs.environment(Jobs.withCheckpoints(folder, Duration.ofHours(1)), 2);
        savepointJob(env, 2);
        JobClient job = env.executeAsync();
        Jobs.await("all is generated", Duration.ofSeconds(30), () -> GENERATED.get() >= 400);
        Jobs.await("requests come", Duration.ofSeconds(30), () -> receiver.requests.get() > 4);
        String savepoint = Jobs.get(job.stopWithSavepoint(false, folder.toString(), SavepointFormatType.CANONICAL));
        assertEquals(0, receiver.samples());

        receiver.script = request -> 204;
        Configuration configuration = Jobs.withCheckpoints(folder, Duration.ofHours(1));
        Jobs.restoreFrom(configuration, savepoint);
        StreamExecutionEnvironment again = Jobs.environment(configuration, parallelism);
        savepointJob(again, parallelism);
        JobClient restored = again.executeAsync();
        Jobs.await("all has arrived", Duration.ofSeconds(30), () -> receiver.samples() >= 400);
        Jobs.get(restored.cancel());
    }

    /** 400 records within a second; what comes later is left out, so that the job goes on without any. */
    private void savepointJob(StreamExecutionEnvironment env, int parallelism) {
        PrometheusSink sink = Jobs.sink(receiver.url()).setCheckpointWait(Duration.ofMillis(300)).build();
        env.setMaxParallelism(16);
        Jobs.generated(env, Long.MAX_VALUE, 500, i -> Jobs.record(i, 20))
                .filter(series -> {
                    GENERATED.incrementAndGet();
                    return series.getSamples()[0].getValue() < 400;
                }).setParallelism(1)
                .keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector())
                .sinkTo(sink).uid("sink").setParallelism(parallelism);
    }

    @Test
    void cancelling_takes_less_than_two_seconds_while_the_receiver_throttles() throws Exception {
        receiver.script = request -> 429;
        StreamExecutionEnvironment env =
                Jobs.environment(Jobs.withCheckpoints(folder, Duration.ofMillis(500)), 2);
        Jobs.generated(env, Long.MAX_VALUE, 0, i -> Jobs.record(i, 20))
                .keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector())
                .sinkTo(Jobs.sink(receiver.url()).build());
        assertCancelsSoon(env);
    }

    @Test
    void cancelling_takes_less_than_two_seconds_at_the_end_of_input() throws Exception {
        receiver.script = request -> 429;
        StreamExecutionEnvironment env = Jobs.environment(Jobs.configuration(), 2);
        Jobs.generated(env, 100, 0, i -> Jobs.record(i, 20)).sinkTo(Jobs.sink(receiver.url()).build());
        assertCancelsSoon(env);
    }

    private void assertCancelsSoon(StreamExecutionEnvironment env) throws Exception {
        JobClient job = env.executeAsync();
        // Asked for before: the mini cluster is gone with its job.
        CompletableFuture<JobExecutionResult> result = job.getJobExecutionResult();
        Jobs.await("requests come", Duration.ofSeconds(30), () -> receiver.requests.get() > 2);
        Thread.sleep(2_000); // until every buffer is full
        long begin = System.nanoTime();
        job.cancel();
        Throwable end = assertThrows(ExecutionException.class, () -> result.get(30, TimeUnit.SECONDS));
        assertTrue(ExceptionUtils.findThrowable(end, JobCancellationException.class).isPresent(), end.toString());
        double seconds = (System.nanoTime() - begin) / 1e9;
        assertTrue(seconds < 2, "it took " + seconds + " s");
    }

    @Test
    void a_signer_signs_each_attempt_anew() throws Exception {
        receiver.script = request -> request == 0 ? 503 : 204;
        PrometheusRequestSigner signer = (headers, body) -> headers.put("X-Signed", "at " + System.nanoTime());
        run(Jobs.configuration(), 1, 10, 1, Jobs.sink(receiver.url()).setRequestSigner(signer).build());
        assertStored(10, 1);
        assertTrue(receiver.lastHeaders.get("x-signed").startsWith("at "));
        assertEquals("Flink-Prometheus", receiver.lastHeaders.get("user-agent"));
    }

    @Test
    void a_signer_that_throws_fails_the_job_with_its_words() {
        PrometheusRequestSigner signer = (headers, body) -> {
            throw new IllegalStateException("no key today");
        };
        PrometheusSink sink = Jobs.sink(receiver.url()).setRequestSigner(signer).build();
        Jobs.assertFails("no key today", () -> run(Jobs.configuration(), 1, 10, 1, sink));
        assertEquals(0, receiver.requests.get());
    }

    @Test
    void a_wrong_file_fails_the_job_with_the_options_name() {
        PrometheusSink sink = Jobs.sink(receiver.url()).setBearerTokenFile("/nowhere/token").build();
        Jobs.assertFails("/nowhere/token", () -> run(Jobs.configuration(), 1, 10, 1, sink));
    }
}
