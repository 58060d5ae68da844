//! What came from a snapshot and is refused: a repetition, or after rescaling perhaps a loss.

use narthex_receiver::Behaviour;
use narthex_sink::{Checks, Ledger, Origin, TimeSeries};
use narthex_testkit::in_process::{Meddling, WireRequest};

use crate::support::*;

/// The receiver holds seconds 0 to 9 of six series. A new sink sends `series` with this origin, then second 20
/// of each as new; the ledger.
async fn after(rig: &Rig, origin: Origin, checks: Checks, series: Vec<TimeSeries>) -> Ledger {
    let before = rig.sink();
    for second in 0..10 {
        begin(&before, 0..6, second).await;
    }
    before.close().await.unwrap();
    // As a restored job does.
    let sink = rig.builder().checks(checks).after_restart(true).build().unwrap();
    for series in series {
        sink.send(origin.stamp(series)).await.unwrap();
    }
    for n in 0..6 {
        sink.send(single(n, 20)).await.unwrap();
    }
    sink.flush().await.unwrap();
    for n in 0..6 {
        assert_eq!(rig.held(&labels(n)).last(), Some(&20));
    }
    let ledger = sink.close().await.unwrap();
    rig.assert_order();
    ledger
}

/// Seconds 3 to 6 are there and too old; 11 and 12 are new.
fn old_and_new() -> Vec<TimeSeries> {
    (0..6).map(|n| series(n, [3, 4, 5, 6, 11, 12])).collect()
}

#[tokio::test(start_paused = true)]
async fn restored_samples_that_are_refused_are_repetitions() {
    for checks in [Checks::Full, Checks::Labels] {
        let rig = Rig::new();
        let ledger = after(&rig, Origin::Restored, checks, old_and_new()).await;
        assert_eq!(told(&ledger), "received 42 written 18 replayed 24", "{checks:?}");
        assert!(rig.letters().is_empty());
        for n in 0..6 {
            assert_eq!(rig.held(&labels(n)), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 20]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn rescaled_samples_that_are_refused_are_overtaken_and_filed() {
    for behaviour in [Behaviour::Prometheus2_42, Behaviour::Prometheus3] {
        let rig = Rig::behaving(behaviour);
        let ledger = after(&rig, Origin::Rescaled, Checks::Full, old_and_new()).await;
        assert_eq!(told(&ledger), "received 42 written 18 overtaken 24");
        assert_eq!(ledger.lost(), 24);
        let letters = rig.letters();
        assert_eq!(letters.len(), 24);
        assert!(letters.iter().all(|l| l.reason == "overtaken" && l.status == Some(400)));
        assert!(letters.iter().all(|l| l.sample().is_some()), "they can be replayed");
    }
}

#[tokio::test(start_paused = true)]
async fn rescaled_samples_that_the_checks_find_too_old_are_overtaken() {
    let rig = Rig::new();
    let sink = rig.sink();
    for seconds in [[5, 6], [3, 6], [7, 8]] {
        sink.send(Origin::Rescaled.stamp(series(0, seconds))).await.unwrap();
    }
    let other = TimeSeries::single(labels(0), narthex_sink::Sample::new(-1.0, NOW + 8000));
    sink.send(Origin::Rescaled.stamp(other)).await.unwrap();
    sink.flush().await.unwrap();
    // What is new is judged as ever.
    sink.send(series(0, [1, 9])).await.unwrap();
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 9 written 5 out_of_order 1 duplicate_same 1 overtaken 2");
    let reasons: Vec<_> = rig.dead().into_iter().map(|(reason, _, _)| reason).collect();
    assert_eq!(reasons, ["out_of_order", "overtaken", "overtaken"]);
}

#[tokio::test(start_paused = true)]
async fn a_new_sample_that_is_refused_is_rejected_also_after_a_restore() {
    let rig = Rig::new();
    let mut series_of = old_and_new();
    series_of.truncate(2);
    let ledger = after(&rig, Origin::Restored, Checks::Full, series_of).await;
    assert_eq!(ledger.rejected_total(), 0);
    let sink = rig.sink();
    // Too old for the receiver, and no snapshot speaks for it.
    sink.send(single(0, 15)).await.unwrap();
    assert_eq!(told(&sink.close().await.unwrap()), "received 1 written 0 bad_request 1");
}

#[tokio::test(start_paused = true)]
async fn the_origin_goes_with_a_series_through_cuts_and_snapshots() {
    let rig = Rig::with_faults("503x*");
    let sink = rig.builder().batch_max_size(3).retry_max_time(secs(600)).build().unwrap();
    let sender = sink.sender();
    sender.send_over(Origin::Rescaled.stamp(series(0, 0..8))).unwrap();
    sender.send_over(Origin::Restored.stamp(series(1, 0..2))).unwrap();
    sender.send_over(series(2, 0..2)).unwrap();
    tokio::time::sleep(secs(3)).await;
    let snapshot = sink.unsettled().await.unwrap();
    for (n, origin, samples) in [(0, Origin::Rescaled, 8), (1, Origin::Restored, 2), (2, Origin::New, 2)] {
        let of = || snapshot.iter().filter(|series| series.labels == labels(n));
        assert!(of().all(|series| Origin::of(series) == origin));
        assert_eq!(of().map(|series| series.samples.len()).sum::<usize>(), samples);
    }
    assert!(rig.wire().iter().all(|request| request.samples().len() == 3), "a request has one origin");
}

/// A source that goes back to its checkpoint sends again what was written, as if it were new.
#[tokio::test(start_paused = true)]
async fn after_a_restart_refusals_are_repetitions_until_a_series_is_accepted() {
    for batch in [1, 6, 60, 500] {
        for behaviour in [Behaviour::Prometheus2_42, Behaviour::Prometheus3] {
            let rig = Rig::behaving(behaviour);
            let before = rig.sink();
            for second in 0..10 {
                begin(&before, 0..6, second).await;
            }
            before.close().await.unwrap();
            let sink = rig.builder().batch_max_size(batch).after_restart(true).build().unwrap();
            for second in 3..20 {
                for n in 0..7 {
                    sink.send(single(n, second)).await.unwrap(); // the seventh series is new
                }
            }
            let ledger = sink.close().await.unwrap();
            // Second 9 is there with the same value: taken once more.
            assert_eq!(told(&ledger), "received 119 written 83 replayed 36", "{batch}, {behaviour}");
            assert!(rig.letters().is_empty());
            assert_eq!(rig.stored(), 6 * 20 + 17);
            rig.assert_order();
        }
    }
}

/// Once something of a series was accepted, a refusal is a loss again; without being told of a restart, and where
/// the words are about something else than age, always.
#[tokio::test(start_paused = true)]
async fn after_the_first_accepted_sample_a_refusal_is_a_loss() {
    for (is_after_restart, status, words, told_of) in [
        (true, 400, "out of order sample", "replayed 3 bad_request 1"),
        (false, 400, "out of order sample", "bad_request 4"),
        (true, 400, "invalid label value", "bad_request 4"),
        (true, 400, "", "bad_request 4"),
        (true, 409, "", "replayed 3 conflict 1"),
        (true, 422, "cannot be processed", "unprocessable 4"),
    ] {
        let refuses = Refuses::with(status, [(0, 1), (1, 2), (2, 1), (2, 2)]);
        let rig = Rig::meddled(move |_: usize, request: &WireRequest| {
            refuses.is_bad(request).then_some(Meddling::Say(status, words))
        });
        let sink = rig.builder().after_restart(is_after_restart).build().unwrap();
        for second in 1..5 {
            for n in 0..3 {
                sink.send(single(n, second)).await.unwrap();
            }
            sink.flush().await.unwrap();
        }
        let ledger = sink.close().await.unwrap();
        assert_eq!(told(&ledger), format!("received 12 written 8 {told_of}"), "{status} {words}");
        assert_eq!(rig.letters().len() as u64, ledger.lost());
    }
}

/// A snapshot may hold what was never sent: a refusal that is not about age is a loss, alone or whole.
#[tokio::test(start_paused = true)]
async fn restored_samples_that_are_refused_for_another_reason_are_lost() {
    for (origin, on_reject, told_of) in [
        (Origin::Restored, "isolate", "written 3 bad_request 1"),
        (Origin::Rescaled, "isolate", "written 3 bad_request 1"),
        (Origin::Restored, "discard", "written 0 bad_request 4"),
        (Origin::New, "discard", "written 0 bad_request 4"),
    ] {
        let refuses = Refuses::with(400, [(2, 1)]);
        let words = if on_reject == "discard" { "out of order sample" } else { "invalid label value" };
        let rig = Rig::meddled(move |_: usize, request: &WireRequest| {
            refuses.is_bad(request).then_some(Meddling::Say(400, words))
        });
        let sink = rig.builder().after_restart(true).set("sink.on-reject", on_reject).build().unwrap();
        for n in 0..4 {
            sink.send(origin.stamp(single(n, 1))).await.unwrap();
        }
        let ledger = sink.close().await.unwrap();
        assert_eq!(told(&ledger), format!("received 4 {told_of}"), "{origin:?} {on_reject}");
        assert_eq!(rig.letters().len() as u64, ledger.lost());
    }
}
