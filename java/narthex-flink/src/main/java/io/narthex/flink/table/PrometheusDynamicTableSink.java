// A table that is written to a Prometheus Remote-Write receiver.
package io.narthex.flink.table;

import io.narthex.flink.internal.SinkSettings;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.types.RowKind;

/** Takes queries that only add rows: what Prometheus has been told it keeps. */
final class PrometheusDynamicTableSink implements DynamicTableSink {
    private final String table;
    private final SinkSettings settings;
    private final Integer parallelism;
    private final boolean reorders;
    private final SeriesMapping mapping;

    /** The parallelism is null where the table sets none. */
    PrometheusDynamicTableSink(
            String table, SinkSettings settings, Integer parallelism, boolean reorders, SeriesMapping mapping) {
        this.table = table;
        this.settings = settings;
        this.parallelism = parallelism;
        this.reorders = reorders;
        this.mapping = mapping;
    }

    /** Refuses a query whose result changes. */
    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requestedMode) {
        if (!requestedMode.containsOnly(RowKind.INSERT)) {
            throw new ValidationException("table " + table + ", connector prometheus, cannot take this query: its result "
                    + "changes rows that it gave before (" + requestedMode + "), and a Prometheus keeps what it was "
                    + "told. Write a query that only adds rows:\n"
                    + "  in place of GROUP BY alone: a window, FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), "
                    + "INTERVAL '10' SECOND)) … GROUP BY window_start, window_end, with window_time or window_end as "
                    + "the sample's time\n"
                    + "  in place of the last row of a key (ROW_NUMBER() … ORDER BY ts DESC): the first one, "
                    + "ORDER BY ts ASC with ts a PROCTIME() column, or the last one in each window\n"
                    + "  in place of a join of changing tables or an outer join: an interval join, a window join, or "
                    + "FOR SYSTEM_TIME AS OF\n"
                    + "  with a change-log source (upsert-kafka, CDC): read it as a plain stream, for example by the "
                    + "connector kafka and the format json");
        }
        return ChangelogMode.insertOnly();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
        return new SeriesStream(table, new RowDataConverter(mapping), new SeriesSink(settings), parallelism, reorders);
    }

    @Override
    public DynamicTableSink copy() {
        return new PrometheusDynamicTableSink(table, settings, parallelism, reorders, mapping);
    }

    @Override
    public String asSummaryString() {
        return "prometheus";
    }
}
