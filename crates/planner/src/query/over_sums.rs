//! Aggregates with OVER. `SUM`, `AVG`, `STDDEV_*` and `VAR_*` are made of sums and counts, as in Flink's plans: other than
//! in GROUP BY, sums of whole numbers wrap around before they are divided, and the digits of floats are those of the
//! sums.

use narthex_sql::ast::{Function, FunctionArgumentList};
use narthex_sql::{DataType, Mistake, Span};

use super::QueryBinder;
use super::aggregate::is_distinct;
use crate::aggregates::{self, AggregateFunction as F};
use crate::bind::{Binder, Spread};
use crate::bound::Bound;
use crate::environment::Environment;
use crate::plan::OverCall;
use crate::scope::Scope;

/// What an operator computes, each call once, and the types.
#[derive(Default)]
pub(super) struct Calls(pub(super) Vec<(OverCall, DataType)>);

/// What a call as it is written is made of: places of calls of the operator.
pub(super) enum Outcome {
    Call(usize),
    Average { sum: usize, count: usize, to: DataType },
    Spread { which: Spread, sums: [usize; 3], to: DataType },
}

impl Calls {
    /// A result that is a call's own.
    pub(super) fn result(&mut self, call: OverCall, data_type: DataType) -> Outcome {
        Outcome::Call(self.place(call, data_type))
    }

    fn place(&mut self, call: OverCall, data_type: DataType) -> usize {
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

impl QueryBinder<'_> {
    /// An aggregate with OVER; its values become columns.
    pub(super) fn aggregate_over(
        &self,
        function: &Function,
        span: Span,
        scope: &Scope,
        columns: &mut Vec<(String, Bound)>,
        calls: &mut Calls,
    ) -> Option<Outcome> {
        let name = function.name.to_string().to_uppercase();
        if function.filter.is_some() {
            let advice = format!("write {name}(CASE WHEN … THEN value END) OVER (…): null does not count");
            self.refuse(span, "a call with OVER takes no FILTER", advice);
            return None;
        }
        if !matches!(
            name.as_str(),
            "SUM" | "AVG" | "STDDEV" | "STDDEV_POP" | "STDDEV_SAMP" | "VARIANCE" | "VAR_POP" | "VAR_SAMP"
        ) {
            let call = self.aggregate(function, span, scope, columns)?;
            let data_type = call.data_type.clone();
            return Some(calls.result(OverCall::Aggregate(call), data_type));
        }
        let list = self.value_list(&name, function, span)?;
        let values = self.values_of(&name, list, span, scope)?;
        let resolved = aggregates::resolve(&name, values.clone(), is_distinct(list), false, span);
        let resolved = self.told(resolved)?;
        let value = values.into_iter().next()?;
        let to = resolved.data_type.bare().clone();
        let binder = Binder { scope, environment: self.environment };
        let mut part = |name: &str, value: Bound| {
            self.over_part(name, value, function, list, scope, (&mut *columns, &mut *calls))
        };
        let spread = |is_root, is_population| Spread { is_root, is_population };
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

    /// The place of a sum or a count.
    fn over_part(
        &self,
        name: &str,
        value: Bound,
        function: &Function,
        list: &FunctionArgumentList,
        scope: &Scope,
        (columns, calls): (&mut Vec<(String, Bound)>, &mut Calls),
    ) -> Option<usize> {
        let (is_distinct, span) = (is_distinct(list), value.span);
        let resolved = self.told(aggregates::resolve(name, vec![value], is_distinct, false, span))?;
        let call = self.called(resolved, is_distinct, function, scope, columns)?;
        let data_type = call.data_type.clone();
        Some(calls.place(OverCall::Aggregate(call), data_type))
    }
}
