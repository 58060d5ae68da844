//! `FIRST_VALUE` and `LAST_VALUE` of what has a fixed width: by arrival, nulls passed over.
//!
//! Each value keeps the number of its arrival, so that states of different slices of a window, in which rows came
//! mixed, still merge by arrival. Numbers are given out for the whole process: accumulators side by side can be merged.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow::array::{Array, ArrayData, ArrayRef, AsArray, BooleanArray, Int64Array, make_array};
use arrow::buffer::{Buffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{ArrowNativeType, DataType, Int64Type};
use datafusion_common::Result;
use datafusion_expr::{EmitTo, GroupsAccumulator};

use super::counted::Counted;
use super::unconverted;

/// The number of the next row that arrives.
static NEXT: AtomicI64 = AtomicI64::new(0);

/// When each group's value arrived.
pub(super) struct Arrivals<const LAST: bool> {
    numbers: Vec<i64>,
}

impl<const LAST: bool> Arrivals<LAST> {
    /// Of a group without a value: anything goes before it.
    const NONE: i64 = if LAST { i64::MIN } else { i64::MAX };

    pub(super) fn new() -> Self {
        Self { numbers: Vec::new() }
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.numbers.resize(groups.max(self.numbers.len()), Self::NONE);
    }

    /// Numbers for so many rows: the first of them.
    pub(super) fn number(rows: usize) -> i64 {
        NEXT.fetch_add(rows as i64, Ordering::Relaxed)
    }

    /// Whether a value that arrived then is the group's from now on.
    #[inline]
    pub(super) fn takes(&mut self, group: usize, number: i64) -> bool {
        let kept = &mut self.numbers[group];
        let is_taken = if LAST { number >= *kept } else { number < *kept };
        if is_taken {
            *kept = number;
        }
        is_taken
    }

    /// Those of the groups that leave, null where there is no value.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> Int64Array {
        let numbers = emit_to.take_needed(&mut self.numbers);
        let nulls: NullBuffer = numbers.iter().map(|&number| number != Self::NONE).collect();
        Int64Array::new(numbers.into(), Some(nulls))
    }

    /// The numbers of a state. Later rows get higher ones, also when the state is of a process before this one.
    pub(super) fn of_state(state: &ArrayRef) -> &Int64Array {
        let numbers = state.as_primitive::<Int64Type>();
        if let Some(highest) = arrow::compute::max(numbers) {
            NEXT.fetch_max(highest.saturating_add(1), Ordering::Relaxed);
        }
        numbers
    }

    pub(super) fn size(&self) -> usize {
        self.numbers.capacity() * size_of::<i64>()
    }
}

/// The first value of each group, or the last. `N` is as wide as the type, whatever the type is.
pub(super) struct Pick<N, const LAST: bool> {
    values: Vec<N>,
    arrivals: Arrivals<LAST>,
    data_type: DataType,
}

impl<N: ArrowNativeType, const LAST: bool> Pick<N, LAST> {
    pub(super) fn new(data_type: DataType) -> Self {
        Self { values: Vec::new(), arrivals: Arrivals::new(), data_type }
    }

    fn grow(&mut self, groups: usize) {
        self.values.resize(groups.max(self.values.len()), N::default());
        self.arrivals.grow(groups);
    }
}

/// The values of a column of a fixed width, whatever its type.
pub(super) fn plain_values<N: ArrowNativeType>(array: &ArrayRef) -> ScalarBuffer<N> {
    let data = array.to_data();
    let buffer = data.buffers().first().cloned().unwrap_or_else(|| Buffer::from_vec(Vec::<N>::new()));
    ScalarBuffer::new(buffer, data.offset(), data.len())
}

/// A column of a type as wide as these.
pub(super) fn plain_array<N: ArrowNativeType>(
    values: Vec<N>,
    nulls: Option<NullBuffer>,
    data_type: &DataType,
) -> Result<ArrayRef> {
    let data = ArrayData::builder(data_type.clone()).len(values.len()).nulls(nulls);
    Ok(make_array(data.add_buffer(Buffer::from_vec(values)).build()?))
}

impl<N: ArrowNativeType, const LAST: bool> GroupsAccumulator for Pick<N, LAST> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.grow(total);
        let counted = Counted::new(Some(&values[0]), filter, groups)?;
        let first = Arrivals::<LAST>::number(groups.len());
        let values = plain_values::<N>(&values[0]);
        counted.each(groups, |row, group| {
            if self.arrivals.takes(group, first + row as i64) {
                self.values[group] = values[row];
            }
        });
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut states = self.state(emit_to)?;
        Ok(states.swap_remove(0))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let arrivals = self.arrivals.take(emit_to);
        let values = emit_to.take_needed(&mut self.values);
        let values = plain_array(values, arrivals.nulls().cloned(), &self.data_type)?;
        Ok(vec![values, Arc::new(arrivals)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        let values = plain_values::<N>(&states[0]);
        let numbers = Arrivals::<LAST>::of_state(&states[1]);
        let counted = Counted::new(Some(&states[1]), None, groups)?;
        counted.each(groups, |row, group| {
            if self.arrivals.takes(group, numbers.value(row)) {
                self.values[group] = values[row];
            }
        });
        Ok(())
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        unconverted()
    }

    fn size(&self) -> usize {
        self.values.capacity() * size_of::<N>() + self.arrivals.size()
    }
}
