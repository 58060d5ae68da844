// The native library's functions: the whole border between Java and Rust (docs/adr/0009-flink-through-jni.md).
package io.narthex.flink.internal;

import java.nio.ByteBuffer;

/** Each handle belongs to one subtask and is used by its task thread only; {@link NativeCore} keeps to that. */
final class NativeSink {
    private NativeSink() {}

    static native long open(String[] options, NativeCallback callback);

    static native int send(long handle, ByteBuffer buffer, int from, int to, long waitMillis, boolean force);

    static native boolean flush(long handle, long waitMillis);

    static native byte[] unsettled(long handle);

    static native void check(long handle);

    static native String ledger(long handle);

    static native String close(long handle, long drainMillis);

    /** Panics inside the library: for tests. */
    static native void panic(long handle);
}
