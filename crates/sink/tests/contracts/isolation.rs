//! Isolation: one bad sample costs one sample, whatever the receiver does with the request around it.

use std::collections::BTreeSet;

use narthex_receiver::{Behaviour, Fault, ReceiverConfig};
use narthex_sink::{Checks, Reason, Sample, TimeSeries};

use crate::support::*;

/// 500 samples in one request, as so many series with so many samples each, seconds 1 and up.
const SHAPES: [(usize, i64); 2] = [(500, 1), (50, 10)];

/// `count` of the 500 samples.
fn pick(shape: (usize, i64), count: usize, seed: u64) -> BTreeSet<(usize, i64)> {
    let picked = Dice::new(seed).pick(count, 500);
    picked.into_iter().map(|at| (at % shape.0, 1 + (at / shape.0) as i64)).collect()
}

fn dead_letters_of(bad: &BTreeSet<(usize, i64)>, reason: &str) -> BTreeSet<(String, String, i64)> {
    bad.iter().map(|&(n, second)| (reason.to_owned(), labels(n).to_string(), second)).collect()
}

fn dead_letters(rig: &Rig) -> BTreeSet<(String, String, i64)> {
    let dead = rig.dead().into_iter();
    dead.map(|(reason, labels, sample)| {
        (reason, labels.to_string(), (sample.unwrap().timestamp_ms - NOW) / 1000)
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn of_500_samples_1_3_and_50_bad_ones_are_rejected_and_all_good_ones_stored() {
    for checks in [Checks::Off, Checks::Labels, Checks::Full] {
        for shape in SHAPES {
            for (bad, requests) in
                [(1, 17..=21), (3, 35..=52), (50, 300..=430), (200, 700..=920), (500, 500..=1030)]
            {
                for seed in 0..if bad < 50 { 6 } else { 2 } {
                    let what = format!("{checks} {shape:?}, {bad} bad, seed {seed}");
                    let bad = pick(shape, bad, seed);
                    let rig = Rig::meddled(Refuses::with(400, bad.clone()));
                    let sink = rig.builder().checks(checks).batch_max_size(500).build().unwrap();
                    begin(&sink, 0..shape.0, 0).await;
                    let before = rig.requests();
                    for n in 0..shape.0 {
                        sink.send(series(n, 1..=shape.1)).await.unwrap();
                    }
                    sink.flush().await.unwrap();
                    let asked = rig.requests() - before;
                    assert!(requests.contains(&asked), "{what}: {asked} requests");
                    let ledger = sink.close().await.unwrap();
                    let good = 500 - bad.len() as u64 + shape.0 as u64;
                    assert!(ledger.adds_up());
                    assert_eq!((ledger.written, ledger.replayed), (good, 0), "{what}: {ledger:?}");
                    assert_eq!(lost(&ledger, Reason::BadRequest), bad.len() as u64, "{what}");
                    assert_eq!(rig.stored() as u64, good, "{what}");
                    assert_eq!(dead_letters(&rig), dead_letters_of(&bad, "bad_request"), "{what}");
                    rig.assert_order();
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_learned_of_a_receiver_makes_the_next_isolation_cheaper() {
    let rig = Rig::meddled(Refuses::with(400, [(7, 5), (31, 15)]));
    let sink = rig.builder().batch_max_size(500).build().unwrap();
    begin(&sink, 0..50, 0).await;
    let mut asked = Vec::new();
    for first in [1, 11] {
        let before = rig.requests();
        for n in 0..50 {
            sink.send(series(n, first..first + 10)).await.unwrap();
        }
        sink.flush().await.unwrap();
        asked.push(rig.requests() - before);
    }
    assert!(asked[1] < asked[0] && asked[1] <= 19, "{asked:?}");
    assert_eq!(told(&sink.close().await.unwrap()), "received 1050 written 1048 bad_request 2");
}

/// The kinds that both versions refuse with 400 when nothing is checked before.
#[tokio::test(start_paused = true)]
async fn without_checks_late_conflicting_and_ancient_samples_are_found_on_both_prometheus() {
    for behaviour in [Behaviour::Prometheus2_42, Behaviour::Prometheus3] {
        for shape in SHAPES {
            for count in [1, 3, 50] {
                let rig = Rig::behaving(behaviour);
                let sink = rig.builder().checks(Checks::Off).batch_max_size(500).build().unwrap();
                begin(&sink, 0..shape.0, 0).await;
                let before = rig.requests();
                let bad = Dice::new(count as u64).pick(count, shape.0);
                for n in 0..shape.0 {
                    let mut samples: Vec<Sample> = (1..=shape.1).map(sample).collect();
                    if bad.contains(&n) {
                        samples[0] = match n % 3 {
                            0 => sample(-1),
                            1 => Sample::new(-7.0, NOW),
                            _ => sample(-4000),
                        };
                    }
                    sink.send(TimeSeries::new(labels(n), samples)).await.unwrap();
                }
                sink.flush().await.unwrap();
                let asked = rig.requests() - before;
                let ledger = sink.close().await.unwrap();
                let good = 500 + shape.0 - count;
                assert_eq!(
                    told(&ledger),
                    format!("received {} written {good} bad_request {count}", 500 + shape.0),
                    "{behaviour} {shape:?}"
                );
                assert_eq!((rig.stored(), rig.letters().len()), (good, count));
                let most = [(1, 23), (3, 54), (50, 430)].into_iter().find(|&(of, _)| of == count).unwrap().1;
                assert!(asked <= most, "{behaviour} {shape:?}, {count} bad: {asked} requests");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_budget_finds_each_bad_sample_of_2000() {
    let rig = Rig::of(ReceiverConfig::default().with_fault([Fault::ok(), always(400)]));
    let sink = rig.builder().batch_max_size(2000).build().unwrap();
    begin(&sink, [0], 0).await;
    for n in 0..2000 {
        sink.send(single(n, 1)).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 2001 written 1 bad_request 2000");
    assert_eq!(rig.requests(), 1 + 3999);
}

#[tokio::test(start_paused = true)]
async fn beyond_the_budget_the_rest_is_rejected_whole_and_says_so() {
    let rig = Rig::of(ReceiverConfig::default().with_fault([Fault::ok(), always(422)]));
    let sink = rig.builder().batch_max_size(8000).flush_buffer_size(32 << 20).build().unwrap();
    begin(&sink, [0], 0).await;
    for n in 0..8000 {
        sink.send(single(n, 1)).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!((ledger.received, ledger.written, ledger.pending), (8001, 1, 0));
    let (found, rest) = (lost(&ledger, Reason::Unprocessable), lost(&ledger, Reason::IsolationBudget));
    assert_eq!(found + rest, 8000);
    assert!(found >= 2000 && rest > 0, "{found} found, {rest} beyond");
    assert!((4000..=4100).contains(&rig.requests()), "{}", rig.requests());
    let letters = rig.letters();
    assert_eq!(letters.len(), 8000);
    let beyond: Vec<_> = letters.iter().filter(|letter| letter.reason == "isolation_budget").collect();
    assert_eq!(beyond.len() as u64, rest);
    assert!(
        beyond.iter().all(|l| l.message.as_deref().unwrap().contains("requests were used up")),
        "{:?}",
        beyond[0]
    );
}

#[tokio::test(start_paused = true)]
async fn parts_are_sent_in_order() {
    let rig = Rig::meddled(Refuses::with(409, [(3, 4), (3, 9), (5, 1), (5, 10)]));
    let sink = rig.builder().checks(Checks::Off).batch_max_size(80).build().unwrap();
    begin(&sink, 0..8, 0).await;
    for n in 0..8 {
        sink.send(series(n, 1..=10)).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 88 written 84 conflict 4");
    rig.assert_order();
    assert_eq!(rig.held(&labels(3)), [0, 1, 2, 3, 5, 6, 7, 8, 10]);
    assert_eq!(rig.held(&labels(5)), (0..=9).filter(|&s| s != 1).collect::<Vec<_>>());
}

/// The order checks go by what the receiver has, not by what was tried.
#[tokio::test(start_paused = true)]
async fn after_a_rejection_a_good_sample_older_than_the_rejected_one_is_still_sent() {
    let rig = Rig::meddled(Refuses::with(400, [(0, 500), (1, 300), (1, 400)]));
    let sink = rig.sink();
    begin(&sink, 0..3, 0).await;
    begin(&sink, [0], 500).await; // refused
    begin(&sink, [0], 100).await; // older than the refused one
    sink.send(series(1, [10, 300, 400])).await.unwrap(); // the last two are refused
    sink.flush().await.unwrap();
    begin(&sink, [1], 20).await;
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 9 written 6 bad_request 3");
    assert_eq!(rig.held(&labels(0)), [0, 100]);
    assert_eq!(rig.held(&labels(1)), [0, 10, 20]);
}

#[tokio::test(start_paused = true)]
async fn after_the_rejection_of_a_first_sample_the_series_begins_anew() {
    let rig = Rig::meddled(Refuses::with(400, [(0, 500)]));
    let sink = rig.sink();
    begin(&sink, [1], 0).await;
    begin(&sink, [0], 500).await;
    sink.send(series(0, [1, 2, 3])).await.unwrap();
    assert_eq!(told(&sink.close().await.unwrap()), "received 5 written 4 bad_request 1");
    assert_eq!(rig.held(&labels(0)), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn isolation_survives_trouble_on_its_way() {
    // The bad samples are refused, and every third request meets something else.
    let bad: BTreeSet<(usize, i64)> = [(3, 2), (17, 1), (40, 3)].into();
    let refuses = Refuses::with(400, bad.clone());
    let rig = Rig::meddled(move |number: usize, request: &narthex_testkit::in_process::WireRequest| {
        use narthex_testkit::in_process::Meddling;
        match number % 6 {
            2 => Some(Meddling::Answer(503)),
            4 => Some(Meddling::Answer(429)),
            _ => refuses.is_bad(request).then_some(Meddling::Answer(400)),
        }
    });
    let sink = rig.builder().batch_max_size(150).build().unwrap();
    begin(&sink, 0..50, 0).await;
    for n in 0..50 {
        sink.send(series(n, 1..=3)).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 200 written 197 bad_request 3");
    assert_eq!(dead_letters(&rig), dead_letters_of(&bad, "bad_request"));
    rig.assert_order();
}

#[tokio::test(start_paused = true)]
async fn a_stop_during_isolation_leaves_the_rest_pending() {
    for status in [401, 404] {
        let rig = Rig::with_faults(&format!("ok 400 ok 400 {status}"));
        let sink = rig.builder().batch_max_size(100).build().unwrap();
        begin(&sink, 0..100, 0).await;
        for n in 0..100 {
            sink.send(single(n, 1)).await.unwrap();
        }
        let error = sink.close().await.unwrap_err();
        // The first half was taken; the second was refused, and its first half met the stop.
        assert_eq!(told(&error.ledger), "received 200 written 150 pending 50", "{status}");
        assert_eq!(rig.stored(), 150);
        assert!(rig.letters().is_empty());
    }
}
