//! Functions that look into a text: its length, where something stands in it, what it is made of.

use arrow::array::{ArrayRef, AsArray, Int32Array};
use arrow::datatypes::Int32Type;
use datafusion_common::Result as Computed;
use narthex_sql::{DataType, Mistake};

use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Any, Bytes, Int, Text};
use crate::functions::arguments::{is_integer, is_number, is_text};
use crate::functions::rows::{booleans, fail, ints, numbers, text};

pub(super) fn char_length(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    let returns = arguments.strict(&DataType::Int);
    arguments.call(returns, |columns, rows| {
        let input = text(&columns[0]);
        numbers::<Int32Type>(columns, rows, |row| Ok(Some(length(input.value(row)))))
    })
}

/// How many characters a text has.
pub(super) fn length(text: &str) -> i32 {
    if text.is_ascii() { text.len() as i32 } else { text.chars().count() as i32 }
}

/// The first byte, signed as Java's are.
pub(super) fn ascii(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    let returns = arguments.strict(&DataType::Int);
    arguments.call(returns, |columns, rows| {
        let input = text(&columns[0]);
        numbers::<Int32Type>(columns, rows, |row| {
            Ok(Some(input.value(row).bytes().next().map_or(0, |byte| i32::from(byte as i8))))
        })
    })
}

/// `LOCATE(sought, text [, start])`, `POSITION(sought IN text)`.
pub(super) fn locate(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text, Int], 2)?;
    let returns = arguments.strict(&DataType::Int);
    arguments.call(returns, |columns, rows| {
        let (sought, input) = (text(&columns[0]), text(&columns[1]));
        let start = columns.get(2).map(ints);
        numbers::<Int32Type>(columns, rows, |row| {
            let start = start.map_or(1, |start| start.value(row)).max(1) as usize;
            Ok(Some(position(input.value(row), sought.value(row), start)))
        })
    })
}

/// Where `sought` stands first in `text`, from a character on; 0 where it does not. Nothing stands at the beginning.
fn position(text: &str, sought: &str, start: usize) -> i32 {
    if sought.is_empty() {
        return 1;
    }
    let Some((from, _)) = text.char_indices().nth(start - 1) else { return 0 };
    match text[from..].find(sought) {
        Some(at) => length(&text[..from + at]) + 1,
        None => 0,
    }
}

/// `INSTR(text, sought [, start [, occurrence]])`; a negative start counts from the end and searches backwards.
pub(super) fn instr(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text, Int, Int], 2)?;
    let returns = arguments.strict(&DataType::Int);
    arguments.call(returns, |columns, rows| {
        let (input, sought) = (text(&columns[0]), text(&columns[1]));
        let (start, occurrence) = (columns.get(2).map(ints), columns.get(3).map(ints));
        let or_one = |column: Option<&Int32Array>, row| column.map_or(1, |column| column.value(row));
        numbers::<Int32Type>(columns, rows, |row| {
            nth_position(input.value(row), sought.value(row), or_one(start, row), or_one(occurrence, row))
                .map(Some)
        })
    })
}

fn nth_position(text: &str, sought: &str, start: i32, occurrence: i32) -> Computed<i32> {
    if occurrence <= 0 {
        return fail(format!("INSTR: the occurrence is {occurrence}; it must be 1 or more"));
    }
    if start == 0 {
        return Ok(0);
    }
    if sought.is_empty() {
        return Ok(if start > 0 { 1 } else { length(text) + 1 });
    }
    let text: Vec<char> = text.chars().collect();
    let sought: Vec<char> = sought.chars().collect();
    if sought.len() > text.len() {
        return Ok(0);
    }
    let last = text.len() - sought.len();
    let is_there = |at: &usize| text[*at..].starts_with(&sought);
    let skip = occurrence as usize - 1;
    let found = if start > 0 {
        (start as usize - 1..=last).filter(is_there).nth(skip)
    } else {
        // What is found ends before this many characters from the end.
        let behind = start.unsigned_abs() as usize - 1;
        let last = last.checked_sub(behind);
        last.and_then(|last| (0..=last).rev().filter(is_there).nth(skip))
    };
    Ok(found.map_or(0, |at| at as i32 + 1))
}

pub(super) fn starts_with(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    compare(arguments, |input, sought| input.starts_with(sought))
}

pub(super) fn ends_with(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    compare(arguments, |input, sought| input.ends_with(sought))
}

/// Two texts or two byte strings.
fn compare(arguments: Arguments<'_>, is_so: fn(&[u8], &[u8]) -> bool) -> Result<Bound, Mistake> {
    let is_bytes = arguments
        .values
        .iter()
        .any(|value| matches!(value.data_type.bare(), DataType::Binary(_) | DataType::Varbinary(_)));
    let want = if is_bytes { Bytes } else { Text };
    let arguments = arguments.take(&[want, want], 2)?;
    let returns = arguments.strict(&DataType::Boolean);
    arguments.call(returns, move |columns, rows| {
        booleans(columns, rows, |row| Ok(Some(is_so(bytes_at(&columns[0], row), bytes_at(&columns[1], row)))))
    })
}

/// The bytes of a text or a byte string.
pub(in crate::functions) fn bytes_at(column: &ArrayRef, row: usize) -> &[u8] {
    match column.as_string_opt::<i32>() {
        Some(texts) => texts.value(row).as_bytes(),
        None => column.as_binary::<i32>().value(row),
    }
}

pub(super) fn is_alpha(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    test(arguments, |_| false, |text| !text.is_empty() && text.chars().all(is_letter))
}

/// Letters alone: no numbers that are written with letters, such as Ⅷ.
fn is_letter(character: char) -> bool {
    character.is_alphabetic() && !character.is_numeric()
}

pub(super) fn is_digit(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    test(arguments, is_integer, |text| !text.is_empty() && text.chars().all(is_decimal_digit))
}

/// A decimal digit of any script.
fn is_decimal_digit(character: char) -> bool {
    character.is_ascii_digit()
        || (!character.is_ascii() && character.is_numeric() && !is_other_number(character))
}

/// Numbers that are no digits: fractions, circled ones, Roman and Chinese ones, superscripts.
fn is_other_number(character: char) -> bool {
    matches!(character, '\u{b2}'..='\u{be}' | '\u{2070}'..='\u{2e7f}' | '\u{3007}'..='\u{a61f}')
}

pub(super) fn is_decimal(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let is_plain = |data_type: &DataType| is_number(data_type) && !matches!(data_type, DataType::Decimal(..));
    test(arguments, is_plain, is_number_text)
}

/// What Java reads as a double: also with blanks around it, and with a letter for its size.
fn is_number_text(text: &str) -> bool {
    let text = text.trim_matches(|character| character <= ' ');
    let bare = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
    let digits = bare.trim_start_matches(['+', '-']);
    match digits.bytes().next() {
        Some(b'0'..=b'9' | b'.') => bare.parse::<f64>().is_ok(),
        _ => matches!(digits, "NaN" | "Infinity") && text.len() - digits.len() <= 1 && text == bare,
    }
}

/// Is something true of a value? Of a number by its type alone, of a text by its characters, and never of a null one.
fn test(
    arguments: Arguments<'_>,
    of_type: fn(&DataType) -> bool,
    of_text: fn(&str) -> bool,
) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Any], 1)?;
    let is_text = is_text(arguments.bare(0));
    if !is_text && !is_number(arguments.bare(0)) {
        return Err(arguments.refuse());
    }
    let of_type = of_type(arguments.bare(0));
    let returns = DataType::Boolean.with_nullable(false);
    arguments.call(returns, move |columns, rows| {
        let column = &columns[0];
        booleans(&[], rows, |row| {
            Ok(Some(if is_text { column.is_valid(row) && of_text(text(column).value(row)) } else { of_type }))
        })
    })
}
