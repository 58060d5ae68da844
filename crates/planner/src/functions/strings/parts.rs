//! Functions that take or replace a part of a text.

use arrow::array::{Array, AsArray, StringArray, StringBuilder};
use narthex_sql::{DataType, Mistake};
use std::sync::Arc;

use super::change::varying;
use super::look::length;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Int, Text};
use crate::functions::arguments::{Want, is_integer, is_text, widen};
use crate::functions::rows::{ints, push_utf16, slices, text, texts};

/// The part of a text between two places, counted in characters from 0.
fn between(text: &str, from: usize, to: usize) -> &str {
    if text.is_ascii() {
        return text.get(from..to.min(text.len())).unwrap_or("");
    }
    let mut places = text.char_indices().map(|(at, _)| at);
    let Some(start) = places.nth(from) else { return "" };
    let end = if to > from { places.nth(to - from - 1).unwrap_or(text.len()) } else { start };
    &text[start..end]
}

/// `SUBSTRING(text FROM start [FOR length])`. A start of 0 is 1; a negative one counts from the end.
pub(super) fn substring(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Int, Int], 2)?;
    let returns = varying(arguments.bare(0));
    arguments.call(returns, |columns, rows| {
        let (input, start, size) = (text(&columns[0]), ints(&columns[1]), columns.get(2).map(ints));
        slices(columns, rows, |row| {
            let size = size.map_or(i32::MAX, |size| size.value(row));
            Ok(part(input.value(row), start.value(row), size))
        })
    })
}

fn part(text: &str, start: i32, size: i32) -> Option<&str> {
    if size < 0 {
        return None;
    }
    let from = match start {
        1.. => i64::from(start) - 1,
        0 => 0,
        _ => i64::from(length(text)) + i64::from(start),
    };
    // What begins before the text is nothing, even where it would end in it.
    let Ok(from) = usize::try_from(from) else { return Some("") };
    Some(between(text, from, from.saturating_add(size as usize)))
}

pub(super) fn left(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    end(arguments, |text, size| between(text, 0, size))
}

pub(super) fn right(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    end(arguments, |text, size| {
        let all = length(text) as usize;
        between(text, all.saturating_sub(size), all)
    })
}

fn end(
    arguments: Arguments<'_>,
    part: impl for<'a> Fn(&'a str, usize) -> &'a str + Send + Sync + 'static,
) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Int], 2)?;
    let returns = varying(arguments.bare(0));
    arguments.call(returns, move |columns, rows| {
        let (input, size) = (text(&columns[0]), ints(&columns[1]));
        slices(columns, rows, |row| Ok(Some(part(input.value(row), size.value(row).max(0) as usize))))
    })
}

/// `OVERLAY(text PLACING new FROM start [FOR length])`: counted in UTF-16, as Flink does here.
pub(super) fn overlay(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text, Int, Int], 3)?;
    let returns = arguments.strict(&overlaid(arguments.bare(0), arguments.bare(1)));
    arguments.call(returns, |columns, rows| {
        let (input, new, start) = (text(&columns[0]), text(&columns[1]), ints(&columns[2]));
        let size = columns.get(3).map(ints);
        texts(columns, rows, |row, out| {
            let (input, new) = (input.value(row), new.value(row));
            let units: Vec<u16> = input.encode_utf16().collect();
            let Some(from) =
                usize::try_from(i64::from(start.value(row)) - 1).ok().filter(|&from| from < units.len())
            else {
                out.push_str(input);
                return Ok(true);
            };
            let size =
                size.map_or_else(|| new.encode_utf16().count() as i64, |size| i64::from(size.value(row)));
            // A length that reaches beyond the end, or is negative, takes all that is left.
            let to = from as i64 + size;
            let behind = if size < 0 || to > units.len() as i64 { units.len() } else { to as usize };
            push_utf16(
                out,
                units[..from]
                    .iter()
                    .copied()
                    .chain(new.encode_utf16())
                    .chain(units[behind..].iter().copied()),
            );
            Ok(true)
        })
    })
}

fn overlaid(text: &DataType, new: &DataType) -> DataType {
    match (varying(text), varying(new)) {
        (DataType::Varchar(text), DataType::Varchar(new)) => {
            DataType::Varchar(text.saturating_add(new).min(i32::MAX as u32))
        }
        _ => DataType::STRING,
    }
}

/// `ELT(n, a, b, …)`: the n-th of them, null where there is none.
pub(super) fn elt(mut arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let fits = arguments.values.len() > 1
        && is_integer(&arguments.values[0].data_type)
        && arguments.values[1..]
            .iter()
            .all(|value| is_text(&value.data_type) || value.data_type == DataType::Null);
    if !fits {
        return Err(arguments.refuse());
    }
    let index = widen(arguments.values.remove(0), &DataType::BigInt);
    if let Some(datafusion_common::ScalarValue::Int64(Some(index @ ..0))) = index.constant() {
        let message = format!("ELT: the index is {index}; it must be 0 or more");
        return Err(Mistake::new(arguments.span, message));
    }
    let mut arguments = arguments.take_all(Want::Text)?;
    let returns = common_text(arguments.values.iter().map(|value| value.data_type.bare()));
    arguments.values.insert(0, index);
    arguments.call(returns, |columns, rows| {
        let index = columns[0].as_primitive::<arrow::datatypes::Int64Type>();
        let choices: Vec<&StringArray> = columns[1..].iter().map(text).collect();
        let mut builder = StringBuilder::with_capacity(rows, 0);
        for row in 0..rows {
            let at = if index.is_null(row) { 0 } else { index.value(row) };
            let chosen = usize::try_from(at.saturating_sub(1)).ok().and_then(|at| choices.get(at));
            builder.append_option(chosen.filter(|texts| texts.is_valid(row)).map(|texts| texts.value(row)));
        }
        Ok(Arc::new(builder.finish()))
    })
}

/// The type that holds texts of all these types.
fn common_text<'a>(types: impl Iterator<Item = &'a DataType>) -> DataType {
    let common = types.cloned().reduce(|one, other| match (one, other) {
        (DataType::Char(one), DataType::Char(other)) if one == other => DataType::Char(one),
        (DataType::Char(one) | DataType::Varchar(one), DataType::Char(other) | DataType::Varchar(other)) => {
            DataType::Varchar(one.max(other))
        }
        _ => DataType::STRING,
    });
    common.unwrap_or(DataType::STRING)
}
