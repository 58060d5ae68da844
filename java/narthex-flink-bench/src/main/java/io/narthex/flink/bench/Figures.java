// What the rounds found, by shape.
package io.narthex.flink.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;

final class Figures {
    private final Map<Shape, List<Double>> cpuMicros = new HashMap<>();

    /** CPU time a sample that a round found. */
    void add(Shape shape, double micros) {
        cpuMicros.computeIfAbsent(shape, unused -> new ArrayList<>()).add(micros);
    }

    /** By round: CPU time a sample. */
    double[] of(Shape shape) {
        return cpuMicros.get(shape).stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** By round: CPU time a sample above the discarding sink's in the same round. */
    double[] above(Shape shape) {
        return each(of(shape), of(shape.discarding()), (with, without) -> with - without);
    }

    /** By round: the quotient. */
    static double[] ratio(double[] of, double[] to) {
        return each(of, to, (a, b) -> a / b);
    }

    /** By round: the multiple. */
    static double[] times(double[] values, double factor) {
        return Arrays.stream(values).map(value -> value * factor).toArray();
    }

    private static double[] each(double[] a, double[] b, DoubleBinaryOperator make) {
        return IntStream.range(0, Math.min(a.length, b.length))
                .mapToDouble(i -> make.applyAsDouble(a[i], b[i]))
                .toArray();
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** The median, and the least and the greatest in brackets. */
    static String shown(double[] values, int digits) {
        String format = "%." + digits + "f";
        return String.format(Locale.ROOT, format + " (" + format + " to " + format + ")", median(values),
                Arrays.stream(values).min().orElse(Double.NaN), Arrays.stream(values).max().orElse(Double.NaN));
    }
}
