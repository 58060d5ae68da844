// A source of numbered records that can pause without holding its task.
package io.narthex.flink;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongFunction;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.core.io.InputStatus;

/** Numbers from 0; which records they stand for, and when it goes on, says the {@link Feed} of its name. */
final class FaultSource extends NumberSequenceSource {
    private static final long serialVersionUID = 1L;
    private static final long FAR = 1L << 60;
    private static final Map<String, Feed> FEEDS = new ConcurrentHashMap<>();

    private final String name;
    private final boolean isBounded;

    private FaultSource(String name, long last, boolean isBounded) {
        super(0, last);
        this.name = name;
        this.isBounded = isBounded;
    }

    /** So many records, and the end. */
    static FaultSource bounded(String name, long count) {
        return new FaultSource(name, count - 1, true);
    }

    /** As many records as the feed lets through; no end. */
    static FaultSource open(String name) {
        return new FaultSource(name, FAR, false);
    }

    static Feed feed(String name) {
        return FEEDS.get(name);
    }

    @Override
    public Boundedness getBoundedness() {
        return isBounded ? Boundedness.BOUNDED : Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SourceReader<Long, NumberSequenceSplit> createReader(SourceReaderContext context) {
        return new Reader(super.createReader(context), feed(name));
    }

    /** The test's side of a source. */
    static final class Feed implements AutoCloseable {
        private final String name;
        private final LongFunction<PrometheusTimeSeries> records;
        private final boolean goesInOne;
        private long limit;
        private boolean isIdle;
        private CompletableFuture<Void> raised = new CompletableFuture<>();

        /** When it goes in one, no checkpoint falls between the records that may go. */
        Feed(String name, long limit, boolean goesInOne, LongFunction<PrometheusTimeSeries> records) {
            this.name = name;
            this.limit = limit;
            this.goesInOne = goesInOne;
            this.records = records;
            FEEDS.put(name, this);
        }

        PrometheusTimeSeries record(long i) {
            return records.apply(i);
        }

        /** Lets so many records through in all. */
        void raise(long newLimit) {
            CompletableFuture<Void> waiting;
            synchronized (this) {
                limit = newLimit;
                waiting = raised;
                raised = new CompletableFuture<>();
            }
            waiting.complete(null);
        }

        /** All that may go has gone. */
        synchronized boolean isIdle() {
            return isIdle;
        }

        /** Null when the record may go; else what to wait for. */
        private synchronized CompletableFuture<Void> barrier(long record) {
            isIdle = record >= limit;
            return isIdle ? raised : null;
        }

        @Override
        public void close() {
            FEEDS.remove(name);
        }
    }

    private static final class Reader implements SourceReader<Long, NumberSequenceSplit> {
        private final SourceReader<Long, NumberSequenceSplit> numbers;
        private final Feed feed;
        private long next;

        Reader(SourceReader<Long, NumberSequenceSplit> numbers, Feed feed) {
            this.numbers = numbers;
            this.feed = feed;
        }

        @Override
        public InputStatus pollNext(ReaderOutput<Long> output) throws Exception {
            InputStatus status;
            do {
                if (feed.barrier(next) != null) {
                    return InputStatus.NOTHING_AVAILABLE;
                }
                status = numbers.pollNext(output);
                next += status == InputStatus.MORE_AVAILABLE ? 1 : 0; // one record a call
            } while (feed.goesInOne && status == InputStatus.MORE_AVAILABLE);
            return status;
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            CompletableFuture<Void> barrier = feed.barrier(next);
            return barrier != null ? barrier : numbers.isAvailable();
        }

        @Override
        public void addSplits(List<NumberSequenceSplit> splits) {
            next = splits.get(0).from();
            numbers.addSplits(splits);
        }

        @Override
        public void start() {
            numbers.start();
        }

        @Override
        public List<NumberSequenceSplit> snapshotState(long checkpointId) {
            return numbers.snapshotState(checkpointId);
        }

        @Override
        public void notifyNoMoreSplits() {
            numbers.notifyNoMoreSplits();
        }

        @Override
        public void close() {
            // Numbers hold nothing that must be closed.
        }
    }
}
