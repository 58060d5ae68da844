//! What became of every record and row, stage by stage, each counted where it happens.
//!
//! Sources: `records = rows + ignored + undecodable`. Operators: `rows_in = passed + filtered + failed + late +
//! aggregated + held`; rows out are counted apart, for an UNNEST makes many of one. Tables: rows that were to be written; those of a job that failed
//! before its table took them are `unwritten`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::operators::StateSize;

/// A count that many add to.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// What was `before` has become `after`.
    pub(crate) fn change(&self, before: u64, after: u64) {
        if after >= before {
            self.0.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.0.fetch_sub(before - after, Ordering::Relaxed);
        }
    }

    /// It has been at least so much.
    pub(crate) fn at_least(&self, n: u64) {
        self.0.fetch_max(n, Ordering::Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counts of a running job.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) sources: Vec<(String, SourceCounts)>,
    pub(crate) operators: Vec<(String, OperatorCounts)>,
    pub(crate) tables: Vec<(String, TableCounts)>,
}

#[derive(Debug, Default)]
pub(crate) struct SourceCounts {
    pub(crate) records: Count,
    pub(crate) rows: Count,
    pub(crate) ignored: Count,
    pub(crate) undecodable: Count,
}

#[derive(Debug, Default)]
pub(crate) struct OperatorCounts {
    pub(crate) rows_in: Count,
    pub(crate) passed: Count,
    pub(crate) filtered: Count,
    pub(crate) failed: Count,
    pub(crate) late: Count,
    pub(crate) aggregated: Count,
    pub(crate) held: Count,
    pub(crate) rows_out: Count,
    pub(crate) state_entries: Count,
    pub(crate) state_bytes: Count,
    pub(crate) state_entries_peak: Count,
    pub(crate) state_bytes_peak: Count,
}

#[derive(Debug, Default)]
pub(crate) struct TableCounts {
    pub(crate) rows: Count,
    pub(crate) unwritten: Count,
}

/// A job's ledger at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct JobLedger {
    /// By table.
    pub sources: BTreeMap<String, SourceLedger>,
    /// By operator.
    pub operators: BTreeMap<String, OperatorLedger>,
    /// By table.
    pub tables: BTreeMap<String, TableLedger>,
}

/// Records of a table that is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SourceLedger {
    /// All of them.
    pub records: u64,
    /// Those that became rows.
    pub rows: u64,
    /// Those that the format was told to leave out.
    pub ignored: u64,
    /// Those that could not be decoded.
    pub undecodable: u64,
    /// The table's watermark in milliseconds, where it has a time that has begun and not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark_ms: Option<i64>,
}

/// Rows of an operator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OperatorLedger {
    /// Rows that came.
    pub rows_in: u64,
    /// Rows of these that went on.
    pub passed: u64,
    /// Rows that it was told to leave out.
    pub filtered: u64,
    /// Rows that could not be computed.
    pub failed: u64,
    /// Rows that came after their time had passed.
    #[serde(skip_serializing_if = "is_zero")]
    pub late: u64,
    /// Rows that are part of others.
    #[serde(skip_serializing_if = "is_zero")]
    pub aggregated: u64,
    /// Rows that it keeps.
    #[serde(skip_serializing_if = "is_zero")]
    pub held: u64,
    /// Rows that it gave.
    pub rows_out: u64,
    /// Keys, groups or rows that it has in memory.
    #[serde(skip_serializing_if = "is_zero")]
    pub state_entries: u64,
    /// About how many bytes these are.
    #[serde(skip_serializing_if = "is_zero")]
    pub state_bytes: u64,
    /// The most that it has had, as far as anybody looked.
    #[serde(skip_serializing_if = "is_zero")]
    pub state_entries_peak: u64,
    /// The same in bytes.
    #[serde(skip_serializing_if = "is_zero")]
    pub state_bytes_peak: u64,
}

/// Rows of a table that is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableLedger {
    /// Rows that came.
    pub rows: u64,
    /// Rows of these that it did not take, because the job had failed.
    #[serde(skip_serializing_if = "is_zero")]
    pub unwritten: u64,
    /// What its connector tells of those that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sink: Option<serde_json::Value>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl OperatorCounts {
    /// What a task keeps has become another size.
    pub(crate) fn state_changed(&self, before: StateSize, after: StateSize) {
        self.state_entries.change(before.entries, after.entries);
        self.state_bytes.change(before.bytes, after.bytes);
        self.state_entries_peak.at_least(self.state_entries.value());
        self.state_bytes_peak.at_least(self.state_bytes.value());
    }
}

impl Counts {
    pub(crate) fn ledger(&self) -> JobLedger {
        let source = |counts: &SourceCounts| SourceLedger {
            records: counts.records.value(),
            rows: counts.rows.value(),
            ignored: counts.ignored.value(),
            undecodable: counts.undecodable.value(),
            watermark_ms: None,
        };
        let operator = |counts: &OperatorCounts| OperatorLedger {
            rows_in: counts.rows_in.value(),
            passed: counts.passed.value(),
            filtered: counts.filtered.value(),
            failed: counts.failed.value(),
            late: counts.late.value(),
            aggregated: counts.aggregated.value(),
            held: counts.held.value(),
            rows_out: counts.rows_out.value(),
            state_entries: counts.state_entries.value(),
            state_bytes: counts.state_bytes.value(),
            state_entries_peak: counts.state_entries_peak.value(),
            state_bytes_peak: counts.state_bytes_peak.value(),
        };
        let table = |counts: &TableCounts| TableLedger {
            rows: counts.rows.value(),
            unwritten: counts.unwritten.value(),
            sink: None,
        };
        JobLedger {
            sources: self.sources.iter().map(|(name, counts)| (name.clone(), source(counts))).collect(),
            operators: self.operators.iter().map(|(name, counts)| (name.clone(), operator(counts))).collect(),
            tables: self.tables.iter().map(|(name, counts)| (name.clone(), table(counts))).collect(),
        }
    }
}
