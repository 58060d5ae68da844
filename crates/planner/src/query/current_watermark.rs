//! `CURRENT_WATERMARK(rt)`: what time it is where a row is looked at.

use datafusion_physical_expr::expressions::Column;
use narthex_sql::Span;
use narthex_sql::ast::{Expr, GroupByExpr, Select, SelectItem, Spanned};

use super::calls::every;
use super::{QueryBinder, Rows};
use crate::bind::children;
use crate::bound::Bound;
use crate::plan::{Relation, Stateful, StatefulInput, StatefulOperator};
use crate::scope::{ScopeColumn, TimeAttribute};

impl QueryBinder<'_> {
    /// Rows with their watermarks, where a SELECT asks for them.
    pub(super) fn with_current_watermark(&self, select: &Select, rows: Rows) -> Option<Rows> {
        let calls = calls(select);
        if calls.is_empty() {
            return Some(rows);
        }
        let Rows { relation, mut scope } = rows;
        let mut columns = relation.columns();
        let at = columns.len();
        for (call, argument) in calls {
            let time = self.expr(&scope, argument)?;
            let column =
                time.expr.downcast_ref::<Column>().and_then(|column| scope.columns.get(column.index()));
            if column.is_none_or(|column| column.time != Some(TimeAttribute::Rowtime)) {
                let message = "CURRENT_WATERMARK takes a time column";
                self.refuse(argument.span(), message, "name the column of the table's WATERMARK, as it is");
                return None;
            }
            let data_type = time.data_type.with_nullable(true);
            if columns.len() == at {
                columns.push(("$watermark".to_owned(), data_type.clone()));
            }
            let bound = Bound::column("$watermark", at, data_type, Span::empty());
            scope.computed.push((call.clone(), bound));
        }
        let (name, data_type) = columns.get(at)?.clone();
        // Nobody can name it.
        scope.columns.push(ScopeColumn { is_merged: true, ..ScopeColumn::plain(name, data_type) });
        let inputs = vec![StatefulInput { relation, keys: Vec::new() }];
        let operator = StatefulOperator::CurrentWatermark;
        Some(Rows { relation: Relation::Stateful(Box::new(Stateful { inputs, operator, columns })), scope })
    }
}

/// The calls of a SELECT, each once, and what they are called with.
fn calls(select: &Select) -> Vec<(&Expr, &Expr)> {
    let mut all = Vec::new();
    for item in &select.projection {
        if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
            every(expr, &mut all);
        }
    }
    select.selection.iter().for_each(|expr| every(expr, &mut all));
    if let GroupByExpr::Expressions(keys, _) = &select.group_by {
        keys.iter().for_each(|expr| every(expr, &mut all));
    }
    let mut calls: Vec<(&Expr, &Expr)> = Vec::new();
    for expr in all {
        let Expr::Function(call) = expr else { continue };
        let is_it = call.name.to_string().eq_ignore_ascii_case("CURRENT_WATERMARK");
        if let [argument] = children::arguments(call).as_slice()
            && is_it
            && calls.iter().all(|(known, _)| *known != expr)
        {
            calls.push((expr, *argument));
        }
    }
    calls
}
