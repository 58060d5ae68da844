//! Sessions: rows of a key that follow each other within the gap. Each row goes on when its session has ended, with the
//! session's borders.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::row::RowConverter;
use narthex_planner::{WindowKind, Windows, to_local, window_time};

use super::Keeper;
use super::groups::Groups;
use super::rows::{Keys, all_of, times, told};
use crate::error::Error;
use crate::stage::{Marks, Outlet};
use crate::windows::window_columns;

/// What one task has of sessions.
pub(crate) struct Sessions {
    keys: Keys,
    row_converter: RowConverter,
    windows: Windows,
    gap_ms: i64,
    schema: SchemaRef,
    groups: Groups,
    /// Sessions of each key, by their end.
    of_groups: Vec<BTreeMap<i64, Session>>,
    /// All of them: time, key, end.
    due: BTreeSet<(i64, usize, i64)>,
    held: u64,
}

/// A session that has not ended.
struct Session {
    start: i64,
    rows: Vec<Box<[u8]>>,
}

impl Sessions {
    pub(crate) fn new(
        input: &SchemaRef,
        schema: SchemaRef,
        keys: &[usize],
        windows: Windows,
    ) -> Result<Self, Error> {
        let WindowKind::Session { gap_ms } = windows.kind else {
            return Err(Error::Row("sessions need a gap".to_owned()));
        };
        Ok(Self {
            keys: Keys::new(input, keys)?,
            row_converter: all_of(input)?,
            windows,
            gap_ms,
            schema,
            groups: Groups::default(),
            of_groups: Vec::new(),
            due: BTreeSet::new(),
            held: 0,
        })
    }

    /// Adds a row to its key's sessions; false when its session has ended already.
    fn add(&mut self, group: usize, time: i64, row: &[u8], watermark: i64) -> bool {
        if group >= self.of_groups.len() {
            self.of_groups.resize_with(group + 1, BTreeMap::new);
        }
        let sessions = &mut self.of_groups[group];
        let (mut start, mut end) = (time, time.saturating_add(self.gap_ms));
        // Those that it touches become one; a row exactly a gap behind the last one is still of its session.
        let touched: Vec<i64> = sessions
            .range(start..)
            .take_while(|(_, session)| session.start <= end)
            .filter(|(of_end, _)| window_time(**of_end, self.windows.zone) > watermark)
            .map(|(of_end, _)| *of_end)
            .collect();
        for of_end in &touched {
            let session = &sessions[of_end];
            start = start.min(session.start);
            end = end.max(*of_end);
        }
        let due = window_time(end, self.windows.zone);
        if due <= watermark {
            return false;
        }
        let mut rows = Vec::new();
        for of_end in touched {
            self.due.remove(&(window_time(of_end, self.windows.zone), group, of_end));
            rows.extend(sessions.remove(&of_end).map(|session| session.rows).unwrap_or_default());
        }
        rows.push(row.into());
        sessions.insert(end, Session { start, rows });
        self.due.insert((due, group, end));
        self.held += 1;
        true
    }

    fn rows_of(&self, end: i64, session: &Session) -> Result<RecordBatch, Error> {
        let parser = self.row_converter.parser();
        let rows = session.rows.iter().map(|row| parser.parse(row));
        let mut columns = self.row_converter.convert_rows(rows).map_err(told)?;
        let count = session.rows.len();
        let time = window_time(end, self.windows.zone);
        let borders = [vec![session.start; count], vec![end; count], vec![time; count]];
        let [starts, ends, times] = borders;
        columns.extend(window_columns(starts, ends, times, &self.windows));
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(told)
    }

    /// Gives the sessions that have ended by a watermark.
    fn give(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        while let Some(&(time, group, end)) = self.due.first().filter(|(time, ..)| *time <= watermark) {
            self.due.remove(&(time, group, end));
            let Some(session) = self.of_groups[group].remove(&end) else { continue };
            let count = session.rows.len() as u64;
            self.held -= count;
            outlet.counts.passed.add(count);
            let rows = self.rows_of(end, &session)?;
            outlet.give(rows)?;
        }
        Ok(())
    }
}

impl Keeper for Sessions {
    fn rows(
        &mut self,
        _input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let times = times(batch, self.windows.time, "a session's time")?;
        let rows = self.row_converter.convert_columns(batch.columns()).map_err(told)?;
        let keys = self.keys.of(batch)?;
        let mut late = 0;
        for (row, &time) in times.iter().enumerate() {
            let group = self.groups.number(keys.row(row));
            let watermark = marks.at(row);
            let local = to_local(time, self.windows.zone);
            if !self.add(group, local, rows.row(row).as_ref(), watermark) {
                late += 1;
            }
        }
        outlet.counts.late.add(late);
        Ok(())
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        self.give(watermark, outlet)
    }

    fn held(&self) -> u64 {
        self.held
    }
}
