//! Records of CSV as rows.

use narthex_engine::{BadRecord, Decoded, Error};
use narthex_sql::DataType;

use super::super::batch::BatchColumns;
use super::super::column::{Column, Plain};
use super::super::number::{BigDecimal, parse_f32, parse_f64, trim};
use super::super::scalar::{nanos_of_unit, wanted};
use super::super::time::{TimestampFormat, parse_iso_time, parse_sql_date, parse_timestamp};
use super::super::{ParseErrors, RecordDecoder, base64, excerpt};
use super::check_type;
use super::options::CsvOptions;
use super::reader::{self, Fields};

/// Decodes records. Its columns keep their room from call to call.
pub(super) struct CsvDecoder {
    options: CsvOptions,
    /// How many columns a line has.
    width: usize,
    asked: Vec<Asked>,
    columns: BatchColumns,
    fields: Fields,
}

/// A column that is asked for.
struct Asked {
    /// Its place in a line.
    at: usize,
    name: String,
    data_type: DataType,
}

impl CsvDecoder {
    /// Of lines with these columns; `asked` are places in them.
    pub(super) fn new(
        options: &CsvOptions,
        columns: &[(String, DataType)],
        asked: &[usize],
    ) -> Result<Self, String> {
        columns.iter().try_for_each(|(name, data_type)| check_type(name, data_type))?;
        let asked: Vec<Asked> = asked
            .iter()
            .filter_map(|at| columns.get(*at).map(|column| (*at, column)))
            .map(|(at, (name, data_type))| Asked { at, name: name.clone(), data_type: data_type.clone() })
            .collect();
        let room = BatchColumns::new(asked.iter().map(|column| (column.name.as_str(), &column.data_type)))?;
        Ok(Self {
            options: options.clone(),
            width: columns.len(),
            columns: room,
            asked,
            fields: Fields::default(),
        })
    }

    fn ignores_errors(&self) -> bool {
        self.options.parse_errors == ParseErrors::Ignore
    }

    /// Appends the fields that were read as a row.
    fn row(&mut self) -> Result<(), String> {
        let (found, width) = (self.fields.len(), self.width);
        // One delimiter more at the end is fine.
        let is_ended = found == width + 1 && self.fields.get(width).is_empty();
        if found > width && !is_ended {
            return Err(format!("it has {found} fields, and the table has {width} columns"));
        }
        let ignores_errors = self.ignores_errors();
        if found < self.asked.len() && !ignores_errors {
            return Err(format!("it has {found} of the table's {width} columns"));
        }
        let place = Place { options: &self.options, ignores_errors };
        for (asked, column) in self.asked.iter().zip(&mut self.columns.all) {
            if asked.at >= found {
                column.push_null();
                continue;
            }
            place
                .read(self.fields.get(asked.at), &asked.data_type, column)
                .map_err(|why| format!("cannot read the field {}: {why}", asked.name))?;
        }
        Ok(())
    }
}

impl RecordDecoder for CsvDecoder {
    fn decode(&mut self, records: &[u8], place: &dyn Fn(u64) -> String) -> Result<Decoded, Error> {
        self.columns.cut_back(0);
        let is_utf8 = std::str::from_utf8(records).is_ok();
        let mut lines = Lines { bytes: records, at: 0, number: 0 };
        let (mut rows, mut count, mut ignored, mut bad) = (0, 0, 0, Vec::new());
        let mut at = if records.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        while let Some(record) = reader::read(records, at, &self.options, &mut self.fields) {
            at = record.end;
            count += 1;
            let raw = records.get(record.start..record.end).unwrap_or_default();
            let result = match record.fault {
                Some(why) => Err(why.to_owned()),
                None if !is_utf8 && std::str::from_utf8(raw).is_err() => Err("it is no UTF-8".to_owned()),
                None => self.row(),
            };
            let Err(message) = result else {
                rows += 1;
                continue;
            };
            self.columns.cut_back(rows);
            if self.ignores_errors() {
                ignored += 1;
            } else {
                let raw = raw.trim_ascii_end().to_vec();
                bad.push(BadRecord { place: place(lines.of(record.start)), raw, message });
            }
        }
        Ok(Decoded { batch: self.columns.finish(rows)?, records: count, ignored, bad })
    }
}

/// Counts lines as far as they are asked for.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    number: u64,
}

impl Lines<'_> {
    /// The line at a position, which is behind the one before.
    fn of(&mut self, at: usize) -> u64 {
        let between = self.bytes.get(self.at..at).unwrap_or_default();
        self.number += memchr::memchr_iter(b'\n', between).count() as u64;
        self.at = at;
        self.number
    }
}

/// What the options say about a field.
struct Place<'a> {
    options: &'a CsvOptions,
    ignores_errors: bool,
}

impl Place<'_> {
    /// Appends a field, or null where it is wrong and that is ignored.
    fn read(&self, field: &[u8], data_type: &DataType, column: &mut Column) -> Result<(), String> {
        let len = column.len();
        let result = match data_type.bare() {
            DataType::Array(item) => self.read_array(field, item, column),
            DataType::Row(fields) => {
                let types: Vec<&DataType> = fields.iter().map(|field| &field.data_type).collect();
                self.read_row(field, &types, column)
            }
            _ if self.is_null(field) => {
                column.push_null();
                Ok(())
            }
            bare => read_scalar(field, bare, column),
        };
        if result.is_err() && self.ignores_errors {
            column.truncate(len);
            column.push_null();
            return Ok(());
        }
        result
    }

    fn is_null(&self, field: &[u8]) -> bool {
        self.options.null_literal.as_ref().is_some_and(|literal| literal.as_bytes() == field)
    }

    /// The elements of an array or row; an empty field has none.
    fn elements<'f>(&self, field: &'f [u8]) -> Vec<&'f [u8]> {
        if field.is_empty() {
            return Vec::new();
        }
        let delimiter = self.options.array_delimiter.as_bytes();
        let mut elements = Vec::new();
        let mut start = 0;
        for at in memchr::memmem::find_iter(field, delimiter) {
            elements.push(field.get(start..at).unwrap_or_default());
            start = at + delimiter.len();
        }
        elements.push(field.get(start..).unwrap_or_default());
        elements
    }

    fn read_array(&self, field: &[u8], item: &DataType, column: &mut Column) -> Result<(), String> {
        if let Some(items) = column.item() {
            for element in self.elements(field) {
                self.read(element, item, items)?;
            }
        }
        column.end_list();
        Ok(())
    }

    fn read_row(&self, field: &[u8], types: &[&DataType], column: &mut Column) -> Result<(), String> {
        let elements = self.elements(field);
        if elements.is_empty() {
            column.push_null();
            return Ok(());
        }
        if elements.len() < types.len() && !self.ignores_errors {
            return Err(format!("it has {} of the row's {} fields", elements.len(), types.len()));
        }
        for (at, (data_type, inside)) in types.iter().zip(column.fields()).enumerate() {
            match elements.get(at) {
                Some(element) => self.read(element, data_type, inside)?,
                None => inside.push_null(),
            }
        }
        column.end_row();
        Ok(())
    }
}

fn read_scalar(field: &[u8], data_type: &DataType, column: &mut Column) -> Result<(), String> {
    let text = String::from_utf8_lossy(field);
    let trimmed = trim(&text);
    let wrong = || format!("{:?} is no {}", excerpt(field), wanted(data_type));
    match data_type {
        DataType::Boolean => column.push_bool(trimmed.eq_ignore_ascii_case("true")),
        DataType::TinyInt => push::<i8>(trimmed.parse().ok(), column).ok_or_else(wrong)?,
        DataType::SmallInt => push::<i16>(trimmed.parse().ok(), column).ok_or_else(wrong)?,
        DataType::Int => push::<i32>(trimmed.parse().ok(), column).ok_or_else(wrong)?,
        DataType::BigInt => push::<i64>(trimmed.parse().ok(), column).ok_or_else(wrong)?,
        DataType::Float => push(parse_f32(&text), column).ok_or_else(wrong)?,
        DataType::Double => push(parse_f64(&text), column).ok_or_else(wrong)?,
        DataType::Decimal(precision, scale) => {
            match BigDecimal::parse(&text).ok_or_else(wrong)?.rounded(*precision, *scale) {
                Some(value) => column.push(value),
                None => column.push_null(),
            }
        }
        DataType::Char(_) | DataType::Varchar(_) => check_room(column.push_bytes(text.as_bytes()))?,
        DataType::Binary(_) | DataType::Varbinary(_) => {
            let bytes = base64::decode(field).ok_or_else(wrong)?;
            check_room(column.push_bytes(&bytes))?;
        }
        DataType::Date => push(parse_sql_date(&text), column).ok_or_else(wrong)?,
        DataType::Time(digits) => {
            let unit = 10i32.pow(3u32.saturating_sub(u32::from(*digits)));
            let value = parse_iso_time(&text).map(|millis| millis - millis % unit);
            push(value, column).ok_or_else(wrong)?;
        }
        DataType::Timestamp(_) | DataType::TimestampLtz(_) => {
            let is_moment = matches!(data_type, DataType::TimestampLtz(_));
            let moment = parse_timestamp(trimmed, TimestampFormat::Sql, is_moment);
            let value = moment.and_then(|moment| moment.in_units(nanos_of_unit(data_type)));
            push(value, column).ok_or_else(wrong)?;
        }
        _ => column.push_null(),
    }
    Ok(())
}

fn push<T: Plain>(value: Option<T>, column: &mut Column) -> Option<()> {
    value.map(|value| column.push(value))
}

fn check_room(has_room: bool) -> Result<(), String> {
    if has_room { Ok(()) } else { Err("there is too much text in one piece of the file".to_owned()) }
}
