// How elements of a stream become records.
package io.narthex.flink.internal;

import java.io.Serializable;

/**
 * Packs elements; it never throws for what is in one.
 *
 * @param <IN> the stream's elements
 */
public interface RecordEncoder<IN> extends Serializable {
    /** Packs one element, as none, one or several records. */
    void encode(IN element, RecordPacker packer);
}
