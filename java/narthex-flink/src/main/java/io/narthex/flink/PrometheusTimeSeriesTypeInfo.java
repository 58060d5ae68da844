// Tells Flink how to serialize PrometheusTimeSeries, in place of Kryo.
package io.narthex.flink;

import io.narthex.flink.internal.LineTypeInformation;
import io.narthex.flink.internal.PrometheusTimeSeriesSerializer;
import java.lang.reflect.Type;
import java.util.Map;
import org.apache.flink.api.common.serialization.SerializerConfig;
import org.apache.flink.api.common.typeinfo.TypeInfoFactory;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;

/** The type information of {@link PrometheusTimeSeries}; Flink finds it by itself, {@link #INSTANCE} is for hints. */
public final class PrometheusTimeSeriesTypeInfo extends LineTypeInformation<PrometheusTimeSeries> {
    private static final long serialVersionUID = 1L;

    /** The only one. */
    public static final PrometheusTimeSeriesTypeInfo INSTANCE = new PrometheusTimeSeriesTypeInfo();

    private PrometheusTimeSeriesTypeInfo() {}

    @Override
    public TypeSerializer<PrometheusTimeSeries> createSerializer(SerializerConfig config) {
        return new PrometheusTimeSeriesSerializer();
    }

    @Override
    public boolean isBasicType() {
        return false;
    }

    @Override
    public boolean isTupleType() {
        return false;
    }

    @Override
    public int getArity() {
        return 1;
    }

    @Override
    public int getTotalFields() {
        return 1;
    }

    @Override
    public Class<PrometheusTimeSeries> getTypeClass() {
        return PrometheusTimeSeries.class;
    }

    /** False: the order of labels is part of equality, so a series is keyed by the key selector. */
    @Override
    public boolean isKeyType() {
        return false;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PrometheusTimeSeriesTypeInfo;
    }

    @Override
    public int hashCode() {
        return PrometheusTimeSeriesTypeInfo.class.hashCode();
    }

    @Override
    public boolean canEqual(Object other) {
        return other instanceof PrometheusTimeSeriesTypeInfo;
    }

    @Override
    public String toString() {
        return "PrometheusTimeSeries";
    }

    private Object readResolve() {
        return INSTANCE;
    }

    /** What the annotation on {@link PrometheusTimeSeries} names. */
    public static final class Factory extends TypeInfoFactory<PrometheusTimeSeries> {
        @Override
        public TypeInformation<PrometheusTimeSeries> createTypeInfo(
                Type type, Map<String, TypeInformation<?>> parameters) {
            return INSTANCE;
        }
    }
}
