// What the writer needs of the sink below it.
package io.narthex.flink.internal;

import java.nio.ByteBuffer;

/**
 * The sink below a writer: the native one, or a scripted one in tests. No call blocks longer than it is told; each
 * throws a {@link io.narthex.flink.PrometheusSinkException} when the sink has failed. Used by one thread.
 */
interface SinkCore {
    /** Takes whole records in order; returns the position after the last one. With force it takes at least one. */
    int send(ByteBuffer buffer, int from, int to, long waitMillis, boolean force);

    /** Asks for settlement of all that was taken; true when it is settled. */
    boolean flush(long waitMillis);

    /** All that was taken and is not settled, as records. */
    byte[] unsettled();

    /** Throws when the sink has failed. */
    void check();

    /** The ledger as JSON; also after a failure. */
    String ledger();

    /** Frees everything, without sending what is left; the last ledger as JSON. */
    String close();
}
