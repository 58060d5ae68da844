//! Prometheus text exposition and OpenMetrics: `name{label="value"} value [timestamp]`.
//!
//! Both share one reader; they differ in timestamps, exemplars and the end mark. It is as lenient with blanks
//! and commas as Prometheus' parser for 0.0.4 is, in both formats. A bare name may be any bytes that leave
//! the line's structure clear; whether it is a valid name is for the checks after us.

use memchr::{memchr2, memrchr};
use narthex_model::{Labels, LabelsBuilder, METRIC_NAME, Sample, TimeSeries};

use super::cursor::Cursor;
use super::error::Fault;
use super::number::{parse_integer, parse_scaled, parse_value};
use super::{Item, Scratch};

/// Reads one line of exposition.
pub(super) fn parse(line: &[u8], scratch: &mut Scratch, out: &mut Vec<Item>) -> Result<(), Fault> {
    let mut cursor = Cursor::new(line);
    cursor.skip_blanks();
    if matches!(cursor.peek(), None | Some(b'#')) {
        return Ok(());
    }
    let labels = parse_series(&mut cursor, scratch)?;
    let value = parse_token(&mut cursor, "a value", parse_value)?;
    let timestamp_ms = if cursor.peek().is_some() {
        Some(parse_token(&mut cursor, "a timestamp in integer milliseconds", parse_integer)?)
    } else {
        None
    };
    end_of_line(&cursor)?;
    out.push(item(labels, value, timestamp_ms));
    Ok(())
}

/// Reads one line of OpenMetrics; `eof` tells whether the end mark was seen, `exemplars` counts.
pub(super) fn parse_openmetrics(
    line: &[u8],
    scratch: &mut Scratch,
    eof: &mut bool,
    exemplars: &mut u64,
    out: &mut Vec<Item>,
) -> Result<(), Fault> {
    let mut cursor = Cursor::new(line);
    cursor.skip_blanks();
    let Some(first) = cursor.peek() else { return Ok(()) };
    if *eof {
        return Err(cursor.fault("nothing after `# EOF`"));
    }
    if first == b'#' {
        *eof = line.trim_ascii_end() == b"# EOF";
        return Ok(());
    }
    let labels = parse_series(&mut cursor, scratch)?;
    let value = parse_token(&mut cursor, "a value", parse_value)?;
    let timestamp_ms = if matches!(cursor.peek(), None | Some(b'#')) {
        None
    } else {
        let seconds = |token: &[u8]| parse_scaled(token, 3).map(|ms| ms.integer);
        Some(parse_token(&mut cursor, "a timestamp in seconds", seconds)?)
    };
    if cursor.eat(b'#') {
        cursor.skip_blanks();
        cursor.expect(b'{', "the labels of an exemplar")?;
        *exemplars += 1;
    } else {
        end_of_line(&cursor)?;
    }
    out.push(item(labels, value, timestamp_ms));
    Ok(())
}

fn item(labels: Labels, value: f64, timestamp_ms: Option<i64>) -> Item {
    match timestamp_ms {
        Some(timestamp_ms) => Item::Series(TimeSeries::single(labels, Sample::new(value, timestamp_ms))),
        None => Item::Untimed { labels, value },
    }
}

/// Reads up to the next blank, and the blanks.
#[inline]
fn parse_token<T>(
    cursor: &mut Cursor<'_>,
    expected: &'static str,
    read: impl Fn(&[u8]) -> Option<T>,
) -> Result<T, Fault> {
    let fault = Fault { at: cursor.at(), expected };
    let token = cursor.take_while(|b| !matches!(b, b' ' | b'\t'));
    let value = read(token).ok_or(fault)?;
    cursor.skip_blanks();
    Ok(value)
}

fn end_of_line(cursor: &Cursor<'_>) -> Result<(), Fault> {
    if cursor.peek().is_none() { Ok(()) } else { Err(cursor.fault("the end of the line")) }
}

/// Reads the series, and the blanks after it.
fn parse_series(cursor: &mut Cursor<'_>, scratch: &mut Scratch) -> Result<Labels, Fault> {
    let rest = cursor.rest();
    let guess = guess_series(rest);
    let miss = match scratch.cache.look_up(guess) {
        Ok(labels) => {
            cursor.skip(guess.len());
            cursor.skip_blanks();
            return Ok(labels);
        }
        Err(miss) => miss,
    };
    let start = cursor.at();
    let end = read_series(cursor, scratch)?;
    let labels = scratch.builder.finish();
    scratch.cache.offer(&rest[..end - start], &labels, miss);
    Ok(labels)
}

/// Where the series most likely ends: behind the last brace, else before the first blank.
#[inline]
fn guess_series(rest: &[u8]) -> &[u8] {
    let length = match memrchr(b'}', rest) {
        Some(brace) => brace + 1,
        None => memchr2(b' ', b'\t', rest).unwrap_or(rest.len()),
    };
    &rest[..length]
}

/// Fills the builder, steps over the blanks behind the series and tells where these begin.
fn read_series(cursor: &mut Cursor<'_>, scratch: &mut Scratch) -> Result<usize, Fault> {
    scratch.builder.clear();
    let name = cursor.take_while(is_bare);
    if !name.is_empty() {
        scratch.builder.push(METRIC_NAME.as_bytes(), name);
    }
    let name_end = cursor.at();
    let blank = cursor.skip_blanks();
    if cursor.eat(b'{') {
        read_labels(cursor, scratch, !name.is_empty())?;
        let end = cursor.at();
        cursor.skip_blanks();
        return Ok(end);
    }
    if name.is_empty() {
        return Err(cursor.fault("a metric name or `{`"));
    }
    if !blank {
        return Err(cursor.fault("`{` or a blank after the metric name"));
    }
    Ok(name_end)
}

/// Reads up to and over the closing brace.
fn read_labels(cursor: &mut Cursor<'_>, scratch: &mut Scratch, mut named: bool) -> Result<(), Fault> {
    let Scratch { builder, name: name_memory, value: value_memory, .. } = scratch;
    loop {
        cursor.skip_blanks();
        let name = match cursor.peek() {
            Some(b'}') => {
                cursor.skip(1);
                return Ok(());
            }
            Some(b'"') => {
                let at = cursor.at();
                let quoted = read_quoted(cursor, name_memory)?;
                cursor.skip_blanks();
                if matches!(cursor.peek(), Some(b',' | b'}')) {
                    push_metric_name(builder, quoted, &mut named, at)?;
                    cursor.eat(b',');
                    continue;
                }
                quoted
            }
            _ => {
                let bare = cursor.take_while(is_bare);
                if bare.is_empty() && cursor.peek() != Some(b'=') {
                    return Err(cursor.fault("a label name or `}`"));
                }
                cursor.skip_blanks();
                bare
            }
        };
        cursor.expect(b'=', "`=` after the label name")?;
        cursor.skip_blanks();
        if cursor.peek() != Some(b'"') {
            return Err(cursor.fault("a label value in double quotes"));
        }
        let value = read_quoted(cursor, value_memory)?;
        builder.push(name, value);
        cursor.skip_blanks();
        cursor.eat(b','); // Prometheus' parser does without it too
    }
}

/// A quoted string alone inside the braces is the metric's name, once.
fn push_metric_name(
    builder: &mut LabelsBuilder,
    name: &[u8],
    named: &mut bool,
    at: usize,
) -> Result<(), Fault> {
    if *named {
        return Err(Fault { at, expected: "a label, as the metric is named already" });
    }
    *named = true;
    builder.push(METRIC_NAME.as_bytes(), name);
    Ok(())
}

/// Reads a string in double quotes; `memory` holds it where there are escapes.
#[inline]
fn read_quoted<'m, 'a: 'm>(cursor: &mut Cursor<'a>, memory: &'m mut Vec<u8>) -> Result<&'m [u8], Fault> {
    cursor.skip(1);
    let rest = cursor.rest();
    match memchr2(b'"', b'\\', rest) {
        Some(end) if rest.get(end) == Some(&b'"') => {
            cursor.skip(end + 1);
            Ok(&rest[..end])
        }
        _ => read_escaped(cursor, memory),
    }
}

/// `\\`, `\"` and `\n` are escapes; a backslash before anything else stands for itself, as in Prometheus.
fn read_escaped<'m>(cursor: &mut Cursor<'_>, memory: &'m mut Vec<u8>) -> Result<&'m [u8], Fault> {
    memory.clear();
    loop {
        let plain = cursor.take_while(|b| !matches!(b, b'"' | b'\\'));
        memory.extend_from_slice(plain);
        match *cursor.rest() {
            [b'"', ..] => {
                cursor.skip(1);
                return Ok(memory);
            }
            [b'\\', escaped, ..] => {
                cursor.skip(2);
                match escaped {
                    b'n' => memory.push(b'\n'),
                    b'"' | b'\\' => memory.push(escaped),
                    other => memory.extend_from_slice(&[b'\\', other]),
                }
            }
            _ => {
                cursor.skip(1); // a lone backslash at the end
                return Err(cursor.fault("a closing double quote"));
            }
        }
    }
}

/// Bytes that may stand in a name without quotes and leave the line's structure clear.
#[inline]
fn is_bare(byte: u8) -> bool {
    !matches!(byte, b' ' | b'\t' | b'{' | b'}' | b'=' | b',' | b'"')
}
