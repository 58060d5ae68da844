// What a type information needs besides on Flink 1.20: its old way to a serializer is abstract there.
package io.narthex.flink.internal;

import org.apache.flink.api.common.ExecutionConfig;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/**
 * Base of type informations on Flink 1.20.
 *
 * @param <T> the type
 */
public abstract class LineTypeInformation<T> extends TypeInformation<T> {
    private static final long serialVersionUID = 1L;

    @Override
    public abstract TypeSerializer<T> createSerializer(SerializerConfig config);

    @Deprecated
    @Override
    public TypeSerializer<T> createSerializer(ExecutionConfig config) {
        return createSerializer(config.getSerializerConfig());
    }
}
