// A Remote-Write receiver inside the test's JVM, with scripted answers.
package io.narthex.flink;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;

/** Keeps what it answers with 2xx: series by their sorted labels, samples in the order of arrival. */
final class Receiver implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    /** The status of the n-th request, from 0. */
    volatile IntUnaryOperator script = request -> 204;
    /** Answers 400, and keeps nothing, when a request has a sample older than the newest of its series. */
    volatile boolean refusesOlder;
    /** Answers 503, and keeps nothing, to requests like this: series with samples as they are kept. */
    volatile Predicate<Map<String, List<String>>> holdsBack = sent -> false;
    final AtomicInteger refused = new AtomicInteger();
    final AtomicInteger requests = new AtomicInteger();
    final Map<String, List<String>> series = new TreeMap<>();
    final Map<String, String> lastHeaders = new ConcurrentHashMap<>();

    Receiver() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/api/v1/write";
    }

    private void answer(HttpExchange exchange) throws IOException {
        try {
            byte[] body = exchange.getRequestBody().readAllBytes();
            exchange.getRequestHeaders().forEach((name, values) -> lastHeaders.put(name.toLowerCase(), values.get(0)));
            int status = script.applyAsInt(requests.getAndIncrement());
            String said = "scripted " + status;
            if (status / 100 == 2) {
                Map<String, List<String>> sent = read(WriteRequests.decode(body));
                if (holdsBack.test(sent)) {
                    status = 503;
                } else if (!keep(sent)) {
                    refused.incrementAndGet();
                    status = 400;
                    said = "out of order sample"; // as Prometheus says it
                }
            }
            byte[] words = (status / 100 == 2 ? "" : said).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, words.length == 0 ? -1 : words.length);
            exchange.getResponseBody().write(words);
        } finally {
            exchange.close();
        }
    }

    int samples() {
        synchronized (series) {
            return series.values().stream().mapToInt(List::size).sum();
        }
    }

    private static Map<String, List<String>> read(List<PrometheusTimeSeries> request) {
        Map<String, List<String>> sent = new TreeMap<>();
        for (PrometheusTimeSeries one : request) {
            List<String> samples =
                    sent.computeIfAbsent(WriteRequests.labels(one).toString(), key -> new ArrayList<>());
            for (PrometheusTimeSeries.Sample sample : one.getSamples()) {
                samples.add(sample.getValue() + "@" + sample.getTimestamp());
            }
        }
        return sent;
    }

    /** Keeps a request's samples, all or none; false when it has older ones than it may. */
    private boolean keep(Map<String, List<String>> sent) {
        synchronized (series) {
            if (refusesOlder && !sent.keySet().stream().allMatch(key -> dropRepetition(key, sent.get(key)))) {
                return false;
            }
            sent.forEach((key, samples) -> series.computeIfAbsent(key, k -> new ArrayList<>()).addAll(samples));
            return true;
        }
    }

    /** As Prometheus does: the newest sample once more is fine and changes nothing. False when one is older. */
    private boolean dropRepetition(String key, List<String> samples) {
        List<String> held = series.getOrDefault(key, List.of());
        if (held.isEmpty()) {
            return true;
        }
        String newest = held.get(held.size() - 1);
        samples.removeIf(newest::equals);
        return samples.stream().allMatch(sample -> timestamp(sample) > timestamp(newest));
    }

    private static long timestamp(String sample) {
        return Long.parseLong(sample.substring(sample.indexOf('@') + 1));
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
