// A table that cannot be written to; says why when a query wants to.
package io.narthex.flink.table;

import java.util.function.Supplier;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;

/**
 * Stands for a table with mistakes in its definition.
 *
 * <p>An exception thrown by the factory itself would be wrapped by Flink with a list of all options, and Flink hides
 * only values whose key holds a word like password: not those of {@code sink.headers.Authorization}, of a misspelled
 * key, or a password in the URL. So the mistakes are told one step later, still while the query is planned.
 */
final class RefusedTableSink implements DynamicTableSink {
    private final Supplier<ValidationException> refusal;

    RefusedTableSink(Supplier<ValidationException> refusal) {
        this.refusal = refusal;
    }

    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requestedMode) {
        throw refusal.get();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
        throw refusal.get();
    }

    @Override
    public DynamicTableSink copy() {
        return new RefusedTableSink(refusal);
    }

    @Override
    public String asSummaryString() {
        return "prometheus (with mistakes in its definition)";
    }
}
