//! `STDDEV_*` and `VAR_*` on DOUBLEs, by Welford's method. The result has the argument's type; integers are in
//! `whole_moments.rs`.

use std::sync::Arc;

use arrow::array::types::{Decimal128Type, Float32Type, Float64Type, Int64Type};
use arrow::array::{ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, PrimitiveArray};
use arrow::datatypes::DataType;
use datafusion_common::Result;
use datafusion_expr::{EmitTo, GroupsAccumulator};

use super::counted::Counted;
use super::{decimal, unconverted};

/// The moments of each group: how many values, their mean, and the sum of the squares of their distances from it.
pub(super) struct Moments {
    counts: Vec<i64>,
    means: Vec<f64>,
    squares: Vec<f64>,
    is_root: bool,
    is_population: bool,
    returns: DataType,
}

impl Moments {
    pub(super) fn new(is_root: bool, is_population: bool, returns: DataType) -> Self {
        let (counts, means, squares) = (Vec::new(), Vec::new(), Vec::new());
        Self { counts, means, squares, is_root, is_population, returns }
    }

    fn grow(&mut self, groups: usize) {
        let groups = groups.max(self.counts.len());
        self.counts.resize(groups, 0);
        self.means.resize(groups, 0.0);
        self.squares.resize(groups, 0.0);
    }

    fn add(&mut self, value: f64, group: usize) {
        self.counts[group] += 1;
        let delta = value - self.means[group];
        self.means[group] += delta / self.counts[group] as f64;
        self.squares[group] += delta * (value - self.means[group]);
    }

    fn merge(&mut self, group: usize, count: i64, mean: f64, squares: f64) {
        if count == 0 {
            return;
        }
        let own = self.counts[group];
        if own == 0 {
            (self.counts[group], self.means[group], self.squares[group]) = (count, mean, squares);
            return;
        }
        let all = (own + count) as f64;
        let delta = mean - self.means[group];
        self.means[group] += count as f64 / all * delta;
        self.squares[group] += squares + own as f64 * count as f64 / all * delta * delta;
        self.counts[group] += count;
    }

    fn result(&self, count: i64, squares: f64) -> Option<f64> {
        let by = if self.is_population { count } else { count - 1 };
        if by <= 0 || squares < 0.0 {
            return None;
        }
        let variance = squares / by as f64;
        Some(if self.is_root { variance.sqrt() } else { variance })
    }
}

/// DOUBLEs as another type of number, as Java casts them.
fn narrowed(values: impl Iterator<Item = Option<f64>>, to: &DataType) -> ArrayRef {
    macro_rules! of {
        ($arrow:ty, $convert:expr) => {
            Arc::new(values.map(|value| value.map($convert)).collect::<PrimitiveArray<$arrow>>())
        };
    }
    match to {
        DataType::Float32 => of!(Float32Type, |value| value as f32),
        DataType::Decimal128(_, scale) => {
            let decimals = values.map(|value| decimal::from_f64(value?, *scale as u8));
            Arc::new(decimals.collect::<PrimitiveArray<Decimal128Type>>().with_data_type(to.clone()))
        }
        _ => Arc::new(values.collect::<Float64Array>()),
    }
}

impl GroupsAccumulator for Moments {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.grow(total);
        let counted = Counted::new(Some(&values[0]), filter, groups)?;
        let values = values[0].as_primitive::<Float64Type>().values();
        counted.values(values, groups, |value, group| self.add(value, group));
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let counts = emit_to.take_needed(&mut self.counts);
        let squares = emit_to.take_needed(&mut self.squares);
        emit_to.take_needed(&mut self.means);
        let results = counts.iter().zip(squares).map(|(&count, squares)| self.result(count, squares));
        Ok(narrowed(results, &self.returns))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![
            Arc::new(Int64Array::from(emit_to.take_needed(&mut self.counts))),
            Arc::new(Float64Array::from(emit_to.take_needed(&mut self.means))),
            Arc::new(Float64Array::from(emit_to.take_needed(&mut self.squares))),
        ])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        let counts = states[0].as_primitive::<Int64Type>().values();
        let means = states[1].as_primitive::<Float64Type>().values();
        let squares = states[2].as_primitive::<Float64Type>().values();
        for (row, &group) in groups.iter().enumerate() {
            self.merge(group, counts[row], means[row], squares[row]);
        }
        Ok(())
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        unconverted()
    }

    fn size(&self) -> usize {
        (self.counts.capacity() + self.means.capacity() + self.squares.capacity()) * 8
    }
}
