//! `ORDER BY` the stream's time: rows wait until it has passed them, and are given by time, then by other columns, then as
//! they came. Late is what is not behind the last row that was given, as in Flink.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::row::RowConverter;
use narthex_planner::SortKey;

use super::rows::{Order, all_of, times, told};
use super::{Keeper, StateSize};
use crate::clock::NEVER;
use crate::error::Error;
use crate::stage::{Marks, Outlet};

/// Rows that are given together.
const ROWS_AT_ONCE: usize = 8 * 1024;

/// The only task of a sort.
pub(crate) struct Sort {
    time: usize,
    /// Among rows of one time.
    order: Order,
    row_converter: RowConverter,
    schema: SchemaRef,
    /// By time, the other columns, and arrival.
    waiting: BTreeMap<(i64, Box<[u8]>, u64), Row>,
    arrived: u64,
    /// The time of the last row that was given.
    given: i64,
    /// The last watermark by which rows were given: what has come since waits for the next one.
    given_by: i64,
    bytes: u64,
}

struct Row {
    /// The first watermark that passes it: of one that came behind the watermark, the next.
    from: i64,
    bytes: Box<[u8]>,
}

impl Sort {
    pub(crate) fn new(schema: SchemaRef, time: usize, order: &[SortKey]) -> Result<Self, Error> {
        Ok(Self {
            time,
            order: Order::new(&schema, order)?,
            row_converter: all_of(&schema)?,
            schema,
            waiting: BTreeMap::new(),
            arrived: 0,
            given: NEVER,
            given_by: NEVER,
            bytes: 0,
        })
    }

    /// Gives the rows that a watermark has passed.
    fn give_until(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        if watermark <= self.given_by {
            return Ok(());
        }
        self.given_by = watermark;
        let mut due = Vec::new();
        let mut later = match watermark.checked_add(1) {
            Some(next) => self.waiting.split_off(&(next, Box::default(), 0)),
            None => BTreeMap::new(),
        };
        for (place, row) in std::mem::take(&mut self.waiting) {
            if row.from > watermark {
                later.insert(place, row);
                continue;
            }
            self.given = self.given.max(place.0);
            self.bytes -= (row.bytes.len() + place.1.len()) as u64;
            due.push(row.bytes);
        }
        self.waiting = later;
        for rows in due.chunks(ROWS_AT_ONCE) {
            let parser = self.row_converter.parser();
            let columns = self.row_converter.convert_rows(rows.iter().map(|row| parser.parse(row)));
            outlet.counts.passed.add(rows.len() as u64);
            outlet.give(RecordBatch::try_new(self.schema.clone(), columns.map_err(told)?).map_err(told)?)?;
        }
        Ok(())
    }
}

impl Keeper for Sort {
    fn rows(
        &mut self,
        _input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let times = times(batch, self.time, "the time column")?;
        let rows = self.row_converter.convert_columns(batch.columns()).map_err(told)?;
        let order = self.order.of(batch, Arc::clone)?;
        for (row, &time) in times.iter().enumerate() {
            let watermark = marks.at(row);
            if time <= watermark {
                // What the watermark has passed before it is given first.
                self.give_until(watermark, outlet)?;
            }
            if time <= self.given {
                outlet.late(batch, row, watermark);
                continue;
            }
            let order: Box<[u8]> = order.row(row).into();
            let bytes: Box<[u8]> = rows.row(row).data().into();
            self.arrived += 1;
            self.bytes += (bytes.len() + order.len()) as u64;
            let from = time.max(watermark.saturating_add(1));
            self.waiting.insert((time, order, self.arrived), Row { from, bytes });
        }
        Ok(())
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        self.give_until(watermark, outlet)
    }

    fn state(&self) -> StateSize {
        StateSize::of_rows(self.waiting.len() as u64, self.bytes)
    }

    fn held(&self) -> u64 {
        self.waiting.len() as u64
    }
}
