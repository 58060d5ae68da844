//! Rows of the table of answers that are about labels, bytes, heads and paths.

use crate::sender::*;
use bytes::Bytes;
use http::{Method, Request};
use narthex_receiver::Behaviour::{KeepsGood, Prometheus2_42, Prometheus3};
use narthex_receiver::{Behaviour, Credentials, Fate, Keep, Receiver, ReceiverConfig};

const PROMETHEUS: [Behaviour; 2] = [Prometheus2_42, Prometheus3];

/// Sends the bad series beside a good one, and says whether the good one was kept.
fn beside_a_good_one(behaviour: Behaviour, status: u16, bad: RawSeries) -> (Receiver, String, bool) {
    let receiver = receiver(behaviour);
    let words = expect(&receiver, status, &[metric("good").at(NOW, 1.0), bad, metric("good2").at(NOW, 1.0)]);
    assert!(receiver.stats().samples.adds_up());
    let kept = held(&receiver).iter().filter(|(series, ..)| series.starts_with("good")).count();
    assert!(kept == 0 || kept == 2, "half of a request");
    (receiver, words, kept == 2)
}

#[test]
fn a_nameless_series_is_stored_by_2_42_and_skipped_by_3() {
    for labels in [unnamed().label("a", "1"), metric("").label("a", "1")] {
        let (receiver, _, _) = beside_a_good_one(Prometheus2_42, 204, labels.clone().at(NOW, 1.0));
        assert!(held(&receiver).contains(&("{a=\"1\"}".to_owned(), 0, "1".to_owned())));
        let (receiver, _, kept) = beside_a_good_one(Prometheus3, 204, labels.clone().at(NOW, 1.0));
        assert!(kept && receiver.stats().samples.skipped == 1);
        let (_, words, kept) = beside_a_good_one(KeepsGood, 400, labels.at(NOW, 1.0));
        assert!(kept && words == "invalid metric name or labels");
    }
}

#[test]
fn names_outside_the_classic_rules_are_stored_as_they_are() {
    for behaviour in PROMETHEUS {
        let (receiver, _, _) =
            beside_a_good_one(behaviour, 204, metric("1-bad.name").label("a b", "1").at(NOW, 1.0));
        assert_eq!(receiver.stats().samples.stored, 3);
    }
}

#[test]
fn broken_utf8_and_empty_names_are_stored_by_2_42_and_skipped_by_3() {
    let bad = [
        metric("m").label("a", b"\xff"),
        metric("m").label(b"\xff", "1"),
        metric("m").label("", "1"),
        unnamed().label("__name__", b"m\xff"),
    ];
    for series in bad {
        let series = series.at(NOW, 1.0);
        let (receiver, _, _) = beside_a_good_one(Prometheus2_42, 204, series.clone());
        assert_eq!(receiver.stats().samples.stored, 3);
        let (receiver, _, kept) = beside_a_good_one(Prometheus3, 204, series.clone());
        assert!(kept && receiver.stats().samples.skipped == 1);
        assert!(beside_a_good_one(KeepsGood, 400, series).2);
    }
}

#[test]
fn a_repeated_label_is_a_500_on_2_42_and_skipped_by_3() {
    for second in ["1", "2"] {
        let series = metric("m").label("x", "1").label("b", "1").label("x", second).at(NOW, 1.0);
        let (_, words, kept) = beside_a_good_one(Prometheus2_42, 500, series.clone());
        assert_eq!(words, "label name \"x\" is not unique: invalid sample");
        assert!(!kept);
        let (receiver, _, kept) = beside_a_good_one(Prometheus3, 204, series.clone());
        assert!(kept && receiver.stats().samples.skipped == 1);
        assert!(beside_a_good_one(KeepsGood, 400, series).2);
    }
}

#[test]
fn an_empty_label_set_is_a_500_on_2_42_and_skipped_by_3() {
    for series in [unnamed().at(NOW, 1.0), unnamed().label("a", "").at(NOW, 1.0)] {
        let (_, words, kept) = beside_a_good_one(Prometheus2_42, 500, series.clone());
        assert_eq!(words, "empty labelset: invalid sample");
        assert!(!kept);
        assert!(beside_a_good_one(Prometheus3, 204, series.clone()).2);
        assert!(beside_a_good_one(KeepsGood, 400, series).2);
    }
}

#[test]
fn labels_are_sorted_and_empty_values_dropped() {
    for behaviour in PROMETHEUS {
        let receiver = receiver(behaviour);
        let series = unnamed().label("z", "1").label("empty", "").label("__name__", "m").label("A", "2");
        expect(&receiver, 204, &[series.at(NOW, 1.0)]);
        assert_held(&receiver, &[("m{A=\"2\", z=\"1\"}", 0, "1")]);
    }
}

#[test]
fn a_series_without_samples_is_fine_whatever_its_labels() {
    for behaviour in PROMETHEUS {
        let receiver = receiver(behaviour);
        expect(&receiver, 204, &[metric("m"), unnamed(), metric("m").label("a", "1").label("a", "1")]);
        assert_held(&receiver, &[]);
        assert_eq!(receiver.stats().series_received, 3);
    }
}

#[test]
fn an_empty_request_is_fine() {
    for behaviour in PROMETHEUS {
        assert_eq!(answer_to(&receiver(behaviour), post(pack(b""))).0, 204);
    }
}

#[test]
fn bytes_that_are_no_snappy_block_or_no_message_are_a_400() {
    let truncated = pack(&[0x0a, 0x05, 0x0a]);
    let framed = Bytes::from_static(b"\xff\x06\x00\x00sNaPpY");
    for (behaviour, corrupt) in
        [(Prometheus2_42, "snappy: corrupt input"), (Prometheus3, "s2: corrupt input")]
    {
        let receiver = receiver(behaviour);
        for body in [Bytes::new(), framed.clone(), Bytes::from_static(b"\x1f\x8b\x08rubbish")] {
            assert_eq!(answer_to(&receiver, post(body)), (400.try_into().unwrap(), corrupt.to_owned()));
        }
        let answer = answer_to(&receiver, post(truncated.clone()));
        assert_eq!(answer, (400.try_into().unwrap(), "unexpected EOF".to_owned()));
    }
}

#[test]
fn a_malformed_rest_keeps_nothing_of_what_came_before() {
    let receiver = receiver(Prometheus3);
    let mut message = vec![0x0a];
    let good = metric("m").at(NOW, 1.0).encode();
    message.push(good.len() as u8);
    message.extend_from_slice(&good);
    message.extend_from_slice(&[0x0a, 0x7f]);
    assert_eq!(answer_to(&receiver, post(pack(&message))).0, 400);
    assert_held(&receiver, &[]);
}

#[test]
fn more_than_32_mib_unpacked_are_a_400_on_3_and_fine_on_2_42() {
    let message = |mib: usize| {
        let series = metric("m").label("big", vec![b'x'; 1 << 20]).at(NOW, 1.0).encode();
        let mut message = Vec::new();
        for _ in 0..mib {
            message.push(0x0a);
            narthex_model::put_varint(&mut message, series.len() as u64);
            message.extend_from_slice(&series);
        }
        pack(&message)
    };
    assert_eq!(answer_to(&receiver(Prometheus3), post(message(31))).0, 204);
    assert_eq!(answer_to(&receiver(Prometheus3), post(message(33))).0, 400);
    assert_eq!(answer_to(&receiver(Prometheus2_42), post(message(33))).0, 204);
}

#[test]
fn more_than_32_mib_packed_are_a_413_on_3() {
    let body = Bytes::from(vec![0u8; (32 << 20) + 1]);
    assert_eq!(answer_to(&receiver(Prometheus3), post(body.clone())).0, 413);
    assert_eq!(answer_to(&receiver(Prometheus2_42), post(body)).0, 400);
}

#[test]
fn a_label_of_16_mib_kills_the_handler_of_3_after_the_series_before_it() {
    let series = [
        metric("before").at(NOW, 1.0),
        metric("m").label("a", vec![b'x'; 1 << 24]).at(NOW, 1.0),
        metric("after").at(NOW, 1.0),
    ];
    let receiver3 = receiver(Prometheus3);
    assert!(matches!(receiver3.handle(post(body(&series))).fate, Fate::Close));
    assert_held(&receiver3, &[("before", 0, "1")]);
    assert_eq!(receiver3.stats().unanswered, 1);

    let receiver2 = receiver(Prometheus2_42);
    expect(&receiver2, 204, &series);
    assert_eq!(receiver2.stats().samples.stored, 3);
}

#[test]
fn media_types_are_compared_letter_by_letter_on_3_and_ignored_on_2_42() {
    let v1 = "application/x-protobuf";
    let rows = [
        (Some(v1), Some("snappy"), 204),
        (Some("application/x-protobuf;proto=prometheus.WriteRequest"), Some("snappy"), 204),
        (Some("application/x-protobuf;charset=utf-8"), Some("snappy"), 204),
        (Some("application/x-protobuf; proto=io.prometheus.write.v2.Request"), Some("snappy"), 204),
        (Some(""), Some("snappy"), 204),
        (None, None, 204),
        (Some("application/x-protobuf;proto=io.prometheus.write.v2.Request"), Some("snappy"), 415),
        (Some("application/x-protobuf;proto=\"prometheus.WriteRequest\""), Some("snappy"), 415),
        (Some("application/x-protobuf;proto=unknown"), Some("snappy"), 415),
        (Some("Application/X-Protobuf"), Some("snappy"), 415),
        (Some("application/json"), Some("snappy"), 415),
        (Some(v1), Some("gzip"), 415),
        (Some(v1), Some("SNAPPY"), 415),
    ];
    for (content_type, encoding, status) in rows {
        let mut request = Request::post("/api/v1/write");
        for (name, value) in [("content-type", content_type), ("content-encoding", encoding)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let request = request.body(pack(b"")).unwrap();
        let what = format!("{content_type:?} {encoding:?}");
        assert_eq!(answer_to(&receiver(Prometheus3), request.clone()).0, status, "{what}");
        assert_eq!(answer_to(&receiver(Prometheus2_42), request).0, 204, "{what}");
    }
}

#[test]
fn a_wrong_method_is_a_405_and_a_wrong_path_a_404() {
    let receiver = receiver(Prometheus3);
    for (method, path, status) in [
        (Method::GET, "/api/v1/write", 405),
        (Method::PUT, "/api/v1/write", 405),
        (Method::POST, "/api/v1/push", 404),
        (Method::POST, "/", 404),
        (Method::GET, "/-/healthy", 200),
        (Method::GET, "/-/ready", 200),
        (Method::POST, "/metrics", 405),
    ] {
        let request = Request::builder().method(method.clone()).uri(path).body(pack(b"")).unwrap();
        assert_eq!(answer_to(&receiver, request).0, status, "{method} {path}");
    }
}

#[test]
fn metrics_and_dump_show_what_is_held() {
    let receiver = receiver(Prometheus3);
    expect(&receiver, 204, &[metric("m").at(NOW, 1.0), unnamed().at(NOW, 1.0)]);
    expect(&receiver, 400, &[metric("m").at(NOW - 1, 1.0)]);
    let page = |path| answer_to(&receiver, Request::get(path).body(Bytes::new()).unwrap()).1;
    let metrics = page("/metrics");
    for line in [
        "narthex_receiver_requests_total{code=\"204\"} 1",
        "narthex_receiver_requests_total{code=\"400\"} 1",
        "narthex_receiver_samples_total{fate=\"stored\"} 1",
        "narthex_receiver_samples_total{fate=\"skipped\"} 1",
        "narthex_receiver_samples_refused_total{reason=\"out_of_order\"} 1",
        "narthex_receiver_order_violations_total 0",
        "narthex_receiver_series_held 1",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    assert_eq!(page("/dump"), format!(r#"{{"labels":{{"__name__":"m"}},"samples":[[{NOW},1.0]]}}"#));
}

#[test]
fn credentials_are_asked_for_everywhere_but_for_health() {
    for (credentials, shown) in [
        (Credentials::Basic { username: "u".into(), password: "p:w".into() }, "Basic dTpwOnc="),
        (Credentials::Bearer { token: "t".into() }, "Bearer t"),
    ] {
        assert!(!format!("{credentials:?}").contains("p:w"));
        let receiver =
            Receiver::new(ReceiverConfig { credentials: Some(credentials), ..config(Prometheus3) });
        assert_eq!(answer_to(&receiver, post(pack(b""))).0, 401);
        assert_eq!(answer_to(&receiver, Request::get("/dump").body(Bytes::new()).unwrap()).0, 401);
        assert_eq!(answer_to(&receiver, Request::get("/-/ready").body(Bytes::new()).unwrap()).0, 200);
        let mut request = post(pack(b""));
        request.headers_mut().insert("authorization", shown.parse().unwrap());
        assert_eq!(answer_to(&receiver, request).0, 204);
    }
}

#[test]
fn the_log_is_bounded_and_says_what_came() {
    let receiver = Receiver::new(ReceiverConfig { log_limit: 2, ..config(Prometheus3) });
    for attempt in 0..3 {
        let mut request = post(body(&[metric("m").at(NOW, 1.0).at(NOW + 1, 1.0), metric("n").at(NOW, 1.0)]));
        if attempt > 0 {
            request.headers_mut().insert("retry-attempt", attempt.into());
        }
        receiver.handle(request);
    }
    let log = receiver.log();
    assert_eq!(log.iter().map(|entry| entry.attempt).collect::<Vec<_>>(), [1, 2]);
    let last = &log[1];
    assert_eq!((last.at_ms, last.samples, last.series, last.taken), (NOW, 3, 2, 0));
    assert_eq!(last.status.unwrap(), 400); // m's first sample is no longer its newest
    assert_eq!(receiver.stats().all_requests(), 3);
}

#[test]
fn discarding_counts_and_keeps_nothing() {
    let receiver = Receiver::new(ReceiverConfig { keep: Keep::Nothing, ..config(Prometheus3) });
    for _ in 0..2 {
        expect(&receiver, 204, &[metric("m").at(NOW, 1.0).at(NOW - 1, 1.0)]);
    }
    assert_held(&receiver, &[]);
    let stats = receiver.stats();
    assert_eq!((stats.samples.discarded, stats.series_received, stats.series_held), (4, 2, 0));
    assert_eq!(answer_to(&receiver, post(pack(&[0x0a, 0x7f]))).0, 400);
}

#[test]
fn keeping_the_newest_still_checks_order() {
    let receiver = Receiver::new(ReceiverConfig { keep: Keep::Newest, ..config(Prometheus3) });
    expect(&receiver, 204, &[metric("m").at(NOW, 1.0).at(NOW + 1, 2.0)]);
    expect(&receiver, 400, &[metric("m").at(NOW, 1.0)]);
    expect(&receiver, 400, &[metric("m").at(NOW + 1, 3.0)]);
    assert_held(&receiver, &[("m", 1, "2")]);
    assert_eq!(receiver.stats().samples.stored, 2);
}
