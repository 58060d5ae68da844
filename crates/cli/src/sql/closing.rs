//! The closing ledger of a job file: what became of records, rows and samples of all its jobs.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

use narthex_engine::{JobLedger, OperatorLedger, SourceLedger, TableLedger};
use serde::Serialize;
use serde_json::{Map, Value};

/// The ledgers of all jobs together: the sinks' samples summed up, everything else by name.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Closing {
    /// `received`, `written` and so on: of all Prometheus tables together.
    #[serde(flatten)]
    samples: Map<String, Value>,
    sources: BTreeMap<String, SourceLedger>,
    operators: BTreeMap<String, OperatorLedger>,
    tables: BTreeMap<String, TableLedger>,
}

impl Closing {
    /// Adds a job; the names of a second one are told apart by its number.
    pub(crate) fn add(&mut self, number: usize, job: JobLedger) {
        for table in job.tables.values() {
            if let Some(Value::Object(sink)) = &table.sink
                && sink.contains_key("received")
            {
                add_all(&mut self.samples, sink);
            }
        }
        let named = |name: String| if number == 1 { name } else { format!("{number}.{name}") };
        self.sources.extend(job.sources.into_iter().map(|(name, ledger)| (named(name), ledger)));
        self.operators.extend(job.operators.into_iter().map(|(name, ledger)| (named(name), ledger)));
        self.tables.extend(job.tables.into_iter().map(|(name, ledger)| (named(name), ledger)));
    }

    /// Records that were read.
    pub(crate) fn records(&self) -> u64 {
        self.sources.values().map(|source| source.records).sum()
    }

    /// Operators that keep something: their name, and the most keys or rows and bytes that they had.
    pub(crate) fn state(&self) -> Vec<(&str, u64, u64)> {
        let operators = self.operators.iter().filter(|(_, operator)| operator.state_entries_peak > 0);
        operators
            .map(|(name, operator)| (name.as_str(), operator.state_entries_peak, operator.state_bytes_peak))
            .collect()
    }

    /// Operators with late rows: their name, these, and all of their rows.
    pub(crate) fn late(&self) -> Vec<(&str, u64, u64)> {
        let operators = self.operators.iter().filter(|(_, operator)| operator.late > 0);
        operators.map(|(name, operator)| (name.as_str(), operator.late, operator.rows_in)).collect()
    }

    /// The ledgers of a table in all jobs.
    fn of_table<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a TableLedger> {
        let is_it = move |name: &str| {
            let number = name.strip_suffix(table).and_then(|before| before.strip_suffix('.'));
            name == table || number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
        };
        self.tables.iter().filter(move |(name, _)| is_it(name)).map(|(_, ledger)| ledger)
    }

    /// Rows of a table that it took.
    pub(crate) fn rows_of(&self, table: &str) -> u64 {
        self.of_table(table).map(|ledger| ledger.rows - ledger.unwritten).sum()
    }

    /// What became of a Prometheus table's samples.
    pub(crate) fn fates_of(&self, table: &str) -> Vec<String> {
        let of = |fate: &str| -> u64 {
            let sinks = self.of_table(table).filter_map(|ledger| ledger.sink.as_ref()?.get(fate));
            sinks.map(total).sum()
        };
        let fates = ["written", "rejected", "dropped", "pending"].map(|fate| (fate, of(fate)));
        let told = fates.iter().filter(|(fate, count)| *count > 0 || *fate == "written");
        told.map(|(fate, count)| format!("{count} {fate}")).collect()
    }

    /// What was lost, by reason, most first: samples, rows and records.
    pub(crate) fn lost(&self) -> Vec<(String, u64)> {
        let mut lost: BTreeMap<String, u64> = BTreeMap::new();
        for door in ["rejected", "dropped"] {
            let reasons = self.samples.get(door).and_then(Value::as_object).into_iter().flatten();
            for (reason, count) in reasons.filter(|(reason, _)| reason.as_str() != "duplicate_same") {
                *lost.entry(reason.clone()).or_default() += total(count);
            }
        }
        let undecodable: u64 = self.sources.values().map(|source| source.undecodable).sum();
        let failed: u64 = self.operators.values().map(|operator| operator.failed).sum();
        let late: u64 = self.operators.values().map(|operator| operator.late).sum();
        for (reason, count) in [("undecodable", undecodable), ("row_error", failed), ("late", late)] {
            *lost.entry(reason.to_owned()).or_default() += count;
        }
        let mut lost: Vec<_> = lost.into_iter().filter(|(_, count)| *count > 0).collect();
        lost.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        lost
    }

    /// Tells of dead letters that could not be written: of records and rows as well as of samples.
    pub(crate) fn tell_of_dead_letters(&mut self, failed: u64) {
        if failed > 0 {
            self.samples.insert("dead_letters_failed".to_owned(), failed.into());
        }
    }

    /// Whether anything was lost: a record, a row or a sample.
    pub(crate) fn has_loss(&self) -> bool {
        let of = |key: &str| self.samples.get(key).map_or(0, total);
        self.sources.values().any(|source| source.undecodable > 0)
            || self.operators.values().any(|operator| operator.failed + operator.late > 0)
            || of("rejected") + of("dropped") > 0
    }

    /// Whether there are rows that no table took, or that wait for their window's end, samples that were not settled, or dead letters that could not be written.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.tables.values().any(|table| table.unwritten > 0)
            || self.operators.values().any(|operator| operator.held > 0)
            || ["pending", "dead_letters_failed"]
                .iter()
                .any(|key| self.samples.get(*key).map_or(0, total) > 0)
    }

    /// Writes the block for people on standard error.
    pub(crate) fn print(&self) {
        let mut lines = Vec::new();
        for (name, s) in &self.sources {
            let ignored = if s.ignored > 0 { format!(" + {} ignored", s.ignored) } else { String::new() };
            lines.push(format!(
                "{name}: {} records = {} rows + {} undecodable{ignored}",
                s.records, s.rows, s.undecodable
            ));
        }
        let is_told = |o: &OperatorLedger| o.filtered + o.failed + o.late + o.aggregated + o.held > 0;
        for (name, o) in self.operators.iter().filter(|(_, o)| is_told(o)) {
            lines.push(operator_line(name, o));
        }
        for (name, table) in &self.tables {
            let unwritten = match table.unwritten {
                0 => String::new(),
                rows => format!(", {rows} more for which the job ended too early"),
            };
            lines.push(format!("{name}: {} rows written to it{unwritten}", table.rows - table.unwritten));
        }
        lines.extend(self.sample_lines());
        if let Some(failed) = self.samples.get("dead_letters_failed").map(total).filter(|failed| *failed > 0)
        {
            lines.push(format!("{failed} dead letters could not be written"));
        }
        if lines.is_empty() {
            return;
        }
        // Nobody may read it: then it is nobody's.
        let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
    }

    /// What became of the samples, as `narthex write` tells it.
    fn sample_lines(&self) -> Vec<String> {
        const DOORS: [&str; 6] = ["received", "written", "replayed", "rejected", "dropped", "pending"];
        let of = |key: &str| self.samples.get(key).map_or(0, total);
        if !self.samples.contains_key("received") {
            return Vec::new();
        }
        let mut lines: Vec<String> =
            DOORS.iter().map(|door| format!("{door:<12} {:>12}", of(door))).collect();
        for door in ["rejected", "dropped"] {
            let reasons = self.samples.get(door).and_then(Value::as_object).into_iter().flatten();
            lines.extend(reasons.map(|(reason, count)| format!("  {door}{{{reason}}} {count}")));
        }
        lines.push(format!("{} requests, {} of them retries", of("requests"), of("retries")));
        lines
    }
}

/// What became of an operator's rows. Fates that only operators with state know are told where there are such rows.
fn operator_line(name: &str, o: &OperatorLedger) -> String {
    let mut line = format!(
        "{name}: {} rows in = {} passed + {} filtered + {} failed",
        o.rows_in, o.passed, o.filtered, o.failed
    );
    for (fate, rows) in [("late", o.late), ("aggregated", o.aggregated), ("held when the job ended", o.held)]
    {
        if rows > 0 {
            let _ = write!(line, " + {rows} {fate}");
        }
    }
    if o.aggregated > 0 {
        let _ = write!(line, ", {} rows out", o.rows_out);
    }
    line
}

/// Adds numbers, also those of objects inside.
fn add_all(sum: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (key, value) in more {
        match value {
            Value::Object(inside) => {
                if let Value::Object(known) = sum.entry(key).or_insert_with(|| Map::new().into()) {
                    add_all(known, inside);
                }
            }
            value => {
                let before = sum.get(key).map_or(0, total);
                sum.insert(key.clone(), (before + total(value)).into());
            }
        }
    }
}

fn total(value: &Value) -> u64 {
    match value {
        Value::Object(inside) => inside.values().map(total).sum(),
        value => value.as_u64().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(sink: &str) -> JobLedger {
        let table = TableLedger { rows: 2, unwritten: 0, sink: serde_json::from_str(sink).ok() };
        JobLedger { tables: [("t".to_owned(), table)].into(), ..JobLedger::default() }
    }

    #[test]
    fn samples_of_all_sinks_are_summed_up() {
        let mut closing = Closing::default();
        closing.add(1, job(r#"{"received":3,"dropped":{"null":1}}"#));
        closing.add(2, job(r#"{"received":4,"dropped":{"null":1,"duplicate":2}}"#));
        let json = serde_json::to_value(&closing).unwrap();
        assert_eq!(json["received"], 7);
        assert_eq!(json["dropped"], serde_json::json!({"null": 2, "duplicate": 2}));
        assert_eq!(json["tables"].as_object().unwrap().len(), 2);
        assert!(closing.has_loss() && !closing.is_unsettled());
    }
}
