//! Sessions: rows of a key that follow each other within the gap. Each row goes on when its session has ended, with the
//! session's borders.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::row::RowConverter;
use narthex_planner::{WindowKind, Windows, to_local, window_time};

use super::groups::{Groups, compacted};
use super::rows::{Keys, all_of, times, told};
use super::{Keeper, StateSize};
use crate::aggregate::bytes_at;
use crate::error::Error;
use crate::stage::{Marks, Outlet};
use crate::windows::window_columns;

/// Rows that are given together.
const ROWS_AT_ONCE: usize = 8 * 1024;

/// What one task has of sessions.
pub(crate) struct Sessions {
    keys: Keys,
    row_converter: RowConverter,
    windows: Windows,
    gap_ms: i64,
    schema: SchemaRef,
    groups: Groups,
    /// Sessions of each key; there are few at a time.
    of_groups: Vec<Vec<Session>>,
    /// When to look whether a session has ended: time, key, number. It may have grown meanwhile, or be part of another.
    due: BTreeSet<(i64, usize, u64)>,
    /// Sessions so far.
    begun: u64,
    held: u64,
    /// Of the rows that are held.
    bytes: u64,
}

/// A session that has not ended.
struct Session {
    number: u64,
    start: i64,
    end: i64,
    /// Its rows, one behind the other, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Session {
    fn add(&mut self, row: &[u8]) {
        self.bytes.extend_from_slice(row);
        self.ends.push(self.bytes.len());
    }

    fn take(&mut self, other: &Session) {
        self.start = self.start.min(other.start);
        self.end = self.end.max(other.end);
        for row in 0..other.ends.len() {
            self.add(bytes_at(&other.bytes, &other.ends, row));
        }
    }
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
            begun: 0,
            held: 0,
            bytes: 0,
        })
    }

    /// Adds a row to its key's sessions; false when its session has ended already.
    fn add(&mut self, group: usize, time: i64, row: &[u8], watermark: i64) -> bool {
        if group >= self.of_groups.len() {
            self.of_groups.resize_with(group + 1, Vec::new);
        }
        let zone = self.windows.zone;
        let end = time.saturating_add(self.gap_ms);
        let sessions = &mut self.of_groups[group];
        // A row exactly a gap behind the last one is still of its session.
        let touches = |session: &Session| {
            session.start <= end && session.end >= time && window_time(session.end, zone) > watermark
        };
        self.held += 1;
        self.bytes += row.len() as u64;
        if let Some(first) = sessions.iter().position(touches) {
            // Those that it touches become one.
            let mut at = first + 1;
            while at < sessions.len() {
                if touches(&sessions[at]) {
                    let other = sessions.swap_remove(at);
                    sessions[first].take(&other);
                } else {
                    at += 1;
                }
            }
            let session = &mut sessions[first];
            session.start = session.start.min(time);
            session.end = session.end.max(end);
            session.add(row);
            return true;
        }
        let due = window_time(end, zone);
        if due <= watermark {
            self.held -= 1;
            self.bytes -= row.len() as u64;
            return false;
        }
        self.begun += 1;
        let mut session =
            Session { number: self.begun, start: time, end, bytes: Vec::new(), ends: Vec::new() };
        session.add(row);
        self.due.insert((due, group, session.number));
        sessions.push(session);
        true
    }

    /// Gives the rows of sessions.
    fn give_rows(&self, sessions: &[Session], outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let parser = self.row_converter.parser();
        let rows = sessions.iter().flat_map(|session| {
            (0..session.ends.len()).map(|row| bytes_at(&session.bytes, &session.ends, row))
        });
        let mut columns = self.row_converter.convert_rows(rows.map(|row| parser.parse(row))).map_err(told)?;
        let each = |value: fn(&Session, &Windows) -> i64| -> Vec<i64> {
            let repeated = sessions
                .iter()
                .map(|session| std::iter::repeat_n(value(session, &self.windows), session.ends.len()));
            repeated.flatten().collect()
        };
        let starts = each(|session, _| session.start);
        let ends = each(|session, _| session.end);
        let times = each(|session, windows| window_time(session.end, windows.zone));
        outlet.counts.passed.add(starts.len() as u64);
        columns.extend(window_columns(starts, ends, times, &self.windows));
        outlet.give(RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(told)?)
    }

    /// Gives the sessions that have ended by a watermark.
    fn give(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let (mut ended, mut rows) = (Vec::new(), 0);
        while let Some(&(time, group, number)) = self.due.first().filter(|(time, ..)| *time <= watermark) {
            self.due.remove(&(time, group, number));
            let sessions = &mut self.of_groups[group];
            let Some(at) = sessions.iter().position(|session| session.number == number) else { continue };
            let due = window_time(sessions[at].end, self.windows.zone);
            if due > watermark {
                self.due.insert((due, group, number));
                continue;
            }
            let session = sessions.swap_remove(at);
            rows += session.ends.len();
            self.bytes -= session.bytes.len() as u64;
            ended.push(session);
            if rows >= ROWS_AT_ONCE {
                self.give_rows(&ended, outlet)?;
                self.held -= rows as u64;
                (ended, rows) = (Vec::new(), 0);
            }
        }
        self.held -= rows as u64;
        if rows == 0 { Ok(()) } else { self.give_rows(&ended, outlet) }
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
        for (row, &time) in times.iter().enumerate() {
            let group = self.groups.number(keys.row(row));
            let watermark = marks.at(row);
            let local = to_local(time, self.windows.zone);
            if !self.add(group, local, rows.row(row).as_ref(), watermark) {
                outlet.late(batch, row, watermark);
            }
        }
        Ok(())
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        self.give(watermark, outlet)?;
        if self.groups.have_grown() {
            let of_groups = &self.of_groups;
            let moved = self.groups.retain(|group| !of_groups[group].is_empty());
            self.of_groups = compacted(std::mem::take(&mut self.of_groups), &moved);
            let due = std::mem::take(&mut self.due).into_iter();
            self.due = due.filter_map(|(time, group, number)| Some((time, moved[group]?, number))).collect();
        }
        Ok(())
    }

    fn state(&self) -> StateSize {
        let of_groups = self.of_groups.capacity() * size_of::<Vec<Session>>();
        let sessions = self.due.len() as u64 * size_of::<Session>() as u64;
        let ends = self.held * size_of::<usize>() as u64;
        let bytes = self.bytes + ends + sessions;
        StateSize { entries: self.due.len() as u64, bytes }.and(self.groups.bytes() + of_groups)
    }

    fn held(&self) -> u64 {
        self.held
    }
}
