//! `ORDER BY`: the stream's time first, ascending, for only then is there a moment at which a row can be given.

use datafusion_common::ScalarValue;
use narthex_sql::Span;
use narthex_sql::ast::{Expr, Ident, OrderBy, OrderByKind, SelectItem, SetExpr, Spanned};

use super::over::{is_descending, sort_key};
use super::{QueryBinder, Rows, all, own_name, project};
use crate::bind::Binder;
use crate::plan::{Relation, Stateful, StatefulInput, StatefulOperator};
use crate::scope::{Scope, TimeAttribute};

impl QueryBinder<'_> {
    /// The rows of a query in an order.
    pub(super) fn ordered(&self, body: &SetExpr, order: &OrderBy) -> Option<Rows> {
        let OrderByKind::Expressions(by) = &order.kind else {
            self.refuse(order.span(), "ORDER BY ALL is not Flink SQL", "write the columns by name");
            return None;
        };
        // What is sorted by and not selected is a column more for a while.
        let mut body = body.clone();
        let mut places = Vec::new();
        let mut hidden = 0;
        for by in by {
            places.push(match &mut body {
                SetExpr::Select(select) if !is_selected(&select.projection, &by.expr) => {
                    let alias = Ident::with_span(by.expr.span(), format!("$s{hidden}"));
                    select.projection.push(SelectItem::ExprWithAlias { expr: by.expr.clone(), alias });
                    hidden += 1;
                    Err(hidden)
                }
                _ => Ok(&by.expr),
            });
        }
        let rows = self.set(&body)?;
        let width = rows.scope.columns.len() - hidden;
        let places: Vec<usize> = places
            .into_iter()
            .map(|place| match place {
                Err(number) => Some(width + number - 1),
                Ok(expr) => self.output(&rows.scope, expr),
            })
            .collect::<Option<_>>()?;
        let first = places.first().and_then(|&at| rows.scope.columns.get(at)?.time);
        let is_ascending = by.first().is_some_and(|by| !is_descending(by));
        let order: Vec<_> = places.iter().zip(by).skip(1).map(|(&at, by)| sort_key(at, by)).collect();
        let rows = match first.filter(|_| is_ascending) {
            Some(TimeAttribute::Rowtime) => sorted(rows, StatefulOperator::Sort { time: places[0], order }),
            // Rows come in the order of the clock.
            Some(TimeAttribute::Proctime) if order.is_empty() => rows,
            _ => {
                let advice = "a stream has no end to sort at: ORDER BY the column of the table's WATERMARK, ascending, \
                              and others behind it";
                self.refuse(
                    order_span(by),
                    "ORDER BY is not supported but by the stream's time first",
                    advice,
                );
                return None;
            }
        };
        let columns = all(&rows.scope, None, Span::empty()).into_iter().take(width).collect();
        Some(project(rows, columns))
    }

    /// The column of the result that an expression names, by its name or its number.
    fn output(&self, scope: &Scope, expr: &Expr) -> Option<usize> {
        let binder = Binder { scope, environment: self.environment };
        let bound = self.told(binder.bind(expr))?;
        let number = match bound.constant() {
            Some(ScalarValue::Int32(Some(number))) => usize::try_from(number).ok(),
            _ => None,
        };
        let at = match number {
            Some(number) => number.checked_sub(1).filter(|at| *at < scope.columns.len()),
            None => bound
                .expr
                .downcast_ref::<datafusion_physical_expr::expressions::Column>()
                .map(|at| at.index()),
        };
        if at.is_none() {
            self.refuse(expr.span(), format!("{expr} is no column of the result"), "select it too");
        }
        at
    }
}

/// Whether ORDER BY means something that is selected: its name, its number, or what it is.
fn is_selected(items: &[SelectItem], expr: &Expr) -> bool {
    let is_it = |item: &SelectItem| match item {
        SelectItem::ExprWithAlias { alias, .. } => *expr == Expr::Identifier(alias.clone()),
        SelectItem::UnnamedExpr(selected) => {
            matches!(expr, Expr::Identifier(name) if own_name(selected) == Some(name.value.as_str()))
        }
        _ => false,
    };
    matches!(expr, Expr::Value(_)) || items.iter().any(is_it)
}

fn sorted(rows: Rows, operator: StatefulOperator) -> Rows {
    let Rows { relation, scope } = rows;
    let columns = relation.columns();
    let inputs = vec![StatefulInput { relation, keys: Vec::new() }];
    Rows { relation: Relation::Stateful(Box::new(Stateful { inputs, operator, columns })), scope }
}

fn order_span(by: &[narthex_sql::ast::OrderByExpr]) -> Span {
    Span::union_iter(by.iter().map(Spanned::span))
}
