//! What a function is called with: taken, checked, and brought to the types that it computes with.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType as ArrowType, Decimal128Type};
use datafusion_common::{Result as Computed, ScalarValue};
use narthex_sql::{DataType, Mistake, Span};

use super::Function;
use crate::arrow_types::arrow_type;
use crate::bound::Bound;
use crate::environment::Environment;
use crate::kernel::Kernel;

/// What a function is called with.
pub(crate) struct Arguments<'a> {
    pub(crate) function: &'static Function,
    pub(crate) values: Vec<Bound>,
    /// Time units and trim sides, in upper case.
    pub(crate) words: Vec<String>,
    /// What JSON functions are told: `RETURNING`, `WRAPPER`, `ON EMPTY`, `ON ERROR`, `ON NULL`.
    pub(crate) clauses: Vec<(String, Clause)>,
    /// Which values are calls of functions that make JSON, to be put into other JSON as they are.
    pub(crate) json_calls: Vec<usize>,
    pub(crate) span: Span,
    pub(crate) environment: &'a Environment,
}

/// What a clause says.
pub(crate) enum Clause {
    /// One of the words that it can have, in upper case.
    Word(String),
    /// A text: the type behind RETURNING.
    Text(String),
    /// DEFAULT, and the value behind it.
    Default(Bound),
}

/// What an argument must be, and the type that it is brought to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// CHAR, VARCHAR, STRING.
    Text,
    /// BINARY, VARBINARY, BYTES.
    Bytes,
    /// TINYINT, SMALLINT or INT, as INT.
    Int,
    /// Any integer, as BIGINT.
    Long,
    /// Any number, as DOUBLE.
    Double,
    /// Any number, as it is.
    Number,
    Boolean,
    Array,
    Map,
    /// Anything, as it is.
    Any,
}

impl Want {
    fn takes(self, data_type: &DataType) -> bool {
        use DataType as T;
        let data_type = data_type.bare();
        if *data_type == T::Null {
            return true;
        }
        match self {
            Self::Text => is_text(data_type),
            Self::Bytes => matches!(data_type, T::Binary(_) | T::Varbinary(_)),
            Self::Int => matches!(data_type, T::TinyInt | T::SmallInt | T::Int),
            Self::Long => is_integer(data_type),
            Self::Double | Self::Number => is_number(data_type),
            Self::Boolean => *data_type == T::Boolean,
            Self::Array => matches!(data_type, T::Array(_)),
            Self::Map => matches!(data_type, T::Map(..)),
            Self::Any => true,
        }
    }

    /// The value as the type that is computed with.
    fn bring(self, value: Bound) -> Bound {
        match self {
            Self::Text if !is_text(value.data_type.bare()) => Bound::null(&DataType::STRING, value.span),
            Self::Bytes if value.data_type == DataType::Null => Bound::null(&DataType::BYTES, value.span),
            Self::Boolean if value.data_type == DataType::Null => Bound::null(&DataType::Boolean, value.span),
            Self::Int => widen(value, &DataType::Int),
            Self::Long => widen(value, &DataType::BigInt),
            Self::Double => widen(value, &DataType::Double),
            Self::Number if value.data_type == DataType::Null => Bound::null(&DataType::Int, value.span),
            _ => value,
        }
    }
}

pub(super) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type.bare(), DataType::Char(_) | DataType::Varchar(_))
}

pub(super) fn is_integer(data_type: &DataType) -> bool {
    use DataType as T;
    matches!(data_type.bare(), T::TinyInt | T::SmallInt | T::Int | T::BigInt)
}

pub(super) fn is_number(data_type: &DataType) -> bool {
    is_integer(data_type)
        || matches!(data_type.bare(), DataType::Float | DataType::Double | DataType::Decimal(..))
}

/// A value as a type that holds all values of its own: numbers as wider ones. A constant is converted at once.
pub(crate) fn widen(value: Bound, to: &DataType) -> Bound {
    if value.data_type.bare() == to.bare() {
        return value;
    }
    let data_type = to.with_nullable(value.is_nullable());
    let arrow = arrow_type(to);
    let constant = value.constant().and_then(|constant| constant.to_array().ok());
    if let Some(widened) = constant.and_then(|constant| widened(&constant, &arrow).ok())
        && let Ok(constant) = ScalarValue::try_from_array(&widened, 0)
    {
        return Bound::literal(constant, data_type, value.span);
    }
    let span = value.span;
    Kernel::call("CAST", vec![value], data_type, span, move |columns, _| widened(&columns[0], &arrow))
}

/// A column as a wider type.
pub(crate) fn widened(column: &ArrayRef, to: &ArrowType) -> Computed<ArrayRef> {
    match (column.data_type(), to) {
        (ArrowType::Decimal128(_, scale), ArrowType::Float64) => {
            let decimals = column.as_primitive::<Decimal128Type>();
            let scale = *scale;
            let doubles: Float64Array = decimals.unary(|unscaled| decimal_to_double(unscaled, scale));
            Ok(Arc::new(doubles))
        }
        _ => Ok(arrow::compute::cast(column, to)?),
    }
}

/// The DOUBLE nearest to a DECIMAL.
pub(super) fn decimal_to_double(unscaled: i128, scale: i8) -> f64 {
    const EXACT: u128 = 1 << 53;
    if unscaled.unsigned_abs() <= EXACT && (0..=22).contains(&scale) {
        // Both are exact, so one division rounds once.
        return unscaled as f64 / 10f64.powi(i32::from(scale));
    }
    format!("{unscaled}e-{scale}").parse().unwrap_or(f64::NAN)
}

impl<'a> Arguments<'a> {
    /// What to say when they are not what the function takes.
    pub(crate) fn refuse(&self) -> Mistake {
        let types: Vec<String> = self.values.iter().map(|value| value.data_type.bare().to_string()).collect();
        let message = format!("{} does not take ({})", self.function.name, types.join(", "));
        Mistake::new(self.span, message).advise(format!("it takes {}", self.function.usage))
    }

    /// So many arguments, and no other number.
    pub(crate) fn exactly<const N: usize>(self) -> Result<[Bound; N], Mistake> {
        let mistake = self.refuse();
        self.values.try_into().map_err(|_| mistake)
    }

    /// The arguments as these; those from `required` on may be left out.
    pub(super) fn take(mut self, wants: &[Want], required: usize) -> Result<Self, Mistake> {
        let fits = self.values.len() >= required
            && self.values.len() <= wants.len()
            && self.values.iter().zip(wants).all(|(value, want)| want.takes(&value.data_type));
        if !fits {
            return Err(self.refuse());
        }
        self.values = self.values.into_iter().zip(wants).map(|(value, want)| want.bring(value)).collect();
        Ok(self)
    }

    /// One or more arguments, each of which is this.
    pub(super) fn take_all(self, want: Want) -> Result<Self, Mistake> {
        if self.values.is_empty() {
            return Err(self.refuse());
        }
        let wants = vec![want; self.values.len()];
        self.take(&wants, 1)
    }

    /// Whether any argument may be null.
    pub(super) fn any_nullable(&self) -> bool {
        self.values.iter().any(Bound::is_nullable)
    }

    /// The type of a result that is null when any argument is.
    pub(super) fn strict(&self, data_type: &DataType) -> DataType {
        data_type.with_nullable(self.any_nullable())
    }

    /// The argument's type, without NOT NULL.
    pub(super) fn bare(&self, at: usize) -> &DataType {
        self.values[at].data_type.bare()
    }

    /// The argument's value, if it is a constant text.
    pub(super) fn constant_text(&self, at: usize) -> Option<String> {
        self.values.get(at)?.constant_text()
    }

    /// What a clause says.
    pub(super) fn clause(&self, name: &str) -> Option<&Clause> {
        self.clauses.iter().find(|(clause, _)| clause == name).map(|(_, clause)| clause)
    }

    /// The call, which depends on nothing but its arguments.
    pub(super) fn call(
        self,
        returns: DataType,
        compute: impl Fn(&[ArrayRef], usize) -> Computed<ArrayRef> + Send + Sync + 'static,
    ) -> Result<Bound, Mistake> {
        Ok(Kernel::call(self.function.name, self.values, returns, self.span, compute))
    }

    /// The call, which gives another value each time.
    pub(super) fn volatile(
        self,
        returns: DataType,
        compute: impl Fn(&[ArrayRef], usize) -> Computed<ArrayRef> + Send + Sync + 'static,
    ) -> Result<Bound, Mistake> {
        Ok(Kernel::volatile(self.function.name, self.values, returns, self.span, compute))
    }
}
