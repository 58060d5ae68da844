// Finds the request signer that a table asks for.
package io.narthex.flink.table;

import io.narthex.flink.PrometheusRequestSigner;
import io.narthex.flink.internal.Nearest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Looks among the factories on the class path. */
final class SignerDiscovery {
    private static final String OPTION = PrometheusConnectorOptions.REQUEST_SIGNER.key();
    private static final String AMP = "amazon-managed-prometheus";
    private static final String AMP_MODULE = "narthex-flink-signer-amp";

    private final Map<String, PrometheusRequestSignerFactory> factories = new TreeMap<>();

    SignerDiscovery(ClassLoader classLoader, Mistakes mistakes) {
        try {
            ServiceLoader.load(PrometheusRequestSignerFactory.class, classLoader)
                    .forEach(factory -> factories.put(factory.identifier(), factory));
        } catch (ServiceConfigurationError error) {
            mistakes.add(OPTION, "a jar on the class path brings a signer that cannot be loaded: "
                    + error.getMessage() + "; its version must be that of narthex-flink");
        }
    }

    /** Keys of options that some signer takes. */
    Set<String> knownOptions() {
        return factories.values().stream().flatMap(factory -> factory.options().stream()).collect(Collectors.toSet());
    }

    /** The signer; null when the table asks for none, or for one that cannot be made. */
    PrometheusRequestSigner signer(Map<String, String> options, Mistakes mistakes) {
        String asked = options.get(OPTION);
        if (asked == null) {
            String unused = options.keySet().stream()
                    .filter(key -> isOfSigner(key))
                    .sorted()
                    .collect(Collectors.joining(", "));
            if (!unused.isEmpty()) {
                mistakes.add(unused, "has no use without '" + OPTION + "' = '" + AMP + "'; add that, or remove this");
            }
            return null;
        }
        PrometheusRequestSignerFactory factory = factories.get(asked);
        if (factory == null) {
            mistakes.add(OPTION, unknown(asked));
            return null;
        }
        return make(factory, options, mistakes);
    }

    private boolean isOfSigner(String key) {
        return key.startsWith(PrometheusConnectorOptions.AWS_PREFIX) || knownOptions().contains(key);
    }

    private String unknown(String asked) {
        if (asked.equals(AMP)) {
            return "\"" + AMP + "\" is in the module " + AMP_MODULE + ", which is not on the class path; put its jar "
                    + "whose name ends in -sql.jar into Flink's lib/ beside this one, in the same version";
        }
        if (factories.isEmpty()) {
            return "there is no signer \"" + asked + "\", and none on the class path; known is \"" + AMP
                    + "\", from the module " + AMP_MODULE;
        }
        return "there is no signer \"" + asked + "\"; the nearest is \"" + Nearest.of(asked, factories.keySet())
                + "\", on the class path are " + factories.keySet();
    }

    private PrometheusRequestSigner make(
            PrometheusRequestSignerFactory factory, Map<String, String> options, Mistakes mistakes) {
        Map<String, String> own = new LinkedHashMap<>();
        options.forEach((key, value) -> {
            if (factory.options().contains(key)) {
                own.put(key, value);
            } else if (isOfSigner(key)) {
                mistakes.add(key, "the signer \"" + factory.identifier() + "\" has no such option; the nearest is "
                        + Nearest.of(key, factory.options()));
            }
        });
        try {
            return factory.create(options.get(PrometheusConnectorOptions.ENDPOINT_URL.key()), own);
        } catch (IllegalArgumentException e) {
            String.valueOf(e.getMessage()).lines().map(String::strip).forEach(line -> mistakes.add(OPTION, line));
            return null;
        }
    }
}
