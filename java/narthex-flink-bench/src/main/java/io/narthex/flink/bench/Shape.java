// What one case is: read from and written to a command line.
package io.narthex.flink.bench;

import java.util.List;
import java.util.Objects;

final class Shape {
    /** What becomes of the records. */
    enum Way {
        /** Chained to Flink's discarding sink. */
        DISCARD,
        /** Chained to the connector's sink. */
        SINK,
        /** Through {@code keyBy} to Flink's discarding sink. */
        KEYED
    }

    final String side;
    final Way way;
    final int parallelism;
    final int samplesPerRecord;
    final int series;
    final int batch;

    Shape(String side, Way way, int parallelism, int samplesPerRecord, int series, int batch) {
        this.side = side;
        this.way = way;
        this.parallelism = parallelism;
        this.samplesPerRecord = samplesPerRecord;
        this.series = series;
        this.batch = batch;
    }

    static Shape parse(List<String> words) {
        return new Shape(
                words.get(0), Way.valueOf(words.get(1)), Integer.parseInt(words.get(2)), Integer.parseInt(words.get(3)),
                Integer.parseInt(words.get(4)), Integer.parseInt(words.get(5)));
    }

    List<String> words() {
        return List.of(side, way.name(), "" + parallelism, "" + samplesPerRecord, "" + series, "" + batch);
    }

    /** The run with the same records and Flink's discarding sink next to the source. */
    Shape discarding() {
        // Without a sink there is no batch, and the records do not know how they will be serialized.
        String sameRecords = side.equals(Sides.KRYO) ? Sides.NARTHEX : side;
        return new Shape(sameRecords, Way.DISCARD, parallelism, samplesPerRecord, series, 0);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape && words().equals(((Shape) other).words());
    }

    @Override
    public int hashCode() {
        return Objects.hashCode(words());
    }

    @Override
    public String toString() {
        return String.join(" ", words());
    }
}
