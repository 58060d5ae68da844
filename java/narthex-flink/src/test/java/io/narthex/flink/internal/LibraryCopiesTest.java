// Counting the copies of the native library, and the warning when there are many.
package io.narthex.flink.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LibraryCopiesTest {
    @Test
    void each_file_counts_once_however_many_parts_of_it_are_mapped() {
        assertEquals(2, LibraryCopies.count(Stream.of(
                "7f00-7f01 r--p 00000000 fe:01 1001      /tmp/narthex-1/libnarthex_jni.so (deleted)",
                "7f01-7f02 r-xp 00001000 fe:01 1001      /tmp/narthex-1/libnarthex_jni.so (deleted)",
                "7f02-7f03 r--p 00000000 fe:01 1002      /tmp/narthex-2/libnarthex_jni.so (deleted)",
                "7f03-7f04 rw-p 00000000 00:00 0 ",
                "7f04-7f05 r-xp 00000000 fe:01 1003      /usr/lib/libc.so.6")));
    }

    @Test
    void the_one_that_is_loaded_is_found() throws Exception {
        NativeLibrary.load();
        try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
            assertTrue(LibraryCopies.count(maps) >= 1);
        }
    }

    @Test
    void many_copies_are_warned_of_and_few_are_not() {
        assertNull(LibraryCopies.warning(LibraryCopies.MANY));
        String warning = LibraryCopies.warning(LibraryCopies.MANY + 1);
        assertTrue(warning.contains("9 copies") && warning.contains("lib/"), warning);
    }
}
