//! Receivers that keep the good part of a request and refuse it all the same (Mimir, Cortex, Thanos).

use narthex_receiver::Behaviour;
use narthex_sink::{Checks, Reason};

use crate::support::*;

/// 50 series of ten samples in one request, one of them an hour ahead of the receiver's clock. It is the last
/// of its series, so that every good one is in order.
async fn one_bad_of_500(rig: &Rig, checks: Checks, rounds: i64) -> Vec<(usize, String)> {
    let sink = rig.builder().checks(checks).max_future(None).batch_max_size(500).build().unwrap();
    begin(&sink, 0..50, 0).await;
    let mut told_of_rounds = Vec::new();
    for round in 0..rounds {
        let before = rig.requests();
        for n in 0..50 {
            let mut seconds: Vec<i64> = (1..=10).map(|second| second + 10 * round).collect();
            if n as i64 == 13 + round {
                seconds[9] = 3600 + round;
            }
            sink.send(series(n, seconds)).await.unwrap();
        }
        sink.flush().await.unwrap();
        told_of_rounds.push((rig.requests() - before, told(&sink.ledger())));
    }
    sink.close().await.unwrap();
    told_of_rounds
}

#[tokio::test(start_paused = true)]
async fn one_bad_sample_of_50_series_costs_few_requests_and_no_good_sample() {
    let rig = Rig::behaving(Behaviour::KeepsGood);
    let rounds = one_bad_of_500(&rig, Checks::Full, 1).await;
    let (asked, ledger) = &rounds[0];
    assert!(*asked <= 20, "{asked} requests");
    // 50 series' newest are taken again, the rest is there already.
    assert_eq!(ledger, "received 550 written 100 replayed 449 bad_request 1");
    assert_eq!(rig.stored(), 549);
    assert_eq!(rig.letters().len(), 1);
    rig.assert_order();
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_keeps_good_parts_is_remembered() {
    let rig = Rig::behaving(Behaviour::KeepsGood);
    let rounds = one_bad_of_500(&rig, Checks::Full, 5).await;
    assert_eq!(rounds[4].1, "received 2550 written 300 replayed 2245 bad_request 5");
    for (asked, _) in &rounds[1..] {
        assert!(*asked < rounds[0].0, "{rounds:?}");
    }
    assert_eq!(rig.stored(), 2545);
}

#[tokio::test(start_paused = true)]
async fn without_checks_good_samples_are_not_rejected_either() {
    let rig = Rig::behaving(Behaviour::KeepsGood);
    let rounds = one_bad_of_500(&rig, Checks::Off, 1).await;
    assert_eq!(rounds[0].1, "received 550 written 100 replayed 449 bad_request 1");
    assert!(rounds[0].0 <= 50, "{} requests", rounds[0].0);
}

#[tokio::test(start_paused = true)]
async fn with_one_sample_a_series_every_bad_one_is_found_and_every_good_one_written() {
    for count in [1, 3, 50] {
        let rig = Rig::behaving(Behaviour::KeepsGood);
        let sink = rig.builder().checks(Checks::Off).batch_max_size(500).build().unwrap();
        begin(&sink, 0..500, 0).await;
        let bad = Dice::new(count as u64).pick(count, 500);
        for n in 0..500 {
            sink.send(single(n, if bad.contains(&n) { -5 } else { 5 })).await.unwrap();
        }
        let ledger = sink.close().await.unwrap();
        let good = 1000 - count;
        assert_eq!(told(&ledger), format!("received 1000 written {good} bad_request {count}"));
        assert_eq!(rig.stored(), good);
    }
}

/// Two samples a series, the older of each out of bounds: a strict receiver keeps nothing of it, and whoever
/// takes it for one that does would count lost samples as replayed from then on.
#[tokio::test(start_paused = true)]
async fn a_strict_receiver_is_not_taken_for_one_that_keeps_good_parts() {
    for checks in [Checks::Full, Checks::Off] {
        let rig = Rig::behaving(Behaviour::Prometheus3);
        let sink = rig.builder().checks(checks).build().unwrap();
        begin(&sink, 0..6, -3700).await;
        begin(&sink, [99], 0).await;
        for n in 0..6 {
            sink.send(series(n, [-3650, -10, -5])).await.unwrap();
        }
        sink.flush().await.unwrap();
        assert_eq!(told(&sink.ledger()), "received 25 written 19 bad_request 6", "{checks}");
        // And the next refusal is isolated as ever: nothing is taken for stored.
        for n in 0..6 {
            sink.send(series(n, if n == 2 { [700, 710] } else { [2, 3] })).await.unwrap();
        }
        let ledger = sink.close().await.unwrap();
        assert_eq!(ledger.replayed, 0, "{checks}: {ledger:?}");
        assert_eq!(lost(&ledger, Reason::BadRequest) + lost(&ledger, Reason::TooFarInFuture), 8);
        assert_eq!(rig.stored() as u64, ledger.written);
    }
}
