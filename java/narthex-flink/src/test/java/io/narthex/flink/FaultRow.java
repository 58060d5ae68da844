// A row of the fault matrix: what goes wrong, how the sink is told to take it, and what must come of the job.
package io.narthex.flink;

import io.narthex.flink.FaultProxy.Act;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Made by {@link #row} and the methods here, which read as a sentence. */
final class FaultRow {
    /** What stands at the other end. */
    enum Place {
        PROXY("a receiver"),
        CLOSED_PORT("a port at which nobody listens"),
        OPENS_LATER("a port that opens after a second"),
        GOES_AWAY("a receiver that is gone for a second"),
        NO_SUCH_NAME("a name that does not exist"),
        PLAIN_BEHIND_HTTPS("plain HTTP where the URL says https"),
        TRUSTED_HTTPS("HTTPS with a certificate of the CA file"),
        UNKNOWN_CA("HTTPS with a certificate of an unknown CA"),
        CERTIFICATE_REPLACED("HTTPS, for a while with another certificate");

        final String words;

        Place(String words) {
            this.words = words;
        }
    }

    /** A bad sample behind the good ones. */
    enum Extra {
        NOTHING(""),
        OLDER(" + 1 older"),
        CONFLICT(" + 1 other value"),
        SAME(" + 1 again"),
        FUTURE(" + 1 a day ahead"),
        LARGE(" + 1 of 20 kB");

        final String words;

        Extra(String words) {
            this.words = words;
        }
    }

    /** How the job ends. */
    enum End {
        /** With its input. */
        FINISHED,
        /** By the sink's failure; at once, also when the source is idle. */
        FAILED,
        /** Stopped with a savepoint while its source is idle, when all is settled. */
        STOPPED,
        /** Stopped with a drain while its source is idle. */
        DRAINED,
        /** Cancelled while its source is idle. */
        CANCELLED,
        /** Stopped with a savepoint in trouble; then restored against a receiver that is well, and stopped again. */
        SAVED
    }

    final String name;
    /** Numbers of the rows of docs/fault-matrix.md that this one stands for; may be empty. */
    final String binary;
    final List<Act> acts = new ArrayList<>();
    final Map<String, String> options = new LinkedHashMap<>();
    Place place = Place.PROXY;
    int series = 20;
    int samples = 1;
    int batch = 10;
    int parallelism = 1;
    Extra extra = Extra.NOTHING;
    /** Series of which the Prometheus holds a newer sample than the job's, from somebody else. */
    int[] overtaken = {};
    End end = End.FINISHED;
    boolean isOpen;
    /** What the failure must say. */
    String words = "";
    /** Requests that must have been answered before an open job is ended from outside. */
    int moment;
    boolean drains;
    /** Samples of each series before the source pauses; it never does when 0. */
    int pausesAfter;
    /** Requests that must have been answered before it goes on. */
    int goesOnAfter;
    /** Which requests arrive; null: any. A trailing {@code …} means that others follow. */
    String seen = "204x2";
    /** Null: any. */
    String ledger = "written 20";
    /** Samples that the Prometheus holds, where that is not what the ledger says; else below 0. */
    int held = -1;
    /** The shortest time between two requests that must occur. */
    long waitsMillis;
    /** What the sink's log must say. */
    String says = "";
    /** Acknowledged samples that were older than others: none but with checks off. */
    int disorder;
    /** Most restarts. */
    int restarts;
    Duration checkpoints = Duration.ZERO;
    /** Another task takes two seconds to save its state. */
    boolean isCheckpointSlow;
    /** Job mode BATCH. */
    boolean isBatch;
    boolean isSmoke;
    /** Samples that count as replayed and are nowhere, for nobody can tell. */
    int undecidable;
    /** Why the ledger is not what one would like. */
    String why = "";

    private FaultRow(String name, String binary) {
        this.name = name;
        this.binary = binary;
        acts.add(FaultActs.FORWARD);
    }

    static FaultRow row(String binary, String name) {
        return new FaultRow(name, binary);
    }

    /** These happen to the first requests; what follows is forwarded. */
    FaultRow first(Act... some) {
        acts.addAll(acts.size() - 1, List.of(some));
        return this;
    }

    FaultRow times(int n, Act act) {
        for (int i = 0; i < n; i++) {
            first(act);
        }
        return this;
    }

    /** This happens to all requests, but for those that have an act already. */
    FaultRow always(Act act) {
        acts.set(acts.size() - 1, act);
        return this;
    }

    FaultRow at(Place where) {
        place = where;
        return this;
    }

    /** So many series, samples of each, and samples in a request. */
    FaultRow input(int manySeries, int samplesOfEach, int inARequest) {
        series = manySeries;
        samples = samplesOfEach;
        batch = inARequest;
        return this;
    }

    FaultRow extra(Extra more) {
        extra = more;
        return this;
    }

    FaultRow overtaken(int... which) {
        overtaken = which;
        return this;
    }

    FaultRow parallelism(int subtasks) {
        parallelism = subtasks;
        return this;
    }

    FaultRow option(String key, String value) {
        options.put(key, value);
        return this;
    }

    FaultRow unchecked() {
        return option("sink.checks", "off");
    }

    FaultRow rejectsWhole() {
        return option("sink.on-reject", "discard");
    }

    FaultRow discards() {
        return option("sink.on-exhausted", "discard");
    }

    FaultRow twice() {
        return option("sink.retry.max-retries", "2");
    }

    FaultRow quick() {
        return option("sink.request.timeout", "1 s");
    }

    FaultRow fails(String withWords) {
        end = End.FAILED;
        words = withWords;
        return this;
    }

    /** As {@link #fails}, while the job is being stopped. */
    FaultRow failsWhileStopped(boolean isDrained, int afterRequests, String withWords) {
        fails(withWords);
        moment = afterRequests;
        drains = isDrained;
        return open();
    }

    /** The source goes idle, and does not end. */
    FaultRow open() {
        isOpen = true;
        return this;
    }

    FaultRow stopped(int afterRequests) {
        return endedFromOutside(End.STOPPED, afterRequests);
    }

    FaultRow drained(int afterRequests) {
        drains = true;
        return endedFromOutside(End.DRAINED, afterRequests);
    }

    FaultRow cancelled(int afterRequests) {
        return endedFromOutside(End.CANCELLED, afterRequests);
    }

    FaultRow saved(int afterRequests) {
        return endedFromOutside(End.SAVED, afterRequests);
    }

    private FaultRow endedFromOutside(End how, int afterRequests) {
        end = how;
        moment = afterRequests;
        return open();
    }

    /** The source pauses behind so many samples of each series, until so many requests are answered. */
    FaultRow pauses(int behindSamplesOfEach, int untilRequests) {
        pausesAfter = behindSamplesOfEach;
        goesOnAfter = untilRequests;
        return this;
    }

    FaultRow seen(String requests) {
        seen = requests;
        return this;
    }

    FaultRow ledger(String counts) {
        ledger = counts;
        return this;
    }

    FaultRow held(int stored) {
        held = stored;
        return this;
    }

    FaultRow waits(long millis) {
        waitsMillis = millis;
        return this;
    }

    FaultRow says(String text) {
        says = text;
        return this;
    }

    FaultRow disorder(int older) {
        disorder = older;
        return this;
    }

    FaultRow restarts(int most) {
        restarts = most;
        return this;
    }

    FaultRow checkpoints(long everyMillis) {
        checkpoints = Duration.ofMillis(everyMillis);
        return this;
    }

    FaultRow slowCheckpoint() {
        isCheckpointSlow = true;
        return this;
    }

    FaultRow batchMode() {
        isBatch = true;
        return this;
    }

    FaultRow undecidable(int samples) {
        undecidable = samples;
        return this;
    }

    FaultRow why(String text) {
        why = text;
        return this;
    }

    /** One of those that run on every pair of versions. */
    FaultRow smoke() {
        isSmoke = true;
        return this;
    }
}
