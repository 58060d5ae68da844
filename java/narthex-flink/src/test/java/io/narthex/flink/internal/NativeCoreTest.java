// The border to the native library itself: panics, broken records, closing, two class loaders.
package io.narthex.flink.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.narthex.flink.PrometheusSinkException;
import java.io.File;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NativeCoreTest {
    private static final Map<String, String> OPTIONS = Map.of("metric.endpoint-url", "http://127.0.0.1:9/write");

    private static String message(org.junit.jupiter.api.function.Executable call) {
        return assertThrows(PrometheusSinkException.class, call).getMessage();
    }

    @Test
    void a_panic_is_an_exception_with_its_story_and_the_sink_has_failed() {
        NativeCore core = NativeCore.open(OPTIONS, null);
        String story = message(core::panic);
        assertTrue(story.contains("a test asked for this panic"), story);
        assertThrows(PrometheusSinkException.class, core::check);
        core.close();
    }

    @Test
    void all_mistakes_of_options_come_together() {
        String text = message(() -> NativeCore.open(
                Map.of("metric.endpoint-url", "nowhere", "sink.shards", "0", "sink.shrads", "1"), null));
        assertTrue(text.contains("nowhere") && text.contains("sink.shards") && text.contains("sink.shrads"), text);
    }

    @Test
    void a_broken_record_is_an_exception() {
        NativeCore core = NativeCore.open(OPTIONS, null);
        ByteBuffer buffer = ByteBuffer.allocateDirect(16);
        buffer.put(0, (byte) 100);
        assertThrows(PrometheusSinkException.class, () -> core.send(buffer, 0, 16, 0, false));
        assertThrows(PrometheusSinkException.class, () -> core.send(buffer, 0, 17, 0, false));
        assertThrows(PrometheusSinkException.class, () -> core.send(ByteBuffer.allocate(16), 0, 16, 0, false));
        core.close();
    }

    @Test
    void a_closed_sink_says_so() {
        NativeCore core = NativeCore.open(OPTIONS, null);
        assertEquals(0, Ledger.parse(core.close()).received());
        assertThrows(PrometheusSinkException.class, core::check);
        assertThrows(PrometheusSinkException.class, core::close);
    }

    @Test
    void what_is_taken_and_not_settled_comes_back() {
        NativeCore core = NativeCore.open(OPTIONS, null);
        RecordPacker packer = new RecordPacker(1024);
        packer.begin();
        packer.label(RecordPacker.METRIC_NAME, "m");
        packer.beginSamples();
        packer.sample(1.5, 7);
        packer.end();
        ByteBuffer buffer = ByteBuffer.allocateDirect(1024);
        buffer.put(packer.array(), 0, packer.size());
        assertEquals(packer.size(), core.send(buffer, 0, packer.size(), 0, false));
        Unpacked record = Unpacked.all(core.unsettled()).get(0);
        assertEquals(List.of("__name__=m"), record.labels);
        assertEquals(List.of("1.5@7"), record.samples);
        assertEquals(1, Ledger.parse(core.ledger()).pending());
        core.close();
    }

    @Test
    void names_that_were_told_once_come_back_with_every_record() {
        NativeCore core = NativeCore.open(OPTIONS, null);
        RecordPacker packer = new RecordPacker(1024);
        ByteBuffer buffer = ByteBuffer.allocateDirect(1024);
        for (int i = 0; i < 3; i++) {
            packer.begin();
            packer.label(RecordPacker.METRIC_NAME, "m" + i);
            packer.label("grün", "€");
            packer.label("empty", "");
            packer.beginSamples();
            packer.sample(i, i);
            packer.end();
            assertEquals(i == 0 ? RecordPacker.KIND_NAMES : RecordPacker.KIND_SHAPED, packer.array()[4]);
            buffer.clear();
            buffer.put(packer.array(), 0, packer.size());
            assertEquals(packer.size(), core.send(buffer, 0, packer.size(), 0, false));
            packer.taken(packer.size());
        }
        List<Unpacked> all = Unpacked.all(core.unsettled());
        assertEquals(3, all.size());
        for (Unpacked record : all) {
            assertEquals(RecordPacker.KIND_SERIES, record.kind);
            String n = record.samples.get(0).substring(0, 1);
            assertEquals(List.of("__name__=m" + n, "grün=€"), record.labels);
        }
        core.close();
    }

    @Test
    void each_class_loader_has_a_library_of_its_own() throws Exception {
        List<URL> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            path.add(new File(entry).toURI().toURL());
        }
        for (int i = 0; i < 2; i++) {
            try (URLClassLoader loader =
                    new URLClassLoader(path.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
                Class<?> core = loader.loadClass(NativeCore.class.getName());
                assertNotSame(NativeCore.class, core);
                Method open = core.getDeclaredMethod("open", Map.class, loader.loadClass(NativeCallback.class.getName()));
                open.setAccessible(true);
                Object opened = open.invoke(null, OPTIONS, null);
                Method close = core.getDeclaredMethod("close");
                close.setAccessible(true);
                assertTrue(close.invoke(opened).toString().contains("received"));
            }
        }
    }
}
