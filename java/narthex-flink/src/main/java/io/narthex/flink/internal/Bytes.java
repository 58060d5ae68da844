// A byte array that grows, with what records are made of.
package io.narthex.flink.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Numbers are little-endian. */
final class Bytes {
    private static final VarHandle SHORT = view(short[].class);
    private static final VarHandle INT = view(int[].class);
    private static final VarHandle LONG = view(long[].class);

    byte[] array;
    int end;

    Bytes(int capacity) {
        array = new byte[capacity];
    }

    private static VarHandle view(Class<?> arrayType) {
        return MethodHandles.byteArrayViewVarHandle(arrayType, ByteOrder.LITTLE_ENDIAN);
    }

    /** Makes room for so many bytes more. */
    void ensure(int more) {
        if (array.length - end < more) {
            long needed = (long) end + more;
            if (needed > Integer.MAX_VALUE - 8) {
                throw new OutOfMemoryError("a record takes " + needed + " bytes: more than an array can hold");
            }
            array = Arrays.copyOf(array, (int) Math.min(Integer.MAX_VALUE - 8, Math.max(needed, 2L * array.length)));
        }
    }

    void putByte(int value) {
        ensure(1);
        array[end++] = (byte) value;
    }

    void putShort(int value) {
        ensure(2);
        setShort(end, value);
        end += 2;
    }

    void putInt(int value) {
        ensure(4);
        INT.set(array, end, value);
        end += 4;
    }

    void putLong(long value) {
        ensure(8);
        LONG.set(array, end, value);
        end += 8;
    }

    void setShort(int at, int value) {
        SHORT.set(array, at, (short) value);
    }

    void setInt(int at, int value) {
        INT.set(array, at, value);
    }

    static int getInt(byte[] array, int at) {
        return (int) INT.get(array, at);
    }

    static long getLong(byte[] array, int at) {
        return (long) LONG.get(array, at);
    }

    /** Seven bits a byte, the lowest first. */
    void putVarInt(int value) {
        ensure(5);
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            array[end++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        array[end++] = (byte) rest;
    }

    /** Appends a string that is all ASCII; false, with nothing appended, when it is not. */
    boolean putAscii(String text) {
        int length = text.length();
        ensure(length);
        byte[] to = array;
        int at = end;
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                return false;
            }
            to[at + i] = (byte) c;
        }
        end = at + length;
        return true;
    }

    /** Appends the length and the bytes of a string in UTF-8; half a surrogate pair is left as what it is: no UTF-8. */
    void putUtf8(String text) {
        ensure(4);
        int lengthAt = end;
        end += 4;
        if (!putAscii(text)) {
            putBeyondAscii(text);
        }
        setInt(lengthAt, end - lengthAt - 4);
    }

    private void putBeyondAscii(String text) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            ensure(4);
            char c = text.charAt(i);
            if (c < 0x80) {
                array[end++] = (byte) c;
            } else if (c < 0x800) {
                array[end++] = (byte) (0xc0 | c >> 6);
                array[end++] = (byte) (0x80 | c & 0x3f);
            } else if (Character.isHighSurrogate(c) && i + 1 < length && Character.isLowSurrogate(text.charAt(i + 1))) {
                int point = Character.toCodePoint(c, text.charAt(++i));
                array[end++] = (byte) (0xf0 | point >> 18);
                array[end++] = (byte) (0x80 | point >> 12 & 0x3f);
                array[end++] = (byte) (0x80 | point >> 6 & 0x3f);
                array[end++] = (byte) (0x80 | point & 0x3f);
            } else {
                array[end++] = (byte) (0xe0 | c >> 12);
                array[end++] = (byte) (0x80 | c >> 6 & 0x3f);
                array[end++] = (byte) (0x80 | c & 0x3f);
            }
        }
    }

    void put(byte[] from, int offset, int length) {
        ensure(length);
        System.arraycopy(from, offset, array, end, length);
        end += length;
    }

    /** Appends a piece of itself. */
    void putCopy(int from, int length) {
        ensure(length);
        System.arraycopy(array, from, array, end, length);
        end += length;
    }
}
