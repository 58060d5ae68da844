// Signs requests for Amazon Managed Service for Prometheus: SigV4, service aps.
package io.narthex.flink.signer.amp;

import io.narthex.flink.PrometheusRequestSigner;
import java.net.URI;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.util.function.SerializableSupplier;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.SdkHttpMethod;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.http.auth.aws.signer.AwsV4HttpSigner;

/**
 * Signs each attempt anew: method, path, query string, body, and all headers but those that proxies change.
 *
 * <p>Credentials are looked up on the task manager at the first request, and are renewed by their provider. The
 * signature holds for five minutes around the machine's clock, so the clock must be right.
 */
public final class AmazonManagedPrometheusWriteRequestSigner implements PrometheusRequestSigner {
    private static final long serialVersionUID = 1L;

    private static final String SERVICE = "aps";
    /** What signing sets; older ones, of an attempt before, are removed first. */
    private static final List<String> OWN_HEADERS =
            List.of("Authorization", "X-Amz-Date", "X-Amz-Content-Sha256", "X-Amz-Security-Token");
    /** Sent unsigned, because a proxy may change or drop them on the way; the host is taken from the URL. */
    private static final Set<String> UNSIGNED_HEADERS = Set.of(
            "baggage", "connection", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization", "te",
            "traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id");

    private final URI url;
    private final String region;
    private final SerializableSupplier<AwsCredentialsProvider> credentials;
    private final Clock clock;
    private transient AwsCredentialsProvider provider;

    /**
     * Takes credentials from the default chain of the AWS SDK, on the task manager.
     *
     * @param remoteWriteUrl where requests go
     * @param awsRegion the workspace's region, such as {@code eu-west-1}
     * @throws IllegalArgumentException with all mistakes
     */
    public AmazonManagedPrometheusWriteRequestSigner(String remoteWriteUrl, String awsRegion) {
        this(remoteWriteUrl, awsRegion, () -> DefaultCredentialsProvider.builder().build());
    }

    /**
     * Takes credentials from a provider of its own.
     *
     * @param remoteWriteUrl where requests go
     * @param awsRegion the workspace's region, such as {@code eu-west-1}
     * @param credentials makes the provider; it travels with the job and is asked once, on the task manager
     * @throws IllegalArgumentException with all mistakes
     */
    public AmazonManagedPrometheusWriteRequestSigner(
            String remoteWriteUrl, String awsRegion, SerializableSupplier<AwsCredentialsProvider> credentials) {
        this(remoteWriteUrl, awsRegion, credentials, Clock.systemUTC());
    }

    AmazonManagedPrometheusWriteRequestSigner(
            String remoteWriteUrl,
            String awsRegion,
            SerializableSupplier<AwsCredentialsProvider> credentials,
            Clock clock) {
        Workspace workspace = Workspace.of(remoteWriteUrl, awsRegion);
        this.url = workspace.url();
        this.region = workspace.region();
        this.credentials = Objects.requireNonNull(credentials, "the supplier of credentials is null");
        this.clock = clock;
    }

    @Override
    public void addSignatureHeaders(Map<String, String> requestHeaders, byte[] requestBody) {
        requestHeaders.keySet().removeIf(name -> OWN_HEADERS.stream().anyMatch(name::equalsIgnoreCase));
        Map<String, List<String>> signed = sign(requestHeaders, requestBody).headers();
        Map<String, List<String>> withoutCase = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        withoutCase.putAll(signed);
        for (String name : OWN_HEADERS) {
            List<String> values = withoutCase.get(name);
            if (values != null) {
                requestHeaders.put(name, values.get(0));
            }
        }
    }

    private SdkHttpRequest sign(Map<String, String> headers, byte[] body) {
        SdkHttpRequest.Builder request = SdkHttpRequest.builder().method(SdkHttpMethod.POST).uri(url);
        headers.forEach((name, value) -> {
            // A value beyond ASCII has no one form to be signed in.
            boolean isText = value.chars().allMatch(c -> c < 0x80);
            if (isText && !UNSIGNED_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
                request.putHeader(name, value);
            }
        });
        return AwsV4HttpSigner.create()
                .sign(signing -> signing
                        .identity(credentials())
                        .request(request.build())
                        .payload(ContentStreamProvider.fromByteArrayUnsafe(body))
                        .putProperty(AwsV4HttpSigner.SERVICE_SIGNING_NAME, SERVICE)
                        .putProperty(AwsV4HttpSigner.REGION_NAME, region)
                        .putProperty(AwsV4HttpSigner.SIGNING_CLOCK, clock))
                .request();
    }

    private synchronized AwsCredentials credentials() {
        try {
            if (provider == null) {
                provider = Objects.requireNonNull(credentials.get(), "the supplier of credentials gave null");
            }
            return provider.resolveCredentials();
        } catch (SdkException e) {
            throw new IllegalStateException("no AWS credentials on this task manager: " + e.getMessage()
                    + "; attach a role to its machine or pod, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", e);
        }
    }

    /** Where it signs for. */
    @Override
    public String toString() {
        return "signer for " + url.getHost() + " in " + region;
    }
}
