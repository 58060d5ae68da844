//! What the demos ask: when the first sample is stored, and whether what is stored equals what was written.
//!
//! `demo_check first KIND URL` waits until the receiver holds a sample. `demo_check compare KIND URL FOLDER` compares
//! `ledger.json` in the folder with the errors in `manifest.ndjson`, and each stored sample with `stream.ndjson`.
//! `demo_check contrast KIND URL` prints series and samples of the fleet beside those of single vehicles; `demo_check
//! running KIND URL METRICS_URL` prints that of a job that runs, with samples and bytes a second, by the metrics of narthex or
//! of Flink's Prometheus reporter.
//! KIND is `prometheus` or `builtin`. HTTP is spoken by hand: the demo must not need curl, nor build a client for it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use narthex_model::{Clock, Labels, Sample, SystemClock};
use narthex_protocol::text::{Format, Item, LineParser};
use serde::Deserialize;

/// Samples by series, as PromQL writes it, oldest first.
type Content = BTreeMap<String, Vec<Sample>>;

/// The demo's tables: what each is of, and how the names of its series begin.
const TABLES: [(&str, &str, &str); 2] = [
    ("vehicle_samples", "single vehicles", "vehicle_"),
    ("fleet_samples", "the fleet, by model and region", "fleet_"),
];

const FIRST_WITHIN_MS: i64 = 60_000;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
const LOOKED_AT: Duration = Duration::from_secs(5);
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words[..] {
        ["first", kind, url] => wait_for_first(&Receiver::new(kind, url)?),
        ["compare", kind, url, folder] => compare(&Receiver::new(kind, url)?, Path::new(folder)),
        ["contrast", kind, url] => contrast(&Receiver::new(kind, url)?),
        ["running", kind, url, metrics] => {
            running(&Receiver::new(kind, url)?, &Receiver::new("builtin", metrics)?)
        }
        _ => bail!(
            "usage: demo_check (first|contrast) KIND URL | demo_check compare KIND URL FOLDER | demo_check running KIND URL METRICS_URL"
        ),
    }
}

fn wait_for_first(receiver: &Receiver) -> anyhow::Result<ExitCode> {
    let began = SystemClock.now_ms();
    while receiver.is_empty()? {
        ensure!(SystemClock.now_ms() < began + FIRST_WITHIN_MS, "nothing is stored after 60 s");
        std::thread::sleep(BETWEEN_LOOKS);
    }
    Ok(ExitCode::SUCCESS)
}

fn contrast(receiver: &Receiver) -> anyhow::Result<ExitCode> {
    let stored = receiver.content().context("cannot read back what is stored")?;
    let (fleet, vehicles): (Content, Content) =
        stored.into_iter().partition(|(series, _)| series.starts_with("fleet_"));
    ensure!(!fleet.is_empty(), "nothing of the fleet is stored");
    println!("{:<34}{:>12}{:>12}", "", "series", "samples");
    for (what, content) in [("single vehicles", &vehicles), ("the fleet, by model and region", &fleet)] {
        println!("{what:<34}{:>12}{:>12}", content.len(), samples(content));
    }
    Ok(ExitCode::SUCCESS)
}

/// What is stored of each table of the job, and by the job's own metrics, how much that is a second.
fn running(receiver: &Receiver, job: &Receiver) -> anyhow::Result<ExitCode> {
    let before = Written::of(&job.get("/metrics")?);
    std::thread::sleep(LOOKED_AT);
    let after = Written::of(&job.get("/metrics")?);
    let seconds = LOOKED_AT.as_secs() as f64;
    println!("{:<34}{:>12}{:>12}{:>12}", "", "series", "samples/s", "bytes/s");
    for (table, what, prefix) in TABLES {
        let rate = |all: fn(&Written) -> &BTreeMap<&'static str, f64>| {
            let of = |written: &Written| all(written).get(table).copied().unwrap_or_default();
            (of(&after) - of(&before)) / seconds
        };
        let (samples, bytes) = (rate(|written| &written.samples), rate(|written| &written.bytes));
        println!("{what:<34}{:>12}{samples:>12.0}{bytes:>12.0}", receiver.series(prefix)?);
    }
    Ok(ExitCode::SUCCESS)
}

/// Totals by table.
#[derive(Default)]
struct Written {
    samples: BTreeMap<&'static str, f64>,
    bytes: BTreeMap<&'static str, f64>,
}

impl Written {
    fn of(metrics: &str) -> Self {
        let mut all = Self::default();
        for line in metrics.lines() {
            // Flink's names begin with where the metric is.
            let of = match line.split('{').next() {
                Some("narthex_sink_samples_written_total") => &mut all.samples,
                Some("narthex_sink_request_bytes_total") => &mut all.bytes,
                Some(name) if name.ends_with("_numSamplesWritten") => &mut all.samples,
                Some(name) if name.ends_with("_numBytesSend") => &mut all.bytes,
                _ => continue,
            };
            // Flink's writers are called `prometheus:_default_catalog_default_database_TABLE:_Writer`.
            let named = line.split("table=\"").nth(1).or_else(|| line.split("operator_name=\"").nth(1));
            let named = named.and_then(|rest| rest.split('"').next());
            let table = named.and_then(|named| TABLES.into_iter().find(|(table, ..)| named.contains(table)));
            let value = line.rsplit(' ').next().and_then(|value| value.parse::<f64>().ok());
            if let (Some((table, ..)), Some(value)) = (table, value) {
                *of.entry(table).or_default() += value;
            }
        }
        all
    }
}

fn compare(receiver: &Receiver, folder: &Path) -> anyhow::Result<ExitCode> {
    let read = |name: &str| {
        std::fs::read_to_string(folder.join(name)).with_context(|| format!("cannot read {name} of the demo"))
    };
    let manifest = Manifest::read(&read("manifest.ndjson")?)?;
    let ledger: Ledger = serde_json::from_str(&read("ledger.json")?).context("cannot read the ledger")?;
    let mut table = Table::default();

    println!("{:<34}{:>12}{:>12}", "the ledger", "injected", "counted");
    compare_ledger(&manifest.expected, &ledger, &mut table);

    let written = manifest.written(read("stream.ndjson")?.as_bytes())?;
    let stored = receiver.content().context("cannot read back what is stored")?;
    println!("\n{:<34}{:>12}{:>12}", "the receiver", "written", "stored");
    table.line("series", written.len(), stored.len());
    table.line("samples", samples(&written), samples(&stored));
    table.line("sum of their values", sum(&written), sum(&stored));
    let names = written.keys().chain(stored.keys().filter(|&name| !written.contains_key(name)));
    let differing: Vec<&String> = names.filter(|&name| written.get(name) != stored.get(name)).collect();
    table.line("series with other samples", 0, differing.len());
    for name in differing.iter().take(3) {
        println!("    {name}: {} written, {} stored", count(&written, name), count(&stored, name));
    }
    Ok(if table.differences == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn compare_ledger(expected: &Expected, ledger: &Ledger, table: &mut Table) {
    table.line("received", expected.received, ledger.received);
    table.line("written", expected.written, ledger.written);
    table.line("replayed", 0, ledger.replayed);
    table.line("rejected", 0, ledger.rejected.values().sum());
    let reasons =
        expected.dropped.keys().chain(ledger.dropped.keys().filter(|r| !expected.dropped.contains_key(*r)));
    for reason in reasons {
        let of = |counts: &BTreeMap<String, u64>| counts.get(reason).copied().unwrap_or(0);
        table.line(&format!("dropped, {reason}"), of(&expected.dropped), of(&ledger.dropped));
    }
    table.line("pending", 0, ledger.pending);
    table.line("undecodable lines", expected.undecodable, ledger.sources.iter().map(|s| s.undecodable).sum());
}

#[derive(Default)]
struct Table {
    differences: u32,
}

impl Table {
    fn line<T: Display + PartialEq>(&mut self, what: &str, want: T, have: T) {
        let mark = if want == have { "" } else { "  <-- differs" };
        self.differences += u32::from(want != have);
        println!("  {what:<32}{want:>12}{have:>12}{mark}");
    }
}

fn samples(content: &Content) -> usize {
    content.values().map(Vec::len).sum()
}

/// Generated values are whole numbers, so the sum is exact; NaN has no place in it.
fn sum(content: &Content) -> f64 {
    content.values().flatten().map(|sample| sample.value()).filter(|value| !value.is_nan()).sum()
}

fn count(content: &Content, name: &str) -> usize {
    content.get(name).map_or(0, Vec::len)
}

/// What was injected, and what the ledger must show because of it.
struct Manifest {
    /// Lines of the stream that must not be stored, ascending, counted from 1.
    bad_lines: Vec<u64>,
    expected: Expected,
}

#[derive(Default, Deserialize)]
struct Expected {
    received: u64,
    written: u64,
    dropped: BTreeMap<String, u64>,
    undecodable: u64,
}

#[derive(Deserialize)]
struct ManifestLine {
    line: Option<u64>,
    fate: Option<String>,
    expected: Option<Expected>,
}

#[derive(Deserialize)]
struct Ledger {
    received: u64,
    written: u64,
    replayed: u64,
    rejected: BTreeMap<String, u64>,
    dropped: BTreeMap<String, u64>,
    pending: u64,
    sources: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    undecodable: u64,
}

impl Manifest {
    fn read(text: &str) -> anyhow::Result<Self> {
        let mut manifest = Self { bad_lines: Vec::new(), expected: Expected::default() };
        let mut is_whole = false;
        for line in text.lines() {
            let line: ManifestLine = serde_json::from_str(line).context("cannot read the manifest")?;
            if let Some(expected) = line.expected {
                (manifest.expected, is_whole) = (expected, true);
            } else if let Some(number) = line.line.filter(|_| line.fate.as_deref() != Some("written")) {
                manifest.bad_lines.push(number);
            }
        }
        ensure!(is_whole, "the manifest has no summary: the generator was cut off");
        Ok(manifest)
    }

    /// What the receiver must hold: the stream without its bad lines.
    fn written(&self, stream: &[u8]) -> anyhow::Result<Content> {
        let mut content = Content::new();
        let mut parser = LineParser::new(Format::NdJson);
        let mut items = Vec::new();
        for (line, number) in stream.split_inclusive(|&byte| byte == b'\n').zip(1u64..) {
            if self.bad_lines.binary_search(&number).is_err() {
                parser.parse_line(line, &mut items).with_context(|| format!("cannot read line {number}"))?;
            }
        }
        take_items(items, &mut content)?;
        Ok(content)
    }
}

fn take_items(items: Vec<Item>, content: &mut Content) -> anyhow::Result<()> {
    for item in items {
        let Item::Series(series) = item else { bail!("a sample has no timestamp") };
        content.entry(series.labels.to_string()).or_default().extend(series.samples);
    }
    Ok(())
}

struct Receiver {
    is_prometheus: bool,
    address: String,
}

impl Receiver {
    fn new(kind: &str, url: &str) -> anyhow::Result<Self> {
        let is_prometheus = match kind {
            "prometheus" => true,
            "builtin" => false,
            _ => bail!("{kind:?} is not one of prometheus, builtin"),
        };
        let rest =
            url.strip_prefix("http://").with_context(|| format!("{url:?} does not begin with http://"))?;
        Ok(Self { is_prometheus, address: rest.split('/').next().unwrap_or_default().to_owned() })
    }

    fn is_empty(&self) -> anyhow::Result<bool> {
        if self.is_prometheus {
            Ok(self.query("count({__name__=~\".+\"})", SystemClock.now_ms())?.is_empty())
        } else {
            Ok(self.get("/dump")?.is_empty())
        }
    }

    /// How many series there are whose names begin so.
    fn series(&self, prefix: &str) -> anyhow::Result<u64> {
        if !self.is_prometheus {
            return Ok(self.content()?.keys().filter(|name| name.starts_with(prefix)).count() as u64);
        }
        Ok(self.number(&format!("count(last_over_time({{__name__=~\"{prefix}.*\"}}[1h]))"))? as u64)
    }

    /// The only value of a query; 0 if it has none.
    fn number(&self, promql: &str) -> anyhow::Result<f64> {
        let rows = self.query(promql, SystemClock.now_ms())?;
        let value = rows.first().and_then(|row| row.value.as_ref()).map(Point::sample).transpose()?;
        Ok(value.map_or(0.0, |value| value.value()))
    }

    /// All samples, those of the next ten years too: a sample that is stored by mistake must show.
    fn content(&self) -> anyhow::Result<Content> {
        const YEAR_MS: i64 = 365 * 86_400_000;
        let mut content = Content::new();
        if self.is_prometheus {
            for row in self.query("{__name__=~\".+\"}[12y]", SystemClock.now_ms() + 11 * YEAR_MS)? {
                let labels = Labels::from_pairs(row.metric).to_string();
                content.insert(labels, row.values.iter().map(Point::sample).collect::<anyhow::Result<_>>()?);
            }
            return Ok(content);
        }
        let dump = self.get("/dump")?;
        let (mut parser, mut items) = (LineParser::new(Format::NdJson), Vec::new());
        dump.lines().try_for_each(|line| parser.parse_line(line.as_bytes(), &mut items))?;
        take_items(items, &mut content)?;
        Ok(content)
    }

    fn query(&self, promql: &str, at_ms: i64) -> anyhow::Result<Vec<Row>> {
        let at = at_ms as f64 / 1000.0;
        let body = self.get(&format!("/api/v1/query?query={}&time={at:.3}", escape(promql)))?;
        let answer: Answer =
            serde_json::from_str(&body).with_context(|| format!("no answer: {body:.200}"))?;
        answer
            .data
            .map(|data| data.result)
            .with_context(|| format!("the query is refused: {:?}", answer.error))
    }

    /// HTTP/1.0: the body ends with the connection.
    fn get(&self, path: &str) -> anyhow::Result<String> {
        let address = &self.address;
        let mut stream = TcpStream::connect(address).with_context(|| format!("cannot reach {address}"))?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).with_context(|| format!("{address} does not answer"))?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no HTTP answer")?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        // A refused query has a body that says why.
        ensure!(status == "200" || body.starts_with('{'), "{address} answered {status} to {path}");
        Ok(body.to_owned())
    }
}

fn escape(query: &str) -> String {
    query.bytes().fold(String::new(), |out, byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => out + &char::from(byte).to_string(),
        _ => format!("{out}%{byte:02X}"),
    })
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Data>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    metric: BTreeMap<String, String>,
    value: Option<Point>,
    #[serde(default)]
    values: Vec<Point>,
}

/// Seconds, and the value as text.
#[derive(Deserialize)]
struct Point(f64, String);

impl Point {
    fn sample(&self) -> anyhow::Result<Sample> {
        let value = self.1.parse().with_context(|| format!("{:?} is no value", self.1))?;
        Ok(Sample::new(value, (self.0 * 1000.0).round() as i64))
    }
}
