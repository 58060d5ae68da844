// The sink of the table connector.
package io.narthex.flink.table;

import io.narthex.flink.internal.SinkSettings;
import io.narthex.flink.internal.TimeSeriesEncoder;
import io.narthex.flink.internal.TimeSeriesSink;

/** As {@link io.narthex.flink.PrometheusSink}, with the sink's own defaults in place of the builder's. */
final class SeriesSink extends TimeSeriesSink {
    private static final long serialVersionUID = 1L;

    SeriesSink(SinkSettings settings) {
        // A row may hold any number of samples: a large one goes out in several requests.
        super(settings, new TimeSeriesEncoder(Integer.MAX_VALUE));
    }

    /** The configuration, without secrets. */
    @Override
    public String toString() {
        return "prometheus(" + settings() + ")";
    }
}
