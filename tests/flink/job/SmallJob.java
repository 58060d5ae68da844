// A small bounded job for a jar that carries the sink: numbers as samples of ten series.
import io.narthex.flink.PrometheusSink;
import io.narthex.flink.PrometheusTimeSeries;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Arguments: the receiver's URL, the number of samples, the time of the first one in milliseconds. */
public final class SmallJob {
    private SmallJob() {}

    public static void main(String[] arguments) throws Exception {
        String url = arguments[0];
        long samples = Long.parseLong(arguments[1]);
        long begin = Long.parseLong(arguments[2]);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(1);
        env.fromSequence(0, samples - 1)
                .map(number -> PrometheusTimeSeries.builder()
                        .withMetricName("small")
                        .addLabel("series", String.valueOf(number % 10))
                        .addSample(number, begin + number)
                        .build())
                .returns(PrometheusTimeSeries.class)
                .sinkTo(PrometheusSink.builder()
                        .setPrometheusRemoteWriteUrl(url)
                        .setRequestSigner((headers, body) -> headers.put("X-Signed", "yes"))
                        .build());
        env.execute("small");
    }
}
