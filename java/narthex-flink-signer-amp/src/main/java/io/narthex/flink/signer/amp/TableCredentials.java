// Credentials as a table names them: a profile, a role, or the default chain.
package io.narthex.flink.signer.amp;

import java.util.Map;
import java.util.regex.Pattern;
import org.apache.flink.util.function.SerializableSupplier;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.auth.StsAssumeRoleCredentialsProvider;

/** Holds names, no secrets; the provider is made on the task manager. */
final class TableCredentials implements SerializableSupplier<AwsCredentialsProvider> {
    static final String PROFILE_OPTION = "aws.profile";
    static final String ROLE_OPTION = "aws.role-arn";
    static final String EXTERNAL_ID_OPTION = "aws.external-id";

    private static final long serialVersionUID = 1L;
    private static final Pattern ROLE = Pattern.compile("arn:aws[a-z-]*:iam::[0-9]{12}:role/.+");
    private static final String SESSION_NAME = "narthex";

    private final String region;
    private final String profile;
    private final String role;
    private final String externalId;

    TableCredentials(String region, Map<String, String> options) {
        this.region = region;
        this.profile = options.get(PROFILE_OPTION);
        this.role = options.get(ROLE_OPTION);
        this.externalId = options.get(EXTERNAL_ID_OPTION);
        if (externalId != null && role == null) {
            throw new IllegalArgumentException(
                    EXTERNAL_ID_OPTION + ": it has no use without '" + ROLE_OPTION + "'; add that, or remove this");
        }
        if (role != null && !ROLE.matcher(role).matches()) {
            throw new IllegalArgumentException(ROLE_OPTION + ": \"" + role + "\" is not the ARN of a role; write it as "
                    + "arn:aws:iam::123456789012:role/name");
        }
    }

    @Override
    public AwsCredentialsProvider get() {
        // With a profile, nothing else counts: keys in the environment would hide it.
        AwsCredentialsProvider own = profile == null
                ? DefaultCredentialsProvider.builder().build()
                : ProfileCredentialsProvider.create(profile);
        if (role == null) {
            return own;
        }
        StsClient tokens = StsClient.builder().region(Region.of(region)).credentialsProvider(own).build();
        return StsAssumeRoleCredentialsProvider.builder()
                .stsClient(tokens)
                .refreshRequest(request -> request.roleArn(role).roleSessionName(SESSION_NAME).externalId(externalId))
                .build();
    }
}
