// Makes a sink from CREATE TABLE … WITH ('connector' = 'prometheus', …).
package io.narthex.flink.table;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.DynamicTableSinkFactory;

/** Reads options and columns; all mistakes are told in one message while the query is planned. */
public class PrometheusDynamicTableSinkFactory implements DynamicTableSinkFactory {
    public static final String IDENTIFIER = "prometheus";

    @Override
    public String factoryIdentifier() {
        return IDENTIFIER;
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(PrometheusConnectorOptions.ENDPOINT_URL);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        Set<ConfigOption<?>> options = new LinkedHashSet<>(PrometheusConnectorOptions.all().values());
        options.removeAll(requiredOptions());
        return options;
    }

    /** Where and how to write may change after a plan was compiled; which columns are written may not. */
    @Override
    public Set<ConfigOption<?>> forwardOptions() {
        Set<ConfigOption<?>> options = new LinkedHashSet<>(PrometheusConnectorOptions.ofSink());
        options.add(PrometheusConnectorOptions.ENDPOINT_URL);
        options.add(PrometheusConnectorOptions.PARALLELISM);
        options.add(PrometheusConnectorOptions.CHECKPOINT_WAIT);
        return options;
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        Map<String, String> options = options(context);
        String table = context.getObjectIdentifier().asSummaryString();
        Mistakes mistakes = new Mistakes();
        TableSettings settings = new TableSettings(options, context.getClassLoader(), mistakes);
        SeriesMapping mapping = new SeriesMappingPlan(
                        options, context.getPhysicalRowDataType().getLogicalType(), context.getConfiguration(), mistakes)
                .mapping();
        if (!mistakes.isEmpty()) {
            return new RefusedTableSink(() -> mistakes.asException(table));
        }
        return new PrometheusDynamicTableSink(
                table, settings.sink(), settings.parallelism(), settings.reorders(), mapping);
    }

    /** The table's options; from a compiled plan, with those that the catalog has changed since. */
    private Map<String, String> options(Context context) {
        Map<String, String> options = new LinkedHashMap<>(context.getCatalogTable().getOptions());
        for (ConfigOption<?> option : forwardOptions()) {
            String changed = context.getEnrichmentOptions().get(option.key());
            if (changed != null) {
                options.put(option.key(), changed);
            }
        }
        return options;
    }
}
