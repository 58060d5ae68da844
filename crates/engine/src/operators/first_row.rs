//! The first row of each key by time. It is given when time has passed it, since an earlier one could still come.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::row::RowConverter;

use super::Keeper;
use super::groups::Groups;
use super::rows::{Keys, all_of, times, told};
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
    ) -> Result<Self, Error> {
        Ok(Self {
            keys: Keys::new(input, keys)?,
            time,
            row_converter: all_of(input)?,
            schema,
            groups: Groups::default(),
            first: Vec::new(),
            waiting: BTreeMap::new(),
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
        for (row, &time) in times.iter().enumerate() {
            // As Flink: what is just as old as the watermark is not late here.
            if time < marks.at(row) {
                outlet.counts.late.add(1);
                continue;
            }
            let group = self.groups.number(keys.row(row));
            if group >= self.first.len() {
                self.first.resize(group + 1, NONE);
            }
            let first = self.first[group];
            if time >= first || first == GIVEN {
                outlet.counts.filtered.add(1);
                continue;
            }
            if self.waiting.remove(&(first, group)).is_some() {
                outlet.counts.filtered.add(1);
            }
            self.first[group] = time;
            self.waiting.insert((time, group), rows.row(row).data().into());
        }
        Ok(())
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let mut due = Vec::new();
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= watermark) {
            let ((_, group), row) = first.remove_entry();
            self.first[group] = GIVEN;
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

    fn held(&self) -> u64 {
        self.waiting.len() as u64
    }
}
