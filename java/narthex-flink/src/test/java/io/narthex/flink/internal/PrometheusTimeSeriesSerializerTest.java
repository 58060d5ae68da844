// Records survive the exchange between tasks, poison included, and never see Kryo.
package io.narthex.flink.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.narthex.flink.PrometheusTimeSeries;
import io.narthex.flink.PrometheusTimeSeries.Label;
import io.narthex.flink.PrometheusTimeSeries.Sample;
import io.narthex.flink.PrometheusTimeSeriesTypeInfo;
import java.io.IOException;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

class PrometheusTimeSeriesSerializerTest {
    private static final List<PrometheusTimeSeries> CASES = List.of(
            PrometheusTimeSeries.builder().withMetricName("m").addLabel("a", "b").addSample(1.5, -7).build(),
            PrometheusTimeSeries.builder().withMetricName("grün€").addLabel("😀", "\ud83d").addSample(Double.NaN, Long.MAX_VALUE).build(),
            PrometheusTimeSeries.builder().withMetricName("").addLabel("n".repeat(100), "v".repeat(70_000)).build(),
            new PrometheusTimeSeries(null, null, null),
            new PrometheusTimeSeries("m", new Label[] {new Label(null, null)}, new Sample[] {null, new Sample(1, 1)}));

    private final PrometheusTimeSeriesSerializer serializer = new PrometheusTimeSeriesSerializer();

    private DataOutputSerializer written() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(16);
        for (PrometheusTimeSeries series : CASES) {
            serializer.serialize(series, out);
        }
        return out;
    }

    private static void assertReads(byte[] bytes) throws IOException {
        PrometheusTimeSeriesSerializer other = new PrometheusTimeSeriesSerializer();
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        for (PrometheusTimeSeries series : CASES) {
            assertEquals(series, other.deserialize(in));
        }
        assertEquals(0, in.available());
    }

    @Test
    void everything_comes_back_as_it_was() throws IOException {
        assertReads(written().getCopyOfBuffer());
    }

    @Test
    void copying_bytes_copies_records() throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(written().getCopyOfBuffer());
        DataOutputSerializer out = new DataOutputSerializer(16);
        for (int i = 0; i < CASES.size(); i++) {
            serializer.copy(in, out);
        }
        assertReads(out.getCopyOfBuffer());
    }

    @Test
    void names_that_repeat_are_one_object() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(16);
        serializer.serialize(CASES.get(0), out);
        serializer.serialize(CASES.get(0), out);
        DataInputDeserializer in = new DataInputDeserializer(out.getCopyOfBuffer());
        PrometheusTimeSeries first = serializer.deserialize(in);
        assertSame(first.getMetricName(), serializer.deserialize(in).getMetricName());
    }

    @Test
    void broken_bytes_are_an_exception_and_no_crash() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(16);
        serializer.serialize(CASES.get(0), out);
        byte[] good = out.getCopyOfBuffer();
        for (int at = 4; at < good.length; at++) {
            byte[] broken = good.clone();
            broken[at] = (byte) 0xff;
            try {
                serializer.deserialize(new DataInputDeserializer(broken));
            } catch (IOException expected) {
                continue;
            }
        }
        good[3]--;
        assertThrows(IOException.class, () -> serializer.deserialize(new DataInputDeserializer(good)));
    }

    @Test
    void a_newer_connector_may_append() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(16);
        serializer.serialize(CASES.get(0), out);
        byte[] longer = java.util.Arrays.copyOf(out.getCopyOfBuffer(), out.length() + 3);
        longer[3] += 3;
        assertEquals(CASES.get(0), serializer.deserialize(new DataInputDeserializer(longer)));
    }

    @Test
    void flink_finds_the_serializer_by_itself() {
        TypeInformation<PrometheusTimeSeries> info = TypeInformation.of(PrometheusTimeSeries.class);
        assertSame(PrometheusTimeSeriesTypeInfo.INSTANCE, info);
        assertInstanceOf(PrometheusTimeSeriesSerializer.class, info.createSerializer(new SerializerConfigImpl()));
    }

    @Test
    void the_snapshot_is_read_back_and_a_newer_one_refused() throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(16);
        TypeSerializerSnapshot.writeVersionedSnapshot(out, serializer.snapshotConfiguration());
        TypeSerializerSnapshot<PrometheusTimeSeries> read = TypeSerializerSnapshot.readVersionedSnapshot(
                new DataInputDeserializer(out.getCopyOfBuffer()), getClass().getClassLoader());
        assertEquals(serializer, read.restoreSerializer());
        assertTrue(serializer.snapshotConfiguration().resolveSchemaCompatibility(read).isCompatibleAsIs());

        PrometheusTimeSeriesSerializerSnapshot newer = new PrometheusTimeSeriesSerializerSnapshot();
        IOException refused = assertThrows(IOException.class,
                () -> newer.readSnapshot(1, new DataInputDeserializer(new byte[] {0, 0, 0, 2}), null));
        assertTrue(refused.getMessage().contains("newer"), refused.getMessage());
    }
}
