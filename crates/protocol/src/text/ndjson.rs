//! NDJSON: one object a line, with `labels` and either `value` and `timestamp` or `samples`.
//!
//! Members may come in any order; those that we do not know are passed over, so that dead letters and other
//! people's records can be read. A member that we know may come once.

use memchr::memchr;
use narthex_model::{Labels, Sample, Samples, TimeSeries};

use super::cursor::Cursor;
use super::error::Fault;
use super::json;
use super::number::{parse_integer, parse_scaled, parse_value};
use super::{Item, Scratch};

const VALUE: &str = "a number, a string such as \"NaN\" or \"+Inf\", or null";
const TIMESTAMP: &str = "a timestamp in whole milliseconds";

/// What stands in a sample's place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Stale,
    Null,
}

/// A pair of `samples`; a time that is `None` was null.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    timestamp_ms: Option<i64>,
    value: Value,
}

/// The members of a line as far as they were read; the outer option tells whether a member is there.
#[derive(Debug, Default)]
struct Record {
    labels: Option<Labels>,
    value: Option<Value>,
    timestamp_ms: Option<Option<i64>>,
    stale: Option<bool>,
    samples: bool,
}

/// Reads one line.
pub(super) fn parse(line: &[u8], scratch: &mut Scratch, out: &mut Vec<Item>) -> Result<(), Fault> {
    let mut cursor = Cursor::new(line);
    json::skip_space(&mut cursor);
    if cursor.peek().is_none() {
        return Ok(());
    }
    cursor.expect(b'{', "a JSON object")?;
    let mut record = Record::default();
    let mut first = true;
    while json::next_element(&mut cursor, b'}', &mut first)? {
        read_member(&mut cursor, scratch, &mut record)?;
    }
    let brace = cursor.at() - 1;
    json::skip_space(&mut cursor);
    if cursor.peek().is_some() {
        return Err(cursor.fault("the end of the line"));
    }
    record.finish(&scratch.samples, out).map_err(|expected| Fault { at: brace, expected })
}

fn read_member(cursor: &mut Cursor<'_>, scratch: &mut Scratch, record: &mut Record) -> Result<(), Fault> {
    let at = cursor.at();
    let once = |absent: bool| if absent { Ok(()) } else { Err(Fault { at, expected: "each member once" }) };
    match json::string(cursor, &mut scratch.name, "a member's name")? {
        b"labels" | b"metric" => {
            json::colon(cursor)?;
            once(record.labels.is_none())?;
            record.labels = Some(read_labels(cursor, scratch)?);
        }
        b"value" => {
            json::colon(cursor)?;
            once(record.value.is_none())?;
            record.value = Some(read_value(cursor, &mut scratch.value)?);
        }
        b"timestamp" => {
            json::colon(cursor)?;
            once(record.timestamp_ms.is_none())?;
            record.timestamp_ms = Some(read_timestamp(cursor, &mut scratch.value)?);
        }
        b"stale" => {
            json::colon(cursor)?;
            once(record.stale.is_none())?;
            record.stale = Some(read_stale(cursor)?);
        }
        b"samples" => {
            json::colon(cursor)?;
            once(!record.samples)?;
            record.samples = true;
            read_samples(cursor, scratch)?;
        }
        _ => {
            json::colon(cursor)?;
            json::skip_value(cursor, &mut scratch.value)?;
        }
    }
    Ok(())
}

impl Record {
    /// Appends the items; else says what is missing or too much.
    fn finish(self, readings: &[Reading], out: &mut Vec<Item>) -> Result<(), &'static str> {
        let labels = self.labels.ok_or("a member `labels`")?;
        let stale = self.stale == Some(true);
        if self.samples {
            if self.value.is_some() || self.timestamp_ms.is_some() || stale {
                return Err("`samples`, or `value` and `timestamp`, not both");
            }
            push_samples(labels, readings, out);
            return Ok(());
        }
        let value = match (self.value, stale) {
            (None | Some(Value::Null), true) => Value::Stale,
            (Some(_), true) => return Err("`stale` or `value`, not both"),
            (Some(value), false) => value,
            (None, false) => return Err("a member `value`, `stale` or `samples`"),
        };
        out.push(match (value, self.timestamp_ms) {
            (Value::Null, timestamp) => Item::Null { labels, timestamp_ms: timestamp.flatten() },
            (_, Some(None)) => Item::Null { labels, timestamp_ms: None },
            (Value::Stale, None) => return Err("a member `timestamp` beside `stale`"),
            (Value::Number(value), None) => Item::Untimed { labels, value },
            (Value::Number(value), Some(Some(ms))) => series(labels, Sample::new(value, ms)),
            (Value::Stale, Some(Some(ms))) => series(labels, Sample::stale(ms)),
        });
        Ok(())
    }
}

fn series(labels: Labels, sample: Sample) -> Item {
    Item::Series(TimeSeries::single(labels, sample))
}

/// One series of what is whole, and an item for each null.
fn push_samples(labels: Labels, readings: &[Reading], out: &mut Vec<Item>) {
    let mut samples = Samples::new();
    for &Reading { timestamp_ms, value } in readings {
        match (timestamp_ms, value) {
            (Some(ms), Value::Number(value)) => samples.push(Sample::new(value, ms)),
            (Some(ms), Value::Stale) => samples.push(Sample::stale(ms)),
            _ => out.push(Item::Null { labels: labels.clone(), timestamp_ms }),
        }
    }
    if !samples.is_empty() {
        out.push(Item::Series(TimeSeries { labels, samples }));
    }
}

/// Reads an object of names and values, or an array of pairs.
fn read_labels(cursor: &mut Cursor<'_>, scratch: &mut Scratch) -> Result<Labels, Fault> {
    scratch.builder.clear();
    match cursor.peek() {
        Some(b'{') => read_label_object(cursor, scratch),
        Some(b'[') => {
            cursor.skip(1);
            let mut first = true;
            while json::next_element(cursor, b']', &mut first)? {
                cursor.expect(b'[', "a pair of name and value")?;
                json::skip_space(cursor);
                let name = json::string(cursor, &mut scratch.name, "a label name")?;
                json::skip_space(cursor);
                cursor.expect(b',', "`,` between name and value")?;
                json::skip_space(cursor);
                let value = read_label_value(cursor, &mut scratch.value)?;
                scratch.builder.push(name, value);
                json::skip_space(cursor);
                cursor.expect(b']', "`]` after name and value")?;
            }
            Ok(scratch.builder.finish())
        }
        _ => Err(cursor.fault("an object of labels, or an array of pairs")),
    }
}

fn read_label_object(cursor: &mut Cursor<'_>, scratch: &mut Scratch) -> Result<Labels, Fault> {
    let rest = cursor.rest();
    let start = cursor.at();
    // The first brace ends the object, unless it stands inside a string.
    let guess = memchr(b'}', rest).map_or(rest, |brace| &rest[..=brace]);
    let miss = match scratch.cache.look_up(guess) {
        Ok(labels) => {
            cursor.skip(guess.len());
            return Ok(labels);
        }
        Err(miss) => miss,
    };
    cursor.skip(1);
    let mut first = true;
    while json::next_element(cursor, b'}', &mut first)? {
        let name = json::string(cursor, &mut scratch.name, "a label name")?;
        json::colon(cursor)?;
        let value = read_label_value(cursor, &mut scratch.value)?;
        scratch.builder.push(name, value);
    }
    let labels = scratch.builder.finish();
    scratch.cache.offer(cursor.since(start), &labels, miss);
    Ok(labels)
}

/// A string; a number or a truth value stands for its text, null for no label.
#[inline]
fn read_label_value<'m, 'a: 'm>(cursor: &mut Cursor<'a>, memory: &'m mut Vec<u8>) -> Result<&'m [u8], Fault> {
    const EXPECTED: &str = "a label value: a string, a number, true, false or null";
    match cursor.peek() {
        Some(b'"') => json::string(cursor, memory, EXPECTED),
        Some(b'-' | b'0'..=b'9') => json::number(cursor, EXPECTED),
        _ if json::eat_word(cursor, b"true") => Ok(b"true"),
        _ if json::eat_word(cursor, b"false") => Ok(b"false"),
        _ if json::eat_word(cursor, b"null") => Ok(b""),
        _ => Err(cursor.fault(EXPECTED)),
    }
}

#[inline]
fn read_value(cursor: &mut Cursor<'_>, memory: &mut Vec<u8>) -> Result<Value, Fault> {
    let fault = cursor.fault(VALUE);
    let text = match cursor.peek() {
        Some(b'"') => json::string(cursor, memory, VALUE)?,
        Some(b'{') => return read_stale_object(cursor, memory),
        _ if json::eat_word(cursor, b"null") => return Ok(Value::Null),
        _ => json::number(cursor, VALUE)?,
    };
    parse_value(text).map(Value::Number).ok_or(fault)
}

/// Reads `{"stale":true}`.
fn read_stale_object(cursor: &mut Cursor<'_>, memory: &mut Vec<u8>) -> Result<Value, Fault> {
    let fault = cursor.fault("`{\"stale\":true}`");
    cursor.skip(1);
    json::skip_space(cursor);
    if json::string(cursor, memory, fault.expected)? != b"stale" {
        return Err(fault);
    }
    json::colon(cursor)?;
    if !read_stale(cursor)? {
        return Err(fault);
    }
    json::skip_space(cursor);
    cursor.expect(b'}', fault.expected)?;
    Ok(Value::Stale)
}

fn read_stale(cursor: &mut Cursor<'_>) -> Result<bool, Fault> {
    if json::eat_word(cursor, b"true") {
        return Ok(true);
    }
    if json::eat_word(cursor, b"false") || json::eat_word(cursor, b"null") {
        return Ok(false);
    }
    Err(cursor.fault("true or false"))
}

/// Reads a time; `None` for null.
#[inline]
fn read_timestamp(cursor: &mut Cursor<'_>, memory: &mut Vec<u8>) -> Result<Option<i64>, Fault> {
    let fault = cursor.fault(TIMESTAMP);
    let text = match cursor.peek() {
        Some(b'"') => json::string(cursor, memory, TIMESTAMP)?,
        _ if json::eat_word(cursor, b"null") => return Ok(None),
        _ => json::number(cursor, TIMESTAMP)?,
    };
    let exact = || parse_scaled(text, 0).filter(|ms| ms.exact).map(|ms| ms.integer);
    parse_integer(text).or_else(exact).ok_or(fault).map(Some)
}

/// Reads an array of pairs of time and value.
fn read_samples(cursor: &mut Cursor<'_>, scratch: &mut Scratch) -> Result<(), Fault> {
    scratch.samples.clear();
    cursor.expect(b'[', "an array of samples")?;
    let mut first = true;
    while json::next_element(cursor, b']', &mut first)? {
        cursor.expect(b'[', "a pair of timestamp and value")?;
        json::skip_space(cursor);
        let timestamp_ms = read_timestamp(cursor, &mut scratch.value)?;
        json::skip_space(cursor);
        cursor.expect(b',', "`,` between timestamp and value")?;
        json::skip_space(cursor);
        let value = read_value(cursor, &mut scratch.value)?;
        scratch.samples.push(Reading { timestamp_ms, value });
        json::skip_space(cursor);
        cursor.expect(b']', "`]` after timestamp and value")?;
    }
    Ok(())
}
