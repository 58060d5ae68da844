// Signatures equal botocore's, byte for byte: the file that the Rust signer is held to as well.
package io.narthex.flink.signer.amp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;

class OracleTest {
    private static final Set<String> SIGNED =
            Set.of("authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token");

    private static JsonNode golden() throws Exception {
        try (InputStream file = OracleTest.class.getResourceAsStream("/sigv4_cases.json")) {
            return JsonNode.parser().parse(file);
        }
    }

    private static String text(JsonNode node, String member) {
        JsonNode value = node.asObject().get(member);
        return value.isNull() ? null : value.asString();
    }

    /** Those that can come up here: POST, service aps, each header once, a path that is sent as it is written. */
    private static boolean isOurs(JsonNode test) {
        boolean isPlain = text(test, "method").equals("POST") && text(test, "service").equals("aps");
        return isPlain && !text(test, "name").equals("header twice");
    }

    @Test
    void most_of_the_file_is_used() throws Exception {
        long ours = golden().asObject().get("cases").asArray().stream().filter(OracleTest::isOurs).count();
        assertTrue(ours >= 36, ours + " cases");
    }

    @TestFactory
    Stream<DynamicTest> signatures_equal_those_of_botocore() throws Exception {
        JsonNode golden = golden();
        return golden.asObject().get("cases").asArray().stream()
                .filter(OracleTest::isOurs)
                .map(test -> DynamicTest.dynamicTest(text(test, "name"), () -> check(golden, test)));
    }

    private static void check(JsonNode golden, JsonNode test) {
        Map<String, String> expected = new TreeMap<>();
        test.asObject().get("signed").asObject().forEach((name, value) -> expected.put(name, value.asString()));

        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (JsonNode header : test.asObject().get("headers").asArray()) {
            headers.put(header.asArray().get(0).asString(), header.asArray().get(1).asString());
        }
        signer(golden, test).addSignatureHeaders(headers, body(test.asObject().get("body")));

        Map<String, String> signed = new TreeMap<>();
        headers.forEach((name, value) -> {
            if (SIGNED.contains(name.toLowerCase())) {
                signed.put(name.toLowerCase(), value);
            }
        });
        assertEquals(expected, signed);
    }

    private static AmazonManagedPrometheusWriteRequestSigner signer(JsonNode golden, JsonNode test) {
        String key = text(golden, "access_key_id");
        String secret = text(golden, "secret_access_key");
        String token = text(test, "session_token");
        AwsCredentials credentials = token == null
                ? AwsBasicCredentials.create(key, secret)
                : AwsSessionCredentials.create(key, secret, token);
        Instant now = Instant.ofEpochMilli(Long.parseLong(test.asObject().get("now_ms").asNumber()));
        // As it is sent: the URL as configured is the HTTP client's to bring into this form.
        return new AmazonManagedPrometheusWriteRequestSigner(
                text(test, "wire_url"),
                text(test, "region"),
                () -> StaticCredentialsProvider.create(credentials),
                Clock.fixed(now, ZoneOffset.UTC));
    }

    private static byte[] body(JsonNode body) {
        String hex = text(body, "hex").repeat(Integer.parseInt(body.asObject().get("times").asNumber()));
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }
        return bytes;
    }
}
