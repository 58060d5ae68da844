//! Groups of windows that overlap: a row goes to the group of its key in its slice; when a window has ended, what its slices
//! know is merged.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use narthex_planner::{AggregateCall, Overlapping, WindowKind, WindowPlaces, assign, window_time};

use super::grouped::Grouped;
use super::rows::{Keys, times};
use super::{Keeper, StateSize};
use crate::clock::END;
use crate::error::Error;
use crate::stage::{Marks, Outlet};

/// What one task has of an aggregate over windows that overlap.
pub(crate) struct SlicedAggregate {
    keys: Keys,
    window: WindowPlaces,
    overlapping: Overlapping,
    calls: Vec<AggregateCall>,
    schema: SchemaRef,
    /// By start.
    slices: BTreeMap<i64, Slice>,
    /// Windows of slices with rows that have not ended: time, start and end.
    open: BTreeSet<(i64, i64, i64)>,
    held: u64,
    numbers: Vec<usize>,
}

/// A slice.
struct Slice {
    groups: Grouped,
    /// What the accumulators knew when it was last asked for; they hold only what came since.
    known: Option<Vec<Vec<ArrayRef>>>,
    /// The time of the last window that it is in.
    until: i64,
}

/// Rows of a batch that are in one slice.
struct Part {
    start: i64,
    rows: Vec<u32>,
}

impl SlicedAggregate {
    pub(crate) fn new(
        input: &SchemaRef,
        schema: SchemaRef,
        keys: &[usize],
        window: WindowPlaces,
        calls: &[AggregateCall],
        overlapping: Overlapping,
    ) -> Result<Self, Error> {
        // What cannot be computed is told before the first row.
        Grouped::new(calls)?;
        Ok(Self {
            keys: Keys::new(input, keys)?,
            window,
            overlapping,
            calls: calls.to_vec(),
            schema,
            slices: BTreeMap::new(),
            open: BTreeSet::new(),
            held: 0,
            numbers: Vec::new(),
        })
    }

    /// The windows that a slice is in: time, start and end.
    fn windows_of(&self, slice: i64) -> Vec<(i64, i64, i64)> {
        let mut windows = Vec::new();
        assign(self.overlapping.kind, self.overlapping.offset_ms, slice, &mut windows);
        windows.into_iter().map(|(start, end)| (window_time(end, self.window.zone), start, end)).collect()
    }

    /// Adds rows that came behind one watermark.
    fn add(
        &mut self,
        part: &Part,
        batch: &RecordBatch,
        watermark: i64,
        outlet: &Outlet<'_>,
    ) -> Result<(), Error> {
        let windows = self.windows_of(part.start);
        let until = windows.iter().map(|(time, ..)| *time).max().unwrap_or(watermark);
        if until <= watermark {
            part.rows.iter().for_each(|row| outlet.late(batch, *row as usize, watermark));
            return Ok(());
        }
        self.open.extend(windows.into_iter().filter(|(time, ..)| *time > watermark));
        if !self.slices.contains_key(&part.start) {
            let slice = Slice { groups: Grouped::new(&self.calls)?, known: None, until };
            self.slices.insert(part.start, slice);
        }
        if let Some(slice) = self.slices.get_mut(&part.start) {
            if let Some(known) = slice.known.take() {
                let numbers: Vec<usize> = (0..slice.groups.groups.len()).collect();
                slice.groups.merge(&known, &numbers)?;
            }
            slice.groups.add(batch, &part.rows, &self.keys, &self.calls, &mut self.numbers)?;
            self.held += part.rows.len() as u64;
        }
        Ok(())
    }

    /// Gives the windows that have ended by a watermark, and lets go of slices that are in no other.
    fn give(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        while let Some(&(time, start, end)) = self.open.first().filter(|(time, ..)| *time <= watermark) {
            self.open.remove(&(time, start, end));
            let mut all = Grouped::new(&self.calls)?;
            // As Flink, which puts the newest slice of a sliding window first.
            let mut slices: Vec<&mut Slice> =
                self.slices.range_mut(start..end).map(|(_, slice)| slice).collect();
            if matches!(self.overlapping.kind, WindowKind::Hop { .. }) {
                slices.reverse();
            }
            for slice in slices {
                if slice.known.is_none() {
                    slice.known = Some(slice.groups.take_states()?);
                }
                let numbers: Vec<usize> =
                    slice.groups.groups.keys().map(|key| all.groups.number(key)).collect();
                if let Some(known) = &slice.known {
                    all.merge(known, &numbers)?;
                }
            }
            outlet.give(all.rows(&self.keys, [start, end], &self.schema)?)?;
        }
        let gone: Vec<i64> = self
            .slices
            .iter()
            .take_while(|(_, slice)| slice.until <= watermark)
            .map(|(start, _)| *start)
            .collect();
        for start in gone {
            let rows = self.slices.remove(&start).map_or(0, |slice| slice.groups.rows);
            self.held -= rows;
            outlet.counts.aggregated.add(rows);
        }
        Ok(())
    }
}

impl Keeper for SlicedAggregate {
    fn rows(
        &mut self,
        _input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let starts = times(batch, self.window.start, "a window's border")?;
        let mut row = 0;
        while row < batch.num_rows() {
            // Rows up to the next one that a window has ended before.
            let watermark = marks.at(row);
            self.give(watermark, outlet)?;
            let mut parts: Vec<Part> = Vec::new();
            let mut last = 0;
            // A window that is opened by these rows may end before others of them.
            let mut next = self.open.first().map_or(END, |(time, ..)| *time);
            while row < batch.num_rows() && marks.at(row) < next {
                let start = starts[row];
                if parts.get(last).is_none_or(|part| part.start != start) {
                    last = parts.iter().position(|part| part.start == start).unwrap_or_else(|| {
                        let due = self.windows_of(start).into_iter().map(|(time, ..)| time);
                        next = due.filter(|time| *time > watermark).min().unwrap_or(END).min(next);
                        parts.push(Part { start, rows: Vec::new() });
                        parts.len() - 1
                    });
                    if marks.at(row) >= next {
                        break;
                    }
                }
                parts[last].rows.push(row as u32);
                row += 1;
            }
            for part in parts.iter().filter(|part| !part.rows.is_empty()) {
                self.add(part, batch, watermark, outlet)?;
            }
        }
        Ok(())
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        self.give(watermark, outlet)
    }

    fn state(&self) -> StateSize {
        let known = |slice: &Slice| -> usize {
            let arrays = slice.known.iter().flatten().flatten();
            arrays.map(|array| array.get_array_memory_size()).sum()
        };
        self.slices.values().map(|slice| slice.groups.state().and(known(slice))).sum()
    }

    fn held(&self) -> u64 {
        self.held
    }
}
