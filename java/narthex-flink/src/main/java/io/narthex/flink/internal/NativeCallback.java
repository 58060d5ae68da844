// What the native library calls in Java.
package io.narthex.flink.internal;

/** Signs requests; called on a native thread, one call at a time. */
interface NativeCallback {
    /** Takes names and values of headers in turn, and returns those to send in the same form. */
    String[] sign(String[] headers, byte[] body);
}
