//! An object or array as compact text: what a STRING column gets of it.
//!
//! The text is that of Jackson's tree: no blanks, numbers in Java's spelling, and of a repeated key the last value at
//! the first one's place.

use std::collections::HashMap;
use std::ops::Range;

use super::super::number::{BigDecimal, write_f64};
use super::quote::{Beyond, write_string};
use super::tokens::{Broken, Token, Tokens};

/// An object or array that is being written.
struct Level {
    is_object: bool,
    /// Entries that are written.
    count: usize,
    /// The key of the entry that is being written, and where the entry and its value begin.
    key: Vec<u8>,
    entry: usize,
    value: usize,
    /// Where the value of each key stands.
    values: Vec<Range<usize>>,
    seen: HashMap<Vec<u8>, usize>,
}

/// Appends the object or array whose first token was read last; the last token is then the one that ends it.
/// `exact` keeps all digits of fractions, which is what Flink does as soon as a column of the table is a DECIMAL.
pub(super) fn write(tokens: &mut Tokens<'_>, exact: bool, out: &mut Vec<u8>) -> Result<(), Broken> {
    let mut levels: Vec<Level> = Vec::new();
    loop {
        let token = tokens.token();
        if token == Token::Name {
            begin_entry(levels.last_mut(), tokens, out);
            tokens.next()?;
            continue;
        }
        if let Some(level) = levels.last_mut()
            && !level.is_object
            && token != Token::EndArray
        {
            if level.count > 0 {
                out.push(b',');
            }
            level.count += 1;
        }
        match token {
            Token::StartObject | Token::StartArray => {
                out.push(if token == Token::StartObject { b'{' } else { b'[' });
                levels.push(Level::new(token == Token::StartObject));
                tokens.next()?;
                continue;
            }
            Token::EndObject => {
                out.push(b'}');
                levels.pop();
            }
            Token::EndArray => {
                out.push(b']');
                levels.pop();
            }
            scalar => write_scalar(scalar, tokens, exact, out),
        }
        match levels.last_mut() {
            Some(level) if level.is_object => level.end_entry(out),
            Some(_) => {}
            None => return Ok(()),
        }
        tokens.next()?;
    }
}

fn begin_entry(level: Option<&mut Level>, tokens: &Tokens<'_>, out: &mut Vec<u8>) {
    let Some(level) = level else { return };
    level.entry = out.len();
    if level.count > 0 {
        out.push(b',');
    }
    let key = tokens.text();
    write_string(&key, Beyond::Plain, out);
    out.push(b':');
    level.key = key.into_owned();
    level.value = out.len();
}

impl Level {
    fn new(is_object: bool) -> Self {
        let (values, seen) = (Vec::new(), HashMap::new());
        Self { is_object, count: 0, key: Vec::new(), entry: 0, value: 0, values, seen }
    }

    /// The value is written; if the key was there before, it takes that one's place.
    fn end_entry(&mut self, out: &mut Vec<u8>) {
        let key = std::mem::take(&mut self.key);
        let Some(first) = self.seen.get(&key).copied() else {
            self.seen.insert(key, self.values.len());
            self.values.push(self.value..out.len());
            self.count += 1;
            return;
        };
        let value = out.split_off(self.value);
        out.truncate(self.entry);
        let Some(place) = self.values.get(first).cloned() else { return };
        let (old, new) = (place.len(), value.len());
        out.splice(place, value);
        for (at, range) in self.values.iter_mut().enumerate().skip(first) {
            let start = if at == first { range.start } else { range.start + new - old };
            *range = start..range.end + new - old;
        }
    }
}

fn write_scalar(token: Token, tokens: &Tokens<'_>, exact: bool, out: &mut Vec<u8>) {
    match token {
        Token::Text => write_string(&tokens.text(), Beyond::Plain, out),
        Token::Int if tokens.raw() == b"-0" => out.push(b'0'),
        Token::Float if exact => match BigDecimal::parse(&tokens.str()) {
            Some(number) => number.write_stripped(out),
            None => out.extend_from_slice(tokens.raw()),
        },
        Token::Float => {
            let number: f64 = tokens.str().parse().unwrap_or(f64::NAN);
            let mut text = Vec::new();
            write_f64(number, &mut text);
            match number.is_finite() {
                true => out.extend_from_slice(&text),
                false => write_string(&text, Beyond::Plain, out),
            }
        }
        _ => out.extend_from_slice(tokens.raw()),
    }
}
