//! Functions of numbers.

mod modulo;
mod random;
mod round;

use std::f64::consts;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::datatypes::{Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use datafusion_common::{Result as Computed, ScalarValue};
use narthex_sql::{DataType, Mistake};

use super::arguments::Want::{Double, Number};
use super::rows::{decimals, numbers};
use super::{Arguments, Function};
use crate::bound::Bound;

/// A degree in radians, as Java rounds it.
const RADIAN: f64 = 0.017453292519943295;

/// See the module.
pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "ABS", usage: "ABS(number)", bind: abs },
    Function { name: "ACOS", usage: "ACOS(number)", bind: |arguments| of_one(arguments, f64::acos) },
    Function { name: "ASIN", usage: "ASIN(number)", bind: |arguments| of_one(arguments, f64::asin) },
    Function { name: "ATAN", usage: "ATAN(number)", bind: |arguments| of_one(arguments, f64::atan) },
    Function { name: "ATAN2", usage: "ATAN2(y, x)", bind: |arguments| of_two(arguments, f64::atan2) },
    Function { name: "COS", usage: "COS(number)", bind: |arguments| of_one(arguments, f64::cos) },
    Function { name: "COSH", usage: "COSH(number)", bind: |arguments| of_one(arguments, f64::cosh) },
    Function { name: "COT", usage: "COT(number)", bind: |arguments| of_one(arguments, |x| 1.0 / x.tan()) },
    Function {
        name: "DEGREES",
        usage: "DEGREES(number)",
        bind: |arguments| of_one(arguments, |x| x * (180.0 / consts::PI)),
    },
    Function { name: "E", usage: "E()", bind: |arguments| constant(arguments, consts::E) },
    Function { name: "EXP", usage: "EXP(number)", bind: |arguments| of_one(arguments, f64::exp) },
    Function { name: "LN", usage: "LN(number)", bind: |arguments| of_one(arguments, f64::ln) },
    Function { name: "LOG", usage: "LOG([base,] number)", bind: log },
    Function { name: "LOG10", usage: "LOG10(number)", bind: |arguments| of_one(arguments, f64::log10) },
    Function {
        name: "LOG2",
        usage: "LOG2(number)",
        bind: |arguments| of_one(arguments, |x| x.ln() / 2f64.ln()),
    },
    Function { name: "MOD", usage: "MOD(exact number, exact number)", bind: modulo::modulo },
    Function { name: "PI", usage: "PI()", bind: |arguments| constant(arguments, consts::PI) },
    Function { name: "POWER", usage: "POWER(number, exponent)", bind: |arguments| of_two(arguments, power) },
    Function {
        name: "RADIANS",
        usage: "RADIANS(number)",
        bind: |arguments| of_one(arguments, |x| x * RADIAN),
    },
    Function { name: "RAND", usage: "RAND([seed])", bind: random::rand },
    Function { name: "RAND_INTEGER", usage: "RAND_INTEGER([seed,] bound)", bind: random::rand_integer },
    Function { name: "ROUND", usage: "ROUND(number [, digits])", bind: round::round },
    Function { name: "SIGN", usage: "SIGN(number)", bind: sign },
    Function { name: "SIN", usage: "SIN(number)", bind: |arguments| of_one(arguments, f64::sin) },
    Function { name: "SINH", usage: "SINH(number)", bind: |arguments| of_one(arguments, f64::sinh) },
    Function { name: "SQRT", usage: "SQRT(number)", bind: |arguments| of_one(arguments, f64::sqrt) },
    Function { name: "TAN", usage: "TAN(number)", bind: |arguments| of_one(arguments, f64::tan) },
    Function { name: "TANH", usage: "TANH(number)", bind: |arguments| of_one(arguments, f64::tanh) },
    Function { name: "TRUNCATE", usage: "TRUNCATE(number [, digits])", bind: round::truncate },
    Function { name: "UUID", usage: "UUID()", bind: random::uuid },
];

pub(super) use self::round::{ceil, floor};

/// The column of BIGINTs.
pub(super) fn longs(column: &ArrayRef) -> &Int64Array {
    column.as_primitive::<Int64Type>()
}

fn doubles(column: &ArrayRef) -> &Float64Array {
    column.as_primitive::<Float64Type>()
}

fn constant(arguments: Arguments<'_>, value: f64) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[], 0)?;
    let returns = DataType::Double.with_nullable(false);
    Ok(Bound::literal(ScalarValue::Float64(Some(value)), returns, arguments.span))
}

fn of_one(arguments: Arguments<'_>, compute: fn(f64) -> f64) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Double], 1)?;
    let returns = arguments.strict(&DataType::Double);
    arguments.call(returns, move |columns, _| {
        Ok(std::sync::Arc::new(doubles(&columns[0]).unary::<_, Float64Type>(compute)))
    })
}

fn of_two(arguments: Arguments<'_>, compute: fn(f64, f64) -> f64) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Double, Double], 2)?;
    let returns = arguments.strict(&DataType::Double);
    arguments.call(returns, move |columns, rows| {
        let (one, other) = (doubles(&columns[0]), doubles(&columns[1]));
        numbers::<Float64Type>(columns, rows, |row| Ok(Some(compute(one.value(row), other.value(row)))))
    })
}

/// As Java: not a number to the power of anything but 0 is none, nor is 1 to the power of infinity.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent.is_nan() || (base.abs() == 1.0 && exponent.is_infinite()) {
        return f64::NAN;
    }
    base.powf(exponent)
}

fn log(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    if arguments.values.len() == 2 {
        return of_two(arguments, |base, x| x.ln() / base.ln());
    }
    of_one(arguments, f64::ln)
}

fn abs(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let compute =
        Same { integer: i64::wrapping_abs, double: f64::abs, decimal: |unscaled, _| unscaled.wrapping_abs() };
    same_type(arguments, compute)
}

fn sign(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let double = |value: f64| if value == 0.0 || value.is_nan() { value } else { value.signum() };
    let decimal = |unscaled: i128, one: i128| unscaled.signum() * one;
    same_type(arguments, Same { integer: i64::signum, double, decimal })
}

/// A function that keeps the type of its argument. A decimal one is given what 1 is in its scale.
#[derive(Clone, Copy)]
struct Same {
    integer: fn(i64) -> i64,
    double: fn(f64) -> f64,
    decimal: fn(i128, i128) -> i128,
}

fn same_type(arguments: Arguments<'_>, compute: Same) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Number], 1)?;
    let returns = arguments.values[0].data_type.clone();
    let data_type = returns.bare().clone();
    arguments.call(returns, move |columns, rows| compute.column(&data_type, &columns[0], rows))
}

impl Same {
    /// Integers are computed in 64 bits and wrap around in their own.
    fn column(self, data_type: &DataType, column: &ArrayRef, rows: usize) -> Computed<ArrayRef> {
        use std::sync::Arc;
        Ok(match data_type {
            DataType::TinyInt => {
                let values = column.as_primitive::<Int8Type>();
                Arc::new(values.unary::<_, Int8Type>(|value| (self.integer)(value.into()) as i8))
            }
            DataType::SmallInt => {
                let values = column.as_primitive::<Int16Type>();
                Arc::new(values.unary::<_, Int16Type>(|value| (self.integer)(value.into()) as i16))
            }
            DataType::Int => {
                let values = column.as_primitive::<Int32Type>();
                Arc::new(values.unary::<_, Int32Type>(|value| (self.integer)(value.into()) as i32))
            }
            DataType::BigInt => Arc::new(longs(column).unary::<_, Int64Type>(self.integer)),
            DataType::Float => {
                let values = column.as_primitive::<Float32Type>();
                Arc::new(values.unary::<_, Float32Type>(|value| (self.double)(value.into()) as f32))
            }
            DataType::Decimal(precision, scale) => {
                let values = column.as_primitive::<Decimal128Type>();
                let one = 10i128.pow(u32::from(*scale));
                return decimals(std::slice::from_ref(column), rows, (*precision, *scale), |row| {
                    Ok(Some((self.decimal)(values.value(row), one)))
                });
            }
            _ => Arc::new(doubles(column).unary::<_, Float64Type>(self.double)),
        })
    }
}
