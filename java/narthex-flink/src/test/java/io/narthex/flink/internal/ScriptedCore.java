// A sink below the writer that does what a test says.
package io.narthex.flink.internal;

import io.narthex.flink.PrometheusSinkException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

final class ScriptedCore implements SinkCore {
    final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    final List<Long> waits = new ArrayList<>();
    boolean hasRoom = true;
    boolean settles = true;
    String failure;
    int forced;
    int closed;
    int flushes;

    @Override
    public int send(ByteBuffer buffer, int from, int to, long waitMillis, boolean force) {
        check();
        waits.add(waitMillis);
        if (!buffer.isDirect()) {
            throw new AssertionError("the native library reads direct buffers only");
        }
        ByteBuffer in = buffer.duplicate().order(java.nio.ByteOrder.LITTLE_ENDIAN);
        int end = to;
        if (!hasRoom) {
            end = force ? from + 4 + in.getInt(from) : from;
            forced += force ? 1 : 0;
        }
        for (int i = from; i < end; i++) {
            taken.write(in.get(i));
        }
        return end;
    }

    @Override
    public boolean flush(long waitMillis) {
        check();
        flushes++;
        if (!settles && waitMillis > 0) {
            try {
                Thread.sleep(waitMillis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return settles;
    }

    @Override
    public byte[] unsettled() {
        check();
        return settles ? new byte[0] : plain();
    }

    /** What was taken, without shapes, as the native library gives it back. */
    private byte[] plain() {
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        for (Unpacked record : Unpacked.all(taken.toByteArray())) {
            RecordPacker packer = new RecordPacker(64);
            packer.begin();
            record.labels.forEach(label -> packer.label(label.split("=", 2)[0], label.split("=", 2)[1]));
            packer.beginSamples();
            record.samples.forEach(sample -> {
                String[] parts = sample.split("@");
                packer.sample(Double.parseDouble(parts[0]), Long.parseLong(parts[1]));
            });
            packer.end();
            byte[] bytes = packer.copy();
            bytes[4] = record.kind == RecordPacker.KIND_SHAPED ? RecordPacker.KIND_SERIES : (byte) record.kind;
            plain.writeBytes(bytes);
        }
        return plain.toByteArray();
    }

    @Override
    public void check() {
        if (failure != null) {
            throw new PrometheusSinkException(failure);
        }
    }

    @Override
    public String ledger() {
        return "{\"received\":" + Unpacked.all(taken.toByteArray()).size() + "}";
    }

    @Override
    public String close() {
        closed++;
        return ledger();
    }
}
