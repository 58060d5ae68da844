//! 5xx: an outage loses nothing however long and however it ends; one sample that the receiver cannot take
//! costs that sample alone.

use std::collections::BTreeSet;
use std::sync::Mutex;

use narthex_sink::{Checks, Ledger};
use narthex_testkit::in_process::{Meddling, WireRequest};

use crate::support::*;

/// Second 0 to each series, then the seconds from 1 on in one request.
async fn two_rounds(rig: &Rig, shape: (usize, i64), checks: Checks, shards: usize) -> Ledger {
    let samples = shape.0 * shape.1 as usize;
    let sink =
        rig.builder().shards(shards).checks(checks).batch_max_size(samples.max(shape.0)).build().unwrap();
    begin(&sink, 0..shape.0, 0).await;
    for n in 0..shape.0 {
        sink.send(series(n, 1..=shape.1)).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert!(ledger.adds_up());
    rig.assert_order();
    ledger
}

#[tokio::test(start_paused = true)]
async fn a_sample_that_gets_500_for_ever_is_rejected_alone_wherever_it_stands() {
    for checks in [Checks::Full, Checks::Off] {
        for (shape, bad) in [
            ((100, 1), vec![(0, 1)]),
            ((100, 1), vec![(57, 1)]),
            ((100, 1), vec![(99, 1)]),
            ((100, 1), vec![(0, 1), (1, 1), (99, 1)]),
            ((20, 5), vec![(0, 1)]),
            ((20, 5), vec![(0, 5)]),
            ((20, 5), vec![(10, 3)]),
            ((20, 5), vec![(19, 5)]),
            ((20, 5), (1..=5).map(|second| (4, second)).collect()),
            ((2, 2), vec![(0, 1), (0, 2), (1, 1)]),
            ((1, 7), vec![(0, 4)]),
            ((1, 2), vec![(0, 2)]),
        ] {
            if checks == Checks::Off && shape == (2, 2) {
                continue; // nothing that is known to be stored comes first: no telling from an outage
            }
            for status in [500, 503] {
                let rig = Rig::meddled(Refuses::with(status, bad.clone()));
                let ledger = two_rounds(&rig, shape, checks, 1).await;
                let good = ledger.received - bad.len() as u64;
                let want = format!("received {} written {good} server_error {}", ledger.received, bad.len());
                assert_eq!(told(&ledger), want, "{checks} {shape:?} {bad:?}");
                let dead: BTreeSet<_> = rig.letters().iter().map(|l| (l.reason.clone(), l.status)).collect();
                assert_eq!(dead, [("server_error".to_owned(), Some(status))].into());
                assert_eq!(rig.letters().len(), bad.len());
                assert_eq!(rig.stored() as u64, good);
            }
        }
    }
}

/// Prometheus 2.42's answer to what is older than its out-of-order window.
#[tokio::test(start_paused = true)]
async fn too_old_samples_that_prometheus_2_42_answers_with_500_are_found() {
    use narthex_receiver::{Behaviour, ReceiverConfig};
    let config =
        ReceiverConfig { out_of_order_window: secs(60), ..ReceiverConfig::new(Behaviour::Prometheus2_42) };
    let rig = Rig::of(config);
    let sink = rig.builder().checks(Checks::Off).build().unwrap();
    begin(&sink, 0..100, 0).await;
    for n in 0..100 {
        sink.send(single(n, if n == 63 { -3000 } else { 10 })).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 200 written 199 server_error 1");
    assert_eq!(rig.held(&labels(63)), [0]);
}

#[tokio::test(start_paused = true)]
async fn an_endless_stream_goes_on_after_a_sample_that_gets_500_for_ever() {
    for shards in [1, 4] {
        let rig = Rig::meddled(Refuses::with(500, [(3, 40), (3, 41), (8, 77)]));
        let sink = rig.builder().shards(shards).batch_max_size(25).build().unwrap();
        for second in 0..100 {
            for n in 0..10 {
                sink.send(single(n, second)).await.unwrap();
            }
        }
        let ledger = sink.ledger();
        assert!(ledger.written > 600 && ledger.adds_up(), "it went on before its end: {ledger:?}");
        assert_eq!(told(&sink.close().await.unwrap()), "received 1000 written 997 server_error 3");
        rig.assert_order();
    }
}

#[tokio::test(start_paused = true)]
async fn a_single_last_sample_that_gets_500_for_ever_does_not_hold_up_the_end() {
    let rig = Rig::meddled(Refuses::with(500, [(0, 1)]));
    let ledger = two_rounds(&rig, (1, 1), Checks::Full, 1).await;
    assert_eq!(told(&ledger), "received 2 written 1 server_error 1");
}

/// However many 5xx, and wherever in the trying of halves they end.
#[tokio::test(start_paused = true)]
async fn an_outage_of_any_length_loses_nothing() {
    for shape in [(1, 1), (2, 1), (1, 2), (3, 1), (2, 5), (10, 1), (1, 10), (30, 4)] {
        for checks in [Checks::Full, Checks::Off] {
            for status in [500, 503] {
                for errors in (1..60).chain([100, 200, 500]) {
                    let rig = Rig::with_faults(&format!("ok {status}x{errors}"));
                    let ledger = two_rounds(&rig, shape, checks, 1).await;
                    let received = ledger.received;
                    assert_eq!(
                        told(&ledger),
                        format!("received {received} written {received}"),
                        "{shape:?} {checks}, {errors} x {status}"
                    );
                    assert_eq!(rig.stored() as u64, received);
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_that_ends_while_other_shards_send_loses_nothing() {
    for shards in [2, 5] {
        for errors in (8..90).step_by(3) {
            for shape in [(12, 1), (40, 2)] {
                let rig = Rig::with_faults(&format!("ok x{shards} 500x{errors}"));
                let ledger = two_rounds(&rig, shape, Checks::Off, shards).await;
                let received = ledger.received;
                assert_eq!(
                    told(&ledger),
                    format!("received {received} written {received}"),
                    "{shards}, {errors}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_hours_is_not_stopped_by_the_budget_of_isolation() {
    for shape in [(1, 1), (5, 1), (3, 4), (200, 1)] {
        let begin = tokio::time::Instant::now();
        let rig = Rig::meddled(move |number: usize, _: &WireRequest| {
            (number > 0 && begin.elapsed() < secs(6 * 3600)).then_some(Meddling::Answer(500))
        });
        let ledger = two_rounds(&rig, shape, Checks::Full, 1).await;
        assert_eq!((ledger.written, ledger.lost()), (ledger.received, 0), "{shape:?}: {ledger:?}");
    }
}

/// A balancer in front of a receiver of which half is down.
#[tokio::test(start_paused = true)]
async fn a_receiver_that_fails_every_other_time_or_by_chance_loses_nothing() {
    for seed in 0..30 {
        let dice = Mutex::new(Dice::new(seed));
        let rig = Rig::meddled(move |number: usize, _: &WireRequest| {
            let fails = match seed {
                0 => number % 2 == 1,
                1 => number > 0 && !number.is_multiple_of(11),
                2 => number > 0 && !number.is_multiple_of(5),
                _ => number > 0 && dice.lock().unwrap().roll(10) < 7,
            };
            fails.then_some(Meddling::Answer(503))
        });
        let ledger = two_rounds(&rig, (20, 3), Checks::Full, 1).await;
        assert_eq!((ledger.written, ledger.lost()), (ledger.received, 0), "{seed}: {ledger:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn real_outages_and_bad_samples_together_cost_the_bad_samples_alone() {
    for errors in [0, 5, 9, 10, 11, 13, 17, 25, 40, 80] {
        for status in [400, 500] {
            for checks in [Checks::Full, Checks::Off] {
                let refuses = Refuses::with(status, [(3, 1), (7, 2), (19, 1)]);
                let rig = Rig::meddled(move |number: usize, request: &WireRequest| match number {
                    0 => None,
                    n if n <= errors => Some(Meddling::Answer(500)),
                    _ => refuses.is_bad(request).then_some(Meddling::Answer(status)),
                });
                let ledger = two_rounds(&rig, (20, 2), checks, 1).await;
                let reason = if status == 400 { "bad_request" } else { "server_error" };
                assert_eq!(told(&ledger), format!("received 60 written 57 {reason} 3"), "{errors}, {checks}");
                assert_eq!(rig.stored(), 57);
            }
        }
    }
}

/// The request is stored, its answer lost, and one sample of it gets 500 from then on.
#[tokio::test(start_paused = true)]
async fn a_sample_that_gets_500_for_ever_does_not_hold_up_a_lost_answer() {
    for bad in [(0, 1), (0, 5), (9, 3), (9, 5)] {
        let refuses = Refuses::with(500, [bad]);
        let rig = Rig::meddled(move |number: usize, request: &WireRequest| match number {
            0 => None,
            1 => Some(Meddling::Lose),
            _ => refuses.is_bad(request).then_some(Meddling::Answer(500)),
        });
        let limit = tokio::time::timeout(secs(24 * 3600), two_rounds(&rig, (10, 5), Checks::Full, 1));
        let ledger = limit.await.expect("the request is settled within a day");
        assert!(ledger.lost() <= 1, "{bad:?}: {ledger:?}");
        assert_eq!(ledger.pending, 0);
    }
}

/// Who says when to come back is overloaded, not stuck on a sample: the request stays whole.
#[tokio::test(start_paused = true)]
async fn a_server_that_says_when_to_come_back_gets_no_halves() {
    let rig = Rig::with_faults("ok 503:retry-after=6 x25");
    let sink = rig.builder().batch_max_size(50).build().unwrap();
    begin(&sink, 0..50, 0).await;
    for n in 0..50 {
        sink.send(single(n, 1)).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 100 written 100");
    assert_eq!((rig.requests(), ledger.retries), (27, 25));
    assert!(rig.wire().iter().all(|request| request.samples().len() == 50));
}
