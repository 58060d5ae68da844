// docs/flink-fault-matrix.md, written from the table.
package io.narthex.flink;

import io.narthex.flink.FaultRow.End;
import io.narthex.flink.FaultRow.Place;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

final class FaultPage {
    private static final String HEAD = "# Fault matrix of the Flink connector\n\n"
            + "What becomes of samples and of the job when the receiver fails, one line a case. Each line is a test: a "
            + "job on a mini cluster writes through a proxy that fails in just this way, and behind it stands a real "
            + "Prometheus; the end of the job, the requests that arrive, the ledger, the dead letters and what the "
            + "Prometheus holds are compared (`FaultMatrixTest`; this page is written from its table with "
            + "`NARTHEX_UPDATE=1 scripts/test-java.sh -Dtest=FaultMatrixTest`). All lines run on Flink 2.2 with "
            + "Prometheus 3.x, those marked **s** also on Flink 2.2 with Prometheus 2.42 and on Flink 1.20 with "
            + "both.\n\n"
            + "**In every line** each ledger adds up; what the ledger calls written or replayed is what the Prometheus "
            + "holds (where it is not, the line says so); each lost sample but a repetition is a dead letter; no "
            + "series is out of order (not compared where a job restarts: a request of the attempt that failed may "
            + "still be on its way); no job runs on for 30 s; a failure ends the job within 5 s of the last answer, "
            + "also when the source is idle; and when a job has not failed, each of its samples is stored, a dead "
            + "letter, or, of a job that was cancelled, still pending.\n\n"
            + "**How to read it.**\n"
            + "*Row*: the line of [fault-matrix.md](fault-matrix.md) that it stands for.\n"
            + "*Options*: those that differ from the defaults. All jobs have one shard, and retries after 10 to 40 ms.\n"
            + "*Input*: series × samples of each, and samples in a request where it is not all of them; `+` names a bad "
            + "sample at its end. *Open* means that the source goes idle and does not end; *pauses*, that it waits "
            + "for so many requests after its first samples.\n"
            + "*Requests*: the status of each request that arrived, `-` where no answer went out; `@n` is its "
            + "`Retry-Attempt`, `x3` is three in a row, … are others.\n"
            + "*Ledger*: the closing ledger of the last attempt; what is not named is zero.\n\n";

    private FaultPage() {}

    /** Compares the page with the file, or rewrites it when {@code NARTHEX_UPDATE} is set. */
    static void compareOrUpdate() throws IOException {
        Path path = docs().resolve("flink-fault-matrix.md");
        String page = page();
        if (System.getenv("NARTHEX_UPDATE") != null) {
            Files.writeString(path, page);
            return;
        }
        String held = Files.exists(path) ? Files.readString(path) : "";
        if (!held.equals(page)) {
            throw new AssertionError(
                    "docs/flink-fault-matrix.md is not what the table says; NARTHEX_UPDATE=1 rewrites it");
        }
    }

    /** Throws unless every row of the binary's matrix is here or is said to be left out. */
    static void checkThatNoRowIsForgotten() throws IOException {
        Set<Integer> binary = new TreeSet<>();
        Matcher row = Pattern.compile("(?m)^\\| (\\d+) \\|").matcher(Files.readString(docs().resolve("fault-matrix.md")));
        while (row.find()) {
            binary.add(Integer.parseInt(row.group(1)));
        }
        Set<Integer> here = new TreeSet<>(FaultRows.leftOut().keySet());
        for (FaultRow each : FaultRows.all()) {
            if (!each.binary.isEmpty()) {
                here.add(Integer.parseInt(each.binary));
            }
        }
        if (!here.equals(binary)) {
            throw new AssertionError("rows of docs/fault-matrix.md: " + binary + "\nhere: " + here);
        }
    }

    private static Path docs() {
        return Path.of(System.getProperty("narthex.repository"), "docs");
    }

    private static String page() {
        StringBuilder page = new StringBuilder(HEAD);
        int number = 0;
        for (Map.Entry<String, List<FaultRow>> chapter : FaultRows.chapters().entrySet()) {
            page.append("## ").append(chapter.getKey()).append("\n\n"
                    + "| # | row | what happens | options | input | requests | ledger | the job |\n"
                    + "|---|---|---|---|---|---|---|---|\n");
            for (FaultRow row : chapter.getValue()) {
                page.append(line(++number, row));
            }
            page.append('\n');
        }
        return page.append(leftOut()).toString();
    }

    private static String leftOut() {
        StringBuilder text = new StringBuilder("## What is left out, and what is in its place\n\n"
                + "| row | why |\n|---|---|\n");
        new TreeMap<>(FaultRows.leftOut()).forEach((row, why) -> text.append("| ").append(row).append(" | ")
                .append(why).append(" |\n"));
        return text.append("\nA job has no signals: where the binary gets SIGTERM or SIGINT, the job is stopped with a ")
                .append("savepoint, drained or cancelled. Where the binary cannot drain in time (52, 65, 71, 75), the ")
                .append("job is stopped with the samples in its savepoint, and restored. Exit codes are the job's ")
                .append("end; log lines are the words of the failure.\n").toString();
    }

    private static String line(int number, FaultRow row) {
        List<String> cells = List.of(
                number + (row.isSmoke ? " **s**" : ""), row.binary, row.name, options(row), input(row), requests(row),
                ledger(row), end(row));
        return "| " + String.join(" | ", cells) + " |\n";
    }

    private static String options(FaultRow row) {
        return row.options.entrySet().stream()
                .map(option -> "`" + option.getKey() + "` = `" + option.getValue() + "`")
                .collect(Collectors.joining(", "));
    }

    private static String input(FaultRow row) {
        List<String> words = new ArrayList<>();
        words.add(row.series + " × " + row.samples + (row.batch < row.series * row.samples ? " by " + row.batch : "")
                + row.extra.words);
        if (row.place != Place.PROXY) {
            words.add("at " + row.place.words);
        }
        if (row.overtaken.length > 0) {
            words.add(row.overtaken.length + " series overtaken");
        }
        if (row.pausesAfter > 0) {
            words.add("pauses");
        }
        if (row.isOpen) {
            words.add("open");
        }
        if (row.isBatch) {
            words.add("mode BATCH");
        }
        if (row.parallelism > 1) {
            words.add(row.parallelism + " subtasks");
        }
        if (!row.checkpoints.isZero()) {
            words.add("a checkpoint every " + row.checkpoints.toMillis() + " ms");
        }
        if (row.restarts > 0) {
            words.add("at most " + row.restarts + " restarts");
        }
        return String.join(", ", words);
    }

    private static String requests(FaultRow row) {
        return row.seen == null ? "any" : row.seen.equals("none") ? "none" : "`" + row.seen + "`";
    }

    private static String ledger(FaultRow row) {
        String held = row.held >= 0 ? " (the Prometheus holds " + row.held + ")" : "";
        return (row.ledger == null ? "any" : row.ledger) + held;
    }

    private static String end(FaultRow row) {
        String says = row.says.isEmpty() ? "" : ", and the log says `" + row.says + "`";
        return words(row) + says + (row.why.isEmpty() ? "" : ": " + row.why);
    }

    private static String words(FaultRow row) {
        if (row.end == End.FAILED) {
            String meanwhile = row.moment == 0 ? "" : row.drains ? " while it is drained" : " while it is stopped";
            return "FAILED" + meanwhile + (row.words.isEmpty() ? " by the sink" : ": `" + row.words + "`");
        }
        switch (row.end) {
            case FINISHED:
                return "FINISHED";
            case STOPPED:
                return "stopped with a savepoint";
            case DRAINED:
                return "drained";
            case CANCELLED:
                return "cancelled";
            default:
                return "stopped with a savepoint, restored, all is stored";
        }
    }
}
