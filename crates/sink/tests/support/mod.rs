//! A sink in front of an in-process receiver, and what the tests ask of both.

#![allow(dead_code, unreachable_pub)] // each test binary uses its own part

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use narthex_receiver::{Behaviour, Fault, HeldSample, ReceiverConfig, Script, Stats};
use narthex_sink::{
    DeadLetter, Labels, Ledger, ManualClock, PrometheusSink, PrometheusSinkBuilder, Reason, Sample,
    TimeSeries,
};
use narthex_testkit::in_process::{InProcess, Meddler, Meddling, WireRequest};
use tempfile::TempDir;

/// What the clocks of sink and receiver show.
pub const NOW: i64 = 1_700_000_000_000;

/// A receiver, the way to it, and a folder for dead letters.
pub struct Rig {
    pub transport: Arc<InProcess>,
    pub clock: Arc<ManualClock>,
    folder: TempDir,
}

impl Rig {
    /// A Prometheus 3 without faults.
    pub fn new() -> Self {
        Self::of(ReceiverConfig::default())
    }

    /// A Prometheus 3 with faults in the text language of scripts.
    pub fn with_faults(script: &str) -> Self {
        Self::of(ReceiverConfig::default().with_fault(faults(script)))
    }

    /// A receiver with these habits and no faults.
    pub fn behaving(behaviour: Behaviour) -> Self {
        Self::of(ReceiverConfig::new(behaviour))
    }

    /// Any receiver; its clock becomes the rig's.
    pub fn of(config: ReceiverConfig) -> Self {
        Self::over(config, |transport| transport)
    }

    /// A Prometheus 3 behind something that meddles.
    pub fn meddled(meddler: impl Meddler + 'static) -> Self {
        Self::over(ReceiverConfig::default(), |transport| transport.with_meddler(meddler))
    }

    /// Any receiver, with a transport that `change` has seen.
    pub fn over(config: ReceiverConfig, change: impl FnOnce(InProcess) -> InProcess) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let transport = change(InProcess::new(config.with_clock(clock.clone())));
        Self { transport: Arc::new(transport), clock, folder: tempfile::tempdir().unwrap() }
    }

    /// A builder with one shard and dead letters.
    pub fn builder(&self) -> PrometheusSinkBuilder {
        PrometheusSink::builder("http://receiver.test/api/v1/write")
            .transport(self.transport.clone())
            .clock(self.clock.clone())
            .shards(1)
            .dead_letters_path(self.letters_path())
    }

    /// [`Self::builder`], built.
    pub fn sink(&self) -> PrometheusSink {
        self.builder().build().unwrap()
    }

    pub fn letters_path(&self) -> PathBuf {
        self.folder.path().join("dead.ndjson")
    }

    /// The dead letters so far.
    pub fn letters(&self) -> Vec<DeadLetter> {
        let text = std::fs::read_to_string(self.letters_path()).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The reasons and samples of the dead letters so far, sorted.
    pub fn dead(&self) -> Vec<(String, Labels, Option<Sample>)> {
        let letters = self.letters().into_iter();
        let mut dead: Vec<_> = letters.map(|l| (l.reason.clone(), l.labels().unwrap(), l.sample())).collect();
        dead.sort_by_key(|(reason, labels, sample)| {
            (reason.clone(), labels.to_string(), sample.map(|sample| sample.timestamp_ms))
        });
        dead
    }

    pub fn stats(&self) -> Stats {
        self.transport.receiver().stats()
    }

    pub fn requests(&self) -> usize {
        self.transport.requests()
    }

    pub fn wire(&self) -> Vec<WireRequest> {
        self.transport.wire()
    }

    /// Timestamps that the receiver holds of a series, as offsets from [`NOW`] in seconds.
    pub fn held(&self, labels: &Labels) -> Vec<i64> {
        self.held_samples(labels).iter().map(|sample| (sample.timestamp_ms - NOW) / 1000).collect()
    }

    pub fn held_samples(&self, labels: &Labels) -> Vec<HeldSample> {
        self.transport.receiver().series(labels).map(|series| series.samples).unwrap_or_default()
    }

    /// Samples that the receiver holds.
    pub fn stored(&self) -> usize {
        self.transport.receiver().dump().iter().map(|series| series.samples.len()).sum()
    }

    /// Each series comes in order over the wire, repeats aside: no accepted sample is older than one before it.
    pub fn assert_order(&self) {
        let samples = self.stats().samples;
        assert_eq!((samples.order_violations, samples.dropped_disorder, samples.dropped_conflict), (0, 0, 0));
    }
}

/// Answers `status` to every request that has one of the bad samples, as one that keeps nothing of it.
pub struct Refuses {
    pub status: u16,
    pub bad: BTreeSet<(usize, i64)>,
}

impl Refuses {
    /// `bad` is (series, second).
    pub fn with(status: u16, bad: impl IntoIterator<Item = (usize, i64)>) -> Self {
        Self { status, bad: bad.into_iter().collect() }
    }

    pub fn is_bad(&self, request: &WireRequest) -> bool {
        request.samples().iter().any(|(labels, sample)| {
            let n = labels.value_of("n").and_then(|n| std::str::from_utf8(n).ok()?.parse().ok());
            n.is_some_and(|n| self.bad.contains(&(n, (sample.timestamp_ms - NOW) / 1000)))
        })
    }
}

impl Meddler for Refuses {
    fn meddle(&self, _number: usize, request: &WireRequest) -> Option<Meddling> {
        self.is_bad(request).then_some(Meddling::Answer(self.status))
    }
}

/// Numbers that look random and are the same each time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `below`.
    pub fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % below
    }

    /// So many different numbers below `below`.
    pub fn pick(&mut self, count: usize, below: usize) -> BTreeSet<usize> {
        let mut picked = BTreeSet::new();
        while picked.len() < count {
            picked.insert(self.roll(below));
        }
        picked
    }
}

/// Reads a script.
pub fn faults(script: &str) -> Script {
    script.parse().unwrap()
}

/// A fault for ever, from the first request on.
pub fn always(status: u16) -> Fault {
    Fault::status(status).forever()
}

/// The labels of series `n`.
pub fn labels(n: usize) -> Labels {
    Labels::from_pairs([("__name__", "m".to_owned()), ("n", n.to_string())])
}

/// A sample so many seconds after [`NOW`]; its value is told by its time.
pub fn sample(second: i64) -> Sample {
    Sample::new(second as f64, NOW + second * 1000)
}

/// Series `n` with a sample at each of these seconds.
pub fn series(n: usize, seconds: impl IntoIterator<Item = i64>) -> TimeSeries {
    TimeSeries::new(labels(n), seconds.into_iter().map(sample))
}

/// Series `n` with one sample.
pub fn single(n: usize, second: i64) -> TimeSeries {
    TimeSeries::single(labels(n), sample(second))
}

/// Sends one sample at `second` to each of the series and waits until they are settled.
pub async fn begin(sink: &PrometheusSink, series: impl IntoIterator<Item = usize>, second: i64) {
    for n in series {
        sink.send(single(n, second)).await.unwrap();
    }
    sink.flush().await.unwrap();
}

/// The ledger as `received written replayed rejected dropped pending`, with reasons; it must add up.
pub fn told(ledger: &Ledger) -> String {
    assert!(ledger.adds_up(), "{ledger:?}");
    let mut text = format!("received {} written {}", ledger.received, ledger.written);
    let counts = [("replayed", ledger.replayed), ("pending", ledger.pending)];
    for (name, count) in counts.into_iter().filter(|&(_, count)| count > 0) {
        text += &format!(" {name} {count}");
    }
    for (reason, count) in ledger.rejected.iter().chain(&ledger.dropped) {
        text += &format!(" {reason} {count}");
    }
    text
}

/// How many samples a reason has taken.
pub fn lost(ledger: &Ledger, reason: Reason) -> u64 {
    ledger.rejected.get(&reason).or_else(|| ledger.dropped.get(&reason)).copied().unwrap_or(0)
}

/// Panics with the debug text when the value holds the secret.
pub fn assert_hides(secret: &str, what: &str, value: impl fmt::Display) {
    let text = value.to_string();
    assert!(!text.contains(secret), "{what} shows the secret: {text}");
}

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
