// Reads lists of columns.
package io.narthex.flink.table;

import java.util.ArrayList;
import java.util.List;

/** {@code a;b}, Flink's own form, and {@code [a,b]}, which users of the unreleased Apache table connector type. */
final class ColumnNames {
    private ColumnNames() {}

    /** The names, in their order; none for an empty text or {@code []}. */
    static List<String> parse(String text) {
        String list = text.trim();
        boolean isBracketed = list.startsWith("[") && list.endsWith("]");
        if (isBracketed) {
            list = list.substring(1, list.length() - 1);
        }
        List<String> names = new ArrayList<>();
        for (String name : list.split(isBracketed ? "[,;]" : ";")) {
            String bare = unquoted(name.trim());
            if (!bare.isEmpty()) {
                names.add(bare);
            }
        }
        return names;
    }

    /** Without quotation marks around it. */
    private static String unquoted(String name) {
        for (String mark : List.of("'", "\"", "`")) {
            if (name.length() > 1 && name.startsWith(mark) && name.endsWith(mark)) {
                return name.substring(1, name.length() - 1);
            }
        }
        return name;
    }
}
