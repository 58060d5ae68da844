// One mini cluster in the test's JVM for many jobs, one after the other: what one of them breaks, the next one meets.
package io.narthex.flink;

import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

final class SharedCluster implements AutoCloseable {
    private final MiniCluster cluster;

    SharedCluster() throws Exception {
        Configuration configuration = Jobs.configuration();
        cluster = new MiniCluster(new MiniClusterConfiguration.Builder()
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(4)
                .setConfiguration(configuration)
                .build());
        cluster.start();
    }

    /** Runs a job to its end; throws unless it is FINISHED. */
    JobExecutionResult run(StreamExecutionEnvironment env) throws Exception {
        return cluster.executeJobBlocking(env.getStreamGraph().getJobGraph());
    }

    @Override
    public void close() {
        Jobs.get(cluster.closeAsync());
    }
}
