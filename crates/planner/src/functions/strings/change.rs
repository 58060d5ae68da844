//! Functions that change a text as a whole: case, blanks, repeating, replacing, joining.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringArray};
use datafusion_common::Result as Computed;
use narthex_sql::{DataType, Mistake};

use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Int, Text};
use crate::functions::rows::{fail, ints, slices, text, texts, written};

/// No text that a function makes is longer.
const LONGEST: usize = i32::MAX as usize;

pub(super) fn upper(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    change_case(arguments, <[u8]>::make_ascii_uppercase, |text, out| out.push_str(&text.to_uppercase()))
}

pub(super) fn lower(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    change_case(arguments, <[u8]>::make_ascii_lowercase, |text, out| out.push_str(&text.to_lowercase()))
}

/// `of_ascii` changes what is ASCII alone, in place.
fn change_case(
    arguments: Arguments<'_>,
    of_ascii: fn(&mut [u8]),
    change: fn(&str, &mut String),
) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    let returns = arguments.values[0].data_type.clone();
    arguments.call(returns, move |columns, rows| {
        let input = text(&columns[0]);
        if let Some(changed) = ascii_column(input, of_ascii) {
            return Ok(changed);
        }
        texts(columns, rows, |row, out| {
            change(input.value(row), out);
            Ok(true)
        })
    })
}

/// A column of ASCII alone keeps its lengths, so all its bytes are changed at once.
fn ascii_column(input: &StringArray, of_ascii: fn(&mut [u8])) -> Option<ArrayRef> {
    let offsets = input.value_offsets();
    let used = (offsets.last()? - offsets.first()?) as usize;
    let bytes = input.values();
    // A small part of a long column is better changed row by row.
    if bytes.len() > 2 * used || !bytes.is_ascii() {
        return None;
    }
    let mut bytes = bytes.to_vec();
    of_ascii(&mut bytes);
    let changed = StringArray::try_new(input.offsets().clone(), bytes.into(), input.nulls().cloned());
    changed.ok().map(|changed| Arc::new(changed) as ArrayRef)
}

/// Only ASCII letters and digits make a word: any other character ends it.
pub(super) fn initcap(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    let returns = arguments.values[0].data_type.clone();
    arguments.call(returns, |columns, rows| {
        let input = text(&columns[0]);
        texts(columns, rows, |row, out| {
            let mut in_word = false;
            out.extend(input.value(row).chars().map(|character| {
                let is_first = !std::mem::replace(&mut in_word, character.is_ascii_alphanumeric());
                if is_first { character.to_ascii_uppercase() } else { character.to_ascii_lowercase() }
            }));
            Ok(true)
        })
    })
}

pub(super) fn reverse(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    arguments.call(DataType::STRING, |columns, rows| {
        let input = text(&columns[0]);
        texts(columns, rows, |row, out| {
            out.extend(input.value(row).chars().rev());
            Ok(true)
        })
    })
}

/// Which ends of a text are trimmed.
#[derive(Clone, Copy)]
enum Side {
    Leading,
    Trailing,
    Both,
}

impl Side {
    fn trim(self, text: &str, is_trimmed: impl Fn(char) -> bool) -> &str {
        match self {
            Self::Leading => text.trim_start_matches(is_trimmed),
            Self::Trailing => text.trim_end_matches(is_trimmed),
            Self::Both => text.trim_start_matches(&is_trimmed).trim_end_matches(&is_trimmed),
        }
    }
}

pub(super) fn trim(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let side = match arguments.words.first().map(String::as_str) {
        None | Some("BOTH") => Side::Both,
        Some("LEADING") => Side::Leading,
        Some("TRAILING") => Side::Trailing,
        Some(_) => return Err(arguments.refuse()),
    };
    trim_side(arguments, side)
}

pub(super) fn ltrim(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    trim_side(arguments, Side::Leading)
}

pub(super) fn rtrim(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    trim_side(arguments, Side::Trailing)
}

pub(super) fn btrim(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let bound = trim_side(arguments, Side::Both)?;
    let data_type = DataType::STRING.with_nullable(bound.is_nullable());
    Ok(Bound { data_type, ..bound })
}

fn trim_side(arguments: Arguments<'_>, side: Side) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text], 1)?;
    let returns = arguments.strict(&varying(arguments.bare(0)));
    arguments.call(returns, move |columns, rows| {
        let input = text(&columns[0]);
        let characters = columns.get(1).map(text);
        slices(columns, rows, |row| {
            let input = input.value(row);
            Ok(Some(match characters.map(|characters| characters.value(row)) {
                None => side.trim(input, |character| character == ' '),
                Some(characters) => side.trim(input, |character| characters.contains(character)),
            }))
        })
    })
}

/// The type of a part of a text of this type.
pub(super) fn varying(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Char(length) | DataType::Varchar(length) => DataType::Varchar(*length),
        _ => DataType::STRING,
    }
}

pub(super) fn repeat(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Int], 2)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        let (input, times) = (text(&columns[0]), ints(&columns[1]));
        texts(columns, rows, |row, out| {
            let (input, times) = (input.value(row), times.value(row).max(0) as usize);
            check_length(input.len().saturating_mul(times))?;
            for _ in 0..times {
                out.push_str(input);
            }
            Ok(true)
        })
    })
}

/// A text that a function makes must fit into a STRING.
pub(super) fn check_length(bytes: usize) -> Computed<()> {
    if bytes > LONGEST {
        return fail(format!("a text of {bytes} bytes is too long; the longest has {LONGEST}"));
    }
    Ok(())
}

pub(super) fn replace(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text, Text], 3)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        let [input, old, new] = three(columns);
        texts(columns, rows, |row, out| {
            let (input, old, new) = (input.value(row), old.value(row), new.value(row));
            let mut from = 0;
            for (at, found) in input.match_indices(old) {
                out.push_str(&input[from..at]);
                out.push_str(new);
                from = at + found.len();
            }
            out.push_str(&input[from..]);
            Ok(true)
        })
    })
}

pub(super) fn three(columns: &[ArrayRef]) -> [&StringArray; 3] {
    [text(&columns[0]), text(&columns[1]), text(&columns[2])]
}

/// A character without a counterpart is removed.
pub(super) fn translate(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text, Text], 3)?;
    let returns = DataType::STRING.with_nullable(arguments.values[0].is_nullable());
    arguments.call(returns, |columns, rows| {
        let [input, from, to] = three(columns);
        // Without characters nothing is changed, without others they are left out.
        let or_empty = |texts: &StringArray, row: usize| {
            if texts.is_valid(row) { texts.value(row).to_owned() } else { String::new() }
        };
        texts(&columns[..1], rows, |row, out| {
            let (from, to) = (or_empty(from, row), or_empty(to, row));
            out.extend(input.value(row).chars().filter_map(|character| {
                match from.chars().position(|other| other == character) {
                    Some(at) => to.chars().nth(at),
                    None => Some(character),
                }
            }));
            Ok(true)
        })
    })
}

pub(super) fn concat(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take_all(Text)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        let inputs: Vec<_> = columns.iter().map(text).collect();
        written(columns, rows, |row, out| inputs.iter().try_for_each(|input| out.write_str(input.value(row))))
    })
}

/// Nulls are skipped, but a null separator makes the whole null.
pub(super) fn concat_ws(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take_all(Text)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        let inputs: Vec<_> = columns.iter().map(text).collect();
        let (separator, inputs) = (inputs[0], &inputs[1..]);
        written(&columns[..1], rows, |row, out| {
            let there = inputs.iter().filter(|input| input.is_valid(row));
            for (at, input) in there.enumerate() {
                if at > 0 {
                    out.write_str(separator.value(row))?;
                }
                out.write_str(input.value(row))?;
            }
            Ok(())
        })
    })
}
