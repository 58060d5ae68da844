//! The closing ledger: as a block for people, as JSON for programs.

use std::io::Write;
use std::path::Path;
use std::sync::atomic::Ordering;

use anyhow::Context;
use narthex_sink::Ledger;
use serde::Serialize;

use crate::input::SourceCounts;
use crate::same_file::is_stream;

/// The ledger as the JSON object that programs read.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    #[serde(flatten)]
    pub(crate) ledger: &'a Ledger,
    pub(crate) sources: Vec<SourceReport>,
}

/// `records = rows + undecodable`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SourceReport {
    pub(crate) name: String,
    pub(crate) records: u64,
    pub(crate) rows: u64,
    pub(crate) undecodable: u64,
}

impl SourceReport {
    pub(crate) fn of(name: &str, counts: &SourceCounts) -> Self {
        Self {
            name: name.to_owned(),
            records: counts.records.load(Ordering::Relaxed),
            rows: counts.rows.load(Ordering::Relaxed),
            undecodable: counts.undecodable.load(Ordering::Relaxed),
        }
    }
}

/// Writes a ledger as one JSON object to `path`; `-` is standard output.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_json(ledger: &impl Serialize, path: &Path) -> anyhow::Result<()> {
    let mut json = serde_json::to_vec(ledger)?;
    json.push(b'\n');
    if is_stream(path) {
        let mut out = std::io::stdout().lock();
        out.write_all(&json).and_then(|()| out.flush()).context("cannot write the ledger to standard output")
    } else {
        std::fs::write(path, &json).with_context(|| format!("cannot write the ledger to {}", path.display()))
    }
}

impl Report<'_> {
    /// Writes the block for people on standard error.
    pub(crate) fn print(&self) {
        let mut lines = Vec::new();
        for source in &self.sources {
            lines.push(format!(
                "{}: {} records = {} rows + {} undecodable",
                source.name, source.records, source.rows, source.undecodable
            ));
        }
        let l = self.ledger;
        let mut count = |name: &str, samples: u64| lines.push(format!("{name:<12} {samples:>12}"));
        count("received", l.received);
        count("written", l.written);
        count("replayed", l.replayed);
        count("rejected", l.rejected_total());
        count("dropped", l.dropped_total());
        count("pending", l.pending);
        for (what, counts) in [("rejected", &l.rejected), ("dropped", &l.dropped)] {
            lines.extend(counts.iter().map(|(reason, samples)| format!("  {what}{{{reason}}} {samples}")));
        }
        lines.push(format!("{} requests, {} of them retries", l.requests, l.retries));
        if l.dead_letters_failed > 0 {
            lines.push(format!("{} dead letters could not be written", l.dead_letters_failed));
        }
        let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
    }
}
