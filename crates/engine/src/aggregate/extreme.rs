//! `MIN` and `MAX` of numbers and times.
//!
//! NaN is as Flink has it: neither less nor more than anything. So a NaN that comes first stays, and a later one is
//! passed over. Of -0.0 and 0.0 the first one stays. But in frames that rows leave, floats are `ORDERED`: NaN is the
//! largest, and -0.0 less than 0.0.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::DataType;
use datafusion_common::Result;
use datafusion_expr::{EmitTo, GroupsAccumulator};

use super::counted::Counted;
use super::flags::Flags;
use super::unconverted;

/// The largest value of each group, or the smallest.
pub(super) struct Extreme<T: ArrowPrimitiveType, const MAX: bool, const ORDERED: bool = false> {
    values: Vec<T::Native>,
    has_value: Flags,
    data_type: DataType,
}

impl<T: ArrowPrimitiveType, const MAX: bool> Extreme<T, MAX> {
    pub(super) fn new(data_type: DataType) -> Self {
        Self { values: Vec::new(), has_value: Flags::new(), data_type }
    }
}

impl<T: ArrowPrimitiveType, const MAX: bool> Extreme<T, MAX, true> {
    pub(super) fn ordered(data_type: DataType) -> Self {
        Self { values: Vec::new(), has_value: Flags::new(), data_type }
    }
}

impl<T: ArrowPrimitiveType<Native: PartialOrd>, const MAX: bool, const ORDERED: bool> GroupsAccumulator
    for Extreme<T, MAX, ORDERED>
{
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.values.resize(total.max(self.values.len()), T::Native::default());
        self.has_value.grow(total);
        let counted = Counted::new(Some(&values[0]), filter, groups)?;
        let (kept, has_value) = (self.values.as_mut_slice(), &mut self.has_value);
        counted.values(values[0].as_primitive::<T>().values(), groups, |value, group| {
            let is_further = match (MAX, ORDERED) {
                (true, false) => value > kept[group],
                (false, false) => value < kept[group],
                (true, true) => value.is_gt(kept[group]),
                (false, true) => value.is_lt(kept[group]),
            };
            if is_further || !has_value.is_set(group) {
                kept[group] = value;
                has_value.set(group);
            }
        });
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let values = emit_to.take_needed(&mut self.values);
        let array = PrimitiveArray::<T>::new(values.into(), Some(self.has_value.take(emit_to)));
        Ok(Arc::new(array.with_data_type(self.data_type.clone())))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit_to)?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.update_batch(states, groups, None, total)
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        unconverted()
    }

    fn size(&self) -> usize {
        self.values.capacity() * size_of::<T::Native>() + self.has_value.size()
    }
}
