// The connectors by name.
package io.narthex.flink.bench;

final class Sides {
    static final String NARTHEX = "narthex";
    static final String KRYO = "kryo";
    static final String APACHE = "apache";

    private Sides() {}

    static Side<?> named(String name) throws ReflectiveOperationException {
        switch (name) {
            case NARTHEX:
                return new NarthexSide();
            case KRYO:
                return new KryoSide();
            case APACHE:
                // Only on the class path where that connector is.
                return (Side<?>) Class.forName("io.narthex.flink.bench.ApacheSide").getConstructor().newInstance();
            default:
                throw new IllegalArgumentException("no side \"" + name + "\"");
        }
    }
}
