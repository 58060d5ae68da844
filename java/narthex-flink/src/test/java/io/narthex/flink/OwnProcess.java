// What the operating system says of the test's own process.
package io.narthex.flink;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

final class OwnProcess {
    private OwnProcess() {}

    static int openFiles() {
        return list("/proc/self/fd").length;
    }

    /** Threads of the native library. */
    static int narthexThreads() {
        int found = 0;
        for (String thread : list("/proc/self/task")) {
            try {
                found += Files.readString(Path.of("/proc/self/task", thread, "comm")).startsWith("narthex-") ? 1 : 0;
            } catch (IOException e) {
                // It has ended meanwhile.
            }
        }
        return found;
    }

    static long residentKib() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst().getAsLong();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String[] list(String folder) {
        String[] names = new File(folder).list();
        if (names == null) {
            throw new AssertionError("cannot list " + folder);
        }
        return names;
    }
}
