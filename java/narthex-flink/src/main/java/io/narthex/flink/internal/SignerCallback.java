// Lets a user's signer sign what the native library sends.
package io.narthex.flink.internal;

import io.narthex.flink.PrometheusRequestSigner;
import io.narthex.flink.PrometheusSinkException;
import java.util.Map;
import java.util.TreeMap;

/** Calls the signer with the user's class loader as the thread's. */
final class SignerCallback implements NativeCallback {
    private final PrometheusRequestSigner signer;
    private final ClassLoader userClassLoader;

    SignerCallback(PrometheusRequestSigner signer, ClassLoader userClassLoader) {
        this.signer = signer;
        this.userClassLoader = userClassLoader;
    }

    @Override
    public String[] sign(String[] headers, byte[] body) {
        // Names of headers have no case: a signer may ask for Host or host.
        Map<String, String> map = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (int i = 0; i + 1 < headers.length; i += 2) {
            map.merge(headers[i], headers[i + 1], (first, second) -> first + ", " + second);
        }
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(userClassLoader);
        try {
            signer.addSignatureHeaders(map, body);
        } finally {
            thread.setContextClassLoader(before);
        }
        return flat(map);
    }

    private String[] flat(Map<String, String> map) {
        String[] headers = new String[2 * map.size()];
        int at = 0;
        for (Map.Entry<String, String> header : map.entrySet()) {
            if (header.getValue() == null) {
                throw new PrometheusSinkException(
                        signer.getClass().getName() + " gave the header \"" + header.getKey() + "\" no value (null)");
            }
            headers[at++] = header.getKey();
            headers[at++] = header.getValue();
        }
        return headers;
    }
}
