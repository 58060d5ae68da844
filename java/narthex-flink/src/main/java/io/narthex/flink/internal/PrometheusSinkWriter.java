// One subtask of the sink: hands records to the native library and follows Flink's life cycle.
package io.narthex.flink.internal;

import io.narthex.flink.PrometheusSinkException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.StatefulSinkWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Packs records and hands them over in batches.
 *
 * <p>Everything here runs on the task's thread, the timer too. That thread is never held for more than a moment, so
 * that barriers, timers and cancelling get their turn while a receiver is slow or away:
 * <ul>
 *   <li>{@code write} waits at most {@link #WAIT_MILLIS} for room, then hands one record over the limit and returns;
 *   <li>at a barrier, {@code flush(false)} waits at most {@code sink.checkpoint-wait}, and the rest becomes state;
 *   <li>at the end of input, {@code flush(true)} waits for everything, in slices that can be interrupted.
 * </ul>
 *
 * @param <IN> what it writes
 */
final class PrometheusSinkWriter<IN> implements StatefulSinkWriter<IN, WriterState> {
    /** Bytes of records handed over in one native call: some 600 of 200 bytes. */
    static final int BUFFER_BYTES = 128 * 1024;
    /** Longest time that the task's thread waits in one native call. */
    static final long WAIT_MILLIS = 200;
    /** How often a buffer that is not full is handed over, and a failure looked for. */
    static final long TICK_MILLIS = 50;
    /** The ledger is read every so many ticks. */
    private static final int METRIC_TICKS = 10;

    private static final Logger LOG = LoggerFactory.getLogger(PrometheusSinkWriter.class);

    private final SinkCore core;
    private final RecordEncoder<IN> encoder;
    private final MailboxExecutor mailbox;
    private final ProcessingTimeService clock;
    private final SinkMetrics metrics;
    private final Duration checkpointWait;
    private final int subtask;
    private final int parallelism;

    private final RecordPacker packer = new RecordPacker(BUFFER_BYTES + BUFFER_BYTES / 4);
    private ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
    /** Everything that was taken is settled, and nothing has been taken since. */
    private boolean isSettled;
    private boolean isClosed;
    private int ticks;

    PrometheusSinkWriter(
            SinkCore core,
            RecordEncoder<IN> encoder,
            MailboxExecutor mailbox,
            ProcessingTimeService clock,
            SinkMetrics metrics,
            Duration checkpointWait,
            int subtask,
            int parallelism) {
        this.core = core;
        this.encoder = encoder;
        this.mailbox = mailbox;
        this.clock = clock;
        this.metrics = metrics;
        this.checkpointWait = checkpointWait;
        this.subtask = subtask;
        this.parallelism = parallelism;
    }

    /** Hands restored records over before anything else, and starts the timer. */
    void start(Collection<WriterState> restored) {
        for (WriterState state : restored) {
            restore(state);
        }
        registerTimer();
    }

    private void restore(WriterState state) {
        boolean isMine = state.parallelism == parallelism && state.subtask == subtask;
        int at = 0;
        while (at < state.records.length) {
            int length = RecordPacker.LENGTH_BYTES + Bytes.getInt(state.records, at);
            int kindAt = at + RecordPacker.LENGTH_BYTES;
            byte kind = state.records[kindAt];
            // What was rescaled once may have been overtaken for good.
            boolean isRescaled = !isMine || kind == RecordPacker.KIND_RESCALED;
            if (kind != RecordPacker.KIND_UNWRITABLE) {
                state.records[kindAt] = isRescaled ? RecordPacker.KIND_RESCALED : RecordPacker.KIND_RESTORED;
            }
            packer.putRecords(state.records, at, length);
            at += length;
            if (packer.size() >= BUFFER_BYTES) {
                handOverByForce(0, 0);
            }
        }
        // By force, for it was all in memory before the restart too.
        handOverByForce(0, 0);
        if (state.records.length > 0) {
            LOG.info("restored {} bytes of unsettled samples of subtask {} of {}{}", state.records.length,
                    state.subtask, state.parallelism,
                    isMine ? "" : "; the parallelism has changed, so newer samples may have overtaken them");
        }
    }

    @Override
    public void write(IN element, Context context) {
        encoder.encode(element, packer);
        if (packer.size() >= BUFFER_BYTES) {
            handOverByForce(WAIT_MILLIS, BUFFER_BYTES - 1);
        }
    }

    /** Hands over until at most so many bytes are left; waits at most so long, then goes over the limit. */
    private void handOverByForce(long waitMillis, int left) {
        long wait = waitMillis;
        while (packer.size() > left) {
            handOver(wait, true);
            wait = 0;
        }
    }

    /** Hands over what fits into the buffer; true when something was taken. */
    private boolean handOver(long waitMillis, boolean force) {
        int length = packer.head(buffer.capacity());
        if (length == 0) {
            return false;
        }
        ByteBuffer direct = length <= buffer.capacity() ? buffer : ByteBuffer.allocateDirect(length);
        direct.clear();
        direct.put(packer.array(), packer.from(), length);
        isSettled = false;
        int taken = core.send(direct, 0, length, waitMillis, force);
        if (taken < 0 || taken > length || force && taken == 0) {
            throw new PrometheusSinkException("the native library took " + taken + " of " + length
                    + " bytes; this is a defect of narthex, please report it");
        }
        packer.taken(taken);
        return taken > 0;
    }

    @Override
    public void flush(boolean endOfInput) throws InterruptedException {
        if (endOfInput) {
            settleAll();
        } else {
            settleFor(checkpointWait.toMillis());
        }
        core.check();
        updateMetrics();
    }

    private void settleFor(long millis) throws InterruptedException {
        long begin = System.nanoTime();
        long left = millis;
        do {
            isSettled = step(Math.min(left, WAIT_MILLIS));
            left = millis - (System.nanoTime() - begin) / 1_000_000;
        } while (!isSettled && left > 0);
    }

    private void settleAll() throws InterruptedException {
        isSettled = step(WAIT_MILLIS);
        while (!isSettled) {
            while (mailbox.tryYield()) {
                // Timers, and what else waits for this thread.
            }
            isSettled = step(WAIT_MILLIS);
        }
    }

    /** One slice on the way to settlement; true when all is settled. */
    private boolean step(long waitMillis) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("interrupted while samples were waiting for the receiver");
        }
        long wait = waitMillis;
        while (packer.size() > 0) {
            if (!handOver(wait, false)) {
                // What is below must go on its way too, however young it is.
                core.flush(0);
                return false;
            }
            wait = 0;
        }
        return isSettled || core.flush(waitMillis);
    }

    @Override
    public List<WriterState> snapshotState(long checkpointId) throws IOException {
        if (isSettled && packer.size() == 0) {
            return Collections.emptyList();
        }
        byte[] below = core.unsettled();
        byte[] here = packer.copy();
        long length = (long) below.length + here.length;
        if (length == 0) {
            return Collections.emptyList();
        }
        if (length > Integer.MAX_VALUE - 64) {
            throw new IOException("cannot save " + length + " bytes of unsettled samples: an array holds 2 GiB; lower "
                    + "sink.requests.max-buffered or sink.shards");
        }
        byte[] records = Arrays.copyOf(below, (int) length);
        System.arraycopy(here, 0, records, below.length, here.length);
        LOG.debug("checkpoint {}: {} bytes of unsettled samples", checkpointId, length);
        return Collections.singletonList(new WriterState(subtask, parallelism, records));
    }

    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        String last = core.close();
        LOG.info("the sink of subtask {} of {} is closed: {}", subtask, parallelism, last);
        metrics.update(Ledger.parse(last));
        buffer = null;
    }

    private void registerTimer() {
        clock.registerTimer(clock.getCurrentProcessingTime() + TICK_MILLIS, time -> tick());
    }

    private void tick() {
        if (isClosed) {
            return;
        }
        if (packer.size() > 0) {
            handOver(0, false);
        }
        core.check();
        if (++ticks % METRIC_TICKS == 0) {
            updateMetrics();
        }
        registerTimer();
    }

    private void updateMetrics() {
        metrics.update(Ledger.parse(core.ledger()));
    }
}
