//! The pieces of JSON (RFC 8259) that NDJSON lines are made of, with strings as bytes.
//!
//! A parser of our own, because a label's bytes must come out whatever they are (broken UTF-8, lone
//! surrogates), a repeated name must be seen, and an error must name its column.

use memchr::memchr2;

use super::cursor::Cursor;
use super::error::Fault;

/// Deepest nesting inside a member that is passed over; a bound for the stack.
const MAX_DEPTH: usize = 64;

/// Steps over what JSON calls white space.
#[inline]
pub(super) fn skip_space(cursor: &mut Cursor<'_>) {
    while matches!(cursor.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        cursor.skip(1);
    }
}

/// Steps over the comma before the next element, or over the `close` that ends them: false.
#[inline]
pub(super) fn next_element(cursor: &mut Cursor<'_>, close: u8, first: &mut bool) -> Result<bool, Fault> {
    skip_space(cursor);
    if cursor.eat(close) {
        return Ok(false);
    }
    if !std::mem::take(first) {
        cursor.expect(b',', if close == b'}' { "`,` or `}`" } else { "`,` or `]`" })?;
        skip_space(cursor);
    }
    Ok(true)
}

/// Steps over a colon and the white space around it.
#[inline]
pub(super) fn colon(cursor: &mut Cursor<'_>) -> Result<(), Fault> {
    skip_space(cursor);
    cursor.expect(b':', "`:`")?;
    skip_space(cursor);
    Ok(())
}

/// Reads a string as bytes; `memory` holds it where there are escapes. A lone surrogate comes out as the
/// three bytes that would encode it, which are no valid UTF-8.
#[inline]
pub(super) fn string<'m, 'a: 'm>(
    cursor: &mut Cursor<'a>,
    memory: &'m mut Vec<u8>,
    expected: &'static str,
) -> Result<&'m [u8], Fault> {
    cursor.expect(b'"', expected)?;
    let rest = cursor.rest();
    if let Some(end) = memchr2(b'"', b'\\', rest)
        && rest[end] == b'"'
    {
        check_plain(cursor, &rest[..end])?;
        cursor.skip(end + 1);
        return Ok(&rest[..end]);
    }
    escaped_string(cursor, memory)
}

/// RFC 8259: control characters inside a string have to be escaped.
#[inline]
fn check_plain(cursor: &Cursor<'_>, plain: &[u8]) -> Result<(), Fault> {
    // Without a branch in the loop, so that it is done many bytes at a time.
    if !plain.iter().fold(false, |bad, &b| bad | (b < 0x20)) {
        return Ok(());
    }
    let ahead = plain.iter().position(|&b| b < 0x20).unwrap_or_default();
    Err(Fault { at: cursor.at() + ahead, expected: "no bare control character inside a string" })
}

fn escaped_string<'m>(cursor: &mut Cursor<'_>, memory: &'m mut Vec<u8>) -> Result<&'m [u8], Fault> {
    memory.clear();
    loop {
        let rest = cursor.rest();
        let plain = &rest[..memchr2(b'"', b'\\', rest).unwrap_or(rest.len())];
        check_plain(cursor, plain)?;
        memory.extend_from_slice(plain);
        cursor.skip(plain.len());
        if cursor.eat(b'"') {
            return Ok(memory);
        }
        if !cursor.eat(b'\\') {
            return Err(cursor.fault("a closing double quote"));
        }
        escape(cursor, memory)?;
    }
}

fn escape(cursor: &mut Cursor<'_>, memory: &mut Vec<u8>) -> Result<(), Fault> {
    let plain = match cursor.peek() {
        Some(byte @ (b'"' | b'\\' | b'/')) => byte,
        Some(b'b') => 0x08,
        Some(b'f') => 0x0c,
        Some(b'n') => b'\n',
        Some(b'r') => b'\r',
        Some(b't') => b'\t',
        Some(b'u') => {
            cursor.skip(1);
            return unicode_escape(cursor, memory);
        }
        _ => return Err(cursor.fault("an escape of JSON")),
    };
    cursor.skip(1);
    memory.push(plain);
    Ok(())
}

/// Reads the digits after `\u`, and a second escape where both make one character.
fn unicode_escape(cursor: &mut Cursor<'_>, memory: &mut Vec<u8>) -> Result<(), Fault> {
    let unit = hex4(cursor)?;
    if (0xd800..0xdc00).contains(&unit) && cursor.rest().starts_with(b"\\u") {
        let mut ahead = *cursor;
        ahead.skip(2);
        let low = hex4(&mut ahead)?;
        if (0xdc00..0xe000).contains(&low) {
            *cursor = ahead;
            push_code_point(memory, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
            return Ok(());
        }
    }
    push_code_point(memory, unit);
    Ok(())
}

fn hex4(cursor: &mut Cursor<'_>) -> Result<u32, Fault> {
    let mut value = 0;
    for _ in 0..4 {
        let digit = cursor.peek().and_then(|b| char::from(b).to_digit(16));
        value = value * 16 + digit.ok_or_else(|| cursor.fault("four hexadecimal digits after `\\u`"))?;
        cursor.skip(1);
    }
    Ok(value)
}

/// UTF-8, but also for the surrogates that it excludes.
fn push_code_point(memory: &mut Vec<u8>, code: u32) {
    let tail = |shift: u32| 0x80 | (code >> shift) as u8 & 0x3f;
    match code {
        0..0x80 => memory.push(code as u8),
        0x80..0x800 => memory.extend_from_slice(&[0xc0 | (code >> 6) as u8, tail(0)]),
        0x800..0x10000 => memory.extend_from_slice(&[0xe0 | (code >> 12) as u8, tail(6), tail(0)]),
        _ => memory.extend_from_slice(&[0xf0 | (code >> 18) as u8, tail(12), tail(6), tail(0)]),
    }
}

/// Reads a number's text.
#[inline]
pub(super) fn number<'a>(cursor: &mut Cursor<'a>, expected: &'static str) -> Result<&'a [u8], Fault> {
    let start = cursor.at();
    cursor.eat(b'-');
    let fault = Fault { at: start, expected };
    if cursor.eat(b'0') {
        if matches!(cursor.peek(), Some(b'0'..=b'9')) {
            return Err(fault);
        }
    } else {
        digits(cursor).ok_or(fault)?;
    }
    if cursor.eat(b'.') {
        digits(cursor).ok_or_else(|| cursor.fault("a digit after the decimal point"))?;
    }
    if matches!(cursor.peek(), Some(b'e' | b'E')) {
        cursor.skip(1);
        if matches!(cursor.peek(), Some(b'+' | b'-')) {
            cursor.skip(1);
        }
        digits(cursor).ok_or_else(|| cursor.fault("a digit of the exponent"))?;
    }
    Ok(cursor.since(start))
}

#[inline]
fn digits(cursor: &mut Cursor<'_>) -> Option<()> {
    (!cursor.take_while(|b| b.is_ascii_digit()).is_empty()).then_some(())
}

/// Steps over `word` if it stands next.
#[inline]
pub(super) fn eat_word(cursor: &mut Cursor<'_>, word: &[u8]) -> bool {
    let found = cursor.rest().starts_with(word);
    if found {
        cursor.skip(word.len());
    }
    found
}

/// Steps over any value.
pub(super) fn skip_value(cursor: &mut Cursor<'_>, memory: &mut Vec<u8>) -> Result<(), Fault> {
    skip_nested(cursor, memory, 0)
}

fn skip_nested(cursor: &mut Cursor<'_>, memory: &mut Vec<u8>, depth: usize) -> Result<(), Fault> {
    if depth > MAX_DEPTH {
        return Err(cursor.fault("less than 64 levels of nesting"));
    }
    let mut first = true;
    match cursor.peek() {
        Some(b'"') => string(cursor, memory, "a string").map(|_| ()),
        Some(b'{') => {
            cursor.skip(1);
            while next_element(cursor, b'}', &mut first)? {
                string(cursor, memory, "a member's name")?;
                colon(cursor)?;
                skip_nested(cursor, memory, depth + 1)?;
            }
            Ok(())
        }
        Some(b'[') => {
            cursor.skip(1);
            while next_element(cursor, b']', &mut first)? {
                skip_nested(cursor, memory, depth + 1)?;
            }
            Ok(())
        }
        Some(b't' | b'f' | b'n') => {
            if [&b"true"[..], b"false", b"null"].iter().any(|word| eat_word(cursor, word)) {
                Ok(())
            } else {
                Err(cursor.fault("a JSON value"))
            }
        }
        _ => number(cursor, "a JSON value").map(|_| ()),
    }
}
