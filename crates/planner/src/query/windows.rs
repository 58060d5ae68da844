//! Calls of window functions as they are written: in FROM, and the older ones in GROUP BY.

use datafusion_common::ScalarValue;
use datafusion_physical_expr::expressions::Column;
use narthex_sql::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Query, Spanned, TableAlias,
    TableFactor,
};
use narthex_sql::{DataType, Mistake, Name, Span, nearest};

use super::{QueryBinder, Rows};
use crate::bind::Binder;
use crate::environment::Environment;
use crate::scope::Scope;
use crate::windows::WindowKind;

/// A call of a window function in FROM.
#[derive(Debug)]
pub(super) struct WindowCall<'a> {
    kind: WindowKind,
    input: Input<'a>,
    /// `DESCRIPTOR(column)`
    time: Ident,
    offset_ms: i64,
    /// `SESSION(TABLE t PARTITION BY a, …)`
    partition_by: Vec<&'a Expr>,
}

/// What a window function reads.
#[derive(Debug)]
enum Input<'a> {
    Table(Name),
    Query(&'a Query),
}

/// `TUMBLE(rt, …)` in GROUP BY.
#[derive(Debug)]
pub(super) struct GroupWindow<'a> {
    pub(super) kind: WindowKind,
    pub(super) time: &'a Expr,
    pub(super) span: Span,
}

/// What `TUMBLE_START` and its like ask of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Auxiliary {
    Start,
    End,
    Rowtime,
    Proctime,
}

/// A window function: its name, and those of its arguments behind table and time column.
struct Signature {
    name: &'static str,
    sizes: &'static [&'static str],
    has_offset: bool,
    usage: &'static str,
}

const FUNCTIONS: [Signature; 4] = [
    Signature {
        name: "TUMBLE",
        sizes: &["SIZE"],
        has_offset: true,
        usage: "TUMBLE(TABLE t, DESCRIPTOR(rt), size[, offset])",
    },
    Signature {
        name: "HOP",
        sizes: &["SLIDE", "SIZE"],
        has_offset: true,
        usage: "HOP(TABLE t, DESCRIPTOR(rt), slide, size[, offset])",
    },
    Signature {
        name: "CUMULATE",
        sizes: &["STEP", "SIZE"],
        has_offset: true,
        usage: "CUMULATE(TABLE t, DESCRIPTOR(rt), step, size[, offset])",
    },
    Signature {
        name: "SESSION",
        sizes: &["GAP"],
        has_offset: false,
        usage: "SESSION(TABLE t [PARTITION BY k], DESCRIPTOR(rt), gap)",
    },
];

/// Of one argument: its name, if it has one, and what it is.
type Argument<'a> = (Option<&'a Ident>, &'a Expr);

impl QueryBinder<'_> {
    /// The rows of a window function, if a factor of FROM calls one. The inner is none where it has a mistake.
    #[expect(clippy::option_option, reason = "no window function, and one with a mistake")]
    pub(super) fn window_function(&self, factor: &TableFactor) -> Option<Option<Rows>> {
        let (function, arguments, alias, span) = called(factor)?;
        let call = self.told_all(WindowCall::read(function, &arguments, span, self.environment));
        let rows = call.and_then(|call| self.windowed(&call));
        Some(match alias {
            Some(alias) => rows.and_then(|rows| self.aliased(rows, alias)),
            None => rows,
        })
    }

    fn windowed(&self, call: &WindowCall<'_>) -> Option<Rows> {
        let rows = match &call.input {
            Input::Table(name) => self.named_rows(name)?,
            Input::Query(query) => self.query(query)?,
        };
        self.not_replaced(&rows.scope)?;
        let time = self.expr(&rows.scope, &Expr::Identifier(call.time.clone()))?;
        let (rows, at) = self.timed(rows, &time, call.time.span)?;
        let mut keys = Vec::new();
        for key in &call.partition_by {
            let bound = self.expr(&rows.scope, key)?;
            let Some(column) = bound.expr.downcast_ref::<Column>() else {
                self.refuse(key.span(), "PARTITION BY takes columns here", "compute it in a sub-query");
                return None;
            };
            keys.push(column.index());
        }
        Some(self.in_windows(rows, call.kind, call.offset_ms, at, keys))
    }

    pub(super) fn told_all<T>(&self, result: Result<T, Vec<Mistake>>) -> Option<T> {
        result.map_err(|mistakes| self.mistakes.borrow_mut().extend(mistakes)).ok()
    }
}

/// The window function that a factor calls, its arguments and its alias.
fn called(
    factor: &TableFactor,
) -> Option<(&'static Signature, Vec<&FunctionArg>, Option<&TableAlias>, Span)> {
    let (name, arguments, alias): (String, Vec<&FunctionArg>, _) = match factor {
        TableFactor::TableFunction { expr: Expr::Function(call), alias } => {
            let FunctionArguments::List(list) = &call.args else { return None };
            (call.name.to_string(), list.args.iter().collect(), alias)
        }
        TableFactor::Table { name, args: Some(arguments), alias, .. } => {
            (name.to_string(), arguments.args.iter().collect(), alias)
        }
        TableFactor::Function { name, args, alias, .. } => (name.to_string(), args.iter().collect(), alias),
        _ => return None,
    };
    let function = FUNCTIONS.iter().find(|function| function.name.eq_ignore_ascii_case(&name))?;
    Some((function, arguments, alias.as_ref(), factor.span()))
}

impl<'a> WindowCall<'a> {
    fn read(
        function: &'static Signature,
        arguments: &[&'a FunctionArg],
        span: Span,
        environment: &Environment,
    ) -> Result<Self, Vec<Mistake>> {
        let found = in_order(function, arguments, span)?;
        let mut mistakes = Vec::new();
        let input = table(function, found[0].1, span);
        let time = descriptor(function, found[1].1);
        let mut interval = |at: usize| {
            let (_, expr) = found.get(at)?;
            interval(function, expr, environment).map_err(|mistake| mistakes.push(mistake)).ok()
        };
        let sizes: Vec<Option<i64>> = (0..function.sizes.len()).map(|at| interval(2 + at)).collect();
        let offset = 2 + function.sizes.len();
        let offset_ms = if found.len() > offset { interval(offset) } else { Some(0) };
        let kind = sizes.iter().copied().collect::<Option<Vec<i64>>>().map(|sizes| kind(function, &sizes));
        let (input, partition_by) = match input {
            Ok(input) => input,
            Err(mistake) => {
                mistakes.push(mistake);
                return Err(mistakes);
            }
        };
        let time = time.map_err(|mistake| mistakes.push(mistake)).ok();
        if !partition_by.is_empty() && function.name != "SESSION" {
            let message = format!("{} takes no PARTITION BY", function.name);
            let place = partition_by.first().map_or(span, |key| key.span());
            mistakes.push(
                Mistake::new(place, message).advise("its windows are the same for all keys: GROUP BY k"),
            );
        }
        let (Some(kind), Some(offset_ms), Some(time)) = (kind, offset_ms, time) else { return Err(mistakes) };
        if let Err((at, message, advice)) = check(function, kind, offset_ms) {
            let place = found.get(2 + at).map_or(span, |(_, expr)| expr.span());
            mistakes.push(Mistake::new(place, message).advise(advice));
        }
        if mistakes.is_empty() {
            Ok(Self { kind, input, time, offset_ms, partition_by })
        } else {
            Err(mistakes)
        }
    }
}

/// The arguments in their order, whether they have names or not.
fn in_order<'a>(
    function: &'static Signature,
    arguments: &[&'a FunctionArg],
    span: Span,
) -> Result<Vec<Argument<'a>>, Vec<Mistake>> {
    let usage = || format!("write {}", function.usage);
    let mut read: Vec<Argument<'a>> = Vec::new();
    for argument in arguments {
        read.push(match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => (None, expr),
            FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), .. } => (Some(name), expr),
            FunctionArg::ExprNamed {
                name: Expr::Identifier(name), arg: FunctionArgExpr::Expr(expr), ..
            } => (Some(name), expr),
            other => {
                let message = format!("{} does not take {other}", function.name);
                return Err(vec![Mistake::new(span, message).advise(usage())]);
            }
        });
    }
    let mut names = vec!["DATA", "TIMECOL"];
    names.extend(function.sizes);
    let least = names.len();
    if function.has_offset {
        names.push("OFFSET");
    }
    let count = |read: usize| {
        let wanted =
            if function.has_offset { format!("{least} or {}", least + 1) } else { least.to_string() };
        let message = format!("{} takes {wanted} arguments; here are {read}", function.name);
        vec![Mistake::new(span, message).advise(usage())]
    };
    if read.iter().all(|(name, _)| name.is_none()) {
        return if read.len() < least || read.len() > names.len() {
            Err(count(read.len()))
        } else {
            Ok(read)
        };
    }
    let mut places: Vec<Option<Argument<'a>>> = vec![None; names.len()];
    let mut mistakes = Vec::new();
    for (name, expr) in read {
        let Some(name) = name else {
            let message = format!("some arguments of {} have names, and this one has none", function.name);
            mistakes.push(Mistake::new(expr.span(), message).advise("name all of them, or none"));
            continue;
        };
        let wanted = name.value.to_uppercase();
        match names.iter().position(|known| *known == wanted) {
            None => {
                let near = nearest(&wanted, names.iter().copied());
                let near = near.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
                let message = format!("{} has no argument {}{near}", function.name, name.value);
                let all = names.join(", ");
                mistakes.push(Mistake::new(name.span, message).advise(format!("there are: {all}")));
            }
            Some(at) if places[at].is_some() => {
                mistakes.push(Mistake::new(name.span, format!("the argument {wanted} is there twice")));
            }
            Some(at) => places[at] = Some((Some(name), expr)),
        }
    }
    for (name, place) in names.iter().zip(&places).take(least) {
        if place.is_none() && mistakes.is_empty() {
            let message = format!("{} lacks the argument {name}", function.name);
            mistakes.push(Mistake::new(span, message).advise(usage()));
        }
    }
    if mistakes.is_empty() { Ok(places.into_iter().flatten().collect()) } else { Err(mistakes) }
}

/// `TABLE t [PARTITION BY …]`, or a query.
fn table<'a>(
    function: &Signature,
    expr: &'a Expr,
    span: Span,
) -> Result<(Input<'a>, Vec<&'a Expr>), Mistake> {
    let wrong = || {
        let place = if expr.span() == Span::empty() { span } else { expr.span() };
        let message = format!("{} reads from a table", function.name);
        Mistake::new(place, message).advise(format!("write TABLE and its name: {}", function.usage))
    };
    match expr {
        Expr::Subquery(query) => Ok((Input::Query(query), Vec::new())),
        Expr::Nested(inside) => table(function, inside, span),
        Expr::Function(call) if call.name.to_string().eq_ignore_ascii_case("TABLE") => {
            let FunctionArguments::List(list) = &call.args else { return Err(wrong()) };
            let (mut input, mut keys) = (None, Vec::new());
            for argument in &list.args {
                match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::CompoundIdentifier(parts))) => {
                        input = Some(Input::Table(Name(parts.clone())));
                    }
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Subquery(query))) => {
                        input = Some(Input::Query(query));
                    }
                    FunctionArg::Named { arg: FunctionArgExpr::Expr(Expr::Tuple(columns)), .. } => {
                        keys.extend(columns);
                    }
                    _ => return Err(wrong()),
                }
            }
            Ok((input.ok_or_else(wrong)?, keys))
        }
        _ => Err(wrong()),
    }
}

fn descriptor(function: &Signature, expr: &Expr) -> Result<Ident, Mistake> {
    let wrong =
        |message: String| Mistake::new(expr.span(), message).advise("name the time column: DESCRIPTOR(rt)");
    let Expr::Function(call) = expr else {
        return Err(wrong(format!("{} needs to know the time column", function.name)));
    };
    if !call.name.to_string().eq_ignore_ascii_case("DESCRIPTOR") {
        return Err(wrong(format!("{} needs to know the time column", function.name)));
    }
    match crate::bind::children::arguments(call).as_slice() {
        [Expr::Identifier(name)] => Ok(name.clone()),
        [_] => Err(wrong("DESCRIPTOR takes a column's name".to_owned())),
        others => Err(wrong(format!("DESCRIPTOR takes one column; here are {}", others.len()))),
    }
}

/// An interval in milliseconds.
fn interval(function: &Signature, expr: &Expr, environment: &Environment) -> Result<i64, Mistake> {
    let scope = Scope::default();
    let bound = Binder { scope: &scope, environment }.bind(expr)?;
    let wrong = |message: String, advice: &str| Mistake::new(expr.span(), message).advise(advice);
    match (bound.data_type.bare(), bound.constant()) {
        (DataType::IntervalMillis, Some(ScalarValue::DurationMillisecond(Some(ms)))) => Ok(ms),
        (DataType::IntervalMonths, _) => Err(wrong(
            format!("{} does not take months and years: they are not all equally long", function.name),
            "use days, such as INTERVAL '30' DAY",
        )),
        (other, _) => Err(wrong(
            format!("{} takes an interval; this is {other}", function.name),
            "write it as INTERVAL '5' SECOND, MINUTE, HOUR or DAY",
        )),
    }
}

fn kind(function: &Signature, sizes: &[i64]) -> WindowKind {
    match (function.name, sizes) {
        ("HOP", &[slide_ms, size_ms]) => WindowKind::Hop { slide_ms, size_ms },
        ("CUMULATE", &[step_ms, max_ms]) => WindowKind::Cumulate { step_ms, max_ms },
        ("SESSION", &[gap_ms]) => WindowKind::Session { gap_ms },
        (_, sizes) => WindowKind::Tumble { size_ms: sizes.first().copied().unwrap_or_default() },
    }
}

/// Which size is wrong, why, and what to do.
fn check(
    function: &Signature,
    kind: WindowKind,
    offset_ms: i64,
) -> Result<(), (usize, String, &'static str)> {
    let (sizes, parts): (Vec<i64>, Option<&str>) = match kind {
        WindowKind::Tumble { size_ms } => (vec![size_ms], None),
        WindowKind::Hop { slide_ms, size_ms } => (vec![slide_ms, size_ms], Some("slide")),
        WindowKind::Cumulate { step_ms, max_ms } => (vec![step_ms, max_ms], Some("step")),
        WindowKind::Session { gap_ms } => (vec![gap_ms], None),
    };
    if let Some(at) = sizes.iter().position(|&size| size <= 0) {
        let what = function.sizes[at].to_lowercase();
        return Err((
            at,
            format!("the {what} of {} must be more than nothing", function.name),
            "make it longer",
        ));
    }
    let size = sizes.last().copied().unwrap_or(1);
    if let (Some(part), [every, size]) = (parts, sizes.as_slice())
        && size % every != 0
    {
        let name = function.name;
        return Err((
            1,
            format!("the size of {name} must be a multiple of its {part}"),
            "choose one of both anew",
        ));
    }
    if offset_ms.saturating_abs() >= size {
        let message = format!("the offset of {} must be less than its size", function.name);
        return Err((sizes.len(), message, "borders repeat with each size: take the rest"));
    }
    Ok(())
}

/// The window of GROUP BY that an expression calls, or by one of its auxiliary functions, whose suffix is given.
fn old_style<'a>(
    expr: &'a Expr,
    suffix: &str,
    environment: &Environment,
) -> Option<Result<GroupWindow<'a>, Vec<Mistake>>> {
    let Expr::Function(call) = expr else { return None };
    let name = call.name.to_string().to_uppercase();
    let name = name.strip_suffix(suffix)?;
    let function = FUNCTIONS.iter().find(|function| function.name == name && name != "CUMULATE")?;
    Some(group_call(expr, call, function, environment))
}

fn group_call<'a>(
    expr: &'a Expr,
    call: &'a Function,
    function: &'static Signature,
    environment: &Environment,
) -> Result<GroupWindow<'a>, Vec<Mistake>> {
    let span = expr.span();
    let arguments = crate::bind::children::arguments(call);
    let [time, sizes @ ..] = arguments.as_slice() else {
        return Err(vec![Mistake::new(span, format!("{} needs a time column", function.name))]);
    };
    if sizes.len() != function.sizes.len() {
        let names = function.sizes.join(", ").to_lowercase();
        let message = format!("{} in GROUP BY takes a time column and {names}", function.name);
        return Err(vec![
            Mistake::new(span, message).advise("an offset needs TABLE(TUMBLE(TABLE t, …)) in FROM"),
        ]);
    }
    let read: Vec<Result<i64, Mistake>> =
        sizes.iter().map(|size| interval(function, size, environment)).collect();
    let mistakes: Vec<Mistake> = read.iter().filter_map(|size| size.clone().err()).collect();
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let sizes: Vec<i64> = read.into_iter().filter_map(Result::ok).collect();
    if sizes.iter().any(|&size| size <= 0) {
        let message = format!("the sizes of {} must be more than nothing", function.name);
        return Err(vec![Mistake::new(span, message).advise("make them longer")]);
    }
    Ok(GroupWindow { kind: kind(function, &sizes), time, span })
}

/// `TUMBLE(rt, …)`, `HOP(rt, …)` or `SESSION(rt, …)` in GROUP BY.
pub(super) fn group_window<'a>(
    expr: &'a Expr,
    environment: &Environment,
) -> Option<Result<GroupWindow<'a>, Vec<Mistake>>> {
    old_style(expr, "", environment)
}

/// `TUMBLE_START(rt, …)` and its like.
pub(super) fn auxiliary<'a>(
    expr: &'a Expr,
    environment: &Environment,
) -> Option<Result<(Auxiliary, GroupWindow<'a>), Vec<Mistake>>> {
    let parts = [
        ("_START", Auxiliary::Start),
        ("_END", Auxiliary::End),
        ("_ROWTIME", Auxiliary::Rowtime),
        ("_PROCTIME", Auxiliary::Proctime),
    ];
    parts.into_iter().find_map(|(suffix, part)| {
        old_style(expr, suffix, environment).map(|window| window.map(|window| (part, window)))
    })
}
