// Durations and sizes as Flink writes them: 500 ms, 1 mb.
package io.narthex.flink.internal;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what a user writes; says in words what cannot be read. */
public final class Units {
    private static final Pattern NUMBER_AND_UNIT = Pattern.compile("([0-9]{1,18})\\s*([a-zµ]*)");
    private static final Map<String, Long> NANOS = Map.ofEntries(
            Map.entry("ns", 1L), Map.entry("us", 1_000L), Map.entry("µs", 1_000L), Map.entry("", 1_000_000L),
            Map.entry("ms", 1_000_000L), Map.entry("s", 1_000_000_000L), Map.entry("sec", 1_000_000_000L),
            Map.entry("min", 60_000_000_000L), Map.entry("m", 60_000_000_000L), Map.entry("h", 3_600_000_000_000L),
            Map.entry("d", 86_400_000_000_000L));
    private static final Map<String, Long> BYTES = Map.of(
            "", 1L, "b", 1L, "kb", 1L << 10, "k", 1L << 10, "mb", 1L << 20, "m", 1L << 20, "gb", 1L << 30, "g", 1L << 30);

    private Units() {}

    /** Reads a duration; a bare number is milliseconds. */
    public static Duration duration(String text) {
        try {
            return Duration.ofNanos(number(text, NANOS, "a duration such as 500 ms, 5 s or 10 min"));
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("\"" + text + "\" is longer than 292 years");
        }
    }

    /** Reads a size; a bare number is bytes. */
    public static long bytes(String text) {
        return number(text, BYTES, "a size such as 64 kb or 1 mb");
    }

    private static long number(String text, Map<String, Long> units, String wanted) {
        Matcher matcher = NUMBER_AND_UNIT.matcher(text.trim().toLowerCase(Locale.ROOT));
        Long unit = matcher.matches() ? units.get(matcher.group(2)) : null;
        if (unit == null) {
            throw new IllegalArgumentException("\"" + text + "\" is not " + wanted);
        }
        return Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
    }

    /** Writes a duration in the largest unit that keeps it whole; never finer than milliseconds. */
    public static String format(Duration duration) {
        long millis = Math.max(duration.toMillis(), duration.isZero() ? 0 : 1);
        return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
    }
}
