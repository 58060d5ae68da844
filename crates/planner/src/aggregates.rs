//! Aggregate functions: which there are, what they take, and the type that each gives, as Flink 2.2 has it.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType as ArrowType, Float64Type};
use datafusion_common::ScalarValue;
use narthex_sql::{DataType, Mistake, Span};

use crate::bind::refuse_bare_null;
use crate::bound::Bound;
use crate::common::{is_integer, is_number, is_text};
use crate::functions::{widen, widened};

/// An aggregate function, resolved.
#[derive(Debug, Clone, PartialEq)]
pub enum AggregateFunction {
    /// `COUNT(*)`: rows.
    CountStar,
    /// `COUNT(x)`: rows in which it is not null.
    Count,
    /// Keeps the type of what it adds up; wraps around.
    Sum,
    /// The average, an integer of integers.
    Avg,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// The value that came first, and is not null.
    FirstValue,
    /// The value that came last, and is not null.
    LastValue,
    /// Texts, one behind the other.
    ListAgg {
        /// Stands between them.
        separator: String,
    },
    /// All values, nulls too.
    ArrayAgg,
    /// How often each value came.
    Collect,
    /// JSON of texts that are JSON: an array.
    JsonArrayAgg {
        /// `NULL ON NULL`
        keeps_nulls: bool,
    },
    /// JSON of keys, and of texts that are JSON: an object. A key that comes again is an error.
    JsonObjectAgg {
        /// `NULL ON NULL`
        keeps_nulls: bool,
    },
    /// The standard deviation of these values.
    StddevPop,
    /// The standard deviation of what these values are a sample of.
    StddevSamp,
    /// The variance of these values.
    VarPop,
    /// The variance of what these values are a sample of.
    VarSamp,
    /// Values below which such a part of all values lies.
    Percentile {
        /// Each from 0 to 1.
        fractions: Vec<f64>,
        /// Whether the result is an array, also of one.
        is_list: bool,
    },
    /// How many different values there are. It is counted exactly.
    ApproxCountDistinct,
}

/// A resolved call: what it computes of which columns of its input.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregateCall {
    /// What it computes.
    pub function: AggregateFunction,
    /// The places of its arguments in the input's columns.
    pub arguments: Vec<usize>,
    /// Their types.
    pub argument_types: Vec<DataType>,
    /// Whether each value counts once.
    pub is_distinct: bool,
    /// The place of a BOOLEAN column: rows in which it is not true do not count.
    pub filter: Option<usize>,
    /// What it gives.
    pub data_type: DataType,
}

/// What a call by name is.
#[derive(Debug)]
pub(crate) struct Resolved {
    pub(crate) function: AggregateFunction,
    /// Those that become columns of the input; constants that belong to the function are gone.
    pub(crate) arguments: Vec<Bound>,
    pub(crate) data_type: DataType,
}

/// Names, sorted, and how each is called.
const USAGES: [(&str, &str); 20] = [
    ("APPROX_COUNT_DISTINCT", "APPROX_COUNT_DISTINCT(value)"),
    ("ARRAY_AGG", "ARRAY_AGG(value)"),
    ("AVG", "AVG(number)"),
    ("COLLECT", "COLLECT(value)"),
    ("COUNT", "COUNT(*) or COUNT(value)"),
    ("FIRST_VALUE", "FIRST_VALUE(value)"),
    ("JSON_ARRAYAGG", "JSON_ARRAYAGG(value [{NULL | ABSENT} ON NULL])"),
    ("JSON_OBJECTAGG", "JSON_OBJECTAGG([KEY] STRING VALUE value [{NULL | ABSENT} ON NULL])"),
    ("LAST_VALUE", "LAST_VALUE(value)"),
    ("LISTAGG", "LISTAGG(STRING [, 'separator'])"),
    ("MAX", "MAX(number, text, time or BOOLEAN)"),
    ("MIN", "MIN(number, text, time or BOOLEAN)"),
    ("PERCENTILE", "PERCENTILE(number, fraction or ARRAY of fractions [, frequency])"),
    ("STDDEV", "STDDEV(number)"),
    ("STDDEV_POP", "STDDEV_POP(number)"),
    ("STDDEV_SAMP", "STDDEV_SAMP(number)"),
    ("SUM", "SUM(number)"),
    ("VARIANCE", "VARIANCE(number)"),
    ("VAR_POP", "VAR_POP(number)"),
    ("VAR_SAMP", "VAR_SAMP(number)"),
];

/// Functions with OVER that are no aggregates, and how each is called; those of Flink that there are not here are empty.
const OVER_ALONE: [(&str, &str); 8] = [
    ("CUME_DIST", ""),
    ("DENSE_RANK", "DENSE_RANK() OVER (…)"),
    ("LAG", "LAG(value [, rows [, default]]) OVER (…)"),
    ("LEAD", ""),
    ("NTILE", ""),
    ("PERCENT_RANK", ""),
    ("RANK", "RANK() OVER (…)"),
    ("ROW_NUMBER", "ROW_NUMBER() OVER (…)"),
];

/// Whether this name, in upper case, is that of a function of many rows.
pub(crate) fn is_of_many_rows(name: &str) -> bool {
    is_aggregate(name) || OVER_ALONE.iter().any(|(known, _)| *known == name)
}

/// Functions of many rows, and how each is called.
#[cfg(test)]
pub(crate) fn usages_of_many_rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    USAGES.into_iter().chain(OVER_ALONE).filter(|(_, usage)| !usage.is_empty())
}

/// Whether this name, in upper case, is an aggregate's.
pub(crate) fn is_aggregate(name: &str) -> bool {
    usage(name).is_some()
}

fn usage(name: &str) -> Option<&'static str> {
    USAGES.iter().find(|(known, _)| *known == name).map(|(_, usage)| *usage)
}

/// Resolves a call of `JSON_ARRAYAGG` or `JSON_OBJECTAGG`: of a text that is JSON, behind its key if it has one.
pub(crate) fn resolve_json(key: Option<Bound>, json: Bound, keeps_nulls: bool) -> Resolved {
    let function = match key {
        Some(_) => AggregateFunction::JsonObjectAgg { keeps_nulls },
        None => AggregateFunction::JsonArrayAgg { keeps_nulls },
    };
    let arguments = key.into_iter().chain([json]).collect();
    Resolved { function, arguments, data_type: never_null(DataType::STRING) }
}

/// Resolves a call by its name, in upper case. `COUNT(*)` has no arguments.
///
/// `has_group_keys`: each group has at least one row that counts, so that of values that are never null the result is
/// never null either. With FILTER, or without GROUP BY, that is not so.
pub(crate) fn resolve(
    name: &str,
    arguments: Vec<Bound>,
    is_distinct: bool,
    has_group_keys: bool,
    span: Span,
) -> Result<Resolved, Mistake> {
    refuse_bare_null(&arguments.iter().collect::<Vec<_>>())?;
    let call = Call { name, arguments, is_distinct, has_group_keys, span };
    call.check_distinct()?;
    match name {
        "COUNT" if call.arguments.is_empty() && !is_distinct => Ok(Resolved {
            function: AggregateFunction::CountStar,
            arguments: Vec::new(),
            data_type: never_null(DataType::BigInt),
        }),
        "LISTAGG" => call.list_agg(),
        "PERCENTILE" => call.percentile(),
        _ => call.of_one_value(),
    }
}

struct Call<'a> {
    name: &'a str,
    arguments: Vec<Bound>,
    is_distinct: bool,
    has_group_keys: bool,
    span: Span,
}

impl Call<'_> {
    fn refuse(&self) -> Mistake {
        let types: Vec<String> =
            self.arguments.iter().map(|value| value.data_type.bare().to_string()).collect();
        let Some(usage) = usage(self.name) else {
            return Mistake::new(self.span, format!("there is no aggregate function {}", self.name));
        };
        let message = format!("{} does not take ({})", self.name, types.join(", "));
        Mistake::new(self.span, message).advise(format!("it takes {usage}"))
    }

    /// As Flink: it keeps no set of rows or bytes.
    fn check_distinct(&self) -> Result<(), Mistake> {
        use DataType::{Binary, Row, Varbinary};
        let Some(value) = self.arguments.first().filter(|_| self.is_distinct) else { return Ok(()) };
        if matches!(value.data_type.bare(), Row(_) | Binary(_) | Varbinary(_)) {
            let message = format!("{} does not take DISTINCT {}", self.name, value.data_type.bare());
            return Err(Mistake::new(self.span, message).advise("take the DISTINCT of a field, or of a text"));
        }
        Ok(())
    }

    /// A type of the result that is null where there is no value.
    fn nullable_as(&self, value: &Bound, data_type: &DataType) -> DataType {
        data_type.with_nullable(value.is_nullable() || !self.has_group_keys)
    }

    fn of_one_value(self) -> Result<Resolved, Mistake> {
        use AggregateFunction as F;
        let [value] = self.arguments.as_slice() else { return Err(self.refuse()) };
        let bare = value.data_type.bare();
        let function = match self.name {
            "APPROX_COUNT_DISTINCT" => F::ApproxCountDistinct,
            "ARRAY_AGG" => F::ArrayAgg,
            "AVG" if is_number(bare) => F::Avg,
            "COLLECT" => F::Collect,
            "COUNT" => F::Count,
            "FIRST_VALUE" if !is_interval(bare) => F::FirstValue,
            "LAST_VALUE" if !is_interval(bare) => F::LastValue,
            "MAX" if has_order(bare) => F::Max,
            "MIN" if has_order(bare) => F::Min,
            "STDDEV" | "STDDEV_SAMP" if is_number(bare) => F::StddevSamp,
            "STDDEV_POP" if is_number(bare) => F::StddevPop,
            "SUM" if is_number(bare) => F::Sum,
            "VARIANCE" | "VAR_SAMP" if is_number(bare) => F::VarSamp,
            "VAR_POP" if is_number(bare) => F::VarPop,
            _ => return Err(self.refuse()),
        };
        let data_type = match &function {
            F::Count | F::ApproxCountDistinct => never_null(DataType::BigInt),
            F::Collect => never_null(DataType::Multiset(Box::new(value.data_type.clone()))),
            F::ArrayAgg => self.nullable_as(value, &DataType::Array(Box::new(value.data_type.clone()))),
            F::Sum => self.nullable_as(value, &sum_type(bare)),
            F::Avg | F::StddevPop | F::StddevSamp | F::VarPop | F::VarSamp => {
                self.nullable_as(value, &average_type(bare))
            }
            _ => self.nullable_as(value, bare),
        };
        let is_spread = matches!(function, F::StddevPop | F::StddevSamp | F::VarPop | F::VarSamp);
        let wide = if is_integer(bare) { DataType::BigInt } else { DataType::Double };
        let bring = |value| if is_spread { widen(value, &wide) } else { value };
        Ok(Resolved { function, arguments: self.arguments.into_iter().map(bring).collect(), data_type })
    }

    /// Flink gives it the type of what it joins, though the result may be longer.
    fn list_agg(self) -> Result<Resolved, Mistake> {
        let separator = match self.arguments.as_slice() {
            [value] if is_text(&value.data_type) => ",".to_owned(),
            [value, separator] if is_text(&value.data_type) && is_text(&separator.data_type) => {
                separator.constant_text().ok_or_else(|| {
                    Mistake::new(separator.span, "the separator of LISTAGG is no constant text")
                        .advise("write it between quotes: LISTAGG(x, ', ')")
                })?
            }
            _ => return Err(self.refuse()),
        };
        let data_type = self.nullable_as(&self.arguments[0], &self.arguments[0].data_type);
        let function = AggregateFunction::ListAgg { separator };
        Ok(Resolved { function, arguments: self.arguments.into_iter().take(1).collect(), data_type })
    }

    fn percentile(self) -> Result<Resolved, Mistake> {
        let (value, fraction) = match self.arguments.as_slice() {
            [value, fraction] => (value, fraction),
            [value, fraction, frequency] if is_integer(&frequency.data_type) => {
                if self.is_distinct {
                    let message = "PERCENTILE does not take DISTINCT together with a frequency";
                    return Err(Mistake::new(self.span, message).advise("leave one of them out"));
                }
                (value, fraction)
            }
            _ => return Err(self.refuse()),
        };
        let is_list = match fraction.data_type.bare() {
            DataType::Array(inside) if is_number(inside) => true,
            other if is_number(other) => false,
            _ => return Err(self.refuse()),
        };
        if !is_number(&value.data_type) {
            return Err(self.refuse());
        }
        let fractions = fraction.constant().and_then(|constant| numbers(&constant));
        let is_fraction = |fraction: &f64| (0.0..=1.0).contains(fraction);
        let Some(fractions) = fractions.filter(|fractions| fractions.iter().all(is_fraction)) else {
            return Err(Mistake::new(fraction.span, "the fraction of PERCENTILE is no constant from 0 to 1")
                .advise("write PERCENTILE(x, 0.95) or PERCENTILE(x, ARRAY[0.5, 0.95])"));
        };
        let data_type = if is_list { DataType::Array(Box::new(DataType::Double)) } else { DataType::Double };
        let function = AggregateFunction::Percentile { fractions, is_list };
        let mut arguments = self.arguments.into_iter();
        let value = arguments.next().map(|value| widen(value, &DataType::Double));
        let frequency = arguments.nth(1).map(|frequency| widen(frequency, &DataType::BigInt));
        Ok(Resolved { function, arguments: value.into_iter().chain(frequency).collect(), data_type })
    }
}

fn never_null(data_type: DataType) -> DataType {
    DataType::NotNull(Box::new(data_type))
}

fn is_interval(data_type: &DataType) -> bool {
    matches!(data_type, DataType::IntervalMonths | DataType::IntervalMillis)
}

/// Whether Flink finds the smallest and largest of them.
fn has_order(data_type: &DataType) -> bool {
    use DataType::{Boolean, Date, Time, Timestamp, TimestampLtz};
    is_number(data_type)
        || is_text(data_type)
        || matches!(data_type, Boolean | Date | Time(_) | Timestamp(_) | TimestampLtz(_))
}

fn sum_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Decimal(_, scale) => DataType::Decimal(38, *scale),
        other => other.clone(),
    }
}

/// Of averages, and of what is computed from them.
fn average_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Decimal(_, scale) => DataType::Decimal(38, (*scale).max(6)),
        other => other.clone(),
    }
}

/// A number, or the numbers of a list, none of which is null.
fn numbers(constant: &ScalarValue) -> Option<Vec<f64>> {
    let array = match constant {
        ScalarValue::List(list) if list.is_valid(0) => list.value(0),
        other => other.to_array().ok()?,
    };
    let doubles = widened(&array, &ArrowType::Float64).ok()?;
    let doubles = doubles.as_primitive::<Float64Type>();
    (doubles.null_count() == 0).then(|| doubles.values().to_vec())
}

#[cfg(test)]
mod tests;
