//! `INTERVAL '…' unit`: a number of months or of milliseconds.

use datafusion_common::ScalarValue;
use narthex_sql::ast::{DateTimeField, Expr, Interval, UnaryOperator, Value, ValueWithSpan};
use narthex_sql::{DataType, Mistake, Span};

use crate::bound::Bound;

/// Units from the largest to the smallest, and how many of each make one of the unit before.
const UNITS: [(&str, i64); 6] =
    [("YEAR", 0), ("MONTH", 12), ("DAY", 0), ("HOUR", 24), ("MINUTE", 60), ("SECOND", 60)];

/// The first of the units that are counted in milliseconds.
const DAY: usize = 2;

/// What stands between a unit's value and the next unit's.
const BEHIND: [char; 5] = ['-', ' ', ' ', ':', ':'];

/// Binds a literal.
pub(super) fn literal(interval: &Interval, span: Span) -> Result<Bound, Mistake> {
    let (first, last) = units(interval, span)?;
    let (is_negative, text) = written(&interval.value, span)?;
    let name = match first == last {
        true => UNITS[first].0.to_owned(),
        false => format!("{} TO {}", UNITS[first].0, UNITS[last].0),
    };
    let wrong = || {
        Mistake::new(span, format!("'{text}' is no interval of the form {name}"))
            .advise(format!("write it as INTERVAL '{}' {name}", example(first, last)))
    };
    let size = read(&text, first, last).ok_or_else(wrong)?;
    let digits = interval.leading_precision.unwrap_or(2);
    if size.leading >= 10_i64.saturating_pow(u32::try_from(digits).unwrap_or(u32::MAX)) {
        let unit = UNITS[first].0;
        return Err(Mistake::new(span, format!("{} has more than {digits} digits", size.leading)).advise(
            format!("write the number of digits behind the unit, such as {unit}(3), or a larger unit"),
        ));
    }
    let total = if is_negative != size.is_negative { -size.total } else { size.total };
    let (value, data_type) = if first < DAY {
        let months = i32::try_from(total).map_err(|_| wrong())?;
        (ScalarValue::IntervalYearMonth(Some(months)), DataType::IntervalMonths)
    } else {
        (ScalarValue::DurationMillisecond(Some(total)), DataType::IntervalMillis)
    };
    Ok(Bound::literal(value, DataType::NotNull(Box::new(data_type)), span))
}

fn units(interval: &Interval, span: Span) -> Result<(usize, usize), Mistake> {
    let Some(first) = &interval.leading_field else {
        return Err(Mistake::new(span, "an interval has a unit, such as INTERVAL '5' SECOND"));
    };
    let first = unit(first, span)?;
    let last = interval.last_field.as_ref().map_or(Ok(first), |last| unit(last, span))?;
    let is_range = first <= last && (first < DAY) == (last < DAY);
    if !is_range {
        let (first, last) = (UNITS[first].0, UNITS[last].0);
        return Err(Mistake::new(span, format!("there are no intervals from {first} to {last}"))
            .advise("there are: YEAR TO MONTH, and ranges within DAY, HOUR, MINUTE, SECOND"));
    }
    Ok((first, last))
}

fn unit(field: &DateTimeField, span: Span) -> Result<usize, Mistake> {
    let name = field.to_string().to_uppercase();
    let singular = name.strip_suffix('S').unwrap_or(&name);
    if let Some(at) = UNITS.iter().position(|(unit, _)| *unit == singular) {
        return Ok(at);
    }
    let mistake = Mistake::new(span, format!("there are no intervals of {name}"));
    Err(match singular {
        "WEEK" => mistake.advise("Flink counts a WEEK here as an hour; write INTERVAL '7' DAY"),
        "QUARTER" => mistake.advise("Flink counts a QUARTER here as a month; write INTERVAL '3' MONTH"),
        "MILLISECOND" => mistake.advise("write a fraction of a second: INTERVAL '0.005' SECOND"),
        _ => mistake.advise("the units are: YEAR, MONTH, DAY, HOUR, MINUTE, SECOND"),
    })
}

/// The text, and whether a minus stands before it.
fn written(value: &Expr, span: Span) -> Result<(bool, String), Mistake> {
    match value {
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => {
            written(expr, span).map(|(is_negative, text)| (!is_negative, text))
        }
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } => written(expr, span),
        Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. }) => {
            Ok((false, text.clone()))
        }
        Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) => Ok((false, digits.clone())),
        other => Err(Mistake::new(span, format!("an interval is a text with a unit, not {other}"))
            .advise("multiply instead: INTERVAL '1' DAY * days")),
    }
}

struct Size {
    is_negative: bool,
    leading: i64,
    /// Months or milliseconds.
    total: i64,
}

fn read(text: &str, first: usize, last: usize) -> Option<Size> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mut rest, mut total, mut leading) = (unsigned, 0_i64, 0);
    for at in first..=last {
        let text;
        (text, rest) = if at < last { rest.split_once(BEHIND[at])? } else { (rest, "") };
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) if UNITS[at].0 == "SECOND" => (whole, Some(fraction)),
            _ => (text, None),
        };
        let value = number(whole)?;
        if at == first {
            leading = value;
        } else if value >= UNITS[at].1 {
            return None;
        }
        total = total.checked_mul(UNITS[at].1)?.checked_add(value)?;
        if UNITS[at].0 == "SECOND" {
            total = total.checked_mul(1_000)?.checked_add(milliseconds(fraction)?)?;
        }
    }
    for (_, many) in UNITS.iter().take(if last < DAY { DAY } else { UNITS.len() }).skip(last + 1) {
        total = total.checked_mul(*many)?;
    }
    if last >= DAY && UNITS[last].0 != "SECOND" {
        total = total.checked_mul(1_000)?;
    }
    Some(Size { is_negative: text.starts_with('-'), leading, total })
}

fn number(digits: &str) -> Option<i64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

/// Up to six digits are taken; what is less than a millisecond is dropped.
fn milliseconds(fraction: Option<&str>) -> Option<i64> {
    let Some(fraction) = fraction else { return Some(0) };
    number(fraction)?;
    if fraction.len() > 6 {
        return None;
    }
    number(format!("{fraction:0<3}").get(..3)?)
}

fn example(first: usize, last: usize) -> String {
    let mut text = "5".to_owned();
    for behind in &BEHIND[first..last] {
        text.push(*behind);
        text.push_str("05");
    }
    text
}
