//! `JSON_QUOTE` and `JSON_UNQUOTE`.

use narthex_sql::{DataType, Mistake};

use super::read::escape;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::Text;
use crate::functions::rows::{push, text, texts};

/// Everything but printable ASCII is written as `\u` and four digits; what is beyond the BMP, as Flink writes it: the
/// whole code point, and then the second of its two units.
pub(super) fn quote(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        let input = text(&columns[0]);
        texts(columns, rows, |row, out| {
            out.push('"');
            input.value(row).chars().for_each(|character| write(character, out));
            out.push('"');
            Ok(true)
        })
    })
}

fn write(character: char, out: &mut String) {
    match character {
        '"' | '\\' | '/' => out.extend(['\\', character]),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        ' '..='~' => out.push(character),
        _ => {
            push(out, format_args!("\\u{:04x}", u32::from(character)));
            if let [_, second] = character.encode_utf16(&mut [0; 2]) {
                push(out, format_args!("\\u{second:04x}"));
            }
        }
    }
}

/// What is no text in quotes, or has a wrong escape, stays as it is.
pub(super) fn unquote(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        let input = text(&columns[0]);
        texts(columns, rows, |row, out| {
            let input = input.value(row);
            match unquoted(input) {
                Some(text) => out.push_str(&text),
                None => out.push_str(input),
            }
            Ok(true)
        })
    })
}

fn unquoted(text: &str) -> Option<String> {
    let mut rest = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::with_capacity(rest.len());
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = escape(&rest[at + 1..], &mut out)?;
    }
    out.push_str(rest);
    Some(out)
}
