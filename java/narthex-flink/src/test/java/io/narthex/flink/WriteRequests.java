// Remote-Write 1.0 messages as the tests need them: read back into series, and made from series.
package io.narthex.flink;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.xerial.snappy.Snappy;

final class WriteRequests {
    private static final String NAME = "__name__";

    private WriteRequests() {}

    /** The series of a compressed request, in its order; a name that is missing is null. */
    static List<PrometheusTimeSeries> decode(byte[] body) throws IOException {
        ByteBuffer request = little(ByteBuffer.wrap(Snappy.uncompress(body)));
        List<PrometheusTimeSeries> series = new ArrayList<>();
        while (request.hasRemaining()) {
            int field = (int) varint(request) >> 3;
            ByteBuffer message = piece(request);
            if (field == 1) {
                series.add(series(message));
            }
        }
        return series;
    }

    /** A compressed request of these series. */
    static byte[] encode(List<PrometheusTimeSeries> all) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        for (PrometheusTimeSeries series : all) {
            ByteArrayOutputStream message = new ByteArrayOutputStream();
            labels(series).forEach((name, value) -> {
                ByteArrayOutputStream label = new ByteArrayOutputStream();
                field(label, 1, name.getBytes(StandardCharsets.UTF_8));
                field(label, 2, value.getBytes(StandardCharsets.UTF_8));
                field(message, 1, label.toByteArray());
            });
            for (PrometheusTimeSeries.Sample sample : series.getSamples()) {
                ByteArrayOutputStream pair = new ByteArrayOutputStream();
                pair.write(1 << 3 | 1);
                pair.writeBytes(little(ByteBuffer.allocate(8)).putDouble(sample.getValue()).array());
                pair.write(2 << 3);
                putVarint(pair, sample.getTimestamp());
                field(message, 2, pair.toByteArray());
            }
            field(request, 1, message.toByteArray());
        }
        return Snappy.compress(request.toByteArray());
    }

    /** Its labels by name, the metric's name among them. */
    static Map<String, String> labels(PrometheusTimeSeries series) {
        Map<String, String> labels = new TreeMap<>();
        if (series.getMetricName() != null) {
            labels.put(NAME, series.getMetricName());
        }
        for (PrometheusTimeSeries.Label label : series.getLabels()) {
            labels.put(label.getName(), label.getValue());
        }
        return labels;
    }

    private static PrometheusTimeSeries series(ByteBuffer message) {
        String metric = null;
        List<PrometheusTimeSeries.Label> labels = new ArrayList<>();
        List<PrometheusTimeSeries.Sample> samples = new ArrayList<>();
        while (message.hasRemaining()) {
            int field = (int) varint(message) >> 3;
            ByteBuffer inner = piece(message);
            if (field != 1) {
                samples.add(sample(inner));
                continue;
            }
            varint(inner);
            String name = text(piece(inner));
            varint(inner);
            String value = text(piece(inner));
            if (name.equals(NAME)) {
                metric = value;
            } else {
                labels.add(new PrometheusTimeSeries.Label(name, value));
            }
        }
        return new PrometheusTimeSeries(metric, labels.toArray(new PrometheusTimeSeries.Label[0]),
                samples.toArray(new PrometheusTimeSeries.Sample[0]));
    }

    private static PrometheusTimeSeries.Sample sample(ByteBuffer message) {
        double value = 0;
        long timestamp = 0;
        while (message.hasRemaining()) {
            if (varint(message) >> 3 == 1) {
                value = message.getDouble();
            } else {
                timestamp = varint(message);
            }
        }
        return new PrometheusTimeSeries.Sample(value, timestamp);
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }

    private static ByteBuffer piece(ByteBuffer in) {
        int length = (int) varint(in);
        ByteBuffer piece = little(in.slice());
        piece.limit(length);
        in.position(in.position() + length);
        return piece;
    }

    private static ByteBuffer little(ByteBuffer buffer) {
        return buffer.order(ByteOrder.LITTLE_ENDIAN);
    }

    private static long varint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0;; shift += 7) {
            byte next = in.get();
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
    }

    private static void field(ByteArrayOutputStream out, int number, byte[] bytes) {
        out.write(number << 3 | 2);
        putVarint(out, bytes.length);
        out.writeBytes(bytes);
    }

    private static void putVarint(ByteArrayOutputStream out, long value) {
        long left = value;
        while ((left & ~0x7fL) != 0) {
            out.write((int) (left & 0x7f | 0x80));
            left >>>= 7;
        }
        out.write((int) left);
    }
}
