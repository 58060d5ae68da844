// Finds and loads the native library, once per class loader.
package io.narthex.flink.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads a ready file where one is named, else the copy in the jar.
 *
 * <p>A JVM loads a file for one class loader only, and Flink gives each job a class loader. So the jar's copy goes
 * into a folder of its own each time: private, with an unpredictable name, and gone once it is loaded. A ready file
 * that another class loader has loaded already is copied in the same way.
 */
final class NativeLibrary {
    static final String PATH_PROPERTY = "narthex.native.path";
    static final String PATH_VARIABLE = "NARTHEX_NATIVE_PATH";
    static final String FILE_NAME = "libnarthex_jni.so";

    private static final Logger LOG = LoggerFactory.getLogger(NativeLibrary.class);
    private static final String READY_FILE_ADVICE =
            "unpack " + FILE_NAME + " from the jar to a place where programs may run, and name it by -D"
                    + PATH_PROPERTY + "=… (env.java.opts.taskmanager) or the environment variable " + PATH_VARIABLE;

    private static boolean isLoaded;

    private NativeLibrary() {}

    /** Loads it, unless this class loader has done so. */
    static synchronized void load() {
        if (!isLoaded) {
            String ready = readyPath(System.getProperty(PATH_PROPERTY), System.getenv(PATH_VARIABLE));
            if (ready == null) {
                loadFromJar(platform(System.getProperty("os.name"), System.getProperty("os.arch")));
            } else {
                loadReady(Paths.get(ready));
            }
            isLoaded = true;
            String warning = LibraryCopies.warning();
            if (warning != null) {
                LOG.warn("{}", warning);
            }
        }
    }

    /** The property wins; empty is as good as absent. */
    static String readyPath(String property, String variable) {
        if (property != null && !property.isBlank()) {
            return property;
        }
        return variable != null && !variable.isBlank() ? variable : null;
    }

    /** The name of the platform's folder in the jar. */
    static String platform(String osName, String osArch) {
        String arch = osArch.toLowerCase(Locale.ROOT);
        if (arch.equals("amd64") || arch.equals("x86-64")) {
            arch = "x86_64";
        } else if (arch.equals("arm64")) {
            arch = "aarch64";
        }
        return osName.toLowerCase(Locale.ROOT).replace(' ', '-') + "-" + arch;
    }

    private static void loadReady(Path path) {
        if (!Files.isReadable(path)) {
            throw new IllegalStateException(
                    "cannot load the native library \"" + path + "\": there is no readable file; correct -D"
                            + PATH_PROPERTY + " or " + PATH_VARIABLE + ", or remove it to use the jar's copy");
        }
        try {
            System.load(path.toAbsolutePath().toString());
        } catch (UnsatisfiedLinkError error) {
            if (!String.valueOf(error.getMessage()).contains("already loaded in another classloader")) {
                throw cannotLoad(path.toString(), error);
            }
            try (InputStream content = Files.newInputStream(path)) {
                loadCopy(content, path.toString());
            } catch (IOException e) {
                throw new IllegalStateException(
                        "cannot load the native library \"" + path + "\": another job's class loader holds it, and a "
                                + "copy for this one cannot be made (" + e + "); put the connector's jar into Flink's "
                                + "lib/ instead of the job's jar, so that all jobs share it",
                        e);
            }
        }
        LOG.info("loaded the native library {}", path);
    }

    private static void loadFromJar(String platform) {
        String resource = "/native/" + platform + "/" + FILE_NAME;
        try (InputStream content = NativeLibrary.class.getResourceAsStream(resource)) {
            if (content == null) {
                throw new IllegalStateException(
                        "cannot load the native library: this jar has none for " + platform
                                + " (ready-made is linux-x86_64); build it with scripts/native.sh, and name the file "
                                + "by -D" + PATH_PROPERTY + "=… or the environment variable " + PATH_VARIABLE);
            }
            loadCopy(content, resource);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "cannot unpack the native library into " + System.getProperty("java.io.tmpdir") + ": " + e
                            + "; set -Djava.io.tmpdir to a folder that can be written, or " + READY_FILE_ADVICE,
                    e);
        }
        LOG.info("loaded the native library for {} from the jar", platform);
    }

    private static void loadCopy(InputStream content, String origin) throws IOException {
        // Mode 700 from the start, and a random name: nobody else can put a library of his own there.
        Path folder = Files.createTempDirectory(
                "narthex-", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path file = folder.resolve(FILE_NAME);
        try {
            Files.copy(content, file);
            System.load(file.toString());
        } catch (UnsatisfiedLinkError error) {
            throw cannotLoad(origin + " (copied to " + folder + ")", error);
        } finally {
            // Linux keeps what is loaded.
            Files.deleteIfExists(file);
            Files.deleteIfExists(folder);
        }
    }

    private static IllegalStateException cannotLoad(String what, UnsatisfiedLinkError error) {
        return new IllegalStateException(
                "cannot load the native library " + what + ": " + error.getMessage()
                        + "; it needs glibc 2.28 or later, and a folder that is not mounted noexec: if that is the "
                        + "cause, " + READY_FILE_ADVICE,
                error);
    }
}
