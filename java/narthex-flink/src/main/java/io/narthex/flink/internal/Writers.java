// Opens writers: joins the native library, Flink's context and what was restored.
package io.narthex.flink.internal;

import java.util.Collection;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;

/** Used by every sink of this connector, whatever its elements are. */
public final class Writers {
    private Writers() {}

    /** Opens the writer of one subtask; the state is empty where nothing was restored. */
    public static <IN> StatefulSinkWriter<IN, WriterState> open(
            SinkSettings settings,
            RecordEncoder<IN> encoder,
            WriterInitContext context,
            Collection<WriterState> restored) {
        int subtask = context.getTaskInfo().getIndexOfThisSubtask();
        int parallelism = context.getTaskInfo().getNumberOfParallelSubtasks();
        NativeCallback callback = settings.signer() == null
                ? null
                : new SignerCallback(settings.signer(), context.getUserCodeClassLoader().asClassLoader());
        // A restored job may have no state of this subtask: what was settled leaves none.
        // A later attempt without a checkpoint begins from the start, and sends all of it again.
        boolean isRestored = context.getRestoredCheckpointId().isPresent()
                || !restored.isEmpty()
                || context.getTaskInfo().getAttemptNumber() > 0;
        SinkCore core = NativeCore.open(settings.optionsOf(subtask, parallelism, isRestored), callback);
        try {
            PrometheusSinkWriter<IN> writer = new PrometheusSinkWriter<>(
                    core,
                    encoder,
                    context.getMailboxExecutor(),
                    context.getProcessingTimeService(),
                    new SinkMetrics(context.metricGroup().addGroup(settings.metricGroupName())),
                    settings.checkpointWait(),
                    subtask,
                    parallelism);
            writer.start(restored);
            return writer;
        } catch (Throwable e) {
            core.close();
            throw e;
        }
    }
}
