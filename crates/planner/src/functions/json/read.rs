//! Reads JSON as strictly as Jackson does; what stands behind the value does not matter.

use super::value::{Decimal, Json};
use crate::functions::rows::push_utf16;

/// Values nested deeper than this are refused, as Jackson does.
const DEEPEST: usize = 1000;

impl Json {
    /// The value that a text begins with; none if it begins with none.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text, depth: 0 };
        let value = reader.value()?;
        let is_number = matches!(value, Self::Integer(_) | Self::Decimal(_));
        let ends = reader.rest.is_empty() || reader.rest.starts_with([' ', '\t', '\r', '\n']);
        (ends || !is_number).then_some(value)
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    /// Takes what the rest begins with, blanks aside.
    fn take(&mut self, expected: &str) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Json> {
        self.skip_blanks();
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let value = match self.rest.bytes().next()? {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => self.text().map(Json::Text),
            b'-' | b'0'..=b'9' => self.number(),
            _ if self.take("true") => self.word(Json::Boolean(true)),
            _ if self.take("false") => self.word(Json::Boolean(false)),
            _ if self.take("null") => self.word(Json::Null),
            _ => None,
        };
        self.depth -= 1;
        value
    }

    /// No letter or digit stands right behind a word.
    fn word(&self, value: Json) -> Option<Json> {
        let is_longer = self.rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        (!is_longer).then_some(value)
    }

    fn object(&mut self) -> Option<Json> {
        let mut fields: Vec<(String, Json)> = Vec::new();
        self.take("{");
        if self.take("}") {
            return Some(Json::Object(fields));
        }
        loop {
            self.skip_blanks();
            let key = self.text()?;
            if !self.take(":") {
                return None;
            }
            let value = self.value()?;
            // The last of several wins.
            match fields.iter_mut().find(|(known, _)| *known == key) {
                Some(known) => known.1 = value,
                None => fields.push((key, value)),
            }
            if self.take("}") {
                return Some(Json::Object(fields));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn array(&mut self) -> Option<Json> {
        let mut items = Vec::new();
        self.take("[");
        if self.take("]") {
            return Some(Json::Array(items));
        }
        loop {
            items.push(self.value()?);
            if self.take("]") {
                return Some(Json::Array(items));
            }
            if !self.take(",") {
                return None;
            }
        }
    }

    fn digits(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!digits.is_empty()).then_some(digits)
    }

    fn number(&mut self) -> Option<Json> {
        let start = self.rest;
        self.rest = self.rest.strip_prefix('-').unwrap_or(self.rest);
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return None;
        }
        let mut is_whole = true;
        if let Some(rest) = self.rest.strip_prefix('.') {
            (self.rest, is_whole) = (rest, false);
            self.digits()?;
        }
        if let Some(rest) = self.rest.strip_prefix(['e', 'E']) {
            (self.rest, is_whole) = (rest.strip_prefix(['+', '-']).unwrap_or(rest), false);
            self.digits()?;
        }
        let text = &start[..start.len() - self.rest.len()];
        Some(if is_whole {
            Json::Integer(if text == "-0" { "0" } else { text }.to_owned())
        } else {
            Json::Decimal(Decimal::parse(text))
        })
    }

    fn text(&mut self) -> Option<String> {
        let mut rest = self.rest.strip_prefix('"')?;
        let mut text = String::new();
        loop {
            let end = rest.find(|character| matches!(character, '"' | '\\' | '\0'..='\x1f'))?;
            text.push_str(&rest[..end]);
            match rest.as_bytes()[end] {
                b'"' => {
                    self.rest = &rest[end + 1..];
                    return Some(text);
                }
                b'\\' => rest = escape(&rest[end + 1..], &mut text)?,
                _ => return None,
            }
        }
    }
}

/// What stands behind a backslash; gives what is left.
pub(super) fn escape<'a>(rest: &'a str, text: &mut String) -> Option<&'a str> {
    let escaped = rest.chars().next()?;
    let behind = &rest[escaped.len_utf8()..];
    text.push(match escaped {
        '"' | '\\' | '/' => escaped,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(behind, text),
        _ => return None,
    });
    Some(behind)
}

fn unit(digits: &str) -> Option<(u16, &str)> {
    let (digits, rest) = digits.split_at_checked(4)?;
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if is_hex { Some((u16::from_str_radix(digits, 16).ok()?, rest)) } else { None }
}

/// Four digits, and the other half of a pair if it follows.
fn unicode<'a>(digits: &'a str, text: &mut String) -> Option<&'a str> {
    let (first, rest) = unit(digits)?;
    if (0xd800..0xdc00).contains(&first)
        && let Some((second @ 0xdc00..=0xdfff, behind)) = rest.strip_prefix("\\u").and_then(unit)
    {
        push_utf16(text, [first, second]);
        return Some(behind);
    }
    push_utf16(text, [first]);
    Some(rest)
}
