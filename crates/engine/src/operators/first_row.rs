//! The first row of each key by time. It is given when time has passed it, since an earlier one could still come.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::row::RowConverter;

use super::groups::{Groups, compacted};
use super::lifetime::{Lifetime, Touched};
use super::rows::{Keys, all_of, times, told};
use super::{Keeper, StateSize};
use crate::error::Error;
use crate::stage::{Marks, Outlet};

/// What one task has of first rows.
pub(crate) struct FirstRow {
    keys: Keys,
    time: usize,
    row_converter: RowConverter,
    schema: SchemaRef,
    groups: Groups,
    /// The first time of each key so far; given ones are the least there is.
    first: Vec<i64>,
    /// What waits: by time, then by key.
    waiting: BTreeMap<(i64, usize), Box<[u8]>>,
    waiting_bytes: u64,
    lifetime: Option<Lifetime>,
    touched: Touched,
}

/// The time of a key whose row has been given.
const GIVEN: i64 = i64::MIN;
/// The time of a key without a row.
const NONE: i64 = i64::MAX;

impl FirstRow {
    pub(crate) fn new(
        input: &SchemaRef,
        schema: SchemaRef,
        keys: &[usize],
        time: usize,
        lifetime: Option<Lifetime>,
    ) -> Result<Self, Error> {
        Ok(Self {
            keys: Keys::new(input, keys)?,
            time,
            row_converter: all_of(input)?,
            schema,
            groups: Groups::default(),
            first: Vec::new(),
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            lifetime,
            touched: Touched::default(),
        })
    }
}

impl Keeper for FirstRow {
    fn rows(
        &mut self,
        _input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let times = times(batch, self.time, "the time column")?;
        let rows = self.row_converter.convert_columns(batch.columns()).map_err(told)?;
        let keys = self.keys.of(batch)?;
        let now = self.lifetime.as_ref().map(Lifetime::now);
        for (row, &time) in times.iter().enumerate() {
            // As Flink: what is just as old as the watermark is not late here.
            if time < marks.at(row) {
                outlet.late(batch, row, marks.at(row));
                continue;
            }
            let group = self.groups.number(keys.row(row));
            if group >= self.first.len() {
                self.first.resize(group + 1, NONE);
            }
            if self.first[group] == GIVEN && self.touched.has_passed(group, now) {
                self.first[group] = NONE;
            }
            let first = self.first[group];
            if time >= first || first == GIVEN {
                outlet.counts.filtered.add(1);
                continue;
            }
            if let Some(row) = self.waiting.remove(&(first, group)) {
                self.waiting_bytes -= row.len() as u64;
                outlet.counts.filtered.add(1);
            }
            self.first[group] = time;
            self.touched.touch(group, now);
            let row = rows.row(row).data();
            self.waiting_bytes += row.len() as u64;
            self.waiting.insert((time, group), row.into());
        }
        Ok(())
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let mut due = Vec::new();
        let now = self.lifetime.as_ref().map(Lifetime::now);
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= watermark) {
            let ((_, group), row) = first.remove_entry();
            self.waiting_bytes -= row.len() as u64;
            self.first[group] = GIVEN;
            self.touched.touch(group, now);
            due.push(row);
        }
        if due.is_empty() {
            return Ok(());
        }
        let parser = self.row_converter.parser();
        let columns =
            self.row_converter.convert_rows(due.iter().map(|row| parser.parse(row))).map_err(told)?;
        outlet.counts.passed.add(due.len() as u64);
        outlet.give(RecordBatch::try_new(self.schema.clone(), columns).map_err(told)?)
    }

    fn expire(&mut self, _outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let Some(now) = self.lifetime.as_mut().and_then(Lifetime::is_due) else { return Ok(()) };
        let has_passed =
            |group: usize| self.first[group] == GIVEN && self.touched.has_passed(group, Some(now));
        let moved = self.groups.retain(|group| !has_passed(group));
        self.first = compacted(std::mem::take(&mut self.first), &moved);
        self.touched.moved(&moved);
        let waiting = std::mem::take(&mut self.waiting).into_iter();
        self.waiting =
            waiting.filter_map(|((time, group), row)| Some(((time, moved[group]?), row))).collect();
        Ok(())
    }

    fn state(&self) -> StateSize {
        let first = self.first.capacity() * size_of::<i64>();
        let entries = self.groups.len() as u64;
        let waiting = StateSize::of_rows(self.waiting.len() as u64, self.waiting_bytes);
        StateSize { entries, bytes: waiting.bytes }.and(self.groups.bytes() + first)
    }

    fn held(&self) -> u64 {
        self.waiting.len() as u64
    }
}
