//! `GROUP BY` with a window: groups, aggregates, and what SELECT and HAVING make of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, TimestampMillisecondArray};
use arrow::datatypes::TimestampMillisecondType;
use datafusion_common::ScalarValue;
use datafusion_physical_expr::expressions::Column;
use narthex_sql::ast::{Expr, Function, GroupByExpr, Select, SelectItem, Spanned};
use narthex_sql::{DataType, Mistake, Span};

use super::calls::{aggregates_in, all_exprs, every, has_aggregate, is_mark, windows_of};
use super::sums::{Calls, Outcome, Written};
use super::windows::{Auxiliary, auxiliary, group_window};
use super::{QueryBinder, Rows, all, project};
use crate::aggregates::AggregateCall;
use crate::bind::children;
use crate::bound::Bound;
use crate::environment::Environment;
use crate::kernel::Kernel;
use crate::plan::{
    Projected, Relation, Stateful, StatefulInput, StatefulOperator, WindowPlaces, Windows, passed_on,
};
use crate::scope::{Scope, ScopeColumn, TimeAttribute, WindowColumn, WindowPart};
use crate::windows::{WindowKind, window_time};

/// What to do about results that change.
const WITHOUT_WINDOW: &str = "tables here take rows that stay: read from a window, such as TABLE(TUMBLE(TABLE t, \
                              DESCRIPTOR(rt), INTERVAL '10' SECOND)), and GROUP BY window_start, window_end too";

/// What makes the groups.
struct Key {
    expr: Expr,
    bound: Bound,
    /// As a column of the input, if it is one.
    column: Option<ScopeColumn>,
}

/// A column of the window in GROUP BY.
struct WindowKey {
    part: WindowPart,
    column: ScopeColumn,
}

/// A grouped query on its way.
struct Grouping {
    keys: Vec<Key>,
    /// Which of the keys each set of `GROUPING SETS` has.
    sets: Vec<Vec<usize>>,
    /// Their values are columns of what is grouped.
    calls: Calls<AggregateCall>,
    /// What is made of them, by the call as it is written.
    results: Vec<(Expr, Outcome)>,
    /// `GROUPING(…)` and the like.
    marks: Vec<(Expr, Vec<usize>)>,
    window: WindowPlaces,
    /// The window's columns that GROUP BY names; where both sides of a join have them, several of one part.
    window_keys: Vec<WindowKey>,
    /// What is grouped: keys, start and end of the window, values.
    input: Relation,
    time_type: DataType,
}

impl QueryBinder<'_> {
    /// Whether a SELECT makes groups.
    pub(super) fn is_grouped(select: &Select) -> bool {
        let has_keys = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
        has_keys || select.having.is_some() || all_exprs(select).any(has_aggregate)
    }

    /// What a SELECT with groups gives.
    pub(super) fn grouped(&self, select: &Select, rows: Rows) -> Option<Rows> {
        let (exprs, sets) = self.keys(select)?;
        let (rows, group_window) = self.with_group_window(&exprs, rows)?;
        let grouping = self.grouping(select, &exprs, sets, rows.clone(), group_window.is_some())?;
        let mut grouped = self.told(grouping.rows(&rows.scope, self.environment))?;
        if let Some(window) = group_window {
            self.auxiliaries(select, window, &mut grouped.scope)?;
        }
        if let Some(having) = &select.having {
            let predicate = self.condition(&grouped.scope, having)?;
            grouped = grouped.filtered(vec![predicate]);
        }
        let is_wildcard =
            |item: &&SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..));
        if let Some(item) = select.projection.iter().find(is_wildcard) {
            self.refuse(
                item.span(),
                "* stands for all columns, and a group has only its keys and aggregates",
                "write those by name",
            );
            return None;
        }
        // OVER looks at the groups.
        let grouped = self.over(select, grouped)?;
        let columns = self.projection(&grouped.scope, &select.projection)?;
        Some(project(grouped, columns))
    }

    /// SELECT DISTINCT: each combination once in a window.
    pub(super) fn distinct(&self, rows: Rows, span: Span) -> Option<Rows> {
        let part = |wanted: WindowPart| rows.scope.window_part(wanted);
        let (Some(start), Some(end)) = (part(WindowPart::Start), part(WindowPart::End)) else {
            self.refuse(span, "this SELECT DISTINCT has no window: its results would be kept for ever", {
                "select window_start and window_end of a window as well"
            });
            return None;
        };
        let zone = rows.scope.columns[end].window.and_then(|window| window.zone);
        let is_key = |at: &usize| rows.scope.columns[*at].window.is_none();
        let keys: Vec<usize> = (0..rows.scope.columns.len()).filter(is_key).collect();
        let by = all(&rows.scope, None, span);
        let by: Vec<&Bound> = keys.iter().map(|&at| &by[at].1).collect();
        self.check_session(&rows.relation, &by, 1, span)?;
        let all = rows.relation.columns();
        let mut columns: Vec<_> = keys.iter().map(|&at| all[at].clone()).collect();
        columns.extend([all[start].clone(), all[end].clone()]);
        let operator = StatefulOperator::WindowAggregate {
            keys: keys.clone(),
            window: WindowPlaces { start, end, zone },
            aggregates: Vec::new(),
            overlapping: None,
        };
        let inputs = vec![StatefulInput { relation: rows.relation, keys: keys.clone() }];
        let relation = Relation::Stateful(Box::new(Stateful { inputs, operator, columns }));
        // Back into the order of the list.
        let place = |at: usize| match rows.scope.columns[at].window.map(|window| window.part) {
            None => (keys.partition_point(|&key| key < at), false),
            Some(WindowPart::Start) => (keys.len(), false),
            Some(WindowPart::End) => (keys.len() + 1, false),
            Some(WindowPart::Time) => (keys.len() + 1, true),
        };
        let projected = rows.scope.columns.iter().enumerate().map(|(at, column)| {
            let (from, is_time) = place(at);
            let data_type = column.data_type.clone();
            let bound = Bound::column(&column.name, from, data_type.clone(), span);
            let bound = if is_time { time_of_window(bound, data_type.clone(), zone) } else { bound };
            Projected { name: column.name.clone(), data_type, expr: bound.expr }
        });
        let relation = Relation::Project { input: Box::new(relation), columns: projected.collect() };
        Some(Rows { relation, scope: rows.scope })
    }

    /// The expressions of GROUP BY, each once, and the sets that are made of them.
    fn keys(&self, select: &Select) -> Option<(Vec<Expr>, Vec<Vec<usize>>)> {
        let GroupByExpr::Expressions(elements, modifiers) = &select.group_by else {
            self.refuse(select.group_by.span(), "GROUP BY ALL is not Flink SQL", "write the columns by name");
            return None;
        };
        if !modifiers.is_empty() {
            self.refuse(
                select.group_by.span(),
                "WITH ROLLUP, CUBE or TOTALS is not Flink SQL",
                "write GROUP BY ROLLUP (…), CUBE (…) or GROUPING SETS (…)",
            );
            return None;
        }
        let mut exprs: Vec<Expr> = Vec::new();
        let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
        for element in elements {
            let choices: Vec<Vec<&Expr>> = match element {
                Expr::GroupingSets(sets) => sets.iter().map(|set| set.iter().collect()).collect(),
                Expr::Rollup(parts) => {
                    (0..=parts.len()).rev().map(|length| parts[..length].iter().flatten().collect()).collect()
                }
                Expr::Cube(parts) if parts.len() > 10 => {
                    self.refuse(element.span(), "a CUBE of more than 10 columns", "write GROUPING SETS");
                    return None;
                }
                Expr::Cube(parts) => {
                    let has = |set: usize, at: usize| set & (1 << (parts.len() - 1 - at)) != 0;
                    let chosen = |set: usize| {
                        let mine = parts.iter().enumerate().filter(move |(at, _)| has(set, *at));
                        mine.flat_map(|(_, part)| part).collect()
                    };
                    (0..1_usize << parts.len()).rev().map(chosen).collect()
                }
                Expr::Tuple(parts) => vec![parts.iter().collect()],
                Expr::Nested(inside) => vec![vec![&**inside]],
                single => vec![vec![single]],
            };
            let mut next = Vec::new();
            for set in &sets {
                for choice in &choices {
                    let mut set = set.clone();
                    for &expr in choice {
                        let at = exprs.iter().position(|known| known == expr).unwrap_or_else(|| {
                            exprs.push(expr.clone());
                            exprs.len() - 1
                        });
                        if !set.contains(&at) {
                            set.push(at);
                        }
                    }
                    next.push(set);
                }
            }
            sets = next;
        }
        Some((exprs, sets))
    }

    /// Applies `GROUP BY TUMBLE(…)` and its like, as if FROM had read from that window; and tells whether its time is
    /// that of the clock.
    fn with_group_window(&self, exprs: &[Expr], rows: Rows) -> Option<(Rows, Option<(WindowKind, bool)>)> {
        let mut found = exprs.iter().filter_map(|expr| group_window(expr, self.environment));
        let Some(first) = found.next() else { return Some((rows, None)) };
        let window = self.told_all(first)?;
        if found.next().is_some() {
            self.refuse(window.span, "GROUP BY has two windows", "one SELECT makes one kind of windows");
            return None;
        }
        let time = self.expr(&rows.scope, window.time)?;
        let (mut rows, at) = self.timed(rows, &time, window.time.span())?;
        let is_by_clock = rows.scope.columns[at].time == Some(TimeAttribute::Proctime);
        let mut keys = Vec::new();
        if matches!(window.kind, WindowKind::Session { .. }) {
            let others = exprs.iter().filter(|expr| group_window(expr, self.environment).is_none());
            let values: Vec<Bound> =
                others.map(|expr| self.expr(&rows.scope, expr)).collect::<Option<_>>()?;
            (rows, keys) = with_columns(rows, values);
        }
        let rows = self.in_windows(rows, window.kind, 0, at, keys);
        Some((rows, Some((window.kind, is_by_clock))))
    }

    /// Rows with the windows that their time falls into.
    pub(super) fn in_windows(
        &self,
        rows: Rows,
        kind: WindowKind,
        offset_ms: i64,
        time: usize,
        keys: Vec<usize>,
    ) -> Rows {
        let Rows { relation, mut scope } = rows;
        let time_type = scope.columns[time].data_type.with_nullable(false);
        let zone = matches!(time_type.bare(), DataType::TimestampLtz(_)).then_some(self.environment.zone);
        let windows = Windows { kind, offset_ms, time, zone, time_type };
        let table = scope.columns.first().and_then(|column| column.table.clone());
        scope.columns.iter_mut().for_each(|column| column.window = None);
        let parts = [WindowPart::Start, WindowPart::End, WindowPart::Time];
        for (part, (mut name, data_type)) in parts.into_iter().zip(windows.columns()) {
            // As Flink names them where there are such columns already.
            while scope.columns.iter().any(|column| column.name == name) {
                name.push('0');
            }
            scope.columns.push(ScopeColumn {
                table: table.clone(),
                time: (part == WindowPart::Time).then_some(TimeAttribute::Rowtime),
                window: Some(WindowColumn { part, zone }),
                ..ScopeColumn::plain(name, data_type)
            });
        }
        let relation = if matches!(kind, WindowKind::Session { .. }) {
            let columns = scope.columns.iter().map(|column| (column.name.clone(), column.data_type.clone()));
            let operator = StatefulOperator::Sessions { keys: keys.clone(), windows };
            let inputs = vec![StatefulInput { relation, keys }];
            Relation::Stateful(Box::new(Stateful { inputs, operator, columns: columns.collect() }))
        } else {
            Relation::Windows { input: Box::new(relation), windows }
        };
        Rows { relation, scope }
    }

    /// Rows that tell the time of a value, which must be a time attribute, and its place.
    pub(super) fn timed(&self, rows: Rows, time: &Bound, span: Span) -> Option<(Rows, usize)> {
        let at = time.expr.downcast_ref::<Column>().map(Column::index);
        let column = at.and_then(|at| rows.scope.columns.get(at));
        match (at, column.and_then(|column| column.time)) {
            (Some(at), Some(TimeAttribute::Rowtime)) => return Some((rows, at)),
            (Some(at), Some(TimeAttribute::Proctime)) => {
                let Rows { relation, scope } = rows;
                let Some(relation) = by_clock(relation) else {
                    self.refuse(
                        span,
                        "windows by processing time take the rows of tables, not of other windows, joins or OVER",
                        "use the time of the events: a column with a WATERMARK",
                    );
                    return None;
                };
                return Some((Rows { relation, scope }, at));
            }
            _ => {}
        }
        let name = column.map_or("this", |column| column.name.as_str());
        let is_time = matches!(time.data_type.bare(), DataType::Timestamp(_) | DataType::TimestampLtz(_));
        let message = if is_time {
            format!("{name} does not tell the stream's time: there is no watermark for it here")
        } else {
            format!("a window needs a time column; {name} is {}", time.data_type.bare())
        };
        let advice = "use the column of the table's WATERMARK FOR …, as it is: what is computed from it, and what \
                      comes out of a join of tables without time bounds, is a value like others";
        self.refuse(span, message, advice);
        None
    }

    /// Binds keys, values and calls.
    fn grouping(
        &self,
        select: &Select,
        exprs: &[Expr],
        sets: Vec<Vec<usize>>,
        rows: Rows,
        has_group_window: bool,
    ) -> Option<Grouping> {
        let scope = rows.scope.clone();
        let part = |wanted: WindowPart| scope.window_part(wanted);
        let (mut keys, mut places) = (Vec::new(), Vec::new());
        let mut window_keys: Vec<WindowKey> = Vec::new();
        let mut is_whole = true;
        for expr in exprs {
            if group_window(expr, self.environment).is_some() {
                places.push(None);
                continue;
            }
            let Some(bound) = self.expr(&scope, expr) else {
                is_whole = false;
                continue;
            };
            let at = bound.expr.downcast_ref::<Column>().map(Column::index);
            let column = at.and_then(|at| scope.columns.get(at)).cloned();
            match column {
                Some(column @ ScopeColumn { window: Some(WindowColumn { part, .. }), .. }) => {
                    let same = |key: &WindowKey| {
                        (&key.column.table, &key.column.name) == (&column.table, &column.name)
                    };
                    if !window_keys.iter().any(same) {
                        window_keys.push(WindowKey { part, column });
                    }
                    places.push(None);
                }
                column => {
                    places.push(Some(keys.len()));
                    keys.push(Key { expr: expr.clone(), bound, column });
                }
            }
        }
        let found = (part(WindowPart::Start), part(WindowPart::End));
        let borders = self.borders(select, found, &window_keys, has_group_window);
        let mut columns: Vec<(String, Bound)> = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            columns.push((key_name(key, at), key.bound.clone()));
        }
        for at in borders.iter().flat_map(|(start, end)| [*start, *end]) {
            let column = &scope.columns[at];
            let bound = Bound::column(&column.name, at, column.data_type.clone(), select.span());
            columns.push((column.name.clone(), bound));
        }
        let mut calls = Calls::default();
        let mut results: Vec<(Expr, Outcome)> = Vec::new();
        let mut marks: Vec<(Expr, Vec<usize>)> = Vec::new();
        for expr in all_exprs(select).flat_map(aggregates_in) {
            let Expr::Function(function) = expr else { continue };
            if results.iter().any(|(result, _)| result == expr) || marks.iter().any(|(mark, _)| mark == expr)
            {
                continue;
            }
            if is_mark(function) {
                match self.mark(function, &keys, &scope) {
                    Some(of) => marks.push((expr.clone(), of)),
                    None => is_whole = false,
                }
                continue;
            }
            let call = Written { function, span: expr.span(), scope: &scope, columns: &mut columns };
            match self.aggregate_of_group(call, &mut calls) {
                Some(result) => results.push((expr.clone(), result)),
                None => is_whole = false,
            }
        }
        let (_, end) = borders.filter(|_| is_whole)?;
        if !has_group_window {
            let by: Vec<&Bound> = keys.iter().map(|key| &key.bound).collect();
            self.check_session(&rows.relation, &by, sets.len(), keys_span(select))?;
        }
        let sets = sets.iter().map(|set| set.iter().filter_map(|&at| places[at]).collect()).collect();
        let zone = scope.columns[end].window.and_then(|window| window.zone);
        let time_type = part(WindowPart::Time).map_or_else(
            || match zone {
                Some(_) => DataType::NotNull(Box::new(DataType::TimestampLtz(3))),
                None => DataType::NotNull(Box::new(DataType::Timestamp(3))),
            },
            |at| scope.columns[at].data_type.clone(),
        );
        let window = WindowPlaces { start: keys.len(), end: keys.len() + 1, zone };
        let input = project(rows, columns).relation;
        Some(Grouping { keys, sets, calls, results, marks, window, window_keys, input, time_type })
    }

    /// The places of the window's start and end, by which groups must be made.
    fn borders(
        &self,
        select: &Select,
        found: (Option<usize>, Option<usize>),
        keys: &[WindowKey],
        has_group_window: bool,
    ) -> Option<(usize, usize)> {
        let (Some(start), Some(end)) = found else {
            self.refuse(
                keys_span(select),
                "these groups have no window: their results change with every row",
                WITHOUT_WINDOW,
            );
            return None;
        };
        let has = |wanted| keys.iter().any(|key| key.part == wanted);
        if !(has_group_window || has(WindowPart::Start) && has(WindowPart::End)) {
            let missing = if has(WindowPart::Start) { "window_end" } else { "window_start" };
            self.refuse(
                keys_span(select),
                format!("GROUP BY lacks {missing}: the results of these groups would change with every row"),
                WITHOUT_WINDOW,
            );
            return None;
        }
        Some((start, end))
    }

    /// As Flink: groups of a session are those of its PARTITION BY.
    fn check_session(&self, relation: &Relation, by: &[&Bound], sets: usize, span: Span) -> Option<()> {
        let Some(parted) = session_keys(relation) else { return Some(()) };
        let by: Vec<_> = by.iter().filter(|bound| bound.constant().is_none()).collect();
        let places = by.iter().map(|bound| bound.expr.downcast_ref::<Column>().map(Column::index));
        let places: Option<BTreeSet<usize>> = places.collect();
        if sets == 1 && parted.is_some() && places == parted {
            return Some(());
        }
        let message =
            "these groups are not those of the session's PARTITION BY: their results change with every row";
        let advice = "group by exactly the columns that SESSION is partitioned by, with window_start and window_end, \
                      and compute the others in a query around it";
        self.refuse(span, message, advice);
        None
    }

    /// Which keys a `GROUPING(…)` asks for.
    fn mark(&self, function: &Function, keys: &[Key], scope: &Scope) -> Option<Vec<usize>> {
        let mut of = Vec::new();
        for expr in children::arguments(function) {
            let bound = self.expr(scope, expr)?;
            let Some(at) = keys.iter().position(|key| key.expr == *expr || key.bound.expr.eq(&bound.expr))
            else {
                let message = format!("{expr} is not in GROUP BY");
                self.refuse(expr.span(), message, "GROUPING tells of a key whether its set has it");
                return None;
            };
            of.push(at);
        }
        Some(of)
    }

    /// Lets TUMBLE_START and its like be read from the window's columns.
    fn auxiliaries(&self, select: &Select, window: (WindowKind, bool), scope: &mut Scope) -> Option<()> {
        let mut all = Vec::new();
        all_exprs(select).for_each(|expr| every(expr, &mut all));
        let windows: Vec<&Expr> = all.iter().flat_map(|expr| windows_of(expr)).collect();
        windows.into_iter().for_each(|expr| every(expr, &mut all));
        for expr in all {
            let Some(found) = auxiliary(expr, self.environment) else { continue };
            let (what, of) = self.told_all(found)?;
            if of.kind != window.0 {
                self.refuse(
                    expr.span(),
                    format!("{expr} is of another window than GROUP BY"),
                    "give it the same column and sizes",
                );
                return None;
            }
            let part = match what {
                Auxiliary::Start => WindowPart::Start,
                Auxiliary::End => WindowPart::End,
                Auxiliary::Rowtime if window.1 => {
                    self.refuse(expr.span(), format!("{expr} is of a window by the time of the events"), {
                        "the window is by processing time: use …_PROCTIME"
                    });
                    return None;
                }
                Auxiliary::Proctime if !window.1 => {
                    self.refuse(expr.span(), format!("{expr} is of a window by processing time"), {
                        "the window is by the time of the events: use …_ROWTIME"
                    });
                    return None;
                }
                Auxiliary::Rowtime | Auxiliary::Proctime => WindowPart::Time,
            };
            let at = scope.window_part(part)?;
            let column = &scope.columns[at];
            let bound = Bound::column(&column.name, at, column.data_type.clone(), expr.span());
            scope.computed.push((expr.clone(), bound));
        }
        Some(())
    }
}

/// The keys of the sessions that rows are in, if they come straight from such; the inner is none where a key was left out.
#[expect(clippy::option_option, reason = "no session, and a session without its keys")]
fn session_keys(relation: &Relation) -> Option<Option<BTreeSet<usize>>> {
    match relation {
        Relation::Filter { input, .. } => session_keys(input),
        Relation::Project { input, columns } => {
            let keys = session_keys(input)?;
            Some(keys.and_then(|keys| keys.into_iter().map(|key| passed_on(columns, key)).collect()))
        }
        Relation::Stateful(stateful) => match &stateful.operator {
            StatefulOperator::Sessions { keys, .. } => Some(Some(keys.iter().copied().collect())),
            _ => None,
        },
        _ => None,
    }
}

/// The same rows, whose time is that of the clock; none where they come from an operator with a time of its own.
fn by_clock(relation: Relation) -> Option<Relation> {
    let within = |input: Box<Relation>| by_clock(*input).map(Box::new);
    Some(match relation {
        Relation::Scan { .. } | Relation::OneRow => Relation::Clock { input: Box::new(relation) },
        Relation::Filter { input, predicate } => Relation::Filter { input: within(input)?, predicate },
        Relation::Project { input, columns } => Relation::Project { input: within(input)?, columns },
        Relation::Unnest { input, unnest } => Relation::Unnest { input: within(input)?, unnest },
        Relation::NotNull { input, columns, on_null } => {
            Relation::NotNull { input: within(input)?, columns, on_null }
        }
        Relation::Watermark { input, .. } => by_clock(*input)?,
        Relation::Union(inputs) => Relation::Union(inputs.into_iter().map(by_clock).collect::<Option<_>>()?),
        Relation::Clock { .. } => relation,
        Relation::Windows { .. } | Relation::Stateful(_) => return None,
    })
}

impl Grouping {
    /// The groups: keys, the window's start, end and time, aggregates, marks.
    fn rows(mut self, from: &Scope, environment: &Environment) -> Result<Rows, Mistake> {
        let mut scope = Scope { grouped_from: Some(Arc::new(from.clone())), ..Scope::default() };
        let one_set = self.sets.len() == 1;
        for (at, key) in self.keys.iter().enumerate() {
            let is_everywhere = self.sets.iter().all(|set| set.contains(&at));
            let data_type = &key.bound.data_type;
            let data_type = data_type.with_nullable(data_type.is_nullable() || !is_everywhere);
            let bound = Bound::column(&key_name(key, at), at, data_type.clone(), key.bound.span);
            scope.computed.push((key.expr.clone(), bound));
            let table = key.column.as_ref().and_then(|column| column.table.clone());
            scope.columns.push(ScopeColumn { table, ..ScopeColumn::plain(key_name(key, at), data_type) });
        }
        let zone = self.window.zone;
        let border = DataType::NotNull(Box::new(DataType::Timestamp(3)));
        let column = |part: WindowPart, data_type: DataType| ScopeColumn {
            time: (part == WindowPart::Time).then_some(TimeAttribute::Rowtime),
            window: Some(WindowColumn { part, zone }),
            ..ScopeColumn::plain("", data_type)
        };
        let parts = [
            (WindowPart::Start, "window_start", border.clone()),
            (WindowPart::End, "window_end", border.clone()),
            (WindowPart::Time, "window_time", self.time_type.clone()),
        ];
        // What GROUP BY does not name is there for TUMBLE_START and its like, not by a name.
        scope.columns.extend(parts.into_iter().map(|(part, name, data_type)| ScopeColumn {
            name: name.into(),
            is_merged: true,
            ..column(part, data_type)
        }));
        let first = scope.columns.len();
        for (_, data_type) in &self.calls.0 {
            let name = format!("$a{}", scope.columns.len());
            scope.columns.push(ScopeColumn::plain(name, data_type.clone()));
        }
        for (expr, result) in std::mem::take(&mut self.results) {
            let bound = result.bound(environment, &scope, first, expr.span())?;
            scope.computed.push((expr, bound));
        }
        for (expr, _) in &self.marks {
            let at = scope.columns.len();
            let (name, data_type) = (format!("$g{at}"), DataType::NotNull(Box::new(DataType::BigInt)));
            scope.computed.push((expr.clone(), Bound::column(&name, at, data_type.clone(), expr.span())));
            scope.columns.push(ScopeColumn::plain(name, data_type));
        }
        scope.columns.extend(self.window_keys.iter().map(|key| {
            let ScopeColumn { table, name, is_merged, .. } = key.column.clone();
            let data_type = if key.part == WindowPart::Time { &self.time_type } else { &border };
            ScopeColumn { table, name, is_merged, ..column(key.part, data_type.clone()) }
        }));
        let mut relations: Vec<Relation> = self.sets.iter().map(|set| self.one_set(set, &scope)).collect();
        let relation = if one_set { relations.remove(0) } else { Relation::Union(relations) };
        Ok(Rows { relation, scope })
    }

    fn one_set(&self, set: &[usize], scope: &Scope) -> Relation {
        let mut columns: Vec<(String, DataType)> = Vec::new();
        let input = self.input.columns();
        columns.extend(set.iter().map(|&at| input[at].clone()));
        columns.extend([input[self.window.start].clone(), input[self.window.end].clone()]);
        let calls = self.calls.0.iter().enumerate();
        columns.extend(calls.map(|(at, (_, data_type))| (format!("$a{at}"), data_type.clone())));
        let operator = StatefulOperator::WindowAggregate {
            keys: set.to_vec(),
            window: self.window,
            aggregates: self.calls.0.iter().map(|(call, _)| call.clone()).collect(),
            overlapping: None,
        };
        let inputs = vec![StatefulInput { relation: self.input.clone(), keys: set.to_vec() }];
        let stateful = Relation::Stateful(Box::new(Stateful { inputs, operator, columns }));
        let keys = self.keys.len();
        let (start, end) = (set.len(), set.len() + 1);
        let projected = scope.columns.iter().enumerate().map(|(place, column)| {
            let (name, data_type) = (column.name.clone(), column.data_type.clone());
            let span = Span::empty();
            let bound = if place < keys {
                match set.iter().position(|&key| key == place) {
                    Some(from) => Bound::column(&name, from, data_type.clone(), span),
                    None => Bound::null(&data_type, span),
                }
            } else if let Some(WindowColumn { part, .. }) = column.window {
                let from = if part == WindowPart::Start { start } else { end };
                let border = Bound::column(&name, from, data_type.clone(), span);
                match part {
                    WindowPart::Time => time_of_window(border, data_type.clone(), self.window.zone),
                    WindowPart::Start | WindowPart::End => border,
                }
            } else if place < keys + 3 + self.calls.0.len() {
                Bound::column(&name, end + 1 + (place - keys - 3), data_type.clone(), span)
            } else {
                let (_, of) = &self.marks[place - keys - 3 - self.calls.0.len()];
                let value = mark_value(of, set);
                Bound::literal(ScalarValue::Int64(Some(value)), data_type.clone(), span)
            };
            Projected { name, data_type, expr: bound.expr }
        });
        Relation::Project { columns: projected.collect(), input: Box::new(stateful) }
    }
}

/// `GROUPING(a, b)`: a bit for each, set where this set lacks it.
fn mark_value(of: &[usize], set: &[usize]) -> i64 {
    of.iter().fold(0, |value, key| value << 1 | i64::from(!set.contains(key)))
}

/// The time of a window, from its end.
fn time_of_window(end: Bound, data_type: DataType, zone: Option<chrono_tz::Tz>) -> Bound {
    let span = end.span;
    Kernel::call("WINDOW_TIME", vec![end], data_type, span, move |arguments, _| {
        let ends = arguments[0].as_primitive::<TimestampMillisecondType>();
        let times: TimestampMillisecondArray =
            ends.iter().map(|end| end.map(|end| window_time(end, zone))).collect();
        let times = if zone.is_some() { times.with_timezone("UTC") } else { times };
        Ok(Arc::new(times) as ArrayRef)
    })
}

/// The rows with more columns behind theirs, and where these are. What is a column already is not made twice.
pub(super) fn with_columns(rows: Rows, values: Vec<Bound>) -> (Rows, Vec<usize>) {
    let mut places = Vec::new();
    let mut columns = all(&rows.scope, None, Span::empty());
    for value in values {
        if let Some(column) = value.expr.downcast_ref::<Column>() {
            places.push(column.index());
        } else {
            places.push(columns.len());
            columns.push((format!("$k{}", columns.len()), value));
        }
    }
    (widened(rows, columns), places)
}

/// Rows with these columns, of which the first are theirs and belong to the same tables.
pub(super) fn widened(rows: Rows, columns: Vec<(String, Bound)>) -> Rows {
    let names: Vec<_> =
        rows.scope.columns.iter().map(|column| (column.table.clone(), column.is_merged)).collect();
    let computed = rows.scope.computed.clone();
    let mut rows = project(rows, columns);
    rows.scope.computed = computed;
    for (column, name) in rows.scope.columns.iter_mut().zip(names) {
        (column.table, column.is_merged) = name;
    }
    rows
}

fn key_name(key: &Key, at: usize) -> String {
    key.column.as_ref().map_or_else(|| format!("$k{at}"), |column| column.name.clone())
}

fn keys_span(select: &Select) -> Span {
    let span = select.group_by.span();
    if span == Span::empty() { select.span() } else { span }
}
