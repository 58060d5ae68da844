//! What a running job file shows at `/metrics`: its ledgers, stage by stage.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use narthex_engine::{JobLedger, OperatorLedger, SourceLedger, Watcher};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// The ledgers of all jobs that have been started.
#[derive(Clone, Default)]
pub(crate) struct JobMetrics(Arc<Mutex<Vec<(usize, Watcher)>>>);

impl fmt::Debug for JobMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobMetrics")
    }
}

impl JobMetrics {
    /// Adds a job.
    pub(crate) fn add(&self, number: usize, job: Watcher) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((number, job));
    }

    /// All of them, each with its number.
    pub(crate) fn jobs(&self) -> Vec<(usize, Watcher)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Collector for JobMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let jobs: Vec<(String, Watcher)> =
            self.jobs().into_iter().map(|(number, job)| (number.to_string(), job)).collect();
        let ledgers: Vec<(&str, JobLedger)> =
            jobs.iter().map(|(number, job)| (number.as_str(), job.ledger())).collect();
        in_flight(&mut encoder, &jobs)?;
        sources(&mut encoder, &ledgers)?;
        watermarks(&mut encoder, &ledgers)?;
        operators(&mut encoder, &ledgers)?;
        tables(&mut encoder, &ledgers)
    }
}

/// How much is on its way through each job.
fn in_flight(encoder: &mut DescriptorEncoder<'_>, jobs: &[(String, Watcher)]) -> fmt::Result {
    type Pick = fn((usize, usize)) -> usize;
    let gauges: [(&str, &str, Pick); 2] = [
        ("narthex_job_in_flight", "Input that has been read and not come to an end", |(bytes, _)| bytes),
        ("narthex_job_in_flight_limit", "In-flight input at which reading waits", |(_, limit)| limit),
    ];
    for (name, help, value) in gauges {
        let mut family = encoder.encode_descriptor(name, help, Some(&Unit::Bytes), MetricType::Gauge)?;
        for (number, job) in jobs {
            let labels = [("job_number", number.as_str())];
            ConstGauge::new(value(job.in_flight()) as i64).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
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

/// The watermark of each table that has one.
fn watermarks(encoder: &mut DescriptorEncoder<'_>, ledgers: &Ledgers<'_>) -> fmt::Result {
    let all =
        ledgers.iter().flat_map(|(job, ledger)| ledger.sources.iter().map(move |source| (*job, source)));
    let known: Vec<_> =
        all.filter_map(|(job, (table, source))| Some((job, table, source.watermark_ms?))).collect();
    if known.is_empty() {
        return Ok(());
    }
    let help =
        "How far a table's time has come; behind the clock by its rows' lateness and the watermark's delay";
    let (name, unit) = ("narthex_source_watermark_timestamp", Unit::Seconds);
    let mut family = encoder.encode_descriptor(name, help, Some(&unit), MetricType::Gauge)?;
    for (job, table, watermark_ms) in known {
        let labels = [("job_number", job), ("table", table.as_str())];
        ConstGauge::new(watermark_ms as f64 / 1000.0).encode(family.encode_family(&labels)?)?;
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
    type Pick = fn(&OperatorLedger) -> u64;
    let gauges: [(&str, &str, Option<Unit>, Pick); 3] = [
        (
            "narthex_operator_rows_held",
            "Rows that an operator keeps until time has passed them",
            None,
            |operator| operator.held,
        ),
        (
            "narthex_operator_state_entries",
            "Keys, groups or rows that an operator has in memory",
            None,
            |operator| operator.state_entries,
        ),
        ("narthex_operator_state", "About how much memory these have", Some(Unit::Bytes), |operator| {
            operator.state_bytes
        }),
    ];
    for (name, help, unit, value) in gauges {
        let mut family = encoder.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
        for (job, ledger) in ledgers {
            for (operator, rows) in &ledger.operators {
                let labels = [("job_number", *job), ("operator", operator.as_str())];
                ConstGauge::new(value(rows) as i64).encode(family.encode_family(&labels)?)?;
            }
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
    Ok(())
}
