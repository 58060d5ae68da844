// All cases in turn, round by round, and the tables of docs/benchmarks.md.
package io.narthex.flink.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Arguments: the program {@code bench-sink}, the line of Flink, rounds, a scale (1: the full run), then sides. */
public final class Bench {
    private static final Map<String, String> NAMES = Map.of(
            Sides.NARTHEX, "narthex's serializer",
            Sides.KRYO, "the same records by Kryo",
            Sides.APACHE, "the Apache connector's records and key");

    private final CaseProcess process;
    private final String line;
    private final int rounds;
    private final Load load;
    private final Set<String> sides;
    private final Figures figures = new Figures();

    private Bench(String[] args) {
        process = new CaseProcess(args[0]);
        line = args[1];
        rounds = Integer.parseInt(args[2]);
        load = new Load(Double.parseDouble(args[3]));
        sides = new LinkedHashSet<>(List.of(args).subList(4, args.length));
    }

    public static void main(String[] args) throws Exception {
        new Bench(args).run();
    }

    private void run() throws IOException, InterruptedException {
        List<Shape> sinks = new ArrayList<>();
        List<Shape> exchanges = new ArrayList<>();
        for (String side : sides) {
            if (!side.equals(Sides.KRYO)) {
                sinks(side).forEach(sinks::add);
            }
            for (int samples : new int[] {1, 10}) {
                exchanges.add(new Shape(side, Shape.Way.KEYED, 2, samples, 10_000, 0));
            }
        }
        Set<Shape> all = new LinkedHashSet<>();
        for (List<Shape> shapes : List.of(sinks, exchanges)) {
            for (Shape shape : shapes) {
                all.add(shape.discarding());
                all.add(shape);
            }
        }
        measure(new ArrayList<>(all));
        printSinks();
        printExchanges();
    }

    /** From the most costly to the least. */
    private static List<Shape> sinks(String side) {
        List<Shape> shapes = new ArrayList<>();
        shapes.add(sink(side, 1, 10_000, 500));
        shapes.add(sink(side, 1, 10_000, 2000));
        shapes.add(sink(side, 1, 1000, 500));
        shapes.add(sink(side, 10, 10_000, 500));
        shapes.add(sink(side, 100, 10_000, 500));
        return shapes;
    }

    private static Shape sink(String side, int samplesPerRecord, int series, int batch) {
        return new Shape(side, Shape.Way.SINK, 1, samplesPerRecord, series, batch);
    }

    private void measure(List<Shape> shapes) throws IOException, InterruptedException {
        for (int round = 0; round < rounds; round++) {
            // Where a round begins changes, so that a drift of the machine hits all cases alike.
            Collections.rotate(shapes, round == 0 ? 0 : shapes.size() / rounds);
            for (Shape shape : shapes) {
                double[] found = process.run(shape, load.warmUp(shape), load.measured(shape));
                figures.add(shape, found[0]);
                System.err.printf(Locale.ROOT, "%s, round %d: %s: %.3f µs CPU a sample (%.3f %.3f %.3f %.3f), %.0f samples/s; load %s%n",
                        line, round + 1, shape, found[0], found[2], found[3], found[4], found[5], found[1], machineLoad());
            }
        }
    }

    private static String machineLoad() throws IOException {
        return Files.readString(Path.of("/proc/loadavg")).split(" ")[0];
    }

    private void printSinks() {
        boolean hasApache = sides.contains(Sides.APACHE);
        System.out.printf("%nFlink %s: CPU time a sample above the discarding sink, µs (median of %d rounds, least and most)%n%n",
                line, rounds);
        System.out.println("| samples a record | series | batch | source and discarding sink | narthex |"
                + (hasApache ? " Apache connector | Apache / narthex |" : ""));
        System.out.println("|---|---|---|---|---|" + (hasApache ? "---|---|" : ""));
        for (Shape shape : sinks(Sides.NARTHEX)) {
            double[] above = figures.above(shape);
            StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "| %d | %,d | %,d | %.3f | %s |",
                    shape.samplesPerRecord, shape.series, shape.batch,
                    Figures.median(figures.of(shape.discarding())), Figures.shown(above, 3)));
            if (hasApache) {
                double[] apache = figures.above(
                        sink(Sides.APACHE, shape.samplesPerRecord, shape.series, shape.batch));
                row.append(String.format(Locale.ROOT, " %s | %.1f |",
                        Figures.shown(apache, 2), Figures.median(Figures.ratio(apache, above))));
            }
            System.out.println(row);
        }
    }

    private void printExchanges() {
        System.out.printf("%nFlink %s: keyBy at parallelism 2, CPU time a record above the same without it, µs%n%n", line);
        System.out.println("| samples a record | way | CPU a record | narthex is cheaper by |\n|---|---|---|---|");
        for (int samples : new int[] {1, 10}) {
            double[] ours = exchange(Sides.NARTHEX, samples);
            for (String side : sides) {
                double[] cost = exchange(side, samples);
                System.out.printf(Locale.ROOT, "| %d | %s | %s | %s |%n", samples, NAMES.getOrDefault(side, side),
                        Figures.shown(cost, 2),
                        side.equals(Sides.NARTHEX) ? "" : Figures.shown(Figures.ratio(cost, ours), 1));
            }
        }
    }

    private double[] exchange(String side, int samplesPerRecord) {
        Shape keyed = new Shape(side, Shape.Way.KEYED, 2, samplesPerRecord, 10_000, 0);
        return Figures.times(figures.above(keyed), samplesPerRecord);
    }
}
