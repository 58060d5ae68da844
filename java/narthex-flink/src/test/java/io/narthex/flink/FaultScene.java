// What is set up for a row: the other end, the input, folders.
package io.narthex.flink;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;

final class FaultScene implements AutoCloseable {
    /** What all rows share. */
    static final class Stage {
        final FaultCluster cluster;
        final Prometheus prometheus;
        final FaultLog log;
        final FaultTls tls;
        final Path folder;

        Stage(FaultCluster cluster, Prometheus prometheus, FaultLog log, Path folder) {
            this.cluster = cluster;
            this.prometheus = prometheus;
            this.log = log;
            this.tls = new FaultTls(folder);
            this.folder = folder;
        }
    }

    final FaultRow row;
    final Stage stage;
    final FaultInput input;
    final FaultProxy proxy;
    final FaultSource.Feed feed;
    /** The sink's name in the job, which threads and closing lines bear. */
    final String sink;
    final Path letters;

    FaultScene(FaultRow row, int number, Stage stage) throws Exception {
        this.row = row;
        this.stage = stage;
        this.sink = "row-" + number;
        this.input = new FaultInput(row, "fault_row_" + number);
        this.letters = Files.createDirectories(stage.folder.resolve(sink));
        this.proxy = new FaultProxy(stage.prometheus.writeUrl(), row.acts, certificate(), listens());
        long limit = row.pausesAfter > 0 ? (long) row.pausesAfter * row.series : limit();
        // The first request behind a pause must hold what the row says, whenever checkpoints come.
        this.feed = new FaultSource.Feed(sink, limit, row.pausesAfter > 0, input::record);
        seed();
    }

    private SSLContext certificate() {
        switch (row.place) {
            case TRUSTED_HTTPS:
            case CERTIFICATE_REPLACED:
                return stage.tls.context("one");
            case UNKNOWN_CA:
                return stage.tls.context("other");
            default:
                return null;
        }
    }

    private boolean listens() {
        return row.place != FaultRow.Place.CLOSED_PORT && row.place != FaultRow.Place.OPENS_LATER;
    }

    /** Somebody else's newer samples. */
    private void seed() throws Exception {
        if (row.overtaken.length > 0) {
            HttpResponse<String> answer =
                    FaultProxy.send(stage.prometheus.writeUrl(), WriteRequests.encode(input.newer()));
            if (answer.statusCode() / 100 != 2) {
                throw new AssertionError("the seed is refused: " + answer.body());
            }
        }
    }

    /** Where an open source goes idle; a bounded one ends by itself. */
    long limit() {
        return row.isOpen ? input.count() : Long.MAX_VALUE;
    }

    String url() {
        switch (row.place) {
            case NO_SUCH_NAME:
                return "http://no-such-host.invalid/api/v1/write";
            case PLAIN_BEHIND_HTTPS:
            case TRUSTED_HTTPS:
            case UNKNOWN_CA:
            case CERTIFICATE_REPLACED:
                return proxy.url().replace("http:", "https:");
            default:
                return proxy.url();
        }
    }

    /** The row's sink; the fault is over when it is healed. */
    PrometheusSink sink(boolean isHealed) {
        PrometheusSinkBuilder builder = PrometheusSink.builder()
                .setPrometheusRemoteWriteUrl(isHealed ? stage.prometheus.writeUrl() : url())
                .setShards(1)
                .setMaxBatchSizeInSamples(row.batch)
                // A bounded input is sent at its end; an open one by its age.
                .setMaxTimeInBufferMS(row.isOpen || row.pausesAfter > 0 ? 500 : 30_000)
                .setOption("sink.retry.initial-backoff", "10 ms")
                .setOption("sink.retry.max-backoff", "40 ms")
                .setCheckpointWait(row.end == FaultRow.End.SAVED ? Duration.ofMillis(300) : Duration.ofSeconds(10))
                .setDeadLettersPath(letters.resolve("lost.ndjson").toString());
        if (row.place == FaultRow.Place.TRUSTED_HTTPS
                || row.place == FaultRow.Place.UNKNOWN_CA
                || row.place == FaultRow.Place.CERTIFICATE_REPLACED) {
            builder.setTlsCaFile(stage.tls.pem("one").toString());
        }
        row.options.forEach(builder::setOption);
        return builder.build();
    }

    /** Waits until so many requests have been answered, or lost on purpose. */
    void awaitRequests(int many) throws InterruptedException {
        Jobs.await(many + " requests", Duration.ofSeconds(20),
                () -> proxy.seen().stream().filter(FaultExchange::isEnded).count() >= many);
    }

    List<FaultLedger> ledgers() throws IOException {
        List<FaultLedger> ledgers = new ArrayList<>();
        for (String json : stage.log.ledgers(sink)) {
            ledgers.add(FaultLedger.parse(json));
        }
        return ledgers;
    }

    @Override
    public void close() {
        feed.close();
        proxy.close();
    }
}
