//! Flink's types, as they are written and as Flink writes them.

use std::fmt;

use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::ddl;
use crate::dialect::FlinkDialect;
use crate::fault::{expected, fault};
use crate::nearest::nearest;

/// The longest text or byte string: `STRING` and `BYTES`.
pub(crate) const LONGEST: u32 = i32::MAX as u32;

/// How many types may stand inside one another.
const DEEPEST: usize = 50;

/// A type. `Display` writes it as Flink's `TYPEOF` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataType {
    /// Of exactly so many characters.
    Char(u32),
    /// Of at most so many characters; `STRING` at the most.
    Varchar(u32),
    /// `TRUE` or `FALSE`.
    Boolean,
    /// Of exactly so many bytes.
    Binary(u32),
    /// Of at most so many bytes; `BYTES` at the most.
    Varbinary(u32),
    /// Digits in all, and behind the point.
    Decimal(u8, u8),
    /// 8 bits.
    TinyInt,
    /// 16 bits.
    SmallInt,
    /// 32 bits.
    Int,
    /// 64 bits.
    BigInt,
    /// 32 bits.
    Float,
    /// 64 bits.
    Double,
    /// A day.
    Date,
    /// A time of day, with so many digits of a second.
    Time(u8),
    /// A day and time of day without a zone, with so many digits of a second.
    Timestamp(u8),
    /// A moment, with so many digits of a second.
    TimestampLtz(u8),
    /// Values of one type.
    Array(Box<DataType>),
    /// Values with counts.
    Multiset(Box<DataType>),
    /// Values by keys.
    Map(Box<DataType>, Box<DataType>),
    /// Fields.
    Row(Vec<Field>),
    /// A number of months: no column's, but an expression's.
    IntervalMonths,
    /// A number of milliseconds: no column's, but an expression's.
    IntervalMillis,
    /// Of `NULL` alone.
    Null,
    /// A type that is never null.
    NotNull(Box<DataType>),
}

/// A field of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
}

/// Why a text is no type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeMistake(pub String);

/// Names and what they stand for, without parameters.
const NAMES: [&str; 28] = [
    "CHAR",
    "VARCHAR",
    "STRING",
    "BOOLEAN",
    "BINARY",
    "VARBINARY",
    "BYTES",
    "DECIMAL",
    "DEC",
    "NUMERIC",
    "TINYINT",
    "SMALLINT",
    "INT",
    "INTEGER",
    "BIGINT",
    "FLOAT",
    "DOUBLE",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMP_LTZ",
    "ARRAY",
    "MULTISET",
    "MAP",
    "ROW",
    "INTERVAL",
    "RAW",
    "VARIANT",
];

impl DataType {
    /// The words that a type begins with, for the guide: those that are refused with a sentence among them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.into_iter()
    }

    /// Reads a type that stands alone.
    ///
    /// # Errors
    /// When the text is no type.
    ///
    /// ```
    /// let row = narthex_sql::DataType::parse("row<a int not null, b array<string>>").unwrap();
    /// assert_eq!(row.to_string(), "ROW<`a` INT NOT NULL, `b` ARRAY<STRING>>");
    /// ```
    pub fn parse(text: &str) -> Result<Self, TypeMistake> {
        let dialect = FlinkDialect;
        let tokens = Tokenizer::new(&dialect, text).tokenize().map_err(|error| TypeMistake(error.message))?;
        let mut parser = Parser::new(&dialect).with_tokens(tokens);
        let end = |parser: &Parser<'_>| match parser.peek_token_ref() {
            TokenWithSpan { token: Token::EOF, .. } => Ok(()),
            found => expected("the end of the type", found),
        };
        let parsed = parse(&mut parser).and_then(|parsed| end(&parser).map(|()| parsed));
        parsed.map_err(|error| TypeMistake(crate::fault::mistake(error, &[]).message))
    }

    /// Whether values may be null.
    pub fn is_nullable(&self) -> bool {
        !matches!(self, Self::NotNull(_))
    }

    /// `STRING`.
    pub const STRING: Self = Self::Varchar(LONGEST);
    /// `BYTES`.
    pub const BYTES: Self = Self::Varbinary(LONGEST);

    /// The same type, null or not.
    #[must_use]
    pub fn with_nullable(&self, is_nullable: bool) -> Self {
        if is_nullable { self.bare().clone() } else { Self::NotNull(Box::new(self.bare().clone())) }
    }

    /// The type without `NOT NULL`.
    pub fn bare(&self) -> &Self {
        match self {
            Self::NotNull(bare) => bare,
            other => other,
        }
    }
}

/// Reads a type where the parser stands.
pub(crate) fn parse(parser: &mut Parser<'_>) -> Result<DataType, ParserError> {
    read(parser, Types::nullable)
}

/// As [`parse`], where a NULL behind it means something else.
pub(crate) fn parse_bare(parser: &mut Parser<'_>) -> Result<DataType, ParserError> {
    read(parser, Types::bare)
}

fn read<'p, 'a>(
    parser: &'p mut Parser<'a>,
    reader: impl FnOnce(&mut Types<'p, 'a>) -> Result<DataType, ParserError>,
) -> Result<DataType, ParserError> {
    let mut types = Types { parser, closed: 0, depth: 0 };
    let parsed = reader(&mut types)?;
    match types.closed {
        0 => Ok(parsed),
        _ => Err(fault("there is a > too many", types.parser.get_current_token())),
    }
}

struct Types<'p, 'a> {
    parser: &'p mut Parser<'a>,
    /// Angle brackets that were read as a part of `>>`.
    closed: usize,
    depth: usize,
}

impl Types<'_, '_> {
    fn nullable(&mut self) -> Result<DataType, ParserError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let token = self.parser.peek_token();
            return Err(fault(format!("types are nested more than {DEEPEST} deep"), &token));
        }
        let parsed = self.with_suffixes();
        self.depth -= 1;
        parsed
    }

    fn with_suffixes(&mut self) -> Result<DataType, ParserError> {
        let mut parsed = self.bare()?;
        loop {
            if self.closed > 0 {
                return Ok(parsed);
            } else if self.parser.parse_keywords(&[Keyword::NOT, Keyword::NULL]) {
                parsed = DataType::NotNull(Box::new(parsed));
            } else if self.parser.parse_keyword(Keyword::NULL) {
                // As without.
            } else if self.parser.parse_keyword(Keyword::ARRAY) {
                parsed = DataType::Array(Box::new(parsed));
            } else if self.word("MULTISET") {
                parsed = DataType::Multiset(Box::new(parsed));
            } else {
                return Ok(parsed);
            }
        }
    }

    fn bare(&mut self) -> Result<DataType, ParserError> {
        let token = self.parser.next_token();
        let Token::Word(word) = &token.token else { return expected("a type", &token) };
        if word.quote_style.is_some() {
            return expected("a type", &token);
        }
        Ok(match word.value.to_uppercase().as_str() {
            "CHAR" => DataType::Char(self.length(1)?),
            "VARCHAR" => DataType::Varchar(self.length(1)?),
            "STRING" => DataType::Varchar(LONGEST),
            "BOOLEAN" => DataType::Boolean,
            "BINARY" => DataType::Binary(self.length(1)?),
            "VARBINARY" => DataType::Varbinary(self.length(1)?),
            "BYTES" => DataType::Varbinary(LONGEST),
            "DECIMAL" | "DEC" | "NUMERIC" => self.decimal()?,
            "TINYINT" => DataType::TinyInt,
            "SMALLINT" => DataType::SmallInt,
            "INT" | "INTEGER" => DataType::Int,
            "BIGINT" => DataType::BigInt,
            "FLOAT" => DataType::Float,
            "DOUBLE" => {
                let _ = self.parser.parse_keyword(Keyword::PRECISION);
                DataType::Double
            }
            "DATE" => DataType::Date,
            "TIME" => {
                let digits = self.digits(0)?;
                let _ = self.parser.parse_keywords(&[Keyword::WITHOUT, Keyword::TIME, Keyword::ZONE]);
                DataType::Time(digits)
            }
            "TIMESTAMP" => self.timestamp()?,
            "TIMESTAMP_LTZ" => DataType::TimestampLtz(self.digits(6)?),
            "ARRAY" => DataType::Array(Box::new(self.one_inside()?)),
            "MULTISET" => DataType::Multiset(Box::new(self.one_inside()?)),
            "MAP" => {
                self.open()?;
                let key = self.nullable()?;
                self.parser.expect_token(&Token::Comma)?;
                let value = self.nullable()?;
                self.close()?;
                DataType::Map(Box::new(key), Box::new(value))
            }
            "ROW" => DataType::Row(self.fields()?),
            "INTERVAL" | "RAW" | "VARIANT" => {
                return Err(fault(format!("{} is no type for a column here", word.value), &token));
            }
            _ => {
                let advice = nearest(&word.value, NAMES).map(|name| format!("; did you mean {name}?"));
                let advice = advice.unwrap_or_default();
                return Err(fault(format!("there is no type {}{advice}", word.value), &token));
            }
        })
    }

    /// Takes an unquoted word that is no keyword of sqlparser's.
    fn word(&mut self, wanted: &str) -> bool {
        let is_it = matches!(&self.parser.peek_token_ref().token,
            Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted));
        if is_it {
            self.parser.advance_token();
        }
        is_it
    }

    /// Numbers in parentheses, each within its bounds.
    fn numbers(&mut self, bounds: &[(&str, u32, u32)]) -> Result<Vec<u32>, ParserError> {
        let mut numbers = Vec::new();
        if !self.parser.consume_token(&Token::LParen) {
            return Ok(numbers);
        }
        for (what, least, most) in bounds {
            let token = self.parser.next_token();
            let Token::Number(digits, _) = &token.token else { return expected("a number", &token) };
            match digits.parse::<u32>() {
                Ok(number) if (*least..=*most).contains(&number) => numbers.push(number),
                _ => return Err(fault(format!("{what} {digits} is not between {least} and {most}"), &token)),
            }
            if numbers.len() == bounds.len() || !self.parser.consume_token(&Token::Comma) {
                break;
            }
        }
        self.parser.expect_token(&Token::RParen)?;
        Ok(numbers)
    }

    fn length(&mut self, default: u32) -> Result<u32, ParserError> {
        Ok(self.numbers(&[("a length of", 1, LONGEST)])?.first().copied().unwrap_or(default))
    }

    fn digits(&mut self, default: u8) -> Result<u8, ParserError> {
        Ok(self.numbers(&[("a precision of", 0, 9)])?.first().map_or(default, |&digits| digits as u8))
    }

    fn decimal(&mut self) -> Result<DataType, ParserError> {
        let token = self.parser.peek_token();
        let numbers = self.numbers(&[("a precision of", 1, 38), ("a scale of", 0, 38)])?;
        let precision = numbers.first().map_or(10, |&precision| precision as u8);
        let scale = numbers.get(1).map_or(0, |&scale| scale as u8);
        if scale > precision {
            return Err(fault(format!("a scale of {scale} is more than the precision, {precision}"), &token));
        }
        Ok(DataType::Decimal(precision, scale))
    }

    fn timestamp(&mut self) -> Result<DataType, ParserError> {
        let digits = self.digits(6)?;
        if self.parser.parse_keywords(&[Keyword::WITH, Keyword::LOCAL, Keyword::TIME, Keyword::ZONE]) {
            return Ok(DataType::TimestampLtz(digits));
        }
        let token = self.parser.peek_token();
        if self.parser.parse_keywords(&[Keyword::WITH, Keyword::TIME, Keyword::ZONE]) {
            return Err(fault("Flink SQL has no TIMESTAMP WITH TIME ZONE; write TIMESTAMP_LTZ", &token));
        }
        let _ = self.parser.parse_keywords(&[Keyword::WITHOUT, Keyword::TIME, Keyword::ZONE]);
        Ok(DataType::Timestamp(digits))
    }

    fn one_inside(&mut self) -> Result<DataType, ParserError> {
        self.open()?;
        let inside = self.nullable()?;
        self.close()?;
        Ok(inside)
    }

    /// `<name type, …>`, or the same in parentheses.
    fn fields(&mut self) -> Result<Vec<Field>, ParserError> {
        let in_parentheses = self.parser.consume_token(&Token::LParen);
        if !in_parentheses {
            self.open()?;
        }
        let mut fields = Vec::new();
        loop {
            let name = ddl::identifier(self.parser)?;
            fields.push(Field { name: name.value, data_type: self.nullable()? });
            if self.closed == 0 && matches!(self.parser.peek_token_ref().token, Token::SingleQuotedString(_))
            {
                self.parser.advance_token(); // the field's comment
            }
            if self.closed > 0 || !self.parser.consume_token(&Token::Comma) {
                break;
            }
        }
        if in_parentheses {
            self.parser.expect_token(&Token::RParen)?;
        } else {
            self.close()?;
        }
        Ok(fields)
    }

    fn open(&mut self) -> Result<(), ParserError> {
        match self.parser.next_token() {
            TokenWithSpan { token: Token::Lt, .. } => Ok(()),
            found => expected("<", &found),
        }
    }

    /// `>>` closes twice.
    fn close(&mut self) -> Result<(), ParserError> {
        if self.closed > 0 {
            self.closed -= 1;
            return Ok(());
        }
        match self.parser.next_token() {
            TokenWithSpan { token: Token::Gt, .. } => Ok(()),
            TokenWithSpan { token: Token::ShiftRight, .. } => {
                self.closed = 1;
                Ok(())
            }
            found => expected(">", &found),
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Char(length) => write!(f, "CHAR({length})"),
            Self::Varchar(LONGEST) => f.write_str("STRING"),
            Self::Varchar(length) => write!(f, "VARCHAR({length})"),
            Self::Boolean => f.write_str("BOOLEAN"),
            Self::Binary(length) => write!(f, "BINARY({length})"),
            Self::Varbinary(LONGEST) => f.write_str("BYTES"),
            Self::Varbinary(length) => write!(f, "VARBINARY({length})"),
            Self::Decimal(precision, scale) => write!(f, "DECIMAL({precision}, {scale})"),
            Self::TinyInt => f.write_str("TINYINT"),
            Self::SmallInt => f.write_str("SMALLINT"),
            Self::Int => f.write_str("INT"),
            Self::BigInt => f.write_str("BIGINT"),
            Self::Float => f.write_str("FLOAT"),
            Self::Double => f.write_str("DOUBLE"),
            Self::Date => f.write_str("DATE"),
            Self::Time(digits) => write!(f, "TIME({digits})"),
            Self::Timestamp(digits) => write!(f, "TIMESTAMP({digits})"),
            Self::TimestampLtz(digits) => write!(f, "TIMESTAMP_LTZ({digits})"),
            Self::Array(inside) => write!(f, "ARRAY<{inside}>"),
            Self::Multiset(inside) => write!(f, "MULTISET<{inside}>"),
            Self::Map(key, value) => write!(f, "MAP<{key}, {value}>"),
            Self::Row(fields) => {
                f.write_str("ROW<")?;
                for (at, field) in fields.iter().enumerate() {
                    let comma = if at > 0 { ", " } else { "" };
                    write!(f, "{comma}`{}` {}", field.name.replace('`', "``"), field.data_type)?;
                }
                f.write_str(">")
            }
            Self::IntervalMonths => f.write_str("INTERVAL YEAR TO MONTH"),
            Self::IntervalMillis => f.write_str("INTERVAL DAY TO SECOND(3)"),
            Self::Null => f.write_str("NULL"),
            Self::NotNull(bare) => write!(f, "{bare} NOT NULL"),
        }
    }
}

#[cfg(test)]
mod tests;
