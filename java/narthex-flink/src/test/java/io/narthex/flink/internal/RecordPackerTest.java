// Records as the native library reads them, good ones and poison.
package io.narthex.flink.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.narthex.flink.PrometheusTimeSeries;
import io.narthex.flink.PrometheusTimeSeries.Label;
import io.narthex.flink.PrometheusTimeSeries.Sample;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RecordPackerTest {
    private final RecordPacker packer = new RecordPacker(64);
    private final TimeSeriesEncoder encoder = new TimeSeriesEncoder(5000);

    private List<Unpacked> packed(PrometheusTimeSeries... series) {
        for (PrometheusTimeSeries one : series) {
            encoder.encode(one, packer);
        }
        return Unpacked.all(packer);
    }

    private static PrometheusTimeSeries series(String value) {
        return PrometheusTimeSeries.builder().withMetricName("m").addLabel("l", value).addSample(1.5, 7).build();
    }

    @Test
    void a_series_is_packed_as_the_interface_says() {
        encoder.encode(series("v"), packer);
        byte[] expected = {
            53, 0, 0, 0, // length
            0, // kind
            2, 0, // labels
            8, 0, 0, 0, '_', '_', 'n', 'a', 'm', 'e', '_', '_', 1, 0, 0, 0, 'm', //
            1, 0, 0, 0, 'l', 1, 0, 0, 0, 'v', //
            1, 0, 0, 0, // samples
            0, 0, 0, 0, 0, 0, (byte) 0xf8, 0x3f, 7, 0, 0, 0, 0, 0, 0, 0
        };
        expected[0] = (byte) (expected.length - 4);
        assertArrayEquals(expected, packer.copy());
    }

    @Test
    void strings_beyond_ascii_are_utf_8() {
        String text = "grün €😀";
        assertEquals(List.of("__name__=m", "l=" + text), packed(series(text)).get(0).labels);
    }

    @Test
    void half_a_surrogate_pair_is_left_for_the_sink_to_refuse() {
        assertArrayEquals(new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0xbd}, packed(series("\ud83d")).get(0).lastValue);
    }

    @Test
    void nulls_become_dead_letters_that_say_where() {
        Sample[] one = {new Sample(1, 2)};
        List<Unpacked> all = packed(
                new PrometheusTimeSeries(null, new Label[0], one),
                new PrometheusTimeSeries("m", new Label[] {new Label(null, "v")}, one),
                new PrometheusTimeSeries("m", new Label[] {new Label("l", null)}, one),
                new PrometheusTimeSeries("m", new Label[] {null}, one),
                new PrometheusTimeSeries("m", null, one),
                new PrometheusTimeSeries("m", new Label[0], null));
        assertEquals(
                List.of(
                        "the metric name is null",
                        "the name of label 1 is null",
                        "the value of label \"l\" is null",
                        "the name of label 1 is null",
                        "its labels are null",
                        "its samples are null"),
                all.stream().map(r -> r.message).collect(Collectors.toList()));
        all.forEach(record -> {
            assertEquals(RecordPacker.KIND_UNWRITABLE, record.kind);
            assertEquals("null", record.reason);
            assertEquals(1, record.samples.size());
        });
        assertEquals(List.of("__name__=m", "l="), all.get(2).labels);
    }

    @Test
    void a_null_sample_costs_itself_alone() {
        Sample[] samples = {new Sample(1, 1), null, new Sample(3, 3)};
        List<Unpacked> all = packed(new PrometheusTimeSeries("m", new Label[] {new Label("l", "v")}, samples));
        assertEquals(2, all.size());
        assertEquals(List.of("1.0@1", "3.0@3"), all.get(0).samples);
        assertEquals(RecordPacker.KIND_UNWRITABLE, all.get(1).kind);
        assertEquals(List.of("NaN@" + RecordPacker.NO_TIME), all.get(1).samples);
        assertEquals(all.get(0).labels, all.get(1).labels);
    }

    @Test
    void a_record_with_too_many_samples_is_refused_with_all_of_them() {
        PrometheusTimeSeries.Builder builder = PrometheusTimeSeries.builder().withMetricName("m");
        IntStream.rangeClosed(0, 5000).forEach(i -> builder.addSample(i, i));
        List<Unpacked> all = packed(builder.build());
        assertTrue(all.stream().allMatch(r -> r.kind == RecordPacker.KIND_UNWRITABLE && r.reason.equals(RecordPacker.TOO_LARGE)));
        assertEquals(5001, all.stream().mapToInt(r -> r.samples.size()).sum());
        assertTrue(all.get(0).message.contains("5001"), all.get(0).message);
    }

    @Test
    void many_samples_go_in_pieces_in_order() {
        PrometheusTimeSeries.Builder builder = PrometheusTimeSeries.builder().withMetricName("m").addLabel("a", "b");
        IntStream.range(0, 5000).forEach(i -> builder.addSample(i, i));
        List<Unpacked> all = packed(builder.build(), series("next"));
        assertEquals(4, all.size());
        List<String> samples = all.subList(0, 3).stream().flatMap(r -> r.samples.stream()).collect(Collectors.toList());
        assertEquals(
                IntStream.range(0, 5000).mapToObj(i -> (double) i + "@" + i).collect(Collectors.toList()), samples);
        assertEquals(List.of("__name__=m", "a=b"), all.get(2).labels);
        assertEquals(List.of("__name__=m", "l=next"), all.get(3).labels);
    }

    @Test
    void labels_beyond_all_limits_are_cut_and_refused() {
        String huge = "x".repeat(3 << 20);
        PrometheusTimeSeries.Builder many = PrometheusTimeSeries.builder().withMetricName("m").addSample(1, 1);
        IntStream.range(0, 70_000).forEach(i -> many.addLabel("l" + i, ""));
        List<Unpacked> all = packed(series(huge), many.build(), series("ok"));
        assertEquals(3, all.size());
        assertEquals(RecordPacker.LABEL_TOO_LONG, all.get(0).reason);
        assertEquals(RecordPacker.LABEL_TOO_LONG, all.get(1).reason);
        assertTrue(all.get(0).lastValue.length < 2000);
        assertEquals(List.of("1.0@1"), all.get(1).samples);
        assertEquals(RecordPacker.KIND_SERIES, all.get(2).kind);
    }

    @Test
    void a_series_without_samples_leaves_nothing() {
        assertEquals(0, packed(PrometheusTimeSeries.builder().withMetricName("m").build()).size());
    }

    @Test
    void the_head_is_whole_records_and_at_least_one() {
        packed(series("names"));
        packer.taken(packer.size());
        packed(series("a"), series("b"), series("c"));
        int one = packer.size() / 3;
        assertEquals(3 * one, packer.head(1000));
        assertEquals(2 * one, packer.head(3 * one - 1));
        assertEquals(one, packer.head(1));
        packer.taken(one);
        assertEquals("l=b", Unpacked.all(packer).get(0).labels.get(1));
        packer.taken(one);
        assertEquals("l=c", Unpacked.all(packer).get(0).labels.get(1));
        packer.taken(one);
        assertEquals(0, packer.size());
    }
}
