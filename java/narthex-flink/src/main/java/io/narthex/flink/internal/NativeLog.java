// Takes the native library's log lines to where Flink logs.
package io.narthex.flink.internal;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Called by the native library, on a thread of its own. */
final class NativeLog {
    private static final int ERROR = 1;
    private static final int WARN = 2;
    private static final int INFO = 3;
    private static final int DEBUG = 4;

    private NativeLog() {}

    /** Logs a line under the logger {@code io.narthex.native.TARGET}; 1 is ERROR, 5 is TRACE. */
    static void log(int level, String target, String message) {
        Logger logger = LoggerFactory.getLogger("io.narthex.native." + target.replace("::", "."));
        switch (level) {
            case ERROR:
                logger.error("{}", message);
                break;
            case WARN:
                logger.warn("{}", message);
                break;
            case INFO:
                logger.info("{}", message);
                break;
            case DEBUG:
                logger.debug("{}", message);
                break;
            default:
                logger.trace("{}", message);
        }
    }
}
