//! `IN (SELECT …)` and `EXISTS (SELECT …)` in WHERE: rows with, or without, a match among others.

use std::borrow::Cow;

use narthex_sql::ast::{
    BinaryOperator, Expr, GroupByExpr, JoinConstraint, Query, Select, SelectItem, SetExpr, Spanned,
};
use narthex_sql::{DataType, Span};

use super::conjuncts::Conjuncts;
use super::join::{JoinCall, Pair, Parts, all_of};
use super::{QueryBinder, Rows, all, counted};
use crate::bind::Binder;
use crate::bound::Bound;
use crate::plan::{JoinSides, Relation};

/// A condition that asks for a match.
pub(super) struct Member<'a> {
    /// What must be among the query's values; none for EXISTS.
    value: Option<&'a Expr>,
    query: &'a Query,
    is_negated: bool,
    span: Span,
}

/// A SELECT without the conditions of its WHERE that ask for a match, and these.
pub(super) fn split(select: &Select) -> (Cow<'_, Select>, Vec<Member<'_>>) {
    let conjuncts = Conjuncts::of(select.selection.as_ref()).left();
    let members: Vec<Member<'_>> = conjuncts.iter().filter_map(|conjunct| member(conjunct)).collect();
    if members.is_empty() {
        return (Cow::Borrowed(select), members);
    }
    let others = conjuncts.into_iter().filter(|conjunct| member(conjunct).is_none()).cloned();
    let selection = others.reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    });
    (Cow::Owned(Select { selection, ..select.clone() }), members)
}

fn member(condition: &Expr) -> Option<Member<'_>> {
    let span = condition.span();
    match condition {
        Expr::Exists { subquery, negated } => {
            Some(Member { value: None, query: subquery, is_negated: *negated, span })
        }
        Expr::InSubquery { expr, subquery, negated } => {
            Some(Member { value: Some(expr), query: subquery, is_negated: *negated, span })
        }
        _ => None,
    }
}

impl QueryBinder<'_> {
    /// Rows that have a match, or none.
    pub(super) fn matching(&self, left: Rows, member: &Member<'_>) -> Option<Rows> {
        let Member { value, query, is_negated, span } = member;
        let (right, found, correlated) = self.others(query, value.is_some())?;
        self.not_replaced(&left.scope)?;
        self.not_replaced(&right.scope)?;
        let sides = if *is_negated { JoinSides::Anti } else { JoinSides::Semi };
        let call = JoinCall { constraint: &JoinConstraint::None, sides, as_of: None, span: *span };
        let values: Vec<&Expr> = match value {
            Some(Expr::Tuple(values)) => values.iter().collect(),
            value => value.iter().copied().collect(),
        };
        let values: Vec<Bound> =
            values.into_iter().map(|value| self.expr(&left.scope, value)).collect::<Option<_>>()?;
        if value.is_some() && found.len() != values.len() {
            let (here, there) = (counted(values.len(), "value"), counted(found.len(), "column"));
            self.refuse(
                *span,
                format!("IN compares {here} with {there}"),
                "the query must give as many columns",
            );
            return None;
        }
        let left_columns = left.scope.columns.len();
        let pair = Pair::new(left, right);
        let mut parts = Parts::default();
        let mut may_be_null = Vec::new();
        let has_nulls = values.iter().chain(&found).any(Bound::is_nullable);
        for (value, found) in values.into_iter().zip(found) {
            if *is_negated && has_nulls {
                may_be_null.push((value, found));
                continue;
            }
            let types = (value.data_type.bare().clone(), found.data_type.bare().clone());
            let Some(equal) = self.equal_values(value, found, false) else {
                let message = format!("{} is never among values of {}", types.0, types.1);
                self.refuse(*span, message, "CAST one of them");
                return None;
            };
            parts.add(equal);
        }
        all_of(correlated.iter().map(|condition| self.part(condition, &pair, &call, &mut parts)))?;
        if !may_be_null.is_empty() {
            self.not_in(&pair, &mut parts, may_be_null, *span)?;
        }
        let mut rows = self.joined_by(pair, parts, &call)?;
        // Only the left side's columns are there behind it.
        rows.scope.columns.truncate(left_columns);
        if let Relation::Project { columns, .. } = &mut rows.relation {
            columns.truncate(left_columns);
        }
        Some(rows)
    }

    /// The rows of a query in a condition, its values if they are asked for, and the conditions that look at rows
    /// outside of it.
    fn others<'q>(
        &self,
        query: &'q Query,
        are_values_wanted: bool,
    ) -> Option<(Rows, Vec<Bound>, Vec<&'q Expr>)> {
        let is_bare = query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none();
        let plain = match query.body.as_ref() {
            SetExpr::Select(select) if is_bare && query.fetch.is_none() && is_plain(select) => select,
            _ => {
                let rows = self.query(query)?;
                let values = all(&rows.scope, None, query.span()).into_iter().map(|(_, value)| value);
                let values = values.filter(|_| are_values_wanted).collect();
                return Some((rows, values, Vec::new()));
            }
        };
        let rows = self.from(&plain.from, &Conjuncts::default())?;
        let conjuncts = Conjuncts::of(plain.selection.as_ref());
        let mut own = Vec::new();
        conjuncts.take(|condition| {
            let binder = Binder { scope: &rows.scope, environment: self.environment };
            let bound = binder.bind(condition).ok();
            let bound = bound.filter(|bound| matches!(bound.data_type.bare(), DataType::Boolean));
            let is_own = bound.is_some();
            own.extend(bound);
            is_own
        });
        let mut values = Vec::new();
        for item in plain.projection.iter().filter(|_| are_values_wanted) {
            match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    values.push(self.expr(&rows.scope, expr)?);
                }
                _ => values.extend(all(&rows.scope, None, item.span()).into_iter().map(|(_, value)| value)),
            }
        }
        Some((rows.filtered(own), values, conjuncts.left()))
    }
}

/// Whether a SELECT only filters rows.
fn is_plain(select: &Select) -> bool {
    let has_keys = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    let has_calls = QueryBinder::is_grouped(select) || QueryBinder::has_over(select);
    !has_keys && !has_calls && select.distinct.is_none() && !select.from.is_empty()
}
