// Writes a writer's state into checkpoints and reads it back.
package io.narthex.flink.internal;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** Version 1: subtask and parallelism as big-endian ints, then the records. */
public final class WriterStateSerializer implements SimpleVersionedSerializer<WriterState> {
    private static final int VERSION = 1;

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(WriterState state) {
        return ByteBuffer.allocate(2 * Integer.BYTES + state.records.length)
                .putInt(state.subtask)
                .putInt(state.parallelism)
                .put(state.records)
                .array();
    }

    @Override
    public WriterState deserialize(int version, byte[] serialized) throws IOException {
        if (version != VERSION) {
            throw new IOException("cannot restore the sink's state of version " + version + ": this is version "
                    + VERSION + "; restore it with the connector that wrote it, or a newer one");
        }
        try {
            ByteBuffer buffer = ByteBuffer.wrap(serialized);
            int subtask = buffer.getInt();
            int parallelism = buffer.getInt();
            byte[] records = new byte[buffer.remaining()];
            buffer.get(records);
            checkRecords(records);
            return new WriterState(subtask, parallelism, records);
        } catch (BufferUnderflowException e) {
            throw new IOException("cannot restore the sink's state: it ends early, after " + serialized.length
                    + " bytes", e);
        }
    }

    private static void checkRecords(byte[] records) throws IOException {
        int at = 0;
        while (at < records.length) {
            int left = records.length - at;
            int length = left <= RecordPacker.LENGTH_BYTES ? -1 : Bytes.getInt(records, at);
            if (length < 1 || length > left - RecordPacker.LENGTH_BYTES) {
                throw new IOException("cannot restore the sink's state: the record at byte " + at + " of "
                        + records.length + " is broken");
            }
            at += RecordPacker.LENGTH_BYTES + length;
        }
    }
}
