//! `+ - * / %` of numbers: which type comes out, and what happens at its ends.

use std::sync::Arc;

use arrow::array::types::{
    ArrowPrimitiveType, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, IntervalYearMonthType,
};
use arrow::array::{Array, ArrayRef, ArrowNativeTypeOp, AsArray, PrimitiveArray};
use arrow::compute::kernels::arity::try_binary;
use arrow::compute::kernels::numeric::neg_wrapping;
use arrow::error::ArrowError;
use datafusion_common::{DataFusionError, Result as Computed};
use datafusion_expr::Operator;
use datafusion_physical_expr::expressions::BinaryExpr;
use narthex_sql::ast::BinaryOperator;
use narthex_sql::{DataType, Mistake, Span};

use super::{refuse_bare_null, time_arithmetic};
use crate::bound::Bound;
use crate::cast;
use crate::common::{as_decimal, is_float, is_integer, is_number};
use crate::decimal::Shape;
use crate::kernel::Kernel;

/// An operator of arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl From<&BinaryOperator> for Op {
    fn from(op: &BinaryOperator) -> Self {
        match op {
            BinaryOperator::Minus => Self::Subtract,
            BinaryOperator::Multiply => Self::Multiply,
            BinaryOperator::Divide => Self::Divide,
            BinaryOperator::Modulo => Self::Remainder,
            _ => Self::Add,
        }
    }
}

impl Op {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}

/// What an operator does not take.
pub(super) fn refuse(sign: &str, left: &Bound, right: &Bound, span: Span) -> Mistake {
    let (left, right) = (left.data_type.bare(), right.data_type.bare());
    Mistake::new(span, format!("{sign} does not take {left} and {right}"))
}

/// `left op right`.
pub(super) fn calculate(op: Op, left: Bound, right: Bound, span: Span) -> Result<Bound, Mistake> {
    refuse_bare_null(&[&left, &right])?;
    if !is_number(&left.data_type) || !is_number(&right.data_type) {
        return time_arithmetic::calculate(op, left, right, span);
    }
    let Some(bare) = result_type(op, &left.data_type, &right.data_type) else {
        return Err(refuse(op.sign(), &left, &right, span)
            .advise("cast them to DECIMAL, or use MOD of whole numbers"));
    };
    let data_type = bare.with_nullable(left.is_nullable() || right.is_nullable());
    if matches!(bare, DataType::Decimal(..)) {
        return decimals(op, left, right, data_type, span);
    }
    let is_division = matches!(op, Op::Divide | Op::Remainder);
    if is_division && is_integer(&bare) {
        return divide(op, left, right, data_type, span);
    }
    let operator = match op {
        Op::Add => Operator::Plus,
        Op::Subtract => Operator::Minus,
        Op::Multiply => Operator::Multiply,
        Op::Divide | Op::Remainder => Operator::Divide,
    };
    let (left, right) = (as_type(left, &bare)?, as_type(right, &bare)?);
    // Whole numbers wrap around, floats go to infinity.
    Ok(Bound { expr: Arc::new(BinaryExpr::new(left.expr, operator, right.expr)), data_type, span })
}

/// A number as another number. The zone does not matter.
fn as_type(value: Bound, to: &DataType) -> Result<Bound, Mistake> {
    let span = value.span;
    cast::cast(value, to, chrono_tz::UTC, span).map(Bound::folded)
}

fn result_type(op: Op, left: &DataType, right: &DataType) -> Option<DataType> {
    let (left, right) = (left.bare(), right.bare());
    if op == Op::Remainder && (is_float(left) || is_float(right)) {
        return None;
    }
    if is_float(left) || is_float(right) {
        return Some(match (left, right) {
            (DataType::Decimal(..), _) | (_, DataType::Decimal(..)) => DataType::Double,
            // FLOAT and DOUBLE give the left one's type.
            (left, _) if is_float(left) => left.clone(),
            _ => right.clone(),
        });
    }
    let ((p1, s1), (p2, s2)) = (as_decimal(left)?, as_decimal(right)?);
    if is_integer(left) && is_integer(right) {
        let is_right = op == Op::Remainder || p2 > p1;
        return Some(if is_right { right.clone() } else { left.clone() });
    }
    let [p1, s1, p2, s2] = [p1, s1, p2, s2].map(i32::from);
    let (precision, scale) = match op {
        Op::Add | Op::Subtract => {
            let scale = s1.max(s2);
            ((p1 - s1).max(p2 - s2) + scale + 1, scale)
        }
        Op::Multiply => (p1 + p2 + 1, s1 + s2),
        Op::Divide => {
            let scale = (s1 + p2 + 1).max(6);
            (p1 - s1 + s2 + scale, scale)
        }
        Op::Remainder => {
            let scale = s1.max(s2);
            ((p1 - s1).min(p2 - s2) + scale, scale)
        }
    };
    Some(adjusted(precision, scale))
}

/// With more than 38 digits, the ones behind the point give way, down to six.
fn adjusted(precision: i32, scale: i32) -> DataType {
    if precision <= 38 {
        return DataType::Decimal(precision as u8, scale as u8);
    }
    let scale = (38 - (precision - scale)).max(scale.min(6));
    DataType::Decimal(38, scale as u8)
}

fn decimals(op: Op, left: Bound, right: Bound, data_type: DataType, span: Span) -> Result<Bound, Mistake> {
    let DataType::Decimal(precision, scale) = *data_type.bare() else {
        return Err(refuse(op.sign(), &left, &right, span));
    };
    let exact = |value: Bound| {
        let (precision, scale) = as_decimal(&value.data_type).unwrap_or((38, 0));
        as_type(value, &DataType::Decimal(precision, scale)).map(|value| (value, scale))
    };
    let ((left, left_scale), (right, right_scale)) = (exact(left)?, exact(right)?);
    let shape = Shape { left: left_scale, right: right_scale, precision, scale };
    Ok(Kernel::call(op.sign(), vec![left, right], data_type, span, move |arguments, rows| {
        let (left, right) =
            (arguments[0].as_primitive::<Decimal128Type>(), arguments[1].as_primitive::<Decimal128Type>());
        let calculate = |left: i128, right: i128| match op {
            Op::Add => Ok(shape.add(left, right)),
            Op::Subtract => Ok(shape.subtract(left, right)),
            Op::Multiply => Ok(shape.multiply(left, right)),
            Op::Divide | Op::Remainder if right == 0 => Err(by_zero()),
            Op::Divide => Ok(shape.divide(left, right)),
            Op::Remainder => Ok(shape.remainder(left, right)),
        };
        let values = (0..rows).map(|row| {
            if left.is_null(row) || right.is_null(row) {
                return Ok(None);
            }
            calculate(left.value(row), right.value(row))
        });
        let values = values.collect::<Computed<PrimitiveArray<Decimal128Type>>>()?;
        Ok(Arc::new(values.with_precision_and_scale(precision, scale as i8)?))
    }))
}

fn by_zero() -> DataFusionError {
    DataFusionError::Execution("division by zero".to_owned())
}

/// Whole numbers: cut toward zero, the remainder with the left one's sign; the least by -1 is itself again.
fn divide(op: Op, left: Bound, right: Bound, data_type: DataType, span: Span) -> Result<Bound, Mistake> {
    let digits = |value: &Bound| as_decimal(&value.data_type).unwrap_or((0, 0)).0;
    let wide = if digits(&left) >= digits(&right) { &left } else { &right }.data_type.bare().clone();
    let (left, right) = (as_type(left, &wide)?, as_type(right, &wide)?);
    let divided =
        Kernel::call(op.sign(), vec![left, right], wide.with_nullable(data_type.is_nullable()), span, {
            let wide = wide.clone();
            move |arguments, _| {
                let (left, right) = (&arguments[0], &arguments[1]);
                match wide {
                    DataType::TinyInt => divide_as::<Int8Type>(op, left, right),
                    DataType::SmallInt => divide_as::<Int16Type>(op, left, right),
                    DataType::Int => divide_as::<Int32Type>(op, left, right),
                    _ => divide_as::<Int64Type>(op, left, right),
                }
            }
        });
    as_type(divided, data_type.bare()).map(|bound| Bound { data_type, span, ..bound })
}

fn divide_as<T: ArrowPrimitiveType>(op: Op, left: &ArrayRef, right: &ArrayRef) -> Computed<ArrayRef>
where
    T::Native: ArrowNativeTypeOp,
{
    let (left, right) = (left.as_primitive::<T>(), right.as_primitive::<T>());
    let values: PrimitiveArray<T> = try_binary(left, right, |left: T::Native, right: T::Native| {
        if right.is_zero() {
            return Err(ArrowError::ComputeError("division by zero".to_owned()));
        }
        Ok(if op == Op::Divide { left.div_wrapping(right) } else { left.mod_wrapping(right) })
    })?;
    Ok(Arc::new(values))
}

/// `+value`.
pub(super) fn plus(value: Bound, span: Span) -> Result<Bound, Mistake> {
    match value.data_type.bare() {
        bare if is_number(bare) || is_interval(bare) => Ok(Bound { span, ..value }),
        other => Err(Mistake::new(span, format!("+ does not take {other}"))),
    }
}

pub(super) fn is_interval(data_type: &DataType) -> bool {
    matches!(data_type.bare(), DataType::IntervalMonths | DataType::IntervalMillis)
}

/// `-value`. The least whole number stays as it is.
pub(super) fn minus(value: Bound, span: Span) -> Result<Bound, Mistake> {
    refuse_bare_null(&[&value])?;
    let bare = value.data_type.bare().clone();
    if !is_number(&bare) && !is_interval(&bare) {
        return Err(Mistake::new(span, format!("- does not take {bare}")));
    }
    let data_type = value.data_type.clone();
    Ok(Kernel::call("-", vec![value], data_type, span, move |arguments, _| {
        let values = &arguments[0];
        Ok(match bare {
            DataType::Float => {
                Arc::new(values.as_primitive::<Float32Type>().unary::<_, Float32Type>(|value| -value))
            }
            DataType::Double => {
                Arc::new(values.as_primitive::<Float64Type>().unary::<_, Float64Type>(|value| -value))
            }
            DataType::IntervalMonths => Arc::new(
                values
                    .as_primitive::<IntervalYearMonthType>()
                    .unary::<_, IntervalYearMonthType>(i32::wrapping_neg),
            ),
            DataType::IntervalMillis => Arc::new(
                values
                    .as_primitive::<DurationMillisecondType>()
                    .unary::<_, DurationMillisecondType>(i64::wrapping_neg),
            ),
            _ => neg_wrapping(values.as_ref())?,
        })
    }))
}
