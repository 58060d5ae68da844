//! `CASE` and what is short for it: `COALESCE`, `NULLIF`, `IF`, `IFNULL`; `GREATEST` and `LEAST`.

use std::sync::Arc;

use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::CaseExpr;
use narthex_sql::ast::{CaseWhen, Expr, Function};
use narthex_sql::{DataType, Mistake, Span};

use super::compare::{self, Comparison};
use super::{Binder, children, logic, refuse_bare_null};
use crate::bound::Bound;
use crate::cast;
use crate::common::{common_type, is_text, least_restrictive};
use crate::kernel::Kernel;

/// A condition, and the value where it holds.
type Branch = (Bound, Bound);

impl Binder<'_> {
    /// `CASE [operand] WHEN … THEN … ELSE … END`.
    pub(super) fn case(
        &self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let operand = operand.map(|operand| self.bind(operand)).transpose()?;
        let mut branches = Vec::new();
        for when in conditions {
            let mut condition = self.bind(&when.condition)?;
            if let Some(operand) = &operand {
                let span = condition.span;
                let zone = self.environment.zone;
                condition = compare::compare(Comparison::Equal, operand.clone(), condition, zone, span)?;
            }
            if matches!(condition.data_type, DataType::Null) {
                condition = Bound::null(&DataType::Boolean, condition.span);
            }
            if !matches!(condition.data_type.bare(), DataType::Boolean) {
                let found = condition.data_type.bare();
                return Err(Mistake::new(condition.span, format!("WHEN takes a BOOLEAN, not {found}")));
            }
            branches.push((condition, self.bind(&when.result)?));
        }
        let otherwise = match otherwise {
            Some(otherwise) => self.bind(otherwise)?,
            None => Bound::null(&DataType::Null, span),
        };
        self.choose("CASE", branches, otherwise, span)
    }

    /// Binds a call of one of these functions.
    pub(super) fn chosen(&self, name: &str, call: &Function, span: Span) -> Option<Result<Bound, Mistake>> {
        if !["COALESCE", "NULLIF", "IF", "IFNULL", "GREATEST", "LEAST"].contains(&name) {
            return None;
        }
        let values = children::arguments(call).into_iter().map(|argument| self.bind(argument));
        let values = values.collect::<Result<Vec<Bound>, Mistake>>();
        Some(values.and_then(|values| match name {
            "COALESCE" => self.coalesce(name, values, span),
            // A text that is never null keeps its own length.
            "IFNULL" if values.len() == 2 && is_text(&values[0].data_type) && !values[0].is_nullable() => {
                Ok(values.into_iter().next().unwrap_or_else(|| Bound::null(&DataType::STRING, span)))
            }
            "IFNULL" if values.len() == 2 => self.coalesce(name, values, span),
            "IFNULL" => Err(Mistake::new(span, "IFNULL takes two values: IFNULL(value, instead)")),
            "NULLIF" => self.null_if(values, span),
            "IF" => self.if_call(values, span),
            _ => self.extreme(name, values, span),
        }))
    }

    pub(crate) fn coalesce(&self, name: &str, values: Vec<Bound>, span: Span) -> Result<Bound, Mistake> {
        let is_nullable = values.iter().all(Bound::is_nullable);
        let is_test = |value: &Bound| !matches!(value.data_type, DataType::Null);
        let mut rest = values.into_iter().filter(is_test).collect::<Vec<_>>();
        // What follows a value that is never null is never asked.
        let common = self.common(name, rest.iter().collect(), span)?.with_nullable(is_nullable);
        if let Some(last) = rest.iter().position(|value| !value.is_nullable()) {
            rest.truncate(last + 1);
        }
        let Some(last) = rest.pop() else {
            return Err(Mistake::new(span, format!("{name} takes values that are not all NULL")));
        };
        let test = |value: Bound| (logic::null_test(value.clone(), false, span), value);
        let branches = rest.into_iter().map(test).collect();
        self.choose_as(branches, last, &common, span)
    }

    fn null_if(&self, values: Vec<Bound>, span: Span) -> Result<Bound, Mistake> {
        let [value, other] = <[Bound; 2]>::try_from(values).map_err(|_| {
            Mistake::new(span, "NULLIF takes two values: NULLIF(value, the value that becomes null)")
        })?;
        refuse_bare_null(&[&value])?;
        let equal = compare::compare(Comparison::Equal, value.clone(), other, self.environment.zone, span)?;
        let to = value.data_type.bare().clone();
        self.choose_as(vec![(equal, Bound::null(&to, span))], value, &to, span)
    }

    fn if_call(&self, values: Vec<Bound>, span: Span) -> Result<Bound, Mistake> {
        let [condition, then, otherwise] = <[Bound; 3]>::try_from(values).map_err(|_| {
            Mistake::new(span, "IF takes three values: IF(condition, value, value otherwise)")
        })?;
        refuse_bare_null(&[&condition, &then, &otherwise])?;
        if !matches!(condition.data_type.bare(), DataType::Boolean) {
            let found = condition.data_type.bare();
            return Err(Mistake::new(condition.span, format!("IF takes a BOOLEAN first, not {found}")));
        }
        let common = self.common("IF", vec![&then, &otherwise], span)?;
        let to = common.with_nullable(common.is_nullable() || condition.is_nullable());
        self.choose_as(vec![(condition, then)], otherwise, &to, span)
    }

    fn extreme(&self, name: &str, values: Vec<Bound>, span: Span) -> Result<Bound, Mistake> {
        let is_greatest = name == "GREATEST";
        let name = if is_greatest { "GREATEST" } else { "LEAST" };
        let types = values.iter().map(|value| value.data_type.clone()).collect::<Vec<_>>();
        let mut common = self.common(name, values.iter().collect(), span)?;
        if let (DataType::Timestamp(digits), true) =
            (common.bare(), types.iter().any(|given| matches!(given.bare(), DataType::TimestampLtz(_))))
        {
            common = DataType::TimestampLtz(*digits).with_nullable(common.is_nullable());
        }
        use DataType::{Array, Map, Multiset, Row};
        if matches!(common.bare(), Array(_) | Map(..) | Multiset(_) | Row(_)) {
            return Err(Mistake::new(span, format!("{name} does not take {}", common.bare())));
        }
        let values = values.into_iter().map(|value| self.to(value, &common)).collect::<Result<_, _>>()?;
        Ok(Kernel::call(name, values, common, span, move |arguments, _| {
            let mut arguments = arguments.iter();
            let first = arguments.next().cloned().ok_or_else(|| {
                datafusion_common::DataFusionError::Execution("there are no values".to_owned())
            })?;
            arguments.try_fold(first, |found, next| compare::extreme(&found, next, is_greatest))
        }))
    }

    pub(super) fn to(&self, value: Bound, to: &DataType) -> Result<Bound, Mistake> {
        let span = value.span;
        cast::cast(value, to, self.environment.zone, span).map(Bound::folded)
    }

    /// The type that all values become.
    pub(super) fn common(&self, what: &str, values: Vec<&Bound>, span: Span) -> Result<DataType, Mistake> {
        let types: Vec<DataType> = values.iter().map(|value| value.data_type.clone()).collect();
        let is_function = ["COALESCE", "IFNULL", "GREATEST", "LEAST", "OVERLAPS"].contains(&what);
        let common = if is_function { common_type(&types) } else { least_restrictive(&types) };
        common.ok_or_else(|| {
            if values.iter().all(|value| matches!(value.data_type, DataType::Null)) {
                return Mistake::new(span, format!("{what} takes values that are not all NULL"))
                    .advise("write CAST(NULL AS type)");
            }
            let types: Vec<String> = types.iter().map(|data_type| data_type.bare().to_string()).collect();
            Mistake::new(span, format!("the values of {what} have no type in common: {}", types.join(", ")))
                .advise("cast them to one type")
        })
    }

    fn choose(
        &self,
        what: &str,
        branches: Vec<Branch>,
        otherwise: Bound,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let values = branches.iter().map(|(_, value)| value).chain([&otherwise]).collect();
        let common = self.common(what, values, span)?;
        self.choose_as(branches, otherwise, &common, span)
    }

    /// The value of the first branch whose condition holds. Only that branch is evaluated for a row.
    pub(super) fn choose_as(
        &self,
        branches: Vec<Branch>,
        otherwise: Bound,
        to: &DataType,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let otherwise = self.to(otherwise, to)?;
        if branches.is_empty() {
            return Ok(Bound { data_type: to.clone(), span, ..otherwise });
        }
        let branches =
            branches.into_iter().map(|(condition, value)| Ok((condition.expr, self.to(value, to)?.expr)));
        let branches =
            branches.collect::<Result<Vec<(Arc<dyn PhysicalExpr>, Arc<dyn PhysicalExpr>)>, Mistake>>()?;
        let case = CaseExpr::try_new(None, branches, Some(otherwise.expr));
        let case = case.map_err(|error| Mistake::new(span, error.to_string()))?;
        Ok(Bound { expr: Arc::new(case), data_type: to.clone(), span })
    }
}
