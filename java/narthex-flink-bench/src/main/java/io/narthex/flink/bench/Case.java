// One measurement: a job in a process of its own, its figures on one line.
package io.narthex.flink.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.connector.source.util.ratelimit.RateLimiterStrategy;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.datagen.source.DataGeneratorSource;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** Arguments: the words of a {@link Shape}, records to warm up with, records to measure, the receiver's address. */
public final class Case {
    private Case() {}

    public static void main(String[] args) throws Exception {
        List<String> words = Arrays.asList(args);
        Shape shape = Shape.parse(words);
        long warmUp = Long.parseLong(words.get(6));
        long piece = Long.parseLong(words.get(7)) / Meter.PIECES;
        run(Sides.named(shape.side), shape, warmUp, piece, words.get(8));

        double samples = (double) piece * shape.samplesPerRecord;
        StringBuilder line = new StringBuilder();
        append(line, Meter.ONLY.cpuNanos(0, Meter.PIECES) / (Meter.PIECES * samples) / 1e3);
        append(line, Meter.PIECES * samples / Meter.ONLY.wallNanos(0, Meter.PIECES) * 1e9);
        for (int i = 0; i < Meter.PIECES; i++) {
            append(line, Meter.ONLY.cpuNanos(i, i + 1) / samples / 1e3);
        }
        System.out.println("measured" + line);
        // Client threads of a connector must not keep the process.
        System.exit(0);
    }

    private static void append(StringBuilder line, double number) {
        line.append(' ').append(String.format(Locale.ROOT, "%.4f", number));
    }

    /** What a case makes in all, a lot more than it measures: the last reading must not wait for the end. */
    static long records(long warmUp, long measured) {
        return (warmUp + measured) / 1024 * 1024 + 8 * 1024;
    }

    private static <T> void run(Side<T> side, Shape shape, long warmUp, long piece, String url) throws Exception {
        long count = records(warmUp, Meter.PIECES * piece);
        long steps = (count / shape.series + 1) * shape.samplesPerRecord;
        long begin = System.currentTimeMillis() - steps * SeriesGenerator.STEP_MILLIS;

        StreamExecutionEnvironment env =
                StreamExecutionEnvironment.createLocalEnvironment(shape.parallelism, configuration());
        DataStream<T> stream = env.fromSource(
                new DataGeneratorSource<>(
                        new SeriesGenerator<>(side, shape.series, shape.samplesPerRecord, begin),
                        count,
                        RateLimiterStrategy.noOp(),
                        side.type()),
                WatermarkStrategy.noWatermarks(),
                "series");
        if (shape.way == Shape.Way.KEYED) {
            stream = stream.keyBy(side.key());
        }
        stream.sinkTo(shape.way == Shape.Way.SINK ? side.sink(url, shape.batch) : new DiscardingSink<>());
        Meter.ONLY.arm(warmUp, piece);
        env.execute();
    }

    private static Configuration configuration() {
        Configuration configuration = new Configuration();
        configuration.setString("restart-strategy.type", "none");
        // Else Flink would copy each record of a generic type on its way to the next operator: by Kryo.
        configuration.setString("pipeline.object-reuse", "true");
        configuration.setString("rest.bind-port", "0");
        configuration.setString("taskmanager.numberOfTaskSlots", "2");
        configuration.setString("taskmanager.memory.network.min", "64 mb");
        configuration.setString("taskmanager.memory.network.max", "64 mb");
        configuration.setString("taskmanager.memory.managed.size", "16 mb");
        return configuration;
    }
}
