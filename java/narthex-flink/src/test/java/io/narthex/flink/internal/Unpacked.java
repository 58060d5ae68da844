// Reads packed records back, independently of the packer: what the native library would see.
package io.narthex.flink.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

final class Unpacked {
    int kind;
    String reason = "";
    String message = "";
    final List<String> labels = new ArrayList<>();
    final List<String> samples = new ArrayList<>();
    byte[] lastValue;

    static List<Unpacked> all(RecordPacker packer) {
        return all(packer.copy());
    }

    static List<Unpacked> all(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        List<Unpacked> all = new ArrayList<>();
        while (in.hasRemaining()) {
            int end = in.getInt() + in.position();
            Unpacked record = new Unpacked();
            record.kind = in.get();
            if (record.kind == RecordPacker.KIND_UNWRITABLE) {
                record.reason = new String(take(in, in.get()), StandardCharsets.UTF_8);
                record.message = new String(take(in, in.getInt()), StandardCharsets.UTF_8);
            }
            for (int left = in.getShort() & 0xffff; left > 0; left--) {
                String name = new String(take(in, in.getInt()), StandardCharsets.UTF_8);
                record.lastValue = take(in, in.getInt());
                record.labels.add(name + "=" + new String(record.lastValue, StandardCharsets.UTF_8));
            }
            for (int left = in.getInt(); left > 0; left--) {
                record.samples.add(in.getDouble() + "@" + in.getLong());
            }
            if (in.position() != end) {
                throw new AssertionError("the record ends at " + in.position() + ", its length says " + end);
            }
            all.add(record);
        }
        return all;
    }

    private static byte[] take(ByteBuffer in, int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }
}
