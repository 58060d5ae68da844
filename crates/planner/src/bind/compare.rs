//! `= <> < <= > >=` and `IS [NOT] DISTINCT FROM`: which types meet, and how their values are compared.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::types::{Decimal128Type, Float32Type, Float64Type};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, MapArray, make_comparator};
use arrow::compute::{SortOptions, kernels::cmp};
use chrono_tz::Tz;
use datafusion_common::Result as Computed;
use datafusion_expr::Operator;
use datafusion_physical_expr::expressions::BinaryExpr;
use narthex_sql::ast::{BinaryOperator, Expr};
use narthex_sql::{DataType, Mistake, Span};

use super::{Binder, arithmetic, logic, names};
use crate::bound::Bound;
use crate::cast;
use crate::common::{as_decimal, common_type, is_float, is_number, is_text};
use crate::decimal::Shape;
use crate::kernel::Kernel;

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl From<&BinaryOperator> for Comparison {
    fn from(op: &BinaryOperator) -> Self {
        match op {
            BinaryOperator::NotEq => Self::NotEqual,
            BinaryOperator::Lt => Self::Less,
            BinaryOperator::LtEq => Self::LessOrEqual,
            BinaryOperator::Gt => Self::Greater,
            BinaryOperator::GtEq => Self::GreaterOrEqual,
            _ => Self::Equal,
        }
    }
}

impl Comparison {
    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    fn operator(self) -> Operator {
        match self {
            Self::Equal => Operator::Eq,
            Self::NotEqual => Operator::NotEq,
            Self::Less => Operator::Lt,
            Self::LessOrEqual => Operator::LtEq,
            Self::Greater => Operator::Gt,
            Self::GreaterOrEqual => Operator::GtEq,
        }
    }

    /// Whether it holds for values in this order; NaN is in none with other numbers.
    fn holds(self, order: Option<Ordering>) -> bool {
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }

    fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// `left op right`.
pub(super) fn compare(
    op: Comparison,
    left: Bound,
    right: Bound,
    zone: Tz,
    span: Span,
) -> Result<Bound, Mistake> {
    if !op.is_order() && is_text(&left.data_type) != is_text(&right.data_type) {
        let is_number = |value: &Bound| is_number(&value.data_type);
        if is_number(&left) || is_number(&right) {
            return Err(arithmetic::refuse(op.sign(), &left, &right, span)
                .advise("cast one side to the other's type"));
        }
    }
    compare_widened(op, left, right, zone, span)
}

/// As [`compare`], where a text meets a number by being read as one: `<`, `BETWEEN`, `IN`.
pub(super) fn compare_widened(
    op: Comparison,
    left: Bound,
    right: Bound,
    zone: Tz,
    span: Span,
) -> Result<Bound, Mistake> {
    if [&left, &right].into_iter().any(|value| matches!(value.data_type, DataType::Null)) {
        return Ok(Bound::null(&DataType::Boolean, span));
    }
    let Some(meeting) = meeting_type(&left.data_type, &right.data_type) else {
        return Err(
            arithmetic::refuse(op.sign(), &left, &right, span).advise("cast one side to the other's type")
        );
    };
    if op.is_order() && is_nested(&meeting) {
        return Err(arithmetic::refuse(op.sign(), &left, &right, span));
    }
    if let DataType::Row(fields) = meeting.bare() {
        return rows(op, left, right, fields.len(), zone, span);
    }
    let data_type = DataType::Boolean.with_nullable(left.is_nullable() || right.is_nullable());
    if let DataType::Decimal(..) = meeting.bare() {
        return decimals(op, (left, right), &meeting, data_type, span);
    }
    let to = |value: Bound| {
        let span = value.span;
        cast::cast(value, &meeting, zone, span).map(Bound::folded)
    };
    let is_decimal = |value: &Bound| matches!(value.data_type.bare(), DataType::Decimal(..));
    let is_total = op.is_order() && (is_decimal(&left) || is_decimal(&right));
    let (left, right) = (to(left)?, to(right)?);
    if is_total && matches!(meeting.bare(), DataType::Double) {
        return Ok(Kernel::call(op.sign(), vec![left, right], data_type, span, move |arguments, _| {
            let pairs = arguments[0]
                .as_primitive::<Float64Type>()
                .iter()
                .zip(arguments[1].as_primitive::<Float64Type>());
            let holds =
                |(left, right): (Option<f64>, Option<f64>)| Some(op.holds(Some(total_order(left?, right?))));
            Ok(Arc::new(pairs.map(holds).collect::<BooleanArray>()))
        }));
    }
    if is_float(&meeting) || is_nested(&meeting) {
        return Ok(Kernel::call(op.sign(), vec![left, right], data_type, span, move |arguments, _| {
            each(op, &arguments[0], &arguments[1])
        }));
    }
    Ok(Bound { expr: Arc::new(BinaryExpr::new(left.expr, op.operator(), right.expr)), data_type, span })
}

fn is_nested(data_type: &DataType) -> bool {
    use DataType::{Array, Map, Multiset, Row};
    matches!(data_type.bare(), Array(_) | Map(..) | Multiset(_) | Row(_))
}

/// The type as which two values are compared.
pub(crate) fn meeting_type(left: &DataType, right: &DataType) -> Option<DataType> {
    use DataType::{Char, Date, Time, Timestamp, TimestampLtz, Varchar};
    let (left, right) = (left.bare(), right.bare());
    match (left, right) {
        (Timestamp(a), TimestampLtz(b)) | (TimestampLtz(a), Timestamp(b)) => Some(TimestampLtz(*a.max(b))),
        (Char(_) | Varchar(_), other) | (other, Char(_) | Varchar(_)) if !is_text(other) => {
            let is_read =
                is_number(other) || matches!(other, Date | Time(_) | Timestamp(_) | TimestampLtz(_));
            is_read.then(|| other.clone())
        }
        (DataType::Decimal(..), other) | (other, DataType::Decimal(..)) if as_decimal(other).is_some() => {
            // Compared digit by digit, whatever the scales.
            Some(DataType::Decimal(38, 0))
        }
        _ => common_type(&[left.clone(), right.clone()]).map(|common| common.bare().clone()),
    }
}

/// Exact numbers of any scales, and texts that are read as `meeting`.
fn decimals(
    op: Comparison,
    (left, right): (Bound, Bound),
    meeting: &DataType,
    data_type: DataType,
    span: Span,
) -> Result<Bound, Mistake> {
    let exact = |value: Bound| {
        let (precision, scale) = as_decimal(&value.data_type).or(as_decimal(meeting)).unwrap_or((38, 0));
        let span = value.span;
        let cast = cast::cast(value, &DataType::Decimal(precision, scale), chrono_tz::UTC, span);
        cast.map(|value| (value.folded(), scale))
    };
    let ((left, left_scale), (right, right_scale)) = (exact(left)?, exact(right)?);
    let shape = Shape { left: left_scale, right: right_scale, precision: 38, scale: 0 };
    Ok(Kernel::call(op.sign(), vec![left, right], data_type, span, move |arguments, _| {
        let (left, right) =
            (arguments[0].as_primitive::<Decimal128Type>(), arguments[1].as_primitive::<Decimal128Type>());
        let pairs = left.iter().zip(right);
        let results = pairs.map(|(left, right)| Some(op.holds(Some(shape.compare(left?, right?)))));
        Ok(Arc::new(results.collect::<BooleanArray>()))
    }))
}

/// Rows are compared field by field: with `AND` for `=`, with `NOT` around it for `<>`.
fn rows(
    op: Comparison,
    left: Bound,
    right: Bound,
    width: usize,
    zone: Tz,
    span: Span,
) -> Result<Bound, Mistake> {
    let name = |row: &Bound, at: usize| match row.data_type.bare() {
        DataType::Row(fields) => fields.get(at).map(|field| field.name.clone()).unwrap_or_default(),
        _ => String::new(),
    };
    let mut all: Option<Bound> = None;
    for at in 0..width {
        let left = names::field(left.clone(), &name(&left, at), span)?;
        let right = names::field(right.clone(), &name(&right, at), span)?;
        let equal = compare_widened(Comparison::Equal, left, right, zone, span)?;
        all = Some(match all {
            Some(all) => logic::junction(all, equal, true, span)?,
            None => equal,
        });
    }
    let all = all.unwrap_or_else(|| Bound::boolean(true, span));
    if op == Comparison::NotEqual { logic::not(all, span) } else { Ok(all) }
}

fn each(op: Comparison, left: &ArrayRef, right: &ArrayRef) -> Computed<ArrayRef> {
    use arrow::datatypes::DataType as ArrowType;
    let results: BooleanArray = match left.data_type() {
        ArrowType::Float32 => {
            let pairs = left.as_primitive::<Float32Type>().iter().zip(right.as_primitive::<Float32Type>());
            pairs.map(|(left, right)| Some(op.holds(float_order(left?.into(), right?.into())))).collect()
        }
        ArrowType::Float64 => {
            let pairs = left.as_primitive::<Float64Type>().iter().zip(right.as_primitive::<Float64Type>());
            pairs.map(|(left, right)| Some(op.holds(float_order(left?, right?)))).collect()
        }
        ArrowType::Map(..) => {
            let (left, right) = (left.as_map(), right.as_map());
            let equal = map_equality(left, right)?;
            let rows = 0..left.len();
            let both = |row: usize| left.is_valid(row) && right.is_valid(row);
            rows.map(|row| both(row).then(|| equal(row) == (op == Comparison::Equal))).collect()
        }
        _ => {
            let order = make_comparator(left, right, SortOptions::default())?;
            let both = |row: usize| left.is_valid(row) && right.is_valid(row);
            (0..left.len()).map(|row| both(row).then(|| op.holds(Some(order(row, row))))).collect()
        }
    };
    Ok(Arc::new(results))
}

/// NaN equals itself and is in no order with anything else.
fn float_order(left: f64, right: f64) -> Option<Ordering> {
    if left.is_nan() && right.is_nan() { Some(Ordering::Equal) } else { left.partial_cmp(&right) }
}

/// As `Double.compare`, by which Flink orders a DECIMAL and a float: NaN is the largest, -0.0 is below 0.0.
fn total_order(left: f64, right: f64) -> Ordering {
    match (left.is_nan(), right.is_nan()) {
        (false, false) => left.total_cmp(&right),
        (left, right) => left.cmp(&right),
    }
}

/// Whether the maps of a row have the same entries, in whatever order.
fn map_equality(left: &MapArray, right: &MapArray) -> Computed<impl Fn(usize) -> bool> {
    let keys = make_comparator(left.keys(), right.keys(), SortOptions::default())?;
    let values = make_comparator(left.values(), right.values(), SortOptions::default())?;
    let (left, right) = (left.offsets().clone(), right.offsets().clone());
    Ok(move |row: usize| {
        let left = left[row] as usize..left[row + 1] as usize;
        let right = right[row] as usize..right[row + 1] as usize;
        left.len() == right.len()
            && left.clone().all(|a| right.clone().any(|b| keys(a, b).is_eq() && values(a, b).is_eq()))
    })
}

impl Binder<'_> {
    /// `left = right`
    pub(crate) fn equal(&self, left: Bound, right: Bound, span: Span) -> Result<Bound, Mistake> {
        compare_widened(Comparison::Equal, left, right, self.environment.zone, span)
    }

    /// `left IS [NOT] DISTINCT FROM right`: as `<>` and `=`, but two nulls are equal.
    pub(super) fn distinct(
        &self,
        left: &Expr,
        right: &Expr,
        is_distinct: bool,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let (left, right) = (self.bind(left)?, self.bind(right)?);
        let is_null = |value: &Bound| logic::null_test(value.clone(), true, span);
        let nulls = vec![is_null(&left), is_null(&right)];
        let equal = compare(Comparison::Equal, left, right, self.environment.zone, span)?;
        let [left, right] =
            <[Bound; 2]>::try_from(nulls).map_err(|_| Mistake::new(span, "two sides are compared"))?;
        let data_type = DataType::NotNull(Box::new(DataType::Boolean));
        Ok(Kernel::call("DISTINCT", vec![left, right, equal], data_type, span, move |arguments, rows| {
            let [left, right, equal] = [0, 1, 2].map(|at| arguments[at].as_boolean());
            let results = (0..rows).map(|row| {
                let is_equal = match (left.value(row), right.value(row)) {
                    (false, false) => equal.is_valid(row) && equal.value(row),
                    (left, right) => left && right,
                };
                Some(is_equal != is_distinct)
            });
            Ok(Arc::new(results.collect::<BooleanArray>()))
        }))
    }
}

/// The larger or smaller of two columns of a type, by an order in which NaN is the largest; null if either is.
pub(super) fn extreme(left: &ArrayRef, right: &ArrayRef, is_greatest: bool) -> Computed<ArrayRef> {
    use arrow::buffer::NullBuffer;
    use arrow::compute::kernels::zip::zip;
    let takes_right = if is_greatest { cmp::gt(right, left)? } else { cmp::lt(right, left)? };
    let values = zip(&takes_right, right, left)?;
    let nulls = NullBuffer::union(left.nulls(), right.nulls());
    Ok(arrow::array::make_array(values.to_data().into_builder().nulls(nulls).build()?))
}
