//! `STDDEV_*` and `VAR_*` of integers in groups, in the argument's type, as Flink computes them: `(sum(x * x) - sum(x) * sum(x) / n) / n`
//! with divisions of integers (the golden case 061). Sums and products wrap around, as `SUM` does: of values that are
//! large for their type the result says nothing; CAST them to DOUBLE.

use std::sync::Arc;

use arrow::array::types::{Int8Type, Int16Type, Int32Type, Int64Type};
use arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, PrimitiveArray};
use arrow::datatypes::DataType;
use datafusion_common::Result;
use datafusion_expr::{EmitTo, GroupsAccumulator};

use super::counted::Counted;
use super::unconverted;

/// How many values each group has, their sum, and the sum of their squares: all modulo 2^64, and so of any shorter type.
pub(super) struct WholeMoments {
    counts: Vec<i64>,
    sums: Vec<i64>,
    squares: Vec<i64>,
    is_root: bool,
    is_population: bool,
    returns: DataType,
}

impl WholeMoments {
    pub(super) fn new(is_root: bool, is_population: bool, returns: DataType) -> Self {
        let (counts, sums, squares) = (Vec::new(), Vec::new(), Vec::new());
        Self { counts, sums, squares, is_root, is_population, returns }
    }

    fn grow(&mut self, groups: usize) {
        let groups = groups.max(self.counts.len());
        for numbers in [&mut self.counts, &mut self.sums, &mut self.squares] {
            numbers.resize(groups, 0);
        }
    }

    /// What is left of a number in the type.
    fn wrapped(&self, number: i64) -> i64 {
        match self.returns {
            DataType::Int8 => i64::from(number as i8),
            DataType::Int16 => i64::from(number as i16),
            DataType::Int32 => i64::from(number as i32),
            _ => number,
        }
    }

    fn result(&self, count: i64, sum: i64, squares: i64) -> Option<i64> {
        let by = if self.is_population { count } else { count - 1 };
        if by <= 0 {
            return None;
        }
        let sum = self.wrapped(sum);
        let mean = self.wrapped(sum.wrapping_mul(sum)).wrapping_div(count);
        // A count is a BIGINT, and so is what was divided by one.
        let difference = self.wrapped(squares).wrapping_sub(mean);
        let variance = difference.wrapping_div(by);
        // The root of a negative number is none, which Java casts to 0.
        Some(if self.is_root { (variance as f64).sqrt() as i64 } else { self.wrapped(variance) })
    }
}

impl GroupsAccumulator for WholeMoments {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.grow(total);
        let counted = Counted::new(Some(&values[0]), filter, groups)?;
        let values = values[0].as_primitive::<Int64Type>().values();
        counted.values(values, groups, |value, group| {
            self.counts[group] += 1;
            self.sums[group] = self.sums[group].wrapping_add(value);
            self.squares[group] = self.squares[group].wrapping_add(value.wrapping_mul(value));
        });
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let [counts, sums, squares] =
            [&mut self.counts, &mut self.sums, &mut self.squares].map(|numbers| emit_to.take_needed(numbers));
        let groups = counts.into_iter().zip(sums).zip(squares);
        let results = groups.map(|((count, sum), squares)| self.result(count, sum, squares));
        macro_rules! of {
            ($arrow:ty, $native:ty) => {
                Arc::new(
                    results
                        .map(|value| value.map(|value| value as $native))
                        .collect::<PrimitiveArray<$arrow>>(),
                )
            };
        }
        Ok(match self.returns {
            DataType::Int8 => of!(Int8Type, i8),
            DataType::Int16 => of!(Int16Type, i16),
            DataType::Int32 => of!(Int32Type, i32),
            _ => Arc::new(results.collect::<Int64Array>()),
        })
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let all = [&mut self.counts, &mut self.sums, &mut self.squares];
        Ok(all.map(|numbers| Arc::new(Int64Array::from(emit_to.take_needed(numbers))) as ArrayRef).to_vec())
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        let all = [&mut self.counts, &mut self.sums, &mut self.squares];
        for (numbers, state) in all.into_iter().zip(states) {
            let state = state.as_primitive::<Int64Type>().values();
            for (row, &group) in groups.iter().enumerate() {
                numbers[group] = numbers[group].wrapping_add(state[row]);
            }
        }
        Ok(())
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        unconverted()
    }

    fn size(&self) -> usize {
        (self.counts.capacity() + self.sums.capacity() + self.squares.capacity()) * 8
    }
}
