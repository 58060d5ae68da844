// A real Prometheus as a child process: loopback, data in a temporary folder, killed at the end.
package io.narthex.flink;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

final class Prometheus implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final Pattern VALUE = Pattern.compile("\"value\":\\[[^,]*,\"([^\"]*)\"\\]");

    private final Process process;
    private final int port;

    private Prometheus(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts one of a major version; where there is none, fails in CI and skips the test loudly elsewhere. */
    static Prometheus start(int major, Path folder) throws Exception {
        Optional<Path> binary = locate(major);
        if (binary.isEmpty()) {
            String why = "Prometheus " + major + ".x is not on this machine; run scripts/setup.sh test, or set "
                    + "NARTHEX_PROMETHEUS_" + major;
            boolean isRequired = "1".equals(System.getenv("NARTHEX_REQUIRE_SERVERS"))
                    || "1".equals(System.getenv("CI")) || "true".equals(System.getenv("CI"));
            if (isRequired) {
                throw new AssertionError(why);
            }
            System.err.println("SKIPPED: " + why);
            Assumptions.abort(why);
        }
        Path config = folder.resolve("prometheus.yml");
        Files.writeString(config, "global:\n  scrape_interval: 1m\n");
        File log = folder.resolve("prometheus.log").toFile();
        int port = freePort();
        Process process = new ProcessBuilder(
                        binary.get().toString(),
                        "--config.file=" + config,
                        "--storage.tsdb.path=" + folder.resolve("data"),
                        "--web.listen-address=127.0.0.1:" + port,
                        "--web.enable-remote-write-receiver")
                .redirectErrorStream(true).redirectOutput(log).start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        Prometheus server = new Prometheus(process, port);
        Jobs.await("Prometheus is ready; its log is " + log, Duration.ofSeconds(60), server::isReady);
        return server;
    }

    private static Optional<Path> locate(int major) {
        String named = System.getenv("NARTHEX_PROMETHEUS_" + major);
        if (named != null && !named.isBlank()) {
            return Optional.of(Path.of(named)).filter(Files::isExecutable);
        }
        String base = System.getenv("XDG_CACHE_HOME");
        Path cache = Path.of(base == null || base.isBlank() ? System.getProperty("user.home") + "/.cache" : base)
                .resolve("narthex/prometheus-" + major);
        return Optional.of(major == 2 ? Path.of("/usr/bin/prometheus") : cache.resolve("current/prometheus"))
                .filter(Files::isExecutable);
    }

    /** Below the ports that systems give to clients, as in the Rust tests. */
    private static int freePort() throws IOException {
        Random random = new Random();
        for (int tries = 0; tries < 1000; tries++) {
            int port = 15_000 + random.nextInt(17_000);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException taken) {
                continue;
            }
        }
        throw new IOException("no free port");
    }

    String writeUrl() {
        return "http://127.0.0.1:" + port + "/api/v1/write";
    }

    private boolean isReady() {
        if (!process.isAlive()) {
            throw new AssertionError("Prometheus ended by itself");
        }
        try {
            return get("/-/ready").statusCode() == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** The value of an instant query that yields one number; zero where it yields none. */
    double query(String expression, long atMillis) throws IOException {
        String body = get("/api/v1/query?time=" + atMillis / 1000.0 + "&query="
                + URLEncoder.encode(expression, StandardCharsets.UTF_8)).body();
        Matcher matcher = VALUE.matcher(body);
        if (!body.contains("\"success\"")) {
            throw new AssertionError(body);
        }
        return matcher.find() ? Double.parseDouble(matcher.group(1)) : 0;
    }

    /** All samples that a range selector finds, as the server's JSON. */
    String samples(String rangeSelector, long atMillis) throws IOException {
        return get("/api/v1/query?time=" + atMillis / 1000.0 + "&query="
                + URLEncoder.encode(rangeSelector, StandardCharsets.UTF_8)).body();
    }

    private HttpResponse<String> get(String path) throws IOException {
        try {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                    .timeout(Duration.ofSeconds(20)).build();
            return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        // Its data goes with the folder, so it must be gone first.
        process.destroyForcibly().onExit().join();
    }
}
