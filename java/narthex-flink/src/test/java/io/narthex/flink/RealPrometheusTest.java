// Whole jobs against real Prometheus servers, 2.42 and 3.x.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class RealPrometheusTest {
    @TempDir Path folder;

    /** Writes records i of so many series, and compares number and sum with what is stored. */
    private void check(int major, int count, int series, int parallelism) throws Exception {
        try (Prometheus server = Prometheus.start(major, folder)) {
            StreamExecutionEnvironment env = Jobs.environment(Jobs.configuration(), parallelism);
            DataStream<PrometheusTimeSeries> stream = Jobs.generated(env, count, 0, i -> Jobs.record(i, series));
            if (parallelism > 1) {
                stream = stream.keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector());
            }
            stream.sinkTo(Jobs.sink(server.writeUrl()).build());
            env.execute();
            assertStored(server, count, series);
        }
    }

    private static void assertStored(Prometheus server, long count, int series) throws Exception {
        long now = System.currentTimeMillis();
        assertEquals(series, server.query("count(count_over_time(m[2h]))", now));
        assertEquals(count, server.query("sum(count_over_time(m[2h]))", now));
        assertEquals((double) count * (count - 1) / 2, server.query("sum(sum_over_time(m[2h]))", now));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void one_series_is_stored(int major) throws Exception {
        check(major, 2_000, 1, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void many_series_are_stored(int major) throws Exception {
        check(major, 20_000, 2_000, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void keyed_series_are_stored_at_a_parallelism_of_3(int major) throws Exception {
        check(major, 20_000, 100, 3);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void records_of_many_samples_are_stored(int major) throws Exception {
        try (Prometheus server = Prometheus.start(major, folder)) {
            StreamExecutionEnvironment env = Jobs.environment(Jobs.configuration(), 1);
            Jobs.generated(env, 100, 0, i -> {
                PrometheusTimeSeries.Builder builder = PrometheusTimeSeries.builder().withMetricName("m");
                for (long s = i * 400; s < (i + 1) * 400; s++) {
                    builder.addSample(s, Jobs.BEGIN + s * 10);
                }
                return builder.build();
            }).sinkTo(Jobs.sink(server.writeUrl()).build());
            env.execute();
            assertStored(server, 40_000, 1);
        }
    }
}
