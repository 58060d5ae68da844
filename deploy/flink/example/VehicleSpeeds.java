// An example for Flink's own metrics beside the sink's: a job that counts what it sees, and keeps a histogram of speeds.
// Flink's Prometheus reporter serves both; deploy/monitoring has a dashboard and alerts for it.
//
//   javac -cp "$FLINK_HOME/lib/*" VehicleSpeeds.java && jar cf vehicle-speeds.jar VehicleSpeeds*.class
//   flink run vehicle-speeds.jar http://localhost:9090/api/v1/write

import io.narthex.flink.PrometheusSink;
import io.narthex.flink.PrometheusTimeSeries;
import io.narthex.flink.PrometheusTimeSeriesLabelsAndMetricNameKeySelector;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

public final class VehicleSpeeds {
    private static final int VEHICLES = 200;

    private VehicleSpeeds() {}

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        PrometheusSink sink = PrometheusSink.builder().setPrometheusRemoteWriteUrl(args[0]).build();
        environment
                .fromSequence(0, Long.MAX_VALUE - 1)
                .map(new Measured())
                .uid("measured")
                .keyBy(new PrometheusTimeSeriesLabelsAndMetricNameKeySelector())
                .sinkTo(sink)
                .uid("prometheus");
        environment.execute("vehicle speeds");
    }

    /** A measurement for each number, some hundred a second. */
    private static final class Measured extends RichMapFunction<Long, PrometheusTimeSeries> {
        private transient Counter seen;
        private transient Histogram speeds;

        @Override
        public void open(OpenContext context) {
            seen = getRuntimeContext().getMetricGroup().counter("vehiclesSeen");
            speeds =
                    getRuntimeContext()
                            .getMetricGroup()
                            .histogram("vehicleSpeed", new DescriptiveStatisticsHistogram(1_000));
        }

        @Override
        public PrometheusTimeSeries map(Long number) throws InterruptedException {
            Thread.sleep(5);
            long kmPerHour = Math.round(90 + 25 * ThreadLocalRandom.current().nextGaussian());
            seen.inc();
            speeds.update(kmPerHour);
            return PrometheusTimeSeries.builder()
                    .withMetricName("vehicle_speed")
                    .addLabel("vehicle", "V" + number % VEHICLES)
                    .addSample(kmPerHour, System.currentTimeMillis())
                    .build();
        }
    }
}
