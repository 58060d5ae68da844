// A function that travels with the job.
package io.narthex.flink.table;

import java.io.Serializable;
import java.util.function.Function;

/** As {@link Function}. */
@FunctionalInterface
interface SerializableFunction<T, R> extends Function<T, R>, Serializable {}
