// The operators behind a table: their ids and parallelism.
package io.narthex.flink.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.dag.Transformation;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.transformations.PartitionTransformation;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.data.RowData;
import org.junit.jupiter.api.Test;

class SeriesStreamTest {
    /** From the writer up to the source; the environment has a parallelism of 4, the source one of 1. */
    private static List<Transformation<?>> chain(boolean withIds, String... options) {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.createLocalEnvironment(4, new Configuration());
        DynamicTableSink sink = Tables.sink(Tables.PLAIN, Tables.options(options));
        SeriesStream stream = (SeriesStream) sink.getSinkRuntimeProvider(null);
        Transformation<?> writer = stream.consumeDataStream(
                        name -> withIds ? Optional.of("7_" + name) : Optional.empty(),
                        env.fromData(List.<RowData>of(), TypeInformation.of(RowData.class)).setParallelism(1))
                .getTransformation();
        List<Transformation<?>> chain = new ArrayList<>();
        for (Transformation<?> t = writer; t != null; t = t.getInputs().isEmpty() ? null : t.getInputs().get(0)) {
            chain.add(t);
        }
        return chain;
    }

    @Test
    void ids_come_from_the_planner() {
        List<Transformation<?>> chain = chain(true);
        assertEquals("7_prometheus-writer", chain.get(0).getUid());
        assertEquals("7_prometheus-series", chain.get(2).getUid());
        assertNull(chain(false).get(0).getUid());
    }

    @Test
    void rows_are_converted_where_they_come_from_and_keyed_before_they_are_written() {
        List<Transformation<?>> chain = chain(false, "sink.parallelism", "3");
        assertEquals(3, chain.get(0).getParallelism());
        assertTrue(chain.get(1) instanceof PartitionTransformation, chain.toString());
        assertEquals(1, chain.get(2).getParallelism());
        assertEquals("prometheus: c.d.t", chain.get(0).getName());
    }

    @Test
    void rows_that_wait_for_their_time_are_keyed_before_it_and_behind_it() {
        List<Transformation<?>> chain = chain(true, "sink.parallelism", "3", "sink.reorder", "true");
        assertEquals(3, chain.get(0).getParallelism());
        assertEquals("7_prometheus-reorder", chain.get(2).getUid());
        assertEquals(1, chain.get(2).getParallelism());
        assertTrue(chain.get(3) instanceof PartitionTransformation, chain.toString());
        assertEquals("7_prometheus-series", chain.get(4).getUid());
    }

    @Test
    void without_a_parallelism_there_are_as_many_writers_as_subtasks_before() {
        assertEquals(1, chain(false).get(0).getParallelism());
        assertTrue(chain(false).get(1) instanceof PartitionTransformation);
    }
}
