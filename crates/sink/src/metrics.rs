//! What the sink counts beside the ledger, and both as Prometheus metrics (R10).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Unit;

use crate::fate::{Ledger, Reason, Side};
use crate::sink::Shared;

/// Bounds of `narthex_sink_request_duration_seconds`: from a loopback's answer to the longest timeout.
const DURATION_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// Counters of requests, shared by all shards.
#[derive(Debug)]
pub(crate) struct RequestMetrics {
    by_code: Mutex<BTreeMap<u16, u64>>,
    retries: AtomicU64,
    accepted: AtomicU64,
    refused: AtomicU64,
    bytes: AtomicU64,
    duration: Histogram,
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

    /// Requests that were accepted.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// A request was refused for good, or its retries ended.
    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sent_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn wrote_up_to(&self, timestamp_ms: i64) {
        self.newest_written_ms.fetch_max(timestamp_ms, Ordering::Relaxed);
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
    }
}

/// Exposes a sink's numbers; register it with [`prometheus_client::registry::Registry::register_collector`].
#[derive(Debug)]
pub(crate) struct SinkCollector(pub(crate) Arc<Shared>);

impl Collector for SinkCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let (ledger, queued) = self.0.ledger();
        let requests = &self.0.metrics;
        let out = &mut encoder;
        counter(out, "narthex_sink_samples_received", "Samples that entered the sink", ledger.received)?;
        counter(
            out,
            "narthex_sink_samples_written",
            "Samples that the receiver acknowledged",
            ledger.written,
        )?;
        counter(
            out,
            "narthex_sink_samples_replayed",
            "Samples that were refused but that the receiver may already hold",
            ledger.replayed,
        )?;
        by_reason(
            out,
            "narthex_sink_samples_rejected",
            "Samples that the receiver refused",
            Side::Rejected,
            &ledger,
        )?;
        by_reason(
            out,
            "narthex_sink_samples_dropped",
            "Samples that were not sent or given up",
            Side::Dropped,
            &ledger,
        )?;
        gauge(
            out,
            "narthex_sink_samples_pending",
            "Samples in queues and unsettled requests",
            ledger.pending as i64,
        )?;
        gauge(out, "narthex_sink_samples_queued", "Samples that wait in queues", queued as i64)?;
        counter(out, "narthex_sink_retries", "Attempts that repeated an earlier one", ledger.retries)?;
        counter(
            out,
            "narthex_sink_dead_letters_failed",
            "Dead letters that could not be written",
            ledger.dead_letters_failed,
        )?;
        requests.encode(out)
    }
}

impl RequestMetrics {
    fn encode(&self, out: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let by_code = self.by_code.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let kind = prometheus_client::metrics::MetricType::Counter;
        let mut family = out.encode_descriptor(
            "narthex_sink_requests",
            "Attempts by the status that ended them",
            None,
            kind,
        )?;
        for (code, requests) in by_code {
            let code = if code == NO_ANSWER { "error".to_owned() } else { code.to_string() };
            ConstCounter::new(requests).encode(family.encode_family(&[("code", code)])?)?;
        }
        let bytes = self.bytes.load(Ordering::Relaxed);
        let kind = prometheus_client::metrics::MetricType::Counter;
        let unit = Unit::Bytes;
        let help = "Packed bytes of requests, each counted once however often it is tried";
        ConstCounter::new(bytes).encode(out.encode_descriptor(
            "narthex_sink_request",
            help,
            Some(&unit),
            kind,
        )?)?;
        let unit = Unit::Seconds;
        let help = "Time of one attempt";
        let kind = prometheus_client::metrics::MetricType::Histogram;
        self.duration.encode(out.encode_descriptor(
            "narthex_sink_request_duration",
            help,
            Some(&unit),
            kind,
        )?)?;
        let newest = self.newest_written_ms.load(Ordering::Relaxed);
        if newest != i64::MIN {
            let help = "Newest timestamp among written samples; behind the clock by the job's lag";
            let kind = prometheus_client::metrics::MetricType::Gauge;
            let descriptor =
                out.encode_descriptor("narthex_sink_newest_written_timestamp", help, Some(&unit), kind)?;
            ConstGauge::new(newest as f64 / 1000.0).encode(descriptor)?;
        }
        let sum = |pick: fn(&(AtomicU64, AtomicU64)) -> &AtomicU64| -> u64 {
            self.tables.iter().map(|table| pick(table).load(Ordering::Relaxed)).sum()
        };
        gauge(
            out,
            "narthex_sink_series_remembered",
            "Series that the order checks remember",
            sum(|t| &t.0) as i64,
        )?;
        gauge(
            out,
            "narthex_sink_series_memory_bytes",
            "Memory of the order checks' tables",
            sum(|t| &t.1) as i64,
        )
    }
}

fn counter(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    value: u64,
) -> Result<(), std::fmt::Error> {
    let metric = ConstCounter::new(value);
    metric.encode(out.encode_descriptor(name, help, None, metric.metric_type())?)
}

fn gauge(out: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: i64) -> Result<(), std::fmt::Error> {
    let metric = ConstGauge::new(value);
    metric.encode(out.encode_descriptor(name, help, None, metric.metric_type())?)
}

/// Every reason is there from the start, so that a rate over it needs no first loss.
fn by_reason(
    out: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    side: Side,
    ledger: &Ledger,
) -> Result<(), std::fmt::Error> {
    let kind = prometheus_client::metrics::MetricType::Counter;
    let mut family = out.encode_descriptor(name, help, None, kind)?;
    for &reason in Reason::ALL.iter().filter(|reason| reason.side() == side) {
        let counts = if side == Side::Rejected { &ledger.rejected } else { &ledger.dropped };
        let samples = counts.get(&reason).copied().unwrap_or(0);
        ConstCounter::new(samples).encode(family.encode_family(&[("reason", reason.name())])?)?;
    }
    Ok(())
}
