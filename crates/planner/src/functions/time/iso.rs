//! Times as ISO 8601 writes them, for JSON.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType as ArrowType;

use super::calendar::{DAY, Date, HOUR, MINUTE, SECOND};
use super::column::reader;
use super::zone::Zone;

/// `2024-05-06T07:08:09.123`, without zeros at the end; with a Z behind a moment.
pub(in crate::functions) fn iso(column: &ArrayRef, row: usize) -> String {
    let time = reader(column, Zone::Fixed(0))(row);
    let (date, millis) = (Date::of_days(time.millis.div_euclid(DAY)), time.millis.rem_euclid(DAY));
    let (hour, minute, second) = (millis / HOUR, millis % HOUR / MINUTE, millis % MINUTE / SECOND);
    let fraction = format!("{:09}", millis % SECOND * 1_000_000 + time.nanos);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let zone = if matches!(column.data_type(), ArrowType::Timestamp(_, Some(_))) { "Z" } else { "" };
    format!(
        "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}{point}{fraction}{zone}",
        date.year, date.month, date.day
    )
}
