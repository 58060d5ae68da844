//! A real server, a folder, and runs of the binary between them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use narthex_model::Labels;
use narthex_testkit::prometheus::Prometheus;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::ledger;
use crate::support::process::{Ended, narthex, run};

/// Vehicle, timestamp and value of a sample.
pub(crate) type Point = (usize, i64, f64);

/// One run's files.
pub(crate) struct Run {
    folder: TempDir,
    pub(crate) ended: Ended,
}

impl Run {
    /// Runs `narthex write` over the points, one line each.
    pub(crate) async fn of(url: &str, flags: &[&str], points: &[Point]) -> Self {
        let lines: String = points.iter().map(|&(vehicle, at, value)| line(vehicle, at, value)).collect();
        Self::of_input(url, flags, lines.as_bytes()).await
    }

    /// Runs `narthex write` over an input.
    pub(crate) async fn of_input(url: &str, flags: &[&str], input: &[u8]) -> Self {
        let folder = TempDir::with_prefix("narthex-real-").expect("a folder");
        let ended = run(write(url, flags, &folder), input).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        Self { folder, ended }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn ledger(&self) -> Value {
        ledger::read(&self.path("ledger.json"))
    }

    pub(crate) fn count(&self, path: &str) -> u64 {
        ledger::count(&self.ledger(), path)
    }

    #[track_caller]
    pub(crate) fn assert_ledger(&self, expected: &str) {
        let ledger = self.ledger();
        assert_eq!(ledger::doors(&ledger), ledger::expected(expected), "{}", self.ended.stderr);
        assert!(ledger::adds_up(&ledger));
    }

    /// Vehicle, timestamp and value of each dead letter that has this reason.
    pub(crate) fn letters(&self, reason: &str) -> Vec<Point> {
        let letters = ledger::letters(&self.path("dead.ndjson"));
        let of_reason = letters.iter().filter(|letter| letter["reason"] == reason);
        let point = |letter: &Value| {
            let pairs = letter["labels"].as_array()?;
            let vehicle = pairs.iter().find(|pair| pair[0] == "vehicle")?[1]
                .as_str()?
                .strip_prefix('V')?
                .parse()
                .ok()?;
            Some((vehicle, letter["timestamp"].as_i64()?, letter["value"].as_f64()?))
        };
        of_reason.map(|letter| point(letter).unwrap_or_else(|| panic!("no sample: {letter}"))).collect()
    }
}

/// `narthex write` with ledger and dead letters in the folder.
pub(crate) fn write(url: &str, flags: &[&str], folder: &TempDir) -> Command {
    let mut command = narthex(["write", "--url", url]);
    command.arg("--ledger").arg(folder.path().join("ledger.json"));
    command.arg("--dead-letters").arg(folder.path().join("dead.ndjson")).args(flags);
    command
}

/// An NDJSON line of a vehicle's speed.
pub(crate) fn line(vehicle: usize, at: i64, value: f64) -> String {
    crate::support::input::line(vehicle, at, value)
}

/// What the server holds of the vehicles' speeds, as points.
pub(crate) async fn held(server: &Prometheus, from: i64, to: i64) -> Vec<Point> {
    let series = server.samples("speed", from..=to).await.expect("the server answers");
    let mut points = Vec::new();
    for one in &series {
        let vehicle =
            one.labels.iter().find(|(name, _)| *name == b"vehicle").map(|(_, value)| value[1..].to_vec());
        let vehicle =
            String::from_utf8(vehicle.unwrap_or_default()).ok().and_then(|number| number.parse().ok());
        let vehicle = vehicle.expect("a vehicle");
        points.extend(one.samples.iter().map(|sample| (vehicle, sample.timestamp_ms, sample.value())));
    }
    sorted(points)
}

pub(crate) fn sorted(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(a.2.total_cmp(&b.2)));
    points
}

/// Count and sum by series, without the metric's name.
pub(crate) type Totals = BTreeMap<String, (u64, f64)>;

/// What the server says of each series of `metric`.
pub(crate) async fn totals(server: &Prometheus, metric: &str, from: i64, to: i64) -> Totals {
    let counts = server.count_per_series(metric, from..=to).await.expect("counts");
    let sums = server.sum_per_series(metric, from..=to).await.expect("sums");
    let text = |labels: &Labels| labels.to_string();
    let mut totals: Totals =
        counts.iter().map(|(labels, count)| (text(labels), (*count as u64, 0.0))).collect();
    for (labels, sum) in &sums {
        totals.entry(text(labels)).or_default().1 = *sum;
    }
    totals
}

/// Says what a test has measured, past the harness that would swallow it.
pub(crate) fn print(text: &str) {
    let _ = writeln!(std::io::stderr(), "measured: {text}");
}
