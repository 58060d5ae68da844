//! Which type can be cast to which, and which is turned into another without being asked.

use narthex_sql::{DataType, Mistake, Span};

/// Families of types that are cast alike.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Text,
    Bytes,
    Boolean,
    Number,
    Date,
    Time,
    Timestamp,
    Moment,
    Interval,
    Nested,
}

fn family(data_type: &DataType) -> Family {
    match data_type.bare() {
        DataType::Char(_) | DataType::Varchar(_) => Family::Text,
        DataType::Binary(_) | DataType::Varbinary(_) => Family::Bytes,
        DataType::Boolean => Family::Boolean,
        DataType::Date => Family::Date,
        DataType::Time(_) => Family::Time,
        DataType::Timestamp(_) => Family::Timestamp,
        DataType::TimestampLtz(_) => Family::Moment,
        DataType::IntervalMonths | DataType::IntervalMillis => Family::Interval,
        DataType::Array(_) | DataType::Map(..) | DataType::Multiset(_) | DataType::Row(_) => Family::Nested,
        _ => Family::Number,
    }
}

/// Refuses a cast that Flink does not know.
pub(super) fn check(from: &DataType, to: &DataType, span: Span) -> Result<(), Mistake> {
    if is_allowed(from, to) {
        return Ok(());
    }
    let (from, to) = (from.bare(), to.bare());
    let mistake = Mistake::new(span, format!("a value of type {from} cannot be cast to {to}"));
    Err(match (family(from), family(to)) {
        (Family::Number, Family::Timestamp) => {
            mistake.advise("use TO_TIMESTAMP(FROM_UNIXTIME(seconds)), or TO_TIMESTAMP_LTZ(number, 0 or 3)")
        }
        (Family::Number, Family::Moment) => {
            mistake.advise("use TO_TIMESTAMP_LTZ(number, 3) for milliseconds, 0 instead of 3 for seconds")
        }
        (Family::Timestamp | Family::Moment, Family::Number) => {
            mistake.advise("use UNIX_TIMESTAMP(CAST(value AS STRING)) for its seconds")
        }
        _ => mistake,
    })
}

fn is_allowed(from: &DataType, to: &DataType) -> bool {
    let (from, to) = (from.bare(), to.bare());
    if from == to || matches!(from, DataType::Null) {
        return true;
    }
    match (from, to) {
        (DataType::Array(from), DataType::Array(to)) | (DataType::Multiset(from), DataType::Multiset(to)) => {
            return is_allowed(from, to);
        }
        (DataType::Map(from_key, from_value), DataType::Map(key, value)) => {
            return is_allowed(from_key, key) && is_allowed(from_value, value);
        }
        (DataType::Row(from), DataType::Row(to)) => {
            let mut pairs = from.iter().zip(to);
            return from.len() == to.len()
                && pairs.all(|(from, to)| is_allowed(&from.data_type, &to.data_type));
        }
        _ => {}
    }
    use Family::{Boolean, Bytes, Date, Interval, Moment, Nested, Number, Text, Time, Timestamp};
    match (family(from), family(to)) {
        (_, Text) | (Text, Bytes) | (Bytes, Bytes) => true,
        (Text, to) => !matches!(to, Nested | Interval),
        (Boolean | Number, Boolean | Number) => true,
        (Date | Time | Timestamp | Moment, Timestamp | Moment) => true,
        (Timestamp | Moment, Date | Time) | (Time, Time) => true,
        _ => false,
    }
}

/// Whether a value of one type goes into a column of another without a cast. Lengths do not matter.
pub(crate) fn is_implicit(from: &DataType, to: &DataType) -> bool {
    use DataType::{BigInt, Date, Decimal, Double, Float, Int, SmallInt, Time, Timestamp, TinyInt};
    let (from, to) = (from.bare(), to.bare());
    if from == to || matches!(from, DataType::Null) {
        return true;
    }
    match (from, to) {
        (DataType::Array(from), DataType::Array(to)) | (DataType::Multiset(from), DataType::Multiset(to)) => {
            is_implicit(from, to)
        }
        (DataType::Map(from_key, from_value), DataType::Map(key, value)) => {
            is_implicit(from_key, key) && is_implicit(from_value, value)
        }
        (DataType::Row(from), DataType::Row(to)) => {
            let mut pairs = from.iter().zip(to);
            from.len() == to.len() && pairs.all(|(from, to)| is_implicit(&from.data_type, &to.data_type))
        }
        (from, Decimal(..) | Double) => family(from) == Family::Number,
        (TinyInt, SmallInt | Int | BigInt | Float) | (SmallInt, Int | BigInt | Float) => true,
        (Int, BigInt | Float) | (BigInt | Decimal(..), Float) => true,
        (Timestamp(_), Date | Time(_)) => true,
        (Timestamp(_), DataType::TimestampLtz(_)) | (DataType::TimestampLtz(_), Timestamp(_)) => true,
        (from, DataType::Char(_)) => matches!(from, DataType::Char(_)),
        (from, DataType::Binary(_)) => matches!(from, DataType::Binary(_)),
        (from, to) => {
            let family = family(from);
            let is_sized = matches!(
                family,
                Family::Text | Family::Bytes | Family::Time | Family::Timestamp | Family::Moment
            );
            is_sized && family == self::family(to)
        }
    }
}
