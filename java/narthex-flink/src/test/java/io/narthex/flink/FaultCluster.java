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
            CompletableFuture<String> savepoint =
                    cluster.stopWithSavepoint(id, folder.toUri().toString(), drains, SavepointFormatType.CANONICAL);
            try {
                return savepoint.get(30, TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException e) {
                throw new AssertionError("no savepoint: " + ExceptionUtils.stringifyException(e), e);
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
            return "FAILED: " + ExceptionUtils.findThrowable(e, PrometheusSinkException.class)
                    .map(Throwable::getMessage)
                    .orElseGet(() -> "not by the sink: " + ExceptionUtils.stringifyException(e));
        }
    }

    @Override
    public void close() {
        Jobs.get(cluster.closeAsync());
    }
}
