// Strings of series as a fleet of vehicles would have: a metric name and ten labels.
package io.narthex.flink.bench;

import java.nio.charset.StandardCharsets;
import java.util.Random;

final class Texts {
    static final String METRIC = "vehicle_engine_rpm";
    static final String[] NAMES = {
        "customer", "environment", "firmware", "gateway", "job", "model", "partition", "region", "unit", "vehicle_id"
    };
    private static final String[] REGIONS = {
        "us-east-1", "us-west-2", "ca-central-1", "eu-west-1", "eu-central-1", "ap-southeast-2", "sa-east-1"
    };
    private static final String[] MODELS = {"Aurora", "Borealis", "Cirrus", "Dune", "Everest", "Fjord", "Glacier"};

    private Texts() {}

    /** Messages of so many series, in an order that no cache foresees; the same each time. */
    static byte[][] messages(int series) {
        byte[][] messages = new byte[series][];
        for (int n = 0; n < series; n++) {
            messages[n] = message(values(n));
        }
        Random random = new Random(1);
        for (int at = series - 1; at > 0; at--) {
            int other = random.nextInt(at + 1);
            byte[] kept = messages[at];
            messages[at] = messages[other];
            messages[other] = kept;
        }
        return messages;
    }

    /** As a job would get the values: one after the other, a byte of its length before each. */
    private static byte[] message(String[] values) {
        StringBuilder message = new StringBuilder();
        for (String value : values) {
            message.append((char) value.length()).append(value);
        }
        return message.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Reads the values: new strings each time. */
    static String[] values(byte[] message) {
        String[] values = new String[NAMES.length];
        int at = 0;
        for (int i = 0; i < values.length; i++) {
            int length = message[at];
            values[i] = new String(message, at + 1, length, StandardCharsets.ISO_8859_1);
            at += 1 + length;
        }
        return values;
    }

    private static String[] values(int n) {
        int mixed = (int) (n * 0x9e3779b97f4a7c15L >>> 40);
        return new String[] {
            mixed % 3 == 0 ? "acme-logistics" : "globex-transport",
            "production",
            mixed % 5 == 0 ? "4.17.2-hotfix1" : "4.18.0",
            String.format("h%010d", mixed % 500),
            "telemetry-ingest",
            MODELS[mixed % MODELS.length],
            String.format("s%010d", mixed % 64),
            REGIONS[mixed % REGIONS.length],
            "revolutions",
            String.format("V%010d", n),
        };
    }
}
