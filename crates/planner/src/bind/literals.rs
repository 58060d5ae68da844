//! Values that are written out.

use datafusion_common::ScalarValue;
use narthex_sql::ast::{Expr, TypedString, Value, ValueWithSpan};
use narthex_sql::{DataType, Mistake, Span};

use crate::arrow_types::time_unit;
use crate::bound::Bound;
use crate::time::{self, DAY_MS, Moment};

fn known(value: ScalarValue, data_type: DataType, span: Span) -> Bound {
    Bound::literal(value, DataType::NotNull(Box::new(data_type)), span)
}

/// A number, a text, bytes, TRUE, FALSE, NULL.
pub(super) fn literal(value: &ValueWithSpan) -> Result<Bound, Mistake> {
    let span = value.span;
    match &value.value {
        Value::Number(digits, _) => number(digits, false, span),
        Value::SingleQuotedString(text)
        | Value::UnicodeStringLiteral(text)
        | Value::NationalStringLiteral(text) => Ok(text_literal(text, span)),
        Value::HexStringLiteral(digits) => bytes(digits, span),
        Value::Boolean(value) => Ok(known(ScalarValue::Boolean(Some(*value)), DataType::Boolean, span)),
        Value::Null => Ok(Bound::null(&DataType::Null, span)),
        other => Err(Mistake::new(span, format!("{other} is no value in Flink SQL"))),
    }
}

/// Its length counts what Java counts: characters beyond the BMP twice.
pub(crate) fn text_literal(text: &str, span: Span) -> Bound {
    let length = u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX);
    known(ScalarValue::Utf8(Some(text.to_owned())), DataType::Char(length), span)
}

/// A number behind a minus: `-9223372036854775808` has a type that it would not have without it.
pub(super) fn negative(expr: &Expr, span: Span) -> Option<Result<Bound, Mistake>> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::Number(digits, _), .. }) => {
            Some(number(digits, true, span))
        }
        _ => None,
    }
}

fn number(digits: &str, is_negative: bool, span: Span) -> Result<Bound, Mistake> {
    let sign = if is_negative { "-" } else { "" };
    let wrong = |why: &str| Mistake::new(span, format!("the number {sign}{digits} {why}"));
    if digits.contains(['e', 'E']) {
        let value: f64 = digits.parse().map_err(|_| wrong("cannot be read"))?;
        // There is no negative zero among literals.
        let value = if is_negative && value != 0.0 { -value } else { value };
        return Ok(known(ScalarValue::Float64(Some(value)), DataType::Double, span));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let value: i64 = format!("{sign}{whole}{fraction}")
        .parse()
        .map_err(|_| wrong("is too large").advise("write it as a text: CAST('…' AS DECIMAL(38, 0))"))?;
    if !fraction.is_empty() {
        let (precision, scale) = ((whole.len() + fraction.len()), fraction.len());
        if precision > 38 {
            return Err(wrong("has more than 38 digits"));
        }
        let (precision, scale) = (precision as u8, scale as u8);
        let value = ScalarValue::Decimal128(Some(i128::from(value)), precision, scale as i8);
        return Ok(known(value, DataType::Decimal(precision, scale), span));
    }
    Ok(match i32::try_from(value) {
        Ok(value) => known(ScalarValue::Int32(Some(value)), DataType::Int, span),
        Err(_) => known(ScalarValue::Int64(Some(value)), DataType::BigInt, span),
    })
}

fn bytes(digits: &str, span: Span) -> Result<Bound, Mistake> {
    let wrong =
        || Mistake::new(span, format!("x'{digits}' is not made of pairs of the digits 0 to 9 and A to F"));
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) || !digits.len().is_multiple_of(2) {
        return Err(wrong());
    }
    let pairs = digits.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        u8::from_str_radix(pair, 16).map_err(|_| wrong())
    });
    let bytes = pairs.collect::<Result<Vec<u8>, Mistake>>()?;
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    Ok(known(ScalarValue::Binary(Some(bytes)), DataType::Binary(length), span))
}

/// `DATE '…'`, `TIME '…'`, `TIMESTAMP '…'`.
pub(super) fn typed(typed: &TypedString, span: Span) -> Result<Bound, Mistake> {
    let kind = typed.data_type.to_string().to_uppercase();
    let Value::SingleQuotedString(text) = &typed.value.value else {
        return Err(Mistake::new(span, format!("{kind} takes a text in single quotes")));
    };
    let wrong = |form: &str| {
        Mistake::new(span, format!("'{text}' is no {kind}")).advise(format!("write it as {kind} '{form}'"))
    };
    match kind.as_str() {
        "DATE" => {
            let day = strict_date(text).ok_or_else(|| wrong("2024-05-31"))?;
            Ok(known(ScalarValue::Date32(Some(day)), DataType::Date, span))
        }
        "TIME" => {
            let (ms, _, _) = strict_clock(text).ok_or_else(|| wrong("23:59:59"))?;
            Ok(known(ScalarValue::Time32Millisecond(Some(ms as i32)), DataType::Time(0), span))
        }
        "TIMESTAMP" => {
            let (moment, digits) = strict_timestamp(text).ok_or_else(|| wrong("2024-05-31 23:59:59.123"))?;
            timestamp(moment, digits, span).ok_or_else(|| wrong("2024-05-31 23:59:59.123"))
        }
        _ => Err(Mistake::new(span, format!("there are no literals of the type {kind}"))
            .advise("use CAST('…' AS type)")),
    }
}

/// A constant TIMESTAMP of so many digits.
pub(crate) fn timestamp(moment: Moment, digits: u8, span: Span) -> Option<Bound> {
    use arrow::datatypes::TimeUnit;
    let unit = time_unit(digits);
    let number = Some(moment.to_unit(unit)?);
    let value = match unit {
        TimeUnit::Second | TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(number, None),
        TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(number, None),
        TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(number, None),
    };
    Some(known(value, DataType::Timestamp(digits), span))
}

/// A part that is digits alone.
fn part(text: &str, longest: usize) -> Option<u32> {
    let is_number = (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

fn strict_date(text: &str) -> Option<i32> {
    let mut parts = text.split('-');
    let year = part(parts.next()?, 4)?;
    let (month, day) = (part(parts.next()?, 2)?, part(parts.next()?, 2)?);
    if parts.next().is_some() || year == 0 {
        return None;
    }
    time::day_number(year as i32, month, day)
}

/// Milliseconds of the day, nanoseconds of the millisecond, and how many digits the second has.
fn strict_clock(text: &str) -> Option<(i64, u32, u8)> {
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let hour = part(parts.next()?, 2)?;
    let (minute, second) = (part(parts.next()?, 2)?, part(parts.next()?, 2)?);
    let is_clock = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    if !is_clock || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.len().min(9);
    let nanos: u32 = format!("{:0<9}", fraction.get(..digits)?).parse().ok()?;
    let seconds = i64::from((hour * 60 + minute) * 60 + second);
    Some((seconds * 1_000 + i64::from(nanos / 1_000_000), nanos % 1_000_000, digits as u8))
}

fn strict_timestamp(text: &str) -> Option<(Moment, u8)> {
    let (date, clock) = text.split_once(' ').unwrap_or((text, "0:0:0"));
    let (ms, nanos, digits) = strict_clock(clock)?;
    let ms = i64::from(strict_date(date)?) * DAY_MS + ms;
    Some((Moment { ms, nanos }, digits))
}
