//! Pairs of rows of the same window, when it has ended.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use narthex_planner::{WindowPlaces, window_time};

use super::{Kept, PAIRS_AT_ONCE, Pairs};
use crate::error::Error;
use crate::operators::groups::Groups;
use crate::operators::rows::times;
use crate::operators::{Keeper, StateSize};
use crate::stage::{Marks, Outlet};

/// What one task has of a window join.
pub(super) struct WindowJoin {
    pairs: Pairs,
    windows: [WindowPlaces; 2],
    /// Open windows by their time, start and end.
    open: BTreeMap<(i64, i64, i64), Open>,
    held: u64,
    /// Of the rows that are held.
    bytes: u64,
}

/// The rows of a window.
#[derive(Default)]
struct Open {
    groups: Groups,
    /// Of each group by side.
    rows: Vec<[Vec<Kept>; 2]>,
    /// Rows with a null that is equal to none.
    alone: [Vec<Kept>; 2],
}

impl WindowJoin {
    pub(super) fn new(pairs: Pairs, windows: [WindowPlaces; 2]) -> Self {
        Self { pairs, windows, open: BTreeMap::new(), held: 0, bytes: 0 }
    }

    /// Gives the pairs of a group.
    fn meet(&self, [left, right]: &[Vec<Kept>; 2], outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let mut all = left.iter().flat_map(|left| right.iter().map(move |right| (left, right)));
        loop {
            let some: Vec<(&Kept, &Kept)> = all.by_ref().take(PAIRS_AT_ONCE).collect();
            if some.is_empty() {
                return Ok(());
            }
            let lefts: Vec<&[u8]> = some.iter().map(|(left, _)| left.bytes.as_ref()).collect();
            let rights: Vec<&[u8]> = some.iter().map(|(_, right)| right.bytes.as_ref()).collect();
            self.pairs.give(&lefts, &rights, None, outlet, |at| {
                some[at].1.has_met.set(true);
                !some[at].0.has_met.replace(true)
            })?;
        }
    }
}

impl Keeper for WindowJoin {
    fn rows(
        &mut self,
        input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let places = self.windows[input];
        let border = |at: usize| times(batch, at, "a window's border");
        let (starts, ends) = (border(places.start)?, border(places.end)?);
        let encoded = self.pairs.encode(input, batch)?;
        for row in 0..batch.num_rows() {
            let of = |window: &WindowPlaces| window_time(ends[row], window.zone);
            if of(&places) <= marks.at(row) {
                outlet.late(batch, row, marks.at(row));
                continue;
            }
            let time = of(&self.windows[0]).max(of(&self.windows[1]));
            let Open { groups, rows, alone } = self.open.entry((time, starts[row], ends[row])).or_default();
            let kept = Kept::new(encoded.row(row));
            self.held += 1;
            self.bytes += encoded.row(row).len() as u64;
            if !encoded.can_meet(row) {
                alone[input].push(kept);
                continue;
            }
            let group = groups.number(encoded.key(row));
            if group >= rows.len() {
                rows.resize_with(group + 1, Default::default);
            }
            rows[group][input].push(kept);
        }
        Ok(())
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        while let Some(first) = self.open.first_entry().filter(|first| first.key().0 <= watermark) {
            let open = first.remove();
            open.rows.iter().try_for_each(|rows| self.meet(rows, outlet))?;
            for side in 0..2 {
                let all = || open.rows.iter().map(|rows| &rows[side]).chain([&open.alone[side]]).flatten();
                self.held -= all().count() as u64;
                self.bytes -= all().map(|row| row.bytes.len() as u64).sum::<u64>();
                self.pairs.leave(side, all(), outlet)?;
            }
        }
        Ok(())
    }

    fn state(&self) -> StateSize {
        let groups: usize = self.open.values().map(|open| open.groups.bytes()).sum();
        StateSize::of_rows(self.held, self.bytes).and(groups)
    }

    fn held(&self) -> u64 {
        self.held
    }
}
