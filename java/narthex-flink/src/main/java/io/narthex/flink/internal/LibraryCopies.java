// How many copies of the native library this JVM has loaded: one for each class loader that is not collected yet.
package io.narthex.flink.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Looks where the operating system tells. Where it does not, there is nothing to warn of.
 *
 * <p>A job's jar that carries the connector brings a class loader for each submission. The JVM unloads the library
 * with the class loader, but collects class loaders only when it lacks memory of its own, and the library's is not.
 */
final class LibraryCopies {
    /** A task manager with more has seen many submissions, and would do better with the jar in lib/. */
    static final int MANY = 8;

    private static final Path MAPS = Paths.get("/proc/self/maps");

    private LibraryCopies() {}

    /** What to warn of after one more was loaded; null when there is nothing. */
    static String warning() {
        try (Stream<String> maps = Files.lines(MAPS)) {
            return warning(count(maps));
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    static String warning(int copies) {
        if (copies <= MANY) {
            return null;
        }
        return "this JVM holds " + copies + " copies of the native library, some 4 MiB each: every submission of a jar "
                + "with the connector inside loads one, and it goes when the JVM collects that job's class loader; to "
                + "have one copy for all jobs, put the connector's jar into Flink's lib/ and leave it out of the job's";
    }

    /** Copies are told apart by their inodes: each file is deleted as soon as it is loaded. */
    static int count(Stream<String> maps) {
        Set<String> copies = new HashSet<>();
        maps.filter(line -> line.contains("/" + NativeLibrary.FILE_NAME)).forEach(line -> {
            String[] fields = line.split("\\s+", 6);
            copies.add(fields[3] + " " + fields[4]);
        });
        return copies.size();
    }
}
