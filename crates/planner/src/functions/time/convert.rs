//! Between times, texts and numbers.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{Decimal128Type, Float32Type, Float64Type, Int64Type};
use datafusion_common::Result as Computed;
use narthex_sql::{DataType, Mistake};

use super::calendar::{DAY, SECOND};
use super::column::{Time, reader, times};
use super::java_format::Pattern;
use super::simple_format::SimplePattern;
use super::zone::{Twice, Zone};
use super::{clock, parse};
use crate::arrow_types::arrow_type;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Any, Int, Long, Text};
use crate::functions::arguments::{is_integer, is_number, is_text, widened};
use crate::functions::numbers::longs;
use crate::functions::rows::{fail, numbers, text, texts};

/// What Flink takes where no pattern is given.
const DEFAULT: &str = "yyyy-MM-dd HH:mm:ss";

/// Patterns that were compiled: a constant one when it was bound, others when they are first met in a batch.
struct Compiled<P> {
    compile: fn(&str) -> Result<P, String>,
    constant: Option<(String, Arc<Result<P, String>>)>,
}

impl<P> Compiled<P> {
    fn new(arguments: &Arguments<'_>, at: usize, compile: fn(&str) -> Result<P, String>) -> Self {
        let constant = arguments.constant_text(at);
        Self { compile, constant: constant.map(|pattern| (pattern.clone(), Arc::new(compile(&pattern)))) }
    }

    /// For the rows of one batch.
    fn cache(&self) -> impl FnMut(&str) -> Arc<Result<P, String>> {
        let mut known: HashMap<String, Arc<Result<P, String>>> = HashMap::new();
        move |pattern| match &self.constant {
            Some((constant, compiled)) if constant == pattern => Arc::clone(compiled),
            _ => {
                if let Some(compiled) = known.get(pattern) {
                    return Arc::clone(compiled);
                }
                let compiled = Arc::new((self.compile)(pattern));
                known.insert(pattern.to_owned(), Arc::clone(&compiled));
                compiled
            }
        }
    }
}

/// The pattern, or an error for the row.
fn must<P>(compiled: &Result<P, String>) -> Computed<&P> {
    match compiled {
        Ok(pattern) => Ok(pattern),
        Err(message) => fail(message.clone()),
    }
}

/// `DATE_FORMAT(time, pattern)`; a text must be written as `yyyy-MM-dd HH:mm:ss`.
pub(super) fn date_format(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let is_text = arguments.values.first().is_some_and(|value| is_text(&value.data_type));
    let arguments = arguments.take(&[if is_text { Text } else { Any }, Text], 2)?;
    let zone = Zone::Named(arguments.environment.zone);
    if is_text {
        let patterns = Compiled::new(&arguments, 1, SimplePattern::new);
        let default = SimplePattern::new(DEFAULT);
        return arguments.call(DataType::STRING, move |columns, rows| {
            let (input, pattern, mut cache) = (text(&columns[0]), text(&columns[1]), patterns.cache());
            let default = must(&default)?;
            texts(columns, rows, |row, out| {
                let Some(moment) = default.read(input.value(row), Zone::Fixed(0), 0) else {
                    return Ok(false);
                };
                must(&cache(pattern.value(row)))?.write(moment, Zone::Fixed(0), out);
                Ok(true)
            })
        });
    }
    if !matches!(arguments.bare(0), DataType::Timestamp(_) | DataType::TimestampLtz(_)) {
        return Err(arguments.refuse());
    }
    let patterns = Compiled::new(&arguments, 1, Pattern::new);
    arguments.call(DataType::STRING, move |columns, rows| {
        let (time, pattern, mut cache) = (reader(&columns[0], zone), text(&columns[1]), patterns.cache());
        texts(columns, rows, |row, out| match must(&cache(pattern.value(row)))?.write(time(row), out) {
            Ok(()) => Ok(true),
            Err(message) => fail(message),
        })
    })
}

/// `TO_TIMESTAMP(text [, pattern])`: null for what cannot be read.
pub(super) fn to_timestamp(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text], 1)?;
    let patterns = Compiled::new(&arguments, 1, Pattern::new);
    let returns = DataType::Timestamp(3);
    arguments.call(returns.clone(), move |columns, rows| {
        let (input, mut read) = (text(&columns[0]), read_by(columns, &patterns));
        times(&returns, columns, rows, |row| Ok(read(row, input.value(row))))
    })
}

/// Reads a text by the pattern of its row: what does not follow it, as a plain timestamp.
fn read_by<'a>(
    columns: &'a [ArrayRef],
    patterns: &'a Compiled<Pattern>,
) -> impl FnMut(usize, &str) -> Option<Time> + 'a {
    let (pattern, mut cache) = (columns.get(1).map(text), patterns.cache());
    move |row, input| match pattern {
        None => parse::timestamp(input),
        Some(pattern) => match &*cache(pattern.value(row)) {
            Ok(pattern) => pattern.read(input).or_else(|| parse::fallback(input)),
            Err(_) => None,
        },
    }
}

/// Of a number of seconds or milliseconds, or of a text.
pub(super) fn to_timestamp_ltz(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let is_text = arguments.values.first().is_some_and(|value| is_text(&value.data_type));
    if is_text { ltz_of_text(arguments) } else { ltz_of_number(arguments) }
}

/// From the beginning of the year 0 to the end of the year 9999.
const MOMENTS: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

fn ltz_of_number(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Any, Int], 1)?;
    if !is_number(arguments.bare(0)) && arguments.values[0].data_type != DataType::Null {
        return Err(arguments.refuse());
    }
    let is_whole = is_integer(arguments.bare(0));
    let returns = DataType::TimestampLtz(3);
    arguments.call(returns.clone(), move |columns, rows| {
        let mut columns = columns.to_vec();
        if is_whole {
            columns[0] = widened(&columns[0], &arrow_type(&DataType::BigInt))?;
        }
        let digits = columns.get(1).map(|digits| digits.as_primitive::<arrow::datatypes::Int32Type>());
        let millis = millis_reader(&columns[0]);
        times(&returns, &columns, rows, |row| {
            let is_seconds = match digits.map_or(3, |digits| digits.value(row)) {
                0 => true,
                3 => false,
                other => return fail(format!("TO_TIMESTAMP_LTZ takes the precision 0 for seconds or 3 for milliseconds, not {other}")),
            };
            Ok(millis(row, is_seconds).filter(|millis| MOMENTS.contains(millis)).map(Time::of_millis))
        })
    })
}

/// Reads a number of seconds or milliseconds as milliseconds. A DECIMAL counts whole units alone.
fn millis_reader(column: &ArrayRef) -> Box<dyn Fn(usize, bool) -> Option<i64> + '_> {
    use arrow::datatypes::DataType as T;
    // NaN milliseconds are 0 milliseconds, but NaN seconds are no time.
    let of_double = |value: f64, is_seconds: bool| match is_seconds {
        true if value.is_nan() => None,
        true => Some((value * 1000.0) as i64),
        false => Some(value as i64),
    };
    let of_whole =
        |value: i64, is_seconds: bool| if is_seconds { value.checked_mul(1000) } else { Some(value) };
    match column.data_type() {
        T::Float64 => {
            let values = column.as_primitive::<Float64Type>();
            Box::new(move |row, is_seconds| of_double(values.value(row), is_seconds))
        }
        T::Float32 => {
            let values = column.as_primitive::<Float32Type>();
            Box::new(move |row, is_seconds| of_double(values.value(row).into(), is_seconds))
        }
        T::Decimal128(_, scale) => {
            let (values, one) =
                (column.as_primitive::<Decimal128Type>(), 10i128.pow(u32::from(scale.unsigned_abs())));
            Box::new(move |row, is_seconds| {
                of_whole(i64::try_from(values.value(row) / one).ok()?, is_seconds)
            })
        }
        T::Int64 => {
            let values = longs(column);
            Box::new(move |row, is_seconds| of_whole(values.value(row), is_seconds))
        }
        _ => Box::new(|_, _| None),
    }
}

/// Without a zone a text is in UTC.
fn ltz_of_text(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text, Text], 1)?;
    let patterns = Compiled::new(&arguments, 1, Pattern::new);
    let returns = DataType::TimestampLtz(3);
    arguments.call(returns.clone(), move |columns, rows| {
        let (input, mut read) = (text(&columns[0]), read_by(columns, &patterns));
        let zone = columns.get(2).map(text);
        times(&returns, columns, rows, |row| {
            let input = input.value(row);
            let zone = match zone.map(|zone| Zone::find(zone.value(row))) {
                None => Zone::Fixed(0),
                Some(Some(zone)) => zone,
                Some(None) => return Ok(None),
            };
            match read(row, input) {
                Some(time) => Ok(Some(Time { millis: zone.moment(time.millis, Twice::First), ..time })),
                None if columns.len() == 1 => fail(format!(
                    "TO_TIMESTAMP_LTZ: '{input}' is not a timestamp such as 2024-05-06 07:08:09.123"
                )),
                None => Ok(None),
            }
        })
    })
}

/// `TO_DATE(text [, pattern])`: null for what cannot be read.
pub(super) fn to_date(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text], 1)?;
    let patterns = Compiled::new(&arguments, 1, SimplePattern::new);
    arguments.call(DataType::Date, move |columns, rows| {
        let (input, pattern, mut cache) = (text(&columns[0]), columns.get(1).map(text), patterns.cache());
        times(&DataType::Date, columns, rows, |row| {
            let input = input.value(row);
            let days = match pattern {
                None => parse::days(input),
                Some(pattern) => {
                    let pattern = cache(pattern.value(row));
                    must(&pattern)?.read(input, Zone::Fixed(0), 0).map(|millis| millis.div_euclid(DAY))
                }
            };
            Ok(days.map(|days| Time::of_millis(days * DAY)))
        })
    })
}

/// `FROM_UNIXTIME(seconds [, pattern])`, as the session's clock shows it.
pub(super) fn from_unixtime(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Long, Text], 1)?;
    let zone = Zone::Named(arguments.environment.zone);
    let patterns = Compiled::new(&arguments, 1, SimplePattern::new);
    let default = SimplePattern::new(DEFAULT);
    arguments.call(DataType::STRING, move |columns, rows| {
        let (seconds, pattern, mut cache) = (longs(&columns[0]), columns.get(1).map(text), patterns.cache());
        texts(columns, rows, |row, out| {
            let Some(moment) = seconds.value(row).checked_mul(SECOND).filter(|moment| in_calendar(*moment))
            else {
                return fail(format!("FROM_UNIXTIME: {} seconds are too many", seconds.value(row)));
            };
            match pattern {
                None => must(&default)?.write(moment, zone, out),
                Some(pattern) => must(&cache(pattern.value(row)))?.write(moment, zone, out),
            }
            Ok(true)
        })
    })
}

/// Whether a moment is within some hundred thousand years, as all that can be taken apart.
fn in_calendar(moment: i64) -> bool {
    moment.unsigned_abs() < 8_000_000_000_000_000
}

/// Seconds of a text, or of now. What cannot be read gives the smallest number, as in Flink.
pub(super) fn unix_timestamp(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    if arguments.values.is_empty() {
        return clock::unix_timestamp(arguments);
    }
    let arguments = arguments.take(&[Text, Text], 1)?;
    let (zone, now) = (Zone::Named(arguments.environment.zone), Arc::clone(&arguments.environment.now_ms));
    let patterns = Compiled::new(&arguments, 1, SimplePattern::new);
    let default = SimplePattern::new(DEFAULT);
    let returns = arguments.strict(&DataType::BigInt);
    arguments.call(returns, move |columns, rows| {
        let (input, pattern, mut cache) = (text(&columns[0]), columns.get(1).map(text), patterns.cache());
        let now = now();
        numbers::<Int64Type>(columns, rows, |row| {
            let read = |pattern: &SimplePattern| pattern.read(input.value(row), zone, now);
            let moment = match pattern {
                None => read(must(&default)?),
                Some(pattern) => read(must(&cache(pattern.value(row)))?),
            };
            Ok(Some(moment.map_or(i64::MIN, |moment| moment / SECOND)))
        })
    })
}

/// `CONVERT_TZ(text, from, to)`: what is no zone is UTC.
pub(super) fn convert_tz(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text, Text], 3)?;
    let default = SimplePattern::new(DEFAULT);
    arguments.call(DataType::STRING, move |columns, rows| {
        let [input, from, to] = [0, 1, 2].map(|at| text(&columns[at]));
        let default = must(&default)?;
        texts(columns, rows, |row, out| {
            let (from, to) = (Zone::or_utc(from.value(row)), Zone::or_utc(to.value(row)));
            let Some(moment) = default.read(input.value(row), from, 0) else { return Ok(false) };
            default.write(moment, to, out);
            Ok(true)
        })
    })
}
