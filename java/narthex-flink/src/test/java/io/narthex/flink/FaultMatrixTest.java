// The fault matrix in jobs: every way in which a receiver may fail, in front of a real Prometheus.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * All rows on Flink 2.2 with Prometheus 3.x, ten of them on the other pairs. {@code -Dnarthex.row=text} runs the rows
 * whose name holds the text, all of them everywhere.
 */
class FaultMatrixTest {
    /** Rows that run at once: most of their time is waiting. */
    private static final int AT_ONCE = 6;
    private static final String WANTED = System.getProperty("narthex.row", "");

    @TempDir Path folder;
    private final ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
    private FaultScene.Stage stage;

    @TestFactory
    Stream<DynamicTest> jobs_against_prometheus_2() throws Exception {
        return rows(2);
    }

    @TestFactory
    Stream<DynamicTest> jobs_against_prometheus_3() throws Exception {
        return rows(3);
    }

    @Test
    void the_page_is_the_table() throws Exception {
        FaultPage.compareOrUpdate();
    }

    @Test
    void no_row_of_the_binary_is_forgotten() throws Exception {
        FaultPage.checkThatNoRowIsForgotten();
    }

    /** All rows start now, and each test waits for its own. */
    private Stream<DynamicTest> rows(int major) throws Exception {
        boolean isFull = major == 3 && EnvironmentInformation.getVersion().startsWith("2.");
        List<FaultRow> all = FaultRows.all();
        Prometheus prometheus = Prometheus.start(major, folder);
        stage = new FaultScene.Stage(new FaultCluster(), prometheus, new FaultLog(), folder);
        return IntStream.range(0, all.size())
                .filter(i -> all.get(i).name.contains(WANTED))
                .filter(i -> isFull || all.get(i).isSmoke || !WANTED.isEmpty())
                .mapToObj(i -> test(i + 1, all.get(i)))
                .collect(Collectors.collectingAndThen(Collectors.toList(), tests -> {
                    tests.add(theJudgeNotices(all.size() + 1));
                    return tests.stream();
                }));
    }

    /** A receiver that answers 204 and stores nothing: no sink can know, so the judge must. */
    private DynamicTest theJudgeNotices(int number) {
        return DynamicTest.dynamicTest("a swallowed request is noticed", () -> {
            FaultRow swallowed = FaultRow.row("", "a request is swallowed").first(FaultActs.status(204));
            AssertionError error = assertThrows(AssertionError.class, () -> FaultRun.run(swallowed, number, stage));
            assertTrue(error.getMessage().contains("10 samples are lost without a count"), error.getMessage());
        });
    }

    private DynamicTest test(int number, FaultRow row) {
        Future<?> run = threads.submit(() -> {
            FaultRun.run(row, number, stage);
            return null;
        });
        return DynamicTest.dynamicTest("row " + number + ", " + row.name, () -> {
            try {
                run.get();
            } catch (ExecutionException e) {
                throw e.getCause();
            }
        });
    }

    @AfterEach
    void stop() throws Exception {
        threads.shutdownNow();
        if (stage != null) {
            stage.cluster.close();
            stage.prometheus.close();
            stage.log.close();
        }
    }
}
