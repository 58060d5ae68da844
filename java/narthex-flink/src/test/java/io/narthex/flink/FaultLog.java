// What the sinks of many jobs log at once: closing lines by job, and the native library's lines.
package io.narthex.flink;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.Logger;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.Property;

/** Collects them until it is closed. */
final class FaultLog extends AbstractAppender implements AutoCloseable {
    private static final String NATIVE = "io.narthex.native";
    private static final String CLOSED = " is closed: ";

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final LoggerContext context = (LoggerContext) LogManager.getContext(false);
    private final Logger writers = (Logger) LogManager.getLogger("io.narthex.flink.internal.PrometheusSinkWriter");
    private final Level before = writers.getLevel();

    FaultLog() {
        super("fault-log", null, null, true, Property.EMPTY_ARRAY);
        start();
        Configurator.setLevel(NATIVE, Level.INFO);
        context.getConfiguration().getLoggerConfig(NATIVE).setAdditive(false); // or the console shows it all
        context.getConfiguration().getLoggerConfig(NATIVE).addAppender(this, Level.INFO, null);
        writers.addAppender(this);
        writers.setLevel(Level.INFO);
    }

    /** The last ledgers of the sinks of this name, as JSON, by time. */
    List<String> ledgers(String sink) {
        return lines.stream()
                .filter(line -> line.contains(sink + ": Writer") && line.contains(CLOSED))
                .map(line -> line.substring(line.indexOf(CLOSED) + CLOSED.length()))
                .collect(Collectors.toList());
    }

    /** Lines that name a metric or a URL. */
    List<String> linesOf(String metric, String url) {
        return lines.stream()
                .filter(line -> line.contains(metric + "{") || line.contains(url))
                .filter(line -> !line.contains("metric.endpoint-url"))
                .collect(Collectors.toList());
    }

    @Override
    public void append(LogEvent event) {
        lines.add("[" + event.getThreadName() + "] " + event.getLevel() + " " + event.getMessage().getFormattedMessage());
    }

    @Override
    public void close() {
        writers.removeAppender(this);
        writers.setLevel(before);
        context.getConfiguration().getLoggerConfig(NATIVE).removeAppender(getName());
        context.getConfiguration().getLoggerConfig(NATIVE).setAdditive(true);
        Configurator.setLevel(NATIVE, Level.OFF);
    }
}
