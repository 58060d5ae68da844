// Where the native library is taken from, each time in a JVM of its own.
package io.narthex.flink.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class NativeLibraryTest {
    @TempDir Path folder;

    /** What a JVM prints that loads the library in so many class loaders. */
    private String loads(int times, Map<String, String> environment, String... options) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(LoadsLibrary.class.getName(), String.valueOf(times)));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(30, TimeUnit.SECONDS), said);
        return said;
    }

    private Path readyFile() throws Exception {
        Path ready = folder.resolve("ready.so");
        try (InputStream content = getClass().getResourceAsStream("/native/linux-x86_64/libnarthex_jni.so")) {
            Files.copy(content, ready);
        }
        return ready;
    }

    private Path emptyFolder(String permissions) throws Exception {
        return Files.createDirectory(folder.resolve("tmp"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
    }

    private static void assertEnds(String words, String said) {
        assertTrue(said.strip().endsWith(words), said);
    }

    @Test
    void each_class_loader_has_a_copy_from_the_jar_and_no_file_is_left() throws Exception {
        Path temporary = emptyFolder("rwx------");
        assertEnds("loaded", loads(3, Map.of(), "-Djava.io.tmpdir=" + temporary));
        try (Stream<Path> left = Files.list(temporary)) {
            assertEquals(0, left.count());
        }
    }

    @Test
    void a_ready_file_needs_no_temporary_folder() throws Exception {
        String nowhere = "-Djava.io.tmpdir=" + folder.resolve("nowhere");
        String ready = readyFile().toString();
        assertEnds("loaded", loads(1, Map.of(), nowhere, "-Dnarthex.native.path=" + ready));
        assertEnds("loaded", loads(1, Map.of("NARTHEX_NATIVE_PATH", ready), nowhere));
        assertEnds("loaded", loads(1, Map.of("NARTHEX_NATIVE_PATH", "/wrong"), nowhere,
                "-Dnarthex.native.path=" + ready));
    }

    @Test
    void a_ready_file_serves_a_second_class_loader_by_a_copy() throws Exception {
        String ready = "-Dnarthex.native.path=" + readyFile();
        assertEnds("loaded", loads(2, Map.of(), ready));
        String said = loads(2, Map.of(), ready, "-Djava.io.tmpdir=" + folder.resolve("nowhere"));
        assertTrue(said.contains("another job's class loader holds it"), said);
        assertTrue(said.contains("put the connector's jar into Flink's lib/"), said);
    }

    @Test
    void what_cannot_be_loaded_says_what_to_do() throws Exception {
        String said = loads(1, Map.of(), "-Djava.io.tmpdir=" + folder.resolve("nowhere"));
        assertTrue(said.contains("cannot unpack the native library into " + folder.resolve("nowhere")), said);
        assertTrue(said.contains("-Dnarthex.native.path"), said);

        said = loads(1, Map.of("NARTHEX_NATIVE_PATH", "/nowhere/lib.so"));
        assertTrue(said.contains("\"/nowhere/lib.so\": there is no readable file"), said);

        Path broken = Files.writeString(folder.resolve("broken.so"), "no library");
        said = loads(1, Map.of("NARTHEX_NATIVE_PATH", broken.toString()));
        assertTrue(said.contains("cannot load the native library " + broken) && said.contains("noexec"), said);

        said = loads(1, Map.of(), "-Dos.arch=riscv64");
        assertTrue(said.contains("this jar has none for linux-riscv64 (ready-made is linux-x86_64)"), said);
    }
}
