//! `AVG`, `STDDEV_*` and `VAR_*` of sums and a count, as Flink plans them with OVER: step by step in the type of the
//! result, so that the last digit is the same.

use std::sync::Arc;

use arrow::array::types::Int64Type;
use arrow::array::{ArrayRef, AsArray, Int64Array};
use datafusion_common::ScalarValue;
use narthex_sql::{DataType, Mistake, Span};

use super::Binder;
use super::arithmetic::{Op, calculate};
use crate::bound::Bound;
use crate::cast::cast;
use crate::functions;
use crate::kernel::Kernel;

/// Which spread.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spread {
    /// The root of the variance.
    pub(crate) is_root: bool,
    /// Of these values, and not of what they are a sample of.
    pub(crate) is_population: bool,
    /// With OVER, where what a sample is divided by stays a BIGINT.
    pub(crate) is_over: bool,
}

impl Binder<'_> {
    /// The square of a value, in this type.
    pub(crate) fn square(&self, value: Bound, to: &DataType, span: Span) -> Result<Bound, Mistake> {
        let value = self.as_type(value, to, span)?;
        self.as_type(calculate(Op::Multiply, value.clone(), value, span)?, to, span)
    }

    /// `sum / count`
    pub(crate) fn average(
        &self,
        sum: Bound,
        count: Bound,
        to: &DataType,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let sum = self.as_type(sum, to, span)?;
        self.as_type(calculate(Op::Divide, sum, count, span)?, to, span)
    }

    /// `(squares - sum * sum / count) / count`; of a sample, one less than the count.
    pub(crate) fn spread(
        &self,
        which: Spread,
        [squares, sum, count]: [Bound; 3],
        to: &DataType,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let all = self.as_type(count.clone(), to, span)?;
        let mean = calculate(Op::Multiply, sum.clone(), sum, span)?;
        let mean = calculate(Op::Divide, self.as_type(mean, to, span)?, all.clone(), span)?;
        let difference = calculate(Op::Subtract, squares, self.as_type(mean, to, span)?, span)?;
        let by = match which {
            Spread { is_population: true, .. } => all,
            Spread { is_over: true, .. } => one_less(count, span),
            Spread { .. } => self.as_type(one_less(count, span), to, span)?,
        };
        let variance = calculate(Op::Divide, self.as_type(difference, to, span)?, by, span)?;
        let variance = self.as_type(variance, to, span)?;
        if !which.is_root {
            return Ok(variance);
        }
        let half = Bound::literal(
            ScalarValue::Decimal128(Some(5), 2, 1),
            DataType::NotNull(Box::new(DataType::Decimal(2, 1))),
            span,
        );
        let root = functions::call(self, "POWER", vec![variance, half], Vec::new(), span)?;
        self.as_type(root, to, span)
    }

    /// A value in a type, if it is not.
    pub(crate) fn as_type(&self, value: Bound, to: &DataType, span: Span) -> Result<Bound, Mistake> {
        if value.data_type.bare() == to.bare() {
            return Ok(value);
        }
        cast(value, to, self.environment.zone, span)
    }
}

/// A count without one of it; null where nothing is left.
fn one_less(count: Bound, span: Span) -> Bound {
    Kernel::call("ONE_LESS", vec![count], DataType::BigInt, span, |arguments, _| {
        let counts = arguments[0].as_primitive::<Int64Type>();
        let left: Int64Array =
            counts.iter().map(|count| count.filter(|count| *count != 1).map(|count| count - 1)).collect();
        Ok(Arc::new(left) as ArrayRef)
    })
}
