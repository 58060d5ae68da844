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
        return settles ? new byte[0] : taken.toByteArray();
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
