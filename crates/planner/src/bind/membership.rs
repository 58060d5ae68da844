//! `IN (…)`, `BETWEEN`, `= ANY (…)`, `OVERLAPS`: several comparisons at once.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::types::Float64Type;
use arrow::array::{AsArray, BooleanArray};
use datafusion_common::ScalarValue;
use narthex_sql::ast::{Expr, Function};
use narthex_sql::{DataType, Mistake, Span};

use super::arithmetic::{self, Op, is_interval};
use super::compare::{self, Comparison, compare_widened};
use super::{Binder, children, logic};
use crate::bound::Bound;
use crate::common::common_type;
use crate::kernel::Kernel;

/// From so many constants on, a set is asked.
const MANY: usize = 4;

impl Binder<'_> {
    /// `value [NOT] IN (a, b, …)`.
    pub(super) fn in_list(
        &self,
        value: &Expr,
        list: &[Expr],
        is_negated: bool,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let value = self.bind(value)?;
        let list = list.iter().map(|item| self.bind(item)).collect::<Result<Vec<_>, _>>()?;
        let types: Vec<DataType> = list.iter().map(|item| item.data_type.clone()).collect();
        if list.len() > 1 && types.iter().any(|item| *item != DataType::Null) && common_type(&types).is_none()
        {
            return Err(Mistake::new(span, "the values of IN (…) have no type in common")
                .advise("cast them to one type"));
        }
        let found = match (texts(&value, &list), doubles(&value, &list)) {
            (Some(texts), _) => in_texts(value, texts, span),
            (_, Some(doubles)) => in_doubles(value, doubles, span),
            _ => self.in_any(value, list, span)?,
        };
        if is_negated { logic::not(found, span) } else { Ok(found) }
    }

    fn in_any(&self, value: Bound, list: Vec<Bound>, span: Span) -> Result<Bound, Mistake> {
        let zone = self.environment.zone;
        let equal = |item| compare_widened(Comparison::Equal, value.clone(), item, zone, span);
        let equal = list.into_iter().map(equal).collect::<Result<Vec<_>, _>>()?;
        joined(equal, false, span)?.ok_or_else(|| Mistake::new(span, "IN (…) takes at least one value"))
    }

    /// `BETWEEN SYMMETRIC`, and comparisons with `ANY` or `ALL` of a list: calls with names such as `= ANY`.
    pub(super) fn compared(&self, name: &str, call: &Function, span: Span) -> Option<Result<Bound, Mistake>> {
        if name == "BETWEEN SYMMETRIC" {
            return Some(self.between_symmetric(&children::arguments(call), span));
        }
        let (operator, quantifier) = name.split_once(' ')?;
        let comparison = match operator {
            "=" => Comparison::Equal,
            "<>" => Comparison::NotEqual,
            "<" => Comparison::Less,
            "<=" => Comparison::LessOrEqual,
            ">" => Comparison::Greater,
            ">=" => Comparison::GreaterOrEqual,
            _ => return None,
        };
        Some(self.quantified(comparison, quantifier == "ALL", &children::arguments(call), span))
    }

    fn between_symmetric(&self, arguments: &[&Expr], span: Span) -> Result<Bound, Mistake> {
        let [value, low, high] = arguments else {
            return Err(Mistake::new(span, "BETWEEN SYMMETRIC takes two borders"));
        };
        let (value, low, high) = (self.bind(value)?, self.bind(low)?, self.bind(high)?);
        let zone = self.environment.zone;
        let between = |low: &Bound, high: &Bound| {
            let above = (Comparison::GreaterOrEqual, value.clone(), low.clone());
            let above = compare::compare(above.0, above.1, above.2, zone, span)?;
            let below = compare::compare(Comparison::LessOrEqual, value.clone(), high.clone(), zone, span)?;
            logic::junction(above, below, true, span)
        };
        logic::junction(between(&low, &high)?, between(&high, &low)?, false, span)
    }

    fn quantified(
        &self,
        comparison: Comparison,
        is_all: bool,
        arguments: &[&Expr],
        span: Span,
    ) -> Result<Bound, Mistake> {
        let bound = arguments.iter().map(|argument| self.bind(argument));
        let mut bound = bound.collect::<Result<Vec<_>, _>>()?.into_iter();
        let zone = self.environment.zone;
        let value = bound.next();
        let compared = value.into_iter().flat_map(|value| {
            let compared = |item| compare_widened(comparison, value.clone(), item, zone, span);
            bound.by_ref().map(compared).collect::<Vec<_>>()
        });
        let compared = compared.collect::<Result<Vec<_>, _>>()?;
        joined(compared, is_all, span)?.ok_or_else(|| Mistake::new(span, "the list takes at least one value"))
    }

    /// `value [NOT] BETWEEN low AND high`.
    pub(super) fn between(
        &self,
        value: &Expr,
        low: &Expr,
        high: &Expr,
        is_negated: bool,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let (value, low, high) = (self.bind(value)?, self.bind(low)?, self.bind(high)?);
        let zone = self.environment.zone;
        // Outside is below or above: NaN is neither.
        let (at_low, at_high) = match is_negated {
            true => (Comparison::Less, Comparison::Greater),
            false => (Comparison::GreaterOrEqual, Comparison::LessOrEqual),
        };
        let low = compare::compare(at_low, value.clone(), low, zone, span)?;
        let high = compare::compare(at_high, value, high, zone, span)?;
        logic::junction(low, high, !is_negated, span)
    }

    /// `(begin, end or interval) OVERLAPS (begin, end or interval)`. Borders belong to a period.
    pub(super) fn overlaps(&self, left: &Expr, right: &Expr, span: Span) -> Result<Bound, Mistake> {
        let (left, right) = (self.period(left, span)?, self.period(right, span)?);
        let zone = self.environment.zone;
        let reaches = |end: &Bound, begin: &Bound| {
            compare::compare(Comparison::GreaterOrEqual, end.clone(), begin.clone(), zone, span)
        };
        logic::junction(reaches(&left.1, &right.0)?, reaches(&right.1, &left.0)?, true, span)
    }

    /// The earlier and the later border; where one is null, it is the later one.
    fn period(&self, expr: &Expr, span: Span) -> Result<(Bound, Bound), Mistake> {
        let Expr::Tuple(parts) = expr else {
            return Err(Mistake::new(
                span,
                "OVERLAPS takes two periods: (begin, end), or (begin, INTERVAL '1' DAY)",
            ));
        };
        let [begin, end] = parts.as_slice() else {
            return Err(Mistake::new(
                span,
                "a period has two borders: (begin, end), or (begin, INTERVAL '1' DAY)",
            ));
        };
        let (begin, mut end) = (self.bind(begin)?, self.bind(end)?);
        if is_interval(&end.data_type) {
            end = arithmetic::calculate(Op::Add, begin.clone(), end, span)?;
        }
        let values = || vec![&begin, &end];
        let common = self.common("OVERLAPS", values(), span)?;
        let (begin, end) = (self.to(begin, &common)?, self.to(end, &common)?);
        let zone = self.environment.zone;
        let in_order = compare::compare(Comparison::LessOrEqual, begin.clone(), end.clone(), zone, span)?;
        let earlier = self.choose_as(vec![(in_order.clone(), begin.clone())], end.clone(), &common, span)?;
        let later = self.choose_as(vec![(in_order, end)], begin, &common, span)?;
        Ok((earlier, later))
    }
}

/// All conditions with AND, or OR, between them, as a tree that is no deeper than it must be: a list may be long.
fn joined(mut conditions: Vec<Bound>, is_and: bool, span: Span) -> Result<Option<Bound>, Mistake> {
    while conditions.len() > 1 {
        let mut pairs = Vec::with_capacity(conditions.len().div_ceil(2));
        let mut rest = conditions.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => logic::junction(left, right, is_and, span)?,
                None => left,
            });
        }
        conditions = pairs;
    }
    Ok(conditions.pop())
}

/// The texts of a list, if it and the value are nothing else; none for a null.
fn texts(value: &Bound, list: &[Bound]) -> Option<Vec<Option<String>>> {
    let is_text = |bound: &Bound| crate::common::is_text(&bound.data_type);
    if list.len() < MANY || !is_text(value) || !list.iter().all(is_text) {
        return None;
    }
    list.iter().map(|item| item.constant().map(|_| item.constant_text())).collect()
}

/// The numbers of a list of several, if they are constants and the value a DOUBLE.
fn doubles(value: &Bound, list: &[Bound]) -> Option<Vec<f64>> {
    let is_number = |bound: &Bound| crate::common::is_number(&bound.data_type);
    if list.len() < 2 || *value.data_type.bare() != DataType::Double || !list.iter().all(is_number) {
        return None;
    }
    let double = |item: &Bound| match item.constant()?.cast_to(&arrow::datatypes::DataType::Float64).ok()? {
        ScalarValue::Float64(number) => number,
        _ => None,
    };
    list.iter().map(double).collect()
}

/// As Flink, which asks a set: -0.0 is not 0.0 there, and a NaN is a NaN.
fn in_doubles(value: Bound, doubles: Vec<f64>, span: Span) -> Bound {
    let data_type = DataType::Boolean.with_nullable(value.is_nullable());
    Kernel::call("IN", vec![value], data_type, span, move |arguments, _| {
        let is_it = |value: f64| {
            doubles.iter().any(|it| it.to_bits() == value.to_bits() || it.is_nan() && value.is_nan())
        };
        let found = arguments[0].as_primitive::<Float64Type>().iter().map(|value| value.map(is_it));
        Ok(Arc::new(found.collect::<BooleanArray>()))
    })
}

fn in_texts(value: Bound, texts: Vec<Option<String>>, span: Span) -> Bound {
    let has_null = texts.iter().any(Option::is_none);
    let known: HashSet<String> = texts.into_iter().flatten().collect();
    let data_type = DataType::Boolean.with_nullable(has_null || value.is_nullable());
    Kernel::call("IN", vec![value], data_type, span, move |arguments, _| {
        let found = arguments[0].as_string::<i32>().iter().map(|text| match known.contains(text?) {
            false if has_null => None,
            is_found => Some(is_found),
        });
        Ok(Arc::new(found.collect::<BooleanArray>()))
    })
}
