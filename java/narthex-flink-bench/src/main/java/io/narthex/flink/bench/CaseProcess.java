// Runs one case in a JVM of its own, beside a receiver of its own.
package io.narthex.flink.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

final class CaseProcess {
    private static final String[] JVM = {
        // As Flink starts its task managers: G1, a heap of fixed size, and what it opens on newer JDKs.
        "-XX:+UseG1GC", "-Xms1g", "-Xmx1g", "-XX:+AlwaysPreTouch",
        "--add-opens=java.base/java.lang=ALL-UNNAMED", "--add-opens=java.base/java.util=ALL-UNNAMED",
        "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED", "--add-opens=java.base/java.net=ALL-UNNAMED",
        "--add-opens=java.base/java.io=ALL-UNNAMED", "--add-opens=java.base/java.time=ALL-UNNAMED",
        // For CpuClock.
        "-XX:-UseDynamicNumberOfCompilerThreads",
    };

    private final String receiver;

    /** Takes the program {@code bench-sink}. */
    CaseProcess(String receiver) {
        this.receiver = receiver;
    }

    /** The figures of a case, as {@link Case} prints them; all its samples have reached the receiver. */
    double[] run(Shape shape, long warmUp, long measured) throws IOException, InterruptedException {
        Process server = new ProcessBuilder(receiver, "receiver").redirectError(Redirect.INHERIT).start();
        try (BufferedReader said = lines(server)) {
            double[] figures = measure(shape, warmUp, measured, said.readLine());
            server.getOutputStream().close();
            long received = Long.parseLong(said.readLine().split(" ")[1]);
            long sent = shape.way == Shape.Way.SINK ? Case.records(warmUp, measured) * shape.samplesPerRecord : 0;
            if (received != sent) {
                throw new IllegalStateException(shape + ": " + received + " samples came, not " + sent);
            }
            return figures;
        } finally {
            server.destroy();
            server.waitFor();
        }
    }

    private static double[] measure(Shape shape, long warmUp, long measured, String url)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.addAll(List.of(JVM));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Case.class.getName()));
        command.addAll(shape.words());
        command.addAll(List.of("" + warmUp, "" + measured, url));
        Process job = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
        try (BufferedReader said = lines(job)) {
            String line = said.readLine();
            if (job.waitFor() != 0 || line == null || !line.startsWith("measured ")) {
                throw new IllegalStateException(shape + ": the job failed");
            }
            String[] numbers = line.substring("measured ".length()).split(" ");
            return Arrays.stream(numbers).mapToDouble(Double::parseDouble).toArray();
        } finally {
            job.destroy();
        }
    }

    private static BufferedReader lines(Process process) {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }
}
