// CPU time of this process between two records of the source.
package io.narthex.flink.bench;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads the clocks while the job runs, at both ends with the pipeline full: so neither the start of JVM and job nor
 * their end is in the figure, and what is in queues at one end is so at the other.
 */
final class Meter {
    /** The only one: a process runs one job. */
    static final Meter ONLY = new Meter();
    /** The measured part is read in so many pieces, to see whether the JVM had warmed up. */
    static final int PIECES = 4;

    private final CpuClock cpu = new CpuClock();
    private final AtomicLong made = new AtomicLong();
    private final long[] cpuNanos = new long[PIECES + 1];
    private final long[] wallNanos = new long[PIECES + 1];
    private long warmUp = Long.MAX_VALUE;
    private long piece;

    private Meter() {}

    /** Before the job: records before the first reading, and between two readings. */
    void arm(long warmUpRecords, long pieceRecords) {
        warmUp = warmUpRecords;
        piece = pieceRecords;
    }

    /** So many records more were made. */
    void made(int records) {
        long now = made.addAndGet(records);
        long before = now - records;
        for (int i = 0; i <= PIECES; i++) {
            long mark = warmUp + i * piece;
            if (before < mark && now >= mark) {
                cpuNanos[i] = cpu.nanos();
                wallNanos[i] = System.nanoTime();
            }
        }
    }

    /** CPU time between two readings. */
    long cpuNanos(int from, int to) {
        return between(cpuNanos, from, to);
    }

    /** Time on the clock between two readings. */
    long wallNanos(int from, int to) {
        return between(wallNanos, from, to);
    }

    private static long between(long[] readings, int from, int to) {
        if (readings[from] == 0 || readings[to] == 0) {
            throw new IllegalStateException("the job ended before all records were made");
        }
        return readings[to] - readings[from];
    }
}
