// What a sink needs besides on Flink 2.2: nothing.
package io.narthex.flink.internal;

import org.apache.flink.api.connector.sink2.Sink;

/**
 * Base of the sink on Flink 2.2.
 *
 * @param <IN> what it writes
 */
public abstract class LineSink<IN> implements Sink<IN> {
    private static final long serialVersionUID = 1L;
}
