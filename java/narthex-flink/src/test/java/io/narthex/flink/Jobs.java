// Runs small jobs on a mini cluster: one for each job, as local environments have it.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.connector.datagen.source.GeneratorFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.function.Executable;

final class Jobs {
    /** Timestamps begin here: a whole minute in the recent past, as receivers like it. */
    static final long BEGIN = (System.currentTimeMillis() - 3_000_000) / 60_000 * 60_000;

    private Jobs() {}

    static Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.setString("restart-strategy.type", "none");
        configuration.setString("pipeline.generic-types", "false"); // Kryo would be an error
        configuration.setString("taskmanager.numberOfTaskSlots", "8");
        configuration.setString("rest.bind-port", "0");
        configuration.setString("taskmanager.memory.network.min", "64 mb");
        configuration.setString("taskmanager.memory.network.max", "64 mb");
        configuration.setString("taskmanager.memory.managed.size", "16 mb");
        return configuration;
    }

    static Configuration withCheckpoints(Path folder, Duration interval) {
        Configuration configuration = configuration();
        configuration.setString("execution.checkpointing.interval", interval.toMillis() + " ms");
        configuration.setString("execution.checkpointing.unaligned.enabled", "true");
        configuration.setString("execution.checkpointing.dir", folder.toUri().toString());
        configuration.setString("state.checkpoints.dir", folder.toUri().toString());
        configuration.setString("restart-strategy.type", "fixed-delay");
        configuration.setString("restart-strategy.fixed-delay.attempts", "3");
        configuration.setString("restart-strategy.fixed-delay.delay", "100 ms");
        return configuration;
    }

    static StreamExecutionEnvironment environment(Configuration configuration, int parallelism) {
        return StreamExecutionEnvironment.createLocalEnvironment(parallelism, configuration);
    }

    /** Record i of a stream: of series i mod {@code series}, one step later each round. */
    static PrometheusTimeSeries record(long i, int series) {
        return PrometheusTimeSeries.builder()
                .withMetricName("m")
                .addLabel("n", "s" + i % series)
                .addSample(i, BEGIN + i / series * 10)
                .build();
    }

    static DataStream<PrometheusTimeSeries> generated(
            StreamExecutionEnvironment env, long count, double perSecond, GeneratorFunction<Long, PrometheusTimeSeries> make) {
        DataGeneratorSource<PrometheusTimeSeries> source = new DataGeneratorSource<>(
                make,
                count,
                perSecond > 0 ? RateLimiterStrategy.perSecond(perSecond) : RateLimiterStrategy.noOp(),
                PrometheusTimeSeriesTypeInfo.INSTANCE);
        // One task reads it, so that each series comes in order.
        return env.fromSource(source, WatermarkStrategy.noWatermarks(), "numbers").uid("numbers").setParallelism(1);
    }

    static PrometheusSinkBuilder sink(String url) {
        return PrometheusSink.builder().setPrometheusRemoteWriteUrl(url).setMaxTimeInBufferMS(100);
    }

    /** The job goes on from this savepoint: the key of each line of Flink. */
    static void restoreFrom(Configuration configuration, String savepoint) {
        configuration.setString("execution.savepoint.path", savepoint);
        configuration.setString("execution.state-recovery.path", savepoint);
    }

    /** Each {@link #record} has arrived once, each series in order. */
    static void assertStored(Receiver receiver, long count, int series) {
        assertEquals(series, receiver.series.size());
        for (int s = 0; s < series; s++) {
            List<String> expected = new ArrayList<>();
            for (long i = s; i < count; i += series) {
                expected.add((double) i + "@" + (BEGIN + i / series * 10));
            }
            assertEquals(expected, receiver.series.get("{__name__=m, n=s" + s + "}"), "series " + s);
        }
    }

    /** The lines of every dead-letter file in a folder. */
    static List<String> deadLetters(Path folder) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : (Iterable<Path>) files.filter(f -> f.toString().endsWith(".ndjson")).sorted()::iterator) {
                lines.addAll(Files.readAllLines(file));
            }
        }
        return lines;
    }

    static <T> T get(java.util.concurrent.CompletableFuture<T> future) {
        try {
            return future.get(60, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("the cluster does not answer: " + e, e);
        }
    }

    static void await(String what, Duration limit, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("not within " + limit.toSeconds() + " s: " + what);
            }
            Thread.sleep(20);
        }
    }

    /** The job fails with one of our exceptions, which has these words. */
    static void assertFails(String words, Executable job) {
        Exception failure = assertThrows(Exception.class, job);
        PrometheusSinkException cause = ExceptionUtils.findThrowable(failure, PrometheusSinkException.class)
                .orElseThrow(() -> new AssertionError("another failure: " + failure, failure));
        assertTrue(cause.getMessage().contains(words), cause.getMessage());
    }
}
