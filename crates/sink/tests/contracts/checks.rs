//! Checks before sending: labels, order, repetition, future; what each mode lets through.

use narthex_receiver::{Behaviour, ReceiverConfig};
use narthex_sink::{Checks, Labels, NameValidation, Sample, TimeSeries};

use crate::support::*;

const STALE: u64 = 0x7ff0_0000_0000_0002;
const NORMAL_NAN: u64 = 0x7ff8_0000_0000_0001;

struct Fault {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
    reason: &'static str,
    /// Whether it is dropped with checks off, with UTF-8 names, with the classic ones.
    dropped: (bool, bool, bool),
}

fn fault(pairs: &[(&[u8], &[u8])], reason: &'static str, dropped: (bool, bool, bool)) -> Fault {
    Fault { pairs: pairs.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect(), reason, dropped }
}

fn label_faults() -> Vec<Fault> {
    let long = vec![b'x'; 64 * 1024 + 1];
    let (always, specified, classic) = ((true, true, true), (false, true, true), (false, false, true));
    vec![
        fault(&[], "empty_labels", always),
        fault(&[(b"a", b"")], "empty_labels", always),
        fault(&[(b"__name__", b"m"), (b"a", b"1"), (b"a", b"2")], "repeated_label", always),
        fault(&[(b"a", b"1"), (b"__name__", b"m"), (b"a", b"1")], "repeated_label", always),
        fault(&[(b"__name__", b"m"), (b"a", &long)], "label_too_long", always),
        fault(&[(b"__name__", b"m"), (&long, b"a")], "label_too_long", always),
        fault(&[(b"__name__", b"m"), (b"", b"x")], "empty_label_name", specified),
        fault(&[(b"__name__", b"m"), (b"a", b"\xff")], "invalid_utf8", specified),
        fault(&[(b"__name__", b"m"), (b"\xc3", b"a")], "invalid_utf8", specified),
        fault(&[(b"__name__", b"\xff")], "invalid_utf8", specified),
        fault(&[(b"a", b"b")], "missing_metric_name", specified),
        fault(&[(b"__name__", b""), (b"a", b"b")], "missing_metric_name", specified),
        fault(&[(b"__name__", b"m"), (b"__a", b"b")], "reserved_label_name", specified),
        fault(&[(b"__name__", b"1m")], "invalid_metric_name", classic),
        fault(&[(b"__name__", b"a b")], "invalid_metric_name", classic),
        fault(&[(b"__name__", "température".as_bytes())], "invalid_metric_name", classic),
        fault(&[(b"__name__", b"m"), (b"1a", b"b")], "invalid_label_name", classic),
        fault(&[(b"__name__", b"m"), (b"a:b", b"b")], "invalid_label_name", classic),
    ]
}

#[tokio::test(start_paused = true)]
async fn each_label_fault_has_its_reason_in_the_modes_that_look_at_it() {
    for fault in label_faults() {
        for (checks, names, dropped) in [
            (Checks::Off, NameValidation::Legacy, fault.dropped.0),
            (Checks::Off, NameValidation::Utf8, fault.dropped.0),
            (Checks::Labels, NameValidation::Utf8, fault.dropped.1),
            (Checks::Labels, NameValidation::Legacy, fault.dropped.2),
            (Checks::Full, NameValidation::Utf8, fault.dropped.1),
            (Checks::Full, NameValidation::Legacy, fault.dropped.2),
        ] {
            let rig = Rig::behaving(Behaviour::Prometheus2_42); // takes what it can
            let sink = rig.builder().checks(checks).name_validation(names).build().unwrap();
            let bad = Labels::from_pairs(fault.pairs.iter().map(|(n, v)| (n, v)));
            sink.send(single(0, 0)).await.unwrap();
            sink.send(TimeSeries::new(bad.clone(), [sample(0), sample(1)])).await.unwrap();
            sink.send(single(1, 0)).await.unwrap();
            let ledger = sink.close().await.unwrap();
            let what = format!("{}, {checks} {names}", fault.reason);
            if dropped {
                assert_eq!(told(&ledger), format!("received 4 written 2 {} 2", fault.reason), "{what}");
                let dead = rig.dead();
                assert_eq!(dead.len(), 2, "{what}");
                assert!(
                    dead.iter().all(|(reason, labels, _)| reason == fault.reason && *labels == bad),
                    "{what}"
                );
                assert_eq!(rig.stats().samples.received, 2, "{what}: not sent");
            } else {
                assert_eq!(told(&ledger), "received 4 written 4", "{what}");
                assert!(rig.letters().is_empty());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_label_of_64_kib_is_fine() {
    let rig = Rig::new();
    let sink = rig.sink();
    let labels = Labels::from_pairs([("__name__", "m"), ("a", &"x".repeat(64 * 1024))]);
    sink.send(TimeSeries::single(labels.clone(), sample(0))).await.unwrap();
    assert_eq!(told(&sink.close().await.unwrap()), "received 1 written 1");
    assert_eq!(rig.held(&labels), [0]);
}

#[tokio::test(start_paused = true)]
async fn labels_are_sorted_and_empty_ones_left_out_in_every_mode() {
    for checks in [Checks::Off, Checks::Labels, Checks::Full] {
        let rig = Rig::new();
        let sink = rig.builder().checks(checks).build().unwrap();
        let unsorted = Labels::from_pairs([("z", "1"), ("e", ""), ("B", "2"), ("__name__", "m"), ("a", "3")]);
        sink.send(TimeSeries::single(unsorted, sample(0))).await.unwrap();
        sink.close().await.unwrap();
        let [(labels, _)] = &rig.wire()[0].samples()[..] else { panic!("one sample was sent") };
        assert_eq!(labels.to_string(), r#"m{B="2", a="3", z="1"}"#);
        // The bytes as they came, not as they are read.
        let mut names = Vec::new();
        let plain = narthex_protocol::snappy::decompress(&rig.wire()[0].body, 1 << 20).unwrap();
        narthex_protocol::decode::for_each_series(&plain, |series| {
            names.extend(series.labels.iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()));
        })
        .unwrap();
        assert_eq!(names, ["B", "__name__", "a", "z"]);
    }
}

#[tokio::test(start_paused = true)]
async fn order_repetition_and_conflict_are_told_apart_across_requests_and_within_one() {
    for at_once in [true, false] {
        let rig = Rig::new();
        let sink = rig.sink();
        begin(&sink, [0], 0).await;
        let conflict = Sample::new(-1.0, NOW + 10_000);
        for sample in [sample(10), sample(5), sample(10), conflict, sample(-60), sample(11)] {
            sink.send(TimeSeries::single(labels(0), sample)).await.unwrap();
            if !at_once {
                sink.flush().await.unwrap();
            }
        }
        let ledger = sink.close().await.unwrap();
        assert_eq!(told(&ledger), "received 7 written 3 out_of_order 2 duplicate 1 duplicate_same 1");
        let dead: Vec<_> =
            rig.dead().into_iter().map(|(reason, _, sample)| (reason, sample.unwrap())).collect();
        assert_eq!(
            dead,
            [
                ("duplicate".to_owned(), conflict),
                ("out_of_order".to_owned(), sample(-60)),
                ("out_of_order".to_owned(), sample(5)),
            ],
            "a repetition loses nothing and is no dead letter"
        );
        assert_eq!(rig.held(&labels(0)), [0, 10, 11]);
        let stats = rig.stats();
        assert_eq!(stats.requests.keys().copied().collect::<Vec<_>>(), [204], "no 4xx");
        rig.assert_order();
    }
}

#[tokio::test(start_paused = true)]
async fn disorder_within_one_time_series_is_found_too() {
    let rig = Rig::new();
    let sink = rig.sink();
    begin(&sink, [0, 1], 0).await;
    sink.send(series(0, [1, 3, 2, 4, 4, 1])).await.unwrap();
    sink.send(series(2, [3, 2, 5])).await.unwrap(); // a new series
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 11 written 7 out_of_order 3 duplicate_same 1");
    assert_eq!(rig.held(&labels(0)), [0, 1, 3, 4]);
    assert_eq!(rig.held(&labels(2)), [3, 5]);
}

#[tokio::test(start_paused = true)]
async fn values_conflict_by_their_bits() {
    let rig = Rig::new();
    let sink = rig.sink();
    for (n, first, second) in [(0, 0.0, -0.0), (1, f64::NAN, f64::NAN), (2, 1.0, 1.0)] {
        for value in [first, second] {
            sink.send(TimeSeries::single(labels(n), Sample::new(value, NOW))).await.unwrap();
            sink.flush().await.unwrap();
        }
    }
    sink.send(TimeSeries::single(labels(1), Sample::stale(NOW))).await.unwrap();
    assert_eq!(told(&sink.close().await.unwrap()), "received 7 written 3 duplicate 2 duplicate_same 2");
}

#[tokio::test(start_paused = true)]
async fn the_future_ends_ten_minutes_ahead_or_where_it_is_said() {
    for (limit, ahead_ms, is_dropped) in [
        (None, 600_000, false),
        (None, 600_001, true),
        (Some(Some(secs(5))), 5000, false),
        (Some(Some(secs(5))), 5001, true),
        (Some(None), 86_400_000, false),
    ] {
        let rig = Rig::behaving(Behaviour::Prometheus2_42);
        let mut builder = rig.builder();
        if let Some(limit) = limit {
            builder = builder.max_future(limit);
        }
        let sink = builder.build().unwrap();
        begin(&sink, [0], 0).await;
        sink.send(TimeSeries::single(labels(0), Sample::new(1.0, NOW + ahead_ms))).await.unwrap();
        let ledger = sink.close().await.unwrap();
        let want =
            if is_dropped { "received 2 written 1 too_far_in_future 1" } else { "received 2 written 2" };
        assert_eq!(told(&ledger), want, "{limit:?}, {ahead_ms} ms");
        assert_eq!(rig.letters().len(), usize::from(is_dropped));
    }
}

#[tokio::test(start_paused = true)]
async fn a_sample_from_the_future_does_not_move_what_is_in_order() {
    let rig = Rig::new();
    let sink = rig.sink();
    sink.send(series(0, [0, 700, 1])).await.unwrap();
    sink.send(series(1, [700, 0, 1])).await.unwrap();
    assert_eq!(told(&sink.close().await.unwrap()), "received 6 written 4 too_far_in_future 2");
    assert_eq!((rig.held(&labels(0)), rig.held(&labels(1))), (vec![0, 1], vec![0, 1]));
}

fn with_window(window: std::time::Duration) -> Rig {
    Rig::of(ReceiverConfig { out_of_order_window: window, ..ReceiverConfig::default() })
}

#[tokio::test(start_paused = true)]
async fn late_samples_inside_the_window_follow_the_request_s_in_order_ones() {
    let rig = with_window(secs(60));
    let sink = rig.builder().out_of_order_window(Some(secs(60))).build().unwrap();
    begin(&sink, [0, 1], 0).await;
    for n in [0, 1] {
        for second in [100, 70, 40, 39, 110, 50] {
            sink.send(single(n, second)).await.unwrap();
        }
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 14 written 12 out_of_order 2", "61 s behind is outside");
    let sent = rig.wire().last().unwrap().samples();
    let seconds: Vec<i64> = sent.iter().map(|(_, sample)| (sample.timestamp_ms - NOW) / 1000).collect();
    assert_eq!(seconds, [100, 110, 100, 110, 70, 40, 50, 70, 40, 50]);
    assert_eq!(rig.held(&labels(0)), [0, 40, 50, 70, 100, 110]);
    let samples = rig.stats().samples;
    assert_eq!((samples.dropped_disorder, samples.dropped_conflict), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_late_sample_does_not_move_what_is_in_order() {
    let rig = with_window(secs(600));
    let sink = rig.builder().out_of_order_window(Some(secs(60))).build().unwrap();
    for second in [0, 100, 50, 45, 39, 100, 101] {
        begin(&sink, [0], second).await;
    }
    assert_eq!(told(&sink.close().await.unwrap()), "received 7 written 5 out_of_order 1 duplicate_same 1");
    assert_eq!(rig.held(&labels(0)), [0, 45, 50, 100, 101]);
}

#[tokio::test(start_paused = true)]
async fn an_unlimited_window_sends_every_late_sample() {
    let rig = with_window(secs(1_000_000));
    let sink = rig.builder().out_of_order_window(None).build().unwrap();
    for second in [0, -100, -100_000] {
        begin(&sink, [0], second).await;
    }
    assert_eq!(told(&sink.close().await.unwrap()), "received 3 written 3");
    assert_eq!(rig.held(&labels(0)), [-100_000, -100, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_late_sample_that_is_refused_costs_itself_alone() {
    let rig = with_window(secs(10));
    let sink = rig.builder().out_of_order_window(Some(secs(3600))).build().unwrap();
    begin(&sink, 0..20, 0).await;
    begin(&sink, 0..20, 50).await;
    for n in 0..20 {
        sink.send(single(n, if n % 5 == 0 { 10 } else { 45 })).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 60 written 56 bad_request 4");
    assert_eq!(rig.held(&labels(5)), [0, 50]);
    assert_eq!(rig.held(&labels(6)), [0, 45, 50]);
}

#[tokio::test(start_paused = true)]
async fn modes_below_full_leave_order_to_the_receiver() {
    for (checks, want) in [
        (Checks::Off, "received 4 written 3 bad_request 1"),
        (Checks::Labels, "received 4 written 3 bad_request 1"),
        (Checks::Full, "received 4 written 2 out_of_order 1 duplicate_same 1"),
    ] {
        let rig = Rig::new();
        let sink = rig.builder().checks(checks).build().unwrap();
        for second in [0, 10, 5, 10] {
            begin(&sink, [0], second).await;
        }
        assert_eq!(told(&sink.close().await.unwrap()), want, "{checks}");
    }
}

#[tokio::test(start_paused = true)]
async fn nan_is_normalised_and_the_stale_marker_keeps_its_bits_in_every_mode() {
    for checks in [Checks::Off, Checks::Labels, Checks::Full] {
        let rig = Rig::new();
        let sink = rig.builder().checks(checks).build().unwrap();
        let bits = [
            0xfff8_0000_0000_0000,
            STALE,
            0x7ff8_dead_beef_0000,
            (-0.0f64).to_bits(),
            f64::INFINITY.to_bits(),
        ];
        for (second, bits) in bits.into_iter().enumerate() {
            let sample = Sample::from_bits(bits, NOW + 1000 * second as i64);
            sink.send(TimeSeries::single(labels(0), sample)).await.unwrap();
        }
        let sample = Sample::new(f64::from_bits(STALE), NOW + 9000); // computed, no marker
        sink.send(TimeSeries::single(labels(0), sample)).await.unwrap();
        assert_eq!(told(&sink.close().await.unwrap()), "received 6 written 6");
        let held: Vec<u64> = rig.held_samples(&labels(0)).iter().map(|sample| sample.value_bits).collect();
        assert_eq!(held, [NORMAL_NAN, STALE, NORMAL_NAN, 1 << 63, 0x7ff0_0000_0000_0000, NORMAL_NAN]);
    }
}

#[tokio::test(start_paused = true)]
async fn idle_series_are_forgotten_and_busy_ones_are_not() {
    let rig = Rig::new();
    let sink = rig.builder().checks_idle_timeout(secs(10)).build().unwrap();
    begin(&sink, [0], 100).await;
    for round in 0..60 {
        tokio::time::sleep(secs(1)).await;
        begin(&sink, [1], 100 + round).await;
    }
    begin(&sink, [0, 1], 50).await;
    // The receiver refuses what we no longer know to be late.
    assert_eq!(told(&sink.close().await.unwrap()), "received 63 written 61 bad_request 1 out_of_order 1");
}

/// B: all kinds at once, among 500 samples: all good ones stored, each bad one with its reason, no 4xx.
#[tokio::test(start_paused = true)]
async fn with_checks_full_every_kind_of_bad_sample_is_dropped_before_the_receiver_sees_it() {
    for behaviour in [Behaviour::Prometheus2_42, Behaviour::Prometheus3] {
        let rig = Rig::behaving(behaviour);
        let sink = rig.builder().batch_max_size(600).build().unwrap();
        begin(&sink, 0..500, 0).await;
        for n in 0..500 {
            match n % 100 {
                7 => sink.send(single(n, -1)).await.unwrap(),
                17 => sink.send(TimeSeries::single(labels(n), Sample::new(-3.0, NOW))).await.unwrap(),
                27 => sink.send(single(n, 3600)).await.unwrap(),
                37 => sink.send(series(n, [5, 4])).await.unwrap(),
                47 => {
                    let labels = Labels::from_pairs([("__name__", "m"), ("a", "1"), ("a", "2")]);
                    sink.send(TimeSeries::single(labels, sample(1))).await.unwrap();
                }
                57 => {
                    let labels = Labels::from_pairs([(&b"__name__"[..], &b"m"[..]), (b"a", b"\xfe")]);
                    sink.send(TimeSeries::single(labels, sample(1))).await.unwrap();
                }
                _ => sink.send(single(n, 1)).await.unwrap(),
            }
        }
        let ledger = sink.close().await.unwrap();
        assert_eq!(
            told(&ledger),
            "received 1005 written 975 repeated_label 5 invalid_utf8 5 out_of_order 10 duplicate 5 too_far_in_future 5"
        );
        assert_eq!(rig.stored(), 975);
        assert_eq!(rig.stats().requests.keys().copied().collect::<Vec<_>>(), [204], "no 4xx");
        assert_eq!(rig.letters().len(), 30);
    }
}
