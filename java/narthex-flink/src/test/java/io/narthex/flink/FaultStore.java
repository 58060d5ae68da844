// Where a row's samples are found again: in the Prometheus, and among the dead letters.
package io.narthex.flink;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.JsonNode;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.databind.ObjectMapper;

final class FaultStore {
    static final ObjectMapper JSON = new ObjectMapper();
    private static final long DAY_MILLIS = 86_400_000;

    private FaultStore() {}

    /** Labels, value and time in one text. */
    static String name(Map<String, String> labels, double value, long at) {
        String text = labels.toString();
        return (text.length() > 200 ? "long labels " + text.hashCode() : text) + " " + value + "@" + at;
    }

    /** What the server holds of a metric, but for seeds: their value is -1. */
    static Set<String> stored(Prometheus server, String metric) throws IOException {
        Set<String> samples = new TreeSet<>();
        long now = System.currentTimeMillis();
        for (long end : new long[] {now, now + DAY_MILLIS + 60_000}) {
            JsonNode answer = JSON.readTree(server.samples(metric + "[10m]", end));
            if (!answer.path("status").asText().equals("success")) {
                throw new AssertionError(answer.toString());
            }
            for (JsonNode series : answer.path("data").path("result")) {
                Map<String, String> labels = new TreeMap<>();
                series.path("metric").fields().forEachRemaining(l -> labels.put(l.getKey(), l.getValue().asText()));
                for (JsonNode pair : series.path("values")) {
                    double value = Double.parseDouble(pair.get(1).asText());
                    if (value >= 0) {
                        samples.add(name(labels, value, Math.round(pair.get(0).asDouble() * 1000)));
                    }
                }
            }
        }
        return samples;
    }

    /** Every dead letter in a folder, as reason and sample. */
    static List<Map.Entry<String, String>> letters(Path folder) throws IOException {
        List<Map.Entry<String, String>> letters = new ArrayList<>();
        for (String line : Jobs.deadLetters(folder)) {
            JsonNode letter = JSON.readTree(line);
            Map<String, String> labels = new TreeMap<>();
            letter.path("labels").forEach(pair -> labels.put(pair.get(0).asText(), pair.get(1).asText()));
            letters.add(Map.entry(
                    letter.path("reason").asText(),
                    name(labels, letter.path("value").asDouble(), letter.path("timestamp").asLong())));
        }
        return letters;
    }
}
