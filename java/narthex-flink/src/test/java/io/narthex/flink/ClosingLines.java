// The lines that writers log when they close: each with the last ledger of a subtask.
package io.narthex.flink;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Property;

/** Collects them until it is closed. */
final class ClosingLines extends AbstractAppender implements AutoCloseable {
    private final Logger logger = (Logger) LogManager.getLogger("io.narthex.flink.internal.PrometheusSinkWriter");
    private final Level before = logger.getLevel();
    private final List<String> lines = new CopyOnWriteArrayList<>();

    ClosingLines() {
        super("closing-lines", null, null, true, Property.EMPTY_ARRAY);
        start();
        logger.addAppender(this);
        logger.setLevel(Level.INFO);
    }

    List<String> all() {
        return lines;
    }

    @Override
    public void append(LogEvent event) {
        String line = event.getMessage().getFormattedMessage();
        if (line.contains(" is closed: ")) {
            lines.add(line);
        }
    }

    @Override
    public void close() {
        logger.removeAppender(this);
        logger.setLevel(before);
    }
}
