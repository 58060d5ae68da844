// Names that are handed over once, and when they are not.
package io.narthex.flink.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ShapesTest {
    private final RecordPacker packer = new RecordPacker(64);
    /** All that was packed, as records that say everything themselves: made here, not by the packer. */
    private final ByteArrayOutputStream plain = new ByteArrayOutputStream();

    /** Packs a record with names and values in turn. */
    private void pack(int samples, String... labels) {
        packer.begin();
        for (int i = 0; i < labels.length; i += 2) {
            packer.label(labels[i], labels[i + 1]);
        }
        packer.beginSamples();
        for (int i = 0; i < samples; i++) {
            packer.sample(i + 0.5, i);
        }
        packer.end();
        for (int i = 0; i < samples; i += RecordPacker.PIECE_SAMPLES) {
            plain(i, Math.min(samples, i + RecordPacker.PIECE_SAMPLES), labels);
        }
    }

    private void plain(int from, int to, String... labels) {
        ByteBuffer out = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(0).put((byte) 0).putShort((short) (labels.length / 2));
        for (String text : labels) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            out.putInt(bytes.length).put(bytes);
        }
        out.putInt(to - from);
        for (int i = from; i < to; i++) {
            out.putDouble(i + 0.5).putLong(i);
        }
        out.putInt(0, out.position() - 4);
        plain.write(out.array(), 0, out.position());
    }

    private List<Integer> kinds() {
        List<Integer> kinds = new ArrayList<>();
        byte[] bytes = Unpacked.waiting(packer);
        for (int at = 0; at < bytes.length; at += 4 + Bytes.getInt(bytes, at)) {
            kinds.add((int) bytes[at + 4]);
        }
        return kinds;
    }

    private static long count(List<Integer> kinds, int kind) {
        return kinds.stream().filter(other -> other == kind).count();
    }

    private void assertSame() {
        assertArrayEquals(plain.toByteArray(), packer.copy());
        // What the native library would see says the same.
        List<String> handedOver = Unpacked.all(Unpacked.waiting(packer)).stream()
                .map(record -> record.labels + " " + record.samples)
                .collect(Collectors.toList());
        List<String> expected = Unpacked.all(plain.toByteArray()).stream()
                .map(record -> record.labels + " " + record.samples)
                .collect(Collectors.toList());
        assertEquals(expected, handedOver);
    }

    @Test
    void names_go_before_the_first_record_and_then_only_values() {
        pack(1, "__name__", "m", "l", "v");
        pack(1, "__name__", "n", "l", "");
        byte[] expected = {
            22, 0, 0, 0, 4, 0, 0, 2, 0, 8, 0, 0, 0, '_', '_', 'n', 'a', 'm', 'e', '_', '_', 1, 0, 0, 0, 'l', //
            33, 0, 0, 0, 5, 0, 0, 1, 0, 0, 0, 'm', 1, 0, 0, 0, 'v', //
            1, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xe0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0, //
            32, 0, 0, 0, 5, 0, 0, 1, 0, 0, 0, 'n', 0, 0, 0, 0, //
            1, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xe0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0,
        };
        assertArrayEquals(expected, Unpacked.waiting(packer));
        assertSame();
    }

    @Test
    void each_list_of_names_is_told_once_whatever_their_order_and_objects() {
        for (int i = 0; i < 10; i++) {
            pack(1, "a", "1", "b", "2");
            pack(1, "a", "1");
            pack(1, "b", "1", "a", "2");
            pack(1, "a", "1", "c", "2", "d", "3");
            pack(1, new String("a"), "1", new String("b"), "2");
            pack(1);
        }
        assertEquals(5, count(kinds(), RecordPacker.KIND_NAMES));
        assertEquals(60, count(kinds(), RecordPacker.KIND_SHAPED));
        assertSame();
    }

    @Test
    void beyond_the_most_shapes_records_say_everything_themselves() {
        for (int i = 0; i < 200; i++) {
            pack(1, "same", "x", "n" + i, "y");
            pack(1, "__name__", "m", "l", "v");
            pack(1, "__name__", "m", "l", "w");
        }
        List<Integer> kinds = kinds();
        assertEquals(Shapes.MOST, count(kinds, RecordPacker.KIND_NAMES));
        assertEquals(200 - (Shapes.MOST - 1), count(kinds, RecordPacker.KIND_SERIES));
        assertEquals(RecordPacker.KIND_SHAPED, kinds.get(kinds.size() - 1), "what is known goes on");
        assertSame();
    }

    @Test
    void names_that_are_always_new_are_left_alone_for_a_while() {
        pack(1, "a", "1");
        for (int i = 0; i < 1000; i++) {
            pack(1, "n" + i, "y");
        }
        plain.reset();
        packer.taken(packer.size());
        pack(1, "a", "1");
        assertEquals(List.of(0), kinds());
        for (int i = 0; i < 10_000; i++) {
            pack(1, "a", "1");
        }
        List<Integer> kinds = kinds();
        assertEquals(5, kinds.get(kinds.size() - 1));
        assertEquals(0, count(kinds, RecordPacker.KIND_NAMES));
        assertArrayEquals(plain.toByteArray(), packer.copy());
    }

    @Test
    void any_mixture_is_what_the_records_themselves_say() {
        Random random = new Random(7);
        String[] texts = {"", "a", "b", "c", "d", "grün", "€", "😀", "x".repeat(256), "y".repeat(257), "z".repeat(9000)};
        for (int i = 0; i < 3000; i++) {
            String[] labels = new String[2 * random.nextInt(4)];
            for (int j = 0; j < labels.length; j++) {
                int among = random.nextInt(50) == 0 ? texts.length : j % 2 == 0 ? 3 : 8;
                labels[j] = texts[random.nextInt(among)];
            }
            pack(random.nextInt(3), labels);
            if (random.nextInt(100) == 0) {
                assertArrayEquals(plain.toByteArray(), packer.copy());
                packer.taken(packer.head(random.nextInt(packer.size() + 1)));
                byte[] all = plain.toByteArray();
                byte[] left = packer.copy();
                assertArrayEquals(Arrays.copyOfRange(all, all.length - left.length, all.length), left);
                packer.taken(packer.size());
                plain.reset();
            }
        }
    }

    @Test
    void names_or_values_beyond_the_limits_go_the_old_way() {
        pack(1, "a", "x".repeat(8 * 1024));
        pack(1, "a", "x".repeat(8 * 1024 + 1));
        pack(1, "x".repeat(256), "");
        pack(1, "x".repeat(257), "");
        String[] many = new String[256];
        Arrays.setAll(many, i -> "" + i);
        pack(1, many);
        String[] tooMany = Arrays.copyOf(many, 258);
        tooMany[256] = "256";
        tooMany[257] = "257";
        pack(1, tooMany);
        assertEquals(List.of(4, 5, 0, 4, 5, 0, 4, 5, 0), kinds());
        assertSame();
    }

    @Test
    void pieces_are_shaped_too() {
        pack(5000, "a", "b");
        pack(1, "a", "c");
        assertEquals(List.of(4, 5, 5, 5, 5), kinds());
        assertSame();
    }

    @Test
    void null_samples_of_a_known_shape_are_dead_letters_with_their_names() {
        for (int nulls = 1; nulls < 3; nulls++) {
            packer.begin();
            packer.label("a", "b");
            packer.beginSamples();
            for (int i = 0; i < RecordPacker.PIECE_SAMPLES + 1; i++) {
                packer.sample(i, i);
            }
            for (int i = 0; i < nulls; i++) {
                packer.nullSample();
            }
            packer.end();
        }
        assertEquals(List.of(4, 5, 0, 1, 5, 0, 1), kinds());
        List<Unpacked> all = Unpacked.all(Unpacked.waiting(packer));
        assertTrue(all.stream().allMatch(record -> record.labels.equals(List.of("a=b"))));
        assertEquals(List.of(2048, 1, 1, 2048, 1, 2),
                all.stream().map(record -> record.samples.size()).collect(Collectors.toList()));
        assertEquals("2048.0@2048", all.get(1).samples.get(0));
        assertEquals("these samples are null", all.get(5).message);
        packer.taken(packer.size());
        pack(1, "a", "b");
        assertEquals(List.of(5), kinds());
    }

    @Test
    void a_bad_record_of_a_known_shape_says_everything_itself() {
        pack(1, "a", "1", "b", "2");
        packer.taken(packer.size());
        for (String name : new String[] {"a", null}) {
            packer.begin();
            packer.label("a", "1");
            packer.label(name, null);
            packer.label("c", "3");
            packer.beginSamples();
            packer.sample(1, 2);
            packer.end();
        }
        packer.begin();
        packer.label("a", "1");
        packer.label("b", "2");
        packer.refuse(RecordPacker.TOO_LARGE, "why");
        packer.beginSamples();
        packer.sample(1, 2);
        packer.end();
        List<Unpacked> all = Unpacked.all(Unpacked.waiting(packer));
        assertEquals(List.of(1, 1, 1), kinds());
        assertEquals(List.of(List.of("a=1", "a=", "c=3"), List.of("a=1", "=", "c=3"), List.of("a=1", "b=2")),
                all.stream().map(record -> record.labels).collect(Collectors.toList()));
        assertEquals("the name of label 1 is null", all.get(1).message);
    }

    @Test
    void the_head_may_end_between_names_and_their_first_record() {
        pack(1, "a", "1");
        pack(1, "b", "1");
        byte[] all = plain.toByteArray();
        assertEquals(List.of(4, 5, 4, 5), kinds());
        int names = packer.head(1);
        packer.taken(names);
        assertEquals(List.of(5, 4, 5), kinds());
        assertArrayEquals(all, packer.copy());
        packer.taken(packer.head(1));
        packer.taken(packer.head(1));
        assertArrayEquals(Arrays.copyOfRange(all, all.length / 2, all.length), packer.copy());
        packer.taken(packer.head(1));
        assertEquals(0, packer.size());
        pack(1, "a", "2");
        assertEquals(List.of(5), kinds());
    }
}
