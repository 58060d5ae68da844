//! Each row of the left side with the version of the right side that was valid at its time: the last one that is not
//! later. A row waits until its time has come, for an earlier version may still come.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;

use super::{Kept, PAIRS_AT_ONCE, Pairs};
use crate::clock::{END, NEVER};
use crate::error::Error;
use crate::operators::groups::{Groups, compacted};
use crate::operators::lifetime::{Lifetime, Touched};
use crate::operators::rows::times;
use crate::operators::{Keeper, StateSize};
use crate::stage::{Marks, Outlet};

/// A row of the left side.
struct Waiting {
    time: i64,
    /// None where a null is equal to none.
    key: Option<usize>,
    kept: Kept,
    /// The watermark before it.
    mark: i64,
}

/// What one task has of a temporal join.
pub(super) struct TemporalJoin {
    pairs: Pairs,
    /// The time columns.
    times: [usize; 2],
    /// A version that comes behind a later one of its key is none.
    skips_older: bool,
    keys: Groups,
    /// The versions of each key by time.
    versions: Vec<BTreeMap<i64, Kept>>,
    /// When a version takes the place of another one: that time, and the key.
    replaced: BTreeSet<(i64, usize)>,
    /// Rows that wait: by time, then by arrival.
    waiting: BTreeMap<(i64, u64), Waiting>,
    arrived: u64,
    /// What time it is.
    now: i64,
    held: u64,
    /// Of the rows that are held.
    bytes: u64,
    lifetime: Option<Lifetime>,
    touched: Touched,
}

impl TemporalJoin {
    pub(super) fn new(
        pairs: Pairs,
        times: [usize; 2],
        skips_older: bool,
        lifetime: Option<Lifetime>,
    ) -> Self {
        Self {
            pairs,
            times,
            skips_older,
            keys: Groups::default(),
            versions: Vec::new(),
            replaced: BTreeSet::new(),
            waiting: BTreeMap::new(),
            arrived: 0,
            now: NEVER,
            held: 0,
            bytes: 0,
            lifetime,
            touched: Touched::default(),
        }
    }

    /// Lets go of keys for which no row waits, with their versions.
    fn let_go(
        &mut self,
        has_passed: impl Fn(usize, &BTreeMap<i64, Kept>) -> bool,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let mut waits = vec![false; self.keys.len()];
        self.waiting.values().filter_map(|row| row.key).for_each(|key| waits[key] = true);
        let versions = &self.versions;
        let moved = self.keys.retain(|key| waits[key] || !has_passed(key, &versions[key]));
        for (versions, _) in self.versions.iter().zip(&moved).filter(|(_, moved)| moved.is_none()) {
            self.held -= versions.len() as u64;
            self.bytes -= bytes_of(versions.values());
            self.pairs.leave(1, versions.values(), outlet)?;
        }
        self.versions = compacted(std::mem::take(&mut self.versions), &moved);
        self.touched.moved(&moved);
        self.waiting.values_mut().for_each(|row| row.key = row.key.and_then(|key| moved[key]));
        let replaced = std::mem::take(&mut self.replaced).into_iter();
        self.replaced = replaced.filter_map(|(time, key)| Some((time, moved[key]?))).collect();
        Ok(())
    }

    /// Joins rows whose time has come. They come out in their order: what looks back behind the join would take what
    /// comes behind a later row for late.
    fn join(&self, due: &[Waiting], outlet: &mut Outlet<'_>) -> Result<(), Error> {
        for due in due.chunks(PAIRS_AT_ONCE) {
            let version = |row: &Waiting| {
                let versions = self.versions.get(row.key?)?;
                versions.range(..=row.time).next_back().map(|(_, version)| version)
            };
            let versions: Vec<Option<&Kept>> = due.iter().map(version).collect();
            let rows: Vec<&[u8]> = due.iter().map(|row| row.kept.bytes.as_ref()).collect();
            let marks: Vec<i64> = due.iter().map(|row| row.mark).collect();
            let right: Vec<Option<&[u8]>> =
                versions.iter().map(|version| version.map(|version| version.bytes.as_ref())).collect();
            let has_met = self.pairs.give_in_order(&rows, &right, &marks, outlet)?;
            for ((row, version), has_met) in due.iter().zip(versions).zip(has_met) {
                row.kept.has_met.set(has_met);
                if let Some(version) = version.filter(|_| has_met) {
                    version.has_met.set(true);
                }
            }
            // What came alone has been given.
            self.pairs.settle(0, due.iter().map(|row| &row.kept), outlet);
        }
        Ok(())
    }

    /// Lets go of versions that no row on time can ask for.
    fn forget(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        while let Some(&(time, key)) = self.replaced.first().filter(|(time, _)| *time <= watermark) {
            self.replaced.pop_first();
            let kept = self.versions[key].split_off(&time);
            let gone = std::mem::replace(&mut self.versions[key], kept);
            self.held -= gone.len() as u64;
            self.bytes -= bytes_of(gone.values());
            self.pairs.leave(1, gone.values(), outlet)?;
        }
        Ok(())
    }
}

fn bytes_of<'a>(rows: impl Iterator<Item = &'a Kept>) -> u64 {
    rows.map(|row| row.bytes.len() as u64).sum()
}

impl Keeper for TemporalJoin {
    fn rows(
        &mut self,
        input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let times = times(batch, self.times[input], "the time column of a join")?;
        let encoded = self.pairs.encode(input, batch)?;
        let mut late = Vec::new();
        let now = self.lifetime.as_ref().map(Lifetime::now);
        for (row, &time) in times.iter().enumerate() {
            let kept = Kept::new(encoded.row(row));
            let key = encoded.can_meet(row).then(|| self.keys.number(encoded.key(row)));
            self.versions.resize_with(self.keys.len(), BTreeMap::new);
            if let Some(key) = key {
                self.touched.touch(key, now);
            }
            if input == 0 {
                let row = Waiting { time, key, kept, mark: marks.at(row) };
                if row.time <= self.now {
                    late.push(row);
                    continue;
                }
                self.held += 1;
                self.bytes += row.kept.bytes.len() as u64;
                self.arrived += 1;
                self.waiting.insert((time, self.arrived), row);
                continue;
            }
            let is_newest =
                |key: &usize| self.versions[*key].last_key_value().is_none_or(|(last, _)| *last <= time);
            let Some(key) = key.filter(|key| !self.skips_older || is_newest(key)) else {
                outlet.counts.filtered.add(1);
                continue;
            };
            self.held += 1;
            self.bytes += kept.bytes.len() as u64;
            let versions = &mut self.versions[key];
            let replaces = versions.insert(time, kept);
            if let Some(old) = replaces {
                self.held -= 1;
                self.bytes -= old.bytes.len() as u64;
                self.pairs.leave(1, [&old].into_iter(), outlet)?;
            } else {
                // The later one of each two neighbours takes the earlier one's place.
                let later = versions.range(time.saturating_add(1)..).next().map(|(later, _)| *later);
                let has_earlier = versions.range(..time).next().is_some();
                self.replaced
                    .extend(later.into_iter().chain(has_earlier.then_some(time)).map(|at| (at, key)));
            }
        }
        self.join(&late, outlet)
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        self.now = watermark;
        let mut due = Vec::new();
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= watermark) {
            due.push(first.remove());
        }
        self.held -= due.len() as u64;
        self.bytes -= bytes_of(due.iter().map(|row| &row.kept));
        self.join(&due, outlet)?;
        self.forget(watermark, outlet)?;
        if watermark == END {
            for versions in std::mem::take(&mut self.versions) {
                self.held -= versions.len() as u64;
                self.bytes -= bytes_of(versions.values());
                self.pairs.leave(1, versions.values(), outlet)?;
            }
        } else if self.keys.have_grown() {
            self.let_go(|_, versions| versions.is_empty(), outlet)?;
        }
        Ok(())
    }

    fn expire(&mut self, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let Some(now) = self.lifetime.as_mut().and_then(Lifetime::is_due) else { return Ok(()) };
        let touched = std::mem::take(&mut self.touched);
        let has_passed: Vec<bool> =
            (0..self.keys.len()).map(|key| touched.has_passed(key, Some(now))).collect();
        self.touched = touched;
        self.let_go(|key, versions| has_passed[key] || versions.is_empty(), outlet)
    }

    fn state(&self) -> StateSize {
        let versions = self.versions.capacity() * size_of::<BTreeMap<i64, Kept>>();
        StateSize::of_rows(self.held, self.bytes).and(self.keys.bytes() + versions)
    }

    fn held(&self) -> u64 {
        self.held
    }
}
