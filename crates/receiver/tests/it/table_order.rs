//! Rows of the table of answers that are about time and order: what 2.42 and 3.15 were seen to do.

use crate::sender::*;
use narthex_receiver::Behaviour::{KeepsGood, Prometheus2_42, Prometheus3};
use narthex_receiver::{Behaviour, RefusalReason};

const PROMETHEUS: [Behaviour; 2] = [Prometheus2_42, Prometheus3];

#[test]
fn rolls_the_whole_request_back_when_one_sample_is_late() {
    for behaviour in PROMETHEUS {
        for bad_at in 0..3 {
            let receiver = receiver(behaviour);
            expect(&receiver, 204, &[metric("late").at(NOW, 1.0)]);
            let mut series = vec![metric("a").at(NOW, 1.0), metric("b").at(NOW, 1.0)];
            series.insert(bad_at, metric("late").at(NOW - 1, 2.0));
            assert_eq!(expect(&receiver, 400, &series), "out of order sample");
            assert_held(&receiver, &[("late", 0, "1")]);
            let counts = receiver.stats().samples;
            assert_eq!((counts.refused[&RefusalReason::OutOfOrder], counts.rolled_back), (1, 2));
        }
    }
}

#[test]
fn another_value_at_the_newest_timestamp_is_refused() {
    let words = [
        "duplicate sample for timestamp",
        "duplicate sample for timestamp 1700000000000; overrides not allowed: existing 1, new value 2",
    ];
    for (behaviour, words) in PROMETHEUS.into_iter().zip(words) {
        let receiver = receiver(behaviour);
        expect(&receiver, 204, &[metric("m").at(NOW, 1.0)]);
        assert_eq!(expect(&receiver, 400, &[metric("m").at(NOW, 2.0), metric("n").at(NOW, 1.0)]), words);
        assert_held(&receiver, &[("m", 0, "1")]);
    }
}

#[test]
fn values_are_compared_by_their_bits() {
    let receiver = receiver(Prometheus3);
    let nan = |payload: u64| f64::from_bits(0x7ff8_0000_0000_0000 | payload);
    expect(&receiver, 204, &[metric("zero").at(NOW, 0.0), metric("nan").at(NOW, nan(1))]);
    expect(&receiver, 400, &[metric("zero").at(NOW, -0.0)]);
    expect(&receiver, 400, &[metric("nan").at(NOW, nan(2))]);
    expect(&receiver, 204, &[metric("nan").at(NOW, nan(1))]);
    assert_eq!(receiver.stats().samples.repeated, 1);
}

#[test]
fn the_newest_sample_again_is_a_silent_no_op() {
    for behaviour in PROMETHEUS {
        let receiver = receiver(behaviour);
        for _ in 0..2 {
            expect(&receiver, 204, &[metric("m").at(NOW, 1.0), metric("n").at(NOW, 1.0)]);
        }
        assert_held(&receiver, &[("m", 0, "1"), ("n", 0, "1")]);
        assert_eq!(receiver.stats().samples.repeated, 2);
        assert_eq!(receiver.stats().samples.order_violations, 0);
    }
}

#[test]
fn an_older_stored_sample_again_is_refused_with_the_new_ones_beside_it() {
    for behaviour in PROMETHEUS {
        let receiver = receiver(behaviour);
        let two = metric("m").at(NOW - 10, 1.0).at(NOW, 2.0);
        expect(&receiver, 204, std::slice::from_ref(&two));
        assert_eq!(expect(&receiver, 400, &[two.at(NOW + 10, 3.0)]), "out of order sample");
        assert_held(&receiver, &[("m", -10, "1"), ("m", 0, "2")]);
    }
}

#[test]
fn more_than_an_hour_behind_the_head_is_out_of_bounds() {
    for behaviour in PROMETHEUS {
        let receiver = receiver(behaviour);
        expect(&receiver, 204, &[metric("m").at(NOW, 1.0)]);
        expect(&receiver, 204, &[metric("n").at(NOW - 59 * MINUTE, 1.0)]);
        assert_eq!(expect(&receiver, 400, &[metric("o").at(NOW - 61 * MINUTE, 1.0)]), "out of bounds");
        assert_eq!(expect(&receiver, 400, &[metric("m").at(NOW - 61 * MINUTE, 1.0)]), "out of bounds");
        assert_held(&receiver, &[("m", 0, "1"), ("n", -59 * MINUTE, "1")]);
    }
}

#[test]
fn an_empty_head_takes_any_first_timestamp() {
    for behaviour in PROMETHEUS {
        let day = 24 * 60 * MINUTE;
        let receiver = receiver(behaviour);
        expect(&receiver, 204, &[metric("m").at(0, 1.0)]);
        expect(&receiver, 204, &[metric("n").at(NOW - day, 1.0), metric("o").at(NOW, 1.0)]);
        assert_eq!(receiver.stats().samples.stored, 3);
    }
}

#[test]
fn the_first_sample_sets_the_time_of_an_empty_head_also_when_refused() {
    let receiver = receiver(Prometheus2_42);
    expect(&receiver, 400, &[metric("m").at(NOW, 1.0), metric("n").at(NOW - 61 * MINUTE, 1.0)]);
    assert_eq!(expect(&receiver, 400, &[metric("n").at(NOW - 61 * MINUTE, 1.0)]), "out of bounds");
    assert_held(&receiver, &[]);
}

#[test]
fn the_future_has_a_limit_on_3_and_none_on_2_42() {
    let receiver3 = receiver(Prometheus3);
    expect(&receiver3, 204, &[metric("m").at(NOW + 9 * MINUTE, 1.0)]);
    let words = expect(&receiver3, 400, &[metric("n").at(NOW, 1.0), metric("m").at(NOW + 11 * MINUTE, 1.0)]);
    assert_eq!(words, "out of bounds: timestamp is too far in the future");
    assert_held(&receiver3, &[("m", 9 * MINUTE, "1")]);

    let receiver2 = receiver(Prometheus2_42);
    expect(&receiver2, 204, &[metric("m").at(NOW + 1_000_000 * MINUTE, 1.0)]);
    // The head has moved with it: now is out of bounds.
    assert_eq!(expect(&receiver2, 400, &[metric("n").at(NOW, 1.0)]), "out of bounds");
}

#[test]
fn a_timestamp_at_either_end_of_time_does_no_harm() {
    for behaviour in Behaviour::NAMES.map(|name| name.parse().unwrap()) {
        for window in [0, 30] {
            let receiver = lenient(behaviour, window);
            for timestamp in [i64::MIN, i64::MAX, 0, NOW] {
                send(&receiver, &[metric("m").at(timestamp, 1.0)]);
            }
            assert!(receiver.stats().samples.adds_up());
        }
    }
}

#[test]
fn disorder_inside_a_request_passes_and_is_dropped_at_commit() {
    for behaviour in PROMETHEUS {
        let receiver = receiver(behaviour);
        expect(&receiver, 204, &[metric("m").at(NOW, 1.0).at(NOW - 10, 2.0).at(NOW + 10, 3.0)]);
        assert_held(&receiver, &[("m", 0, "1"), ("m", 10, "3")]);
        let counts = receiver.stats().samples;
        assert_eq!((counts.dropped_disorder, counts.order_violations), (1, 1));
    }
}

#[test]
fn conflict_inside_a_request_keeps_the_first_value() {
    for behaviour in PROMETHEUS {
        let receiver = receiver(behaviour);
        // Also over two TimeSeries messages of the same series, with labels in another order.
        let again = unnamed().label("a", "1").label("__name__", "m").at(NOW, 2.0);
        expect(&receiver, 204, &[metric("m").label("a", "1").at(NOW, 1.0), again]);
        assert_held(&receiver, &[("m{a=\"1\"}", 0, "1")]);
        let counts = receiver.stats().samples;
        assert_eq!((counts.dropped_conflict, counts.order_violations, counts.duplicates()), (1, 0, 1));
    }
}

#[test]
fn a_stale_marker_is_a_value_like_others() {
    for behaviour in PROMETHEUS {
        let receiver = receiver(behaviour);
        expect(&receiver, 204, &[metric("new").at(NOW, STALE), metric("m").at(NOW, 1.0).at(NOW, STALE)]);
        expect(&receiver, 204, &[metric("new").at(NOW, STALE)]);
        assert!(expect(&receiver, 400, &[metric("m").at(NOW, STALE)]).starts_with("duplicate sample"));
        assert_held(&receiver, &[("m", 0, "1"), ("new", 0, "stale")]); // m's marker was lost behind the 204
    }
}

#[test]
fn with_a_window_late_samples_are_stored_and_replays_are_no_ops() {
    for behaviour in PROMETHEUS {
        let receiver = lenient(behaviour, 30);
        let series = [metric("m").at(NOW - 20, 1.0).at(NOW, 2.0), metric("n").at(NOW, 1.0)];
        for _ in 0..3 {
            expect(&receiver, 204, &series);
        }
        expect(&receiver, 204, &[metric("m").at(NOW - 10, 1.5)]);
        assert_held(&receiver, &[("m", -20, "1"), ("m", -10, "1.5"), ("m", 0, "2"), ("n", 0, "1")]);
        assert_eq!(receiver.stats().samples.stored, 4);
    }
}

#[test]
fn with_a_window_a_sample_outside_it_is_too_old() {
    for (behaviour, status) in [(Prometheus2_42, 500), (Prometheus3, 400)] {
        let receiver = lenient(behaviour, 30);
        expect(&receiver, 204, &[metric("m").at(NOW, 1.0)]);
        let words =
            expect(&receiver, status, &[metric("n").at(NOW, 1.0), metric("m").at(NOW - 31 * MINUTE, 1.0)]);
        assert_eq!(words, "too old sample");
        // For a series without samples the rule of an hour holds instead.
        expect(&receiver, 204, &[metric("o").at(NOW - 40 * MINUTE, 1.0)]);
        expect(&receiver, status, &[metric("p").at(NOW - 61 * MINUTE, 1.0)]);
        assert_held(&receiver, &[("m", 0, "1"), ("o", -40 * MINUTE, "1")]);
    }
}

#[test]
fn with_a_window_a_late_conflict_replaces_what_reads_show() {
    for behaviour in PROMETHEUS {
        let receiver = lenient(behaviour, 30);
        expect(&receiver, 204, &[metric("m").at(NOW - 20, 1.0).at(NOW, 2.0)]);
        expect(&receiver, 400, &[metric("m").at(NOW, 3.0)]); // against the newest: still refused
        expect(&receiver, 204, &[metric("m").at(NOW - 20, 9.0)]);
        expect(&receiver, 204, &[metric("m").at(NOW - 10, 5.0)]);
        expect(&receiver, 204, &[metric("m").at(NOW - 10, 6.0)]); // against one that was late: dropped
        assert_held(&receiver, &[("m", -20, "9"), ("m", -10, "5"), ("m", 0, "2")]);
        let counts = receiver.stats().samples;
        assert_eq!((counts.overwritten, counts.dropped_conflict), (1, 1));
    }
}

#[test]
fn with_a_window_disorder_inside_a_request_is_stored() {
    let receiver = lenient(Prometheus3, 30);
    expect(&receiver, 204, &[metric("m").at(NOW, 1.0).at(NOW - 10, 2.0)]);
    assert_held(&receiver, &[("m", -10, "2"), ("m", 0, "1")]);
    assert_eq!(receiver.stats().samples.order_violations, 1);
}

#[test]
fn the_lenient_receivers_keep_the_good_part_and_still_say_400() {
    let receiver = receiver(KeepsGood);
    expect(&receiver, 200, &[metric("m").at(NOW, 1.0)]);
    let words = expect(
        &receiver,
        400,
        &[
            metric("a").at(NOW, 1.0),
            metric("m").at(NOW - 2, 2.0).at(NOW - 1, 2.0).at(NOW + 1, 2.0),
            unnamed().label("x", "1").at(NOW, 1.0),
            metric("b").at(NOW, 1.0),
        ],
    );
    assert_eq!(words, "out of order sample"); // the first refusal speaks
    assert_held(&receiver, &[("a", 0, "1"), ("b", 0, "1"), ("m", 0, "1"), ("m", 1, "2")]);
    let counts = receiver.stats().samples;
    assert_eq!(
        (counts.refused[&RefusalReason::OutOfOrder], counts.refused[&RefusalReason::InvalidLabels]),
        (2, 1)
    );
    assert_eq!(counts.rolled_back, 0);
}
