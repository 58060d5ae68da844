//! What a running job file shows at `/metrics`: its ledgers, stage by stage.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use narthex_engine::{JobLedger, SourceLedger};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use serde_json::Value;

type Reader = Box<dyn Fn() -> JobLedger + Send + Sync>;

/// The ledgers of all jobs that have been started.
#[derive(Clone, Default)]
pub(crate) struct JobMetrics(Arc<Mutex<Vec<(String, Reader)>>>);

impl fmt::Debug for JobMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobMetrics")
    }
}

/// Counts of a Prometheus table, as its ledger names them, and the metrics that show them.
const SAMPLES: [(&str, &str, &str); 4] = [
    ("received", "narthex_sink_samples_received", "Samples that came to the sink"),
    ("written", "narthex_sink_samples_written", "Samples that the receiver has accepted"),
    ("replayed", "narthex_sink_samples_replayed", "Samples that were refused and may be stored already"),
    ("retries", "narthex_sink_retries", "Requests that were sent again"),
];
/// Those that have reasons.
const LOSSES: [(&str, &str, &str); 2] = [
    ("rejected", "narthex_sink_samples_rejected", "Samples that the receiver has refused"),
    ("dropped", "narthex_sink_samples_dropped", "Samples that were not sent"),
];

impl JobMetrics {
    /// Adds a job.
    pub(crate) fn add(&self, number: usize, ledger: impl Fn() -> JobLedger + Send + Sync + 'static) {
        let mut jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.push((number.to_string(), Box::new(ledger)));
    }
}

impl Collector for JobMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ledgers: Vec<(&str, JobLedger)> =
            jobs.iter().map(|(job, ledger)| (job.as_str(), ledger())).collect();
        sources(&mut encoder, &ledgers)?;
        operators(&mut encoder, &ledgers)?;
        tables(&mut encoder, &ledgers)
    }
}

type Ledgers<'a> = [(&'a str, JobLedger)];

fn sources(encoder: &mut DescriptorEncoder<'_>, ledgers: &Ledgers<'_>) -> fmt::Result {
    type Pick = fn(&SourceLedger) -> u64;
    let counts: [(&str, &str, Pick); 3] = [
        ("narthex_source_records", "Records read", |source| source.records),
        ("narthex_source_ignored", "Records that the format was told to leave out", |source| source.ignored),
        ("narthex_source_undecodable", "Records that could not be decoded", |source| source.undecodable),
    ];
    for (name, help, count) in counts {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (job, ledger) in ledgers {
            for (table, source) in &ledger.sources {
                let labels = [("job_number", *job), ("table", table.as_str())];
                ConstCounter::new(count(source)).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    Ok(())
}

fn operators(encoder: &mut DescriptorEncoder<'_>, ledgers: &Ledgers<'_>) -> fmt::Result {
    let help = "Rows of an operator: each that came in has one fate";
    let mut family = encoder.encode_descriptor("narthex_operator_rows", help, None, MetricType::Counter)?;
    for (job, ledger) in ledgers {
        for (operator, rows) in &ledger.operators {
            for (fate, count) in [
                ("passed", rows.passed),
                ("filtered", rows.filtered),
                ("failed", rows.failed),
                ("late", rows.late),
                ("aggregated", rows.aggregated),
            ] {
                let labels = [("job_number", *job), ("operator", operator.as_str()), ("fate", fate)];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    let help = "Rows that an operator keeps until time has passed them";
    let mut family =
        encoder.encode_descriptor("narthex_operator_rows_held", help, None, MetricType::Gauge)?;
    for (job, ledger) in ledgers {
        for (operator, rows) in &ledger.operators {
            let labels = [("job_number", *job), ("operator", operator.as_str())];
            ConstGauge::new(rows.held as i64).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

fn tables(encoder: &mut DescriptorEncoder<'_>, ledgers: &Ledgers<'_>) -> fmt::Result {
    let all = || {
        ledgers
            .iter()
            .flat_map(|(job, ledger)| ledger.tables.iter().map(move |(table, of)| (*job, table, of)))
    };
    let mut family = encoder.encode_descriptor(
        "narthex_table_rows",
        "Rows written to a table",
        None,
        MetricType::Counter,
    )?;
    for (job, table, ledger) in all() {
        let labels = [("job_number", job), ("table", table.as_str())];
        ConstCounter::new(ledger.rows).encode(family.encode_family(&labels)?)?;
    }
    let number = |sink: &Option<Value>, key: &str| sink.as_ref()?.get(key)?.as_u64();
    for (key, name, help) in SAMPLES {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (job, table, ledger) in all() {
            if let Some(count) = number(&ledger.sink, key) {
                let labels = [("job_number", job), ("table", table.as_str())];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    for (key, name, help) in LOSSES {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (job, table, ledger) in all() {
            let reasons = ledger.sink.as_ref().and_then(|sink| sink.get(key)?.as_object());
            for (reason, count) in reasons.into_iter().flatten() {
                let labels = [("job_number", job), ("table", table.as_str()), ("reason", reason.as_str())];
                ConstCounter::new(count.as_u64().unwrap_or(0)).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    let help = "Samples that are not settled";
    let mut family =
        encoder.encode_descriptor("narthex_sink_samples_pending", help, None, MetricType::Gauge)?;
    for (job, table, ledger) in all() {
        if let Some(count) = number(&ledger.sink, "pending") {
            let labels = [("job_number", job), ("table", table.as_str())];
            ConstGauge::new(count as i64).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}
