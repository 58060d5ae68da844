// Everything that must hold when a row's job has ended.
package io.narthex.flink;

import io.narthex.flink.FaultRow.End;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * For every row: each ledger adds up, each lost sample is a dead letter, what the ledger calls written is in the
 * Prometheus, no series is out of order; and of a job that did not fail, every sample is stored or counted as lost.
 */
final class FaultJudge {
    /** A failure must end a job this soon after the last answer, also while the source is idle. */
    private static final long SOON_MILLIS = 5_000;

    private final FaultScene scene;
    private final FaultRow row;
    private final List<String> wrong = new ArrayList<>();
    private String end = "";
    private long cancelledNanos;

    FaultJudge(FaultScene scene) {
        this.scene = scene;
        this.row = scene.row;
    }

    void wrong(String sentence) {
        wrong.add(sentence);
    }

    private void check(boolean isRight, String sentence) {
        if (!isRight) {
            wrong.add(sentence);
        }
    }

    void report() throws IOException {
        if (!wrong.isEmpty()) {
            throw new AssertionError(row.name + ":\n  " + String.join("\n  ", wrong)
                    + "\n  the job: " + end
                    + "\n  requests: " + FaultNotation.of(scene.proxy.seen())
                    + "\n  ledgers: " + scene.stage.log.ledgers(scene.sink)
                    + "\n  log: " + String.join("\n       ", logged()));
        }
    }

    void cancelled() {
        cancelledNanos = System.nanoTime();
    }

    void ended(FaultCluster.Job job, String flinkSays) {
        // A sink that fails while the source is still being told about its splits: Flink may name that as the cause.
        boolean isEventLost = flinkSays.contains("An OperatorEvent from an OperatorCoordinator to a task was lost");
        String how = isEventLost ? "FAILED: " + logged() : flinkSays;
        end = how;
        String must = row.end == End.FAILED ? "FAILED: " : row.end == End.CANCELLED ? "CANCELED" : "FINISHED";
        check(how.startsWith(must) && how.contains(row.words) && !how.contains("not by the sink"), "the job is " + how + ", not " + must + row.words);
        List<FaultExchange> seen = scene.proxy.seen();
        if (row.end == End.CANCELLED) {
            long late = job.endedNanos() - cancelledNanos;
            check(TimeUnit.NANOSECONDS.toMillis(late) < SOON_MILLIS, "cancelling took " + late / 1_000_000 + " ms");
        }
        if (row.end == End.FAILED && row.restarts == 0 && !seen.isEmpty()) {
            long late = job.endedNanos() - seen.get(seen.size() - 1).endedNanos();
            check(TimeUnit.NANOSECONDS.toMillis(late) < SOON_MILLIS, "it failed " + late / 1_000_000 + " ms late");
        }
    }

    /** Compares the ledger, the requests and the log with the row. */
    void judge() throws IOException {
        List<FaultLedger> all = scene.ledgers();
        check(all.size() >= row.parallelism, all.size() + " closing lines");
        all.forEach(ledger -> check(ledger.addsUp(), "a ledger does not add up"));
        FaultLedger last = FaultLedger.sum(all.subList(Math.max(0, all.size() - row.parallelism), all.size()));
        if (row.ledger != null) {
            Map<String, Long> expected = FaultLedger.expected(row.ledger);
            check(last.doors.equals(expected), "the ledger is " + last.doors + ", not " + expected);
        }
        if (row.end != End.FAILED) {
            boolean mayWait = row.end == End.CANCELLED || row.end == End.SAVED;
            check(mayWait || last.door("pending") == 0, "samples are pending, and the job has ended");
            // Else earlier attempts have had their part, or the source was held back.
            boolean isWhole = row.checkpoints.isZero() && !mayWait;
            check(!isWhole || last.received == scene.input.count(), last.received + " samples received");
        }
        judgeLetters(FaultLedger.sum(all));
        judgeStored(last);
        judgeRequests(last);
        // A request of an attempt that failed may still be on its way when the next attempt writes.
        check(row.restarts > 0 || scene.proxy.disorder() == row.disorder, scene.proxy.disorder() + " samples out of order");
        check(logged().stream().anyMatch(line -> line.contains(row.says)) || row.says.isEmpty(), "the log does not say " + row.says);
    }

    private List<String> logged() {
        return scene.stage.log.linesOf(scene.input.metric, scene.url());
    }

    private void judgeLetters(FaultLedger sum) throws IOException {
        Map<String, Long> letters = FaultStore.letters(scene.letters).stream()
                .collect(Collectors.groupingBy(Map.Entry::getKey, TreeMap::new, Collectors.counting()));
        check(letters.equals(sum.filed()), "dead letters " + letters + ", counted " + sum.filed());
        check(sum.deadLettersFailed == 0, "dead letters failed");
    }

    private void judgeStored(FaultLedger last) throws IOException {
        Set<String> stored = FaultStore.stored(scene.stage.prometheus, scene.input.metric);
        Set<String> foreign = new TreeSet<>(stored);
        foreign.removeAll(scene.input.samples());
        check(foreign.isEmpty(), "nobody sent " + foreign);
        long must = row.held >= 0 ? row.held : last.door("written") + last.door("replayed");
        // Other shards and earlier attempts may have stored more than the last ledger knows of.
        boolean isExact = row.held >= 0 || row.restarts == 0 && (row.end != End.FAILED || row.ledger != null);
        boolean isRight = isExact ? stored.size() == must : stored.size() >= must;
        check(isRight, "the Prometheus holds " + stored.size() + " samples, not " + must);
    }

    private void judgeRequests(FaultLedger last) {
        List<FaultExchange> seen = scene.proxy.seen();
        String requests = FaultNotation.of(seen);
        if (row.seen != null) {
            check(FaultNotation.matches(row.seen, requests), "requests seen: " + requests + ", not " + row.seen);
            boolean isCounted = row.restarts == 0 && row.place == FaultRow.Place.PROXY && !row.seen.endsWith("…");
            check(!isCounted || last.requests == seen.size(), last.requests + " requests counted, " + seen.size() + " seen");
        }
        long longest = 0;
        for (int i = 1; i < seen.size(); i++) {
            longest = Math.max(longest, seen.get(i).beganNanos - seen.get(i - 1).beganNanos);
        }
        check(longest / 1_000_000 >= row.waitsMillis, "it waited " + longest / 1_000_000 + " ms at most");
    }

    boolean allIsStored() {
        try {
            return FaultStore.stored(scene.stage.prometheus, scene.input.metric).containsAll(scene.input.samples());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    void restored(String how) throws IOException {
        check(how.equals("FINISHED"), "the restored job is " + how);
        List<FaultLedger> all = scene.ledgers();
        check(all.size() > 1 && all.get(all.size() - 1).door("pending") == 0, "the restored job leaves samples pending");
    }

    /** Of a job that did not fail, each sample is stored or among the dead letters; or pending, when it was cancelled. */
    void nothingIsLost() throws IOException {
        if (row.end == End.FAILED) {
            return;
        }
        Set<String> missing = scene.input.samples();
        missing.removeAll(FaultStore.stored(scene.stage.prometheus, scene.input.metric));
        FaultStore.letters(scene.letters).forEach(letter -> missing.remove(letter.getValue()));
        List<FaultLedger> all = scene.ledgers();
        long still = 0;
        if (row.end == End.CANCELLED && !all.isEmpty()) {
            FaultLedger last = all.get(all.size() - 1);
            still = last.door("pending") + scene.input.count() - last.received; // the source's
        }
        check(missing.size() == still + row.disorder + row.undecidable, missing.size() + " samples are lost without a count: " + missing);
    }
}
