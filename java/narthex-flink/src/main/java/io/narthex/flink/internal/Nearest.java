// The name that somebody may have meant.
package io.narthex.flink.internal;

import java.util.Collection;
import java.util.Locale;

/** Finds the known name with the fewest edits from an unknown one. */
public final class Nearest {
    private Nearest() {}

    /** The nearest name, upper and lower case being near; the first of equals. Null where there are no names. */
    public static String of(String unknown, Collection<String> known) {
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (String candidate : known) {
            // Twice, so that a difference in case alone is still a difference.
            int distance = 2 * distance(lower(unknown), lower(candidate)) + (unknown.equals(candidate) ? 0 : 1);
            if (distance < least) {
                least = distance;
                nearest = candidate;
            }
        }
        return nearest;
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    /** Edits from one text to the other: a letter more, a letter less, another letter. */
    private static int distance(String from, String to) {
        int[] row = new int[to.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int change = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[to.length()];
    }
}
