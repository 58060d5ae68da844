// One option of the sink, out of the one list that all engines share.
package io.narthex.flink.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Type and range of an option, read from {@code options.json}, which the Rust parser and the docs are checked against.
 *
 * <p>What depends on other options is not here but in the builder.
 */
public final class SinkOption {
    /** Every option, in the order of the docs. */
    public static final Map<String, SinkOption> ALL = read();

    private static final String HEADERS = "sink.headers";

    private final String key;
    private final String type;
    private final String defaultValue;
    private final String range;
    private final String doc;
    private final List<String> values;
    private final boolean isSecret;

    private SinkOption(Map<?, ?> entry) {
        key = (String) entry.get("key");
        type = (String) entry.get("type");
        defaultValue = (String) entry.get("default");
        range = (String) entry.get("range");
        doc = (String) entry.get("doc");
        isSecret = (Boolean) entry.get("secret");
        List<String> words = new ArrayList<>();
        ((List<?>) entry.get("values")).forEach(word -> words.add((String) word));
        values = Collections.unmodifiableList(words);
    }

    private static Map<String, SinkOption> read() {
        try (InputStream in = SinkOption.class.getResourceAsStream("options.json")) {
            if (in == null) {
                throw new IllegalStateException("the jar of narthex-flink is broken: options.json is not in it");
            }
            Map<String, SinkOption> all = new LinkedHashMap<>();
            Map<String, Object> file = Json.parseObject(new String(in.readAllBytes(), StandardCharsets.UTF_8));
            for (Object entry : (List<?>) file.get("options")) {
                SinkOption option = new SinkOption((Map<?, ?>) entry);
                all.put(option.key, option);
            }
            return Collections.unmodifiableMap(all);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The option of a key; {@code sink.headers.NAME} is one of {@code sink.headers}. Null when there is none. */
    public static SinkOption of(String key) {
        return ALL.get(key.startsWith(HEADERS + ".") && key.length() > HEADERS.length() + 1 ? HEADERS : key);
    }

    /** The option whose name is nearest to one that does not exist. */
    public static String nearest(String key) {
        return Nearest.of(key, ALL.keySet());
    }

    public String key() {
        return key;
    }

    /** One of integer, duration, duration-or-unlimited, memory-size, enum, text, path, headers. */
    public String type() {
        return type;
    }

    /** As one would write it; empty where there is none. */
    public String defaultValue() {
        return defaultValue;
    }

    /** What it does. */
    public String doc() {
        return doc;
    }

    public boolean isSecret() {
        return isSecret;
    }

    /** What is wrong with a value; null when nothing is. */
    public String problemWith(String value) {
        if (value == null) {
            return "is null";
        }
        try {
            switch (type) {
                case "integer":
                    return outside(integer(value), value);
                case "duration":
                    return outside(Units.duration(value).toNanos(), value);
                case "duration-or-unlimited":
                    return value.trim().equals("unlimited") ? null : outside(Units.duration(value).toNanos(), value);
                case "memory-size":
                    return outside(Units.bytes(value), value);
                case "enum":
                    return values.contains(value.trim())
                            ? null
                            : "\"" + value + "\" is unknown; allowed are " + String.join(", ", values);
                default:
                    return value.isBlank() ? "is empty" : null;
            }
        } catch (ArithmeticException e) {
            return "\"" + value + "\" is too large";
        } catch (IllegalArgumentException e) {
            return e.getMessage();
        }
    }

    private static long integer(String value) {
        try {
            return Long.parseLong(value.trim());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("\"" + value + "\" is no whole number");
        }
    }

    private String outside(long number, String value) {
        Long least = bound(0, Long.MIN_VALUE);
        Long most = bound(1, Long.MAX_VALUE);
        if (least == null || most == null || number >= least && number <= most) {
            return null;
        }
        return value + " is out of range; allowed are " + range;
    }

    /** An end of the range as a number; null where it depends on another option, the default where there is none. */
    private Long bound(int end, long absent) {
        if (range.isEmpty()) {
            return absent;
        }
        String[] ends = range.split(" to ");
        String text = ends[Math.min(end, ends.length - 1)].trim();
        if (!Character.isDigit(text.charAt(0))) {
            return absent;
        }
        switch (type) {
            case "memory-size":
                return Units.bytes(text);
            case "integer":
                return Long.valueOf(text);
            default:
                Duration duration = Units.duration(text);
                return duration.toNanos();
        }
    }
}
