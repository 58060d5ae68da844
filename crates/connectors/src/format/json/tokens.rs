//! JSON token by token, with the rules of Jackson's strict reader; only raw control characters are allowed in strings.
//!
//! It never looks behind the token that it gives, so what stands behind a record's last `}` is not looked at. Nothing
//! recurses: the depth of the input costs a bit for each level.

use std::borrow::Cow;

/// The most levels of objects and arrays, as Jackson's.
const MAX_DEPTH: usize = 1000;

/// A token. Those that carry a text have it in [`Tokens::raw`] and [`Tokens::text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// `{`
    StartObject,
    /// `}`
    EndObject,
    /// `[`
    StartArray,
    /// `]`
    EndArray,
    /// A field's name.
    Name,
    /// A string.
    Text,
    /// A number without a point and an exponent.
    Int,
    /// Another number.
    Float,
    /// `true`
    True,
    /// `false`
    False,
    /// `null`
    Null,
    /// There is nothing more.
    End,
}

/// Why a text is no JSON, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    /// Bytes before it.
    pub(super) at: usize,
    /// What was expected, or what is wrong.
    pub(super) why: &'static str,
}

/// What may come next inside an object or array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A value, and in an array just begun its end.
    Value,
    /// A name or the end of the object just begun.
    FirstName,
    /// What follows a value.
    Separator,
    /// The value of a field.
    FieldValue,
    /// The first element of an array, or its end.
    FirstElement,
}

/// A text and how far it was read.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    pos: usize,
    /// For each open level whether it is an object.
    levels: Vec<bool>,
    expect: Expect,
    token: Token,
    start: usize,
    end: usize,
    has_escape: bool,
}

impl<'a> Tokens<'a> {
    /// Begins at a value. `levels` is only for its room.
    pub(super) fn new(bytes: &'a [u8], pos: usize, mut levels: Vec<bool>) -> Self {
        levels.clear();
        let expect = Expect::Value;
        Self { bytes, pos, levels, expect, token: Token::End, start: pos, end: pos, has_escape: false }
    }

    /// Gives the room back.
    pub(super) fn into_levels(self) -> Vec<bool> {
        self.levels
    }

    /// The token that was read last.
    pub(super) fn token(&self) -> Token {
        self.token
    }

    /// Where the next one is looked for.
    pub(super) fn pos(&self) -> usize {
        self.pos
    }

    /// Open objects and arrays.
    pub(super) fn depth(&self) -> usize {
        self.levels.len()
    }

    /// The text of the token as it stands there; of a name or string without its quotes.
    pub(super) fn raw(&self) -> &'a [u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The text of the token: of a name or string with its escapes resolved. A half of a surrogate pair is `?`, as
    /// Flink writes it.
    pub(super) fn text(&self) -> Cow<'a, [u8]> {
        if self.has_escape { Cow::Owned(unescape(self.raw())) } else { Cow::Borrowed(self.raw()) }
    }

    /// The text as a `str`; the bytes were checked before.
    pub(super) fn str(&self) -> Cow<'a, str> {
        match self.text() {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        }
    }

    /// Reads the next token.
    pub(super) fn next(&mut self) -> Result<Token, Broken> {
        self.skip_blanks();
        self.has_escape = false;
        let Some(byte) = self.bytes.get(self.pos).copied() else {
            return self.at_end();
        };
        self.start = self.pos;
        let token = match self.expect {
            Expect::Value | Expect::FieldValue => self.value(byte),
            Expect::FirstElement if byte == b']' => self.close(Token::EndArray),
            Expect::FirstElement => self.value(byte),
            Expect::FirstName if byte == b'}' => self.close(Token::EndObject),
            Expect::FirstName => self.name(byte),
            Expect::Separator => self.separator(byte),
        }?;
        self.token = token;
        Ok(token)
    }

    /// Goes back to behind the `{` at whose end the reader was at `pos`; the object is the one that was ended last.
    pub(super) fn back_into_object(&mut self, pos: usize) {
        self.levels.push(true);
        self.pos = pos;
        self.expect = Expect::FirstName;
        self.token = Token::StartObject;
    }

    /// Passes over the value whose first token was read last.
    pub(super) fn skip_children(&mut self) -> Result<(), Broken> {
        if !matches!(self.token, Token::StartObject | Token::StartArray) {
            return Ok(());
        }
        let above = self.levels.len() - 1;
        while self.levels.len() > above {
            self.next()?;
        }
        Ok(())
    }

    fn at_end(&mut self) -> Result<Token, Broken> {
        if !self.levels.is_empty() {
            return Err(self.broken("the record ends too early"));
        }
        (self.start, self.end) = (self.pos, self.pos);
        self.token = Token::End;
        Ok(Token::End)
    }

    fn broken(&self, why: &'static str) -> Broken {
        Broken { at: self.pos, why }
    }

    #[inline]
    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.bytes.get(self.pos) {
            self.pos += 1;
        }
    }

    /// Behind a value: what separates it from the next, or ends what it is in.
    fn separator(&mut self, byte: u8) -> Result<Token, Broken> {
        let Some(is_object) = self.levels.last().copied() else {
            return self.value(byte);
        };
        match byte {
            b'}' if is_object => self.close(Token::EndObject),
            b']' if !is_object => self.close(Token::EndArray),
            b',' => {
                self.pos += 1;
                self.skip_blanks();
                self.start = self.pos;
                match self.bytes.get(self.pos).copied() {
                    None => Err(self.broken("the record ends too early")),
                    Some(byte) if is_object => self.name(byte),
                    Some(byte) => self.value(byte),
                }
            }
            _ if is_object => Err(self.broken("a comma or the object's end is expected")),
            _ => Err(self.broken("a comma or the array's end is expected")),
        }
    }

    fn open(&mut self, is_object: bool) -> Result<Token, Broken> {
        if self.levels.len() >= MAX_DEPTH {
            return Err(self.broken("it is nested deeper than 1000 levels"));
        }
        self.levels.push(is_object);
        self.pos += 1;
        self.end = self.pos;
        self.expect = if is_object { Expect::FirstName } else { Expect::FirstElement };
        Ok(if is_object { Token::StartObject } else { Token::StartArray })
    }

    fn close(&mut self, token: Token) -> Result<Token, Broken> {
        self.levels.pop();
        self.pos += 1;
        self.end = self.pos;
        self.expect = Expect::Separator;
        Ok(token)
    }

    fn name(&mut self, byte: u8) -> Result<Token, Broken> {
        if byte != b'"' {
            return Err(self.broken("a field's name in double quotes is expected"));
        }
        self.string()?;
        self.skip_blanks();
        if self.bytes.get(self.pos) != Some(&b':') {
            return Err(self.broken("a colon is expected behind a field's name"));
        }
        self.pos += 1;
        self.expect = Expect::FieldValue;
        Ok(Token::Name)
    }

    fn value(&mut self, byte: u8) -> Result<Token, Broken> {
        let token = match byte {
            b'{' => return self.open(true),
            b'[' => return self.open(false),
            b'"' => self.string().map(|()| Token::Text),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.word(b"true", Token::True),
            b'f' => self.word(b"false", Token::False),
            b'n' => self.word(b"null", Token::Null),
            _ => Err(self.broken("a value is expected")),
        }?;
        self.expect = Expect::Separator;
        Ok(token)
    }

    fn word(&mut self, word: &[u8], token: Token) -> Result<Token, Broken> {
        let rest = self.bytes.get(self.pos..).unwrap_or_default();
        let goes_on = rest.get(word.len()).is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !rest.starts_with(word) || goes_on {
            return Err(self.broken("a value is expected"));
        }
        self.pos += word.len();
        self.end = self.pos;
        Ok(token)
    }

    /// A string from its opening quote; its content is what `start` and `end` enclose.
    fn string(&mut self) -> Result<(), Broken> {
        self.pos += 1;
        self.start = self.pos;
        loop {
            let Some(at) = find_string_end(self.bytes, self.pos) else {
                return Err(Broken { at: self.bytes.len(), why: "the record ends inside a string" });
            };
            self.pos = at;
            if self.bytes.get(at) == Some(&b'"') {
                self.end = at;
                self.pos = at + 1;
                return Ok(());
            }
            self.has_escape = true;
            self.escape()?;
        }
    }

    fn escape(&mut self) -> Result<(), Broken> {
        let length = match self.bytes.get(self.pos + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if unit(self.bytes, self.pos + 2).is_some() => 6,
            Some(b'u') => return Err(self.broken("four hexadecimal digits are expected behind \\u")),
            Some(_) => return Err(self.broken("there is no such escape")),
            None => return Err(self.broken("the record ends inside a string")),
        };
        self.pos += length;
        Ok(())
    }

    fn number(&mut self) -> Result<Token, Broken> {
        if self.bytes.get(self.pos) == Some(&b'-') {
            self.pos += 1;
        }
        let whole = self.digits();
        if whole == 0 {
            return Err(self.broken("a digit is expected"));
        }
        if whole > 1 && self.bytes.get(self.pos - whole) == Some(&b'0') {
            return Err(self.broken("a number has no leading zeros"));
        }
        let mut token = Token::Int;
        if self.bytes.get(self.pos) == Some(&b'.') {
            self.pos += 1;
            token = Token::Float;
            if self.digits() == 0 {
                return Err(self.broken("a digit is expected behind the point"));
            }
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.pos) {
            self.pos += 1;
            token = Token::Float;
            if let Some(b'+' | b'-') = self.bytes.get(self.pos) {
                self.pos += 1;
            }
            if self.digits() == 0 {
                return Err(self.broken("a digit is expected in the exponent"));
            }
        }
        self.end = self.pos;
        Ok(token)
    }

    fn digits(&mut self) -> usize {
        let from = self.pos;
        while let Some(b'0'..=b'9') = self.bytes.get(self.pos) {
            self.pos += 1;
        }
        self.pos - from
    }
}

pub(super) const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks with its high bit the first byte that is zero; what stands behind that one may be marked wrongly.
const fn first_zero(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// The next quote or backslash from a position on. Eight bytes at a time: most strings are short, and a call of
/// `memchr` costs more than it saves.
#[inline]
pub(super) fn find_string_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut rest = bytes.get(from..)?;
    let mut at = from;
    while let Some((chunk, behind)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let quote = first_zero(word ^ (ONES * b'"' as u64));
        let backslash = first_zero(word ^ (ONES * b'\\' as u64));
        let found = quote | backslash;
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        rest = behind;
        at += 8;
    }
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).map(|found| at + found)
}

/// The four hexadecimal digits at a position.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 4)?;
    digits
        .iter()
        .try_fold(0u16, |sum, digit| char::from(*digit).to_digit(16).map(|value| sum << 4 | value as u16))
}

/// A string's content with its escapes resolved. They were checked before.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let (byte, length) = match rest.get(at + 1) {
            Some(b'b') => (8, 2),
            Some(b'f') => (12, 2),
            Some(b'n') => (b'\n', 2),
            Some(b'r') => (b'\r', 2),
            Some(b't') => (b'\t', 2),
            Some(b'u') => {
                rest = &rest[at..];
                rest = &rest[push_units(rest, &mut out).min(rest.len())..];
                continue;
            }
            Some(other) => (*other, 2),
            None => break,
        };
        out.push(byte);
        rest = &rest[at + length..];
    }
    out.extend_from_slice(rest);
    out
}

/// Appends the character of one `\uXXXX`, or of two that are a pair; gives how long they are.
fn push_units(escape: &[u8], out: &mut Vec<u8>) -> usize {
    let first = unit(escape, 2).unwrap_or(0xFFFD);
    let second = if escape.get(6..8) == Some(b"\\u") { unit(escape, 8) } else { None };
    let pair = second.and_then(|second| char::decode_utf16([first, second]).next()?.ok());
    let single = char::from_u32(u32::from(first));
    let (character, length) = match (single, pair) {
        (Some(character), _) => (character, 6),
        (None, Some(character)) => (character, 12),
        (None, None) => ('?', 6),
    };
    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    length
}
