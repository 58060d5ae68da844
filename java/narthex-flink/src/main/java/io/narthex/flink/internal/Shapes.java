// Lists of label names that the native library knows by number (docs/adr/0009-flink-through-jni.md).
package io.narthex.flink.internal;

import java.util.Arrays;

/** They are numbered as they come and never forgotten, nor does one change: there are few in a job, or far too many. */
final class Shapes {
    /** Most shapes; the native library keeps as many. */
    static final int MOST = 64;
    /** Most names of a shape. */
    static final int MOST_NAMES = 128;
    /** Most characters of a name in a shape. */
    static final int LONGEST_NAME = 256;

    /** No number of a shape. */
    static final int NONE = -1;

    /** Records after which it is asked whether shapes are of use. */
    private static final int WINDOW = 256;
    /** Records that are packed without when they were not. */
    private static final int PAUSE = 16 * WINDOW;
    /** A power of two, so that most shapes have a place of their own. */
    private static final int PLACES = 4 * MOST;

    private final Shape[] byHash = new Shape[PLACES];
    private final Shape[] byId = new Shape[MOST];
    private int count;
    private String[] lastNames = {};
    private Shape last;
    private int seen;
    private int hits;
    private int paused;

    /** Asked before each record: false for a while when few have had a known shape, for trying is not free. */
    boolean isLikely() {
        if (paused > 0) {
            paused--;
            return false;
        }
        if (seen++ == WINDOW) {
            paused = hits < WINDOW / 2 ? PAUSE : 0;
            seen = 1;
            hits = 0;
        }
        return true;
    }

    /** The names of the last record that had a shape; the next one is likely to have them too. */
    String[] lastNames() {
        return lastNames;
    }

    /** The shape with these names in this order, or null. Quick for {@link #lastNames} themselves. */
    Shape find(String[] names, int length) {
        if (names != lastNames || length != lastNames.length || last == null) {
            Shape found = byHash[place(names, length)];
            if (found == null) {
                return null;
            }
            use(found);
        }
        hits++;
        return last;
    }

    private void use(Shape shape) {
        last = shape;
        lastNames = shape.names;
    }

    /** Gives new names a number; null when all are taken. */
    Shape add(String[] names, int length) {
        if (count == MOST) {
            return null;
        }
        Shape shape = new Shape(count, Arrays.copyOf(names, length));
        byId[count++] = shape;
        byHash[place(names, length)] = shape;
        use(shape);
        return shape;
    }

    /** Where a shape is, or where it would be. A string keeps its hash, so this is cheap for names seen before. */
    private int place(String[] names, int length) {
        int hash = length;
        for (int i = 0; i < length; i++) {
            hash = 31 * hash + names[i].hashCode();
        }
        int place = (hash ^ hash >>> 16) & (PLACES - 1);
        while (byHash[place] != null && !byHash[place].is(names, length)) {
            place = (place + 1) & (PLACES - 1);
        }
        return place;
    }

    /** A copy of records without those of names, and with names in those that have only values. */
    byte[] expanded(byte[] records, int from, int end) {
        Bytes out = new Bytes(end - from);
        int at = from;
        while (at < end) {
            int next = at + RecordPacker.LENGTH_BYTES + Bytes.getInt(records, at);
            byte kind = records[at + RecordPacker.LENGTH_BYTES];
            if (kind == RecordPacker.KIND_SHAPED) {
                expand(records, at, next, out);
            } else if (kind != RecordPacker.KIND_NAMES) {
                out.put(records, at, next - at);
            }
            at = next;
        }
        return Arrays.copyOf(out.array, out.end);
    }

    private void expand(byte[] records, int from, int end, Bytes out) {
        int at = from + RecordPacker.LENGTH_BYTES + 1;
        Shape shape = byId[records[at]];
        at += 2;
        int begin = out.end;
        out.putInt(0);
        out.putByte(RecordPacker.KIND_SERIES);
        out.putShort(shape.names.length);
        for (String name : shape.names) {
            int length = RecordPacker.LENGTH_BYTES + Bytes.getInt(records, at);
            out.putUtf8(name);
            out.put(records, at, length);
            at += length;
        }
        out.put(records, at, end - at);
        out.setInt(begin, out.end - begin - RecordPacker.LENGTH_BYTES);
    }

    /** Names, in the order of a record's labels. */
    static final class Shape {
        final int id;
        final String[] names;
        /** What tells the native library of it. */
        final byte[] record;

        Shape(int id, String[] names) {
            this.id = id;
            this.names = names;
            Bytes out = new Bytes(16 * names.length + 16);
            out.putInt(0);
            out.putByte(RecordPacker.KIND_NAMES);
            out.putShort(id);
            out.putShort(names.length);
            for (String name : names) {
                out.putUtf8(name);
            }
            out.setInt(0, out.end - RecordPacker.LENGTH_BYTES);
            record = Arrays.copyOf(out.array, out.end);
        }

        private boolean is(String[] others, int length) {
            if (names.length != length) {
                return false;
            }
            for (int i = 0; i < length; i++) {
                if (!names[i].equals(others[i])) {
                    return false;
                }
            }
            return true;
        }
    }
}
