// What stops the sink, and with it the job.
package io.narthex.flink;

/** Says why the sink cannot go on; the message names the receiver and what to check. Samples are never in it. */
public class PrometheusSinkException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Also called by the native library. */
    public PrometheusSinkException(String message) {
        super(message);
    }

    public PrometheusSinkException(String message, Throwable cause) {
        super(message, cause);
    }
}
