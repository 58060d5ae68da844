//! `OVER (…)`: values of the rows before a row, and numbers of rows by an order.

use datafusion_common::ScalarValue;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::{Column, Literal};
use narthex_sql::ast::{
    Expr, Function, Ident, NamedWindowExpr, OrderByExpr, OrderBySort, Select, SelectItem, Spanned,
    WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType,
};
use narthex_sql::{DataType, Span};

use super::aggregate::{widened, with_columns};
use super::calls::{every, selected_exprs};
use super::sums::{Calls, Written};
use super::{QueryBinder, Rows, all};
use crate::bind::children;
use crate::bound::Bound;
use crate::common::is_text;
use crate::plan::{
    Frame, OverCall, Projected, Relation, SortKey, Stateful, StatefulInput, StatefulOperator, WindowPlaces,
};
use crate::scope::{Scope, ScopeColumn, TimeAttribute, Versions, WindowPart};
use crate::table::is_proctime;

/// Functions that number rows.
const RANKS: [&str; 3] = ["ROW_NUMBER", "RANK", "DENSE_RANK"];

/// Functions that take no frame.
const NUMBERS: [&str; 5] = ["ROW_NUMBER", "RANK", "DENSE_RANK", "LAG", "LEAD"];

/// Rows, and where the columns of an OVER are.
struct Ordered {
    rows: Rows,
    /// The rows' own columns; those behind are the OVER's.
    width: usize,
    keys: Vec<usize>,
    order: Vec<usize>,
    /// Of the keys, if they have one.
    window: Option<WindowPlaces>,
}

impl QueryBinder<'_> {
    /// The calls with OVER in a SELECT, each once.
    fn calls_over(select: &Select) -> Vec<&Expr> {
        let mut all = Vec::new();
        selected_exprs(select).for_each(|expr| every(expr, &mut all));
        let mut calls: Vec<&Expr> = Vec::new();
        for expr in all {
            if matches!(expr, Expr::Function(call) if call.over.is_some()) && !calls.contains(&expr) {
                calls.push(expr);
            }
        }
        calls
    }

    /// Rows with what the calls with OVER compute of them in columns behind theirs.
    pub(super) fn over(&self, select: &Select, rows: Rows) -> Option<Rows> {
        let calls = Self::calls_over(select);
        let Some(first) = calls.first() else { return Some(rows) };
        let functions: Vec<(&Expr, &Function)> = calls
            .iter()
            .filter_map(|expr| match expr {
                Expr::Function(call) => Some((*expr, call)),
                _ => None,
            })
            .collect();
        let specs: Vec<WindowSpec> = functions
            .iter()
            .map(|(expr, call)| self.spec(select, call, expr.span()))
            .collect::<Option<_>>()?;
        let spec = specs.first()?;
        let is_alike = |other: &WindowSpec| {
            (&other.partition_by, &other.order_by) == (&spec.partition_by, &spec.order_by)
        };
        if let Some(at) = specs.iter().position(|other| !is_alike(other)) {
            self.refuse(
                calls[at].span(),
                "this OVER is another one than the first of this SELECT",
                "write a sub-query for each of them",
            );
            return None;
        }
        // As Flink: these look at their own places, whatever the frame.
        let has_no_frame =
            |call: &Function| NUMBERS.iter().any(|name| call.name.to_string().eq_ignore_ascii_case(name));
        let mut framed = functions.iter().zip(&specs).filter(|(_, spec)| spec.window_frame.is_some());
        if let Some(((expr, call), _)) = framed.find(|((_, call), _)| has_no_frame(call)) {
            let message = format!("{} takes no ROWS or RANGE", call.name);
            self.refuse(expr.span(), message, "leave the frame out, or use another OVER in a sub-query");
            return None;
        }
        let width = rows.scope.columns.len();
        let keys: Vec<Bound> =
            spec.partition_by.iter().map(|expr| self.expr(&rows.scope, expr)).collect::<Option<_>>()?;
        let order: Vec<Bound> =
            spec.order_by.iter().map(|order| self.expr(&rows.scope, &order.expr)).collect::<Option<_>>()?;
        let (rows, keys) = with_columns(rows, keys);
        let (mut rows, order) = with_columns(rows, order);
        let by_clock = order.iter().zip(&spec.order_by).filter(|(_, by)| is_proctime(&by.expr));
        by_clock.for_each(|(at, _)| rows.scope.columns[*at].time = Some(TimeAttribute::Proctime));
        let is_rank =
            |call: &Function| RANKS.iter().any(|name| call.name.to_string().eq_ignore_ascii_case(name));
        let window = window_of(&rows.scope, &keys);
        if let [(expr, call)] = functions.as_slice()
            && is_rank(call)
            && (window.is_some() || !self.is_by_time(spec, &rows.scope, &order))
        {
            return self.ranked(
                expr,
                &call.name.to_string().to_uppercase(),
                spec,
                Ordered { rows, width, keys, order, window },
            );
        }
        let time = self.time_of(spec, &rows.scope, &order, first.span())?;
        let mut frames = Vec::new();
        for ((expr, call), spec) in functions.iter().zip(&specs) {
            // It counts rows, whatever their times.
            let is_number = call.name.to_string().eq_ignore_ascii_case("ROW_NUMBER");
            frames.push(match &spec.window_frame {
                None if is_number => Frame::Rows(None),
                _ => self.frame(spec, &rows.scope, time, expr.span())?,
            });
        }
        let frame = frames[0];
        if let Some(at) = frames.iter().position(|other| *other != frame) {
            let advice = "ROW_NUMBER counts ROWS, others without a frame go by RANGE: give the others ROWS BETWEEN \
                          UNBOUNDED PRECEDING AND CURRENT ROW, or write a sub-query for each of them";
            self.refuse(
                calls[at].span(),
                "this OVER has another frame than the first of this SELECT",
                advice,
            );
            return None;
        }
        self.computed_over(&functions, rows, width, keys, time, frame)
    }

    fn spec(&self, select: &Select, call: &Function, span: Span) -> Option<WindowSpec> {
        let mut window = match call.over.as_ref()? {
            WindowType::WindowSpec(spec) => spec.clone(),
            WindowType::NamedWindow(name) => self.named_window(select, &name.value, name.span)?,
        };
        if let Some(base) = window.window_name.take() {
            let named = self.named_window(select, &base.value, base.span)?;
            if window.partition_by.is_empty() {
                window.partition_by = named.partition_by;
            }
            if window.order_by.is_empty() {
                window.order_by = named.order_by;
            }
            window.window_frame = window.window_frame.or(named.window_frame);
        }
        if window.order_by.is_empty() {
            self.refuse(span, "this OVER has no ORDER BY", "order by the time column: ORDER BY rt");
            return None;
        }
        Some(window)
    }

    fn named_window(&self, select: &Select, name: &str, span: Span) -> Option<WindowSpec> {
        let found = select.named_window.iter().find(|window| window.0.value == name);
        match found.map(|window| &window.1) {
            Some(NamedWindowExpr::WindowSpec(spec)) => Some(spec.clone()),
            _ => {
                self.refuse(span, format!("there is no window {name}"), "define it: WINDOW w AS (…)");
                None
            }
        }
    }

    /// Whether rows are ordered by time, from the first to the last.
    fn is_by_time(&self, spec: &WindowSpec, scope: &Scope, order: &[usize]) -> bool {
        let is_ascending = |order: &OrderByExpr| !is_descending(order);
        matches!((order, spec.order_by.as_slice()), ([at], [by])
            if scope.columns[*at].time.is_some() && is_ascending(by))
    }

    /// The time column of an OVER; the inner is none where it is by processing time.
    #[expect(clippy::option_option, reason = "no mistake, and no time of the events")]
    fn time_of(
        &self,
        spec: &WindowSpec,
        scope: &Scope,
        order: &[usize],
        span: Span,
    ) -> Option<Option<usize>> {
        if self.is_by_time(spec, scope, order)
            && let [at] = order
        {
            let is_rowtime = scope.columns[*at].time == Some(TimeAttribute::Rowtime);
            return Some(is_rowtime.then_some(*at));
        }
        let place = spec.order_by.first().map_or(span, |order| order.expr.span());
        self.refuse(
            place,
            "OVER goes by the stream's time, ascending",
            "ORDER BY the column of the table's WATERMARK, or one AS PROCTIME(), alone",
        );
        None
    }

    fn frame(&self, spec: &WindowSpec, scope: &Scope, time: Option<usize>, span: Span) -> Option<Frame> {
        let Some(frame) = &spec.window_frame else { return Some(Frame::Range(None)) };
        let ends_here = matches!(frame.end_bound, None | Some(WindowFrameBound::CurrentRow));
        if !ends_here || matches!(frame.start_bound, WindowFrameBound::Following(_)) {
            self.refuse(span, "a frame cannot end behind its row: that has not come yet", {
                "end it with CURRENT ROW"
            });
            return None;
        }
        let is_rows = match frame.units {
            WindowFrameUnits::Rows => true,
            WindowFrameUnits::Range => false,
            WindowFrameUnits::Groups => {
                self.refuse(span, "GROUPS is not supported", "use ROWS or RANGE");
                return None;
            }
        };
        let before = match &frame.start_bound {
            WindowFrameBound::Preceding(None) => {
                return Some(if is_rows { Frame::Rows(None) } else { Frame::Range(None) });
            }
            WindowFrameBound::CurrentRow | WindowFrameBound::Following(_) => {
                return Some(if is_rows { Frame::Rows(Some(0)) } else { Frame::Range(Some(0)) });
            }
            WindowFrameBound::Preceding(Some(before)) => before,
        };
        let bound = self.expr(scope, before)?;
        let value = match bound.constant() {
            Some(value) if is_rows => count(&value).map(Ok),
            Some(ScalarValue::DurationMillisecond(Some(ms))) if ms >= 0 => Some(Err(ms)),
            _ => None,
        };
        match value {
            Some(Ok(rows)) => Some(Frame::Rows(Some(rows))),
            Some(Err(_)) if time.is_none() => {
                self.refuse(
                    before.span(),
                    "RANGE by processing time is not supported",
                    "use ROWS, or the time of the events",
                );
                None
            }
            Some(Err(ms)) => Some(Frame::Range(Some(ms))),
            None => {
                let (what, example) = if is_rows {
                    ("ROWS takes a number of rows", "ROWS BETWEEN 3 PRECEDING AND CURRENT ROW")
                } else {
                    ("RANGE takes an interval", "RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW")
                };
                self.refuse(before.span(), what, format!("write {example}"));
                None
            }
        }
    }

    /// Rows numbered by an order, in their window.
    fn ranked(&self, expr: &Expr, name: &str, spec: &WindowSpec, ordered: Ordered) -> Option<Rows> {
        let Ordered { rows, width, keys, order, window } = ordered;
        if name != "ROW_NUMBER" {
            let message =
                format!("{name} is not supported but in the order of time, without a window among its keys");
            self.refuse(expr.span(), message, "use ROW_NUMBER");
            return None;
        }
        let Some(window) = window else {
            return self.last_rows(expr, spec, rows, width, keys, &order);
        };
        let is_border = |at: &usize| *at == window.start || *at == window.end;
        let sorted: Vec<SortKey> =
            order.iter().zip(&spec.order_by).map(|(&column, by)| sort_key(column, by)).collect();
        let is_last_first = matches!(sorted.as_slice(), [key]
            if key.is_descending && rows.scope.columns[key.column].time == Some(TimeAttribute::Rowtime));
        let keys: Vec<usize> = keys.into_iter().filter(|at| !is_border(at)).collect();
        let operator = StatefulOperator::WindowRank {
            keys: keys.clone(),
            window,
            order: sorted,
            from: 1,
            to: u64::MAX,
            is_last_first,
            span: expr.span(),
        };
        let mut rows = with_results(rows, width, keys, operator, vec![number()]);
        let at = rows.scope.columns.len() - 1;
        let number = Bound::column(&rows.scope.columns[at].name, at, number(), expr.span());
        rows.scope.computed.push((expr.clone(), number));
        Some(rows)
    }

    /// Rows numbered from the last one backwards: who takes the first of them has versions, whom nobody else can use.
    fn last_rows(
        &self,
        expr: &Expr,
        spec: &WindowSpec,
        rows: Rows,
        width: usize,
        keys: Vec<usize>,
        order: &[usize],
    ) -> Option<Rows> {
        let mut columns = all(&rows.scope, None, Span::empty());
        let one = Bound::literal(ScalarValue::Int64(Some(1)), number(), expr.span());
        let at = columns.len();
        columns.push((format!("$o{at}"), one));
        let mut rows = widened(rows, columns);
        let is_last = |time: usize| {
            rows.scope.columns[time].time == Some(TimeAttribute::Rowtime)
                && spec.order_by.iter().all(is_descending)
        };
        let places = match order {
            [time] if is_last(*time) => Some((keys, *time)),
            _ => None,
        };
        let replaced = Some(expr.span());
        let number_at = places.is_some().then_some(at);
        for column in rows.scope.columns.iter_mut().skip(width).filter(|column| !column.name.starts_with('$'))
        {
            column.name = format!("${}", column.name);
        }
        rows.scope.versions = Some(Versions { places, number: number_at, is_open: true, replaced });
        rows.scope
            .computed
            .push((expr.clone(), Bound::column(&format!("$o{at}"), at, number(), expr.span())));
        rows.scope.width = Some(width);
        Some(rows)
    }

    /// Whether a condition has such a call in it, or names one that is selected.
    pub(super) fn has_over_in(select: &Select, condition: &Expr) -> bool {
        let has_call = |expr: &Expr| {
            let mut all = Vec::new();
            every(expr, &mut all);
            all.iter().any(|expr| matches!(expr, Expr::Function(call) if call.over.is_some()))
        };
        let mut all = Vec::new();
        every(condition, &mut all);
        let is_named = |name: &Ident| {
            select.projection.iter().any(|item| {
                matches!(item, SelectItem::ExprWithAlias { expr, alias } if alias == name && has_call(expr))
            })
        };
        has_call(condition) || all.iter().any(|expr| matches!(expr, Expr::Identifier(name) if is_named(name)))
    }

    /// Whether a SELECT has calls with OVER.
    pub(super) fn has_over(select: &Select) -> bool {
        !Self::calls_over(select).is_empty()
    }

    /// Whether a condition asks for the number 1 in a column, and for nothing else.
    pub(super) fn asks_for_first(&self, scope: &Scope, condition: &Expr, number: usize) -> bool {
        match condition {
            Expr::Nested(inside) => self.asks_for_first(scope, inside, number),
            other => self.numbers(scope, other) == Some((number, 1, 1)),
        }
    }

    fn computed_over(
        &self,
        functions: &[(&Expr, &Function)],
        rows: Rows,
        width: usize,
        keys: Vec<usize>,
        time: Option<usize>,
        frame: Frame,
    ) -> Option<Rows> {
        let mut columns = all(&rows.scope, None, Span::empty());
        let (mut calls, mut results) = (Calls::default(), Vec::new());
        for (expr, function) in functions {
            let name = function.name.to_string().to_uppercase();
            let result = match name.as_str() {
                "ROW_NUMBER" => calls.result(OverCall::RowNumber, number()),
                "RANK" => calls.result(OverCall::Rank, number()),
                "DENSE_RANK" => calls.result(OverCall::DenseRank, number()),
                "LAG" => {
                    let (call, data_type) = self.lag(function, expr.span(), &rows.scope, &mut columns)?;
                    calls.result(call, data_type)
                }
                "LEAD" | "NTILE" | "PERCENT_RANK" | "CUME_DIST" => {
                    let advice = "it would need rows that have not come yet, or change with later ones";
                    self.refuse(expr.span(), format!("{name} OVER is not supported"), advice);
                    return None;
                }
                _ => {
                    let (span, scope) = (expr.span(), &rows.scope);
                    let call = Written { function, span, scope, columns: &mut columns };
                    self.aggregate_over(call, &mut calls)?
                }
            };
            results.push(((*expr).clone(), result));
        }
        let rows = widened(rows, columns);
        let (calls, types): (Vec<OverCall>, Vec<DataType>) = calls.0.into_iter().unzip();
        let operator = StatefulOperator::Over { keys: keys.clone(), time, frame, calls };
        let first = rows.scope.columns.len();
        let mut rows = with_results(rows, width, keys, operator, types);
        for (expr, result) in results {
            let bound = self.told(result.bound(self.environment, &rows.scope, first, expr.span()))?;
            rows.scope.computed.push((expr, bound));
        }
        Some(rows)
    }

    fn lag(
        &self,
        function: &Function,
        span: Span,
        scope: &Scope,
        columns: &mut Vec<(String, Bound)>,
    ) -> Option<(OverCall, DataType)> {
        let arguments = children::arguments(function);
        let values: Vec<Bound> =
            arguments.iter().map(|expr| self.expr(scope, expr)).collect::<Option<_>>()?;
        let (value, others) = match values.as_slice() {
            [value, others @ ..] if others.len() < 3 => (value.clone(), others),
            _ => {
                self.refuse(span, "LAG takes a value, how many rows before, and a default", "LAG(x, 1, 0)");
                return None;
            }
        };
        let rows = match others.first().map(Bound::constant) {
            None => Some(1),
            Some(rows) => rows.as_ref().and_then(count),
        };
        let Some(rows) = rows else {
            self.refuse(span, "LAG's second value is a number of rows", "write it as a literal");
            return None;
        };
        let mut place = |bound: Bound| {
            columns.push((format!("$v{}", columns.len()), bound));
            columns.len() - 1
        };
        let mut data_type = value.data_type.with_nullable(true);
        let default = match others.get(1) {
            Some(default) => {
                let (mine, of_value) = (&default.data_type, &value.data_type);
                if !may_be_default(mine.bare(), of_value.bare()) {
                    let message =
                        format!("LAG's default is {}, and its value {}", mine.bare(), of_value.bare());
                    let advice = format!("write CAST({} AS {})", arguments[2], of_value.bare());
                    self.refuse(default.span, message, advice);
                    return None;
                }
                let is_nullable = value.is_nullable() || default.is_nullable();
                let cast = if is_text(mine) {
                    // A default that is longer than the value's type stays whole.
                    default.clone()
                } else {
                    self.told(crate::cast::cast(default.clone(), &data_type, self.environment.zone, span))?
                };
                data_type = data_type.with_nullable(is_nullable);
                Some(place(cast))
            }
            None => None,
        };
        Some((OverCall::Lag { column: place(value), rows, default }, data_type))
    }

    /// Lets a WHERE on the number of a row tell the operator which numbers are asked for.
    pub(super) fn narrowed(&self, relation: &mut Relation, scope: &Scope, condition: &Expr) {
        match condition {
            Expr::Nested(inside) => self.narrowed(relation, scope, inside),
            Expr::BinaryOp { left, op: narthex_sql::ast::BinaryOperator::And, right } => {
                self.narrowed(relation, scope, left);
                self.narrowed(relation, scope, right);
            }
            other => {
                if let Some((column, from, to)) = self.numbers(scope, other) {
                    narrow(relation, column, from, to);
                }
            }
        }
    }

    /// The column that a condition compares with numbers, and the range that it allows.
    fn numbers(&self, scope: &Scope, condition: &Expr) -> Option<(usize, u64, u64)> {
        use narthex_sql::ast::BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq};
        let binder = crate::bind::Binder { scope, environment: self.environment };
        let column = |expr: &Expr| {
            let bound = binder.bind(expr).ok()?;
            Some(bound.expr.downcast_ref::<Column>()?.index())
        };
        let number = |expr: &Expr| count(&binder.bind(expr).ok()?.constant()?);
        match condition {
            Expr::BinaryOp { left, op, right } => {
                let (at, number, op) = match (column(left), number(right)) {
                    (Some(at), Some(number)) => (at, number, op.clone()),
                    _ => {
                        let turned = match op {
                            Lt => Gt,
                            LtEq => GtEq,
                            Gt => Lt,
                            GtEq => LtEq,
                            other => other.clone(),
                        };
                        (column(right)?, number(left)?, turned)
                    }
                };
                match op {
                    Eq => Some((at, number, number)),
                    Lt => Some((at, 1, number.saturating_sub(1))),
                    LtEq => Some((at, 1, number)),
                    Gt => Some((at, number.saturating_add(1), u64::MAX)),
                    GtEq => Some((at, number, u64::MAX)),
                    _ => None,
                }
            }
            Expr::Between { expr, negated: false, low, high } => {
                Some((column(expr)?, number(low)?, number(high)?))
            }
            _ => None,
        }
    }
}

/// The type of a row's number.
fn number() -> DataType {
    DataType::NotNull(Box::new(DataType::BigInt))
}

/// Narrows the operator that numbers rows, if this column is its number.
fn narrow(relation: &mut Relation, column: usize, low: u64, high: u64) {
    match relation {
        Relation::Project { input, columns } => {
            let below = columns.get(column).and_then(|column| column.expr.downcast_ref::<Column>());
            if let Some(at) = below.map(Column::index) {
                narrow(input, at, low, high);
            }
        }
        Relation::Filter { input, .. } => narrow(input, column, low, high),
        Relation::Stateful(stateful) => {
            let is_last = column + 1 == stateful.columns.len();
            match &mut stateful.operator {
                StatefulOperator::WindowRank { from, to, .. } if is_last => {
                    *from = (*from).max(low);
                    *to = (*to).min(high);
                }
                StatefulOperator::Over { keys, time: Some(time), calls, .. }
                    if is_last && high == 1 && matches!(calls.as_slice(), [OverCall::RowNumber]) =>
                {
                    let operator = StatefulOperator::FirstRow { keys: keys.clone(), time: *time };
                    let first = first_row(stateful, operator);
                    *relation = first;
                }
                _ => {}
            }
        }
        _ => {}
    }
}

/// The first row of each key, with the number 1 behind its columns.
fn first_row(stateful: &Stateful, operator: StatefulOperator) -> Relation {
    let mut columns = stateful.columns.clone();
    let number = columns.pop();
    let inputs = stateful.inputs.clone();
    let mut projected: Vec<Projected> = columns
        .iter()
        .enumerate()
        .map(|(at, (name, data_type))| Projected {
            name: name.clone(),
            data_type: data_type.clone(),
            expr: std::sync::Arc::new(Column::new(name, at)),
        })
        .collect();
    projected.extend(number.map(|(name, data_type)| Projected {
        name,
        data_type,
        expr: std::sync::Arc::new(Literal::new(ScalarValue::Int64(Some(1))))
            as std::sync::Arc<dyn PhysicalExpr>,
    }));
    let input = Box::new(Relation::Stateful(Box::new(Stateful { inputs, operator, columns })));
    Relation::Project { input, columns: projected }
}

/// The window's columns, if both are among the keys.
fn window_of(scope: &Scope, keys: &[usize]) -> Option<WindowPlaces> {
    let part = |wanted: WindowPart| {
        let is_it = |at: &&usize| scope.columns[**at].window.is_some_and(|window| window.part == wanted);
        keys.iter().find(is_it).copied()
    };
    let (start, end) = (part(WindowPart::Start)?, part(WindowPart::End)?);
    let zone = scope.columns[end].window.and_then(|window| window.zone);
    Some(WindowPlaces { start, end, zone })
}

/// Rows of which an operator makes more columns: the first `width` stay as they are called.
fn with_results(
    rows: Rows,
    width: usize,
    keys: Vec<usize>,
    operator: StatefulOperator,
    results: Vec<DataType>,
) -> Rows {
    let Rows { relation, mut scope } = rows;
    let mut columns = relation.columns();
    // Columns that only the operator looks at cannot be named.
    for column in scope.columns.iter_mut().skip(width) {
        column.name = format!("${}", column.name);
    }
    for data_type in results {
        let name = format!("$o{}", columns.len());
        columns.push((name.clone(), data_type.clone()));
        scope.columns.push(ScopeColumn::plain(name, data_type));
    }
    scope.width = Some(width);
    let inputs = vec![StatefulInput { relation, keys }];
    Rows { relation: Relation::Stateful(Box::new(Stateful { inputs, operator, columns })), scope }
}

/// A literal that counts rows.
fn count(value: &ScalarValue) -> Option<u64> {
    match value {
        ScalarValue::Int32(Some(rows)) => u64::try_from(*rows).ok(),
        ScalarValue::Int64(Some(rows)) => u64::try_from(*rows).ok(),
        _ => None,
    }
}

/// A column that rows are sorted by. Null is the least of all.
pub(super) fn sort_key(column: usize, by: &OrderByExpr) -> SortKey {
    let is_descending = is_descending(by);
    SortKey { column, is_descending, nulls_first: by.options.nulls_first.unwrap_or(!is_descending) }
}

pub(super) fn is_descending(order: &OrderByExpr) -> bool {
    matches!(order.options.sort, Some(OrderBySort::Desc))
}

/// Whether Flink takes a default of this type for a value of that one without a CAST.
fn may_be_default(default: &DataType, value: &DataType) -> bool {
    let is_same = |is: fn(&DataType) -> bool| is(default) && is(value);
    default == value
        || matches!(default, DataType::Null)
        || is_same(is_text)
        || is_same(|data_type| matches!(data_type, DataType::Decimal(..)))
        || is_same(|data_type| matches!(data_type, DataType::Timestamp(_)))
        || is_same(|data_type| matches!(data_type, DataType::TimestampLtz(_)))
}
