// A program that loads the native library, for tests that need a JVM of their own.
package io.narthex.flink.internal;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;

final class LoadsLibrary {
    private LoadsLibrary() {}

    /** Loads it in so many class loaders, as Flink has one for each job; prints what the first failure says. */
    public static void main(String[] arguments) throws IOException, ReflectiveOperationException {
        List<URL> classPath = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            classPath.add(new File(entry).toURI().toURL());
        }
        URL[] urls = classPath.toArray(new URL[0]);
        for (int i = 0; i < Integer.parseInt(arguments[0]); i++) {
            ClassLoader loader = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader());
            Method load = loader.loadClass("io.narthex.flink.internal.NativeLibrary").getDeclaredMethod("load");
            load.setAccessible(true);
            try {
                load.invoke(null);
            } catch (InvocationTargetException e) {
                System.out.println(e.getCause().getMessage());
                System.exit(1);
            }
        }
        System.out.println("loaded");
    }
}
