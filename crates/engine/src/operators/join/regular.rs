//! Pairs of all rows that ever came, or that came within `table.exec.state.ttl`.

use arrow::array::RecordBatch;
use hashbrown::HashMap;

use super::{Found, Kept, Pairs};
use crate::clock::{END, NEVER};
use crate::error::Error;
use crate::operators::lifetime::{Lifetime, has_passed};
use crate::operators::{Keeper, StateSize};
use crate::stage::{Marks, Outlet};

/// What one task has of a join without bounds.
pub(super) struct RegularJoin {
    pairs: Pairs,
    /// By side, then by key.
    rows: [HashMap<Box<[u8]>, Vec<Kept>>; 2],
    held: u64,
    /// Of the rows that are held.
    bytes: u64,
    lifetime: Option<Lifetime>,
}

impl RegularJoin {
    pub(super) fn new(pairs: Pairs, lifetime: Option<Lifetime>) -> Self {
        Self { pairs, rows: [HashMap::new(), HashMap::new()], held: 0, bytes: 0, lifetime }
    }
}

impl Keeper for RegularJoin {
    fn rows(
        &mut self,
        input: usize,
        batch: &RecordBatch,
        _marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let encoded = self.pairs.encode(input, batch)?;
        let mut has_met = vec![false; batch.num_rows()];
        let now = self.lifetime.as_ref().map(Lifetime::now);
        let others = &self.rows[1 - input];
        let mut found = Found::new(&self.pairs, input, &encoded, &mut has_met, vec![NEVER; batch.num_rows()]);
        for row in 0..batch.num_rows() {
            for kept in others.get(encoded.key(row)).into_iter().flatten() {
                if encoded.can_meet(row) && now.is_none_or(|now| !has_passed(kept.came, now)) {
                    found.add(row, kept, outlet)?;
                }
            }
        }
        found.give(outlet)?;
        let own = &mut self.rows[input];
        for (row, has_met) in has_met.into_iter().enumerate() {
            if !encoded.can_meet(row) {
                outlet.counts.filtered.add(1);
                continue;
            }
            let mut kept = Kept::new(encoded.row(row));
            kept.came = now.unwrap_or_default();
            kept.has_met.set(has_met);
            match own.get_mut(encoded.key(row)) {
                Some(rows) => rows.push(kept),
                None => drop(own.insert(encoded.key(row).into(), vec![kept])),
            }
            self.held += 1;
            self.bytes += encoded.row(row).len() as u64;
        }
        Ok(())
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        if watermark < END {
            return Ok(());
        }
        for side in 0..2 {
            let rows = std::mem::take(&mut self.rows[side]);
            self.pairs.leave(side, rows.values().flatten(), outlet)?;
        }
        (self.held, self.bytes) = (0, 0);
        Ok(())
    }

    fn expire(&mut self, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let Some(now) = self.lifetime.as_mut().and_then(Lifetime::is_due) else { return Ok(()) };
        for side in 0..2 {
            let mut gone = Vec::new();
            self.rows[side].retain(|_, rows| {
                // They stand as they came.
                let passed = rows.partition_point(|row| has_passed(row.came, now));
                gone.extend(rows.drain(..passed));
                !rows.is_empty()
            });
            self.held -= gone.len() as u64;
            self.bytes -= gone.iter().map(|row| row.bytes.len() as u64).sum::<u64>();
            self.pairs.leave(side, gone.iter(), outlet)?;
        }
        Ok(())
    }

    fn state(&self) -> StateSize {
        StateSize::of_rows(self.held, self.bytes)
    }

    fn held(&self) -> u64 {
        self.held
    }
}
