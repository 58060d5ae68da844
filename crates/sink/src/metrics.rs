//! What the sink counts beside the ledger, and both as Prometheus metrics (R10).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Unit;

use crate::fate::{Ledger, Reason, Side};
use crate::sink::{PrometheusSink, Shared};

/// Bounds of `narthex_sink_request_duration_seconds`: from a loopback's answer to the longest timeout.
const DURATION_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// Bounds of `narthex_sink_request_samples`; the usual most is 2,000.
const SAMPLES_BUCKETS: [f64; 9] = [1.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 2000.0, 5000.0, 20_000.0];

/// Bounds of `narthex_sink_latency_seconds`: from a sample that is of now to one that waited for a long window.
const LATENCY_BUCKETS: [f64; 13] =
    [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0];

/// Counters of requests, shared by all shards.
#[derive(Debug)]
pub(crate) struct RequestMetrics {
    by_code: Mutex<BTreeMap<u16, u64>>,
    retries: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    bytes: AtomicU64,
    duration: Histogram,
    samples: Histogram,
    latency: Histogram,
    newest_written_ms: AtomicI64,
    /// Series and bytes of the order checks' tables, by shard.
    pub(crate) tables: Vec<(AtomicU64, AtomicU64)>,
}

/// The code of an attempt without an answer.
const NO_ANSWER: u16 = 0;

impl RequestMetrics {
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            by_code: Mutex::default(),
            retries: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            duration: Histogram::new(DURATION_BUCKETS),
            samples: Histogram::new(SAMPLES_BUCKETS),
            latency: Histogram::new(LATENCY_BUCKETS),
            newest_written_ms: AtomicI64::new(i64::MIN),
            tables: (0..shards).map(|_| Default::default()).collect(),
        }
    }

    pub(crate) fn attempted(&self, code: Option<http::StatusCode>, elapsed: Duration, is_retry: bool) {
        if code.is_some_and(|code| code.is_success()) {
            self.accepted.fetch_add(1, Ordering::Relaxed);
        }
        let code = code.map_or(NO_ANSWER, |code| code.as_u16());
        *self.by_code.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += 1;
        self.duration.observe(elapsed.as_secs_f64());
        self.retries.fetch_add(u64::from(is_retry), Ordering::Relaxed);
    }

    /// Attempts by the code of their answer.
    pub(crate) fn by_code(&self) -> BTreeMap<u16, u64> {
        self.by_code.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Requests that were accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// A request was refused for good, or its retries ended.
    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// A request has been packed.
    pub(crate) fn packed(&self, bytes: usize, samples: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        self.samples.observe(samples as f64);
    }

    /// A request has been acknowledged, whose newest sample is of that time.
    pub(crate) fn wrote_up_to(&self, timestamp_ms: i64, now_ms: i64) {
        self.newest_written_ms.fetch_max(timestamp_ms, Ordering::Relaxed);
        // A sample may be of the future.
        self.latency.observe(now_ms.saturating_sub(timestamp_ms).max(0) as f64 / 1000.0);
    }

    /// The newest timestamp among written samples; the smallest there is while there is none.
    pub(crate) fn newest_written_ms(&self) -> i64 {
        self.newest_written_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn add_to(&self, ledger: &mut Ledger) {
        ledger.requests = self.by_code.lock().unwrap_or_else(PoisonError::into_inner).values().sum();
        ledger.retries = self.retries.load(Ordering::Relaxed);
        ledger.requests_accepted = self.accepted();
        ledger.requests_refused = self.refused.load(Ordering::Relaxed);
        ledger.request_bytes = self.bytes.load(Ordering::Relaxed);
    }
}

/// The numbers of sinks, each with labels of its own, for a `prometheus_client` registry: each metric is one family.
/// Clones share it; a sink that has ended keeps its last numbers.
#[derive(Debug, Clone, Default)]
pub struct SinkMetrics(Arc<Mutex<Vec<Labelled>>>);

/// A sink, and what tells it from others.
#[derive(Debug, Clone)]
pub(crate) struct Labelled {
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) shared: Arc<Shared>,
}

impl SinkMetrics {
    /// Adds a sink, with labels that no other one has.
    pub fn add(&self, sink: &PrometheusSink, labels: &[(&str, &str)]) {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let labelled = Labelled { labels, shared: sink.shared().clone() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(labelled);
    }
}

impl SinkMetrics {
    /// Each with its labels.
    pub(crate) fn sinks(&self) -> Vec<Labelled> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A sink's numbers at one moment.
struct Numbers {
    labels: Vec<(String, String)>,
    ledger: Ledger,
    queued: u64,
    shared: Arc<Shared>,
}

impl Numbers {
    /// Its labels and one more.
    fn and(&self, name: &str, value: impl Into<String>) -> Vec<(String, String)> {
        let mut labels = self.labels.clone();
        labels.push((name.to_owned(), value.into()));
        labels
    }

    fn requests(&self) -> &RequestMetrics {
        &self.shared.metrics
    }
}

impl Collector for SinkMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let numbers = self.sinks().into_iter().map(|Labelled { labels, shared }| {
            let (ledger, queued) = shared.ledger();
            Numbers { labels, ledger, queued, shared }
        });
        let numbers: Vec<Numbers> = numbers.collect();
        if numbers.is_empty() {
            return Ok(());
        }
        let mut out = Families { encoder: &mut encoder, numbers: &numbers };
        out.counter("narthex_sink_samples_received", "Samples that entered the sink", |n| n.ledger.received)?;
        out.counter("narthex_sink_samples_written", "Samples that the receiver acknowledged", |n| {
            n.ledger.written
        })?;
        let help = "Samples that were refused but that the receiver may already hold";
        out.counter("narthex_sink_samples_replayed", help, |n| n.ledger.replayed)?;
        let help = "Samples that the receiver refused";
        out.by_reason("narthex_sink_samples_rejected", help, Side::Rejected)?;
        out.by_reason(
            "narthex_sink_samples_dropped",
            "Samples that were not sent or given up",
            Side::Dropped,
        )?;
        let help = "Samples in queues and unsettled requests";
        out.gauge("narthex_sink_samples_pending", help, |n| n.ledger.pending)?;
        let help = "Samples at which the queues are full and the source waits";
        out.gauge("narthex_sink_samples_limit", help, |n| n.shared.queued_limit())?;
        out.gauge("narthex_sink_samples_queued", "Samples that wait in queues", |n| n.queued)?;
        let help = "Attempts that repeated an earlier one";
        out.counter("narthex_sink_retries", help, |n| n.ledger.retries)?;
        let help = "Dead letters that could not be written";
        out.counter("narthex_sink_dead_letters_failed", help, |n| n.ledger.dead_letters_failed)?;
        out.requests()
    }
}

/// A line for each sink; a single one may have no labels.
fn each<'a>(
    family: MetricEncoder<'_>,
    numbers: impl IntoIterator<Item = &'a Numbers>,
    encode: impl Fn(&Numbers, MetricEncoder<'_>) -> std::fmt::Result,
) -> std::fmt::Result {
    let mut family = family;
    for numbers in numbers {
        if numbers.labels.is_empty() {
            return encode(numbers, family);
        }
        encode(numbers, family.encode_family(&numbers.labels)?)?;
    }
    Ok(())
}

/// Families of metrics, each with a line for each sink.
struct Families<'a, 'b> {
    encoder: &'a mut DescriptorEncoder<'b>,
    numbers: &'a [Numbers],
}

impl Families<'_, '_> {
    fn counter(&mut self, name: &str, help: &str, value: impl Fn(&Numbers) -> u64) -> std::fmt::Result {
        self.counter_of(name, help, None, value)
    }

    fn counter_of(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        value: impl Fn(&Numbers) -> u64,
    ) -> std::fmt::Result {
        let family = self.encoder.encode_descriptor(name, help, unit, MetricType::Counter)?;
        each(family, self.numbers, |numbers, out| ConstCounter::new(value(numbers)).encode(out))
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Fn(&Numbers) -> u64) -> std::fmt::Result {
        let family = self.encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        each(family, self.numbers, |numbers, out| ConstGauge::new(value(numbers) as i64).encode(out))
    }

    fn histogram(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        of: impl Fn(&RequestMetrics) -> &Histogram,
    ) -> std::fmt::Result {
        let family = self.encoder.encode_descriptor(name, help, unit, MetricType::Histogram)?;
        each(family, self.numbers, |numbers, out| of(numbers.requests()).encode(out))
    }

    /// Every reason is there from the start, so that a rate over it needs no first loss.
    fn by_reason(&mut self, name: &str, help: &str, side: Side) -> std::fmt::Result {
        let mut family = self.encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for numbers in self.numbers {
            let ledger = &numbers.ledger;
            let counts = if side == Side::Rejected { &ledger.rejected } else { &ledger.dropped };
            for &reason in Reason::ALL.iter().filter(|reason| reason.side() == side) {
                let samples = counts.get(&reason).copied().unwrap_or(0);
                let labels = numbers.and("reason", reason.name());
                ConstCounter::new(samples).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn requests(&mut self) -> std::fmt::Result {
        let help = "Attempts by the status that ended them";
        let mut family =
            self.encoder.encode_descriptor("narthex_sink_requests", help, None, MetricType::Counter)?;
        for numbers in self.numbers {
            let by_code = numbers.requests().by_code();
            for (code, requests) in by_code {
                let code = if code == NO_ANSWER { "error".to_owned() } else { code.to_string() };
                let labels = numbers.and("code", code);
                ConstCounter::new(requests).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "Packed bytes of requests, each counted once however often it is tried";
        self.counter_of("narthex_sink_request", help, Some(&Unit::Bytes), |n| {
            n.requests().bytes.load(Ordering::Relaxed)
        })?;
        let help = "Samples of one request";
        self.histogram("narthex_sink_request_samples", help, None, |requests| &requests.samples)?;
        let seconds = Some(&Unit::Seconds);
        self.histogram("narthex_sink_request_duration", "Time of one attempt", seconds, |r| &r.duration)?;
        let help = "From the time of a request's newest sample until the request was acknowledged";
        self.histogram("narthex_sink_latency", help, seconds, |requests| &requests.latency)?;
        let newest = |numbers: &Numbers| {
            Some(numbers.requests().newest_written_ms()).filter(|newest| *newest != i64::MIN)
        };
        if self.numbers.iter().any(|numbers| newest(numbers).is_some()) {
            let name = "narthex_sink_newest_written_timestamp";
            let help = "Newest timestamp among written samples; behind the clock by the job's lag";
            let family = self.encoder.encode_descriptor(name, help, seconds, MetricType::Gauge)?;
            let with_one = self.numbers.iter().filter(|numbers| newest(numbers).is_some());
            each(family, with_one, |numbers, out| {
                let newest = newest(numbers).unwrap_or_default();
                ConstGauge::new(newest as f64 / 1000.0).encode(out)
            })?;
        }
        let sum = |numbers: &Numbers, pick: fn(&(AtomicU64, AtomicU64)) -> &AtomicU64| -> u64 {
            numbers.requests().tables.iter().map(|table| pick(table).load(Ordering::Relaxed)).sum()
        };
        let help = "Series that the order checks remember";
        self.gauge("narthex_sink_series_remembered", help, |n| sum(n, |table| &table.0))?;
        let help = "Memory of the order checks' tables";
        self.gauge("narthex_sink_series_memory_bytes", help, |n| sum(n, |table| &table.1))
    }
}
