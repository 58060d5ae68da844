// How a request signer is found by the name in metric.request-signer.
package io.narthex.flink.table;

import io.narthex.flink.PrometheusRequestSigner;
import java.util.Map;
import java.util.Set;

/**
 * Makes a request signer for a table. Implementations are found by {@link java.util.ServiceLoader}: name the class in
 * {@code META-INF/services/io.narthex.flink.table.PrometheusRequestSignerFactory}.
 */
public interface PrometheusRequestSignerFactory {
    /** What {@code metric.request-signer} says to choose it. */
    String identifier();

    /** The keys of all options that it takes, such as {@code aws.region}. */
    Set<String> options();

    /**
     * Makes the signer, while the query is planned; it travels with the job.
     *
     * @param endpointUrl where requests go
     * @param options those of {@link #options()} that the table sets
     * @throws IllegalArgumentException with what is wrong, each mistake on a line of its own that begins with the
     *     option's key; without values of secrets
     */
    PrometheusRequestSigner create(String endpointUrl, Map<String, String> options);
}
