//! `COUNT(*)` and `COUNT(x)`: 8 bytes a group.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array};
use arrow::datatypes::Int64Type;
use datafusion_common::Result;
use datafusion_expr::{EmitTo, GroupsAccumulator};

use super::counted::{Counted, only_group};
use super::unconverted;

/// Counts rows; where there is an argument, those in which it is not null.
pub(super) struct Count {
    counts: Vec<i64>,
}

impl Count {
    pub(super) fn new() -> Self {
        Self { counts: Vec::new() }
    }

    fn grow(&mut self, groups: usize) {
        self.counts.resize(groups.max(self.counts.len()), 0);
    }
}

impl GroupsAccumulator for Count {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.grow(total);
        let values = values.first().map(|array| array.as_ref() as &dyn Array);
        let counted = Counted::new(values, filter, groups)?;
        match only_group(groups) {
            Some(group) => self.counts[group] += counted.count() as i64,
            None => counted.each(groups, |_, group| self.counts[group] += 1),
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Ok(Arc::new(Int64Array::from(emit_to.take_needed(&mut self.counts))))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        let counts = states[0].as_primitive::<Int64Type>();
        counts.values().iter().zip(groups).for_each(|(count, &group)| self.counts[group] += count);
        Ok(())
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        unconverted()
    }

    fn size(&self) -> usize {
        self.counts.capacity() * size_of::<i64>()
    }
}
