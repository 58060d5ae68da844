//! `MOD`: with the sign of the dividend.

use arrow::array::AsArray;
use arrow::datatypes::{Decimal128Type, Int64Type};
use datafusion_common::Result as Computed;
use narthex_sql::{DataType, Mistake};

use super::longs;
use crate::arrow_types::arrow_type;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::{is_integer, widen};
use crate::functions::rows::{decimals, fail, numbers};

/// The result of two integers is of the divisor's type.
pub(super) fn modulo(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let refused = arguments.refuse();
    let (span, nullable) = (arguments.span, arguments.any_nullable());
    let [dividend, divisor] = arguments.exactly()?;
    let (one, other) = (dividend.data_type.bare().clone(), divisor.data_type.bare().clone());
    if is_integer(&one) && is_integer(&other) {
        let arrow = arrow_type(&other);
        let values = vec![widen(dividend, &DataType::BigInt), widen(divisor, &DataType::BigInt)];
        let returns = other.with_nullable(nullable);
        return Ok(crate::kernel::Kernel::call("MOD", values, returns, span, move |columns, rows| {
            let (one, other) = (longs(&columns[0]), longs(&columns[1]));
            let rests = numbers::<Int64Type>(columns, rows, |row| {
                rest(one.value(row).into(), other.value(row).into()).map(|rest| Some(rest as i64))
            })?;
            Ok(arrow::compute::cast(&rests, &arrow)?)
        }));
    }
    let (Some(left), Some(right)) = (exact(&one), exact(&other)) else { return Err(refused) };
    let scale = left.1.max(right.1);
    let whole = (left.0 - left.1).min(right.0 - right.1);
    let precision = (whole + scale).clamp(1, 38);
    let returns = DataType::Decimal(precision, scale).with_nullable(nullable);
    let values = vec![as_decimal(dividend, left), as_decimal(divisor, right)];
    Ok(crate::kernel::Kernel::call("MOD", values, returns, span, move |columns, rows| {
        let [one, other] = [0, 1].map(|at| columns[at].as_primitive::<Decimal128Type>());
        let [by, other_by] = [left.1, right.1].map(|own| 10i128.pow(u32::from(scale - own)));
        decimals(columns, rows, (precision, scale), |row| {
            match (one.value(row).checked_mul(by), other.value(row).checked_mul(other_by)) {
                (Some(one), Some(other)) => rest(one, other).map(Some),
                _ => Ok(None),
            }
        })
    }))
}

fn rest(dividend: i128, divisor: i128) -> Computed<i128> {
    match dividend.checked_rem(divisor) {
        Some(rest) => Ok(rest),
        None => fail("division by zero in MOD"),
    }
}

/// Precision and scale of an exact number.
fn exact(data_type: &DataType) -> Option<(u8, u8)> {
    Some(match data_type {
        DataType::TinyInt => (3, 0),
        DataType::SmallInt => (5, 0),
        DataType::Int => (10, 0),
        DataType::BigInt => (19, 0),
        DataType::Decimal(precision, scale) => (*precision, *scale),
        _ => return None,
    })
}

fn as_decimal(value: Bound, (precision, scale): (u8, u8)) -> Bound {
    widen(value, &DataType::Decimal(precision, scale))
}
