// What a type information needs besides on Flink 2.2: nothing.
package io.narthex.flink.internal;

import org.apache.flink.api.common.typeinfo.TypeInformation;

/**
 * Base of type informations on Flink 2.2.
 *
 * @param <T> the type
 */
public abstract class LineTypeInformation<T> extends TypeInformation<T> {
    private static final long serialVersionUID = 1L;
}
