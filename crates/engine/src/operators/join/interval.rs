//! Pairs of rows whose times are near each other. A row is kept until no row that is near can come any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use hashbrown::HashMap;

use super::{Found, Kept, Pairs};
use crate::clock::{END, NEVER};
use crate::error::Error;
use crate::operators::rows::times;
use crate::operators::{Keeper, StateSize};
use crate::stage::{Marks, Outlet};

/// What one task has of an interval join.
pub(super) struct IntervalJoin {
    pairs: Pairs,
    /// The time columns.
    times: [usize; 2],
    /// The right time minus the left one.
    least_ms: i64,
    most_ms: i64,
    sides: [Side; 2],
    arrived: u64,
}

/// A time, and which of the rows of this time.
type Place = (i64, u64);

/// The rows of one side.
#[derive(Default)]
struct Side {
    by_key: HashMap<Arc<[u8]>, BTreeMap<Place, Kept>>,
    /// Until when a row is kept: its key, and its own time.
    until: BTreeMap<Place, (Arc<[u8]>, i64)>,
    /// Of its rows.
    bytes: u64,
}

impl IntervalJoin {
    pub(super) fn new(pairs: Pairs, times: [usize; 2], least_ms: i64, most_ms: i64) -> Self {
        Self { pairs, times, least_ms, most_ms, sides: [Side::default(), Side::default()], arrived: 0 }
    }

    /// The times of the other side that are near.
    fn near(&self, side: usize, time: i64) -> (i64, i64) {
        let (before, behind) =
            if side == 0 { (self.least_ms, self.most_ms) } else { (-self.most_ms, -self.least_ms) };
        (time.saturating_add(before), time.saturating_add(behind))
    }
}

impl Side {
    fn add(&mut self, key: &[u8], time: i64, until: i64, number: u64, kept: Kept) {
        self.bytes += kept.bytes.len() as u64;
        let known = self.by_key.get_key_value(key).map(|(key, _)| key.clone());
        let key = known.unwrap_or_else(|| key.into());
        self.by_key.entry(key.clone()).or_default().insert((time, number), kept);
        self.until.insert((until, number), (key, time));
    }

    /// Takes out those that are kept until then.
    fn gone(&mut self, watermark: i64) -> Vec<Kept> {
        let mut gone = Vec::new();
        while let Some(first) = self.until.first_entry().filter(|first| first.key().0 <= watermark) {
            let ((_, number), (key, time)) = first.remove_entry();
            if let Some(rows) = self.by_key.get_mut(&key) {
                let row = rows.remove(&(time, number));
                self.bytes -= row.as_ref().map_or(0, |row| row.bytes.len() as u64);
                gone.extend(row);
                if rows.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
        gone
    }
}

impl Keeper for IntervalJoin {
    fn rows(
        &mut self,
        input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let times = times(batch, self.times[input], "the time column of a join")?;
        let encoded = self.pairs.encode(input, batch)?;
        let mut has_met = vec![false; batch.num_rows()];
        let behind = (0..batch.num_rows()).map(|row| self.watermark_behind(marks.at(row))).collect();
        let mut found = Found::new(&self.pairs, input, &encoded, &mut has_met, behind);
        for (row, &time) in times.iter().enumerate().filter(|(row, _)| encoded.can_meet(*row)) {
            let (from, to) = self.near(input, time);
            let others = self.sides[1 - input].by_key.get(encoded.key(row));
            for kept in others
                .filter(|_| from <= to)
                .into_iter()
                .flat_map(|others| others.range((from, 0)..=(to, u64::MAX)).map(|(_, kept)| kept))
            {
                found.add(row, kept, outlet)?;
            }
        }
        found.give(outlet)?;
        let mut alone = Vec::new();
        for ((row, &time), has_met) in times.iter().enumerate().zip(has_met) {
            let until = self.near(input, time).1;
            let watermark = marks.at(row);
            if encoded.can_meet(row) && until > watermark {
                let kept = Kept::new(encoded.row(row));
                kept.has_met.set(has_met);
                self.arrived += 1;
                self.sides[input].add(encoded.key(row), time, until, self.arrived, kept);
            } else if !has_met && time <= watermark && !self.pairs.sides_out.keeps()[input] {
                outlet.late(batch, row, watermark);
            } else {
                let kept = Kept::new(encoded.row(row));
                kept.has_met.set(has_met);
                alone.push(kept);
            }
        }
        self.pairs.leave(input, alone.iter(), outlet)
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        for side in 0..2 {
            let gone = self.sides[side].gone(watermark);
            self.pairs.leave(side, gone.iter(), outlet)?;
        }
        Ok(())
    }

    fn state(&self) -> StateSize {
        self.sides.iter().map(|side| StateSize::of_rows(side.until.len() as u64, side.bytes)).sum()
    }

    fn held(&self) -> u64 {
        self.sides.iter().map(|side| side.until.len() as u64).sum()
    }

    /// Rows come out as long as they are kept.
    fn watermark_behind(&self, watermark: i64) -> i64 {
        if matches!(watermark, NEVER | END) {
            return watermark;
        }
        watermark.saturating_sub(self.most_ms.max(self.least_ms.saturating_neg()).max(0))
    }
}
