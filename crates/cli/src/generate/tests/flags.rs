//! Tests of flags, their defaults and their mistakes.

use super::*;

#[test]
fn all_mistakes_are_told_at_once() {
    let told = mistakes(
        "--kind vehicles --series 3 --labels 1 --devices 0 --rate -1 --count 0 --samples-per-series 0 --step x \
         --duration 0s --start soon --late 2 --future -0.1 --malformed NaN --nan 0.1 --bad-label 0.1",
    );
    let flags: Vec<_> = told.iter().filter_map(|m| m.split(':').next()).collect();
    assert_eq!(
        flags,
        [
            "--series",
            "--labels",
            "--bad-label",
            "--nan",
            "--devices",
            "--labels",
            "--rate",
            "--late",
            "--malformed",
            "--future",
            "--step",
            "--duration",
            "--start",
            "--count",
            "--samples-per-series"
        ],
        "{told:#?}"
    );
    assert_eq!(mistakes("--devices 3").len(), 1);
    assert!(
        mistakes("--kind vehicle-series --positions")[0]
            .starts_with("--positions: does not go with this --kind")
    );
    assert_eq!(mistakes("--kind vehicles --gps-jump 0.1"), ["--gps-jump: needs --positions"]);
    assert_eq!(mistakes("--series 10000001").len(), 1);
    assert!(mistakes("--late 0.6 --nan 0.6")[0].contains("more than 1"));
    assert!(mistakes("--late inf")[0].starts_with("--late: inf is not between 0 and 1"));
}

#[test]
fn an_endless_stream_may_not_run_ahead_of_the_clock() {
    assert!(mistakes("--rate 10 --series 10 --step 10s")[0].contains("10.0 times as fast"));
    assert_eq!(plan("--rate 10 --series 10 --step 1s").limit, None);
    assert_eq!(plan("--rate 10 --series 10 --step 10s --count 5").limit, Some(5));
}

#[test]
fn two_events_of_one_subject_need_time_between_them() {
    assert!(mistakes("--rate 100000 --series 99")[0].contains("below 1 ms"));
    assert_eq!(plan("--rate 100000 --series 100").step_us, 1000);
    assert!(mistakes("--kind vehicles --rate 100000 --devices 999")[0].contains("below 10 ms"));
    assert_eq!(plan("--kind vehicles --rate 100000 --devices 1000").step_us, 10_000);
}

#[test]
fn a_default_run_ends_about_now_and_spans_at_most_fifty_minutes() {
    for (flags, limit, step_us, lead_ms) in [
        ("", 100_000, 10_000_000, 1_000_000),
        ("--samples-per-series 300", 300_000, 10_000_000, 3_000_000),
        ("--samples-per-series 3000", 3_000_000, 1_000_000, 3_000_000),
        ("--samples-per-series 7 --count 50", 50, 10_000_000, 500),
        ("--duration 5min", 30_000, 10_000_000, 300_000),
        ("--duration 5min --step 1s --series 10", 3000, 1_000_000, 300_000),
        ("--duration 5min --count 30", 30, 10_000_000, 300),
        ("--duration 2h --series 1", 720, 10_000_000, 7_200_000),
        ("--kind vehicles --devices 10 --count 10", 10, 10_000_000, 10_000),
    ] {
        let plan = plan(flags);
        assert_eq!(
            (plan.limit, plan.step_us, NOW_MS - plan.start_ms),
            (Some(limit), step_us, lead_ms),
            "{flags}"
        );
    }
}

#[test]
fn a_paced_run_starts_now_and_keeps_pace() {
    for (flags, limit, step_us) in [
        ("--rate 100", None, 10_000_000),
        ("--rate 100 --count 500", Some(500), 10_000_000),
        ("--rate 100 --duration 5s", Some(500), 10_000_000),
        ("--rate 0.5 --series 1", None, 2_000_000),
        ("--rate 300 --series 1", None, 3333),
    ] {
        let plan = plan(flags);
        assert_eq!((plan.limit, plan.step_us, plan.start_ms), (limit, step_us, NOW_MS), "{flags}");
    }
    // Faster than real time on request: it starts so early that it ends now.
    assert_eq!(NOW_MS - plan("--rate 100 --series 100 --step 10s --count 1000").start_ms, 90_000);
}

#[test]
fn unusual_times_are_pointed_out() {
    assert_eq!(plan("").note(NOW_MS), None);
    assert_eq!(plan("--rate 10").note(NOW_MS), None);
    let ahead = plan("--start 2023-11-14T23:00:00Z").note(NOW_MS);
    assert!(ahead.is_some_and(|note| note.starts_with("event time ends 3800 s ahead of the clock")));
    let long = plan("--duration 2h").note(NOW_MS);
    assert!(long.is_some_and(|note| note.starts_with("event time spans 7200 s more than the run")));
}

#[test]
fn the_start_may_be_given_in_both_forms() {
    assert_eq!(plan("--start 0").start_ms, 0);
    assert_eq!(plan("--start -5").start_ms, -5);
    assert_eq!(plan("--start 2023-11-14T22:13:20.5Z").start_ms, NOW_MS + 500);
}
