//! Columns as values and times of samples.

use arrow::array::{
    Array, AsArray, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array,
    Int64Array,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    DataType as ArrowType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimeUnit, TimestampMillisecondType,
};

use crate::prometheus::label_text::Counts;
use crate::prometheus::zone::Zone;
use crate::text;

/// The largest power of ten that a double holds exactly.
const EXACT_SCALE: i8 = 22;
/// The largest whole number up to which a double holds all of them.
const EXACT_WHOLE: u128 = 1 << 53;

/// A column of numbers.
pub(crate) enum Numbers<'a> {
    Bytes(&'a Int8Array),
    Shorts(&'a Int16Array),
    Ints(&'a Int32Array),
    Longs(&'a Int64Array),
    Floats(&'a Float32Array),
    Doubles(&'a Float64Array),
    Decimals(&'a Decimal128Array, i8),
}

impl<'a> Numbers<'a> {
    /// None where it is no column of numbers.
    pub(crate) fn of(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            ArrowType::Int8 => Self::Bytes(array.as_primitive_opt::<Int8Type>()?),
            ArrowType::Int16 => Self::Shorts(array.as_primitive_opt::<Int16Type>()?),
            ArrowType::Int32 => Self::Ints(array.as_primitive_opt::<Int32Type>()?),
            ArrowType::Int64 => Self::Longs(array.as_primitive_opt::<Int64Type>()?),
            ArrowType::Float32 => Self::Floats(array.as_primitive_opt::<Float32Type>()?),
            ArrowType::Float64 => Self::Doubles(array.as_primitive_opt::<Float64Type>()?),
            ArrowType::Decimal128(_, scale) => {
                Self::Decimals(array.as_primitive_opt::<Decimal128Type>()?, *scale)
            }
            _ => return None,
        })
    }

    /// The value as a double; none for NULL.
    #[inline]
    pub(crate) fn get(&self, row: usize) -> Option<f64> {
        let present = |array: &dyn Array| array.is_valid(row);
        match self {
            Self::Doubles(array) => present(*array).then(|| array.value(row)),
            Self::Bytes(array) => present(*array).then(|| f64::from(array.value(row))),
            Self::Shorts(array) => present(*array).then(|| f64::from(array.value(row))),
            Self::Ints(array) => present(*array).then(|| f64::from(array.value(row))),
            Self::Longs(array) => present(*array).then(|| array.value(row) as f64),
            Self::Floats(array) => present(*array).then(|| f64::from(array.value(row))),
            Self::Decimals(array, scale) => {
                present(*array).then(|| decimal_as_double(array.value(row), *scale))
            }
        }
    }
}

/// The double that is nearest to a decimal.
fn decimal_as_double(unscaled: i128, scale: i8) -> f64 {
    if (0..=EXACT_SCALE).contains(&scale) && unscaled.unsigned_abs() <= EXACT_WHOLE {
        // Both are exact, so their quotient is rounded once.
        return unscaled as f64 / 10_f64.powi(i32::from(scale));
    }
    let mut digits = Vec::new();
    text::put_decimal(&mut digits, unscaled, scale);
    String::from_utf8_lossy(&digits).parse().unwrap_or(f64::NAN)
}

/// A column of times.
pub(crate) enum Times<'a> {
    /// Milliseconds since 1970.
    Millis(&'a [i64], Option<&'a NullBuffer>),
    /// Moments.
    Moments(&'a dyn Array, Counts<'a>),
    /// Local times of the session's zone.
    Locals(&'a dyn Array, Counts<'a>),
}

impl<'a> Times<'a> {
    /// None where it is no column of times.
    pub(crate) fn of(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            ArrowType::Int64 => Self::Millis(array.as_primitive_opt::<Int64Type>()?.values(), array.nulls()),
            ArrowType::Timestamp(TimeUnit::Millisecond, Some(_)) => {
                Self::Millis(array.as_primitive_opt::<TimestampMillisecondType>()?.values(), array.nulls())
            }
            ArrowType::Timestamp(_, Some(_)) => Self::Moments(array, Counts::of(array)?),
            _ => Self::Locals(array, Counts::of(array)?),
        })
    }

    /// Milliseconds since 1970, UTC, rounded down; none for NULL.
    #[inline]
    pub(crate) fn get(&self, row: usize, zone: &mut Zone) -> Option<i64> {
        match self {
            Self::Millis(_, Some(nulls)) if nulls.is_null(row) => None,
            Self::Millis(values, _) => values.get(row).copied(),
            Self::Moments(array, counts) => array.is_valid(row).then(|| counts.moment(row).millis()),
            Self::Locals(array, counts) => {
                array.is_valid(row).then(|| zone.millis_of_local(counts.moment(row).millis()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_the_nearest_double() {
        for (unscaled, scale, expected) in [
            (125, 2, 1.25),
            (-1, 1, -0.1),
            (3, 38, 3e-38),
            (99_999_999_999_999_999_999_999_999_999_999_999_999, 0, 1e38),
            (12_345_678_901_234_567_890_123, 10, 1_234_567_890_123.456_8),
            (9_007_199_254_740_993, 0, 9_007_199_254_740_992.0),
        ] {
            assert_eq!(decimal_as_double(unscaled, scale), expected, "{unscaled}e-{scale}");
        }
    }
}
