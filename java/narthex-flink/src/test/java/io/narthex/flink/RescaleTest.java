// A job restored at another parallelism, where newer samples overtake the restored ones.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class RescaleTest {
    private static final int SERIES = 20;
    private static final int FIRST = 400;
    private static final int ALL = 1_500;
    /** Values from here on are left out. */
    private static final AtomicInteger END = new AtomicInteger();
    private static final AtomicInteger SEEN = new AtomicInteger();

    @TempDir Path folder;
    @TempDir Path letters;

    /**
     * The first {@link #FIRST} samples are in a savepoint at a parallelism of 2. Restored at 4, their requests have to
     * wait until a newer sample, which another subtask sends, is stored.
     */
    @Test
    void what_newer_samples_overtook_is_a_dead_letter_and_the_rest_is_written() throws Exception {
        END.set(FIRST);
        SEEN.set(0);
        try (Receiver receiver = new Receiver(); ClosingLines lines = new ClosingLines()) {
            receiver.refusesOlder = true;
            receiver.holdsBack = sent -> true;
            JobClient job = start(receiver, 2, null);
            Jobs.await("all is generated", Duration.ofSeconds(30), () -> SEEN.get() >= FIRST);
            Jobs.await("requests come", Duration.ofSeconds(30), () -> receiver.requests.get() > 4);
            String savepoint =
                    Jobs.get(job.stopWithSavepoint(false, folder.toString(), SavepointFormatType.CANONICAL));
            assertEquals(0, receiver.samples());
            lines.clear();

            END.set(Integer.MAX_VALUE);
            receiver.holdsBack = sent -> receiver.samples() < 5 * SERIES
                    && sent.values().stream().flatMap(List::stream).anyMatch(sample -> value(sample) < FIRST);
            Jobs.get(start(receiver, 4, savepoint).getJobExecutionResult()); // throws unless FINISHED

            Set<Integer> stored = new HashSet<>();
            for (List<String> samples : receiver.series.values()) {
                List<Integer> values = new ArrayList<>();
                samples.forEach(sample -> values.add(value(sample)));
                assertTrue(increases(values), values.toString());
                stored.addAll(values);
            }
            List<String> lost = Jobs.deadLetters(letters);
            assertTrue(lost.size() > 10, lost.size() + " were overtaken: the test proves nothing; " + lines.all());
            for (String letter : lost) {
                assertTrue(letter.contains("\"overtaken\""), letter);
                int value = (int) Double.parseDouble(letter.replaceAll(".*\"value\":\"?([0-9.]+).*", "$1"));
                assertTrue(value < FIRST && stored.add(value), "both stored and lost: " + letter);
            }
            // Between the savepoint and FIRST nothing is missing, and nothing after the source went on.
            for (int value = 0; value < FIRST; value++) {
                assertTrue(stored.contains(value), value + " is nowhere");
            }
            assertEquals(lost.size(), lines.sum("\"overtaken\":(\\d+)"), lines.all().toString());
            assertEquals(0, lines.sum("\"replayed\":(\\d+)"), lines.all().toString());
        }
    }

    private JobClient start(Receiver receiver, int parallelism, String savepoint) throws Exception {
        Configuration configuration = Jobs.withCheckpoints(folder, Duration.ofHours(1));
        if (savepoint != null) {
            Jobs.restoreFrom(configuration, savepoint);
        }
        StreamExecutionEnvironment env = Jobs.environment(configuration, parallelism);
        env.setMaxParallelism(16);
        Jobs.generated(env, ALL, 500, i -> Jobs.record(i, SERIES))
                .filter(series -> {
                    SEEN.incrementAndGet();
                    return series.getSamples()[0].getValue() < END.get();
                }).setParallelism(1)
                .keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector())
                .sinkTo(Jobs.sink(receiver.url())
                        .setCheckpointWait(Duration.ofMillis(300))
                        .setDeadLettersPath(letters.resolve("lost.ndjson").toString())
                        .build())
                .uid("sink").setParallelism(parallelism);
        return env.executeAsync();
    }

    private static int value(String sample) {
        return (int) Double.parseDouble(sample.substring(0, sample.indexOf('@')));
    }

    private static boolean increases(List<Integer> values) {
        for (int i = 1; i < values.size(); i++) {
            if (values.get(i) <= values.get(i - 1)) {
                return false;
            }
        }
        return true;
    }
}
