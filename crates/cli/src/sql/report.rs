//! Records and rows that came to nothing: a dead letter each, and a warning now and then.

use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::TimestampMillisecondArray;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use narthex_engine::{BadRecord, Reporter};
use narthex_sink::{DeadLetters, Letters};

use crate::throttle::is_said;

/// Files dead letters and warns.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) dead_letters: Option<DeadLetters>,
    pub(crate) bad_records: AtomicU64,
    pub(crate) bad_rows: AtomicU64,
}

impl Reporter for Report {
    fn bad_record(&self, table: &str, record: &BadRecord) {
        let before = self.bad_records.fetch_add(1, Ordering::Relaxed);
        if is_said(before) {
            let (place, message) = (&record.place, &record.message);
            tracing::warn!("{place}: cannot decode a record of {table}: {message} ({} so far)", before + 1);
        }
        let mut letters = Letters::default();
        letters.record(&record.raw, &record.message, &record.place);
        self.file(letters);
    }

    fn bad_row(&self, table: &str, row: &RecordBatch, why: &str) {
        let before = self.bad_rows.fetch_add(1, Ordering::Relaxed);
        if is_said(before) {
            tracing::warn!("cannot compute a row for {table}: {why} ({} so far)", before + 1);
        }
        let mut letters = Letters::default();
        letters.row(&columns(row), "row_error", why, table);
        self.file(letters);
    }

    fn late_row(&self, operator: &str, row: &RecordBatch, watermark: i64) {
        let mut letters = Letters::default();
        let message = match watermark {
            i64::MIN => "a later row of its key had been taken before it".into(),
            watermark => format!("the watermark had come to {} before it", instant(watermark)),
        };
        letters.row(&columns(row), "late", &message, operator);
        self.file(letters);
    }
}

impl Report {
    fn file(&self, mut letters: Letters) {
        if let Some(dead_letters) = &self.dead_letters {
            dead_letters.write(&mut letters);
        }
    }
}

/// A moment in milliseconds, as text.
fn instant(ms: i64) -> String {
    let column = TimestampMillisecondArray::from(vec![ms]);
    let shown = ArrayFormatter::try_new(&column, &FormatOptions::default());
    shown.map_or_else(|_| ms.to_string(), |shown| shown.value(0).to_string())
}

/// Names and values of a row, as text; without the columns that nobody has named.
fn columns(row: &RecordBatch) -> Vec<(String, Option<String>)> {
    let options = FormatOptions::default();
    let shown = |at: usize| {
        let column = row.column(at);
        let formatter = ArrayFormatter::try_new(column, &options).ok()?;
        (row.num_rows() > 0 && !column.is_null(0)).then(|| formatter.value(0).to_string())
    };
    let names = row.schema();
    let named = (0..row.num_columns()).filter(|at| !names.field(*at).name().starts_with('$'));
    named.map(|at| (names.field(at).name().clone(), shown(at))).collect()
}
