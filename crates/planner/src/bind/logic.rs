//! `AND`, `OR`, `NOT` and the tests behind `IS`: with three values, and without evaluating what does not count.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{and_kleene, is_not_null, is_null, or_kleene};
use arrow::datatypes::{DataType as ArrowType, Schema};
use datafusion_common::Result as Computed;
use datafusion_expr::ColumnarValue;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::NotExpr;
use narthex_sql::ast::{BinaryOperator, Expr};
use narthex_sql::{DataType, Mistake, Span};

use super::{Binder, compare, refuse_bare_null};
use crate::bound::Bound;
use crate::kernel::Kernel;

fn boolean(is_nullable: bool) -> DataType {
    DataType::Boolean.with_nullable(is_nullable)
}

fn condition(what: &str, value: &Bound) -> Result<(), Mistake> {
    refuse_bare_null(&[value])?;
    match value.data_type.bare() {
        DataType::Boolean => Ok(()),
        other => Err(Mistake::new(value.span, format!("{what} takes a BOOLEAN, not {other}"))),
    }
}

/// `NOT value`.
pub(super) fn not(value: Bound, span: Span) -> Result<Bound, Mistake> {
    condition("NOT", &value)?;
    Ok(Bound { expr: Arc::new(NotExpr::new(value.expr)), data_type: value.data_type, span })
}

/// `left AND right`, or `OR`.
pub(super) fn junction(left: Bound, right: Bound, is_and: bool, span: Span) -> Result<Bound, Mistake> {
    let name = if is_and { "AND" } else { "OR" };
    condition(name, &left)?;
    condition(name, &right)?;
    let data_type = boolean(left.is_nullable() || right.is_nullable());
    Ok(Bound { expr: Arc::new(Junction { left: left.expr, right: right.expr, is_and }), data_type, span })
}

/// All of these, if there are any.
pub(crate) fn conjunction(
    conditions: impl Iterator<Item = Arc<dyn PhysicalExpr>>,
) -> Option<Arc<dyn PhysicalExpr>> {
    conditions.reduce(|left, right| Arc::new(Junction { left, right, is_and: true }))
}

impl Binder<'_> {
    /// `left AND right`
    pub(crate) fn both(&self, left: Bound, right: Bound, span: Span) -> Result<Bound, Mistake> {
        junction(left, right, true, span)
    }

    /// `NOT expr`. Flink turns it into the opposite of what stands there, which for NaN is no more true than that.
    pub(super) fn negated(&self, expr: &Expr, span: Span) -> Result<Bound, Mistake> {
        use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq, NotEq, Or};
        match expr {
            Expr::Nested(inside) => self.negated(inside, span),
            Expr::BinaryOp { left, op, right } => {
                let opposite = match op {
                    And | Or => {
                        let (left, right) = (self.negated(left, span)?, self.negated(right, span)?);
                        return junction(left, right, *op == Or, span);
                    }
                    Eq => NotEq,
                    NotEq => Eq,
                    Lt => GtEq,
                    LtEq => Gt,
                    Gt => LtEq,
                    GtEq => Lt,
                    _ => return not(self.bind(expr)?, span),
                };
                let (left, right) = (self.bind(left)?, self.bind(right)?);
                compare::compare((&opposite).into(), left, right, self.environment.zone, span)
            }
            Expr::Between { expr, negated, low, high } => self.between(expr, low, high, !negated, span),
            _ => not(self.bind(expr)?, span),
        }
    }

    /// `value IS …`, if it is one of these tests.
    pub(super) fn is_test(&self, expr: &Expr, span: Span) -> Option<Result<Bound, Mistake>> {
        let (value, name, test): (_, _, fn(Option<bool>) -> bool) = match expr {
            Expr::IsNull(value) => return Some(self.bind(value).map(|value| null_test(value, true, span))),
            Expr::IsNotNull(value) => {
                return Some(self.bind(value).map(|value| null_test(value, false, span)));
            }
            Expr::IsTrue(value) => (value, "IS TRUE", |value| value == Some(true)),
            Expr::IsNotTrue(value) => (value, "IS NOT TRUE", |value| value != Some(true)),
            Expr::IsFalse(value) => (value, "IS FALSE", |value| value == Some(false)),
            Expr::IsNotFalse(value) => (value, "IS NOT FALSE", |value| value != Some(false)),
            Expr::IsUnknown(value) => (value, "IS UNKNOWN", |value| value.is_none()),
            Expr::IsNotUnknown(value) => (value, "IS NOT UNKNOWN", |value| value.is_some()),
            _ => return None,
        };
        Some(self.bind(value).and_then(|value| {
            if matches!(value.data_type, DataType::Null) {
                return Ok(Bound::boolean(test(None), span));
            }
            condition(name, &value)?;
            Ok(Kernel::call(name, vec![value], boolean(false), span, move |arguments, _| {
                let values = arguments[0].as_boolean().iter();
                Ok(Arc::new(values.map(|value| Some(test(value))).collect::<BooleanArray>()))
            }))
        }))
    }
}

/// `value IS [NOT] NULL`.
pub(super) fn null_test(value: Bound, is_wanted: bool, span: Span) -> Bound {
    if matches!(value.data_type, DataType::Null) {
        return Bound::boolean(is_wanted, span);
    }
    let name = if is_wanted { "IS NULL" } else { "IS NOT NULL" };
    Kernel::call(name, vec![value], boolean(false), span, move |arguments, _| {
        let test = if is_wanted { is_null(&arguments[0]) } else { is_not_null(&arguments[0]) };
        Ok(Arc::new(test?))
    })
}

/// Two conditions. The right one is evaluated only for the rows that the left one leaves open: an error in the others
/// is none.
struct Junction {
    left: Arc<dyn PhysicalExpr>,
    right: Arc<dyn PhysicalExpr>,
    is_and: bool,
}

impl PhysicalExpr for Junction {
    fn data_type(&self, _input: &Schema) -> Computed<ArrowType> {
        Ok(ArrowType::Boolean)
    }

    fn nullable(&self, _input: &Schema) -> Computed<bool> {
        Ok(true)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Computed<ColumnarValue> {
        let rows = batch.num_rows();
        let left = self.left.evaluate(batch)?.into_array(rows)?;
        let left = left.as_boolean();
        let open: BooleanArray = left.iter().map(|value| Some(value != Some(!self.is_and))).collect();
        if !open.has_true() {
            return Ok(ColumnarValue::Array(Arc::new(left.clone())));
        }
        let right = self.right.evaluate_selection(batch, &open)?.into_array(rows)?;
        let right = right.as_boolean();
        let both = if self.is_and { and_kleene(left, right) } else { or_kleene(left, right) };
        Ok(ColumnarValue::Array(Arc::new(both?)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.left, &self.right]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Computed<Arc<dyn PhysicalExpr>> {
        let [left, right] = <[_; 2]>::try_from(children).map_err(|children| {
            datafusion_common::DataFusionError::Internal(format!("{} sides of a junction", children.len()))
        })?;
        Ok(Arc::new(Self { left, right, is_and: self.is_and }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Junction {
    fn eq(&self, other: &Self) -> bool {
        self.is_and == other.is_and && self.left.eq(&other.left) && self.right.eq(&other.right)
    }
}

impl Eq for Junction {}

impl Hash for Junction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.is_and, &self.left, &self.right).hash(state);
    }
}

impl fmt::Display for Junction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} {} {})", self.left, if self.is_and { "AND" } else { "OR" }, self.right)
    }
}

impl fmt::Debug for Junction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
