// What a sink needs besides on Flink 1.20: its old way to a writer is abstract there.
package io.narthex.flink.internal;

import java.io.IOException;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;

/**
 * Base of the sink on Flink 1.20.
 *
 * @param <IN> what it writes
 */
public abstract class LineSink<IN> implements Sink<IN> {
    private static final long serialVersionUID = 1L;

    /** Never called by Flink 1.20 itself, which has a newer way. */
    @Deprecated
    @Override
    public SinkWriter<IN> createWriter(InitContext context) throws IOException {
        throw new UnsupportedOperationException("use createWriter(WriterInitContext)");
    }
}
