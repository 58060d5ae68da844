//! Joins of tables: what must be equal, how near times must be, and what else must be true of a pair.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use datafusion_common::ScalarValue;
use datafusion_physical_expr::expressions::Column;
use narthex_sql::ast::{BinaryOperator, Expr, Ident, JoinConstraint, ObjectName};
use narthex_sql::{DataType, Span};

use super::aggregate::with_columns;
use super::conjuncts::Conjuncts;
use super::{QueryBinder, Rows};
use crate::bind::{Binder, conjunction, meeting_type};
use crate::bound::Bound;
use crate::cast;
use crate::common::{as_decimal, least_restrictive};
use crate::kernel::Kernel;
use crate::plan::{
    Join, JoinKey, JoinKind, JoinSides, PairCondition, Projected, Relation, Stateful, StatefulInput,
    StatefulOperator, WindowPlaces,
};
use crate::prune::{places, with_places};
use crate::scope::{Scope, ScopeColumn, TimeAttribute, WindowPart};

/// What to write instead of a join whose results change.
const STAYS: &str = "tables here take rows that stay: bound the times of both sides (b.rt BETWEEN a.rt AND a.rt + \
                     INTERVAL '10' SECOND), join rows of the same window (window_start and window_end equal), or \
                     join the version that was valid (FOR SYSTEM_TIME AS OF a.rt)";

/// A join as it is written.
pub(super) struct JoinCall<'a> {
    pub(super) constraint: &'a JoinConstraint,
    pub(super) sides: JoinSides,
    /// `FOR SYSTEM_TIME AS OF`
    pub(super) as_of: Option<&'a Expr>,
    pub(super) span: Span,
}

/// Both sides, and what their columns are called together.
pub(super) struct Pair {
    left: Rows,
    right: Rows,
    scope: Scope,
    /// The left side's columns; the others are the right one's.
    width: usize,
}

/// A value of each side that must be equal.
#[derive(Clone)]
pub(super) struct Equal {
    left: Bound,
    /// Over the columns of the right side alone.
    right: Bound,
    is_null_safe: bool,
}

/// How far the right time may be from the left one.
#[derive(Clone, Copy)]
struct Near {
    left: usize,
    right: usize,
    least_ms: Option<i64>,
    most_ms: Option<i64>,
}

/// What a condition is made of.
#[derive(Default)]
pub(super) struct Parts {
    equal: Vec<Equal>,
    near: Vec<(Near, Bound, Option<Equal>)>,
    left_only: Vec<Bound>,
    right_only: Vec<Bound>,
    others: Vec<Bound>,
    /// Columns of `USING` and `NATURAL`: left and right.
    merged: Vec<(usize, usize)>,
}

impl Parts {
    pub(super) fn add(&mut self, equal: Equal) {
        self.equal.push(equal);
    }
}

impl Pair {
    pub(super) fn new(left: Rows, right: Rows) -> Self {
        let width = left.scope.columns.len();
        let columns = left.scope.columns.iter().chain(&right.scope.columns).cloned().collect();
        Self { left, right, scope: Scope::of(columns), width }
    }

    /// Whether an expression has columns of the left side, and of the right one.
    fn sides(&self, bound: &Bound) -> (bool, bool) {
        let used = places(&bound.expr);
        (used.iter().any(|&at| at < self.width), used.iter().any(|&at| at >= self.width))
    }

    /// An expression of the right side over its own columns.
    fn of_right(&self, bound: Bound) -> Bound {
        let expr = with_places(&bound.expr, &|at| at - self.width.min(at));
        Bound { expr, ..bound }
    }
}

impl QueryBinder<'_> {
    /// The pairs of two tables.
    pub(super) fn tables_joined(
        &self,
        left: Rows,
        right: Rows,
        call: &JoinCall<'_>,
        wheres: &Conjuncts<'_>,
    ) -> Option<Rows> {
        self.not_replaced(&left.scope)?;
        if call.as_of.is_none() {
            self.not_replaced(&right.scope)?;
        }
        let pair = Pair::new(left, right);
        let parts = self.parts(&pair, call, wheres)?;
        self.joined_by(pair, parts, call)
    }

    /// Both sides, joined by what their condition is made of.
    pub(super) fn joined_by(&self, pair: Pair, parts: Parts, call: &JoinCall<'_>) -> Option<Rows> {
        let kind = match call.as_of {
            Some(time) => self.temporal(&pair, &parts, time, call)?,
            None => kind(&pair, &parts),
        };
        if kind == JoinKind::Regular && !matches!(call.sides, JoinSides::Inner | JoinSides::Semi) {
            let what = if call.sides == JoinSides::Anti { "NOT EXISTS" } else { "outer join" };
            let message = format!("the rows of this {what} change: one that had no match may get one later");
            self.refuse(call.span, message, STAYS);
            return None;
        }
        if matches!(kind, JoinKind::Interval { .. }) && call.sides == JoinSides::Anti {
            let advice =
                "LEFT JOIN with the same bounds of time, and WHERE … IS NULL on a column of the other side";
            self.refuse(
                call.span,
                "NOT EXISTS with bounds of time is not Flink SQL: its results would change",
                advice,
            );
            return None;
        }
        self.joined_as(pair, parts, kind, call)
    }

    /// `NOT IN` where nulls may be among the values: of the rows of one window, none may be equal, and none leave it
    /// open whether it is.
    pub(super) fn not_in(
        &self,
        pair: &Pair,
        parts: &mut Parts,
        values: Vec<(Bound, Bound)>,
        span: Span,
    ) -> Option<()> {
        if !matches!(kind(pair, parts), JoinKind::Window { .. }) {
            let advice = "NOT IN is never true where a null is among the values: write NOT EXISTS (SELECT … WHERE a = b)";
            self.refuse(
                span,
                "NOT IN with values that may be null needs both sides in the same windows",
                advice,
            );
            return None;
        }
        let binder = Binder { scope: &pair.scope, environment: self.environment };
        let equal = values.into_iter().map(|(value, found)| {
            let expr = with_places(&found.expr, &|at| at + pair.width);
            self.told(binder.equal(value, Bound { expr, ..found }, span))
        });
        let equal: Vec<Bound> = equal.collect::<Option<_>>()?;
        let both = equal.into_iter().try_fold(None, |both: Option<Bound>, equal| {
            Some(Some(match both {
                Some(both) => self.told(binder.both(both, equal, span))?,
                None => equal,
            }))
        });
        parts.others.push(is_not_false(both??, span));
        Some(())
    }

    /// Takes the condition apart, and what concerns the join out of WHERE.
    fn parts(&self, pair: &Pair, call: &JoinCall<'_>, wheres: &Conjuncts<'_>) -> Option<Parts> {
        let mut parts = Parts::default();
        match call.constraint {
            JoinConstraint::On(condition) => {
                let conjuncts = Conjuncts::of(Some(condition)).left();
                all_of(conjuncts.iter().map(|conjunct| self.part(conjunct, pair, call, &mut parts)))?;
            }
            JoinConstraint::Using(names) => {
                all_of(names.iter().filter_map(single).map(|name| self.using(name, pair, &mut parts)))?;
            }
            JoinConstraint::Natural => {
                let is_there = |name: &str| pair.right.scope.columns.iter().any(|other| other.name == name);
                let mut names: Vec<Ident> = Vec::new();
                for column in &pair.left.scope.columns {
                    if is_there(&column.name) && !column.is_merged {
                        names.push(Ident::with_span(call.span, &column.name));
                    }
                }
                all_of(names.iter().map(|name| self.using(name, pair, &mut parts)))?;
            }
            JoinConstraint::None => {}
        }
        let binder = Binder { scope: &pair.scope, environment: self.environment };
        wheres.take(|conjunct| {
            // What has a mistake is told where WHERE is bound as a whole.
            let Ok(bound) = binder.bind(conjunct) else { return false };
            if !matches!(bound.data_type.bare(), DataType::Boolean) {
                return false;
            }
            let [keeps_left, keeps_right] = call.sides.keeps();
            let is_taken = match pair.sides(&bound) {
                (true, false) => !keeps_right,
                (false, true) => !keeps_left && !keeps_right && call.as_of.is_none(),
                (true, true) => !keeps_left && !keeps_right,
                (false, false) => false,
            };
            if is_taken && pair.sides(&bound) == (true, false) {
                parts.left_only.push(bound);
                return true;
            }
            is_taken && self.part(conjunct, pair, call, &mut parts).is_some()
        });
        Some(parts)
    }

    /// One condition of ON.
    pub(super) fn part(
        &self,
        conjunct: &Expr,
        pair: &Pair,
        call: &JoinCall<'_>,
        parts: &mut Parts,
    ) -> Option<()> {
        let bound = self.condition(&pair.scope, conjunct)?;
        let [keeps_left, keeps_right] = call.sides.keeps();
        match pair.sides(&bound) {
            (true, true) => {
                let equal = self.equal(conjunct, pair);
                match (self.near(conjunct, pair), equal) {
                    (Some(near), equal) => parts.near.push((near, bound, equal)),
                    (None, Some(equal)) => parts.equal.push(equal),
                    (None, None) => parts.others.push(bound),
                }
            }
            (true, false) if !keeps_left => parts.left_only.push(bound),
            (false, true) if !keeps_right && call.as_of.is_none() => {
                parts.right_only.push(pair.of_right(bound));
            }
            _ => parts.others.push(bound),
        }
        Some(())
    }

    /// A column of both sides.
    fn using(&self, name: &Ident, pair: &Pair, parts: &mut Parts) -> Option<()> {
        let left = self.told(pair.left.scope.column(name));
        let right = self.told(pair.right.scope.column(name));
        let (left, right) = (left?, right?);
        let place = |bound: &Bound| Some(bound.expr.downcast_ref::<Column>()?.index());
        let Some(equal) = self.equal_values(left.clone(), right.clone(), false) else {
            let (left, right) = (left.data_type.bare(), right.data_type.bare());
            let message = format!("{} is {left} on the left and {right} on the right", name.value);
            self.refuse(name.span, message, "write ON, and CAST one of them");
            return None;
        };
        if let (Some(left), Some(right)) = (place(&left), place(&right)) {
            parts.merged.push((left, right));
        }
        parts.equal.push(equal);
        Some(())
    }

    /// `left = right`, if it is that.
    fn equal(&self, conjunct: &Expr, pair: &Pair) -> Option<Equal> {
        let (a, b, is_null_safe) = match conjunct {
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => (left, right, false),
            Expr::IsNotDistinctFrom(left, right) => (left, right, true),
            _ => return None,
        };
        let binder = Binder { scope: &pair.scope, environment: self.environment };
        let (a, b) = (binder.bind(a).ok()?, binder.bind(b).ok()?);
        match (pair.sides(&a), pair.sides(&b)) {
            ((true, false), (false, true)) => self.equal_values(a, pair.of_right(b), is_null_safe),
            ((false, true), (true, false)) => self.equal_values(b, pair.of_right(a), is_null_safe),
            _ => None,
        }
    }

    /// Both values in the type in which they are compared.
    pub(super) fn equal_values(&self, left: Bound, right: Bound, is_null_safe: bool) -> Option<Equal> {
        let types = [left.data_type.bare().clone(), right.data_type.bare().clone()];
        let meeting = if types[0] == types[1] {
            types[0].clone()
        } else if types.iter().all(|data_type| as_decimal(data_type).is_some()) {
            least_restrictive(&types)?.bare().clone()
        } else {
            meeting_type(&types[0], &types[1])?
        };
        if !can_be_key(&meeting) {
            return None;
        }
        let to = |value: Bound| {
            let (span, is_nullable) = (value.span, value.is_nullable());
            if *value.data_type.bare() == meeting {
                return Some(value);
            }
            let to = meeting.with_nullable(is_nullable);
            cast::cast(value, &to, self.environment.zone, span).ok().map(Bound::folded)
        };
        Some(Equal { left: to(left)?, right: to(right)?, is_null_safe })
    }

    /// How near times of both sides must be, if the condition says it.
    fn near(&self, conjunct: &Expr, pair: &Pair) -> Option<Near> {
        match conjunct {
            Expr::Between { expr, negated: false, low, high } => {
                let from = self.nearer(expr, &BinaryOperator::GtEq, low, pair)?;
                let to = self.nearer(expr, &BinaryOperator::LtEq, high, pair)?;
                from.and(to)
            }
            Expr::BinaryOp { left, op, right } => self.nearer(left, op, right, pair),
            _ => None,
        }
    }

    fn nearer(&self, a: &Expr, op: &BinaryOperator, b: &Expr, pair: &Pair) -> Option<Near> {
        use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq};
        let ((a, a_ms), (b, b_ms)) = (self.time_and_offset(a, pair)?, self.time_and_offset(b, pair)?);
        let is_left = |at: usize| at < pair.width;
        let (left, right, apart, op) = match (is_left(a), is_left(b)) {
            // left + a_ms op right + b_ms: the difference of right and left against a_ms - b_ms.
            (true, false) => (a, b, a_ms.checked_sub(b_ms)?, op.clone()),
            (false, true) => {
                let turned = match op {
                    Lt => Gt,
                    LtEq => GtEq,
                    Gt => Lt,
                    GtEq => LtEq,
                    other => other.clone(),
                };
                (b, a, b_ms.checked_sub(a_ms)?, turned)
            }
            _ => return None,
        };
        let (least_ms, most_ms) = match op {
            Lt => (Some(apart.checked_add(1)?), None),
            LtEq => (Some(apart), None),
            Gt => (None, Some(apart.checked_sub(1)?)),
            GtEq => (None, Some(apart)),
            Eq => (Some(apart), Some(apart)),
            _ => return None,
        };
        Some(Near { left, right: right - pair.width, least_ms, most_ms })
    }

    /// A time column of one side, and what is added to it.
    fn time_and_offset(&self, expr: &Expr, pair: &Pair) -> Option<(usize, i64)> {
        let binder = Binder { scope: &pair.scope, environment: self.environment };
        let interval = |expr: &Expr| match binder.bind(expr).ok()?.constant()? {
            ScalarValue::DurationMillisecond(ms) => ms,
            _ => None,
        };
        match expr {
            Expr::Nested(inside) => self.time_and_offset(inside, pair),
            Expr::BinaryOp { left, op: BinaryOperator::Plus, right } => {
                let ((at, before), ms) = match interval(right) {
                    Some(ms) => (self.time_and_offset(left, pair)?, ms),
                    None => (self.time_and_offset(right, pair)?, interval(left)?),
                };
                Some((at, before.checked_add(ms)?))
            }
            Expr::BinaryOp { left, op: BinaryOperator::Minus, right } => {
                let (at, before) = self.time_and_offset(left, pair)?;
                Some((at, before.checked_sub(interval(right)?)?))
            }
            other => {
                let at = binder.bind(other).ok()?.expr.downcast_ref::<Column>()?.index();
                (pair.scope.columns.get(at)?.time == Some(TimeAttribute::Rowtime)).then_some((at, 0))
            }
        }
    }

    /// The version that was valid at a time.
    fn temporal(&self, pair: &Pair, parts: &Parts, time: &Expr, call: &JoinCall<'_>) -> Option<JoinKind> {
        if !matches!(call.sides, JoinSides::Inner | JoinSides::Left) {
            let advice = "each row of the left side looks for its version: JOIN or LEFT JOIN";
            self.refuse(call.span, "FOR SYSTEM_TIME AS OF is for JOIN and LEFT JOIN", advice);
            return None;
        }
        let bound = self.expr(&pair.left.scope, time)?;
        let at = bound.expr.downcast_ref::<Column>().map(Column::index);
        let column = at.and_then(|at| pair.left.scope.columns.get(at));
        let left = match (at, column.map(|column| column.time)) {
            (Some(at), Some(Some(TimeAttribute::Rowtime))) => at,
            (_, Some(Some(TimeAttribute::Proctime))) => {
                let advice = "use the time of the events: a column with a WATERMARK";
                self.refuse(bound.span, "FOR SYSTEM_TIME AS OF a processing time is not supported", advice);
                return None;
            }
            _ => {
                let message = "FOR SYSTEM_TIME AS OF takes the left side's time column";
                self.refuse(bound.span, message, "name the column of its table's WATERMARK, as it is");
                return None;
            }
        };
        let versions = pair.right.scope.versions.as_ref().filter(|versions| !versions.is_open);
        // The last row of a key is that of the latest time so far: one that comes behind it is never the last.
        let skips_older = versions.is_some_and(|versions| versions.replaced.is_some());
        let Some((keys, right)) = versions.and_then(|versions| versions.places.as_ref()) else {
            let message = "this table has no versions: it needs a key and a time";
            let advice = "give it a WATERMARK and a PRIMARY KEY (…) NOT ENFORCED, or join a view of its last rows: \
                          SELECT … FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY rt DESC) AS n FROM t) \
                          WHERE n = 1, with k and rt among its columns";
            self.refuse(call.span, message, advice);
            return None;
        };
        let joined: BTreeSet<usize> = parts
            .equal
            .iter()
            .filter_map(|equal| Some(equal.right.expr.downcast_ref::<Column>()?.index()))
            .collect();
        if let Some(&missing) = keys.iter().find(|key| !joined.contains(key)) {
            let name = &pair.right.scope.columns[missing].name;
            let message = format!("{name} is of the versions' key, and ON does not compare it");
            self.refuse(
                call.span,
                message,
                format!("write AND … = {name}: each key has versions of its own"),
            );
            return None;
        }
        Some(JoinKind::Temporal { left, right: *right, skips_older })
    }

    fn joined_as(&self, pair: Pair, parts: Parts, kind: JoinKind, call: &JoinCall<'_>) -> Option<Rows> {
        let Parts { mut equal, near, left_only, right_only, mut others, merged } = parts;
        for (bounds, bound, values) in near {
            let is_used = matches!(kind, JoinKind::Interval { left, right, .. }
                if (left, right) == (bounds.left, bounds.right));
            match values {
                _ if is_used => {}
                Some(values) => equal.push(values),
                None => others.push(bound),
            }
        }
        if let JoinKind::Window { .. } = kind {
            equal.retain(|equal| !is_border(&pair, equal));
        }
        let Pair { left, right, scope, width } = pair;
        let (left, left_keys) = with_keys(left, left_only, equal.iter().map(|equal| equal.left.clone()));
        let (right, right_keys) = with_keys(right, right_only, equal.iter().map(|equal| equal.right.clone()));
        let wide = left.scope.columns.len();
        let is_null_safe = |equal: &Equal| equal.is_null_safe || matches!(kind, JoinKind::Temporal { .. });
        let keys = left_keys.iter().zip(&right_keys).zip(&equal).map(|((&left, &right), equal)| JoinKey {
            left,
            right,
            is_null_safe: is_null_safe(equal),
        });
        let keys: Vec<JoinKey> = keys.collect();
        let others = conjunction(others.into_iter().map(|bound| bound.expr));
        let is_inner = call.sides == JoinSides::Inner;
        let condition = others.clone().filter(|_| !is_inner).map(|predicate| {
            let used: Vec<usize> = places(&predicate).into_iter().collect();
            let columns = used.iter().map(|&at| if at < width { (0, at) } else { (1, at - width) }).collect();
            let predicate = with_places(&predicate, &|at| used.partition_point(|&other| other < at));
            PairCondition { predicate, columns }
        });
        let [keeps_left, keeps_right] = call.sides.keeps();
        let mut columns = nullable(left.relation.columns(), keeps_right);
        columns.extend(nullable(right.relation.columns(), keeps_left || call.sides == JoinSides::Semi));
        let joined = columns.clone();
        let join = Join { kind: kind.clone(), keys, condition, sides: call.sides };
        let inputs = vec![
            StatefulInput { relation: left.relation, keys: left_keys },
            StatefulInput { relation: right.relation, keys: right_keys },
        ];
        let operator = StatefulOperator::Join(join);
        let mut relation = Relation::Stateful(Box::new(Stateful { inputs, operator, columns }));
        let place = |at: usize| if at < width { at } else { at - width + wide };
        if let Some(predicate) = others.filter(|_| is_inner) {
            let predicate = with_places(&predicate, &place);
            relation = Relation::Filter { input: Box::new(relation), predicate };
        }
        let whole: Vec<(ScopeColumn, Bound)> = (0..scope.columns.len())
            .map(|at| {
                let column = out_of(&scope.columns[at], at < width, &kind, call);
                let (name, data_type) = joined[place(at)].clone();
                let bound = Bound::column(&name, place(at), data_type.clone(), call.span);
                (ScopeColumn { data_type, ..column }, bound)
            })
            .collect();
        self.named(relation, whole, &merged, width, call)
    }

    /// The joined columns under their names; those of `USING` first, once.
    fn named(
        &self,
        relation: Relation,
        mut whole: Vec<(ScopeColumn, Bound)>,
        merged: &[(usize, usize)],
        width: usize,
        call: &JoinCall<'_>,
    ) -> Option<Rows> {
        let mut first = Vec::new();
        for &(left, right) in merged {
            let right = width + right;
            let (column, bound) = match call.sides.keeps() {
                [_, false] => whole[left].clone(),
                [false, true] => whole[right].clone(),
                [true, true] => {
                    let scope = Scope::default();
                    let binder = Binder { scope: &scope, environment: self.environment };
                    let values = vec![whole[left].1.clone(), whole[right].1.clone()];
                    let bound = self.told(binder.coalesce("COALESCE", values, call.span))?;
                    (ScopeColumn::plain(&whole[left].0.name, bound.data_type.clone()), bound)
                }
            };
            first.push((ScopeColumn { table: None, ..column }, bound));
        }
        for &(left, right) in merged {
            whole[left].0.is_merged = true;
            whole[width + right].0.is_merged = true;
        }
        first.extend(whole);
        let (mut columns, mut scope) = (Vec::new(), Vec::new());
        for (column, bound) in first {
            columns.push(Projected {
                name: column.name.clone(),
                data_type: column.data_type.clone(),
                expr: bound.expr,
            });
            scope.push(column);
        }
        let relation = Relation::Project { input: Box::new(relation), columns };
        Some(Rows { relation, scope: Scope::of(scope) })
    }
}

impl Near {
    /// Both.
    fn and(self, other: Self) -> Option<Self> {
        let is_same = (self.left, self.right) == (other.left, other.right);
        is_same.then(|| Self {
            least_ms: self.least_ms.max(other.least_ms),
            most_ms: match (self.most_ms, other.most_ms) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            ..self
        })
    }
}

/// Whether a condition is true, or unknown.
fn is_not_false(condition: Bound, span: Span) -> Bound {
    let never_null = DataType::NotNull(Box::new(DataType::Boolean));
    Kernel::call("IS NOT FALSE", vec![condition], never_null, span, |arguments, _| {
        let known = arguments[0].as_boolean().iter().map(|value| Some(value.unwrap_or(true)));
        Ok(Arc::new(known.collect::<BooleanArray>()))
    })
}

/// What kind of a join it is by what must be equal and near.
fn kind(pair: &Pair, parts: &Parts) -> JoinKind {
    let border = |part: WindowPart| {
        parts.equal.iter().find_map(|equal| {
            let (left, right) = columns(equal)?;
            let is_it =
                |scope: &Scope, at: usize| scope.columns[at].window.is_some_and(|window| window.part == part);
            (is_it(&pair.left.scope, left) && is_it(&pair.right.scope, right)).then_some((left, right))
        })
    };
    if let (Some(start), Some(end)) = (border(WindowPart::Start), border(WindowPart::End)) {
        let places = |scope: &Scope, start: usize, end: usize| WindowPlaces {
            start,
            end,
            zone: scope.columns[end].window.and_then(|window| window.zone),
        };
        let left = places(&pair.left.scope, start.0, end.0);
        return JoinKind::Window { left, right: places(&pair.right.scope, start.1, end.1) };
    }
    for (first, ..) in &parts.near {
        let same = parts.near.iter().filter_map(|(near, ..)| first.and(*near));
        let all = same.fold(*first, |all, near| all.and(near).unwrap_or(all));
        if let Near { left, right, least_ms: Some(least_ms), most_ms: Some(most_ms) } = all {
            return JoinKind::Interval { left, right, least_ms, most_ms };
        }
    }
    JoinKind::Regular
}

/// The columns that are compared, if they are columns as they are.
fn columns(equal: &Equal) -> Option<(usize, usize)> {
    let at = |bound: &Bound| Some(bound.expr.downcast_ref::<Column>()?.index());
    Some((at(&equal.left)?, at(&equal.right)?))
}

/// Whether it compares the starts or the ends of windows.
fn is_border(pair: &Pair, equal: &Equal) -> bool {
    let part = |scope: &Scope, at: usize| scope.columns[at].window.map(|window| window.part);
    columns(equal).is_some_and(|(left, right)| {
        let left = part(&pair.left.scope, left);
        left == part(&pair.right.scope, right) && matches!(left, Some(WindowPart::Start | WindowPart::End))
    })
}

/// What a column of one side tells of time behind a join.
fn out_of(column: &ScopeColumn, is_left: bool, kind: &JoinKind, call: &JoinCall<'_>) -> ScopeColumn {
    let may_be_null = call.sides.keeps()[usize::from(is_left)];
    let is_window_time = column.window.is_some_and(|window| window.part == WindowPart::Time);
    let (time, window) = match kind {
        _ if may_be_null => (None, None),
        // Flink joins EXISTS without regard to time.
        JoinKind::Interval { .. } if call.sides == JoinSides::Semi => (None, None),
        JoinKind::Interval { .. } => (column.time, None),
        JoinKind::Window { .. } => (column.time.filter(|_| is_window_time), column.window),
        JoinKind::Temporal { .. } if is_left => (column.time, column.window),
        JoinKind::Temporal { .. } | JoinKind::Regular => (None, None),
    };
    ScopeColumn { time, window, ..column.clone() }
}

/// Rows that meet conditions, with the values of keys as columns, and where these are.
fn with_keys(rows: Rows, only: Vec<Bound>, keys: impl Iterator<Item = Bound>) -> (Rows, Vec<usize>) {
    with_columns(rows.filtered(only), keys.collect())
}

fn nullable(columns: Vec<(String, DataType)>, may_be_null: bool) -> Vec<(String, DataType)> {
    let all = columns.into_iter();
    all.map(|(name, data_type)| match may_be_null {
        true => (name, data_type.with_nullable(true)),
        false => (name, data_type),
    })
    .collect()
}

/// Whether values of this type are equal where their bytes are.
fn can_be_key(data_type: &DataType) -> bool {
    match data_type.bare() {
        DataType::Map(..) | DataType::Multiset(_) | DataType::Null => false,
        DataType::Array(element) => can_be_key(element),
        DataType::Row(fields) => fields.iter().all(|field| can_be_key(&field.data_type)),
        _ => true,
    }
}

/// Goes through all, so that the mistakes of each are told, whatever the others have.
pub(super) fn all_of(parts: impl Iterator<Item = Option<()>>) -> Option<()> {
    parts.fold(Some(()), Option::and)
}

fn single(name: &ObjectName) -> Option<&Ident> {
    name.0.last()?.as_ident()
}
