//! `SUM`: in the argument's own type. A number and a bit for each group.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ArrowPrimitiveType, DataType};
use datafusion_common::Result;
use datafusion_expr::{EmitTo, GroupsAccumulator};

use super::counted::{Counted, only_group};
use super::flags::Flags;
use super::total::Total;
use super::unconverted;

/// See the module.
pub(super) struct Sum<T: ArrowPrimitiveType> {
    sums: Vec<T::Native>,
    has_value: Flags,
    start: T::Native,
    returns: DataType,
}

impl<T: ArrowPrimitiveType<Native: Total>> Sum<T> {
    pub(super) fn new(returns: DataType) -> Self {
        Self::from(T::Native::START, returns)
    }

    /// The same, which begins with a number.
    pub(super) fn from(start: T::Native, returns: DataType) -> Self {
        Self { sums: Vec::new(), has_value: Flags::new(), start, returns }
    }

    fn add(
        &mut self,
        values: &ArrayRef,
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.sums.resize(total.max(self.sums.len()), self.start);
        self.has_value.grow(total);
        let counted = Counted::new(Some(values), filter, groups)?;
        let values = values.as_primitive::<T>().values();
        if counted.is_all()
            && let Some(group) = only_group(groups)
        {
            self.sums[group] = values.iter().fold(self.sums[group], |sum, &value| sum.plus(value));
            self.has_value.set(group);
            return Ok(());
        }
        let (sums, has_value) = (self.sums.as_mut_slice(), &mut self.has_value);
        counted.values(values, groups, |value, group| {
            sums[group] = sums[group].plus(value);
            has_value.set(group);
        });
        Ok(())
    }

    fn array(&self, sums: Vec<T::Native>, nulls: NullBuffer) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::new(sums.into(), Some(nulls)).with_data_type(self.returns.clone()))
    }
}

impl<T: ArrowPrimitiveType<Native: Total>> GroupsAccumulator for Sum<T> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.add(&values[0], groups, filter, total)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut sums = emit_to.take_needed(&mut self.sums);
        let mut nulls = self.has_value.take(emit_to);
        if sums.iter().any(|sum| sum.is_lost()) {
            let fits: NullBuffer = sums.iter().map(|sum| !sum.is_lost()).collect();
            nulls = NullBuffer::union(Some(&nulls), Some(&fits)).unwrap_or(fits);
            sums.iter_mut().filter(|sum| sum.is_lost()).for_each(|sum| *sum = T::Native::START);
        }
        Ok(self.array(sums, nulls))
    }

    /// A sum that was lost stays so in the column: it is no number, and not null.
    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let sums = emit_to.take_needed(&mut self.sums);
        let nulls = self.has_value.take(emit_to);
        Ok(vec![self.array(sums, nulls)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.add(&states[0], groups, None, total)
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        unconverted()
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<T::Native>() + self.has_value.size()
    }
}
