//! Functions that take a text apart at separators.

use std::sync::Arc;

use arrow::array::{ArrayRef, MapBuilder, MapFieldNames, StringBuilder};
use datafusion_common::Result as Computed;
use narthex_sql::{DataType, Mistake};

use crate::arrow_types::arrow_field;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Int, Text};
use crate::functions::arguments::is_integer;
use crate::functions::patterns::Patterns;
use crate::functions::rows::{ints, nulls, slices, text, text_lists};

/// An empty text has no parts; an empty separator stands between all characters.
pub(super) fn split(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text], 2)?;
    let returns = arguments.strict(&DataType::Array(Box::new(DataType::STRING)));
    arguments.call(returns, |columns, rows| {
        let (input, separator) = (text(&columns[0]), text(&columns[1]));
        text_lists(columns, rows, |row, out| {
            let (input, separator) = (input.value(row), separator.value(row));
            if input.is_empty() {
            } else if separator.is_empty() {
                let mut buffer = [0; 4];
                input.chars().for_each(|character| out.append_value(character.encode_utf8(&mut buffer)));
            } else {
                input.split(separator).for_each(|part| out.append_value(part));
            }
            Ok(true)
        })
    })
}

/// The separator is a text, or the number of a character up to 255; an empty one means white space.
pub(super) fn split_index(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let is_number = arguments.values.get(1).is_some_and(|separator| is_integer(&separator.data_type));
    if is_number {
        let arguments = arguments.take(&[Text, Int, Int], 3)?;
        return arguments.call(DataType::STRING, |columns, rows| {
            let (input, separator, index) = (text(&columns[0]), ints(&columns[1]), ints(&columns[2]));
            slices(columns, rows, |row| {
                let separator = u8::try_from(separator.value(row)).ok().filter(|&separator| separator > 0);
                let Some(separator) = separator else { return Ok(None) };
                Ok(nth(input.value(row), index.value(row), |text| text.split(char::from(separator))))
            })
        });
    }
    let arguments = arguments.take(&[Text, Text, Int], 3)?;
    arguments.call(DataType::STRING, |columns, rows| {
        let (input, separator, index) = (text(&columns[0]), text(&columns[1]), ints(&columns[2]));
        slices(columns, rows, |row| {
            let (input, separator, index) = (input.value(row), separator.value(row), index.value(row));
            Ok(if separator.is_empty() {
                nth(input, index, |text| text.split(is_java_blank))
            } else {
                nth(input, index, |text| text.split(separator))
            })
        })
    })
}

fn nth<'a, I: Iterator<Item = &'a str>>(
    text: &'a str,
    index: i32,
    split: impl Fn(&'a str) -> I,
) -> Option<&'a str> {
    if text.is_empty() {
        return None;
    }
    split(text).nth(usize::try_from(index).ok()?)
}

/// White space as Java counts it: without the spaces that do not break.
fn is_java_blank(character: char) -> bool {
    matches!(character, '\t'..='\r' | '\x1c'..='\x1f')
        || (character.is_whitespace() && !matches!(character, '\u{85}' | '\u{a0}' | '\u{2007}' | '\u{202f}'))
}

/// `STR_TO_MAP(text [, separator, key separator])`: the separators are regular expressions; a later key wins.
pub(super) fn str_to_map(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    if arguments.values.len() == 2 {
        return Err(arguments.refuse());
    }
    let arguments = arguments.take(&[Text, Text, Text], 1)?;
    let returns = DataType::Map(Box::new(DataType::STRING), Box::new(DataType::STRING));
    let patterns = Patterns::default();
    arguments.call(returns, move |columns, rows| {
        let input = text(&columns[0]);
        let [pair, key] = [1, 2].map(|at| columns.get(at).map(text));
        let nulls = nulls(columns);
        let mut builder = text_map_builder();
        for row in 0..rows {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                builder.append(false)?;
                continue;
            }
            let pair = pair.map_or(",", |pair| pair.value(row));
            let key = key.map_or("=", |key| key.value(row));
            for (key, value) in pairs(&patterns, input.value(row), pair, key)? {
                builder.keys().append_value(key);
                builder.values().append_option(value);
            }
            builder.append(true)?;
        }
        Ok(Arc::new(builder.finish()) as ArrayRef)
    })
}

fn text_map_builder() -> MapBuilder<StringBuilder, StringBuilder> {
    let names =
        MapFieldNames { entry: "entries".to_owned(), key: "key".to_owned(), value: "value".to_owned() };
    MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new())
        .with_values_field(arrow_field("value", &DataType::STRING))
}

type Pair<'a> = (&'a str, Option<&'a str>);

fn pairs<'a>(patterns: &Patterns, text: &'a str, pair: &str, key: &str) -> Computed<Vec<Pair<'a>>> {
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    if text.is_empty() {
        return Ok(pairs);
    }
    let (by_pair, by_key) = (patterns.must(pair)?, patterns.must(key)?);
    for part in by_pair.split(text)? {
        let (key, value) = match by_key.first(part)? {
            Some((start, end)) if end > 0 => (&part[..start], Some(&part[end..])),
            _ => (part, None),
        };
        match pairs.iter_mut().find(|(known, _)| *known == key) {
            Some(known) => known.1 = value,
            None => pairs.push((key, value)),
        }
    }
    Ok(pairs)
}
