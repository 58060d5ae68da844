// The same records, by Kryo: what Flink does with a type of which it knows nothing.
package io.narthex.flink.bench;

import io.narthex.flink.PrometheusTimeSeries;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.GenericTypeInfo;

final class KryoSide extends NarthexSide {
    private static final long serialVersionUID = 1L;

    @Override
    public TypeInformation<PrometheusTimeSeries> type() {
        return new GenericTypeInfo<>(PrometheusTimeSeries.class);
    }
}
