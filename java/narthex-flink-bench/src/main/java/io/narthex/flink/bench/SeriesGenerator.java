// The source's records: one pass over all series after the other.
package io.narthex.flink.bench;

import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.datagen.source.GeneratorFunction;

/**
 * Makes record i and counts it.
 *
 * @param <T> the records
 */
final class SeriesGenerator<T> implements GeneratorFunction<Long, T> {
    private static final long serialVersionUID = 1L;
    /** From one sample of a series to the next. */
    static final long STEP_MILLIS = 1000;
    /** Records are counted in such lots. */
    private static final int LOT = 256;

    private final Side<T> side;
    private final int series;
    private final int samples;
    private final long beginMillis;

    private transient byte[][] messages;
    private transient int counted;
    /** The record must be seen from elsewhere, or the JVM may find out that a discarded one need not be made at all. */
    private transient T last;

    SeriesGenerator(Side<T> side, int series, int samples, long beginMillis) {
        this.side = side;
        this.series = series;
        this.samples = samples;
        this.beginMillis = beginMillis;
    }

    @Override
    public void open(SourceReaderContext context) {
        messages = Texts.messages(series);
    }

    @Override
    public T map(Long index) {
        if (++counted == LOT) {
            counted = 0;
            Meter.ONLY.made(LOT);
        }
        long i = index;
        int at = (int) (i % series);
        long pass = i / series;
        long timestamp = beginMillis + pass * samples * STEP_MILLIS;
        last = side.record(
                Texts.METRIC, Texts.NAMES, Texts.values(messages[at]), samples, (at + 7 * pass) & 0xfff, timestamp);
        return last;
    }
}
