// One request at the fault proxy, and what can be done with it.
package io.narthex.flink;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Belongs to the connection's thread; status and attempt may be read by others. */
final class FaultExchange {
    private static final int MOST_HEAD_BYTES = 64 * 1024;

    private final FaultProxy proxy;
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final String requestLine;
    private final Map<String, String> headers;
    private byte[] body;
    /** What went out; 0 while nothing has. */
    private volatile int status;
    private volatile long endedNanos;
    final long beganNanos = System.nanoTime();

    private FaultExchange(FaultProxy proxy, Socket socket, InputStream in, String head) throws IOException {
        this.proxy = proxy;
        this.socket = socket;
        this.in = in;
        this.out = socket.getOutputStream();
        String[] lines = head.split("\r\n");
        this.requestLine = lines[0];
        this.headers = new HashMap<>();
        for (int i = 1; i < lines.length; i++) {
            String[] pair = lines[i].split(":", 2);
            headers.put(pair[0].toLowerCase(), pair[1].trim());
        }
    }

    /** Reads the head of the next request; null when the connection ends before it. */
    static FaultExchange read(FaultProxy proxy, Socket socket, InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0 || head.length() > MOST_HEAD_BYTES) {
                return null;
            }
            head.append((char) next);
            if (head.length() == 1 && next < 'A') {
                refuse(socket); // no HTTP: a greeting of TLS
                return null;
            }
        }
        return new FaultExchange(proxy, socket, in, head.toString());
    }

    private static void refuse(Socket socket) throws IOException {
        socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        socket.close();
    }

    boolean isWrite(String path) {
        return requestLine.startsWith("POST " + path + " ");
    }

    int status() {
        return status;
    }

    /** The `Retry-Attempt` header; 0 where there is none. */
    int attempt() {
        return Integer.parseInt(headers.getOrDefault("retry-attempt", "0"));
    }

    /** Whether the answer, or its loss, is over. */
    boolean isEnded() {
        return endedNanos != 0;
    }

    /** When the answer ended, or when the request came where it has not. */
    long endedNanos() {
        return isEnded() ? endedNanos : beganNanos;
    }

    boolean isOpen() {
        return !socket.isClosed();
    }

    byte[] body() throws IOException {
        if (body == null) {
            body = in.readNBytes(length());
        }
        return body;
    }

    private int length() {
        return Integer.parseInt(headers.get("content-length"));
    }

    /** Reads half of the body, and no more. */
    void readHalf() throws IOException {
        in.readNBytes(length() / 2);
    }

    List<PrometheusTimeSeries> series() throws IOException {
        return WriteRequests.decode(body());
    }

    /** Hands the request on and returns the answer, which goes nowhere yet. */
    HttpResponse<String> forward() throws IOException {
        return proxy.forward(body());
    }

    HttpResponse<String> forward(PrometheusTimeSeries one) throws IOException {
        return proxy.forward(WriteRequests.encode(List.of(one)));
    }

    /** Answers in full, with headers as whole lines. */
    void answer(int code, String words, String... lines) throws IOException {
        body();
        byte[] text = (words.isEmpty() ? "" : words + "\n").getBytes(StandardCharsets.UTF_8);
        StringBuilder head = new StringBuilder("HTTP/1.1 " + code + " Scripted\r\n");
        for (String line : lines) {
            head.append(line.replace("SELF", "http://127.0.0.1:" + socket.getLocalPort())).append("\r\n");
        }
        if (code != 204 && code != 304) {
            head.append("Content-Length: ").append(text.length).append("\r\n");
        }
        status = code;
        endedNanos = System.nanoTime();
        out.write(head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
        if (code != 204 && code != 304) {
            out.write(text);
        }
        out.flush();
    }

    /** Writes bytes as they are; a code above 0 says which status they carry. */
    void raw(int code, String bytes) throws IOException {
        status = code;
        if (code > 0) {
            endedNanos = System.nanoTime();
        }
        out.write(bytes.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    /** Says nothing more until the other side goes away. */
    void silence() throws IOException {
        while (in.read() >= 0) {
            // What comes is not answered.
        }
        close();
    }

    void reset() throws IOException {
        endedNanos = System.nanoTime();
        socket.setSoLinger(true, 0);
        socket.close();
    }

    void close() throws IOException {
        endedNanos = System.nanoTime();
        socket.close();
    }
}
