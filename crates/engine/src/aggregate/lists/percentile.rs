//! `PERCENTILE`: exact, interpolated between the two values around the place.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Float64Builder, ListBuilder, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Fields, Float64Type, Int64Type};
use datafusion_common::Result;

use super::Listing;
use crate::aggregate::held::ByGroup;

/// Holds DOUBLEs; where there is a frequency, rows of a DOUBLE and a count.
pub(in crate::aggregate) struct Percentile {
    fractions: Vec<f64>,
    is_list: bool,
    has_frequency: bool,
}

impl Percentile {
    pub(in crate::aggregate) fn new(fractions: Vec<f64>, is_list: bool, has_frequency: bool) -> Self {
        Self { fractions, is_list, has_frequency }
    }

    /// What is held.
    pub(in crate::aggregate) fn element(&self) -> DataType {
        if self.has_frequency { DataType::Struct(fields()) } else { DataType::Float64 }
    }
}

fn fields() -> Fields {
    let field = |name, data_type| Field::new(name, data_type, true);
    Fields::from(vec![field("value", DataType::Float64), field("count", DataType::Int64)])
}

/// The values of some rows and how often each counts, smallest first. NaN is the largest.
fn sorted(values: &ArrayRef, from: usize, to: usize) -> Vec<(f64, i64)> {
    let plain = |value: f64| if value.is_nan() { f64::NAN } else { value };
    let mut sorted: Vec<(f64, i64)> = match values.as_struct_opt() {
        Some(rows) => {
            let values = rows.column(0).as_primitive::<Float64Type>();
            let counts = rows.column(1).as_primitive::<Int64Type>();
            (from..to).map(|row| (plain(values.value(row)), counts.value(row))).collect()
        }
        None => {
            let values = &values.as_primitive::<Float64Type>().values()[from..to];
            values.iter().map(|&value| (plain(value), 1)).collect()
        }
    };
    sorted.sort_unstable_by(|(left, _), (right, _)| left.total_cmp(right));
    sorted
}

/// The value at the place of a fraction. Places count from 1; between two of them lies a part of their distance.
fn at(sorted: &[(f64, i64)], fraction: f64) -> Option<f64> {
    let all: i64 = sorted.iter().fold(0, |all, (_, count)| all.saturating_add(*count));
    let position = fraction * (all - 1) as f64 + 1.0;
    let (lower, higher) = (position.floor() as i64, position.ceil() as i64);
    let mut before = 0_i64;
    for (index, (value, count)) in sorted.iter().enumerate() {
        before = before.saturating_add(*count);
        if before < lower {
            continue;
        }
        let next = sorted.get(index + 1).filter(|_| before < higher);
        return Some(next.map_or(*value, |(next, _)| {
            (higher as f64 - position) * value + (position - lower as f64) * next
        }));
    }
    sorted.last().map(|(value, _)| *value)
}

impl Listing for Percentile {
    fn values(&self, values: &[ArrayRef]) -> Result<ArrayRef> {
        if !self.has_frequency {
            return Ok(values[0].clone());
        }
        let counts = values[1].as_primitive::<Int64Type>();
        let is_positive: NullBuffer =
            counts.iter().map(|count| count.is_some_and(|count| count > 0)).collect();
        let nulls = NullBuffer::union(values[0].logical_nulls().as_ref(), Some(&is_positive));
        Ok(Arc::new(StructArray::try_new(fields(), vec![values[0].clone(), values[1].clone()], nulls)?))
    }

    fn results(&self, ByGroup { offsets, values }: ByGroup) -> Result<ArrayRef> {
        let groups = offsets.windows(2).map(|range| sorted(&values, range[0] as usize, range[1] as usize));
        if !self.is_list {
            let fraction = self.fractions.first().copied().unwrap_or_default();
            return Ok(Arc::new(groups.map(|sorted| at(&sorted, fraction)).collect::<Float64Array>()));
        }
        let mut lists = ListBuilder::new(Float64Builder::new());
        for sorted in groups {
            let has_any = !sorted.is_empty() && !self.fractions.is_empty();
            if has_any {
                self.fractions
                    .iter()
                    .for_each(|&fraction| lists.values().append_option(at(&sorted, fraction)));
            }
            lists.append(has_any);
        }
        Ok(Arc::new(lists.finish()))
    }
}
