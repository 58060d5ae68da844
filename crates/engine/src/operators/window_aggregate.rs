//! Groups of windows: a row goes to the group of its key in its window; when the window has ended, each group is a row.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use narthex_planner::{AggregateCall, WindowPlaces, window_time};

use super::grouped::Grouped;
use super::rows::{Keys, times};
use super::{Keeper, StateSize};
use crate::aggregate::accumulator;
use crate::error::Error;
use crate::stage::{Marks, Outlet};

/// What one task has of a window aggregate.
pub(crate) struct WindowAggregate {
    keys: Keys,
    window: WindowPlaces,
    calls: Vec<AggregateCall>,
    schema: SchemaRef,
    /// Open windows by their time and start.
    open: BTreeMap<(i64, i64), Open>,
    held: u64,
    numbers: Vec<usize>,
}

/// A window that has not ended.
struct Open {
    end: i64,
    groups: Grouped,
}

/// Rows of a batch that are in one window.
struct Part {
    start: i64,
    end: i64,
    /// The window's time.
    time: i64,
    rows: Vec<u32>,
}

impl WindowAggregate {
    pub(crate) fn new(
        input: &SchemaRef,
        schema: SchemaRef,
        keys: &[usize],
        window: WindowPlaces,
        calls: &[AggregateCall],
    ) -> Result<Self, Error> {
        // What cannot be computed is told before the first row.
        calls.iter().try_for_each(|call| accumulator(call).map(|_| ()))?;
        Ok(Self {
            keys: Keys::new(input, keys)?,
            window,
            calls: calls.to_vec(),
            schema,
            open: BTreeMap::new(),
            held: 0,
            numbers: Vec::new(),
        })
    }

    /// The rows by window, without the late ones.
    fn parts(&self, batch: &RecordBatch, marks: &Marks, outlet: &Outlet<'_>) -> Result<Vec<Part>, Error> {
        let border = |at: usize| times(batch, at, "a window's border");
        let (starts, ends) = (border(self.window.start)?, border(self.window.end)?);
        let mut parts: Vec<Part> = Vec::new();
        let mut last = 0;
        for (row, (&start, &end)) in starts.iter().zip(ends).enumerate() {
            let is_it = |part: &Part| part.start == start && part.end == end;
            if !parts.get(last).is_some_and(is_it) {
                last = parts.iter().position(is_it).unwrap_or_else(|| {
                    let time = window_time(end, self.window.zone);
                    parts.push(Part { start, end, time, rows: Vec::new() });
                    parts.len() - 1
                });
            }
            let part = &mut parts[last];
            if part.time <= marks.at(row) {
                outlet.late(batch, row, marks.at(row));
            } else {
                part.rows.push(row as u32);
            }
        }
        parts.retain(|part| !part.rows.is_empty());
        Ok(parts)
    }

    fn add(&mut self, part: &Part, batch: &RecordBatch) -> Result<(), Error> {
        let open = match self.open.entry((part.time, part.start)) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(place) => place.insert(Open { end: part.end, groups: Grouped::new(&self.calls)? }),
        };
        self.held += part.rows.len() as u64;
        open.groups.add(batch, &part.rows, &self.keys, &self.calls, &mut self.numbers)
    }

    /// The groups of a window that has ended.
    fn rows_of(&self, start: i64, open: Open) -> Result<RecordBatch, Error> {
        open.groups.rows(&self.keys, [start, open.end], &self.schema)
    }
}

impl Keeper for WindowAggregate {
    fn rows(
        &mut self,
        _input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let parts = self.parts(batch, marks, outlet)?;
        parts.iter().try_for_each(|part| self.add(part, batch))
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        while let Some(first) = self.open.first_entry() {
            let &(time, start) = first.key();
            if time > watermark {
                break;
            }
            let open = first.remove();
            self.held -= open.groups.rows;
            outlet.counts.aggregated.add(open.groups.rows);
            let rows = self.rows_of(start, open)?;
            outlet.give(rows)?;
        }
        Ok(())
    }

    fn state(&self) -> StateSize {
        self.open.values().map(|open| open.groups.state()).sum()
    }

    fn held(&self) -> u64 {
        self.held
    }
}
