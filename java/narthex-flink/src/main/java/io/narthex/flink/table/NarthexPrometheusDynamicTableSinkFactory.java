// The connector under a second name.
package io.narthex.flink.table;

/** {@code 'connector' = 'narthex-prometheus'}: for class paths where another jar owns {@code prometheus}. */
public final class NarthexPrometheusDynamicTableSinkFactory extends PrometheusDynamicTableSinkFactory {
    public static final String IDENTIFIER = "narthex-prometheus";

    @Override
    public String factoryIdentifier() {
        return IDENTIFIER;
    }
}
