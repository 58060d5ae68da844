//! Calls of aggregates: where they stand in a SELECT, and what their values are.

use narthex_sql::Span;
use narthex_sql::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, JsonNullClause, NamedWindowExpr, Select, SelectItem, Spanned,
    WindowSpec, WindowType,
};

use super::QueryBinder;
use crate::aggregates::{self, AggregateCall, Resolved};
use crate::bind::{Binder, children};
use crate::bound::Bound;
use crate::common::is_text;
use crate::functions;
use crate::scope::Scope;

impl QueryBinder<'_> {
    /// A call of an aggregate; its values become columns.
    pub(super) fn aggregate(
        &self,
        function: &Function,
        span: Span,
        scope: &Scope,
        columns: &mut Vec<(String, Bound)>,
    ) -> Option<AggregateCall> {
        let name = function.name.to_string().to_uppercase();
        let list = self.value_list(&name, function, span)?;
        if name == "JSON_ARRAYAGG" || name == "JSON_OBJECTAGG" {
            let resolved = self.json_aggregate(&name, function, list, span, scope)?;
            return self.called(resolved, false, function, scope, columns);
        }
        let values = self.values_of(&name, list, function.over.is_some(), span, scope)?;
        let has_keys = function.filter.is_none();
        let is_distinct = is_distinct(list);
        let resolved = self.told(aggregates::resolve(&name, values, is_distinct, has_keys, span))?;
        self.called(resolved, is_distinct, function, scope, columns)
    }

    /// What stands between an aggregate's parentheses, and nothing behind it that is not supported.
    pub(super) fn value_list<'f>(
        &self,
        name: &str,
        function: &'f Function,
        span: Span,
    ) -> Option<&'f FunctionArgumentList> {
        let FunctionArguments::List(list) = &function.args else {
            self.refuse(
                span,
                format!("{name} needs parentheses with its values"),
                "see the guide's functions",
            );
            return None;
        };
        let is_json = |clause: &FunctionArgumentClause| {
            matches!(clause, FunctionArgumentClause::JsonNullClause(_)) && name.starts_with("JSON_")
        };
        if !list.clauses.iter().all(is_json)
            || function.null_treatment.is_some()
            || !function.within_group.is_empty()
        {
            self.refuse(
                span,
                format!("what stands behind the values of {name} is not supported"),
                "leave it out: rows come in the order in which they arrive",
            );
            return None;
        }
        Some(list)
    }

    /// The values of an aggregate's call; `*` is none. With OVER they may be aggregates of groups.
    pub(super) fn values_of(
        &self,
        name: &str,
        list: &FunctionArgumentList,
        is_over: bool,
        span: Span,
        scope: &Scope,
    ) -> Option<Vec<Bound>> {
        let mut values = Vec::new();
        for argument in &list.args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Wildcard)
                    if name == "COUNT" && list.args.len() == 1 => {}
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => {
                    if has_aggregate(expr) && !is_over {
                        self.refuse(
                            expr.span(),
                            format!("there is an aggregate inside of {name}"),
                            "compute the inner one in a sub-query",
                        );
                        return None;
                    }
                    values.push(self.expr(scope, expr)?);
                }
                other => {
                    self.refuse(span, format!("{name} does not take {other}"), "give it values");
                    return None;
                }
            }
        }
        Some(values)
    }

    /// `JSON_ARRAYAGG` and `JSON_OBJECTAGG`: values become JSON row by row.
    fn json_aggregate(
        &self,
        name: &str,
        function: &Function,
        list: &FunctionArgumentList,
        span: Span,
        scope: &Scope,
    ) -> Option<Resolved> {
        let (key, value) = match list.args.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(value))] if name == "JSON_ARRAYAGG" => (None, value),
            [FunctionArg::ExprNamed { name: key, arg: FunctionArgExpr::Expr(value), .. }] => {
                (Some(key), value)
            }
            _ => {
                let usage = "JSON_ARRAYAGG(value) or JSON_OBJECTAGG(KEY 'key' VALUE value)";
                self.refuse(span, format!("{name} is written otherwise"), format!("write {usage}"));
                return None;
            }
        };
        if list.duplicate_treatment.is_some() || function.filter.is_some() {
            let message = format!("{name} takes neither DISTINCT nor FILTER");
            self.refuse(span, message, "select such rows first, in a sub-query");
            return None;
        }
        let key = match key {
            Some(key) => Some(self.expr(scope, key)?),
            None => None,
        };
        if let Some(key) = key.as_ref().filter(|key| !is_text(&key.data_type)) {
            let message = format!("{name}: a key must be a text, not {}", key.data_type);
            self.refuse(key.span, message, "cast it to STRING");
            return None;
        }
        let mut json = self.expr(scope, value)?;
        if !functions::makes_json(value) {
            let binder = Binder { scope, environment: self.environment };
            json = self.told(functions::call(&binder, "JSON_STRING", vec![json], Vec::new(), span))?;
        }
        let keeps_nulls = list.clauses.iter().fold(key.is_some(), |keeps, clause| match clause {
            FunctionArgumentClause::JsonNullClause(clause) => *clause == JsonNullClause::NullOnNull,
            _ => keeps,
        });
        Some(aggregates::resolve_json(key, json, keeps_nulls))
    }

    /// A call whose values are columns.
    pub(super) fn called(
        &self,
        resolved: Resolved,
        is_distinct: bool,
        function: &Function,
        scope: &Scope,
        columns: &mut Vec<(String, Bound)>,
    ) -> Option<AggregateCall> {
        let filter = match &function.filter {
            Some(condition) => Some(self.condition(scope, condition)?),
            None => None,
        };
        let mut column = |bound: Bound| {
            // A value that several calls share is one column.
            let known = columns.iter().position(|(_, known)| known.expr.eq(&bound.expr));
            known.unwrap_or_else(|| {
                columns.push((format!("$v{}", columns.len()), bound));
                columns.len() - 1
            })
        };
        let argument_types = resolved.arguments.iter().map(|bound| bound.data_type.clone()).collect();
        let arguments = resolved.arguments.into_iter().map(&mut column).collect();
        let filter = filter.map(column);
        let function = resolved.function;
        let data_type = resolved.data_type;
        Some(AggregateCall { function, arguments, argument_types, is_distinct, filter, data_type })
    }
}

/// The expressions in which aggregates may stand.
pub(super) fn selected_exprs(select: &Select) -> impl Iterator<Item = &Expr> {
    let items = select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    });
    items.chain(&select.having).chain(&select.qualify)
}

pub(super) fn is_mark(function: &Function) -> bool {
    ["GROUPING", "GROUPING_ID", "GROUP_ID"]
        .iter()
        .any(|name| function.name.to_string().eq_ignore_ascii_case(name))
}

/// Whether each value counts once.
pub(super) fn is_distinct(list: &FunctionArgumentList) -> bool {
    matches!(list.duplicate_treatment, Some(DuplicateTreatment::Distinct))
}

/// The calls of aggregates in an expression.
pub(super) fn aggregates_in(expr: &Expr) -> Vec<&Expr> {
    if let Expr::Function(function) = expr
        && function.over.is_none()
        && (is_mark(function) || aggregates::is_aggregate(&function.name.to_string().to_uppercase()))
    {
        return vec![expr];
    }
    children::of(expr).into_iter().chain(windows_of(expr)).flat_map(aggregates_in).collect()
}

/// What the window of a call with OVER is made of.
pub(super) fn windows_of(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Function(Function { over: Some(WindowType::WindowSpec(spec)), .. }) => window_exprs(spec),
        _ => Vec::new(),
    }
}

fn window_exprs(spec: &WindowSpec) -> Vec<&Expr> {
    spec.partition_by.iter().chain(spec.order_by.iter().map(|order| &order.expr)).collect()
}

/// The expressions of a SELECT that may have aggregates in them, those of its named windows too.
pub(super) fn all_exprs(select: &Select) -> impl Iterator<Item = &Expr> {
    let windows = select.named_window.iter().filter_map(|window| match &window.1 {
        NamedWindowExpr::WindowSpec(spec) => Some(window_exprs(spec)),
        NamedWindowExpr::NamedWindow(_) => None,
    });
    selected_exprs(select).chain(windows.flatten())
}

pub(super) fn has_aggregate(expr: &Expr) -> bool {
    !aggregates_in(expr).is_empty()
}

/// An expression and all inside of it.
pub(super) fn every<'a>(expr: &'a Expr, all: &mut Vec<&'a Expr>) {
    all.push(expr);
    children::of(expr).into_iter().for_each(|child| every(child, all));
}
