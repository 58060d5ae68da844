// Where requests go, and the region that they are signed for.
package io.narthex.flink.signer.amp;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Both checked; all mistakes come in one exception, each on a line that begins with the option's key. */
final class Workspace {
    static final String URL_OPTION = "metric.endpoint-url";
    static final String REGION_OPTION = "aws.region";

    /** A workspace's host, also behind a VPC endpoint: the region follows the service's name. */
    private static final Pattern HOST = Pattern.compile("(?:[^.]+\\.)?aps-workspaces(?:-fips)?\\.([a-z0-9-]+)\\."
            + "(?:vpce\\.)?(?:amazonaws\\.com(?:\\.cn)?|api\\.aws|api\\.amazonwebservices\\.com\\.cn)");
    private static final Pattern REGION = Pattern.compile("[a-z0-9-]+");

    private final URI url;
    private final String region;

    private Workspace(URI url, String region) {
        this.url = url;
        this.region = region;
    }

    /** Without a region (null), the one that the URL names. */
    static Workspace of(String url, String region) {
        List<String> mistakes = new ArrayList<>();
        URI parsed = parse(url, mistakes);
        String used = region == null && parsed != null ? regionOf(parsed) : region;
        if (used == null && parsed != null) {
            mistakes.add(REGION_OPTION + ": the URL names no region; give the workspace's, such as eu-west-1");
        } else if (used != null && !REGION.matcher(used).matches()) {
            mistakes.add(REGION_OPTION + ": \"" + used + "\" is no region; give the workspace's, such as eu-west-1");
        }
        if (!mistakes.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", mistakes));
        }
        return new Workspace(parsed, used);
    }

    private static URI parse(String url, List<String> mistakes) {
        try {
            // As it is sent: what is not ASCII is encoded, user info is no part of it.
            URI given = new URI(new URI(String.valueOf(url)).toASCIIString());
            boolean isWeb = "http".equalsIgnoreCase(given.getScheme()) || "https".equalsIgnoreCase(given.getScheme());
            if (!isWeb || given.getHost() == null) {
                mistakes.add(URL_OPTION + ": it must be an absolute http or https URL");
                return null;
            }
            if (Arrays.stream(given.getRawPath().split("/")).anyMatch(Workspace::isDots)) {
                mistakes.add(URL_OPTION + ": a path with . or .. is sent otherwise than signed; write it without");
                return null;
            }
            return given;
        } catch (URISyntaxException e) {
            // Without the URL itself: a password may stand in it.
            mistakes.add(URL_OPTION + ": it is no URL: " + e.getReason());
            return null;
        }
    }

    private static boolean isDots(String segment) {
        String plain = segment.replaceAll("(?i)%2e", ".");
        return plain.equals(".") || plain.equals("..");
    }

    private static String regionOf(URI url) {
        Matcher host = HOST.matcher(url.getHost().toLowerCase(Locale.ROOT));
        return host.matches() ? host.group(1) : null;
    }

    URI url() {
        return url;
    }

    String region() {
        return region;
    }
}
