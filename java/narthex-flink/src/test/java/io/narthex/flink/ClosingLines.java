// The lines that writers log when they close: each with the last ledger of a subtask.
package io.narthex.flink;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

    void clear() {
        lines.clear();
    }

    /** The sum of the numbers that the pattern's group finds, one a line. */
    long sum(String pattern) {
        Pattern compiled = Pattern.compile(pattern);
        return lines.stream().map(compiled::matcher).filter(Matcher::find)
                .mapToLong(found -> Long.parseLong(found.group(1))).sum();
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
