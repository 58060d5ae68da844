// Serializes PrometheusTimeSeries between tasks and into state.
package io.narthex.flink.internal;

import io.narthex.flink.PrometheusTimeSeries;
import io.narthex.flink.PrometheusTimeSeries.Label;
import io.narthex.flink.PrometheusTimeSeries.Sample;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * A record is an int of its length and then, by {@link Bytes}: the metric name; the labels, one more than their number
 * first, each as name and value; the samples likewise, each a byte of presence, value and timestamp. A string is twice
 * its length plus one, odd for UTF-16 and even for ASCII, and its characters. Nulls are zero, and travel like
 * anything else: the sink makes dead letters of them.
 *
 * <p>What a later version appends is passed over by this one. Copying is free: records are immutable.
 */
public final class PrometheusTimeSeriesSerializer extends TypeSerializer<PrometheusTimeSeries> {
    private static final long serialVersionUID = 1L;
    private static final PrometheusTimeSeries EMPTY =
            new PrometheusTimeSeries("", new Label[0], new Sample[0]);
    /** Label names repeat from record to record: so many are kept, to be the same objects. */
    private static final int NAMES = 256;
    private static final int LONGEST_KEPT_NAME = 64;

    private transient Bytes scratch;
    private transient int at;
    private transient int limit;
    private transient String[] names;

    @Override
    public boolean isImmutableType() {
        return true;
    }

    @Override
    public TypeSerializer<PrometheusTimeSeries> duplicate() {
        return new PrometheusTimeSeriesSerializer();
    }

    @Override
    public PrometheusTimeSeries createInstance() {
        return EMPTY;
    }

    @Override
    public PrometheusTimeSeries copy(PrometheusTimeSeries from) {
        return from;
    }

    @Override
    public PrometheusTimeSeries copy(PrometheusTimeSeries from, PrometheusTimeSeries reuse) {
        return from;
    }

    @Override
    public int getLength() {
        return -1;
    }

    private Bytes scratch() {
        if (scratch == null) {
            scratch = new Bytes(1024);
            names = new String[NAMES];
        }
        return scratch;
    }

    @Override
    public void serialize(PrometheusTimeSeries series, DataOutputView target) throws IOException {
        Bytes out = scratch();
        out.end = 0;
        putString(out, series.getMetricName());
        Label[] labels = series.getLabels();
        out.putVarInt(labels == null ? 0 : labels.length + 1);
        if (labels != null) {
            for (Label label : labels) {
                putString(out, label == null ? null : label.getName());
                putString(out, label == null ? null : label.getValue());
            }
        }
        putSamples(out, series.getSamples());
        target.writeInt(out.end);
        target.write(out.array, 0, out.end);
    }

    private static void putSamples(Bytes out, Sample[] samples) {
        out.putVarInt(samples == null ? 0 : samples.length + 1);
        if (samples != null) {
            for (Sample sample : samples) {
                out.putByte(sample == null ? 0 : 1);
                if (sample != null) {
                    out.putLong(Double.doubleToRawLongBits(sample.getValue()));
                    out.putLong(sample.getTimestamp());
                }
            }
        }
    }

    private static void putString(Bytes out, String text) {
        if (text == null) {
            out.putVarInt(0);
            return;
        }
        int begin = out.end;
        out.putVarInt((text.length() << 1) + 2);
        if (!out.putAscii(text)) {
            out.end = begin;
            out.putVarInt((text.length() << 1) + 3);
            for (int i = 0; i < text.length(); i++) {
                out.putByte(text.charAt(i) >> 8);
                out.putByte(text.charAt(i));
            }
        }
    }

    @Override
    public PrometheusTimeSeries deserialize(DataInputView source) throws IOException {
        Bytes in = scratch();
        limit = source.readInt();
        in.end = 0;
        in.ensure(limit);
        source.readFully(in.array, 0, limit);
        at = 0;
        String metricName = name();
        int count = varInt();
        Label[] labels = count == 0 ? null : new Label[checked(count - 1, 2)];
        for (int i = 0; i < count - 1; i++) {
            labels[i] = new Label(name(), text());
        }
        count = varInt();
        Sample[] samples = count == 0 ? null : new Sample[checked(count - 1, 1)];
        for (int i = 0; i < count - 1; i++) {
            samples[i] = sample();
        }
        return new PrometheusTimeSeries(metricName, labels, samples);
    }

    @Override
    public PrometheusTimeSeries deserialize(PrometheusTimeSeries reuse, DataInputView source) throws IOException {
        return deserialize(source);
    }

    private Sample sample() throws IOException {
        if (scratch.array[take(1)] == 0) {
            return null;
        }
        int begin = take(16);
        return new Sample(
                Double.longBitsToDouble(Bytes.getLong(scratch.array, begin)),
                Bytes.getLong(scratch.array, begin + 8));
    }

    /** A string that is likely to be the same in many records. */
    private String name() throws IOException {
        int begin = at;
        int head = varInt();
        int length = (head >> 1) - 1;
        if (head == 0 || (head & 1) == 1 || length > LONGEST_KEPT_NAME) {
            at = begin;
            return text();
        }
        int from = take(length);
        byte[] array = scratch.array;
        int hash = length;
        for (int i = 0; i < length; i++) {
            hash = 31 * hash + array[from + i];
        }
        int slot = (hash ^ hash >>> 8) & (NAMES - 1);
        String kept = names[slot];
        if (kept == null || !isAscii(kept, array, from, length)) {
            kept = new String(array, from, length, StandardCharsets.ISO_8859_1);
            names[slot] = kept;
        }
        return kept;
    }

    private static boolean isAscii(String text, byte[] array, int from, int length) {
        if (text.length() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (text.charAt(i) != array[from + i]) {
                return false;
            }
        }
        return true;
    }

    private String text() throws IOException {
        int head = varInt();
        if (head == 0) {
            return null;
        }
        int length = (head >> 1) - 1;
        if ((head & 1) == 0) {
            return new String(scratch.array, take(length), length, StandardCharsets.ISO_8859_1);
        }
        int from = take(2 * length);
        char[] chars = new char[length];
        for (int i = 0; i < length; i++) {
            chars[i] = (char) (scratch.array[from + 2 * i] << 8 | scratch.array[from + 2 * i + 1] & 0xff);
        }
        return new String(chars);
    }

    private int varInt() throws IOException {
        int value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            byte next = scratch.array[take(1)];
            value |= (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IOException("a time series is broken: a number of more than five bytes");
    }

    private int take(int length) throws IOException {
        if (length < 0 || length > limit - at) {
            throw new EOFException("a time series is broken: it ends after " + limit + " bytes");
        }
        int begin = at;
        at += length;
        return begin;
    }

    private int checked(int count, int leastBytes) throws IOException {
        if (count < 0 || (long) count * leastBytes > limit - at) {
            throw new EOFException("a time series is broken: it ends after " + limit + " bytes");
        }
        return count;
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        int length = source.readInt();
        Bytes bytes = scratch();
        bytes.end = 0;
        bytes.ensure(length);
        source.readFully(bytes.array, 0, length);
        target.writeInt(length);
        target.write(bytes.array, 0, length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PrometheusTimeSeriesSerializer;
    }

    @Override
    public int hashCode() {
        return PrometheusTimeSeriesSerializer.class.hashCode();
    }

    @Override
    public TypeSerializerSnapshot<PrometheusTimeSeries> snapshotConfiguration() {
        return new PrometheusTimeSeriesSerializerSnapshot();
    }
}
