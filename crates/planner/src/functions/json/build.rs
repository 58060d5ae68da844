//! `JSON_STRING`, `JSON_OBJECT`, `JSON_ARRAY` and `JSON`: values as JSON.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use datafusion_common::Result as Computed;
use narthex_sql::{DataType, Mistake};

use super::value::{Decimal, Json};
use crate::bound::Bound;
use crate::functions::arguments::Want::{Any, Text};
use crate::functions::arguments::is_text;
use crate::functions::rows::{fail, nulls, text, texts};
use crate::functions::time::iso;
use crate::functions::{Arguments, Clause, java_number};

/// Whether values of a type can be written as JSON.
fn is_writable(data_type: &DataType) -> bool {
    use DataType as T;
    match data_type.bare() {
        T::Date | T::Time(_) | T::IntervalMonths | T::IntervalMillis | T::Multiset(_) => false,
        T::Array(inside) => is_writable(inside),
        T::Map(key, value) => is_text(key) && is_writable(value),
        T::Row(fields) => fields.iter().all(|field| is_writable(&field.data_type)),
        _ => true,
    }
}

fn check(arguments: &Arguments<'_>, at: usize) -> Result<(), Mistake> {
    let value = &arguments.values[at];
    if is_writable(&value.data_type) {
        return Ok(());
    }
    let message = format!("{} cannot write {} as JSON", arguments.function.name, value.data_type.bare());
    Err(Mistake::new(value.span, message).advise("cast it to STRING"))
}

fn at<T: ArrowPrimitiveType>(column: &ArrayRef, row: usize) -> T::Native {
    column.as_primitive::<T>().value(row)
}

/// A value as JSON.
pub(super) fn json_of(column: &ArrayRef, row: usize, data_type: &DataType) -> Computed<Json> {
    use DataType as T;
    if column.is_null(row) {
        return Ok(Json::Null);
    }
    Ok(match data_type.bare() {
        T::Char(_) | T::Varchar(_) => Json::Text(text(column).value(row).to_owned()),
        T::Boolean => Json::Boolean(column.as_boolean().value(row)),
        T::TinyInt => Json::Integer(at::<Int8Type>(column, row).to_string()),
        T::SmallInt => Json::Integer(at::<Int16Type>(column, row).to_string()),
        T::Int => Json::Integer(at::<Int32Type>(column, row).to_string()),
        T::BigInt => Json::Integer(at::<Int64Type>(column, row).to_string()),
        T::Float => of_double(at::<Float32Type>(column, row).into()),
        T::Double => of_double(at::<Float64Type>(column, row)),
        T::Decimal(_, scale) => Json::Decimal(Decimal::parse(&java_number::plain(
            at::<Decimal128Type>(column, row),
            *scale as i8,
        ))),
        T::Binary(_) | T::Varbinary(_) => Json::Text(STANDARD.encode(column.as_binary::<i32>().value(row))),
        T::Timestamp(_) | T::TimestampLtz(_) => Json::Text(iso(column, row)),
        T::Array(inside) => {
            let items = column.as_list::<i32>().value(row);
            Json::Array((0..items.len()).map(|at| json_of(&items, at, inside)).collect::<Computed<_>>()?)
        }
        T::Map(_, value) => {
            let entries = column.as_map().value(row);
            let keys = text(entries.column(0));
            let pair = |at| Ok((keys.value(at).to_owned(), json_of(entries.column(1), at, value)?));
            Json::Object((0..entries.len()).map(pair).collect::<Computed<_>>()?)
        }
        T::Row(fields) => {
            let columns = column.as_struct().columns();
            let pairs = fields.iter().zip(columns);
            let pair = |(field, column): (&narthex_sql::Field, &ArrayRef)| {
                Ok((field.name.clone(), json_of(column, row, &field.data_type)?))
            };
            Json::Object(pairs.map(pair).collect::<Computed<_>>()?)
        }
        other => return fail(format!("{other} cannot be written as JSON")),
    })
}

/// A number that JSON does not have is a text.
fn of_double(value: f64) -> Json {
    let shown = java_number::double(value);
    if value.is_finite() { Json::Decimal(Decimal::parse(&shown)) } else { Json::Text(shown) }
}

pub(super) fn string(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Any], 1)?;
    check(&arguments, 0)?;
    let returns = arguments.strict(&DataType::STRING);
    let data_type = arguments.bare(0).clone();
    arguments.call(returns, move |columns, rows| {
        texts(columns, rows, |row, out| {
            json_of(&columns[0], row, &data_type)?.write(out);
            Ok(true)
        })
    })
}

/// A text that is JSON, to be put into an array or object.
pub(super) fn json(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        let input = text(&columns[0]);
        texts(columns, rows, |row, out| match Json::read(input.value(row)) {
            Some(value) => {
                value.write(out);
                Ok(true)
            }
            None => fail(format!("JSON: '{}' is no JSON", input.value(row))),
        })
    })
}

/// How a column becomes a part of an array or object.
struct Part {
    is_written: bool,
    data_type: DataType,
}

impl Part {
    fn of(arguments: &Arguments<'_>, at: usize) -> Self {
        let is_written = arguments.json_calls.contains(&at);
        Self { is_written, data_type: arguments.bare(at).clone() }
    }

    fn get(&self, column: &ArrayRef, row: usize) -> Computed<Json> {
        let is_null = nulls(std::slice::from_ref(column)).is_some_and(|nulls| nulls.is_null(row));
        match (is_null, self.is_written) {
            (true, _) => Ok(Json::Null),
            (false, true) => Ok(Json::Written(text(column).value(row).to_owned())),
            (false, false) => json_of(column, row, &self.data_type),
        }
    }
}

/// Whether nulls are kept; `default` where nothing is said.
fn keeps_nulls(arguments: &Arguments<'_>, default: bool) -> bool {
    match arguments.clause("ON NULL") {
        Some(Clause::Word(word)) => word == "NULL",
        _ => default,
    }
}

/// Nulls are left out unless NULL ON NULL.
pub(super) fn array(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    (0..arguments.values.len()).try_for_each(|at| check(&arguments, at))?;
    let keeps_nulls = keeps_nulls(&arguments, false);
    let parts: Vec<Part> = (0..arguments.values.len()).map(|at| Part::of(&arguments, at)).collect();
    arguments.call(DataType::STRING.with_nullable(false), move |columns, rows| {
        texts(&[], rows, |row, out| {
            let mut items = Vec::with_capacity(parts.len());
            for (part, column) in parts.iter().zip(columns) {
                let item = part.get(column, row)?;
                if keeps_nulls || item != Json::Null {
                    items.push(item);
                }
            }
            Json::Array(items).write(out);
            Ok(true)
        })
    })
}

/// Keys and values in turn. Nulls are kept unless ABSENT ON NULL; of equal keys the last wins.
pub(super) fn object(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    if arguments.values.len() % 2 == 1 {
        return Err(arguments.refuse());
    }
    for (at, value) in arguments.values.iter().enumerate() {
        if at % 2 == 1 {
            check(&arguments, at)?;
        } else if !is_text(&value.data_type) || value.is_nullable() {
            let message =
                format!("JSON_OBJECT: a key must be a text that is never null, not {}", value.data_type);
            return Err(Mistake::new(value.span, message));
        }
    }
    let keeps_nulls = keeps_nulls(&arguments, true);
    let places = (1..arguments.values.len()).step_by(2);
    let parts: Vec<Part> = places.map(|at| Part::of(&arguments, at)).collect();
    arguments.call(DataType::STRING.with_nullable(false), move |columns, rows| {
        texts(&[], rows, |row, out| {
            let mut fields: Vec<(String, Json)> = Vec::with_capacity(parts.len());
            for (part, pair) in parts.iter().zip(columns.chunks(2)) {
                let (key, value) = (text(&pair[0]).value(row), part.get(&pair[1], row)?);
                if value == Json::Null && !keeps_nulls {
                    continue;
                }
                match fields.iter_mut().find(|(known, _)| known == key) {
                    Some(known) => known.1 = value,
                    None => fields.push((key.to_owned(), value)),
                }
            }
            Json::Object(fields).write(out);
            Ok(true)
        })
    })
}
