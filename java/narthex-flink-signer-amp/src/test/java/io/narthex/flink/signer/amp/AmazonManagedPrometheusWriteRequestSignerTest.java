// The signer by itself: how it travels, when it looks for credentials, what it refuses.
package io.narthex.flink.signer.amp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.narthex.flink.PrometheusRequestSigner;
import io.narthex.flink.table.PrometheusRequestSignerFactory;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;

class AmazonManagedPrometheusWriteRequestSignerTest {
    private static final String URL =
            "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write";
    private static final AtomicInteger MADE = new AtomicInteger();

    private static AmazonManagedPrometheusWriteRequestSigner signer(String url) {
        return new AmazonManagedPrometheusWriteRequestSigner(url, "eu-west-1", () -> {
            MADE.incrementAndGet();
            return StaticCredentialsProvider.create(AwsBasicCredentials.create("AKID", "not-a-real-secret"));
        });
    }

    private static Map<String, String> sign(PrometheusRequestSigner signer) {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.put("user-agent", "Flink-Prometheus");
        headers.put("x-note", "caf\u00e9");
        signer.addSignatureHeaders(headers, new byte[] {1});
        return headers;
    }

    private static String mistakes(String url, String region) {
        return assertThrows(
                IllegalArgumentException.class, () -> new AmazonManagedPrometheusWriteRequestSigner(url, region)).getMessage();
    }

    @Test
    void credentials_are_made_once_after_the_journey_at_the_first_request() throws Exception {
        MADE.set(0);
        AmazonManagedPrometheusWriteRequestSigner travelled = InstantiationUtil.clone(signer(URL));
        assertEquals(0, MADE.get());
        sign(travelled);
        Map<String, String> headers = sign(travelled);
        assertEquals(1, MADE.get());
        assertTrue(headers.get("Authorization").contains("/eu-west-1/aps/aws4_request"), headers.toString());
        assertFalse(headers.get("Authorization").contains("x-note"), "what is not ASCII is sent unsigned");
        assertEquals("Flink-Prometheus", headers.get("User-Agent"));
    }

    @Test
    void with_the_default_chain_it_travels_too() throws Exception {
        AmazonManagedPrometheusWriteRequestSigner signer =
                InstantiationUtil.clone(new AmazonManagedPrometheusWriteRequestSigner(URL, "eu-west-1"));
        System.setProperty("aws.accessKeyId", "AKIDCHAIN");
        System.setProperty("aws.secretAccessKey", "not-a-real-secret");
        try {
            assertTrue(sign(signer).get("authorization").contains("Credential=AKIDCHAIN/"));
        } finally {
            System.clearProperty("aws.accessKeyId");
            System.clearProperty("aws.secretAccessKey");
        }
    }

    @Test
    void another_query_is_another_signature() {
        String[] signatures = new String[2];
        for (int i = 0; i < 2; i++) {
            String header = sign(signer(URL + "?tenant=" + i)).get("Authorization");
            signatures[i] = header.substring(header.indexOf("Signature="));
        }
        assertNotEquals(signatures[0], signatures[1]);
    }

    @Test
    void missing_credentials_say_what_to_do() {
        PrometheusRequestSigner signer = new AmazonManagedPrometheusWriteRequestSigner(URL, "eu-west-1", () -> () -> {
            throw SdkClientException.create("nothing found");
        });
        String story = assertThrows(IllegalStateException.class, () -> sign(signer)).getMessage();
        assertTrue(story.contains("nothing found") && story.contains("attach a role"), story);
    }

    @Test
    void mistakes_come_together_and_name_the_option() {
        String both = mistakes("ftp://user:secret@host/write", "Frankfurt");
        assertTrue(both.contains("metric.endpoint-url: ") && both.contains("aws.region: \"Frankfurt\""), both);
        assertFalse(both.contains("secret"), both);
        assertTrue(mistakes("http://bad host/secret", "eu-west-1").startsWith("metric.endpoint-url: "));
        assertTrue(mistakes(null, "eu-west-1").startsWith("metric.endpoint-url: "));
        assertTrue(mistakes("https://receiver.example.com/write", null).startsWith("aws.region: "));
        assertTrue(mistakes("https://receiver.example.com/a/%2E%2e/write", "eu-west-1").contains(".."));
    }

    @Test
    void a_table_finds_it_by_its_name_and_takes_the_region_of_the_url() {
        PrometheusRequestSignerFactory factory = null;
        for (PrometheusRequestSignerFactory found : ServiceLoader.load(PrometheusRequestSignerFactory.class)) {
            factory = found.identifier().equals("amazon-managed-prometheus") ? found : factory;
        }
        assertEquals("signer for aps-workspaces.eu-west-1.amazonaws.com in eu-west-1",
                factory.create(URL, Map.of()).toString());
        assertEquals("signer for aps-workspaces.eu-west-1.amazonaws.com in us-east-1",
                factory.create(URL, Map.of("aws.region", "us-east-1")).toString());
        String vpc = URL.replace("//aps-", "//vpce-1.aps-").replace("amazonaws", "vpce.amazonaws");
        assertTrue(factory.create(vpc, Map.of()).toString().endsWith(" in eu-west-1"));
    }
}
