//! `PRINTF`, with the format strings of `java.util.Formatter`. What Java would refuse makes null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType as ArrowType, Date32Type, Decimal128Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
};
use narthex_sql::{DataType, Mistake};

use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::is_text;
use crate::functions::java_number::{self, Digits};
use crate::functions::rows::text;

pub(super) fn printf(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let format_fits = |value: &Bound| is_text(&value.data_type) || value.data_type == DataType::Null;
    if !arguments.values.first().is_some_and(format_fits) {
        return Err(arguments.refuse());
    }
    let takes = |value: &Bound| {
        use DataType as T;
        !matches!(value.data_type.bare(), T::Array(_) | T::Map(..) | T::Multiset(_) | T::Row(_))
    };
    if !arguments.values.iter().all(takes) {
        return Err(arguments.refuse());
    }
    arguments.call(DataType::STRING, |columns, rows| {
        let mut builder = StringBuilder::with_capacity(rows, 0);
        for row in 0..rows {
            let format = columns[0].as_string_opt::<i32>().filter(|_| columns[0].is_valid(row));
            let values: Vec<Value> = columns[1..].iter().map(|column| value(column, row)).collect();
            builder.append_option(format.and_then(|format| formatted(format.value(row), &values)));
        }
        Ok(Arc::new(builder.finish()) as ArrayRef)
    })
}

/// An argument as Java would see it.
enum Value {
    Null,
    Boolean(bool),
    /// With how many bits it has.
    Integer(i64, u32),
    /// As a double, and as Java writes it.
    Double(f64, String),
    /// Anything that can only be written as it is.
    Text(String),
}

fn at<T: ArrowPrimitiveType>(column: &ArrayRef, row: usize) -> T::Native {
    column.as_primitive::<T>().value(row)
}

fn value(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        ArrowType::Utf8 => Value::Text(text(column).value(row).to_owned()),
        ArrowType::Boolean => Value::Boolean(column.as_boolean().value(row)),
        ArrowType::Int8 => Value::Integer(at::<Int8Type>(column, row).into(), 8),
        ArrowType::Int16 => Value::Integer(at::<Int16Type>(column, row).into(), 16),
        ArrowType::Int32 => Value::Integer(at::<Int32Type>(column, row).into(), 32),
        ArrowType::Int64 => Value::Integer(at::<Int64Type>(column, row), 64),
        // Flink hands over its own numbers of days and milliseconds.
        ArrowType::Date32 => Value::Integer(at::<Date32Type>(column, row).into(), 32),
        ArrowType::Time32(_) => Value::Integer(at::<Time32MillisecondType>(column, row).into(), 32),
        ArrowType::Float32 => {
            let value = at::<Float32Type>(column, row);
            let shown = java_number::float(value);
            Value::Double(shown.parse().unwrap_or(f64::from(value)), shown)
        }
        ArrowType::Float64 => {
            let value = at::<Float64Type>(column, row);
            Value::Double(value, java_number::double(value))
        }
        ArrowType::Decimal128(_, scale) => {
            Value::Text(java_number::plain(at::<Decimal128Type>(column, row), *scale))
        }
        _ => Value::Text(other(column, row)),
    }
}

/// Times, as Flink's own classes show them.
fn other(column: &ArrayRef, row: usize) -> String {
    let shown = arrow::util::display::array_value_to_string(column, row).unwrap_or_default();
    shown.trim_end_matches('Z').to_owned()
}

/// One `%…` of a format.
#[derive(Default)]
struct Spec {
    index: Option<usize>,
    flags: String,
    width: usize,
    precision: Option<usize>,
}

impl Spec {
    fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }
}

/// Wider than this nothing is filled up: a slip in a format must not fill the memory.
const WIDEST: usize = 60_000;

fn formatted(format: &str, values: &[Value]) -> Option<String> {
    let mut out = String::new();
    let (mut next, mut last) = (0, None);
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let spec = spec(&mut rest)?;
        let conversion = rest.chars().next()?;
        rest = &rest[conversion.len_utf8()..];
        match conversion {
            'n' => out.push('\n'),
            '%' => pad(&mut out, &spec, "%".to_owned()),
            _ => {
                let index = if spec.has('<') {
                    last?
                } else if let Some(index) = spec.index {
                    index.checked_sub(1)?
                } else {
                    next += 1;
                    next - 1
                };
                last = Some(index);
                convert(&mut out, &spec, conversion, values.get(index)?)?;
            }
        }
    }
    out.push_str(rest);
    Some(out)
}

fn spec(rest: &mut &str) -> Option<Spec> {
    let mut spec = Spec::default();
    let number = |rest: &mut &str| -> Option<usize> {
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        let digits = &rest[..end];
        *rest = &rest[end..];
        digits.parse().ok().filter(|&number| number <= WIDEST)
    };
    if rest.starts_with(|first: char| ('1'..='9').contains(&first)) {
        let first = number(rest)?;
        match rest.strip_prefix('$') {
            Some(behind) => (spec.index, *rest) = (Some(first), behind),
            None => spec.width = first,
        }
    }
    if spec.width == 0 {
        let end = rest.find(|character| !"-#+ 0,(<".contains(character)).unwrap_or(rest.len());
        spec.flags = rest[..end].to_owned();
        *rest = &rest[end..];
        if rest.starts_with(|first: char| first.is_ascii_digit()) {
            spec.width = number(rest)?;
        }
    }
    if let Some(behind) = rest.strip_prefix('.') {
        *rest = behind;
        spec.precision = Some(number(rest)?);
    }
    Some(spec)
}

fn convert(out: &mut String, spec: &Spec, conversion: char, value: &Value) -> Option<()> {
    if matches!(value, Value::Null) && !matches!(conversion, 'b' | 'B') {
        if !"sSdxXoeEfgGcC".contains(conversion) {
            return None;
        }
        let null = cut("null".to_owned(), spec, conversion);
        pad(out, spec, null);
        return Some(());
    }
    match (conversion, value) {
        ('s' | 'S', _) => {
            let shown = match value {
                Value::Boolean(value) => value.to_string(),
                Value::Integer(value, _) => value.to_string(),
                Value::Double(_, shown) | Value::Text(shown) => shown.clone(),
                Value::Null => "null".to_owned(),
            };
            pad(out, spec, cut(shown, spec, conversion));
        }
        ('b' | 'B', _) => {
            let shown = !matches!(value, Value::Null | Value::Boolean(false));
            pad(out, spec, cut(shown.to_string(), spec, conversion));
        }
        ('c' | 'C', Value::Integer(code, _)) => {
            let character = char::from_u32(u32::try_from(*code).ok()?)?.to_string();
            pad(out, spec, if conversion == 'C' { character.to_uppercase() } else { character });
        }
        ('d', Value::Integer(value, _)) if spec.precision.is_none() => {
            number(out, spec, *value < 0, value.unsigned_abs().to_string());
        }
        ('x' | 'X' | 'o', Value::Integer(value, bits)) if spec.precision.is_none() => {
            based(out, spec, conversion, *value as u64 & (u64::MAX >> (64 - bits)));
        }
        ('e' | 'E' | 'f' | 'g' | 'G', Value::Double(value, shown)) => {
            float(out, spec, conversion, *value, shown)
        }
        _ => return None,
    }
    Some(())
}

fn cut(mut shown: String, spec: &Spec, conversion: char) -> String {
    if let Some((end, _)) = spec.precision.and_then(|precision| shown.char_indices().nth(precision)) {
        shown.truncate(end);
    }
    if conversion.is_ascii_uppercase() { shown.to_uppercase() } else { shown }
}

fn pad(out: &mut String, spec: &Spec, shown: String) {
    let blanks = " ".repeat(spec.width.saturating_sub(shown.encode_utf16().count()));
    let (before, behind) = if spec.has('-') { ("", blanks.as_str()) } else { (blanks.as_str(), "") };
    out.extend([before, &shown, behind]);
}

fn based(out: &mut String, spec: &Spec, conversion: char, value: u64) {
    let (mut digits, prefix) =
        if conversion == 'o' { (format!("{value:o}"), "0") } else { (format!("{value:x}"), "0x") };
    let prefix = if spec.has('#') { prefix } else { "" };
    if spec.has('0') {
        let width = spec.width.saturating_sub(prefix.len());
        digits = format!("{digits:0>width$}");
    }
    let shown = format!("{prefix}{digits}");
    pad(out, spec, if conversion == 'X' { shown.to_uppercase() } else { shown });
}

/// A number with its sign, groups of thousands, and zeros before it.
fn number(out: &mut String, spec: &Spec, is_negative: bool, mut digits: String) {
    if spec.has(',') {
        let whole = digits.find('.').unwrap_or(digits.len());
        for place in (1..whole).rev().filter(|place| (whole - place).is_multiple_of(3)) {
            digits.insert(place, ',');
        }
    }
    let (before, behind) = match (is_negative, spec.has('(')) {
        (true, true) => ("(", ")"),
        (true, false) => ("-", ""),
        (false, _) if spec.has('+') => ("+", ""),
        (false, _) if spec.has(' ') => (" ", ""),
        (false, _) => ("", ""),
    };
    if spec.has('0') {
        let width = spec.width.saturating_sub(before.len() + behind.len());
        digits = format!("{digits:0>width$}");
    }
    pad(out, spec, format!("{before}{digits}{behind}"));
}

fn float(out: &mut String, spec: &Spec, conversion: char, value: f64, shown: &str) {
    if !value.is_finite() {
        return pad(
            out,
            spec,
            if conversion.is_ascii_uppercase() { shown.to_uppercase() } else { shown.to_owned() },
        );
    }
    let precision = spec.precision.unwrap_or(6);
    let digits = Digits::of(&format!("{:e}", value.abs()));
    let digits = match conversion {
        'f' => digits.fixed(precision),
        'g' | 'G' => {
            let precision = precision.max(1);
            let rounded = digits.rounded(precision);
            if value == 0.0 || (-3..=precision as i32).contains(&rounded.exponent) {
                digits.fixed(
                    (precision as i32 - if value == 0.0 { 1 } else { rounded.exponent }).max(0) as usize
                )
            } else {
                scientific(&digits, precision - 1, value)
            }
        }
        _ => scientific(&digits, precision, value),
    };
    let is_upper = conversion.is_ascii_uppercase();
    number(out, spec, value.is_sign_negative(), if is_upper { digits.to_uppercase() } else { digits });
}

fn scientific(digits: &Digits, precision: usize, value: f64) -> String {
    let Digits { digits, exponent } = digits.rounded(precision + 1);
    let exponent = if value == 0.0 { 0 } else { exponent - 1 };
    let sign = if exponent < 0 { '-' } else { '+' };
    let point = if precision > 0 { "." } else { "" };
    format!("{}{point}{}e{sign}{:02}", &digits[..1], &digits[1..], exponent.abs())
}
