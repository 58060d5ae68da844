// What a case needs of a connector: its records, and what becomes of them.
package io.narthex.flink.bench;

import java.io.Serializable;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.java.functions.KeySelector;

/**
 * One connector, or one way to serialize its records.
 *
 * @param <T> its records
 */
public interface Side<T> extends Serializable {
    /**
     * Makes a record of new objects.
     *
     * @param values of the labels, in the order of {@code names}
     */
    T record(String metric, String[] names, String[] values, int samples, double value, long timestampMillis);

    /** How Flink serializes the records. */
    TypeInformation<T> type();

    /** The connector's own key. */
    KeySelector<T, Integer> key();

    /** The connector's sink, with so many samples a request. */
    Sink<T> sink(String url, int batch);
}
