//! Each row of the left side with the version of the right side that was valid at its time: the last one that is not
//! later. A row waits until its time has come, for an earlier version may still come.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;

use super::{Kept, PAIRS_AT_ONCE, Pairs};
use crate::error::Error;
use crate::operators::Keeper;
use crate::operators::groups::Groups;
use crate::operators::rows::times;
use crate::stage::{Marks, Outlet};

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
    /// Rows that wait: by time, then by arrival. Their key; none where a null is equal to none.
    waiting: BTreeMap<(i64, u64), (Option<usize>, Kept)>,
    arrived: u64,
    held: u64,
}

impl TemporalJoin {
    pub(super) fn new(pairs: Pairs, times: [usize; 2], skips_older: bool) -> Self {
        Self {
            pairs,
            times,
            skips_older,
            keys: Groups::default(),
            versions: Vec::new(),
            replaced: BTreeSet::new(),
            waiting: BTreeMap::new(),
            arrived: 0,
            held: 0,
        }
    }

    /// Rows whose time has come.
    fn due(&mut self, watermark: i64) -> Vec<(i64, Option<usize>, Kept)> {
        let mut due = Vec::new();
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 <= watermark) {
            let ((time, _), (key, kept)) = first.remove_entry();
            due.push((time, key, kept));
        }
        due
    }

    /// Lets go of versions that no row on time can ask for.
    fn forget(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        while let Some(&(time, key)) = self.replaced.first().filter(|(time, _)| *time <= watermark) {
            self.replaced.pop_first();
            let kept = self.versions[key].split_off(&time);
            let gone = std::mem::replace(&mut self.versions[key], kept);
            self.held -= gone.len() as u64;
            self.pairs.leave(1, gone.values(), outlet)?;
        }
        Ok(())
    }
}

impl Keeper for TemporalJoin {
    fn rows(
        &mut self,
        input: usize,
        batch: &RecordBatch,
        _marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let times = times(batch, self.times[input], "the time column of a join")?;
        let encoded = self.pairs.encode(input, batch)?;
        for (row, &time) in times.iter().enumerate() {
            let kept = Kept::new(encoded.row(row));
            let key = encoded.can_meet(row).then(|| self.keys.number(encoded.key(row)));
            self.versions.resize_with(self.keys.len(), BTreeMap::new);
            self.held += 1;
            if input == 0 {
                self.arrived += 1;
                self.waiting.insert((time, self.arrived), (key, kept));
                continue;
            }
            let is_newest =
                |key: &usize| self.versions[*key].last_key_value().is_none_or(|(last, _)| *last <= time);
            let Some(key) = key.filter(|key| !self.skips_older || is_newest(key)) else {
                self.held -= 1;
                outlet.counts.filtered.add(1);
                continue;
            };
            let versions = &mut self.versions[key];
            let replaces = versions.insert(time, kept);
            if let Some(old) = replaces {
                self.held -= 1;
                self.pairs.leave(1, [&old].into_iter(), outlet)?;
            } else {
                // The later one of each two neighbours takes the earlier one's place.
                let later = versions.range(time.saturating_add(1)..).next().map(|(later, _)| *later);
                let has_earlier = versions.range(..time).next().is_some();
                self.replaced
                    .extend(later.into_iter().chain(has_earlier.then_some(time)).map(|at| (at, key)));
            }
        }
        Ok(())
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let due = self.due(watermark);
        self.held -= due.len() as u64;
        for due in due.chunks(PAIRS_AT_ONCE) {
            let version = |(time, key, _): &(i64, Option<usize>, Kept)| {
                self.versions.get((*key)?)?.range(..=*time).next_back().map(|(_, version)| version)
            };
            let pairs: Vec<(&Kept, &Kept)> =
                due.iter().filter_map(|row| Some((&row.2, version(row)?))).collect();
            let rows: Vec<&[u8]> = pairs.iter().map(|(row, _)| row.bytes.as_ref()).collect();
            let versions: Vec<&[u8]> = pairs.iter().map(|(_, version)| version.bytes.as_ref()).collect();
            self.pairs.give(&rows, &versions, outlet, |at| {
                pairs[at].1.has_met.set(true);
                !pairs[at].0.has_met.replace(true)
            })?;
            self.pairs.leave(0, due.iter().map(|(_, _, kept)| kept), outlet)?;
        }
        self.forget(watermark, outlet)?;
        if watermark == crate::clock::END {
            for versions in std::mem::take(&mut self.versions) {
                self.held -= versions.len() as u64;
                self.pairs.leave(1, versions.values(), outlet)?;
            }
        }
        Ok(())
    }

    fn held(&self) -> u64 {
        self.held
    }
}
