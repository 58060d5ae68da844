// An AWS token service inside the test's JVM: gives out the same temporary keys always.
package io.narthex.flink.signer.amp;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** Its keys: {@code AKIDTEMPORARY}, with the token {@code temporary-token}. */
final class TokenService implements AutoCloseable {
    private final HttpServer server;
    volatile String lastRequest;

    TokenService() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        lastRequest = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String action = lastRequest.replaceAll(".*Action=(\\w+).*", "$1");
        byte[] answer = ("<" + action + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                + "<" + action + "Result><Credentials><AccessKeyId>AKIDTEMPORARY</AccessKeyId>"
                + "<SecretAccessKey>not-a-real-secret</SecretAccessKey><SessionToken>temporary-token</SessionToken>"
                + "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
                + "</" + action + "Result></" + action + "Response>").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, answer.length);
        exchange.getResponseBody().write(answer);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
