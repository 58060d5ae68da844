// One mini cluster for all jobs of the fault matrix, and what is asked of it.
package io.narthex.flink;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.client.JobExecutionException;
import org.apache.flink.runtime.clusterframework.ApplicationStatus;
import org.apache.flink.runtime.jobgraph.JobGraph;
import org.apache.flink.runtime.jobmaster.JobResult;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.ExceptionUtils;

final class FaultCluster implements AutoCloseable {
    private static final int SLOTS = 24;
    private static final int MOST_TRIES = 100;

    private final MiniCluster cluster;

    FaultCluster() throws Exception {
        Configuration configuration = Jobs.configuration();
        configuration.removeKey("taskmanager.numberOfTaskSlots");
        cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration).setNumTaskManagers(1).setNumSlotsPerTaskManager(SLOTS)
                .withRandomPorts().build());
        cluster.start();
    }

    /** A job that runs, or has run. */
    final class Job {
        private final JobID id;
        private final CompletableFuture<JobResult> result;
        private volatile long endedNanos;

        private Job(JobID id) {
            this.id = id;
            this.result = cluster.requestJobResult(id);
            result.whenComplete((ended, error) -> endedNanos = System.nanoTime());
        }

        /** Waits for its end; null when it has not come by then. */
        JobResult end(Duration limit) throws Exception {
            try {
                return result.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                return null;
            }
        }

        boolean hasEnded() {
            return result.isDone();
        }

        long endedNanos() {
            return endedNanos;
        }

        void cancel() {
            Jobs.get(cluster.cancelJob(id));
        }

        /** Stops a job that will fail meanwhile. */
        void stopInVain(boolean drains, Path folder) {
            cluster.stopWithSavepoint(id, folder.toUri().toString(), drains, SavepointFormatType.CANONICAL);
        }

        /** Stops it; the savepoint's path. */
        String stop(boolean drains, Path folder) throws Exception {
            for (int tries = 0;; tries++) {
                try {
                    return cluster.stopWithSavepoint(id, folder.toUri().toString(), drains, SavepointFormatType.CANONICAL)
                            .get(30, TimeUnit.SECONDS);
                } catch (ExecutionException | TimeoutException e) {
                    String words = ExceptionUtils.stringifyException(e);
                    // A restored writer sends before its task counts as running.
                    if (!words.contains("Not all required tasks are currently running") || tries == MOST_TRIES) {
                        throw new AssertionError("no savepoint: " + words, e);
                    }
                    Thread.sleep(100);
                }
            }
        }
    }

    Job submit(StreamExecutionEnvironment env) throws Exception {
        JobGraph graph = env.getStreamGraph().getJobGraph();
        cluster.submitJob(graph).get(60, TimeUnit.SECONDS);
        return new Job(graph.getJobID());
    }

    /** FINISHED, CANCELED, or FAILED with what the sink said. */
    static String describe(JobResult result) throws Exception {
        if (result.getApplicationStatus() == ApplicationStatus.SUCCEEDED) {
            return "FINISHED";
        }
        if (result.getApplicationStatus() == ApplicationStatus.CANCELED) {
            return "CANCELED";
        }
        try {
            result.toJobExecutionResult(FaultCluster.class.getClassLoader());
            return "FAILED: without an exception";
        } catch (JobExecutionException e) {
            String words = ExceptionUtils.stringifyException(e);
            // In a failed checkpoint the sink's exception is there by its name only.
            String whose = words.contains(PrometheusSinkException.class.getName()) ? "" : "not by the sink: ";
            return "FAILED: " + ExceptionUtils.findThrowable(e, PrometheusSinkException.class)
                    .map(Throwable::getMessage).orElse(whose + words);
        }
    }

    @Override
    public void close() {
        Jobs.get(cluster.closeAsync());
    }
}
