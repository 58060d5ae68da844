//! Windows of rows: each row once for each window that its time falls into.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, TimestampMillisecondArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{SchemaRef, TimestampMillisecondType};
use narthex_planner::{WindowKind, Windows, assign, to_local, window_time};

use crate::operator::with_columns;

/// The rows with start, end and time of their windows behind their columns.
pub(crate) fn in_windows(
    batch: &RecordBatch,
    windows: &Windows,
    schema: &SchemaRef,
) -> Result<RecordBatch, String> {
    let times = batch.column(windows.time).as_primitive_opt::<TimestampMillisecondType>();
    let times = times.ok_or("a window expected a time in milliseconds")?;
    let (mut starts, mut ends, mut of_windows) = (Vec::new(), Vec::new(), Vec::new());
    let mut from = Vec::new();
    let mut found = Vec::new();
    for (row, &time) in times.values().iter().enumerate() {
        found.clear();
        assign(windows.kind, windows.offset_ms, to_local(time, windows.zone), &mut found);
        for &(start, end) in &found {
            from.push(row as u32);
            starts.push(start);
            ends.push(end);
            of_windows.push(window_time(end, windows.zone));
        }
    }
    let is_one_each = matches!(windows.kind, WindowKind::Tumble { .. });
    let mut columns: Vec<ArrayRef> = if is_one_each {
        batch.columns().to_vec()
    } else {
        let from = UInt32Array::from(from);
        let taken = batch.columns().iter().map(|column| take(column, &from, None));
        taken.collect::<Result<_, _>>().map_err(|error| error.to_string())?
    };
    let rows = starts.len();
    columns.extend(window_columns(starts, ends, of_windows, windows));
    with_columns(schema, columns, rows)
}

/// The columns of windows.
pub(crate) fn window_columns(
    starts: Vec<i64>,
    ends: Vec<i64>,
    times: Vec<i64>,
    windows: &Windows,
) -> [ArrayRef; 3] {
    let times = TimestampMillisecondArray::from(times);
    let times = if windows.zone.is_some() { times.with_timezone("UTC") } else { times };
    [
        Arc::new(TimestampMillisecondArray::from(starts)),
        Arc::new(TimestampMillisecondArray::from(ends)),
        Arc::new(times),
    ]
}
