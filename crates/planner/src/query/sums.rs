//! Aggregates that are made of sums and counts, as in Flink's plans, so that their digits are the same: `STDDEV_*` and
//! `VAR_*` of what is no whole number, and with OVER `AVG` too; there sums of whole numbers wrap around before they are
//! divided.

use narthex_sql::ast::Function;
use narthex_sql::{DataType, Mistake, Span};

use super::QueryBinder;
use super::calls::is_distinct;
use crate::aggregates::{self, AggregateCall, AggregateFunction as F};
use crate::bind::{Binder, Spread};
use crate::bound::Bound;
use crate::common::is_integer;
use crate::environment::Environment;
use crate::plan::OverCall;
use crate::scope::Scope;

/// What an operator computes, each call once, and the types.
pub(super) struct Calls<C>(pub(super) Vec<(C, DataType)>);

/// What a call as it is written is made of: places of calls of the operator.
pub(super) enum Outcome {
    Call(usize),
    Average { sum: usize, count: usize, to: DataType },
    Spread { which: Spread, sums: [usize; 3], to: DataType },
}

impl<C> Default for Calls<C> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<C: PartialEq> Calls<C> {
    /// A result that is a call's own.
    pub(super) fn result(&mut self, call: C, data_type: DataType) -> Outcome {
        Outcome::Call(self.place(call, data_type))
    }

    fn place(&mut self, call: C, data_type: DataType) -> usize {
        let known = self.0.iter().position(|(known, _)| *known == call);
        known.unwrap_or_else(|| {
            self.0.push((call, data_type));
            self.0.len() - 1
        })
    }
}

impl Outcome {
    /// Over the operator's columns, of which the first call's is at `first`.
    pub(super) fn bound(
        self,
        environment: &Environment,
        scope: &Scope,
        first: usize,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let binder = Binder { scope, environment };
        let column = |call: usize| {
            let column = &scope.columns[first + call];
            Bound::column(&column.name, first + call, column.data_type.clone(), span)
        };
        match self {
            Self::Call(call) => Ok(column(call)),
            Self::Average { sum, count, to } => binder.average(column(sum), column(count), &to, span),
            Self::Spread { which, sums, to } => binder.spread(which, sums.map(column), &to, span),
        }
    }
}

/// A call of an aggregate, and what its values and parts are put beside.
pub(super) struct Written<'a> {
    pub(super) function: &'a Function,
    pub(super) span: Span,
    pub(super) scope: &'a Scope,
    pub(super) columns: &'a mut Vec<(String, Bound)>,
}

impl QueryBinder<'_> {
    /// An aggregate with OVER; its values become columns.
    pub(super) fn aggregate_over(&self, call: Written<'_>, calls: &mut Calls<OverCall>) -> Option<Outcome> {
        let name = call.function.name.to_string().to_uppercase();
        if call.function.filter.is_some() {
            let advice = format!("write {name}(CASE WHEN … THEN value END) OVER (…): null does not count");
            self.refuse(call.span, "a call with OVER takes no FILTER", advice);
            return None;
        }
        let is_sum = matches!(name.as_str(), "SUM" | "AVG");
        self.aggregate_of_parts(call, calls, OverCall::Aggregate, is_sum || is_spread(&name))
    }

    /// An aggregate of a group; its values become columns.
    pub(super) fn aggregate_of_group(
        &self,
        call: Written<'_>,
        calls: &mut Calls<AggregateCall>,
    ) -> Option<Outcome> {
        let name = call.function.name.to_string().to_uppercase();
        self.aggregate_of_parts(call, calls, |call| call, is_spread(&name))
    }

    fn aggregate_of_parts<C: PartialEq>(
        &self,
        call: Written<'_>,
        calls: &mut Calls<C>,
        wrap: fn(AggregateCall) -> C,
        may_have_parts: bool,
    ) -> Option<Outcome> {
        let Written { function, span, scope, columns } = call;
        let mut whole = |columns: &mut Vec<(String, Bound)>| {
            let call = self.aggregate(function, span, scope, columns)?;
            let data_type = call.data_type.clone();
            Some(calls.result(wrap(call), data_type))
        };
        if !may_have_parts {
            return whole(columns);
        }
        let name = function.name.to_string().to_uppercase();
        let list = self.value_list(&name, function, span)?;
        let values = self.values_of(&name, list, function.over.is_some(), span, scope)?;
        let resolved = aggregates::resolve(&name, values.clone(), is_distinct(list), false, span);
        let resolved = self.told(resolved)?;
        let to = resolved.data_type.bare().clone();
        if function.over.is_none() && is_integer(&to) {
            return whole(columns);
        }
        let value = values.into_iter().next()?;
        let binder = Binder { scope, environment: self.environment };
        let mut part = |name: &str, value: Bound| {
            let (is_distinct, span) = (is_distinct(list), value.span);
            let has_keys = function.over.is_none() && function.filter.is_none();
            let resolved = self.told(aggregates::resolve(name, vec![value], is_distinct, has_keys, span))?;
            let call = self.called(resolved, is_distinct, function, scope, columns)?;
            let data_type = call.data_type.clone();
            Some(calls.place(wrap(call), data_type))
        };
        let is_over = function.over.is_some();
        let spread = |is_root, is_population| Spread { is_root, is_population, is_over };
        let which = match resolved.function {
            F::Sum => return Some(Outcome::Call(part("SUM", value)?)),
            F::Avg => {
                let (sum, count) = (part("SUM", value.clone())?, part("COUNT", value)?);
                return Some(Outcome::Average { sum, count, to });
            }
            F::StddevPop => spread(true, true),
            F::StddevSamp => spread(true, false),
            F::VarPop => spread(false, true),
            _ => spread(false, false),
        };
        let square = self.told(binder.square(value.clone(), &to, span))?;
        let value = self.told(binder.as_type(value, &to, span))?;
        let sums = [part("SUM", square)?, part("SUM", value.clone())?, part("COUNT", value)?];
        Some(Outcome::Spread { which, sums, to })
    }
}

fn is_spread(name: &str) -> bool {
    matches!(name, "STDDEV" | "STDDEV_POP" | "STDDEV_SAMP" | "VARIANCE" | "VAR_POP" | "VAR_SAMP")
}
