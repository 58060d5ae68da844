// Collects what is wrong with a table's definition.
package io.narthex.flink.table;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.api.ValidationException;

/** Everything wrong, to be told in one message. Values of options that may be secret are never in it. */
final class Mistakes {
    private final List<String> lines = new ArrayList<>();

    /** Notes what is wrong with an option, and what to do. */
    void add(String option, String problem) {
        lines.add(option + ": " + problem);
    }

    /** Notes lines that name their options themselves. */
    void addAll(List<String> optionsAndProblems) {
        lines.addAll(optionsAndProblems);
    }

    boolean isEmpty() {
        return lines.isEmpty();
    }

    ValidationException asException(String table) {
        return new ValidationException("cannot write to table " + table + ", connector prometheus: " + lines.size()
                + (lines.size() == 1 ? " mistake" : " mistakes") + " in its definition\n  "
                + String.join("\n  ", lines));
    }
}
