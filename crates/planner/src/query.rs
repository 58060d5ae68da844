//! Queries: names of tables and columns are looked up, expressions bound, and rows come out.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion_physical_expr::expressions::Column;
use narthex_sql::ast::{
    self, Cte, Distinct, Expr, Ident, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    SetOperator, SetQuantifier, Spanned, TableAlias, WildcardAdditionalOptions,
};
use narthex_sql::{DataType, Mistake, Name, Span};

use crate::bind::{Binder, conjunction, refuse_bare_null, refuse_reserved};
use crate::bound::Bound;
use crate::cast;
use crate::catalog::{Catalog, Entry};
use crate::common::least_restrictive;
use crate::environment::Environment;
use crate::hints::{Hints, with_options};
use crate::plan::{OnNull, Projected, Relation, Table};
use crate::scope::{Scope, ScopeColumn, TimeAttribute, Versions};
use crate::table::is_proctime;

use self::conjuncts::Conjuncts;

mod aggregate;
mod calls;
mod conjuncts;
mod current_watermark;
mod from;
mod join;
mod member;
mod order;
mod over;
mod sums;
mod windows;

/// Rows and the names of their columns.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) relation: Relation,
    pub(crate) scope: Scope,
}

impl Rows {
    /// A single row without columns.
    fn one() -> Self {
        Self { relation: Relation::OneRow, scope: Scope::default() }
    }

    /// Those for which all conditions are true.
    fn filtered(self, conditions: Vec<Bound>) -> Self {
        let Self { relation, scope } = self;
        let relation = match conjunction(conditions.into_iter().map(|bound| bound.expr)) {
            Some(predicate) => Relation::Filter { input: Box::new(relation), predicate },
            None => relation,
        };
        Self { relation, scope }
    }
}

/// Binds queries. Mistakes are collected: a query without result has told at least one.
#[derive(Clone)]
pub(crate) struct QueryBinder<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) environment: &'a Environment,
    pub(crate) mistakes: &'a RefCell<Vec<Mistake>>,
    /// What the statement tells tables.
    pub(crate) hints: &'a Hints,
    /// `WITH`, by name; none for one that has a mistake.
    pub(crate) named: BTreeMap<String, Option<Arc<Rows>>>,
}

impl QueryBinder<'_> {
    /// Binds a query.
    pub(crate) fn query(&self, query: &Query) -> Option<Rows> {
        let mut binder = self.clone();
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            let rows = binder.named_query(cte);
            binder.named.insert(cte.alias.name.value.clone(), rows.map(Arc::new));
        }
        if let Some(with) = query.with.as_ref().filter(|with| with.recursive) {
            self.refuse(with.span(), "WITH RECURSIVE is not supported", "Flink has none either");
        }
        if query.limit_clause.is_some() || query.fetch.is_some() {
            self.refuse(query.span(), "LIMIT is not supported", "use a bounded source, or WHERE");
        }
        let others = [
            ("FOR UPDATE or SHARE", !query.locks.is_empty()),
            ("FOR XML, JSON or BROWSE", query.for_clause.is_some()),
            ("SETTINGS", query.settings.is_some()),
            ("FORMAT", query.format_clause.is_some()),
            ("|>", !query.pipe_operators.is_empty()),
        ];
        for (clause, _) in others.into_iter().filter(|(_, is_there)| *is_there) {
            self.refuse(
                query.span(),
                format!("there is no {clause} behind a query of Flink SQL"),
                "leave it out",
            );
        }
        match &query.order_by {
            Some(order) => binder.ordered(&query.body, order),
            None => binder.set(&query.body),
        }
    }

    fn named_query(&self, cte: &Cte) -> Option<Rows> {
        let rows = self.query(&cte.query)?;
        self.aliased(rows, &cte.alias)
    }

    fn set(&self, body: &SetExpr) -> Option<Rows> {
        match body {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => self.query(query),
            SetExpr::Values(values) => self.values(values),
            SetExpr::SetOperation { op: SetOperator::Union, set_quantifier: SetQuantifier::All, .. } => {
                self.union(body)
            }
            SetExpr::SetOperation { op, set_quantifier, .. } => {
                let what = format!("{op} {set_quantifier}");
                self.refuse(body.span(), format!("{} is not supported", what.trim_end()), "UNION ALL is");
                None
            }
            SetExpr::Table(_) => {
                self.refuse(
                    body.span(),
                    "TABLE is not supported here",
                    "write SELECT * FROM and the table's name",
                );
                None
            }
            other => {
                self.refuse(other.span(), "this is no query", "a query begins with SELECT, VALUES or WITH");
                None
            }
        }
    }

    fn union(&self, body: &SetExpr) -> Option<Rows> {
        let mut parts = Vec::new();
        flatten(body, &mut parts);
        let bound: Vec<_> = parts.iter().map(|part| self.set(part)).collect();
        let bound: Vec<Rows> = bound.into_iter().collect::<Option<_>>()?;
        bound.iter().try_for_each(|rows| self.not_replaced(&rows.scope))?;
        let spans: Vec<Span> = parts.iter().map(|part| part.span()).collect();
        let columns = bound.first()?.scope.columns.len();
        for (rows, span) in bound.iter().zip(&spans) {
            let here = rows.scope.columns.len();
            if here != columns {
                let message = format!(
                    "this query has {}, the first of the UNION ALL {columns}",
                    counted(here, "column")
                );
                self.refuse(*span, message, "all of them need the same");
                return None;
            }
        }
        self.alike(bound, &spans)
    }

    /// All rows of inputs with equally many columns, in the types that all have in common.
    fn alike(&self, inputs: Vec<Rows>, spans: &[Span]) -> Option<Rows> {
        let mut columns = inputs.first()?.scope.columns.clone();
        for (at, column) in columns.iter_mut().enumerate() {
            let types: Vec<DataType> =
                inputs.iter().map(|rows| rows.scope.columns[at].data_type.clone()).collect();
            let Some(common) = least_restrictive(&types) else {
                let types: Vec<String> = types.iter().map(|data_type| data_type.bare().to_string()).collect();
                let message =
                    format!("column {} ({}) is of types with nothing in common", at + 1, column.name);
                self.refuse(spans[0], message, format!("they are {}; CAST them", types.join(", ")));
                return None;
            };
            // A union tells time if each of its inputs does.
            let times = |rows: &Rows| rows.scope.columns[at].time == column.time;
            let time = column.time.filter(|_| inputs.iter().all(times));
            *column = ScopeColumn { time, ..ScopeColumn::plain(&column.name, common) };
        }
        let mut relations = Vec::new();
        for (rows, span) in inputs.into_iter().zip(spans) {
            let mut projected = Vec::new();
            for (at, column) in columns.iter().enumerate() {
                let from = &rows.scope.columns[at];
                let value = Bound::column(&from.name, at, from.data_type.clone(), *span);
                let value =
                    cast::cast(value, &column.data_type, self.environment.zone, *span).map(Bound::folded);
                let value = self.told(value)?;
                let data_type = column.data_type.with_nullable(value.is_nullable());
                projected.push(projected_as(&column.name, &data_type, value));
            }
            relations.push(Relation::Project { input: Box::new(rows.relation), columns: projected });
        }
        let relation = match relations.len() {
            1 => relations.remove(0),
            _ => Relation::Union(relations),
        };
        Some(Rows { relation, scope: Scope::of(columns) })
    }

    fn values(&self, values: &ast::Values) -> Option<Rows> {
        let scope = Scope::default();
        let (mut inputs, mut spans) = (Vec::new(), Vec::new());
        let width = values.rows.first()?.content.len();
        for row in &values.rows {
            let bound: Vec<_> = row.content.iter().map(|expr| self.value(&scope, expr)).collect();
            let bound: Vec<Bound> = bound.into_iter().collect::<Option<_>>()?;
            let span = Span::union_iter(row.content.iter().map(Spanned::span));
            if bound.len() != width {
                let message =
                    format!("this row has {}, the first one {width}", counted(bound.len(), "value"));
                self.refuse(span, message, "all rows need the same");
                return None;
            }
            let named =
                bound.into_iter().enumerate().map(|(at, value)| (format!("EXPR${at}"), value)).collect();
            inputs.push(project(Rows::one(), named));
            spans.push(span);
        }
        self.alike(inputs, &spans)
    }

    fn select(&self, select: &Select) -> Option<Rows> {
        self.refuse_foreign(select);
        let (select, members) = member::split(select);
        let select = select.as_ref();
        let wheres = Conjuncts::of(select.selection.as_ref());
        let Some(mut rows) = self.from(&select.from, &wheres) else {
            self.check_without_columns(select);
            return None;
        };
        for member in &members {
            rows = self.matching(rows, member)?;
        }
        let rows = self.with_current_watermark(select, rows)?;
        if rows.scope.versions.as_ref().is_some_and(|versions| versions.replaced.is_some()) {
            return self.of_last_rows(select, rows);
        }
        if Self::is_grouped(select) {
            let mut rows = rows;
            let condition = select.selection.as_ref().map(|condition| {
                let whole = self.condition(&rows.scope, condition)?;
                self.filter(&mut rows, condition, &whole, &wheres)
            });
            // Mistakes of both are told.
            let rows = self.grouped(select, rows)?;
            return if matches!(condition, Some(None)) { None } else { self.maybe_distinct(select, rows) };
        }
        let inputs = match &rows.relation {
            // OVER looks at the rows of all inputs together.
            Relation::Union(inputs) if !Self::has_over(select) => inputs.clone(),
            _ => {
                let rows = self.selected(select, rows, &wheres)?;
                return self.maybe_distinct(select, rows);
            }
        };
        // Each input by itself, as Flink does: what is never null in one of them is so there, and TYPEOF tells.
        let mut selected = Vec::new();
        for relation in inputs {
            let mut scope = rows.scope.clone();
            for (column, (_, data_type)) in scope.columns.iter_mut().zip(relation.columns()) {
                column.data_type = data_type;
            }
            selected.push(self.selected(select, Rows { relation, scope }, &wheres)?);
        }
        let mut scope = selected.first()?.scope.clone();
        for (at, column) in scope.columns.iter_mut().enumerate() {
            let may_be_null = selected.iter().any(|rows| rows.scope.columns[at].data_type.is_nullable());
            column.data_type = column.data_type.with_nullable(may_be_null);
        }
        let relation = Relation::Union(selected.into_iter().map(|rows| rows.relation).collect());
        self.maybe_distinct(select, Rows { relation, scope })
    }

    fn maybe_distinct(&self, select: &Select, rows: Rows) -> Option<Rows> {
        match &select.distinct {
            Some(Distinct::Distinct) => self.distinct(rows, select.span()),
            _ => Some(rows),
        }
    }

    /// Tells what is wrong with a SELECT whatever the columns of its input are.
    fn check_without_columns(&self, select: &Select) {
        let scope = Scope::default();
        let where_binder = Binder { scope: &scope, environment: self.environment };
        // Aggregates may stand among what is selected.
        let grouped = Scope { grouped_from: Some(Arc::new(Scope::default())), ..Scope::default() };
        let binder = Binder { scope: &grouped, environment: self.environment };
        let mut mistakes = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => mistakes.extend(binder.without_columns(expr)),
                SelectItem::ExprWithAlias { expr, alias } => {
                    mistakes.extend(binder.without_columns(expr));
                    mistakes.extend(refuse_reserved(alias).err());
                }
                _ => {}
            }
        }
        mistakes.extend(select.selection.iter().flat_map(|expr| where_binder.without_columns(expr)));
        self.mistakes.borrow_mut().extend(mistakes);
    }

    fn selected(&self, select: &Select, rows: Rows, wheres: &Conjuncts<'_>) -> Option<Rows> {
        let predicate = select.selection.as_ref().map(|condition| self.condition(&rows.scope, condition));
        let mut rows = rows;
        if let (Some(Some(predicate)), Some(condition)) = (&predicate, &select.selection) {
            self.filter(&mut rows, condition, predicate, wheres)?;
        }
        let mut rows = self.over(select, rows)?;
        if let Some(condition) = &select.qualify {
            rows = self.qualified(select, condition, rows)?;
        }
        let columns = self.projection(&rows.scope, &select.projection)?;
        if matches!(predicate, Some(None)) {
            return None;
        }
        let mut selected = project(rows, columns);
        // `PROCTIME() AS pt`
        let clocks = select.projection.iter().filter_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if is_proctime(expr) => Some(alias.value.as_str()),
            _ => None,
        });
        for clock in clocks {
            let columns = selected.scope.columns.iter_mut().filter(|column| column.name == clock);
            columns.for_each(|column| column.time = Some(TimeAttribute::Proctime));
        }
        Some(selected)
    }

    /// Keeps the rows for which QUALIFY is true. It may call what is selected by its name.
    fn qualified(&self, select: &Select, condition: &Expr, mut rows: Rows) -> Option<Rows> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { expr, alias } = item
                && rows.scope.column(alias).is_err()
                && let Some(bound) = self.expr(&rows.scope, expr)
            {
                rows.scope.computed.push((Expr::Identifier(alias.clone()), bound));
            }
        }
        let predicate = self.condition(&rows.scope, condition)?;
        self.narrowed(&mut rows.relation, &rows.scope, condition);
        Some(rows.filtered(vec![predicate]))
    }

    /// Rows for which WHERE is true, as far as no join has seen to it.
    fn filter(&self, rows: &mut Rows, condition: &Expr, whole: &Bound, wheres: &Conjuncts<'_>) -> Option<()> {
        self.narrowed(&mut rows.relation, &rows.scope, condition);
        let left = wheres.left();
        let predicate = if left.len() == wheres.len() {
            Some(whole.expr.clone())
        } else {
            let left: Option<Vec<Bound>> =
                left.iter().map(|expr| self.condition(&rows.scope, expr)).collect();
            conjunction(left?.into_iter().map(|bound| bound.expr))
        };
        if let Some(predicate) = predicate {
            let input = std::mem::replace(&mut rows.relation, Relation::OneRow);
            rows.relation = Relation::Filter { input: Box::new(input), predicate };
        }
        Some(())
    }

    /// What a SELECT may do with the last row of each key: name its columns, and say that it wants the last.
    fn of_last_rows(&self, select: &Select, rows: Rows) -> Option<Rows> {
        let mut rows = rows;
        let selects_more = Self::is_grouped(select) || select.distinct.is_some() || Self::has_over(select);
        let is_kept = match (&select.selection, rows.scope.versions.as_ref().map(|versions| versions.number))
        {
            (None, _) => true,
            (Some(condition), Some(Some(number))) => self.asks_for_first(&rows.scope, condition, number),
            (Some(_), _) => false,
        };
        if selects_more || !is_kept {
            return self.not_replaced(&rows.scope).map(|()| rows);
        }
        if let (Some(versions), true) = (&mut rows.scope.versions, select.selection.is_some()) {
            (versions.number, versions.is_open) = (None, false);
        }
        let columns = self.projection(&rows.scope, &select.projection)?;
        Some(project(rows, columns))
    }

    /// Refuses rows of which later ones take the place of earlier ones.
    pub(crate) fn not_replaced(&self, scope: &Scope) -> Option<()> {
        let Some(span) = scope.versions.as_ref().and_then(|versions| versions.replaced) else {
            return Some(());
        };
        self.refuse(
            span,
            "these numbers change with every row: a later one may come before it",
            "tables here take rows that stay: PARTITION BY window_start and window_end of a window too, or keep \
             the first row of a key with ORDER BY the time column ASC and WHERE … = 1",
        );
        None
    }

    /// Clauses that ask for more than one row at a time, or are of another dialect.
    fn refuse_foreign(&self, select: &Select) {
        if let Some(Distinct::On(_)) = &select.distinct {
            self.refuse(select.span(), "SELECT DISTINCT ON is not Flink SQL", "use ROW_NUMBER() OVER (…)");
        }
        if let Some(qualify) = &select.qualify {
            let is_of_over = Self::has_over_in(select, qualify);
            if !is_of_over || Self::is_grouped(select) {
                let message = match is_of_over {
                    true => "QUALIFY does not stand beside GROUP BY or aggregates",
                    false => "QUALIFY asks for a call with OVER, and there is none in it",
                };
                self.refuse(qualify.span(), message, "write a sub-query, and WHERE around it");
            }
        }
        if select.from.is_empty()
            && let Some(condition) = &select.selection
        {
            self.refuse(condition.span(), "there is a WHERE without FROM", "Flink refuses it, too");
        }
        let others = [
            ("TOP", select.top.is_some()),
            ("INTO", select.into.is_some()),
            ("EXCLUDE", select.exclude.is_some()),
            ("LATERAL VIEW", !select.lateral_views.is_empty()),
            ("PREWHERE", select.prewhere.is_some()),
            ("CONNECT BY", !select.connect_by.is_empty()),
            ("CLUSTER BY", !select.cluster_by.is_empty()),
            ("DISTRIBUTE BY", !select.distribute_by.is_empty()),
            ("SORT BY", !select.sort_by.is_empty()),
            ("AS STRUCT or AS VALUE", select.value_table_mode.is_some()),
        ];
        for (clause, _) in others.into_iter().filter(|(_, is_there)| *is_there) {
            self.refuse(
                select.span(),
                format!("there is no {clause} in a SELECT of Flink SQL"),
                "leave it out",
            );
        }
    }

    /// A predicate.
    pub(crate) fn condition(&self, scope: &Scope, expr: &Expr) -> Option<Bound> {
        let bound = self.expr(scope, expr)?;
        match bound.data_type.bare() {
            DataType::Boolean => return Some(bound),
            DataType::Null => return Some(Bound::null(&DataType::Boolean, bound.span)),
            _ => {}
        }
        let message = format!("a condition is BOOLEAN; this is {}", bound.data_type.bare());
        self.refuse(expr.span(), message, "compare it with something");
        None
    }

    fn projection(&self, scope: &Scope, items: &[SelectItem]) -> Option<Vec<(String, Bound)>> {
        let mut columns = Vec::new();
        let mut is_whole = true;
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let name =
                        own_name(expr).map_or_else(|| format!("EXPR${}", columns.len()), str::to_owned);
                    match self.value(scope, expr) {
                        Some(bound) => columns.push((name, bound)),
                        None => is_whole = false,
                    }
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let is_name = self.told(refuse_reserved(alias)).is_some();
                    match self.value(scope, expr) {
                        Some(bound) if is_name => columns.push((alias.value.clone(), bound)),
                        _ => is_whole = false,
                    }
                }
                SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options)
                    if *options
                        != WildcardAdditionalOptions {
                            wildcard_token: options.wildcard_token.clone(),
                            ..Default::default()
                        } =>
                {
                    self.refuse(item.span(), "Flink SQL has nothing behind *", "write the columns by name");
                    is_whole = false;
                }
                SelectItem::Wildcard(_) if scope.columns.is_empty() => {
                    self.refuse(
                        item.span(),
                        "there is nothing that * could stand for",
                        "write FROM and a table",
                    );
                    is_whole = false;
                }
                SelectItem::Wildcard(_) => columns.extend(
                    all(scope, None, item.span())
                        .into_iter()
                        .zip(&scope.columns)
                        .filter(|(_, column)| !column.is_merged)
                        .map(|(column, _)| column),
                ),
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                    match self.qualified_wildcard(scope, name) {
                        Some(found) => columns.extend(found),
                        None => is_whole = false,
                    }
                }
                other => {
                    self.refuse(
                        other.span(),
                        format!("{other} is not supported"),
                        "write the columns by name",
                    );
                    is_whole = false;
                }
            }
        }
        is_whole.then_some(columns)
    }

    /// `t.*`, or `r.*` for the fields of a row.
    fn qualified_wildcard(&self, scope: &Scope, name: &ast::ObjectName) -> Option<Vec<(String, Bound)>> {
        let parts: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
        if let [table] = parts.as_slice()
            && scope.has_table(&table.value)
        {
            return Some(all(scope, Some(&table.value), table.span));
        }
        let row = match parts.as_slice() {
            [column] => Expr::Identifier(column.clone()),
            _ => Expr::CompoundIdentifier(parts.clone()),
        };
        let bound = self.expr(scope, &row)?;
        let DataType::Row(fields) = bound.data_type.bare() else {
            self.refuse(
                name.span(),
                format!("{name} is neither a table nor a row"),
                "* needs one of them before it",
            );
            return None;
        };
        fields
            .iter()
            .map(|field| {
                let mut parts = parts.clone();
                parts.push(Ident::with_span(name.span(), &field.name));
                Some((field.name.clone(), self.expr(scope, &Expr::CompoundIdentifier(parts))?))
            })
            .collect()
    }

    /// Binds a value of a row. A NULL by itself has no type, as in Flink.
    fn value(&self, scope: &Scope, expr: &Expr) -> Option<Bound> {
        let bound = self.expr(scope, expr)?;
        self.told(refuse_bare_null(&[&bound])).map(|()| bound)
    }

    /// Binds an expression.
    pub(crate) fn expr(&self, scope: &Scope, expr: &Expr) -> Option<Bound> {
        let bound = Binder { scope, environment: self.environment }.bind_all(expr);
        bound.map_err(|mistakes| self.mistakes.borrow_mut().extend(mistakes)).ok()
    }

    /// Tells a mistake, if it is one.
    pub(crate) fn told<T>(&self, result: Result<T, Mistake>) -> Option<T> {
        result.map_err(|mistake| self.mistakes.borrow_mut().push(mistake)).ok()
    }

    fn refuse(&self, span: Span, message: impl Into<String>, advice: impl Into<String>) {
        self.mistakes.borrow_mut().push(Mistake::new(span, message).advise(advice));
    }

    /// Rows under another name, and perhaps other names of their columns.
    fn aliased(&self, rows: Rows, alias: &TableAlias) -> Option<Rows> {
        let Rows { relation, mut scope } = rows;
        let names = std::iter::once(&alias.name).chain(alias.columns.iter().map(|column| &column.name));
        let reserved: Vec<Mistake> = names.filter_map(|name| refuse_reserved(name).err()).collect();
        if !reserved.is_empty() {
            self.mistakes.borrow_mut().extend(reserved);
            return None;
        }
        if !alias.columns.is_empty() && alias.columns.len() != scope.columns.len() {
            let columns = counted(scope.columns.len(), "column");
            let message =
                format!("{} has {} for {columns}", alias.name, counted(alias.columns.len(), "name"));
            self.refuse(alias.span(), message, "name all of them, or none");
            return None;
        }
        for (at, column) in scope.columns.iter_mut().enumerate() {
            column.table = Some(alias.name.value.clone());
            if let Some(name) = alias.columns.get(at) {
                column.name.clone_from(&name.name.value);
            }
        }
        Some(Rows { relation, scope })
    }

    /// A table or view that is read or written, with the options that a hint gives it.
    pub(crate) fn hinted(&self, name: &Name) -> Result<Entry, Mistake> {
        let Some(hint) = self.hints.behind(name.span()) else {
            return self.catalog.use_entry(name).cloned();
        };
        match self.catalog.find(name)? {
            Entry::Table(table) => {
                let table = with_options(table, &hint.options);
                self.catalog.use_table(&table);
                Ok(Entry::Table(table))
            }
            Entry::View(_) => {
                Err(Mistake::new(hint.span, format!("{name} is a view; a hint gives options to a table"))
                    .advise("put it behind the table's name, in the view"))
            }
            Entry::Broken => Ok(Entry::Broken),
        }
    }

    /// What stands behind a name: of a `WITH`, a table or a view.
    fn named_rows(&self, name: &Name) -> Option<Rows> {
        self.told(name.0.iter().try_for_each(refuse_reserved))?;
        if let [single] = name.0.as_slice()
            && let Some(rows) = self.named.get(&single.value)
        {
            return rows.as_deref().cloned();
        }
        let mut rows = match self.told(self.hinted(name))? {
            Entry::Table(table) => scan(&table),
            Entry::View(rows) => (*rows).clone(),
            Entry::Broken => return None,
        };
        let last = name.0.last()?;
        rows.scope.columns.iter_mut().for_each(|column| column.table = Some(last.value.clone()));
        Some(rows)
    }
}

/// `1 column`, `2 columns`.
pub(crate) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The parts of a chain of UNION ALL, however it is nested.
fn flatten<'a>(body: &'a SetExpr, parts: &mut Vec<&'a SetExpr>) {
    match body {
        SetExpr::SetOperation { op: SetOperator::Union, set_quantifier: SetQuantifier::All, left, right } => {
            flatten(left, parts);
            flatten(right, parts);
        }
        other => parts.push(other),
    }
}

/// The name that an expression gives its column by itself.
fn own_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Identifier(name) => Some(&name.value),
        Expr::CompoundIdentifier(parts) => parts.last().map(|name| name.value.as_str()),
        Expr::Nested(inside) => own_name(inside),
        _ => None,
    }
}

/// All columns, or those of a table.
fn all(scope: &Scope, table: Option<&str>, span: Span) -> Vec<(String, Bound)> {
    let columns = scope.columns.iter().enumerate().take(scope.width.unwrap_or(usize::MAX));
    columns
        .filter(|(_, column)| table.is_none() || column.table.as_deref() == table)
        .map(|(at, column)| {
            (column.name.clone(), Bound::column(&column.name, at, column.data_type.clone(), span))
        })
        .collect()
}

/// Computed columns over rows. One that is passed on as it is still tells time, if it did.
pub(crate) fn project(input: Rows, columns: Vec<(String, Bound)>) -> Rows {
    let mut scope = Scope::default();
    let mut projected = Vec::new();
    for (name, Bound { expr, data_type, .. }) in columns {
        let from = expr.downcast_ref::<Column>().and_then(|column| input.scope.columns.get(column.index()));
        let (time, window) = from.map_or((None, None), |column| (column.time, column.window));
        scope.columns.push(ScopeColumn { time, window, ..ScopeColumn::plain(&name, data_type.clone()) });
        projected.push(Projected { name, data_type, expr });
    }
    scope.versions = input.scope.versions.map(|versions| versions.projected(&projected));
    Rows { relation: Relation::Project { input: Box::new(input.relation), columns: projected }, scope }
}

pub(crate) fn projected_as(name: &str, data_type: &DataType, value: Bound) -> Projected {
    Projected { name: name.to_owned(), data_type: data_type.clone(), expr: value.expr }
}

/// All that a query sees of a table.
pub(crate) fn scan(table: &Arc<Table>) -> Rows {
    let mut scope = Scope::default();
    for column in &table.visible {
        let time = column.is_proctime.then_some(TimeAttribute::Proctime);
        scope
            .columns
            .push(ScopeColumn { time, ..ScopeColumn::plain(&column.name, column.data_type.clone()) });
    }
    let all = Relation::Scan { table: table.clone(), columns: (0..table.columns.len()).collect() };
    let columns = table
        .visible
        .iter()
        .map(|column| Projected {
            name: column.name.clone(),
            data_type: column.data_type.clone(),
            expr: column.expr.clone(),
        })
        .collect();
    let mut relation = Relation::Project { input: Box::new(all), columns };
    if let Some((time, watermark)) = &table.watermark {
        // Flink sees each row's time where it makes watermarks, whether the query wants it or not.
        let columns = vec![(*time, table.visible[*time].name.clone())];
        relation = Relation::NotNull { input: Box::new(relation), columns, on_null: OnNull::NoTime };
        relation =
            Relation::Watermark { input: Box::new(relation), time: *time, watermark: watermark.clone() };
        scope.columns[*time].time = Some(TimeAttribute::Rowtime);
        let key =
            table.primary_key.iter().map(|key| table.visible.iter().position(|column| column.name == *key));
        let keys: Option<Vec<usize>> = key.collect();
        let places = keys.filter(|keys| !keys.is_empty()).map(|keys| (keys, *time));
        scope.versions = Some(Versions { places, number: None, is_open: false, replaced: None });
    }
    Rows { relation, scope }
}

#[cfg(test)]
mod tests;
