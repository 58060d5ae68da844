// What the fault proxy can do to a request.
package io.narthex.flink;

import io.narthex.flink.FaultProxy.Act;
import java.io.IOException;
import java.net.http.HttpResponse;

final class FaultActs {
    /** The Prometheus behind answers. */
    static final Act FORWARD = exchange -> {
        HttpResponse<String> answer = exchange.forward();
        exchange.answer(answer.statusCode(), answer.body().trim());
    };
    /** The request arrives, the connection ends, nothing is stored. */
    static final Act LOSE_REQUEST = exchange -> {
        exchange.body();
        exchange.close();
    };
    /** The request is stored, the connection ends. */
    static final Act LOSE_ANSWER = exchange -> {
        exchange.forward();
        exchange.close();
    };
    static final Act RESET_BEFORE_BODY = FaultExchange::reset;
    static final Act RESET_IN_BODY = exchange -> {
        exchange.readHalf();
        exchange.reset();
    };
    static final Act RESET_AFTER_BODY = exchange -> {
        exchange.body();
        exchange.reset();
    };
    static final Act SILENCE = exchange -> {
        exchange.body();
        exchange.silence();
    };
    static final Act SILENCE_AFTER_STORED = exchange -> {
        exchange.forward();
        exchange.silence();
    };
    /** Half a status line. */
    static final Act CUT_HEAD = exchange -> {
        exchange.body();
        exchange.raw(0, "HTTP/1.1 2");
        exchange.close();
    };
    static final Act GARBAGE = exchange -> {
        exchange.body();
        exchange.raw(0, "\u0001\u00ff what is this\r\n\r\n");
        exchange.close();
    };
    /** Stored; the answer's body ends before its length. */
    static final Act CUT_BODY = exchange -> {
        exchange.forward();
        exchange.raw(200, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
        exchange.close();
    };
    /** Stored; a 103 goes before the answer. */
    static final Act INFORMS_FIRST = exchange -> {
        exchange.body();
        exchange.raw(0, "HTTP/1.1 103 Early Hints\r\n\r\n");
        FORWARD.on(exchange);
    };
    /** Stored; in the manner of HTTP/1.0, the end of the connection ends the answer. */
    static final Act OLD_MANNER = exchange -> {
        exchange.forward();
        exchange.raw(200, "HTTP/1.0 200 OK\r\n\r\nfine");
        exchange.close();
    };
    /** Stored; the connection is closed behind the answer, and nothing said so. */
    static final Act CLOSE_BEHIND = exchange -> {
        FORWARD.on(exchange);
        exchange.close();
    };
    /** Keeps what it can, sample by sample, and answers 400 when it could not keep all. */
    static final Act KEEP_GOOD = exchange -> {
        String refusal = null;
        for (PrometheusTimeSeries series : exchange.series()) {
            for (PrometheusTimeSeries.Sample sample : series.getSamples()) {
                HttpResponse<String> answer = exchange.forward(new PrometheusTimeSeries(
                        series.getMetricName(), series.getLabels(), new PrometheusTimeSeries.Sample[] {sample}));
                refusal = answer.statusCode() / 100 == 2 ? refusal : answer.body().trim();
            }
        }
        exchange.answer(refusal == null ? 200 : 400, refusal == null ? "" : refusal);
    };

    private FaultActs() {}

    /** Nothing is stored. */
    static Act status(int code, String... headers) {
        return exchange -> exchange.answer(code, "scripted " + code, headers);
    }

    /** What the Prometheus behind accepted is answered so. */
    static Act storedThen(int code) {
        return exchange -> {
            HttpResponse<String> answer = exchange.forward();
            boolean isStored = answer.statusCode() / 100 == 2;
            exchange.answer(isStored ? code : answer.statusCode(), isStored ? "scripted " + code : answer.body().trim());
        };
    }

    /** Answered before the body is read; then the connection ends. */
    static Act early(int code) {
        return exchange -> {
            exchange.raw(code, "HTTP/1.1 " + code + " Early\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            exchange.body(); // taken from the wire, or closing would be a reset
            exchange.close();
        };
    }

    /** The answer's head comes; of the body it promises, nothing. Stored when the code is a success. */
    static Act silentBody(int code) {
        return exchange -> {
            if (code / 100 == 2) {
                exchange.forward();
            }
            exchange.body();
            exchange.raw(code, "HTTP/1.1 " + code + " Scripted\r\nContent-Length: 100\r\n\r\n");
            exchange.silence();
        };
    }

    /** The answer's body never ends. Stored when the code is a success. */
    static Act endlessBody(int code) {
        return exchange -> {
            if (code / 100 == 2) {
                exchange.forward();
            }
            exchange.body();
            exchange.raw(code, "HTTP/1.1 " + code + " Scripted\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (int i = 0; i < 3_000; i++) {
                exchange.raw(code, "4\r\nmore\r\n");
                pause(10);
            }
            exchange.close();
        };
    }

    /** Waits before the act. */
    static Act late(long millis, Act act) {
        return exchange -> {
            exchange.body();
            pause(millis);
            act.on(exchange);
        };
    }

    /** The act for requests that hold a series with this label value; others are forwarded. */
    static Act when(String labelValue, Act act) {
        return exchange -> {
            boolean is = exchange.series().stream()
                    .anyMatch(series -> WriteRequests.labels(series).containsValue(labelValue));
            (is ? act : FORWARD).on(exchange);
        };
    }

    /** 413 for bodies above so many bytes; others are forwarded. */
    static Act above(int bytes) {
        return exchange -> (exchange.body().length > bytes ? status(413) : FORWARD).on(exchange);
    }

    private static void pause(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
