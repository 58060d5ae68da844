//! Functions that make texts: padding, characters by number, names of types.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion_common::ScalarValue;
use narthex_sql::{DataType, Mistake};

use super::change::check_length;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Any, Boolean, Int, Long, Text};
use crate::functions::rows::{ints, push_utf16, text, texts};

pub(super) fn lpad(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    pad(arguments, |text, filling, size, out| {
        let missing = size.saturating_sub(text.len());
        push_utf16(out, filling.iter().cycle().take(missing).chain(text.iter().take(size)).copied());
    })
}

pub(super) fn rpad(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    pad(arguments, |text, filling, size, out| {
        push_utf16(out, text.iter().chain(filling.iter().cycle()).take(size).copied());
    })
}

/// Counted in UTF-16, as Flink does here. A negative length and an empty filling make null.
fn pad(arguments: Arguments<'_>, write: fn(&[u16], &[u16], usize, &mut String)) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Int, Text], 3)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, move |columns, rows| {
        let (input, size, filling) = (text(&columns[0]), ints(&columns[1]), text(&columns[2]));
        texts(columns, rows, |row, out| {
            let (Ok(size), false) = (usize::try_from(size.value(row)), filling.value(row).is_empty()) else {
                return Ok(false);
            };
            check_length(size.saturating_mul(3))?;
            let units: Vec<u16> = input.value(row).encode_utf16().collect();
            let filling: Vec<u16> = filling.value(row).encode_utf16().collect();
            write(&units, &filling, size, out);
            Ok(true)
        })
    })
}

/// The character of a number, modulo 256; nothing for a negative one.
pub(super) fn chr(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Long], 1)?;
    arguments.call(DataType::STRING, |columns, rows| {
        let numbers = columns[0].as_primitive::<Int64Type>();
        texts(columns, rows, |row, out| {
            let number = numbers.value(row);
            if number >= 0 {
                out.push(char::from((number & 0xff) as u8));
            }
            Ok(true)
        })
    })
}

/// The type of an expression, as Flink writes it. The second argument of Flink's makes no difference here.
pub(super) fn type_of(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Any, Boolean], 1)?;
    let name = arguments.values[0].data_type.to_string();
    Ok(Bound::literal(ScalarValue::Utf8(Some(name)), DataType::STRING, arguments.span))
}
