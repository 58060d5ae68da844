// The jar for Flink's lib/: what is inside, and that it signs without any other AWS SDK.
package io.narthex.flink.signer.amp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.narthex.flink.PrometheusRequestSigner;
import io.narthex.flink.table.PrometheusRequestSignerFactory;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

@EnabledIfSystemProperty(named = "sql.jar", matches = ".+") // set once the jar is made
class SqlJarTest {
    private static final Path JAR = Paths.get(System.getProperty("sql.jar"));
    private static final String WORKSPACE =
            "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write";

    @TempDir Path folder;

    @Test
    void everything_inside_is_below_our_package() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            List<String> foreign = jar.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> !name.endsWith("/"))
                    .filter(name -> !name.startsWith("io/narthex/flink/signer/amp/"))
                    .filter(name -> !name.startsWith("META-INF/"))
                    .collect(Collectors.toList());
            assertEquals(List.of(), foreign);
            List<String> services = jar.stream()
                    .map(entry -> entry.getName())
                    .filter(name -> name.startsWith("META-INF/services/") && !name.endsWith("/"))
                    .filter(name -> !name.startsWith("META-INF/services/io.narthex.flink."))
                    .collect(Collectors.toList());
            assertEquals(List.of(), services);
        }
    }

    /** As a pod on EKS does: the token service is asked by the SDK that is inside, found by name there. */
    @Test
    void it_signs_with_the_web_identity_of_a_pod_and_no_other_sdk() throws Exception {
        TokenService tokens = new TokenService();
        Map<String, String> properties = Map.of(
                "aws.webIdentityTokenFile", Files.writeString(folder.resolve("token"), "a.b.c").toString(),
                "aws.roleArn", "arn:aws:iam::123456789012:role/narthex",
                "aws.roleSessionName", "narthex",
                "aws.region", "eu-west-1",
                "aws.endpointUrlSts", tokens.url());
        properties.forEach(System::setProperty);
        try (URLClassLoader loader = new URLClassLoader(new URL[] {JAR.toUri().toURL()}, new WithoutSdk())) {
            Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            Thread.currentThread().setContextClassLoader(loader);
            signer(loader).addSignatureHeaders(headers, new byte[] {1});
            assertTrue(headers.get("Authorization").contains("Credential=AKIDTEMPORARY/"), headers.toString());
            assertEquals("temporary-token", headers.get("X-Amz-Security-Token"));
        } finally {
            Thread.currentThread().setContextClassLoader(SqlJarTest.class.getClassLoader());
            properties.keySet().forEach(System::clearProperty);
            tokens.close();
        }
    }

    private static PrometheusRequestSigner signer(ClassLoader loader) {
        PrometheusRequestSignerFactory factory =
                ServiceLoader.load(PrometheusRequestSignerFactory.class, loader).iterator().next();
        assertEquals(loader, factory.getClass().getClassLoader());
        return factory.create(WORKSPACE, Map.of());
    }

    /** Flink and the sink, without this module and without any AWS SDK. */
    private static final class WithoutSdk extends ClassLoader {
        WithoutSdk() {
            super(SqlJarTest.class.getClassLoader());
        }

        private static boolean isHidden(String name) {
            String dotted = name.replace('/', '.');
            return dotted.startsWith("software.amazon.") || dotted.startsWith("org.reactivestreams.")
                    || dotted.startsWith("io.narthex.flink.signer.") || dotted.startsWith("META-INF.services.");
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (isHidden(name)) {
                throw new ClassNotFoundException(name);
            }
            return super.loadClass(name, resolve);
        }

        @Override
        public URL getResource(String name) {
            return isHidden(name) ? null : super.getResource(name);
        }

        @Override
        public Enumeration<URL> getResources(String name) throws IOException {
            return isHidden(name) ? Collections.emptyEnumeration() : super.getResources(name);
        }
    }
}
