//! `ROUND`, `TRUNCATE`, `CEIL` and `FLOOR`. Halves go away from zero; a DOUBLE is rounded as it is written.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array};
use arrow::datatypes::{Decimal128Type, Float32Type, Float64Type, Int64Type};
use datafusion_common::{Result as Computed, ScalarValue};
use narthex_sql::{DataType, Mistake};

use super::{doubles, longs};
use crate::arrow_types::arrow_type;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Int, Number};
use crate::functions::arguments::{is_integer, widened};
use crate::functions::rows::{decimals, fail, numbers};

/// What happens to the digits that go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Halves away from zero.
    Half,
    /// Towards zero.
    Down,
    Ceil,
    Floor,
}

impl Mode {
    /// A number over a power of ten, as a whole number.
    fn divide(self, value: i128, by: i128) -> i128 {
        let (whole, rest) = (value / by, value % by);
        let away = match self {
            Self::Down => false,
            Self::Half => rest.unsigned_abs() >= by.unsigned_abs() - rest.unsigned_abs(),
            Self::Ceil => rest > 0,
            Self::Floor => rest < 0,
        };
        if away && rest != 0 { whole + rest.signum() } else { whole }
    }
}

pub(super) fn round(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    to_digits(arguments, Mode::Half)
}

pub(super) fn truncate(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    to_digits(arguments, Mode::Down)
}

fn to_digits(arguments: Arguments<'_>, mode: Mode) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Number, Int], 1)?;
    let digits = match arguments.values.get(1).map(Bound::constant) {
        None => Some(0),
        Some(Some(ScalarValue::Int32(digits))) => digits,
        Some(_) => None,
    };
    let data_type = arguments.bare(0).clone();
    let returned = match (&data_type, digits) {
        (DataType::Decimal(precision, scale), Some(digits)) => rounded_type(*precision, *scale, digits),
        _ => data_type.clone(),
    };
    let returns = arguments.strict(&returned);
    arguments.call(returns, move |columns, rows| {
        let digits = columns.get(1).map(|digits| digits.as_primitive());
        column(mode, (&data_type, &returned), columns, digits, rows)
    })
}

/// One digit more before the point, for what rounds up into it.
fn rounded_type(precision: u8, scale: u8, digits: i32) -> DataType {
    if digits >= i32::from(scale) {
        return DataType::Decimal(precision, scale);
    }
    let digits = digits.max(0) as u8;
    DataType::Decimal((1 + precision - scale + digits).min(38), digits)
}

fn column(
    mode: Mode,
    (data_type, returned): (&DataType, &DataType),
    columns: &[ArrayRef],
    digits: Option<&Int32Array>,
    rows: usize,
) -> Computed<ArrayRef> {
    let digits = |row| digits.map_or(0, |digits: &Int32Array| digits.value(row));
    match (data_type, returned) {
        (DataType::Decimal(_, scale), DataType::Decimal(precision, to)) => {
            let values = columns[0].as_primitive::<Decimal128Type>();
            decimals(columns, rows, (*precision, *to), |row| {
                Ok(rescaled(mode, values.value(row), *scale, digits(row), *to))
            })
        }
        (DataType::Double, _) => {
            let values = doubles(&columns[0]);
            numbers::<Float64Type>(columns, rows, |row| {
                double(mode, values.value(row), digits(row)).map(Some)
            })
        }
        (DataType::Float, _) => {
            let values = columns[0].as_primitive::<Float32Type>();
            numbers::<Float32Type>(columns, rows, |row| {
                double(mode, values.value(row).into(), digits(row)).map(|value| Some(value as f32))
            })
        }
        _ => {
            let values = widened(&columns[0], &arrow_type(&DataType::BigInt))?;
            let columns: Vec<ArrayRef> = std::iter::once(values).chain(columns.get(1).cloned()).collect();
            let values = longs(&columns[0]);
            let rounded = numbers::<Int64Type>(&columns, rows, |row| {
                let value = rescaled(mode, values.value(row).into(), 0, digits(row), 0);
                Ok(value.map(|value| wrapped(data_type, value)))
            })?;
            Ok(arrow::compute::cast(&rounded, &arrow_type(data_type))?)
        }
    }
}

/// An integer that is too large for its type wraps around.
fn wrapped(data_type: &DataType, value: i128) -> i64 {
    match data_type {
        DataType::TinyInt => i64::from(value as i8),
        DataType::SmallInt => i64::from(value as i16),
        DataType::Int => i64::from(value as i32),
        _ => value as i64,
    }
}

/// A decimal of a scale, rounded to so many digits, in another scale.
fn rescaled(mode: Mode, value: i128, scale: u8, digits: i32, to: u8) -> Option<i128> {
    let cut = i32::from(scale).saturating_sub(digits.min(i32::from(scale)));
    // More digits than there are: nothing, or a half of them at the most.
    let Some(by) = 10i128.checked_pow(cut as u32) else { return Some(0) };
    let kept = mode.divide(value, by);
    let missing = i32::from(to) - (i32::from(scale) - cut);
    match u32::try_from(missing) {
        Ok(missing) => kept.checked_mul(10i128.checked_pow(missing)?),
        Err(_) => Some(mode.divide(kept, 10i128.checked_pow(missing.unsigned_abs())?)),
    }
}

/// Up to here, a double times a power of ten is off by less than the margin.
const SAFE: f64 = 1e9;
const MARGIN: f64 = 1e-4;

/// A double as if it were the decimal that it is written as.
fn double(mode: Mode, value: f64, digits: i32) -> Computed<f64> {
    if !value.is_finite() {
        let name = if mode == Mode::Half { "ROUND" } else { "TRUNCATE" };
        return fail(format!("{name} takes no {}", crate::functions::java_number::double(value)));
    }
    if mode == Mode::Down && value.abs() >= 1e20 {
        return fail(format!("TRUNCATE takes no number as large as {value:e}"));
    }
    if (0..=15).contains(&digits) {
        let power = 10f64.powi(digits);
        let scaled = value * power;
        let rest = scaled - scaled.trunc();
        let border = if mode == Mode::Half { rest.abs() - 0.5 } else { rest.abs().min(1.0 - rest.abs()) };
        if scaled.abs() < SAFE && border.abs() > MARGIN {
            let whole = if mode == Mode::Half { scaled.round() } else { scaled.trunc() };
            // No minus before a zero.
            return Ok(whole / power + 0.0);
        }
    }
    Ok(by_digits(mode, value, digits))
}

/// As `double`, with the digits that the number is written with.
fn by_digits(mode: Mode, value: f64, digits: i32) -> f64 {
    let shown = format!("{:e}", value.abs());
    let (mantissa, exponent) = shown.split_once('e').unwrap_or((&shown, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let unscaled: i128 = format!("{whole}{fraction}").parse().unwrap_or(0);
    // The value is unscaled * 10^exponent.
    let exponent = exponent.parse::<i32>().unwrap_or(0) - fraction.len() as i32;
    let cut = 0i32.saturating_sub(digits.saturating_add(exponent));
    if cut <= 0 {
        return value + 0.0;
    }
    let Some(by) = 10i128.checked_pow(cut as u32) else { return 0.0 };
    let rounded: f64 = format!("{}e{}", mode.divide(unscaled, by), exponent + cut).parse().unwrap_or(value);
    if rounded == 0.0 { 0.0 } else { rounded.copysign(value) }
}

/// `CEIL(number)`.
pub(in crate::functions) fn ceil(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    whole(arguments, Mode::Ceil, f64::ceil)
}

/// `FLOOR(number)`.
pub(in crate::functions) fn floor(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    whole(arguments, Mode::Floor, f64::floor)
}

fn whole(arguments: Arguments<'_>, mode: Mode, of_double: fn(f64) -> f64) -> Result<Bound, Mistake> {
    let mut arguments = arguments.take(&[Number], 1)?;
    if is_integer(arguments.bare(0)) {
        return Ok(arguments.values.remove(0));
    }
    let data_type = arguments.bare(0).clone();
    let returned = match &data_type {
        DataType::Decimal(precision, _) => DataType::Decimal(*precision, 0),
        other => other.clone(),
    };
    let returns = arguments.strict(&returned);
    arguments.call(returns, move |columns, rows| {
        Ok(match &data_type {
            DataType::Decimal(precision, scale) => {
                let values = columns[0].as_primitive::<Decimal128Type>();
                let by = 10i128.pow(u32::from(*scale));
                return decimals(columns, rows, (*precision, 0), |row| {
                    Ok(Some(mode.divide(values.value(row), by)))
                });
            }
            DataType::Float => {
                let values = columns[0].as_primitive::<Float32Type>();
                Arc::new(values.unary::<_, Float32Type>(|value| of_double(value.into()) as f32))
            }
            _ => Arc::new(doubles(&columns[0]).unary::<_, Float64Type>(of_double)),
        })
    })
}
