// What is in the jar for Flink's lib/, and what is not.
package io.narthex.flink.sql;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.List;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class SqlJarTest {
    private static final Path REPOSITORY = Paths.get(System.getProperty("narthex.repository"));
    private static final Path JAR = Paths.get(System.getProperty("sql.jar"));

    private static byte[] content(String entry) throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            return jar.getInputStream(jar.getJarEntry(entry)).readAllBytes();
        }
    }

    @Test
    void nothing_is_inside_but_ours() throws Exception {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            List<String> foreign = jar.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> !name.endsWith("/"))
                    .filter(name -> !name.startsWith("io/narthex/flink/"))
                    .filter(name -> !name.startsWith("native/"))
                    .filter(name -> !name.equals("META-INF/MANIFEST.MF"))
                    .filter(name -> !name.startsWith("META-INF/services/"))
                    .collect(Collectors.toList());
            assertEquals(List.of(), foreign);
        }
    }

    @Test
    void both_names_of_the_connector_are_found() throws Exception {
        String services =
                new String(content("META-INF/services/org.apache.flink.table.factories.Factory"), StandardCharsets.UTF_8);
        assertTrue(services.contains("io.narthex.flink.table.PrometheusDynamicTableSinkFactory"), services);
        assertTrue(services.contains("io.narthex.flink.table.NarthexPrometheusDynamicTableSinkFactory"), services);
    }

    @Test
    void the_native_library_is_the_one_that_was_built() throws Exception {
        Path built = REPOSITORY.resolve("java/narthex-flink/target/native/linux-x86_64/libnarthex_jni.so");
        assertTrue(Files.exists(built), built + " is missing; build it by scripts/native.sh");
        assertArrayEquals(Files.readAllBytes(built), content("native/linux-x86_64/libnarthex_jni.so"));
    }

    @Test
    void the_version_names_the_line_of_flink() {
        assertTrue(JAR.getFileName().toString().matches("narthex-flink-sql-[0-9.]+-(1\\.20|2\\.2)\\.jar"), JAR.toString());
    }
}
