// A user's own way to sign requests.
package io.narthex.flink;

import java.io.Serializable;
import java.util.Map;

/**
 * Adds headers that prove who sends a request.
 *
 * <p>It is serialized with the job. It is called once per attempt, retries included, so a signature cannot age while
 * a request is retried; on a thread of the sink and not on the task's, never twice at once in a subtask, with the
 * user's class loader as the thread's. Whatever it throws stops the sink and fails the job.
 */
@FunctionalInterface
public interface PrometheusRequestSigner extends Serializable {
    /**
     * Adds to, or changes, the headers of a request.
     *
     * @param requestHeaders what is sent so far; change it in place
     * @param requestBody the body as it is sent, compressed; not to be changed
     */
    void addSignatureHeaders(Map<String, String> requestHeaders, byte[] requestBody);
}
