// The sink in Rust, as the writer sees it.
package io.narthex.flink.internal;

import java.nio.ByteBuffer;
import java.util.Map;

/** Owns one handle of the native library. */
final class NativeCore implements SinkCore {
    private final long handle;

    private NativeCore(long handle) {
        this.handle = handle;
    }

    /** Opens a sink; the callback is null where no request is signed in Java. */
    static NativeCore open(Map<String, String> options, NativeCallback callback) {
        NativeLibrary.load();
        String[] pairs = new String[2 * options.size()];
        int at = 0;
        for (Map.Entry<String, String> option : options.entrySet()) {
            pairs[at++] = option.getKey();
            pairs[at++] = option.getValue();
        }
        return new NativeCore(NativeSink.open(pairs, callback));
    }

    @Override
    public int send(ByteBuffer buffer, int from, int to, long waitMillis, boolean force) {
        return NativeSink.send(handle, buffer, from, to, waitMillis, force);
    }

    @Override
    public boolean flush(long waitMillis) {
        return NativeSink.flush(handle, waitMillis);
    }

    @Override
    public byte[] unsettled() {
        return NativeSink.unsettled(handle);
    }

    @Override
    public void check() {
        NativeSink.check(handle);
    }

    @Override
    public String ledger() {
        return NativeSink.ledger(handle);
    }

    @Override
    public String close() {
        return NativeSink.close(handle, 0);
    }

    /** For tests. */
    void panic() {
        NativeSink.panic(handle);
    }
}
