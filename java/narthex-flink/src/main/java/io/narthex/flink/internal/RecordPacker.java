// Packs series as the native library reads them (docs/adr/0009-flink-through-jni.md).
package io.narthex.flink.internal;

import java.util.Arrays;

/**
 * Holds packed records until they are handed over.
 *
 * <p>A record is packed by {@link #begin}, {@link #label} for each label, {@link #refuse} where it is known to be bad,
 * {@link #beginSamples}, {@link #sample} for each sample, and {@link #end}. Nothing in a record makes it throw: what
 * cannot be written goes below as a record of its own kind, which is counted and becomes a dead letter there.
 *
 * <p>The names of labels are most often those of the record before, so they are handed over only when they are new:
 * each list of names has a number, its {@link Shapes shape}, and a record of it has values alone. Only values are
 * written, in the hope that the names turn out to be known; where they do not, or where anything is unusual, the names
 * are put between them afterwards and the record is one that says everything itself.
 */
public final class RecordPacker {
    /** The label of the metric's name. */
    public static final String METRIC_NAME = "__name__";
    /** The reason for a null. */
    public static final String NULL = "null";
    /** The reason for a record with more than may be in one. */
    public static final String TOO_LARGE = "record_too_large";
    /** The reason for labels that no receiver takes. */
    public static final String LABEL_TOO_LONG = "label_too_long";

    /** The time of a sample of which nothing is known, in a record that cannot be written. */
    static final long NO_TIME = Long.MIN_VALUE;

    static final int LENGTH_BYTES = 4;
    static final byte KIND_SERIES = 0;
    static final byte KIND_UNWRITABLE = 1;
    static final byte KIND_RESTORED = 2;
    static final byte KIND_RESCALED = 3;
    static final byte KIND_NAMES = 4;
    static final byte KIND_SHAPED = 5;

    private static final int HEAD_BYTES = LENGTH_BYTES + 1;
    /** Most samples of a packed record: a series with more goes in pieces, so that no record outgrows the buffer. */
    static final int PIECE_SAMPLES = 2048;
    /** Most bytes of a record's labels; a receiver takes 64 KiB a string at best, and a record some dozens of them. */
    static final int MOST_LABEL_BYTES = 4 << 20;
    /** Most labels that a record can count. */
    static final int MOST_LABELS = 0xffff;
    /** Longest value of a shaped record: with the limits of {@link Shapes} it stays below {@link #MOST_LABEL_BYTES}. */
    private static final int LONGEST_SHAPED_VALUE = 8 * 1024;
    /** Of labels beyond the limits so many, and so many characters each, are kept to tell which record it was. */
    private static final int KEPT_LABELS = 100;
    private static final int KEPT_CHARS = 1024;
    /** A huge record's memory is given back when it is gone. */
    private static final int KEPT_CAPACITIES = 8;

    private final int capacity;
    private final Bytes bytes;
    private int from;

    private int recordAt;
    private int labelsAt;
    private int labels;
    private int countAt;
    private int samples;
    private int nullSamples;
    private boolean isOversize;
    private String reason;
    private String message;

    private final Shapes shapes = new Shapes();
    /** The names of a record that has not the last shape, as far as it has come. */
    private final String[] otherNames = new String[Shapes.MOST_NAMES];
    /** Only values are written of this record. */
    private boolean isShaped;
    /** What the names of this record are compared with: those of the last shape, or what it has instead. */
    private String[] names = otherNames;

    /** Makes room for so many bytes to begin with. */
    public RecordPacker(int capacity) {
        this.capacity = capacity;
        bytes = new Bytes(capacity);
    }

    /** Bytes that wait to be handed over. */
    public int size() {
        return bytes.end - from;
    }

    /** Begins a record. */
    public void begin() {
        recordAt = bytes.end;
        bytes.ensure(HEAD_BYTES + 2);
        bytes.end += HEAD_BYTES + 2;
        labelsAt = bytes.end;
        labels = 0;
        nullSamples = 0;
        isOversize = false;
        reason = null;
        isShaped = shapes.isLikely();
        names = shapes.lastNames();
    }

    /** Adds a label, in any order; a null makes the record one that cannot be written. */
    public void label(String name, String value) {
        if (isShaped) {
            if (value != null && value.length() <= LONGEST_SHAPED_VALUE && (isExpected(name) || isNoted(name))) {
                bytes.putUtf8(value);
                labels++;
                return;
            }
            insertNames();
        }
        if (name == null || value == null) {
            refuse(NULL, name == null
                    ? "the name of label " + labels + " is null"
                    : name.equals(METRIC_NAME) ? "the metric name is null" : "the value of label \"" + cut(name) + "\" is null");
            label(name == null ? "" : name, value == null ? "" : value);
            return;
        }
        long most = 3L * (name.length() + value.length());
        if (labels == MOST_LABELS || bytes.end - labelsAt + most > MOST_LABEL_BYTES) {
            refuseLabels();
        }
        if (isOversize && labels >= KEPT_LABELS) {
            return;
        }
        bytes.putUtf8(isOversize ? cut(name) : name);
        bytes.putUtf8(isOversize ? cut(value) : value);
        labels++;
    }

    /** Whether this name is known at this place: mostly it is the same object, and the same text costs little too. */
    private boolean isExpected(String name) {
        String expected = labels < names.length ? names[labels] : null;
        return expected != null && (name == expected || expected.equals(name));
    }

    /** Notes a name that the last shape has not; false when it is none for a shape. */
    private boolean isNoted(String name) {
        if (name == null || name.length() > Shapes.LONGEST_NAME || labels == otherNames.length) {
            return false;
        }
        if (names != otherNames) {
            System.arraycopy(names, 0, otherNames, 0, labels);
            names = otherNames;
        }
        otherNames[labels] = name;
        return true;
    }

    /** Puts the names between the values: this record says everything itself. */
    private void insertNames() {
        isShaped = false;
        byte[] values = Arrays.copyOfRange(bytes.array, labelsAt, bytes.end);
        bytes.end = labelsAt;
        int at = 0;
        for (int i = 0; i < labels; i++) {
            int length = LENGTH_BYTES + Bytes.getInt(values, at);
            bytes.putUtf8(names[i]);
            bytes.put(values, at, length);
            at += length;
        }
    }

    /** The number of the record's shape, which is told if it is new; none when there are too many. */
    private int shapeId() {
        Shapes.Shape shape = shapes.find(names, labels);
        if (shape == null) {
            shape = shapes.add(names, labels);
            if (shape == null) {
                return Shapes.NONE;
            }
            define(shape);
        }
        return shape.id;
    }

    /** Puts the record that says what a shape is before this one. */
    private void define(Shapes.Shape shape) {
        int length = shape.record.length;
        bytes.ensure(length);
        System.arraycopy(bytes.array, recordAt, bytes.array, recordAt + length, bytes.end - recordAt);
        System.arraycopy(shape.record, 0, bytes.array, recordAt, length);
        bytes.end += length;
        recordAt += length;
        labelsAt += length;
    }

    private void refuseLabels() {
        if (!isOversize) {
            isOversize = true;
            refuse(LABEL_TOO_LONG, "it has more than " + MOST_LABELS + " labels, or more than "
                    + (MOST_LABEL_BYTES >> 20) + " MiB of them; only the first are shown");
        }
    }

    private static String cut(String text) {
        return text.length() <= KEPT_CHARS ? text : text.substring(0, KEPT_CHARS) + "…";
    }

    /** Says that this record cannot be written; the first reason stays. Before {@link #beginSamples}. */
    public void refuse(String reasonName, String why) {
        if (reason == null) {
            reason = reasonName;
            message = why;
        }
    }

    /** Ends the labels. */
    public void beginSamples() {
        int shapeId = isShaped && reason == null ? shapeId() : Shapes.NONE;
        if (isShaped && shapeId == Shapes.NONE) {
            insertNames();
        }
        bytes.setShort(labelsAt - 2, isShaped ? shapeId : labels);
        if (reason == null) {
            bytes.array[recordAt + LENGTH_BYTES] = isShaped ? KIND_SHAPED : KIND_SERIES;
        } else {
            insertReason();
        }
        countAt = bytes.end;
        bytes.putInt(0);
        samples = 0;
    }

    /** Moves the labels up and puts the reason before them. */
    private void insertReason() {
        int labelsFrom = labelsAt - 2;
        byte[] block = Arrays.copyOfRange(bytes.array, labelsFrom, bytes.end);
        bytes.end = labelsFrom;
        bytes.array[recordAt + LENGTH_BYTES] = KIND_UNWRITABLE;
        bytes.putByte(reason.length());
        bytes.putAscii(reason);
        bytes.putUtf8(message);
        bytes.put(block, 0, block.length);
    }

    /** Adds a sample; oldest first. */
    public void sample(double value, long timestampMillis) {
        if (samples == PIECE_SAMPLES) {
            nextPiece();
        }
        bytes.ensure(16);
        bytes.putLong(Double.doubleToRawLongBits(value));
        bytes.putLong(timestampMillis);
        samples++;
    }

    /** A sample that is null: it alone cannot be written. */
    public void nullSample() {
        nullSamples++;
    }

    private void nextPiece() {
        endPiece();
        int at = bytes.end;
        int head = countAt - recordAt;
        bytes.putCopy(recordAt, head);
        recordAt = at;
        countAt = bytes.end;
        bytes.putInt(0);
        samples = 0;
    }

    private void endPiece() {
        bytes.setInt(countAt, samples);
        bytes.setInt(recordAt, bytes.end - recordAt - LENGTH_BYTES);
    }

    /** Ends the record. A series without samples leaves nothing behind, for there is nothing to write. */
    public void end() {
        if (nullSamples > 0 && reason == null) {
            endWithNulls();
            return;
        }
        for (; nullSamples > 0; nullSamples--) {
            sample(Double.NaN, NO_TIME);
        }
        if (samples == 0) {
            bytes.end = recordAt;
        } else {
            endPiece();
        }
    }

    /** Ends the good samples, then packs the null ones as a record that cannot be written. */
    private void endWithNulls() {
        int nulls = nullSamples;
        if (isShaped) {
            unshape();
        }
        byte[] block = Arrays.copyOfRange(bytes.array, recordAt + HEAD_BYTES, countAt);
        nullSamples = 0;
        end();
        begin();
        isShaped = false;
        bytes.end = labelsAt - 2;
        bytes.put(block, 0, block.length);
        labels = (block[0] & 0xff) | (block[1] & 0xff) << 8;
        refuse(NULL, nulls == 1 ? "the sample is null" : "these samples are null");
        nullSamples = nulls;
        beginSamples();
        end();
    }

    /** Makes the shaped record, or its last piece, one that says everything itself; its samples stay. */
    private void unshape() {
        byte[] counted = Arrays.copyOfRange(bytes.array, countAt, bytes.end);
        bytes.end = countAt;
        labelsAt = recordAt + HEAD_BYTES + 2;
        insertNames();
        bytes.setShort(labelsAt - 2, labels);
        bytes.array[recordAt + LENGTH_BYTES] = KIND_SERIES;
        countAt = bytes.end;
        bytes.put(counted, 0, counted.length);
    }

    /** Appends records that were packed before. */
    void putRecords(byte[] records, int offset, int length) {
        bytes.put(records, offset, length);
    }

    byte[] array() {
        return bytes.array;
    }

    /** Where the first record that waits begins in {@link #array()}. */
    int from() {
        return from;
    }

    /** Bytes of the whole records at the head that fit into so many bytes; one record at least. */
    int head(int most) {
        if (size() <= most) {
            return size();
        }
        int length = 0;
        while (from + length < bytes.end) {
            int next = LENGTH_BYTES + Bytes.getInt(bytes.array, from + length);
            if (length > 0 && length + next > most) {
                break;
            }
            length += next;
        }
        return length;
    }

    /** The first so many bytes have been handed over. */
    void taken(int length) {
        from += length;
        if (from == bytes.end) {
            from = 0;
            bytes.end = 0;
            if (bytes.array.length > KEPT_CAPACITIES * capacity) {
                bytes.array = new byte[capacity];
            }
        } else if (from > bytes.array.length / 2) {
            System.arraycopy(bytes.array, from, bytes.array, 0, size());
            bytes.end = size();
            from = 0;
        }
    }

    /** A copy of what waits, in records that say everything themselves: who reads them knows no shapes. */
    byte[] copy() {
        return shapes.expanded(bytes.array, from, bytes.end);
    }
}
