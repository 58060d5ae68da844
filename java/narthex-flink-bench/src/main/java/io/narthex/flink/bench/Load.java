// How much of each case is run.
package io.narthex.flink.bench;

/** Records by samples in each: a large record costs more to make and to send. */
final class Load {
    private final double scale;

    /** 1 is the full run. */
    Load(double scale) {
        this.scale = scale;
    }

    /** Records before the first reading: the JVM compiles what is hot. */
    long warmUp(Shape shape) {
        return records(shape, 20e6);
    }

    /** Records between the first reading and the last. */
    long measured(Shape shape) {
        return records(shape, 16e6);
    }

    private long records(Shape shape, double of) {
        boolean isSlow = shape.side.equals(Sides.KRYO)
                || shape.side.equals(Sides.APACHE) && shape.way != Shape.Way.DISCARD;
        return (long) (scale * of / (10 + shape.samplesPerRecord) / (isSlow ? 2 : 1));
    }
}
