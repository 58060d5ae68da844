//! Random streams against random trouble: what must hold whatever comes.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use narthex_receiver::{Behaviour, ReceiverConfig};
use narthex_sink::{Checks, Ledger, Reason, Sample, TimeSeries};
use narthex_testkit::in_process::{Meddling, WireRequest};
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::*;

/// Longer than any settled run; what takes longer hangs.
const A_YEAR: Duration = Duration::from_secs(365 * 86_400);

/// One `TimeSeries` on its way in.
#[derive(Debug, Clone)]
struct Sent {
    series: usize,
    /// Second and value.
    samples: Vec<(i64, u8)>,
    /// Whether everything is settled before the next one is sent.
    flush: bool,
}

/// How the sink is set up.
#[derive(Debug, Clone)]
struct Setup {
    shards: usize,
    batch: usize,
    behaviour: Behaviour,
}

/// What happens to a request on its way.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    None,
    Throttled,
    /// The receiver never sees it.
    Error(u16),
    /// The receiver handles it, and a gateway answers this.
    Gateway(u16),
    Refused,
    /// Broken before the receiver saw it, which the sender cannot know.
    BrokenBefore,
    BrokenAfter,
}

fn setups() -> impl Strategy<Value = Setup> {
    let behaviours = select(vec![Behaviour::Prometheus2_42, Behaviour::Prometheus3, Behaviour::KeepsGood]);
    (1..4usize, select(vec![1usize, 2, 3, 7, 20, 100]), behaviours)
        .prop_map(|(shards, batch, behaviour)| Setup { shards, batch, behaviour })
}

/// Streams with disorder, repetitions and conflicts.
fn streams() -> impl Strategy<Value = Vec<Sent>> {
    let sample = (0..40i64, 0..3u8);
    let sent = (0..6usize, prop::collection::vec(sample, 0..8), prop::bool::weighted(0.15));
    prop::collection::vec(sent.prop_map(|(series, samples, flush)| Sent { series, samples, flush }), 1..40)
}

/// Streams in which each series is in order.
fn ordered_streams() -> impl Strategy<Value = Vec<Sent>> {
    let sent = (0..6usize, prop::collection::vec(1..4i64, 1..8), prop::bool::weighted(0.15));
    prop::collection::vec(sent, 1..40).prop_map(|sent| {
        let mut newest = [0; 6];
        let in_order = |(series, steps, flush): (usize, Vec<i64>, bool)| {
            let step = |step| {
                newest[series] += step;
                (newest[series], (newest[series] % 7) as u8)
            };
            Sent { series, samples: steps.into_iter().map(step).collect(), flush }
        };
        sent.into_iter().map(in_order).collect()
    })
}

/// Trouble that ends: runs of mishaps, one a request.
fn trouble() -> impl Strategy<Value = Vec<Mishap>> {
    let mishap = prop_oneof![
        4 => Just(Mishap::None),
        1 => Just(Mishap::Throttled),
        2 => select(vec![500, 502, 503, 504, 529]).prop_map(Mishap::Error),
        2 => select(vec![502, 503, 504]).prop_map(Mishap::Gateway),
        1 => Just(Mishap::Refused),
        2 => Just(Mishap::BrokenBefore),
        3 => Just(Mishap::BrokenAfter),
    ];
    let run = (mishap, prop_oneof![6 => 1..4usize, 1 => 9..30usize]);
    prop::collection::vec(run, 0..14).prop_map(|runs| {
        runs.into_iter().flat_map(|(mishap, times)| std::iter::repeat_n(mishap, times)).collect()
    })
}

/// A receiver that refuses requests with bad samples, behind a way with trouble. The first request passes.
fn rig(setup: &Setup, trouble: Vec<Mishap>, refuses: Refuses) -> Rig {
    let meddle = move |number: usize, request: &WireRequest| {
        let mishap = number.checked_sub(1).and_then(|at| trouble.get(at)).copied().unwrap_or(Mishap::None);
        let is_bad = refuses.is_bad(request);
        match mishap {
            Mishap::None if is_bad => Some(Meddling::Answer(refuses.status)),
            Mishap::None => None,
            Mishap::Throttled => Some(Meddling::Answer(429)),
            Mishap::Error(status) => Some(Meddling::Answer(status)),
            Mishap::Gateway(status) if is_bad => Some(Meddling::Answer(status)),
            Mishap::Gateway(status) => Some(Meddling::AnswerAfter(status)),
            Mishap::Refused => Some(Meddling::Fail(narthex_sink::Failure::Connect)),
            Mishap::BrokenBefore => Some(Meddling::Fail(narthex_sink::Failure::Broken)),
            Mishap::BrokenAfter if is_bad => Some(Meddling::Fail(narthex_sink::Failure::Broken)),
            Mishap::BrokenAfter => Some(Meddling::Lose),
        }
    };
    Rig::over(ReceiverConfig::new(setup.behaviour), |transport| transport.with_meddler(meddle))
}

/// Sends the stream, after second 0 of each series when `with_past`, and closes.
async fn run(rig: &Rig, setup: &Setup, checks: Checks, stream: &[Sent], with_past: bool) -> Ledger {
    let sink = rig.builder().shards(setup.shards).batch_max_size(setup.batch).checks(checks).build().unwrap();
    if with_past {
        begin(&sink, 0..6, 0).await;
    }
    for sent in stream {
        let samples =
            sent.samples.iter().map(|&(second, value)| Sample::new(value.into(), NOW + 1000 * second));
        sink.send(TimeSeries::new(labels(sent.series), samples)).await.unwrap();
        assert!(sink.ledger().adds_up());
        if sent.flush {
            sink.flush().await.unwrap();
        }
    }
    sink.close().await.unwrap()
}

/// Runs under a paused clock; a run that hangs fails.
fn in_time(future: impl Future<Output = Ledger>) -> Ledger {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async { tokio::time::timeout(A_YEAR, future).await.expect("the run comes to an end") })
}

/// What the order checks must make of a stream.
#[derive(Debug, Default)]
struct Model {
    stored: BTreeMap<usize, Vec<(i64, u64)>>,
    out_of_order: u64,
    duplicate: u64,
    duplicate_same: u64,
}

impl Model {
    fn of(stream: &[Sent]) -> Self {
        let mut model = Self::default();
        for sent in stream {
            for &(second, value) in &sent.samples {
                let held = model.stored.entry(sent.series).or_default();
                let sample = (NOW + 1000 * second, f64::from(value).to_bits());
                match held.last() {
                    Some(last) if last.0 > sample.0 => model.out_of_order += 1,
                    Some(last) if *last == sample => model.duplicate_same += 1,
                    Some(last) if last.0 == sample.0 => model.duplicate += 1,
                    _ => held.push(sample),
                }
            }
        }
        model
    }

    fn samples(&self) -> usize {
        self.stored.values().map(Vec::len).sum()
    }
}

fn held(rig: &Rig) -> BTreeMap<usize, Vec<(i64, u64)>> {
    let series = (0..6).map(|n| {
        let samples = rig.held_samples(&labels(n));
        (n, samples.iter().map(|s| (s.timestamp_ms, s.value_bits)).collect::<Vec<_>>())
    });
    series.filter(|(_, samples)| !samples.is_empty()).collect()
}

fn no_bad() -> Refuses {
    Refuses::with(400, [])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// Checks full: the receiver holds exactly what is in order, whatever broke on the way; the rest is dropped
    /// under its reason; nothing is rejected, and what was replayed is there.
    #[test]
    fn what_is_in_order_is_stored_and_the_rest_is_dropped_by_reason(
        setup in setups(), stream in streams(), trouble in trouble(),
    ) {
        let rig = rig(&setup, trouble, no_bad());
        let ledger = in_time(run(&rig, &setup, Checks::Full, &stream, false));
        let model = Model::of(&stream);
        prop_assert!(ledger.adds_up() && ledger.pending == 0, "{:?}", ledger);
        prop_assert_eq!(held(&rig), model.stored.clone());
        prop_assert_eq!(ledger.written + ledger.replayed, model.samples() as u64, "{:?}", ledger);
        prop_assert_eq!(ledger.rejected_total(), 0, "{:?}", ledger);
        prop_assert_eq!(lost(&ledger, Reason::OutOfOrder), model.out_of_order);
        prop_assert_eq!(lost(&ledger, Reason::Duplicate), model.duplicate);
        prop_assert_eq!(lost(&ledger, Reason::DuplicateSame), model.duplicate_same);
        prop_assert_eq!(rig.letters().len() as u64, ledger.lost());
        let samples = rig.stats().samples;
        prop_assert_eq!((samples.order_violations, samples.dropped_disorder, samples.dropped_conflict), (0, 0, 0));
    }

    /// Without checks, streams in order lose nothing either.
    #[test]
    fn without_checks_streams_in_order_lose_nothing(
        setup in setups(), stream in ordered_streams(), trouble in trouble(),
        checks in select(vec![Checks::Off, Checks::Labels]),
    ) {
        let rig = rig(&setup, trouble, no_bad());
        let ledger = in_time(run(&rig, &setup, checks, &stream, true));
        prop_assert!(ledger.adds_up());
        prop_assert_eq!((ledger.lost(), ledger.pending), (0, 0), "{:?}", ledger);
        prop_assert_eq!(rig.stored() as u64, ledger.received);
    }

    /// On a receiver that keeps nothing of what it refuses: each bad sample is rejected, no good one is, and
    /// what counts as replayed is stored.
    #[test]
    fn bad_samples_are_rejected_alone_and_what_is_replayed_is_stored(
        setup in setups(), stream in ordered_streams(), trouble in trouble(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..12), status in select(vec![400u16, 409, 422, 500]),
    ) {
        let setup = Setup { behaviour: Behaviour::Prometheus3, ..setup };
        let all: Vec<(usize, i64)> =
            stream.iter().flat_map(|sent| sent.samples.iter().map(|&(second, _)| (sent.series, second))).collect();
        let bad: BTreeSet<(usize, i64)> = picks.iter().map(|pick| all[pick.index(all.len())]).collect();
        let rig = rig(&setup, trouble, Refuses::with(status, bad.clone()));
        let ledger = in_time(run(&rig, &setup, Checks::Full, &stream, true));
        prop_assert!(ledger.adds_up() && ledger.pending == 0, "{:?}", ledger);
        let reason = match status {
            400 => Reason::BadRequest,
            409 => Reason::Conflict,
            422 => Reason::Unprocessable,
            _ => Reason::ServerError,
        };
        prop_assert_eq!(lost(&ledger, reason), bad.len() as u64, "{:?}", ledger);
        prop_assert_eq!(ledger.lost(), bad.len() as u64, "{:?}", ledger);
        prop_assert_eq!(ledger.written + ledger.replayed, rig.stored() as u64, "{:?}", ledger);
        let dead: BTreeSet<(String, i64)> =
            rig.dead().iter().map(|(_, labels, sample)| (labels.to_string(), sample.unwrap().timestamp_ms)).collect();
        let want: BTreeSet<(String, i64)> =
            bad.iter().map(|&(n, second)| (labels(n).to_string(), NOW + 1000 * second)).collect();
        prop_assert_eq!(dead, want);
        prop_assert_eq!(rig.stats().samples.order_violations, 0);
    }

    /// Anything at all: answers that lie, disorder, no checks. The ledger adds up, each loss has its dead
    /// letter, the end comes, and what is stored is in order.
    #[test]
    fn whatever_happens_each_sample_has_one_fate(
        setup in setups(), stream in streams(), script in lies(),
        checks in select(vec![Checks::Off, Checks::Labels, Checks::Full]),
    ) {
        let config = ReceiverConfig::new(setup.behaviour).with_fault(faults(&format!("ok {script}")));
        let rig = Rig::of(config);
        let ledger = in_time(run(&rig, &setup, checks, &stream, true));
        let sent: usize = stream.iter().map(|sent| sent.samples.len()).sum();
        prop_assert_eq!(ledger.received as usize, 6 + sent);
        prop_assert!(ledger.adds_up() && ledger.pending == 0, "{:?}", ledger);
        prop_assert_eq!(rig.letters().len() as u64, ledger.lost());
        prop_assert_eq!(rig.requests() as u64, ledger.requests);
        if checks == Checks::Full {
            prop_assert_eq!(rig.stats().samples.order_violations, 0);
        }
        for samples in held(&rig).values() {
            prop_assert!(samples.is_sorted_by(|a, b| a.0 < b.0), "{:?}", samples);
        }
    }
}

/// Scripts with answers of every kind but those that stop.
fn lies() -> impl Strategy<Value = String> {
    let steps = [
        "ok",
        "ok",
        "ok",
        "400",
        "409",
        "413",
        "418",
        "422",
        "429",
        "500",
        "503",
        "reset",
        "reset-early",
        "lose-answer",
        "cut-answer",
        "silence",
        "silence:commit",
        "keeps-good",
        "429:retry-after=3",
    ];
    let step = (select(steps.to_vec()), prop_oneof![6 => 1..4, 1 => 9..15]);
    prop::collection::vec(step.prop_map(|(step, times)| format!("{step} x{times}")), 1..14)
        .prop_map(|steps| steps.join(" "))
}
