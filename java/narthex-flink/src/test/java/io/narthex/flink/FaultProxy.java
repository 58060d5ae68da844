// A receiver that fails as it is told, in front of a real Prometheus: HTTP/1.1 on plain sockets.
package io.narthex.flink;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** Does the n-th act to the n-th request, and the last one to all that follow. */
final class FaultProxy implements AutoCloseable {
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final String PATH = "/api/v1/write";

    /** What is done to one request. */
    interface Act {
        void on(FaultExchange exchange) throws IOException;
    }

    private final String upstream;
    private final List<Act> acts;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();
    private final List<FaultExchange> exchanges = new ArrayList<>();
    /** By series: the newest timestamp that the Prometheus behind has acknowledged. */
    private final Map<String, Long> newest = new HashMap<>();
    private int disorder;
    private volatile ServerSocket listener;
    private volatile SSLContext tls;
    /** Holds the port while nobody listens there. */
    private Socket placeholder;

    /** Listens at once, over TLS unless that is null; or holds a port at which connections are refused. */
    FaultProxy(String upstream, List<Act> acts, SSLContext tls, boolean listens) throws IOException {
        this.upstream = upstream;
        this.acts = acts;
        this.tls = tls;
        if (listens) {
            listen(0);
        } else {
            placeholder = new Socket();
            placeholder.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        }
    }

    /** Begins to take connections at a port that refused them. */
    void open() throws IOException {
        int port = port();
        placeholder.close();
        listen(port);
    }

    /** Refuses connections at its port from now on. */
    void goAway() throws IOException, InterruptedException {
        int port = port();
        listener.close();
        listener = null;
        closeConnections();
        placeholder = new Socket();
        placeholder.setReuseAddress(true);
        Jobs.await("the port is free", Duration.ofSeconds(5), () -> holds(port));
    }

    private boolean holds(int port) {
        try {
            placeholder.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException notYet) {
            return false;
        }
    }

    private void listen(int port) throws IOException {
        ServerSocket opened = new ServerSocket();
        opened.setReuseAddress(true);
        opened.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 100);
        listener = opened;
        thread("fault-proxy", () -> accept(opened));
    }

    private int port() {
        return listener != null ? listener.getLocalPort() : placeholder.getLocalPort();
    }

    String url() {
        return "http://127.0.0.1:" + port() + PATH;
    }

    /** Shows another certificate from now on; open connections end. */
    void showCertificate(SSLContext other) {
        tls = other;
        closeConnections();
    }

    void closeConnections() {
        connections.forEach(FaultProxy::closeQuietly);
    }

    /** Every request so far. */
    List<FaultExchange> seen() {
        synchronized (exchanges) {
            return List.copyOf(exchanges);
        }
    }

    /** How often an acknowledged sample was older than another one of its series that was before it. */
    int disorder() {
        synchronized (newest) {
            return disorder;
        }
    }

    private void accept(ServerSocket from) {
        while (!from.isClosed()) {
            try {
                Socket socket = from.accept();
                connections.add(socket);
                thread("fault-connection", () -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket plain) {
        try (Socket socket = secured(plain)) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            FaultExchange exchange = FaultExchange.read(this, socket, in);
            while (exchange != null) {
                handle(exchange);
                exchange = exchange.isOpen() ? FaultExchange.read(this, socket, in) : null;
            }
        } catch (IOException gone) {
            // The other side has had enough, or the script has.
        } finally {
            connections.remove(plain);
            closeQuietly(plain);
        }
    }

    private Socket secured(Socket plain) throws IOException {
        SSLContext context = tls;
        if (context == null) {
            return plain;
        }
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, null, true);
        socket.setUseClientMode(false);
        socket.startHandshake();
        return socket;
    }

    private void handle(FaultExchange exchange) throws IOException {
        int number;
        synchronized (exchanges) {
            number = exchanges.size();
            exchanges.add(exchange);
        }
        if (!exchange.isWrite(PATH)) {
            exchange.answer(200, "welcome"); // where a redirect points to
            return;
        }
        acts.get(Math.min(number, acts.size() - 1)).on(exchange);
    }

    /** Sends a body to the Prometheus behind, and keeps in mind what it acknowledged. */
    HttpResponse<String> forward(byte[] body) throws IOException {
        try {
            HttpResponse<String> answer = send(upstream, body);
            if (answer.statusCode() / 100 == 2) {
                note(WriteRequests.decode(body));
            }
            return answer;
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    static HttpResponse<String> send(String url, byte[] body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Encoding", "snappy")
                .header("Content-Type", "application/x-protobuf")
                .header("X-Prometheus-Remote-Write-Version", "0.1.0")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private void note(List<PrometheusTimeSeries> request) {
        synchronized (newest) {
            for (PrometheusTimeSeries series : request) {
                String key = WriteRequests.labels(series).toString();
                for (PrometheusTimeSeries.Sample sample : series.getSamples()) {
                    long before = newest.getOrDefault(key, Long.MIN_VALUE);
                    disorder += sample.getTimestamp() < before ? 1 : 0;
                    newest.put(key, Math.max(before, sample.getTimestamp()));
                }
            }
        }
    }

    private static void thread(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void closeQuietly(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception ignored) {
            // It is gone either way.
        }
    }

    @Override
    public void close() {
        if (listener != null) {
            closeQuietly(listener);
        }
        if (placeholder != null) {
            closeQuietly(placeholder);
        }
        closeConnections();
    }
}
