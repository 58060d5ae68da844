// CPU time of this process, without the JVM's compilers.
package io.narthex.flink.bench;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * All threads count: the task's, native ones, the garbage collector's. The two kinds of compiler threads do not: a job
 * that has run for a minute has none of their work, and here they would be most of the noise.
 */
final class CpuClock {
    private static final Path TASKS = Path.of("/proc/self/task");

    private final OperatingSystemMXBean system =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    /** Nanoseconds of CPU time so far. The JVM must keep its compiler threads: -XX:-UseDynamicNumberOfCompilerThreads. */
    long nanos() {
        return system.getProcessCpuTime() - compilerNanos();
    }

    private static long compilerNanos() {
        try (Stream<Path> tasks = Files.list(TASKS)) {
            return tasks.mapToLong(CpuClock::nanosIfCompiler).sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long nanosIfCompiler(Path task) {
        try {
            String name = Files.readString(task.resolve("comm"));
            // "C1 CompilerThread0", cut to 15 characters.
            return name.startsWith("C1 Compiler") || name.startsWith("C2 Compiler")
                    ? Long.parseLong(Files.readString(task.resolve("schedstat")).split(" ")[0])
                    : 0;
        } catch (NoSuchFileException e) {
            return 0; // a thread that has ended since
        } catch (IOException e) {
            // So the kernel says it, too.
            if (Files.notExists(task)) {
                return 0;
            }
            throw new UncheckedIOException(e);
        }
    }
}
