// Self-signed certificates for 127.0.0.1, made anew with the JDK's keytool.
package io.narthex.flink;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** One name is one certificate. */
final class FaultTls {
    private static final char[] PASSWORD = "fault-matrix".toCharArray();

    private final Path folder;
    private final Map<String, SSLContext> contexts = new ConcurrentHashMap<>();

    FaultTls(Path folder) {
        this.folder = folder;
    }

    SSLContext context(String name) {
        return contexts.computeIfAbsent(name, this::make);
    }

    /** The certificate, for those who shall trust it. */
    Path pem(String name) {
        context(name);
        return folder.resolve(name + ".pem");
    }

    private SSLContext make(String name) {
        try {
            Path store = folder.resolve(name + ".p12");
            keytool(store, "-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=127.0.0.1",
                    "-ext", "san=ip:127.0.0.1", "-validity", "2");
            keytool(store, "-exportcert", "-rfc", "-file", folder.resolve(name + ".pem").toString());
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(store)) {
                keys.load(in, PASSWORD);
            }
            KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            managers.init(keys, PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(managers.getKeyManagers(), null, null);
            return context;
        } catch (Exception e) {
            throw new AssertionError("no certificate: " + e, e);
        }
    }

    private void keytool(Path store, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", new String(PASSWORD),
                "-alias", "receiver"));
        command.addAll(1, List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(folder.resolve("keytool.log").toFile()).start();
        if (!process.waitFor(30, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new AssertionError("keytool failed: " + Files.readString(folder.resolve("keytool.log")));
        }
    }
}
