//! Groups of rows, and what is computed of each.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, TimestampMillisecondArray, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::SchemaRef;
use datafusion_common::DataFusionError;
use datafusion_expr::{EmitTo, GroupsAccumulator};
use narthex_planner::AggregateCall;

use super::StateSize;
use super::groups::Groups;
use super::rows::{Keys, told};
use crate::aggregate::accumulator;
use crate::error::Error;
use crate::operator;

/// Groups by key, with an accumulator for each call.
pub(crate) struct Grouped {
    pub(crate) groups: Groups,
    accumulators: Vec<Box<dyn GroupsAccumulator>>,
    pub(crate) rows: u64,
}

impl Grouped {
    pub(crate) fn new(calls: &[AggregateCall]) -> Result<Self, Error> {
        let accumulators = calls.iter().map(accumulator).collect::<Result<_, _>>()?;
        Ok(Self { groups: Groups::default(), accumulators, rows: 0 })
    }

    /// Adds these rows of a batch. `numbers` is room for their groups.
    pub(crate) fn add(
        &mut self,
        batch: &RecordBatch,
        rows: &[u32],
        keys: &Keys,
        calls: &[AggregateCall],
        numbers: &mut Vec<usize>,
    ) -> Result<(), Error> {
        let taken;
        let batch = if rows.len() == batch.num_rows() {
            batch
        } else {
            taken = take_record_batch(batch, &UInt32Array::from(rows.to_vec())).map_err(told)?;
            &taken
        };
        self.rows += rows.len() as u64;
        let keys = keys.of(batch)?;
        numbers.clear();
        numbers.extend((0..batch.num_rows()).map(|row| self.groups.number(keys.row(row))));
        let groups = self.groups.len();
        for (call, accumulator) in calls.iter().zip(&mut self.accumulators) {
            let values: Vec<ArrayRef> = call.arguments.iter().map(|&at| batch.column(at).clone()).collect();
            let filter = call.filter.map(|at| batch.column(at).as_boolean());
            accumulator.update_batch(&values, numbers, filter, groups).map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    /// Groups and what is known of them.
    pub(crate) fn state(&self) -> StateSize {
        let known: usize = self.accumulators.iter().map(|accumulator| accumulator.size()).sum();
        StateSize { entries: self.groups.len() as u64, bytes: (self.groups.bytes() + known) as u64 }
    }

    /// What the accumulators know, by call; they know nothing then.
    pub(crate) fn take_states(&mut self) -> Result<Vec<Vec<ArrayRef>>, Error> {
        let states = self.accumulators.iter_mut().map(|accumulator| accumulator.state(EmitTo::All));
        states.collect::<Result<_, _>>().map_err(|error| failed(&error))
    }

    /// Adds what others know of groups that are these here.
    pub(crate) fn merge(&mut self, states: &[Vec<ArrayRef>], numbers: &[usize]) -> Result<(), Error> {
        let groups = self.groups.len();
        for (accumulator, state) in self.accumulators.iter_mut().zip(states) {
            accumulator.merge_batch(state, numbers, groups).map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    /// Each group as a row: its key, the borders of its window, what is computed.
    pub(crate) fn rows(
        mut self,
        keys: &Keys,
        borders: [i64; 2],
        schema: &SchemaRef,
    ) -> Result<RecordBatch, Error> {
        let groups = self.groups.len();
        let mut columns = keys.columns(self.groups.keys())?;
        for border in borders {
            columns.push(Arc::new(TimestampMillisecondArray::from(vec![border; groups])));
        }
        for accumulator in &mut self.accumulators {
            columns.push(accumulator.evaluate(EmitTo::All).map_err(|error| failed(&error))?);
        }
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(told)
    }
}

fn failed(error: &DataFusionError) -> Error {
    Error::Row(operator::told(error))
}
