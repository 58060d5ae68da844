// Many starts and stops of the sink in one JVM: nothing of them stays.
package io.narthex.flink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;

/**
 * {@code make soak-flink} runs 1,000 jobs, with a JVM that grows little by itself, and holds the resident memory too;
 * else there are 20, and threads and open files alone are held.
 */
class SoakTest {
    private static final int STARTS = Integer.getInteger("narthex.soak.starts", 20);
    private static final int STEP = STARTS / 10;
    /** The JVM loads and compiles, and grows, until then. */
    private static final int WARM_UP = 2 * STEP;
    private static final int RECORDS = 200;
    /**
     * Most that the resident memory may grow after the warm-up, where there are enough starts to tell. With Flink's
     * discarding sink in this sink's place it grew by 9,120 KiB.
     */
    private static final long MOST_GROWTH_KIB = 10 * 1024;
    private static final int ENOUGH_STARTS = 1_000;

    @Test
    void starts_and_stops_leave_no_thread_no_file_and_no_memory() throws Exception {
        AtomicInteger threadsSeen = new AtomicInteger();
        int files = 0;
        long before = 0;
        long resident = 0;
        try (Receiver receiver = new Receiver(); SharedCluster cluster = new SharedCluster()) {
            receiver.script = request -> {
                threadsSeen.accumulateAndGet(OwnProcess.narthexThreads(), Math::max);
                return 204;
            };
            for (int start = 1; start <= STARTS; start++) {
                runJob(cluster, receiver);
                if (start % STEP == 0) {
                    System.gc();
                    resident = OwnProcess.residentKib();
                    System.out.printf("soak: after %d starts: %d KiB resident, %d open files, %d narthex threads%n",
                            start, resident, OwnProcess.openFiles(), OwnProcess.narthexThreads());
                }
                if (start == WARM_UP) {
                    files = OwnProcess.openFiles();
                    before = resident;
                }
            }
            assertTrue(threadsSeen.get() > 0, "no thread of the sink was seen: the test proves nothing");
            // A thread that has done its work is listed until the system has ended it.
            Jobs.await("the end of the threads of closed sinks", Duration.ofSeconds(5),
                    () -> OwnProcess.narthexThreads() == 0);
            // The JVM itself opens one now and then.
            assertTrue(OwnProcess.openFiles() <= files + 5, OwnProcess.openFiles() + " open files, were " + files);
        }
        if (STARTS >= ENOUGH_STARTS) {
            System.out.printf("soak: %d KiB more after %d starts than after %d, of at most %d%n",
                    resident - before, STARTS, WARM_UP, MOST_GROWTH_KIB);
            assertTrue(resident - before <= MOST_GROWTH_KIB, resident - before + " KiB");
        }
    }

    private static void runJob(SharedCluster cluster, Receiver receiver) throws Exception {
        StreamExecutionEnvironment env = Jobs.environment(Jobs.configuration(), 2);
        Jobs.generated(env, RECORDS, 0, i -> Jobs.record(i, 10))
                .keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector())
                .sinkTo(Jobs.sink(receiver.url()).build());
        cluster.run(env);
        assertEquals(RECORDS, receiver.samples());
        synchronized (receiver.series) {
            receiver.series.clear();
        }
    }
}
