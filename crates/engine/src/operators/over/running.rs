//! Sums of floats over frames that rows leave. As in Flink, what leaves is taken back from the sum: a sum of its own for
//! each frame would differ in the last digits, and where there was a NaN or a value that is very large.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array, Float64Array};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use narthex_planner::{AggregateCall, AggregateFunction, arrow_type};

/// What is known of one.
#[derive(Debug, Default)]
pub(super) struct RunningSum {
    pub(super) sum: f64,
    /// How many values it is of: of none it is null, and yet goes on from what is left of it.
    pub(super) count: i64,
    /// With DISTINCT: how often each value is in the frame.
    pub(super) often: BTreeMap<u64, u64>,
    /// When its key was last forgotten before it began.
    pub(super) forgotten: i64,
}

/// Whether a call is such a sum.
pub(super) fn is_running(call: &AggregateCall) -> bool {
    let is_float = |data_type| matches!(arrow_type(data_type), DataType::Float32 | DataType::Float64);
    matches!(call.function, AggregateFunction::Sum) && call.argument_types.first().is_some_and(is_float)
}

impl RunningSum {
    pub(super) fn add(&mut self, value: f64, how: How) {
        if how.is_distinct {
            let often = self.often.entry(value.to_bits()).or_default();
            *often += 1;
            if *often > 1 {
                return;
            }
        }
        self.sum = rounded(self.sum + value, how.is_short);
        self.count += 1;
    }

    pub(super) fn take_back(&mut self, value: f64, how: How) {
        if how.is_distinct
            && let Entry::Occupied(mut often) = self.often.entry(value.to_bits())
        {
            *often.get_mut() -= 1;
            if *often.get() > 0 {
                return;
            }
            often.remove();
        }
        self.sum = rounded(self.sum - value, how.is_short);
        self.count -= 1;
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + self.often.len() * 2 * size_of::<u64>()
    }
}

/// How values are added up.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    /// In the digits of a FLOAT.
    pub(super) is_short: bool,
    /// Each value counts once.
    pub(super) is_distinct: bool,
}

/// Of two FLOATs the sum as a DOUBLE, rounded, is that of FLOATs.
fn rounded(sum: f64, is_short: bool) -> f64 {
    if is_short { f64::from(sum as f32) } else { sum }
}

/// A column of FLOATs or DOUBLEs.
pub(super) enum Floats<'a> {
    Short(&'a Float32Array),
    Long(&'a Float64Array),
}

impl<'a> Floats<'a> {
    pub(super) fn of(column: &'a ArrayRef) -> Option<Self> {
        let short = column.as_primitive_opt::<Float32Type>().map(Self::Short);
        short.or_else(|| column.as_primitive_opt::<Float64Type>().map(Self::Long))
    }

    pub(super) fn is_short(&self) -> bool {
        matches!(self, Self::Short(_))
    }

    pub(super) fn get(&self, row: usize) -> Option<f64> {
        match self {
            Self::Short(column) => column.is_valid(row).then(|| f64::from(column.value(row))),
            Self::Long(column) => column.is_valid(row).then(|| column.value(row)),
        }
    }

    /// Sums as a column of the same type.
    pub(super) fn column(&self, sums: Vec<Option<f64>>) -> ArrayRef {
        match self {
            Self::Short(_) => {
                let sums = sums.into_iter().map(|sum| sum.map(|sum| sum as f32));
                Arc::new(sums.collect::<Float32Array>())
            }
            Self::Long(_) => Arc::new(Float64Array::from(sums)),
        }
    }
}
