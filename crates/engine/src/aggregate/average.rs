//! `AVG`: a sum and a count for each group. Integers add up in 64 bits and wrap around, floats as DOUBLE.

use std::sync::Arc;

use arrow::array::types::{
    Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow::array::{ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, Int64Array, PrimitiveArray};
use arrow::datatypes::DataType;
use datafusion_common::Result;
use datafusion_expr::{EmitTo, GroupsAccumulator};

use super::counted::{Counted, only_group};
use super::total::Total;
use super::{decimal, unconverted};

/// Averages of `T` whose sums are `S`.
pub(super) struct Average<T, S: ArrowPrimitiveType> {
    sums: Vec<S::Native>,
    counts: Vec<i64>,
    sum_type: DataType,
    /// By how much the result's scale is larger than the sum's.
    raise: u8,
    returns: DataType,
    of: std::marker::PhantomData<fn() -> T>,
}

/// Sums that can be divided.
pub(super) trait Quotient: ArrowPrimitiveType<Native: Total> {
    /// The averages of those groups that have one, as a column of a type.
    fn divide(sums: &[Self::Native], counts: &[i64], raise: u8, returns: &DataType) -> ArrayRef;
}

/// A quotient for each group that counted anything.
fn quotients<N: Copy, R>(
    sums: &[N],
    counts: &[i64],
    divide: impl Fn(N, i64) -> R,
) -> impl Iterator<Item = Option<R>> {
    sums.iter().zip(counts).map(move |(&sum, &count)| (count != 0).then(|| divide(sum, count)))
}

impl Quotient for Int64Type {
    fn divide(sums: &[i64], counts: &[i64], _: u8, returns: &DataType) -> ArrayRef {
        let averages = quotients(sums, counts, i64::wrapping_div);
        match returns {
            DataType::Int8 => Arc::new(
                averages.map(|value| value.map(|value| value as i8)).collect::<PrimitiveArray<Int8Type>>(),
            ),
            DataType::Int16 => Arc::new(
                averages.map(|value| value.map(|value| value as i16)).collect::<PrimitiveArray<Int16Type>>(),
            ),
            DataType::Int32 => Arc::new(
                averages.map(|value| value.map(|value| value as i32)).collect::<PrimitiveArray<Int32Type>>(),
            ),
            _ => Arc::new(averages.collect::<Int64Array>()),
        }
    }
}

impl Quotient for Float64Type {
    fn divide(sums: &[f64], counts: &[i64], _: u8, returns: &DataType) -> ArrayRef {
        let averages = quotients(sums, counts, |sum, count| sum / count as f64);
        match returns {
            DataType::Float32 => {
                let floats = averages.map(|value| value.map(|value| value as f32));
                Arc::new(floats.collect::<PrimitiveArray<Float32Type>>())
            }
            _ => Arc::new(averages.collect::<PrimitiveArray<Float64Type>>()),
        }
    }
}

impl Quotient for Decimal128Type {
    fn divide(sums: &[i128], counts: &[i64], raise: u8, returns: &DataType) -> ArrayRef {
        let averages = quotients(sums, counts, |sum, count| decimal::divide(sum, count, raise));
        let averages: PrimitiveArray<Self> = averages.map(Option::flatten).collect();
        Arc::new(averages.with_data_type(returns.clone()))
    }
}

impl<T: ArrowPrimitiveType<Native: Into<S::Native>>, S: Quotient> Average<T, S> {
    pub(super) fn new(argument: &DataType, returns: DataType) -> Self {
        let scale = |data_type: &DataType| match data_type {
            DataType::Decimal128(_, scale) => *scale as u8,
            _ => 0,
        };
        let sum_type = match argument {
            DataType::Decimal128(_, scale) => DataType::Decimal128(38, *scale),
            _ => S::DATA_TYPE,
        };
        let raise = scale(&returns).saturating_sub(scale(argument));
        let (sums, counts) = (Vec::new(), Vec::new());
        Self { sums, counts, sum_type, raise, returns, of: std::marker::PhantomData }
    }

    fn grow(&mut self, groups: usize) {
        self.sums.resize(groups.max(self.sums.len()), S::Native::START);
        self.counts.resize(groups.max(self.counts.len()), 0);
    }
}

impl<T: ArrowPrimitiveType<Native: Into<S::Native>>, S: Quotient> GroupsAccumulator for Average<T, S> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.grow(total);
        let counted = Counted::new(Some(&values[0]), filter, groups)?;
        let values = values[0].as_primitive::<T>().values();
        let (sums, counts) = (self.sums.as_mut_slice(), self.counts.as_mut_slice());
        if counted.is_all()
            && let Some(group) = only_group(groups)
        {
            counts[group] += values.len() as i64;
            sums[group] = values.iter().fold(sums[group], |sum, &value| sum.plus(value.into()));
            return Ok(());
        }
        counted.values(values, groups, |value, group| {
            sums[group] = sums[group].plus(value.into());
            counts[group] += 1;
        });
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let sums = emit_to.take_needed(&mut self.sums);
        let counts = emit_to.take_needed(&mut self.counts);
        Ok(S::divide(&sums, &counts, self.raise, &self.returns))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let sums = PrimitiveArray::<S>::new(emit_to.take_needed(&mut self.sums).into(), None);
        let counts = Int64Array::from(emit_to.take_needed(&mut self.counts));
        Ok(vec![Arc::new(sums.with_data_type(self.sum_type.clone())), Arc::new(counts)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        let sums = states[0].as_primitive::<S>().values();
        let counts = states[1].as_primitive::<Int64Type>().values();
        for ((&sum, &count), &group) in sums.iter().zip(counts).zip(groups) {
            self.sums[group] = self.sums[group].plus(sum);
            self.counts[group] += count;
        }
        Ok(())
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        unconverted()
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<S::Native>() + self.counts.capacity() * size_of::<i64>()
    }
}
