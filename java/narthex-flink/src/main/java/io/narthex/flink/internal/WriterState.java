// What a writer saves in a checkpoint.
package io.narthex.flink.internal;

/** Records that were taken and not settled, with the subtask that took them. */
public final class WriterState {
    final int subtask;
    final int parallelism;
    /** Packed, oldest first for each series. */
    final byte[] records;

    WriterState(int subtask, int parallelism, byte[] records) {
        this.subtask = subtask;
        this.parallelism = parallelism;
        this.records = records;
    }
}
