// Runs one row as a job, from its start to its end.
package io.narthex.flink;

import io.narthex.flink.FaultCluster.Job;
import io.narthex.flink.FaultScene.Stage;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

final class FaultRun {
    /** A job that has not ended by then hangs. */
    private static final Duration LIMIT = Duration.ofSeconds(30);
    /** Enough for an answer to come to the sink, and for the sink to act on it. */
    private static final long MOMENT_MILLIS = 300;

    private final FaultScene scene;
    private final FaultRow row;
    private final Stage stage;

    private FaultRun(FaultScene scene) {
        this.scene = scene;
        this.row = scene.row;
        this.stage = scene.stage;
    }

    /** Throws an AssertionError that names everything that is wrong. */
    static void run(FaultRow row, int number, Stage stage) throws Exception {
        try (FaultScene scene = new FaultScene(row, number, stage)) {
            FaultJudge judge = new FaultJudge(scene);
            try {
                new FaultRun(scene).drive(judge);
            } catch (AssertionError e) {
                judge.wrong(e.getMessage());
            }
            judge.report();
        }
    }

    private void drive(FaultJudge judge) throws Exception {
        Job job = stage.cluster.submit(environment(null));
        try {
            nudge();
            Path savepoint = endFromOutside(job, judge);
            JobResult result = job.end(LIMIT);
            if (result == null) {
                judge.wrong("it hangs: it has not ended within " + LIMIT.toSeconds() + " s");
                return;
            }
            judge.ended(job, FaultCluster.describe(result));
            // A job may have ended a moment before its last task is cleaned up.
            Jobs.await("the closing lines", Duration.ofSeconds(10),
                    () -> stage.log.ledgers(scene.sink).size() >= row.parallelism);
            judge.judge();
            if (row.end == FaultRow.End.SAVED) {
                restore(savepoint, judge);
            }
            judge.nothingIsLost();
        } finally {
            if (!job.hasEnded()) {
                job.cancel();
                job.end(LIMIT);
            }
        }
    }

    /** What happens to place and source while the job runs. */
    private void nudge() throws Exception {
        if (row.place == FaultRow.Place.OPENS_LATER) {
            Thread.sleep(1_500);
            scene.proxy.open();
        }
        if (row.pausesAfter == 0) {
            return;
        }
        scene.awaitRequests(row.goesOnAfter);
        Thread.sleep(MOMENT_MILLIS);
        switch (row.place) {
            case CERTIFICATE_REPLACED:
                scene.proxy.showCertificate(stage.tls.context("other"));
                scene.feed.raise(scene.limit());
                Thread.sleep(1_000);
                scene.proxy.showCertificate(stage.tls.context("one"));
                break;
            case GOES_AWAY:
                scene.proxy.goAway();
                scene.feed.raise(scene.limit());
                Thread.sleep(1_000);
                scene.proxy.open();
                break;
            default:
                scene.feed.raise(scene.limit());
        }
    }

    /** The savepoint's path, where there is one. */
    private Path endFromOutside(Job job, FaultJudge judge) throws Exception {
        switch (row.end) {
            case FINISHED:
                return null;
            case FAILED:
                if (row.moment > 0) {
                    scene.awaitRequests(row.moment);
                    job.stopInVain(row.drains, scene.letters);
                }
                return null;
            case CANCELLED:
                scene.awaitRequests(row.moment);
                Thread.sleep(MOMENT_MILLIS);
                judge.cancelled();
                job.cancel();
                return null;
            default:
                if (row.moment == 0) { // no request arrives at all
                    Jobs.await("the source is idle", LIMIT, scene.feed::isIdle);
                    Thread.sleep(3 * MOMENT_MILLIS);
                }
                scene.awaitRequests(row.moment);
                return Path.of(URI.create(job.stop(row.drains, scene.letters)));
        }
    }

    /** Goes on from a savepoint, against a receiver that is well, until all is there. */
    private void restore(Path savepoint, FaultJudge judge) throws Exception {
        Job again = stage.cluster.submit(environment(savepoint));
        Jobs.await("all is stored after the restore", Duration.ofSeconds(20), judge::allIsStored);
        again.stop(false, scene.letters);
        JobResult result = again.end(LIMIT);
        judge.restored(result == null ? "it hangs" : FaultCluster.describe(result));
    }

    private StreamExecutionEnvironment environment(Path savepoint) {
        Configuration configuration = new Configuration();
        configuration.setString("pipeline.generic-types", "false");
        configuration.setString("restart-strategy.type", row.restarts > 0 ? "fixed-delay" : "none");
        configuration.setString("restart-strategy.fixed-delay.attempts", Integer.toString(row.restarts));
        configuration.setString("restart-strategy.fixed-delay.delay", "50 ms");
        if (!row.checkpoints.isZero()) {
            configuration.setString("execution.checkpointing.interval", row.checkpoints.toMillis() + " ms");
        }
        if (row.isBatch) {
            configuration.setString("execution.runtime-mode", "BATCH");
        }
        if (savepoint != null) {
            Jobs.restoreFrom(configuration, savepoint.toUri().toString());
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        env.setParallelism(1);
        env.setMaxParallelism(16);
        graph(env, savepoint != null);
        return env;
    }

    private void graph(StreamExecutionEnvironment env, boolean isHealed) {
        String name = scene.sink;
        FaultSource source =
                row.isOpen ? FaultSource.open(name) : FaultSource.bounded(name, scene.input.count());
        SingleOutputStreamOperator<PrometheusTimeSeries> stream = env
                .fromSource(source, WatermarkStrategy.noWatermarks(), "numbers").uid("numbers")
                .map(i -> FaultSource.feed(name).record(i)).returns(PrometheusTimeSeriesTypeInfo.INSTANCE).uid("records");
        DataStream<PrometheusTimeSeries> before = stream;
        if (row.parallelism > 1) {
            before = stream.keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector());
        }
        before.sinkTo(scene.sink(isHealed)).setParallelism(row.parallelism).name(name).uid("sink");
        if (row.isCheckpointSlow) {
            stream.map(new SavesSlowly()).startNewChain().uid("slow").sinkTo(new DiscardingSink<>()).uid("discard");
        }
    }

    /** Takes its time for a checkpoint. */
    private static final class SavesSlowly
            implements MapFunction<PrometheusTimeSeries, PrometheusTimeSeries>, CheckpointedFunction {
        private static final long serialVersionUID = 1L;

        @Override
        public PrometheusTimeSeries map(PrometheusTimeSeries series) {
            return series;
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws InterruptedException {
            Thread.sleep(2_000);
        }

        @Override
        public void initializeState(FunctionInitializationContext context) {}
    }
}
