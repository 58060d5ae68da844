// Reads packed records back, independently of the packer: what the native library would see.
package io.narthex.flink.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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

    /** The records that wait, as they are handed over. */
    static byte[] waiting(RecordPacker packer) {
        return Arrays.copyOfRange(packer.array(), packer.from(), packer.from() + packer.size());
    }

    static List<Unpacked> all(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        List<Unpacked> all = new ArrayList<>();
        Map<Short, String[]> shapes = new HashMap<>();
        while (in.hasRemaining()) {
            int end = in.getInt() + in.position();
            Unpacked record = new Unpacked();
            record.kind = in.get();
            if (record.kind == RecordPacker.KIND_NAMES) {
                short id = in.getShort();
                String[] names = new String[in.getShort()];
                for (int i = 0; i < names.length; i++) {
                    names[i] = text(in);
                }
                if (shapes.put(id, names) != null || in.position() != end) {
                    throw new AssertionError("shape " + id + " ends at " + in.position() + ", not " + end);
                }
                continue;
            }
            if (record.kind == RecordPacker.KIND_UNWRITABLE) {
                record.reason = new String(take(in, in.get()), StandardCharsets.UTF_8);
                record.message = text(in);
            }
            short idOrCount = in.getShort();
            String[] shape = record.kind == RecordPacker.KIND_SHAPED ? shapes.get(idOrCount) : null;
            int count = shape == null ? idOrCount & 0xffff : shape.length;
            for (int i = 0; i < count; i++) {
                String name = shape == null ? text(in) : shape[i];
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

    private static String text(ByteBuffer in) {
        return new String(take(in, in.getInt()), StandardCharsets.UTF_8);
    }

    private static byte[] take(ByteBuffer in, int length) {
        byte[] bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }
}
