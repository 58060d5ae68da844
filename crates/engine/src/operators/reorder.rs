//! The rows in the order of time, each when it has passed. One that comes behind it goes on at once: whether it is too late
//! is for the table to say, which knows what it has of the row's series.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::row::RowConverter;

use super::rows::{all_of, times, told};
use super::{Keeper, StateSize};
use crate::error::Error;
use crate::stage::{Marks, Outlet};

/// Rows that are given together.
const ROWS_AT_ONCE: usize = 8 * 1024;

/// What one task has of a reordering.
pub(crate) struct Reorder {
    time: usize,
    row_converter: RowConverter,
    schema: SchemaRef,
    /// By time, then by arrival.
    waiting: BTreeMap<(i64, u64), Box<[u8]>>,
    arrived: u64,
    /// Of the rows that wait.
    bytes: u64,
}

impl Reorder {
    pub(crate) fn new(schema: SchemaRef, time: usize) -> Result<Self, Error> {
        let row_converter = all_of(&schema)?;
        Ok(Self { time, row_converter, schema, waiting: BTreeMap::new(), arrived: 0, bytes: 0 })
    }

    /// Takes out the rows whose time has passed.
    fn take_until(&mut self, watermark: i64, due: &mut Vec<Box<[u8]>>) {
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= watermark) {
            let row = first.remove();
            self.bytes -= row.len() as u64;
            due.push(row);
        }
    }

    fn give(&self, rows: &[Box<[u8]>], outlet: &mut Outlet<'_>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let parser = self.row_converter.parser();
        let columns = self.row_converter.convert_rows(rows.iter().map(|row| parser.parse(row)));
        outlet.counts.passed.add(rows.len() as u64);
        outlet.give(RecordBatch::try_new(self.schema.clone(), columns.map_err(told)?).map_err(told)?)
    }
}

impl Keeper for Reorder {
    fn rows(
        &mut self,
        _input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let times = times(batch, self.time, "the time column")?;
        let rows = self.row_converter.convert_columns(batch.columns()).map_err(told)?;
        let mut due = Vec::new();
        for (row, &time) in times.iter().enumerate() {
            let bytes: Box<[u8]> = rows.row(row).data().into();
            let watermark = marks.at(row);
            if time <= watermark {
                // What has passed before it goes first.
                self.take_until(watermark, &mut due);
                due.push(bytes);
            } else {
                self.arrived += 1;
                self.bytes += bytes.len() as u64;
                self.waiting.insert((time, self.arrived), bytes);
            }
        }
        self.give(&due, outlet)
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let mut due = Vec::new();
        self.take_until(watermark, &mut due);
        due.chunks(ROWS_AT_ONCE).try_for_each(|rows| self.give(rows, outlet))
    }

    fn state(&self) -> StateSize {
        StateSize::of_rows(self.waiting.len() as u64, self.bytes)
    }

    fn held(&self) -> u64 {
        self.waiting.len() as u64
    }
}
