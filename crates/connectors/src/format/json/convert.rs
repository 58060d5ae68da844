//! From tokens to columns, by Flink's rules.
//!
//! It walks as Flink's converters walk, so that what Flink does with a wrong value under `ignore-parse-errors` comes
//! out the same: the value is null, and reading goes on at the very next token.

use std::collections::{HashMap, HashSet};

use narthex_sql::DataType;

use super::super::column::{Column, Plain};
use super::super::number::{BigDecimal, parse_f32, parse_f64, trim};
use super::super::scalar::{nanos_of_unit, wanted};
use super::super::time::{TimestampFormat, parse_date, parse_time, parse_timestamp};
use super::super::{base64, excerpt};
use super::compact;
use super::tokens::{Broken, Token, Tokens};

/// What the options say about reading.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// A wrong field becomes null.
    pub(super) ignores_errors: bool,
    /// A missing field is wrong.
    pub(super) fails_on_missing: bool,
    /// How timestamps are spelled.
    pub(super) timestamp_format: TimestampFormat,
    /// A column is a DECIMAL: then Flink keeps the digits of all fractions.
    pub(super) has_decimal: bool,
}

/// Why a record cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is no JSON.
    Broken(Broken),
    /// A field is not what its column wants.
    Field {
        /// Its name, and the names of the rows around it.
        path: String,
        /// What is wrong with it.
        why: String,
    },
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl Fault {
    fn of(why: String) -> Self {
        Self::Field { path: String::new(), why }
    }

    fn within(self, name: &str) -> Self {
        match self {
            Self::Field { path, why } if path.is_empty() => Self::Field { path: name.to_owned(), why },
            Self::Field { path, why } => Self::Field { path: format!("{name}.{path}"), why },
            broken => broken,
        }
    }
}

/// How values of a type are read.
pub(super) struct Plan {
    data_type: DataType,
    pub(super) kind: Kind,
}

/// A type, as far as reading it goes.
pub(super) enum Kind {
    Null,
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Float,
    Double,
    Decimal(u8, u8),
    Text,
    Bytes,
    Date,
    Time,
    Timestamp { nanos_of_unit: i64, is_moment: bool },
    Array(Box<Plan>),
    Map(Box<Plan>),
    Row(RowPlan),
}

/// How the fields of an object are read.
pub(super) struct RowPlan {
    names: Vec<String>,
    pub(super) plans: Vec<Plan>,
    index: HashMap<Box<[u8]>, usize>,
}

impl Plan {
    fn new(data_type: &DataType) -> Result<Self, String> {
        let inner = |data_type: &DataType| Self::new(data_type).map(Box::new);
        let kind = match data_type.bare() {
            DataType::Null => Kind::Null,
            DataType::Boolean => Kind::Boolean,
            DataType::TinyInt => Kind::TinyInt,
            DataType::SmallInt => Kind::SmallInt,
            DataType::Int => Kind::Int,
            DataType::BigInt => Kind::BigInt,
            DataType::Float => Kind::Float,
            DataType::Double => Kind::Double,
            DataType::Decimal(precision, scale) => Kind::Decimal(*precision, *scale),
            DataType::Char(_) | DataType::Varchar(_) => Kind::Text,
            DataType::Binary(_) | DataType::Varbinary(_) => Kind::Bytes,
            DataType::Date => Kind::Date,
            DataType::Time(_) => Kind::Time,
            DataType::Timestamp(_) => timestamp(data_type, false),
            DataType::TimestampLtz(_) => timestamp(data_type, true),
            DataType::Array(item) => Kind::Array(inner(item)?),
            DataType::Multiset(key) => {
                check_key(key, data_type)?;
                Kind::Map(inner(&DataType::Int)?)
            }
            DataType::Map(key, value) => {
                check_key(key, data_type)?;
                Kind::Map(inner(value)?)
            }
            DataType::Row(fields) => {
                let fields = fields.iter().map(|field| (field.name.clone(), field.data_type.clone()));
                Kind::Row(RowPlan::new(&fields.collect::<Vec<_>>())?)
            }
            other => return Err(format!("the format json has no type {other}")),
        };
        Ok(Self { data_type: data_type.bare().clone(), kind })
    }

    /// Reads the value whose first token was read last. The last token is then its last, unless it was wrong.
    pub(super) fn read(
        &self,
        tokens: &mut Tokens<'_>,
        column: &mut Column,
        rules: Rules,
    ) -> Result<(), Fault> {
        if matches!(tokens.token(), Token::Null | Token::End) {
            column.push_null();
            return Ok(());
        }
        let len = column.len();
        match self.read_not_null(tokens, column, rules) {
            Err(Fault::Field { .. }) if rules.ignores_errors => {
                column.truncate(len);
                column.push_null();
                Ok(())
            }
            result => result,
        }
    }

    fn read_not_null(&self, tokens: &mut Tokens<'_>, column: &mut Column, rules: Rules) -> Result<(), Fault> {
        match &self.kind {
            Kind::Null => column.push_null(),
            Kind::Boolean => column.push_bool(match tokens.token() {
                Token::True => true,
                Token::False => false,
                _ => trim(&tokens.str()).eq_ignore_ascii_case("true"),
            }),
            Kind::TinyInt => self.push(self.whole::<i8>(tokens), tokens, column)?,
            Kind::SmallInt => self.push(self.whole::<i16>(tokens), tokens, column)?,
            Kind::Int => {
                let value = integer(tokens, f64::from(i32::MIN), f64::from(i32::MAX));
                self.push(value.and_then(|value| i32::try_from(value).ok()), tokens, column)?;
            }
            Kind::BigInt => self.push(integer(tokens, i64::MIN as f64, i64::MAX as f64), tokens, column)?,
            Kind::Float => self.push(parse_f32(&tokens.str()), tokens, column)?,
            Kind::Double => self.push(parse_f64(&tokens.str()), tokens, column)?,
            Kind::Decimal(precision, scale) => {
                let number = decimal(tokens).ok_or_else(|| self.wrong(tokens))?;
                match number.rounded(*precision, *scale) {
                    Some(value) => column.push(value),
                    None => column.push_null(),
                }
            }
            Kind::Text => self.read_text(tokens, column, rules)?,
            Kind::Bytes => {
                let is_text = tokens.token() == Token::Text;
                let bytes = if is_text { base64::decode(&tokens.text()) } else { None };
                let bytes = bytes.ok_or_else(|| self.wrong(tokens))?;
                self.check_room(column.push_bytes(&bytes))?;
            }
            Kind::Date => self.push(parse_date(&tokens.str()), tokens, column)?,
            Kind::Time => self.push(parse_time(&tokens.str()), tokens, column)?,
            Kind::Timestamp { nanos_of_unit, is_moment } => {
                let moment = parse_timestamp(&tokens.str(), rules.timestamp_format, *is_moment);
                let value = moment.and_then(|moment| moment.in_units(*nanos_of_unit));
                self.push(value, tokens, column)?;
            }
            Kind::Array(item) => self.read_array(item, tokens, column, rules)?,
            Kind::Map(value) => self.read_map(value, tokens, column, rules)?,
            Kind::Row(row) => {
                if tokens.token() != Token::StartObject {
                    return Err(self.wrong(tokens));
                }
                let len = column.len();
                row.read(tokens, column.fields(), len, rules)?;
                column.end_row();
            }
        }
        Ok(())
    }

    /// A whole number of a small type: a number with a point is none, unlike for INT.
    fn whole<T: TryFrom<i64>>(&self, tokens: &Tokens<'_>) -> Option<T> {
        trim(&tokens.str()).parse::<i64>().ok().and_then(|value| T::try_from(value).ok())
    }

    fn push<T: Plain>(
        &self,
        value: Option<T>,
        tokens: &Tokens<'_>,
        column: &mut Column,
    ) -> Result<(), Fault> {
        column.push(value.ok_or_else(|| self.wrong(tokens))?);
        Ok(())
    }

    fn read_text(&self, tokens: &mut Tokens<'_>, column: &mut Column, rules: Rules) -> Result<(), Fault> {
        if !matches!(tokens.token(), Token::StartObject | Token::StartArray) {
            return self.check_room(column.push_bytes(&tokens.text()));
        }
        let mut text = Vec::new();
        compact::write(tokens, rules.has_decimal, &mut text)?;
        self.check_room(column.push_bytes(&text))
    }

    fn read_array(
        &self,
        item: &Self,
        tokens: &mut Tokens<'_>,
        column: &mut Column,
        rules: Rules,
    ) -> Result<(), Fault> {
        if tokens.token() != Token::StartArray {
            return Err(self.wrong(tokens));
        }
        let Some(items) = column.item() else { return Err(self.wrong(tokens)) };
        while next_inside(tokens)? != Token::EndArray {
            item.read(tokens, items, rules)?;
        }
        column.end_list();
        Ok(())
    }

    fn read_map(
        &self,
        value: &Self,
        tokens: &mut Tokens<'_>,
        column: &mut Column,
        rules: Rules,
    ) -> Result<(), Fault> {
        if tokens.token() != Token::StartObject {
            return Err(self.wrong(tokens));
        }
        let (len, pos, depth) = (column.len(), tokens.pos(), tokens.depth());
        let Some(repeated) = read_entries(value, tokens, column, &[], rules)? else {
            column.end_list();
            return Ok(());
        };
        if tokens.depth() + 1 == depth {
            // Of a repeated key the last wins: read once more without the others.
            column.truncate(len);
            tokens.back_into_object(pos);
            read_entries(value, tokens, column, &repeated, rules)?;
        }
        column.end_list();
        Ok(())
    }

    fn check_room(&self, has_room: bool) -> Result<(), Fault> {
        if has_room {
            Ok(())
        } else {
            Err(Fault::of("there is too much text in one piece of the file".to_owned()))
        }
    }

    fn wrong(&self, tokens: &Tokens<'_>) -> Fault {
        let text = excerpt(&tokens.text());
        let shown = match tokens.token() {
            Token::Text => format!("{text:?}"),
            Token::StartObject => "an object".to_owned(),
            Token::StartArray => "an array".to_owned(),
            _ => text,
        };
        Fault::of(format!("{shown} is no {}", wanted(&self.data_type)))
    }
}

fn timestamp(data_type: &DataType, is_moment: bool) -> Kind {
    Kind::Timestamp { nanos_of_unit: nanos_of_unit(data_type), is_moment }
}

fn check_key(key: &DataType, data_type: &DataType) -> Result<(), String> {
    match key.bare() {
        DataType::Char(_) | DataType::Varchar(_) => Ok(()),
        _ => Err(format!("the format json needs texts as keys of a map, and the type is {data_type}")),
    }
}

/// The next token of an object or array that is not yet at its end.
fn next_inside(tokens: &mut Tokens<'_>) -> Result<Token, Fault> {
    match tokens.next()? {
        Token::End => Err(Fault::Broken(Broken { at: tokens.pos(), why: "the record ends too early" })),
        token => Ok(token),
    }
}

/// A whole number, or a number with a fraction that is cut off; from a string only a whole one.
fn integer(tokens: &Tokens<'_>, least: f64, most: f64) -> Option<i64> {
    if tokens.token() == Token::Float {
        let value: f64 = tokens.str().parse().ok()?;
        return (value >= least && value <= most).then_some(value as i64);
    }
    trim(&tokens.str()).parse().ok()
}

fn decimal(tokens: &Tokens<'_>) -> Option<BigDecimal> {
    match tokens.token() {
        Token::Text => BigDecimal::parse(trim(&tokens.str())),
        Token::Int | Token::Float => BigDecimal::parse(&tokens.str()),
        _ => None,
    }
}

/// Reads the entries of a map, without those that are marked. Gives which of them are repeated by later ones, if any.
fn read_entries(
    plan: &Plan,
    tokens: &mut Tokens<'_>,
    column: &mut Column,
    left_out: &[bool],
    rules: Rules,
) -> Result<Option<Vec<bool>>, Fault> {
    let Some((keys, values)) = column.entry() else { return Ok(None) };
    let first = keys.len();
    let mut at = 0;
    while next_inside(tokens)? != Token::EndObject {
        let (keys_before, values_before) = (keys.len(), values.len());
        if !keys.push_bytes(&tokens.text()) {
            return Err(Fault::of("there is too much text in one piece of the file".to_owned()));
        }
        tokens.next()?;
        plan.read(tokens, values, rules)?;
        if left_out.get(at) == Some(&true) {
            keys.truncate(keys_before);
            values.truncate(values_before);
        }
        at += 1;
    }
    Ok(repeated(keys, first))
}

/// Which keys from one on come again later.
fn repeated(keys: &Column, first: usize) -> Option<Vec<bool>> {
    if keys.len() - first < 2 {
        return None;
    }
    let mut later = HashSet::new();
    let mut marks: Vec<bool> = (first..keys.len()).rev().map(|at| !later.insert(keys.bytes_at(at))).collect();
    marks.reverse();
    marks.contains(&true).then_some(marks)
}

impl RowPlan {
    /// Of columns by name and type.
    pub(super) fn new(columns: &[(String, DataType)]) -> Result<Self, String> {
        let plan = |(name, data_type): &(String, DataType)| {
            Plan::new(data_type).map_err(|why| format!("the column {name}: {why}"))
        };
        Ok(Self {
            names: columns.iter().map(|(name, _)| name.clone()).collect(),
            plans: columns.iter().map(plan).collect::<Result<_, _>>()?,
            index: columns.iter().enumerate().map(|(at, (name, _))| (name.as_bytes().into(), at)).collect(),
        })
    }

    /// How many fields are asked for.
    pub(super) fn arity(&self) -> usize {
        self.index.len()
    }

    /// The column of a field.
    pub(super) fn column(&self, name: &[u8]) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// Reads the object whose `{` was read last as one row more than `row`. When it fails, the columns have to be cut
    /// back.
    pub(super) fn read(
        &self,
        tokens: &mut Tokens<'_>,
        columns: &mut [Column],
        row: usize,
        rules: Rules,
    ) -> Result<(), Fault> {
        let mut taken = 0;
        next_inside(tokens)?;
        while tokens.token() != Token::EndObject {
            if taken >= self.arity() {
                skip_to_next(tokens)?;
                continue;
            }
            let name = tokens.text();
            next_inside(tokens)?;
            let at = self.column(&name).unwrap_or(usize::MAX);
            let (Some(plan), Some(column)) = (self.plans.get(at), columns.get_mut(at)) else {
                skip_to_next(tokens)?;
                continue;
            };
            column.truncate(row);
            plan.read(tokens, column, rules)
                .map_err(|fault| fault.within(self.names.get(at).map_or("", String::as_str)))?;
            next_inside(tokens)?;
            taken += 1;
        }
        self.fill(columns, row, taken, rules)
    }

    /// Nulls where a field is missing.
    fn fill(&self, columns: &mut [Column], row: usize, taken: usize, rules: Rules) -> Result<(), Fault> {
        let fails = rules.fails_on_missing && taken < self.arity();
        for (column, name) in columns.iter_mut().zip(&self.names) {
            if column.len() <= row {
                if fails {
                    return Err(Fault::of("it is missing".to_owned()).within(name));
                }
                column.push_null();
            }
        }
        Ok(())
    }
}

/// Passes over a value, or a name.
fn skip_to_next(tokens: &mut Tokens<'_>) -> Result<(), Fault> {
    tokens.skip_children()?;
    next_inside(tokens)?;
    Ok(())
}
