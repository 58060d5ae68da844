// A table's profile and role, on a token service of the test's own.
package io.narthex.flink.signer.amp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableCredentialsTest {
    private static final String URL =
            "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write";

    @TempDir Path folder;

    private static Map<String, String> sign(Map<String, String> options) throws Exception {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        InstantiationUtil.clone(new AmazonManagedPrometheusSignerFactory().create(URL, options))
                .addSignatureHeaders(headers, new byte[] {1});
        return headers;
    }

    @Test
    void a_role_is_assumed_with_the_keys_of_the_profile() throws Exception {
        Path file = Files.writeString(folder.resolve("credentials"),
                "[fleet]\naws_access_key_id = AKIDFLEET\naws_secret_access_key = not-a-real-secret\n");
        try (TokenService tokens = new TokenService()) {
            Map<String, String> properties = Map.of(
                    "aws.sharedCredentialsFile", file.toString(),
                    "aws.configFile", folder.resolve("none").toString(),
                    "aws.accessKeyId", "AKIDENVIRONMENT",
                    "aws.secretAccessKey", "not-a-real-secret",
                    "aws.endpointUrlSts", tokens.url());
            properties.forEach(System::setProperty);
            try {
                String profile = sign(Map.of("aws.profile", "fleet")).get("Authorization");
                assertTrue(profile.contains("Credential=AKIDFLEET/"), profile);

                Map<String, String> headers = sign(Map.of(
                        "aws.profile", "fleet",
                        "aws.role-arn", "arn:aws:iam::123456789012:role/writer",
                        "aws.external-id", "seven"));
                assertTrue(headers.get("Authorization").contains("Credential=AKIDTEMPORARY/"), headers.toString());
                assertEquals("temporary-token", headers.get("X-Amz-Security-Token"));
                assertTrue(tokens.lastRequest.contains("ExternalId=seven"), tokens.lastRequest);
                assertTrue(tokens.lastRequest.contains("RoleSessionName=narthex"), tokens.lastRequest);
            } finally {
                properties.keySet().forEach(System::clearProperty);
            }
        }
    }

    private static String mistake(String option, String value) {
        return assertThrows(IllegalArgumentException.class, () -> sign(Map.of(option, value))).getMessage();
    }

    @Test
    void an_external_id_without_a_role_and_a_role_by_its_name_are_mistakes() {
        String alone = mistake("aws.external-id", "seven");
        assertTrue(alone.startsWith("aws.external-id: ") && alone.contains("aws.role-arn"), alone);
        String name = mistake("aws.role-arn", "writer");
        assertTrue(name.startsWith("aws.role-arn: \"writer\"") && name.contains(":role/name"), name);
    }
}
