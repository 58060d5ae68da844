//! Lost answers: a refusal after an attempt whose outcome is unknown is no loss when the receiver holds the
//! samples, and no excuse when it does not.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use narthex_receiver::{Behaviour, ReceiverConfig};
use narthex_sink::{Checks, Ledger, OnReject, Reason};
use narthex_testkit::in_process::{Meddling, WireRequest};

use crate::support::*;

/// Sends second 0 to each series, then the seconds from 1 on, all in one request; the requests of the second
/// part and the ledger.
async fn two_rounds(rig: &Rig, shape: (usize, i64), checks: Checks) -> (usize, Ledger) {
    let samples = shape.0 * shape.1 as usize;
    let sink = rig.builder().checks(checks).batch_max_size(samples.max(shape.0)).build().unwrap();
    begin(&sink, 0..shape.0, 0).await;
    let before = rig.requests();
    for n in 0..shape.0 {
        sink.send(series(n, 1..=shape.1)).await.unwrap();
    }
    sink.flush().await.unwrap();
    let asked = rig.requests() - before;
    let ledger = sink.close().await.unwrap();
    assert!(ledger.adds_up());
    assert_eq!(ledger.received as usize, shape.0 + samples);
    rig.assert_order();
    (asked, ledger)
}

/// What happens to requests after the first one, by number.
fn meddling(what: impl Fn(usize) -> Option<Meddling> + Send + Sync + 'static) -> Rig {
    Rig::meddled(move |number: usize, _: &WireRequest| number.checked_sub(1).and_then(&what))
}

#[tokio::test(start_paused = true)]
async fn one_sample_a_series_is_repeated_without_anything_lost() {
    for script in ["ok lose-answer", "ok silence:commit", "ok lose-answer x4", "ok ok:delay=31s"] {
        for checks in [Checks::Off, Checks::Full] {
            let rig = Rig::with_faults(script);
            let (asked, ledger) = two_rounds(&rig, (500, 1), checks).await;
            assert_eq!(told(&ledger), "received 1000 written 1000", "{script}");
            assert!(asked <= 5, "{script}: {asked} requests");
            assert_eq!(rig.stored(), 1000);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ten_samples_a_series_cost_few_requests_and_nothing_is_lost() {
    for script in [
        "ok lose-answer",
        "ok silence:commit",
        "ok lose-answer x4",
        "ok ok:delay=31s",
        "ok lose-answer reset 503",
    ] {
        for behaviour in [Behaviour::Prometheus2_42, Behaviour::Prometheus3, Behaviour::KeepsGood] {
            let rig = Rig::of(ReceiverConfig::new(behaviour).with_fault(faults(script)));
            let (asked, ledger) = two_rounds(&rig, (50, 10), Checks::Full).await;
            // The newest of each series is taken again; what lies before it is there already.
            assert_eq!(told(&ledger), "received 550 written 100 replayed 450", "{script} {behaviour}");
            assert!(asked <= 10, "{script} {behaviour}: {asked} requests");
            assert_eq!(rig.stored(), 550);
            assert!(rig.letters().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_past_ten_samples_a_series_cost_some_more() {
    for checks in [Checks::Off, Checks::Labels] {
        let rig = Rig::with_faults("ok lose-answer");
        let (asked, ledger) = two_rounds(&rig, (50, 10), checks).await;
        assert_eq!(told(&ledger), "received 550 written 100 replayed 450");
        assert!(asked <= 32, "{asked} requests");
    }
}

/// A gateway gives up on the server behind it, which goes on all the same.
#[tokio::test(start_paused = true)]
async fn gateways_that_answer_for_a_server_that_stored_are_no_loss() {
    for status in [502, 503, 504, 524] {
        for times in [1, 3, 9, 10, 11, 14, 30, 60] {
            for shape in [(50, 10), (3, 2), (1, 10), (20, 1)] {
                let rig = meddling(move |number| (number < times).then_some(Meddling::AnswerAfter(status)));
                let (_, ledger) = two_rounds(&rig, shape, Checks::Full).await;
                let lost = (ledger.lost(), ledger.pending);
                assert_eq!(lost, (0, 0), "{status} x{times}, {shape:?}: {ledger:?}");
                assert_eq!(rig.stored() as u64, ledger.received);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_lost_without_a_commit_is_just_repeated() {
    for script in ["ok reset", "ok reset-early", "ok silence", "ok 503"] {
        for checks in [Checks::Off, Checks::Full] {
            let rig = Rig::with_faults(script);
            let (asked, ledger) = two_rounds(&rig, (50, 10), checks).await;
            assert_eq!(told(&ledger), "received 550 written 550", "{script}");
            assert_eq!(asked, 2, "{script}");
        }
    }
}

/// Bad samples at every place, among them places that all series share for one and the same reason.
fn bad_sets(shape: (usize, i64)) -> Vec<BTreeSet<(usize, i64)>> {
    let (series, last) = shape;
    let all = |second: i64| (0..series).map(move |n| (n, second)).collect::<BTreeSet<_>>();
    let mut sets = vec![
        [(0, 1)].into(),
        [(series - 1, last)].into(),
        [(series / 2, last / 2 + 1)].into(),
        all(1),
        all(last),
        (1..=last).map(|second| (0, second)).collect(),
        (0..series.min(3)).flat_map(|n| (1..=last).map(move |second| (n, second))).collect(),
        (0..series).map(|n| (n, 1 + n as i64 % last)).collect(),
        all(1).union(&all(last)).copied().collect(),
        (0..series).flat_map(|n| (1..last).map(move |second| (n, second))).collect(),
    ];
    let total = series * last as usize;
    for seed in 0..4 {
        let picked = Dice::new(seed).pick(1 + total / 7, total);
        sets.push(picked.into_iter().map(|at| (at % series, 1 + (at / series) as i64)).collect());
    }
    sets
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_and_never_stored_is_rejected_and_never_replayed() {
    for shape in [(50, 10), (20, 2), (3, 3), (1, 8), (40, 1)] {
        for bad in bad_sets(shape) {
            for lost_first in [Meddling::Answer(503), Meddling::Answer(504)] {
                let refuses = Refuses::with(400, bad.clone());
                let rig = Rig::meddled(move |number: usize, request: &WireRequest| match number {
                    0 => None,
                    1 => Some(lost_first), // the sender cannot know that it was not stored
                    _ => refuses.is_bad(request).then_some(Meddling::Answer(400)),
                });
                let (asked, ledger) = two_rounds(&rig, shape, Checks::Full).await;
                let good = ledger.received - bad.len() as u64;
                assert_eq!(
                    (ledger.replayed, lost(&ledger, Reason::BadRequest), ledger.written),
                    (0, bad.len() as u64, good),
                    "{shape:?}, bad {bad:?}: {ledger:?}"
                );
                assert_eq!((rig.stored() as u64, rig.letters().len()), (good, bad.len()));
                assert!(asked <= 2 * shape.0 * shape.1 as usize + 64, "{asked} requests");
            }
        }
    }
}

/// Without checks there is no past to ask for, but one bad sample is still told from a stored request.
#[tokio::test(start_paused = true)]
async fn without_checks_single_bad_samples_are_not_taken_for_stored_ones() {
    for shape in [(50, 10), (20, 3)] {
        for bad in [(0, 1), (0, 2), (7, 1), (19, shape.1), (12, 2)] {
            let refuses = Refuses::with(400, [bad]);
            let rig = Rig::meddled(move |number: usize, request: &WireRequest| match number {
                1 => Some(Meddling::Answer(503)),
                _ => refuses.is_bad(request).then_some(Meddling::Answer(400)),
            });
            let (_, ledger) = two_rounds(&rig, shape, Checks::Off).await;
            let received = ledger.received;
            assert_eq!(
                told(&ledger),
                format!("received {received} written {} bad_request 1", received - 1),
                "{bad:?}"
            );
        }
    }
}

/// The receiver's head has moved on by more than an hour: the past itself is out of its reach.
#[tokio::test(start_paused = true)]
async fn series_beyond_the_receivers_reach_are_rejected_and_not_taken_for_stored() {
    for per_series in [2, 5] {
        let rig =
            Rig::meddled(|number: usize, _: &WireRequest| (number == 2).then_some(Meddling::Answer(503)));
        let sink = rig.sink();
        begin(&sink, 0..5, -5000).await;
        begin(&sink, [99], 0).await;
        for n in 0..5 {
            sink.send(series(n, (1..=per_series).map(|step| -5000 + step))).await.unwrap();
        }
        let ledger = sink.close().await.unwrap();
        let bad = 5 * per_series;
        assert_eq!(told(&ledger), format!("received {} written 6 bad_request {bad}", 6 + bad));
    }
}

/// A series with a long gap: what lies an hour back is refused, what is fresh is good, and the answer got lost.
#[tokio::test(start_paused = true)]
async fn a_backlog_that_is_half_out_of_reach_loses_that_half_and_says_so() {
    for stored in [false, true] {
        let rig = Rig::meddled(move |number: usize, _: &WireRequest| {
            (number == 2).then_some(if stored { Meddling::AnswerAfter(503) } else { Meddling::Answer(503) })
        });
        let sink = rig.sink();
        begin(&sink, 0..5, -4500).await;
        begin(&sink, [99], 0).await;
        for n in 0..5 {
            sink.send(series(n, [-4200, -4100, -20, -10])).await.unwrap();
        }
        let ledger = sink.close().await.unwrap();
        // The first attempt is refused whole either way: 503 hides that.
        assert_eq!(told(&ledger), "received 26 written 16 bad_request 10", "stored: {stored}");
        assert_eq!(rig.held(&labels(2)), [-4500, -20, -10]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_keeps_good_parts_and_loses_answers_loses_no_good_sample() {
    for bad in bad_sets((20, 5)) {
        let config =
            ReceiverConfig::new(Behaviour::KeepsGood).with_fault(faults("ok lose-answer ok x3 lose-answer"));
        let rig = Rig::of(config);
        let sink = rig.builder().batch_max_size(100).max_future(None).build().unwrap();
        begin(&sink, 0..20, 0).await;
        for n in 0..20 {
            // Bad ones lie an hour ahead of the receiver's clock, and so after all good ones of their series.
            let good = (1..=5).filter(|&second| !bad.contains(&(n, second)));
            let ahead = (1..=5).filter(|&second| bad.contains(&(n, second))).map(|second| 3600 + second);
            sink.send(series(n, good.chain(ahead))).await.unwrap();
        }
        let ledger = sink.close().await.unwrap();
        assert!(ledger.adds_up());
        assert_eq!(ledger.rejected_total(), bad.len() as u64, "{bad:?}: {ledger:?}");
        assert_eq!(ledger.written + ledger.replayed, 120 - bad.len() as u64);
        assert_eq!(rig.stored(), 120 - bad.len());
    }
}

#[tokio::test(start_paused = true)]
async fn in_discard_mode_a_stored_request_is_replayed_and_one_that_is_not_is_rejected() {
    for shape in [(50, 10), (50, 1)] {
        for stored in [true, false] {
            let refuses = Refuses::with(400, [(3, 1)]);
            let rig = Rig::meddled(move |number: usize, request: &WireRequest| match number {
                1 if stored => Some(Meddling::Lose),
                1 => Some(Meddling::Answer(503)),
                2 if stored => Some(Meddling::Answer(400)),
                _ => (!stored && refuses.is_bad(request)).then_some(Meddling::Answer(400)),
            });
            let sink = rig.builder().batch_max_size(500).on_reject(OnReject::Discard).build().unwrap();
            begin(&sink, 0..50, 0).await;
            for n in 0..50 {
                sink.send(series(n, 1..=shape.1)).await.unwrap();
            }
            let samples = 50 * shape.1;
            let fate = if stored { "replayed" } else { "bad_request" };
            let ledger = sink.close().await.unwrap();
            assert_eq!(told(&ledger), format!("received {} written 50 {fate} {samples}", 50 + samples));
            assert!(rig.requests() <= 6);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_4xx_after_a_lost_answer_goes_by_what_the_receiver_holds() {
    for stored in [true, false] {
        let rig = Rig::meddled(move |number: usize, _: &WireRequest| match number {
            1 => Some(if stored { Meddling::Lose } else { Meddling::Answer(504) }),
            2 => Some(Meddling::Answer(418)),
            _ => None,
        });
        let (_, ledger) = two_rounds(&rig, (10, 1), Checks::Full).await;
        let fate = if stored { "replayed 10" } else { "client_error 10" };
        assert_eq!(told(&ledger), format!("received 20 written 10 {fate}"));
    }
}

/// Replayed and rejected both restore what the order checks know.
#[tokio::test(start_paused = true)]
async fn what_follows_a_lost_answer_is_written_as_ever() {
    let rig = Rig::with_faults("ok lose-answer");
    let sink = rig.builder().batch_max_size(500).build().unwrap();
    begin(&sink, 0..50, 0).await;
    for n in 0..50 {
        sink.send(series(n, 1..=10)).await.unwrap();
    }
    sink.flush().await.unwrap();
    let before = rig.requests();
    for n in 0..50 {
        sink.send(series(n, 10..=19)).await.unwrap(); // the first is there already
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 1050 written 550 replayed 450 duplicate_same 50");
    assert_eq!(rig.requests() - before, 1);
    assert_eq!(rig.stored(), 1000);
}

/// A new series' first sample goes alone, so that its repeat tells for certain.
#[tokio::test(start_paused = true)]
async fn new_series_with_several_samples_lose_nothing_to_a_lost_answer() {
    for script in
        ["lose-answer", "lose-answer x3", "ok lose-answer", "lose-answer lose-answer ok lose-answer"]
    {
        let rig = Rig::with_faults(script);
        let sink = rig.builder().batch_max_size(500).build().unwrap();
        for n in 0..50 {
            sink.send(series(n, 1..=10)).await.unwrap();
        }
        let ledger = sink.close().await.unwrap();
        assert_eq!((ledger.lost(), ledger.pending, rig.stored()), (0, 0, 500), "{script}: {ledger:?}");
        assert!(rig.requests() <= 16, "{script}: {}", rig.requests());
    }
}

/// That a receiver keeps nothing of what it refuses says nothing about a request whose answer got lost.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_in_doubt_also_when_the_receiver_is_known_to_keep_nothing() {
    let is_losing = Arc::new(AtomicBool::new(false));
    let refuses = Refuses::with(400, [(3, 5)]);
    let loses = is_losing.clone();
    let rig = Rig::meddled(move |number: usize, request: &WireRequest| match number {
        0 => None,
        _ if loses.swap(false, Ordering::Relaxed) => Some(Meddling::Lose),
        _ => refuses.is_bad(request).then_some(Meddling::Answer(400)),
    });
    let sink = rig.builder().batch_max_size(500).build().unwrap();
    begin(&sink, 0..50, 0).await;
    for round in 0..3 {
        for n in 0..50 {
            sink.send(series(n, 1 + 10 * round..=10 + 10 * round)).await.unwrap();
        }
        sink.flush().await.unwrap();
        is_losing.store(true, Ordering::Relaxed);
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 1550 written 649 replayed 900 bad_request 1");
    assert_eq!(rig.stored(), 1549);
    rig.assert_order();
}
