// Which names labels and metrics may have.
package io.narthex.flink.table;

import java.util.regex.Pattern;

/** The rules of {@code sink.name-validation}: {@code legacy} (Remote-Write 1.0) and {@code utf8} (Prometheus 3). */
final class LabelNames {
    private static final Pattern LABEL = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_]*");
    private static final Pattern METRIC = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
    private static final String ALLOWED_IN_UTF8 = ", or set 'sink.name-validation' = 'utf8' where the receiver is a "
            + "Prometheus 3";

    private final boolean isUtf8;

    LabelNames(String nameValidation) {
        isUtf8 = "utf8".equals(nameValidation == null ? null : nameValidation.trim());
    }

    /** What is wrong with a column's name as the name of a label; null when nothing is. */
    String problemWithLabel(String column) {
        if (column.startsWith("__")) {
            return "the column \"" + column + "\" cannot be a label: names that begin with __ belong to Prometheus; "
                    + "rename the column" + (column.equals("__name__") ? ", or name it by metric.name" : "");
        }
        if (isUtf8 || LABEL.matcher(column).matches()) {
            return null;
        }
        return "the column \"" + column + "\" cannot be a label: a label's name has letters, digits and _ only, and no "
                + "digit first; rename it, for example to \"" + goodName(column) + "\"" + ALLOWED_IN_UTF8;
    }

    /** What is wrong with a metric's name; null when nothing is. */
    String problemWithMetric(String name) {
        if (name.isBlank()) {
            return "is empty";
        }
        if (isUtf8 || METRIC.matcher(name).matches()) {
            return null;
        }
        return "\"" + name + "\" is no name of a metric: it has letters, digits, _ and : only, and no digit first; write "
                + "for example \"" + goodName(name) + "\"" + ALLOWED_IN_UTF8;
    }

    private static String goodName(String name) {
        String good = name.replaceAll("[^a-zA-Z0-9_]", "_");
        return good.isEmpty() || Character.isDigit(good.charAt(0)) ? "_" + good : good;
    }
}
