// The writer's life cycle over a scripted sink: full, slow, failed, restored.
package io.narthex.flink.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.narthex.flink.PrometheusSinkException;
import io.narthex.flink.PrometheusTimeSeries;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ScheduledFuture;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.util.function.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PrometheusSinkWriterTest {
    private final ScriptedCore core = new ScriptedCore();
    private final Timers timers = new Timers();
    private final Mailbox mailbox = new Mailbox();
    private PrometheusSinkWriter<PrometheusTimeSeries> writer = open(Duration.ofMillis(300), 1, 4);

    private PrometheusSinkWriter<PrometheusTimeSeries> open(Duration wait, int subtask, int parallelism) {
        return new PrometheusSinkWriter<>(core, new TimeSeriesEncoder(500), mailbox, timers,
                new SinkMetrics(new UnregisteredMetricsGroup()), wait, subtask, parallelism);
    }

    @AfterEach
    void close() {
        writer.close();
    }

    private void write(int from, int to) {
        for (int i = from; i < to; i++) {
            writer.write(PrometheusTimeSeries.builder().withMetricName("m").addSample(i, i).build(), null);
        }
    }

    private List<Unpacked> taken() {
        return Unpacked.all(core.taken.toByteArray());
    }

    private static void assertInOrder(int count, List<Unpacked> records) {
        assertEquals(count, records.size());
        for (int i = 0; i < count; i++) {
            assertEquals((double) i + "@" + i, records.get(i).samples.get(0));
        }
    }

    @Test
    void records_are_handed_over_a_buffer_at_a_time() {
        write(0, 100);
        assertEquals(0, core.waits.size(), "no call before the buffer is full");
        write(100, 10_000);
        assertTrue(core.waits.size() < 10, "calls: " + core.waits.size());
    }

    @Test
    void the_timer_hands_over_a_part_and_starts_again() throws Exception {
        writer.start(Collections.emptyList());
        write(0, 3);
        timers.fire();
        assertInOrder(3, taken());
        write(3, 4);
        timers.fire();
        assertInOrder(4, taken());
    }

    @Test
    void write_waits_once_then_goes_over_the_limit_by_what_it_must() {
        core.hasRoom = false;
        write(0, 10_000);
        assertTrue(core.forced > 0);
        assertTrue(core.waits.stream().allMatch(wait -> wait <= PrometheusSinkWriter.WAIT_MILLIS));
        // The first record tells the names.
        byte[] all = core.taken.toByteArray();
        int size = 4 + Bytes.getInt(all, 4 + Bytes.getInt(all, 0));
        int held = 10_000 - taken().size();
        assertTrue(held * size <= PrometheusSinkWriter.BUFFER_BYTES, held + " records held");
        assertTrue((held + 2) * size > PrometheusSinkWriter.BUFFER_BYTES, "more than needed was forced");
    }

    @Test
    void at_a_barrier_the_rest_becomes_state_in_order() throws Exception {
        core.settles = false;
        write(0, 10);
        writer.flush(false);
        core.hasRoom = false;
        write(10, 20);
        long begin = System.nanoTime();
        writer.flush(false);
        assertTrue(System.nanoTime() - begin < 2_000_000_000L, "it waits no longer than told");
        List<WriterState> state = writer.snapshotState(1);
        assertEquals(1, state.size());
        assertInOrder(20, Unpacked.all(state.get(0).records));
        assertEquals(1, state.get(0).subtask);
        assertEquals(4, state.get(0).parallelism);
    }

    @Test
    void nothing_unsettled_is_no_state() throws Exception {
        write(0, 10);
        writer.flush(false);
        assertEquals(Collections.emptyList(), writer.snapshotState(1));
    }

    @Test
    void a_checkpoint_wait_of_zero_asks_for_settlement_and_does_not_wait() throws Exception {
        writer = open(Duration.ZERO, 0, 1);
        core.settles = false;
        write(0, 1);
        writer.flush(false);
        assertEquals(1, core.flushes);
        assertEquals(1, writer.snapshotState(1).size());
    }

    @Test
    void restored_records_go_first_and_say_where_they_come_from() throws Exception {
        core.settles = false;
        write(0, 2);
        List<WriterState> state = writer.snapshotState(1);
        core.taken.reset();
        writer = open(Duration.ZERO, 1, 4);
        writer.start(state);
        write(2, 3);
        writer.flush(false);
        assertInOrder(3, taken());
        assertEquals(List.of(2, 2, 5), kinds());
    }

    @Test
    void after_rescaling_records_say_so_for_good() throws Exception {
        core.settles = false;
        write(0, 2);
        List<WriterState> state = writer.snapshotState(1);
        core.taken.reset();
        writer = open(Duration.ZERO, 1, 2);
        writer.start(state);
        assertEquals(List.of(3, 3), kinds());
        List<WriterState> again = writer.snapshotState(2);
        core.taken.reset();
        writer = open(Duration.ZERO, 1, 2);
        writer.start(again);
        assertEquals(List.of(3, 3), kinds());
    }

    private List<Integer> kinds() {
        return taken().stream().map(record -> record.kind).collect(java.util.stream.Collectors.toList());
    }

    @Test
    void the_end_of_input_waits_for_settlement_and_lets_the_mailbox_run() throws Exception {
        core.settles = false;
        write(0, 1);
        mailbox.mails.add(() -> core.settles = true);
        writer.flush(true);
        assertTrue(mailbox.mails.isEmpty());
        assertInOrder(1, taken());
    }

    @Test
    void waiting_can_be_interrupted() {
        core.settles = false;
        write(0, 1);
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> writer.flush(true));
        assertFalse(Thread.interrupted());
    }

    @Test
    void a_failed_sink_fails_write_flush_and_the_idle_timer() {
        writer.start(Collections.emptyList());
        core.failure = "the receiver answered 404";
        assertThrows(PrometheusSinkException.class, timers::fire);
        assertThrows(PrometheusSinkException.class, () -> writer.flush(false));
        assertThrows(PrometheusSinkException.class, () -> writer.snapshotState(1));
        assertThrows(PrometheusSinkException.class, () -> write(0, 10_000));
    }

    @Test
    void closing_twice_frees_once() {
        writer.close();
        writer.close();
        assertEquals(1, core.closed);
    }

    @Test
    void a_closed_writer_ignores_its_timer() throws Exception {
        writer.start(Collections.emptyList());
        writer.close();
        core.failure = "closed";
        timers.fire();
    }

    private static final class Timers implements ProcessingTimeService {
        private ProcessingTimeCallback next;

        @Override
        public long getCurrentProcessingTime() {
            return 0;
        }

        @Override
        public ScheduledFuture<?> registerTimer(long time, ProcessingTimeCallback target) {
            next = target;
            return null;
        }

        void fire() throws Exception {
            next.onProcessingTime(0);
        }
    }

    private static final class Mailbox implements MailboxExecutor {
        final Queue<Runnable> mails = new ArrayDeque<>();

        @Override
        public void execute(
                MailOptions options, ThrowingRunnable<? extends Exception> command, String format, Object... args) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void yield() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean tryYield() {
            Runnable mail = mails.poll();
            if (mail != null) {
                mail.run();
            }
            return mail != null;
        }

        @Override
        public boolean shouldInterrupt() {
            return false;
        }
    }
}
