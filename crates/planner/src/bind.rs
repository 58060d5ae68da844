//! From an expression of the syntax tree to what computes it: one arm for each form.

mod arithmetic;
pub(crate) mod children;
mod choice;
mod compare;
mod intervals;
mod like;
mod literals;
mod logic;
mod membership;
mod names;
mod nested;
mod similar;
mod special;
mod spread;
mod time_arithmetic;

use std::sync::Arc;

use datafusion_physical_expr::expressions::{CastExpr, Column};
pub(crate) use names::field as row_field;
use narthex_sql::ast::{BinaryOperator, CastKind, Expr, Spanned, UnaryOperator};
use narthex_sql::{DataType, Mistake, Span};

pub(crate) use self::compare::meeting_type;
pub(crate) use self::logic::conjunction;
pub(crate) use self::names::refuse_reserved;
pub(crate) use self::spread::Spread;
use crate::aggregates::is_of_many_rows;
use crate::arrow_types::arrow_type;
use crate::bound::Bound;
use crate::environment::Environment;
use crate::scope::Scope;
use crate::{cast, functions};

/// What an expression can see.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Binder<'a> {
    /// Columns.
    pub(crate) scope: &'a Scope,
    /// Zone and clock.
    pub(crate) environment: &'a Environment,
}

/// Binds an expression over columns.
///
/// # Errors
/// All mistakes in it that do not follow from others.
pub fn bind_expression(expr: &Expr, scope: &Scope, environment: &Environment) -> Result<Bound, Vec<Mistake>> {
    Binder { scope, environment }.bind_all(expr)
}

impl Binder<'_> {
    /// Binds an expression.
    ///
    /// # Errors
    /// The first mistake in it; [`Self::bind_all`] tells all of them.
    pub(crate) fn bind(&self, expr: &Expr) -> Result<Bound, Mistake> {
        self.bind_form(expr).map(Bound::folded)
    }

    /// Binds an expression.
    ///
    /// # Errors
    /// All mistakes that do not follow from others in it.
    pub(crate) fn bind_all(&self, expr: &Expr) -> Result<Bound, Vec<Mistake>> {
        self.bind(expr).map_err(|first| {
            let inside = children::of(expr).into_iter().filter_map(|child| self.bind_all(child).err());
            let mut mistakes: Vec<Mistake> = inside.flatten().collect();
            if mistakes.is_empty() {
                return vec![first];
            }
            mistakes.extend(self.alone(expr));
            mistakes
        })
    }

    /// The mistakes in an expression over columns that nobody knows: what is wrong whatever they are.
    pub(crate) fn without_columns(&self, expr: &Expr) -> Vec<Mistake> {
        if children::is_constant(expr) {
            return self.bind_all(expr).err().unwrap_or_default();
        }
        let inside = children::of(expr).into_iter().flat_map(|child| self.without_columns(child));
        let mut mistakes: Vec<Mistake> = inside.collect();
        mistakes.extend(self.alone(expr));
        mistakes
    }

    /// The mistake of an expression that does not depend on what is inside of it: a function that there is not.
    fn alone(&self, expr: &Expr) -> Option<Mistake> {
        match expr {
            Expr::Function(call) => self.unknown(call, expr.span()),
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => self.bind(expr).err(),
            Expr::Identifier(name) => names::refuse_reserved(name).err(),
            Expr::CompoundIdentifier(names) => {
                names.iter().find_map(|name| names::refuse_reserved(name).err())
            }
            _ => None,
        }
    }

    fn unknown(&self, call: &narthex_sql::ast::Function, span: Span) -> Option<Mistake> {
        let name = call.name.to_string().to_uppercase();
        if let Some(mistake) = refuse_aggregate(&name, call.over.is_some(), span) {
            return self.scope.grouped_from.is_none().then_some(mistake);
        }
        // A blank is in the names of forms that the parser has made calls of.
        let is_form = name.contains(' ') || ["MAP", "ROW"].contains(&name.as_str());
        if is_form { None } else { functions::missing(&name, span) }
    }

    fn bind_form(&self, expr: &Expr) -> Result<Bound, Mistake> {
        let span = expr.span();
        if let Some(bound) = self.scope.computed(expr) {
            return Ok(Bound { span, ..bound });
        }
        match expr {
            Expr::Identifier(name) => self.name(name),
            Expr::CompoundIdentifier(parts) => self.path(parts),
            Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain),
            Expr::Nested(inside) => self.bind(inside),
            Expr::Value(value) => literals::literal(value),
            Expr::TypedString(typed) => literals::typed(typed, span),
            Expr::Interval(interval) => intervals::literal(interval, span),
            Expr::UnaryOp { op, expr } => self.unary(*op, expr, span),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, span),
            Expr::Cast { kind, expr, data_type, format: None } => {
                let to = DataType::parse(&data_type.to_string())
                    .map_err(|mistake| Mistake::new(span, mistake.0))?;
                let value = self.bind(expr)?;
                let cast = match kind {
                    CastKind::TryCast => cast::try_cast(value, &to, self.environment.zone, span)?,
                    _ => cast::cast(value, &to, self.environment.zone, span)?,
                };
                Ok(no_longer_a_time(cast))
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), span)
            }
            Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated, span),
            Expr::Between { expr, negated, low, high } => self.between(expr, low, high, *negated, span),
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_deref(), *negated, span)
            }
            Expr::SimilarTo { negated, expr, pattern, escape_char } => {
                self.similar(expr, pattern, escape_char.as_deref(), *negated, span)
            }
            Expr::IsDistinctFrom(left, right) => self.distinct(left, right, true, span),
            Expr::IsNotDistinctFrom(left, right) => self.distinct(left, right, false, span),
            Expr::Array(array) => self.array(&array.elem, span),
            Expr::Tuple(fields) => self.row(fields, span),
            Expr::Function(call) => self.call(call, span),
            Expr::Subquery(_)
            | Expr::Exists { .. }
            | Expr::InSubquery { .. }
            | Expr::AnyOp { .. }
            | Expr::AllOp { .. } => {
                Err(Mistake::new(span, "queries inside of expressions are not supported")
                    .advise("join the two inputs instead"))
            }
            other => match self.is_test(other, span) {
                Some(bound) => bound,
                None => self.special(other, span),
            },
        }
    }

    fn unary(&self, op: UnaryOperator, expr: &Expr, span: Span) -> Result<Bound, Mistake> {
        match op {
            UnaryOperator::Minus => match literals::negative(expr, span) {
                Some(literal) => literal,
                None => arithmetic::minus(self.bind(expr)?, span),
            },
            UnaryOperator::Plus => arithmetic::plus(self.bind(expr)?, span),
            UnaryOperator::Not => self.negated(expr, span),
            other => Err(Mistake::new(span, format!("there is no operator {other} in Flink SQL"))),
        }
    }

    fn binary(&self, left: &Expr, op: &BinaryOperator, right: &Expr, span: Span) -> Result<Bound, Mistake> {
        use BinaryOperator::{
            And, Divide, Eq, Gt, GtEq, Lt, LtEq, Minus, Modulo, Multiply, NotEq, Or, Overlaps, Plus,
            StringConcat,
        };
        if matches!(op, Overlaps) {
            return self.overlaps(left, right, span);
        }
        if !matches!(
            op,
            And | Or
                | Plus
                | Minus
                | Multiply
                | Divide
                | Modulo
                | Eq
                | NotEq
                | Gt
                | GtEq
                | Lt
                | LtEq
                | StringConcat
        ) {
            return Err(Mistake::new(span, format!("there is no operator {op} in Flink SQL")));
        }
        let (left, right) = (self.bind(left)?, self.bind(right)?);
        match op {
            And => logic::junction(left, right, true, span),
            Or => logic::junction(left, right, false, span),
            StringConcat => like::concatenate(left, right, span),
            Eq | NotEq | Gt | GtEq | Lt | LtEq => {
                compare::compare(op.into(), left, right, self.environment.zone, span)
            }
            _ => arithmetic::calculate(op.into(), left, right, span),
        }
    }

    fn call(&self, call: &narthex_sql::ast::Function, span: Span) -> Result<Bound, Mistake> {
        let name = call.name.to_string().to_uppercase();
        if let Some(mistake) = refuse_aggregate(&name, call.over.is_some(), span) {
            return Err(mistake);
        }
        let form = self.chosen(&name, call, span).or_else(|| self.constructed(&name, call, span));
        match form.or_else(|| self.compared(&name, call, span)) {
            Some(bound) => bound,
            None => functions::bind(self, call),
        }
    }
}

/// A time that was cast is a value like others and tells the stream's time no more, also where the cast changes nothing.
fn no_longer_a_time(value: Bound) -> Bound {
    let is_time = matches!(value.data_type.bare(), DataType::Timestamp(_) | DataType::TimestampLtz(_));
    if !is_time || value.expr.downcast_ref::<Column>().is_none() {
        return value;
    }
    let to = arrow_type(&value.data_type);
    Bound { expr: Arc::new(CastExpr::new(value.expr, to, None)), ..value }
}

/// What is computed of many rows stands elsewhere.
fn refuse_aggregate(name: &str, has_over: bool, span: Span) -> Option<Mistake> {
    if has_over {
        let mistake = Mistake::new(span, format!("{name} OVER (…) cannot stand here"));
        return Some(mistake.advise("it stands in the SELECT list of a query of its own"));
    }
    is_of_many_rows(name).then(|| {
        Mistake::new(span, format!("{name} is an aggregate function and cannot stand here"))
            .advise("aggregates stand in the SELECT list or HAVING of a query that groups, or have OVER (…)")
    })
}

/// A NULL that stands where its type cannot be told.
pub(crate) fn refuse_bare_null(values: &[&Bound]) -> Result<(), Mistake> {
    match values.iter().find(|value| matches!(value.data_type, DataType::Null)) {
        Some(null) => {
            Err(Mistake::new(null.span, "NULL has no type here").advise("write CAST(NULL AS type)"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
