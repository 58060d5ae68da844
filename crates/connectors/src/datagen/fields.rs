//! What is made for a column: read from `fields.NAME.…`, for nested types from `fields.NAME.element.…` and the like.

use std::time::Duration;

use narthex_sql::DataType;

use crate::options::{OptionInfo, Options, one_of};
use crate::watermarks;

/// The options of the table and of its fields, as Flink lists them.
pub(crate) const OPTIONS: &[OptionInfo] = &[
    OptionInfo {
        key: "rows-per-second",
        takes: "a number from 1 on",
        default: "10000",
        doc: "Most rows in a second.",
    },
    OptionInfo {
        key: "number-of-rows",
        takes: "a number from 0 on",
        default: "",
        doc: "How many rows there are. Without it, as many as the shortest sequence has, or rows without end.",
    },
    OptionInfo {
        key: "scan.parallelism",
        takes: "a number from 1 on",
        default: "",
        doc: "No effect: any number of threads make the rows, and they come in order.",
    },
    watermarks::IDLE_TIMEOUT_INFO,
    watermarks::EMIT_STRATEGY_INFO,
    OptionInfo {
        key: "fields.#.kind",
        takes: "`random` or `sequence`",
        default: "random",
        doc: "How values are made; `sequence` needs a start and an end.",
    },
    OptionInfo {
        key: "fields.#.min",
        takes: "a value of the type",
        default: "the type's least",
        doc: "Least random number; of FLOAT, DOUBLE and DECIMAL the least above zero.",
    },
    OptionInfo {
        key: "fields.#.max",
        takes: "a value of the type",
        default: "the type's most",
        doc: "Most random number.",
    },
    OptionInfo {
        key: "fields.#.max-past",
        takes: "duration",
        default: "0 s",
        doc: "How far before now TIMESTAMP and TIMESTAMP_LTZ may lie.",
    },
    OptionInfo {
        key: "fields.#.length",
        takes: "a number from 1 on",
        default: "100, or 3 elements",
        doc: "Length of texts and bytes, elements of arrays, maps and multisets.",
    },
    OptionInfo {
        key: "fields.#.var-len",
        takes: "`true` or `false`",
        default: "false",
        doc: "Whether lengths are random up to `length`.",
    },
    OptionInfo {
        key: "fields.#.null-rate",
        takes: "0 to 1",
        default: "0",
        doc: "How many of the values are null.",
    },
    OptionInfo {
        key: "fields.#.start",
        takes: "a whole number",
        default: "",
        doc: "Where a sequence begins.",
    },
    OptionInfo {
        key: "fields.#.end",
        takes: "a whole number",
        default: "",
        doc: "Where it ends, and the table with it.",
    },
    OptionInfo {
        key: "fields.#.element.…",
        takes: "",
        default: "",
        doc: "Options of what is in an array or multiset; `.key.…`, `.value.…` for a map, the field's name for a row.",
    },
];
/// Texts and bytes without a length of their own.
const DEFAULT_LENGTH: u64 = 100;
/// Elements of arrays and maps.
const DEFAULT_ELEMENTS: u64 = 3;
/// Longest text, bytes or array that is made.
const LONGEST: i64 = 16 << 20;

/// What is made for a column.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) data_type: DataType,
    pub(crate) values: Values,
    /// How many of the values are null, 0 to 1.
    pub(crate) null_rate: f64,
}

/// Which values.
#[derive(Debug, Clone)]
pub(crate) enum Values {
    /// One after the other.
    Sequence {
        start: i64,
        end: i64,
    },
    /// Random whole numbers, both ends included.
    Integers {
        min: i64,
        max: i64,
    },
    /// Random numbers; for `DECIMAL` cut to its scale.
    Numbers {
        min: f64,
        max: f64,
    },
    Booleans,
    /// Hexadecimal digits, or bytes.
    Lengths {
        length: u64,
        is_variable: bool,
    },
    /// Now, or up to so long ago.
    Past {
        max_past: Duration,
    },
    /// The day or the time of day.
    Now,
    /// Elements of an array.
    Elements {
        inside: Box<Field>,
        length: u64,
    },
    /// Entries of a map or a multiset.
    Entries {
        key: Box<Field>,
        value: Box<Field>,
        length: u64,
    },
    /// Fields of a row.
    Fields(Vec<Field>),
}

impl Field {
    /// How many rows there can be; none is any number.
    pub(crate) fn rows(&self) -> Option<u64> {
        match self.values {
            Values::Sequence { start, end } => Some(end.abs_diff(start).saturating_add(1)),
            _ => None,
        }
    }

    /// About how many bytes a value takes.
    pub(crate) fn bytes(&self) -> u64 {
        match &self.values {
            Values::Lengths { length, .. } => *length,
            Values::Elements { inside, length } => inside.bytes().saturating_mul(*length),
            Values::Entries { key, value, length } => {
                key.bytes().saturating_add(value.bytes()).saturating_mul(*length)
            }
            Values::Fields(fields) => fields.iter().fold(0, |sum, field| field.bytes().saturating_add(sum)),
            _ => 8,
        }
    }
}

/// Reads what is made for a column; the keys that it could have go to `known`.
pub(crate) fn read(
    options: &mut Options<'_>,
    name: &str,
    data_type: &DataType,
    known: &mut Vec<String>,
) -> Field {
    let kind_key = format!("fields.{name}.kind");
    let kind = options.text(&kind_key).unwrap_or("random");
    known.push(kind_key.clone());
    let mut reader = Reader { options, known };
    match kind {
        "random" => reader.random(name, data_type),
        "sequence" => reader.sequence(name, data_type),
        other => {
            let problem = one_of(other, &["random", "sequence"]);
            reader.options.bad_value::<()>(&kind_key, problem);
            reader.random(name, data_type)
        }
    }
}

struct Reader<'r, 'a> {
    options: &'r mut Options<'a>,
    known: &'r mut Vec<String>,
}

impl Reader<'_, '_> {
    fn key(&mut self, name: &str, option: &str) -> String {
        let key = format!("fields.{name}.{option}");
        self.known.push(key.clone());
        key
    }

    fn sequence(&mut self, name: &str, data_type: &DataType) -> Field {
        let (least, most) = match data_type.bare() {
            DataType::Boolean | DataType::Date | DataType::Time(_) => {
                // Flink makes the same of them as without the kind, but wants the ends all the same.
                for end in ["start", "end"] {
                    self.key(name, end);
                }
                return self.random(name, data_type);
            }
            DataType::TinyInt => (i64::from(i8::MIN), i64::from(i8::MAX)),
            DataType::SmallInt => (i64::from(i16::MIN), i64::from(i16::MAX)),
            DataType::Int | DataType::Float | DataType::Double => (i64::from(i32::MIN), i64::from(i32::MAX)),
            DataType::Decimal(precision, scale) => {
                let most =
                    10_i64.checked_pow(u32::from(precision - scale)).map_or(i64::MAX, |power| power - 1);
                let most = most.min(i64::from(i32::MAX));
                (-most, most)
            }
            DataType::BigInt
            | DataType::Char(_)
            | DataType::Varchar(_)
            | DataType::Binary(_)
            | DataType::Varbinary(_) => (i64::MIN, i64::MAX),
            _ => {
                let key = self.key(name, "kind");
                let problem = format!("there is no sequence of {data_type}; leave it out for random values");
                self.options.bad_value::<()>(&key, problem);
                return self.random(name, data_type);
            }
        };
        let [start, end] = ["start", "end"].map(|end| {
            let key = self.key(name, end);
            if self.options.entry(&key).is_none() {
                self.options.missing(&key, "is missing; a sequence has a start and an end");
            }
            self.options.integer(&key, least..=most)
        });
        if let (Some(start), Some(end)) = (start, end)
            && start > end
        {
            let key = format!("fields.{name}.end");
            self.options.bad_value::<()>(&key, format!("{end} comes before the start, {start}"));
        }
        let values = Values::Sequence { start: start.unwrap_or(0), end: end.unwrap_or(0) };
        Field { data_type: data_type.clone(), values, null_rate: 0.0 }
    }

    fn random(&mut self, name: &str, data_type: &DataType) -> Field {
        let values = self.values(name, data_type);
        let key = self.key(name, "null-rate");
        let null_rate = self.options.number(&key, 0.0..=1.0).unwrap_or(0.0);
        Field { data_type: data_type.clone(), values, null_rate }
    }

    fn values(&mut self, name: &str, data_type: &DataType) -> Values {
        match data_type.bare() {
            DataType::Boolean => Values::Booleans,
            DataType::TinyInt => self.integers(name, i64::from(i8::MIN), i64::from(i8::MAX)),
            DataType::SmallInt => self.integers(name, i64::from(i16::MIN), i64::from(i16::MAX)),
            DataType::Int => self.integers(name, i64::from(i32::MIN), i64::from(i32::MAX)),
            DataType::BigInt => self.integers(name, i64::MIN, i64::MAX),
            // The least is Java's MIN_VALUE, the smallest number above zero.
            DataType::Float => self.numbers(name, f64::from(f32::from_bits(1)), f64::from(f32::MAX)),
            DataType::Double | DataType::Decimal(..) => self.numbers(name, f64::from_bits(1), f64::MAX),
            DataType::Char(length) | DataType::Binary(length) => self.fixed(name, u64::from(*length)),
            DataType::Varchar(longest) | DataType::Varbinary(longest) => self.variable(name, *longest),
            DataType::Timestamp(_) | DataType::TimestampLtz(_) => {
                let key = self.key(name, "max-past");
                Values::Past { max_past: self.options.duration(&key, Duration::ZERO).unwrap_or_default() }
            }
            DataType::Date | DataType::Time(_) => Values::Now,
            DataType::Array(inside) => {
                let inside = Box::new(self.random(&format!("{name}.element"), inside));
                Values::Elements { inside, length: self.elements(name) }
            }
            DataType::Multiset(inside) => {
                let key = Box::new(self.random(&format!("{name}.element"), inside));
                let counts = Values::Integers { min: 0, max: 10 };
                let value = Box::new(Field { data_type: DataType::Int, values: counts, null_rate: 0.0 });
                Values::Entries { key, value, length: self.elements(name) }
            }
            DataType::Map(key, value) => {
                let key = Box::new(self.random(&format!("{name}.key"), key));
                let value = Box::new(self.random(&format!("{name}.value"), value));
                Values::Entries { key, value, length: self.elements(name) }
            }
            DataType::Row(fields) => Values::Fields(
                fields
                    .iter()
                    .map(|field| self.random(&format!("{name}.{}", field.name), &field.data_type))
                    .collect(),
            ),
            other => {
                let span = self.options.table.name_span;
                self.options
                    .of_table(span, format!("the connector datagen makes no {other}, the column {name}"));
                Values::Booleans
            }
        }
    }

    fn integers(&mut self, name: &str, least: i64, most: i64) -> Values {
        let (min_key, max_key) = (self.key(name, "min"), self.key(name, "max"));
        let min = self.options.integer(&min_key, least..=most).unwrap_or(least);
        let max = self.options.integer(&max_key, least..=most).unwrap_or(most);
        if min > max {
            self.in_order(&min_key, &max_key, min, max);
        }
        Values::Integers { min: min.min(max), max }
    }

    fn numbers(&mut self, name: &str, least: f64, most: f64) -> Values {
        let (min_key, max_key) = (self.key(name, "min"), self.key(name, "max"));
        let min = self.options.number(&min_key, f64::MIN..=f64::MAX).unwrap_or(least);
        let max = self.options.number(&max_key, f64::MIN..=f64::MAX).unwrap_or(most);
        if min > max {
            self.in_order(&min_key, &max_key, min, max);
        }
        Values::Numbers { min: min.min(max), max }
    }

    fn in_order(
        &mut self,
        min_key: &str,
        max_key: &str,
        min: impl std::fmt::Display,
        max: impl std::fmt::Display,
    ) {
        let key = if self.options.entry(min_key).is_some() { min_key } else { max_key };
        self.options.bad_value::<()>(key, format!("the least, {min}, is more than the most, {max}"));
    }

    fn fixed(&mut self, name: &str, length: u64) -> Values {
        for option in ["length", "var-len"] {
            let key = self.key(name, option);
            if self.options.entry(&key).is_some() {
                self.options.bad_key(&key, format!("the type says that the length is {length}"));
            }
        }
        Values::Lengths { length, is_variable: false }
    }

    fn variable(&mut self, name: &str, longest: u32) -> Values {
        let (length, var_len) = (self.key(name, "length"), self.key(name, "var-len"));
        let longest = i64::from(longest).min(LONGEST);
        let default = if longest == LONGEST { DEFAULT_LENGTH } else { longest as u64 };
        let length = self.options.integer(&length, 1..=longest).map_or(default, |length| length as u64);
        Values::Lengths { length, is_variable: self.options.boolean(&var_len).unwrap_or_default() }
    }

    fn elements(&mut self, name: &str) -> u64 {
        let key = self.key(name, "length");
        self.options.integer(&key, 0..=LONGEST).map_or(DEFAULT_ELEMENTS, |length| length as u64)
    }
}
