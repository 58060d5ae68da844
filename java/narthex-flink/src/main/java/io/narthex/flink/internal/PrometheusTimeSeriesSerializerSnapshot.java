// Says in state which form its PrometheusTimeSeries have.
package io.narthex.flink.internal;

import io.narthex.flink.PrometheusTimeSeries;
import java.io.IOException;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSchemaCompatibility;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Holds the version of the records' form.
 *
 * <p>A later form gets the next number; it then reads the older ones, and {@link #resolveSchemaCompatibility} says
 * that they are to be migrated.
 */
public final class PrometheusTimeSeriesSerializerSnapshot implements TypeSerializerSnapshot<PrometheusTimeSeries> {
    private static final int SNAPSHOT_VERSION = 1;
    private static final int RECORD_VERSION = 1;

    private int recordVersion = RECORD_VERSION;

    /** Also called by Flink. */
    public PrometheusTimeSeriesSerializerSnapshot() {}

    @Override
    public int getCurrentVersion() {
        return SNAPSHOT_VERSION;
    }

    @Override
    public void writeSnapshot(DataOutputView out) throws IOException {
        out.writeInt(recordVersion);
    }

    @Override
    public void readSnapshot(int readVersion, DataInputView in, ClassLoader userCodeClassLoader) throws IOException {
        recordVersion = in.readInt();
        if (readVersion > SNAPSHOT_VERSION || recordVersion > RECORD_VERSION) {
            throw new IOException("cannot read time series of form " + recordVersion
                    + " from state: this connector knows forms up to " + RECORD_VERSION
                    + "; restore with the connector that wrote them, or a newer one");
        }
    }

    @Override
    public TypeSerializer<PrometheusTimeSeries> restoreSerializer() {
        return new PrometheusTimeSeriesSerializer();
    }

    @Override
    public TypeSerializerSchemaCompatibility<PrometheusTimeSeries> resolveSchemaCompatibility(
            TypeSerializerSnapshot<PrometheusTimeSeries> older) {
        return older instanceof PrometheusTimeSeriesSerializerSnapshot
                ? TypeSerializerSchemaCompatibility.compatibleAsIs()
                : TypeSerializerSchemaCompatibility.incompatible();
    }
}
