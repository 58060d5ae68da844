// What went over the wire in one short line, as in docs/fault-matrix.md.
package io.narthex.flink;

import java.util.ArrayList;
import java.util.List;

final class FaultNotation {
    private FaultNotation() {}

    /**
     * {@code 204}, {@code 503@2} for a second retry, {@code -} without an answer; {@code 204x3} for three first
     * attempts in a row, {@code 503@0..4} for an attempt and its four retries.
     */
    static String of(List<FaultExchange> exchanges) {
        List<String> words = new ArrayList<>();
        int at = 0;
        while (at < exchanges.size()) {
            int status = exchanges.get(at).status();
            int attempt = exchanges.get(at).attempt();
            int firsts = run(exchanges, at, status, 0, 0);
            int tries = status / 100 == 2 ? 1 : run(exchanges, at, status, attempt, 1);
            String name = status == 0 ? "-" : Integer.toString(status);
            if (firsts > 1 && tries <= 1) {
                words.add(name + "x" + firsts);
                at += firsts;
            } else if (tries <= 1) {
                words.add(attempt == 0 ? name : name + "@" + attempt);
                at++;
            } else {
                words.add(name + "@" + attempt + ".." + (attempt + tries - 1));
                at += tries;
            }
        }
        return words.isEmpty() ? "none" : String.join(" ", words);
    }

    /** How many from here have this status and attempts that go up by this much. */
    private static int run(List<FaultExchange> exchanges, int from, int status, int attempt, int step) {
        int length = 0;
        while (from + length < exchanges.size()
                && exchanges.get(from + length).status() == status
                && exchanges.get(from + length).attempt() == attempt + length * step) {
            length++;
        }
        return length;
    }

    /** A trailing … in what is expected stands for any others. */
    static boolean matches(String expected, String seen) {
        return expected.endsWith("…")
                ? seen.startsWith(expected.substring(0, expected.length() - 1).trim())
                : seen.equals(expected);
    }
}
