// Makes table sinks without a planner.
package io.narthex.flink.table;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.Schema;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.CatalogTable;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ObjectIdentifier;
import org.apache.flink.table.catalog.ResolvedCatalogTable;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.factories.FactoryUtil;

final class Tables {
    /** name, value, ts, host: what a table needs. */
    static final ResolvedSchema PLAIN = ResolvedSchema.of(
            Column.physical("name", DataTypes.STRING()),
            Column.physical("val", DataTypes.DOUBLE()),
            Column.physical("ts", DataTypes.TIMESTAMP_LTZ(3)),
            Column.physical("host", DataTypes.STRING()));

    private Tables() {}

    /** Good options for {@link #PLAIN}, then pairs that change them; a null value takes one away. */
    static Map<String, String> options(String... changes) {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("connector", "prometheus");
        options.put("metric.endpoint-url", "http://localhost:9090/api/v1/write");
        options.put("metric.name", "name");
        options.put("metric.sample.key", "val");
        options.put("metric.sample.timestamp", "ts");
        for (int i = 0; i < changes.length; i += 2) {
            if (changes[i + 1] == null) {
                options.remove(changes[i]);
            } else {
                options.put(changes[i], changes[i + 1]);
            }
        }
        return options;
    }

    static DynamicTableSink sink(ResolvedSchema schema, Map<String, String> options) {
        return sink(schema, options, Collections.emptyMap());
    }

    /** As from a compiled plan, with what the catalog says now. */
    static DynamicTableSink sink(ResolvedSchema schema, Map<String, String> options, Map<String, String> enrichment) {
        CatalogTable table = CatalogTable.newBuilder()
                .schema(Schema.newBuilder().fromResolvedSchema(schema).build())
                .options(options)
                .build();
        return FactoryUtil.createDynamicTableSink(
                null,
                ObjectIdentifier.of("c", "d", "t"),
                new ResolvedCatalogTable(table, schema),
                enrichment,
                new Configuration(),
                Tables.class.getClassLoader(),
                false);
    }

    /** What a query would be told that writes to the table; empty where it is good. */
    static String mistakes(ResolvedSchema schema, Map<String, String> options) {
        return mistakes(schema, options, Collections.emptyMap());
    }

    static String mistakes(ResolvedSchema schema, Map<String, String> options, Map<String, String> enrichment) {
        try {
            sink(schema, options, enrichment).getChangelogMode(ChangelogMode.insertOnly());
            return "";
        } catch (ValidationException e) {
            return e.getMessage();
        }
    }

    static String mistakes(String... changes) {
        return mistakes(PLAIN, options(changes));
    }
}
