// Makes the signer for a table with 'metric.request-signer' = 'amazon-managed-prometheus'.
package io.narthex.flink.signer.amp;

import io.narthex.flink.PrometheusRequestSigner;
import io.narthex.flink.table.PrometheusRequestSignerFactory;
import java.util.Map;
import java.util.Set;

/** Without {@code aws.region}, it is the one that the workspace's URL names. */
public final class AmazonManagedPrometheusSignerFactory implements PrometheusRequestSignerFactory {
    @Override
    public String identifier() {
        return "amazon-managed-prometheus";
    }

    @Override
    public Set<String> options() {
        return Set.of(
                Workspace.REGION_OPTION,
                TableCredentials.PROFILE_OPTION,
                TableCredentials.ROLE_OPTION,
                TableCredentials.EXTERNAL_ID_OPTION);
    }

    @Override
    public PrometheusRequestSigner create(String endpointUrl, Map<String, String> options) {
        String region = Workspace.of(endpointUrl, options.get(Workspace.REGION_OPTION)).region();
        return new AmazonManagedPrometheusWriteRequestSigner(
                endpointUrl, region, new TableCredentials(region, options));
    }
}
