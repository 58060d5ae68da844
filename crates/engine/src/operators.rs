//! Operators that keep rows, or something of them, until time has passed.

mod current_watermark;
mod first_row;
mod grouped;
mod groups;
mod join;
mod lifetime;
mod over;
mod rank;
mod reorder;
pub(crate) mod rows;
mod sessions;
mod sliced_aggregate;
mod sort;
mod window_aggregate;

use std::time::Duration;

use arrow::array::RecordBatch;
use narthex_planner::{Frame, StatefulOperator};

use self::lifetime::Lifetime;
use crate::error::Error;
use crate::graph::StageNode;
use crate::stage::{Marks, Outlet};

/// An operator that keeps rows: what one task has of it.
pub(crate) trait Keeper: Send {
    /// Takes rows of one of its inputs, each with the watermark before it.
    fn rows(
        &mut self,
        input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error>;

    /// Time has come to this watermark: gives what is due. At the end of all rows it is the greatest there is.
    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error>;

    /// Lets go of what `table.exec.state.ttl` keeps no longer. Asked now and then, also when nothing comes.
    fn expire(&mut self, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let _ = outlet;
        Ok(())
    }

    /// Rows that it keeps.
    fn held(&self) -> u64;

    /// What it keeps in memory.
    fn state(&self) -> StateSize;

    /// The watermark of the rows that it gives when its own is this.
    fn watermark_behind(&self, watermark: i64) -> i64 {
        watermark
    }
}

/// What is kept in memory: how many keys, groups or rows, and about how many bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StateSize {
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

/// What a row costs beside its bytes where it stands in an ordered table: its place, and its share of the tree.
const ROW_BYTES: u64 = 64;

impl std::iter::Sum for StateSize {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| Self { entries: a.entries + b.entries, bytes: a.bytes + b.bytes })
    }
}

impl StateSize {
    /// Rows of so many bytes in all, in ordered tables.
    pub(crate) fn of_rows(rows: u64, bytes: u64) -> Self {
        Self { entries: rows, bytes: bytes + rows * ROW_BYTES }
    }

    /// With bytes that are kept beside.
    pub(crate) fn and(self, bytes: usize) -> Self {
        Self { bytes: self.bytes + bytes as u64, ..self }
    }
}

/// What one task of a stage runs; what nothing comes for is kept for `ttl`.
pub(crate) fn keeper(stage: &StageNode, ttl: Option<Duration>) -> Result<Box<dyn Keeper>, Error> {
    let input = stage.inputs.first().cloned().unwrap_or_else(|| stage.schema.clone());
    Ok(match &stage.operator {
        StatefulOperator::WindowAggregate { keys, window, aggregates, overlapping: Some(overlapping) } => {
            let (schema, window) = (stage.schema.clone(), *window);
            let aggregate = sliced_aggregate::SlicedAggregate::new;
            Box::new(aggregate(&input, schema, keys, window, aggregates, *overlapping)?)
        }
        StatefulOperator::WindowAggregate { keys, window, aggregates, overlapping: None } => {
            let schema = stage.schema.clone();
            Box::new(window_aggregate::WindowAggregate::new(&input, schema, keys, *window, aggregates)?)
        }
        StatefulOperator::Sessions { keys, windows } => {
            let schema = stage.schema.clone();
            Box::new(sessions::Sessions::new(&input, schema, keys, windows.clone())?)
        }
        StatefulOperator::WindowRank { keys, window, order, from, to, is_last_first, .. } => {
            let (from, to, is_last_first) = (*from, *to, *is_last_first);
            let ranking = rank::Ranking { keys, window: *window, order, from, to, is_last_first };
            Box::new(rank::WindowRank::new(&input, stage.schema.clone(), &ranking)?)
        }
        StatefulOperator::FirstRow { keys, time } => {
            Box::new(first_row::FirstRow::new(&input, stage.schema.clone(), keys, *time, Lifetime::of(ttl))?)
        }
        StatefulOperator::Over { keys, time, frame, calls } => {
            // An interval of time lets go of keys by itself.
            let ttl = ttl.filter(|_| !matches!(frame, Frame::Range(Some(_))));
            let over = over::Over::new(&input, stage.schema.clone(), keys, *time, *frame, calls);
            Box::new(over?.with_lifetime(Lifetime::of(ttl)))
        }
        StatefulOperator::Sort { time, order } => {
            Box::new(sort::Sort::new(stage.schema.clone(), *time, order)?)
        }
        StatefulOperator::Reorder { time } => Box::new(reorder::Reorder::new(stage.schema.clone(), *time)?),
        StatefulOperator::CurrentWatermark => {
            Box::new(current_watermark::CurrentWatermark { schema: stage.schema.clone() })
        }
        StatefulOperator::Join(join) => join::keeper(stage, join, Lifetime::of(ttl))?,
    })
}
