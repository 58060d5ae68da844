//! `JSON_VALUE`, `JSON_QUERY`, `JSON_EXISTS` and `IS JSON`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use arrow::datatypes::{Float64Type, Int32Type};
use datafusion_common::{DataFusionError, Result as Computed};
use narthex_sql::{DataType, Mistake};

use super::eval::{Answer, find};
use super::path::Path;
use super::value::Json;
use crate::bound::Bound;
use crate::functions::arguments::Want::Text;
use crate::functions::arguments::is_text;
use crate::functions::rows::{booleans, fail, numbers, text, text_lists, texts};
use crate::functions::{Arguments, Clause};

/// A path with its mode.
struct Mode {
    is_lax: bool,
    /// None when it is no path.
    path: Option<Path>,
}

impl Mode {
    fn new(text: &str) -> Self {
        let trimmed = text.trim_start();
        let behind = |word: &str| {
            let start = trimmed.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word))?;
            let rest = &trimmed[start.len()..];
            rest.starts_with(char::is_whitespace).then(|| rest.trim_start()).filter(|rest| !rest.is_empty())
        };
        let (is_lax, path) = match (behind("lax"), behind("strict")) {
            (Some(path), _) => (true, path),
            (_, Some(path)) => (false, path),
            _ => (false, text),
        };
        Self { is_lax, path: Path::new(path) }
    }
}

/// What is at a path.
enum Found {
    Value(Json),
    Empty,
    Error(String),
}

/// Looks up a path. In lax mode whatever is missing is empty, in strict mode it is an error.
fn look_up(input: &str, mode: &Mode, path: &str) -> Found {
    let missing = |message: String| if mode.is_lax { Found::Empty } else { Found::Error(message) };
    let Some(root) = Json::read(input) else { return missing(format!("'{input}' is no JSON")) };
    if root == Json::Null {
        return Found::Error(format!("{path} leads nowhere in null"));
    }
    let Some(compiled) = &mode.path else { return Found::Error(format!("'{path}' is no JSON path")) };
    match find(compiled, &root, &root) {
        Ok(Answer::One(Json::Null) | Answer::Made(Json::Null)) => missing(format!("null is at {path}")),
        Ok(Answer::One(value)) => Found::Value(value.clone()),
        Ok(Answer::Made(value)) => Found::Value(value),
        // What may have many answers has none, and that is an answer.
        Err(_) if mode.is_lax && compiled.has_many() => Found::Value(Json::Array(Vec::new())),
        Err(error) => missing(format!("{path}: {}", error.0)),
    }
}

/// Compiled paths: a constant one from the beginning, others as they come.
struct Paths {
    constant: Option<(String, Arc<Mode>)>,
}

impl Paths {
    fn of(arguments: &Arguments<'_>) -> Self {
        let constant = arguments.constant_text(1);
        Self { constant: constant.map(|path| (path.clone(), Arc::new(Mode::new(&path)))) }
    }

    fn cache(&self) -> impl FnMut(&str) -> Arc<Mode> {
        let mut known: HashMap<String, Arc<Mode>> = HashMap::new();
        move |path| match &self.constant {
            Some((constant, mode)) if constant == path => Arc::clone(mode),
            _ => Arc::clone(known.entry(path.to_owned()).or_insert_with(|| Arc::new(Mode::new(path)))),
        }
    }
}

/// What is given where there is nothing, or something wrong.
#[derive(Clone)]
enum Instead {
    Null,
    Error,
    Default(Option<Json>),
}

impl Instead {
    fn of(arguments: &Arguments<'_>, clause: &str) -> Result<Self, Mistake> {
        match arguments.clause(clause) {
            None => Ok(Self::Null),
            Some(Clause::Word(word)) => match word.as_str() {
                "NULL" => Ok(Self::Null),
                "ERROR" => Ok(Self::Error),
                "EMPTY ARRAY" if arguments.function.name == "JSON_QUERY" => {
                    Ok(Self::Default(Some(Json::Array(Vec::new()))))
                }
                "EMPTY OBJECT" if arguments.function.name == "JSON_QUERY" => {
                    Ok(Self::Default(Some(Json::Object(Vec::new()))))
                }
                other => Err(refuse_word(arguments, other, clause)),
            },
            Some(Clause::Text(text)) => Ok(Self::Default(Some(Json::Text(text.clone())))),
            Some(Clause::Default(value)) => {
                if value.data_type == DataType::Null {
                    let message =
                        format!("{}: write NULL {clause} for DEFAULT NULL {clause}", arguments.function.name);
                    return Err(Mistake::new(value.span, message));
                }
                let Some(constant) = value.constant().and_then(|constant| constant.to_array().ok()) else {
                    let message =
                        format!("{}: the default {clause} must be a constant", arguments.function.name);
                    return Err(Mistake::new(value.span, message));
                };
                let json = super::build::json_of(&constant, 0, value.data_type.bare());
                Ok(Self::Default(json.ok().filter(|_| constant.is_valid(0))))
            }
        }
    }

    fn get(&self, message: impl FnOnce() -> String) -> Computed<Option<Json>> {
        match self {
            Self::Null => Ok(None),
            Self::Error => fail(message()),
            Self::Default(value) => Ok(value.clone()),
        }
    }
}

fn refuse_word(arguments: &Arguments<'_>, word: &str, clause: &str) -> Mistake {
    let message = format!("{} does not take {word} {clause}", arguments.function.name);
    Mistake::new(arguments.span, message).advise(format!("it takes {}", arguments.function.usage))
}

/// The type behind RETURNING.
fn returning(
    arguments: &Arguments<'_>,
    allowed: fn(&DataType) -> bool,
    list: &str,
) -> Result<DataType, Mistake> {
    let Some(Clause::Text(name)) = arguments.clause("RETURNING") else { return Ok(DataType::STRING) };
    let data_type = match DataType::parse(name).map_err(|mistake| Mistake::new(arguments.span, mistake.0))? {
        // VARCHAR alone means any length here.
        DataType::Varchar(1) => DataType::STRING,
        other => other,
    };
    if !allowed(&data_type) {
        let message = format!("{} cannot return {data_type}", arguments.function.name);
        return Err(Mistake::new(arguments.span, message).advise(format!("it can return {list}")));
    }
    Ok(data_type)
}

/// `JSON_VALUE`: a scalar. RETURNING converts nothing: another type fails.
pub(super) fn value(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text], 2)?;
    let allowed = |data_type: &DataType| {
        is_text(data_type) || matches!(data_type, DataType::Boolean | DataType::Int | DataType::Double)
    };
    let returns = returning(&arguments, allowed, "STRING, BOOLEAN, INTEGER and DOUBLE")?;
    let (on_empty, on_error) = (Instead::of(&arguments, "ON EMPTY")?, Instead::of(&arguments, "ON ERROR")?);
    let paths = Paths::of(&arguments);
    let data_type = returns.clone();
    arguments.call(returns, move |columns, rows| {
        let (input, path, mut cache) = (text(&columns[0]), text(&columns[1]), paths.cache());
        let scalar = |row: usize| {
            let path = path.value(row);
            let mode = cache(path);
            match look_up(input.value(row), &mode, path) {
                Found::Value(value) if value.is_scalar() => Ok(Some(value)),
                Found::Value(_) if !mode.is_lax => {
                    on_error.get(|| format!("JSON_VALUE: no scalar is at {path}"))
                }
                Found::Value(_) | Found::Empty => {
                    on_empty.get(|| format!("JSON_VALUE: nothing is at {path}"))
                }
                Found::Error(message) => on_error.get(|| format!("JSON_VALUE: {message}")),
            }
        };
        typed(&data_type, columns, rows, scalar)
    })
}

fn typed(
    data_type: &DataType,
    columns: &[ArrayRef],
    rows: usize,
    mut scalar: impl FnMut(usize) -> Computed<Option<Json>>,
) -> Computed<ArrayRef> {
    let wrong = |value: &Json| {
        let mut shown = String::new();
        value.write(&mut shown);
        DataFusionError::Execution(format!("JSON_VALUE: {shown} is no {data_type}"))
    };
    match data_type {
        DataType::Boolean => booleans(columns, rows, |row| match scalar(row)? {
            None => Ok(None),
            Some(Json::Boolean(value)) => Ok(Some(value)),
            Some(other) => Err(wrong(&other)),
        }),
        DataType::Int => numbers::<Int32Type>(columns, rows, |row| match scalar(row)? {
            None => Ok(None),
            Some(Json::Integer(digits)) => match digits.parse() {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(wrong(&Json::Integer(digits))),
            },
            Some(other) => Err(wrong(&other)),
        }),
        DataType::Double => numbers::<Float64Type>(columns, rows, |row| match scalar(row)? {
            None => Ok(None),
            Some(Json::Decimal(value)) => Ok(Some(value.to_f64())),
            Some(other) => Err(wrong(&other)),
        }),
        _ => texts(columns, rows, |row, out| match scalar(row)? {
            None => Ok(false),
            Some(value) => {
                value.write_bare(out);
                Ok(true)
            }
        }),
    }
}

/// Whether what is found is put into an array.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrapper {
    Without,
    /// Unless it is one.
    Conditional,
    Always,
}

/// `JSON_QUERY`: an object or an array.
pub(super) fn query(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text], 2)?;
    let allowed = |data_type: &DataType| match data_type {
        DataType::Array(inside) => is_text(inside),
        other => is_text(other),
    };
    let returns = returning(&arguments, allowed, "STRING and ARRAY<STRING>")?;
    let is_list = matches!(returns, DataType::Array(_));
    let wrapper = match arguments.clause("WRAPPER") {
        Some(Clause::Word(word)) if word.ends_with("UNCONDITIONAL") || word == "WITH" => Wrapper::Always,
        Some(Clause::Word(word)) if word.ends_with("CONDITIONAL") => Wrapper::Conditional,
        _ => Wrapper::Without,
    };
    let (on_empty, on_error) = (Instead::of(&arguments, "ON EMPTY")?, Instead::of(&arguments, "ON ERROR")?);
    for (instead, clause) in [(&on_empty, "ON EMPTY"), (&on_error, "ON ERROR")] {
        if is_list && matches!(instead, Instead::Default(Some(Json::Object(_)))) {
            return Err(refuse_word(&arguments, "EMPTY OBJECT", clause));
        }
    }
    let paths = Paths::of(&arguments);
    arguments.call(returns, move |columns, rows| {
        let (input, path, mut cache) = (text(&columns[0]), text(&columns[1]), paths.cache());
        let mut found = |row: usize| {
            let path = path.value(row);
            let mode = cache(path);
            let value = match look_up(input.value(row), &mode, path) {
                Found::Value(value) if wrapper.applies(&value) => Json::Array(vec![value]),
                Found::Value(value) => value,
                Found::Empty => return on_empty.get(|| format!("JSON_QUERY: nothing is at {path}")),
                Found::Error(message) => return on_error.get(|| format!("JSON_QUERY: {message}")),
            };
            match (value.is_scalar(), mode.is_lax) {
                (true, true) => on_empty.get(|| format!("JSON_QUERY: no object or array is at {path}")),
                (true, false) => on_error.get(|| format!("JSON_QUERY: no object or array is at {path}")),
                _ if is_list && !matches!(value, Json::Array(_)) => {
                    on_error.get(|| format!("JSON_QUERY: no array is at {path}"))
                }
                _ => Ok(Some(value)),
            }
        };
        if !is_list {
            return texts(columns, rows, |row, out| {
                let value = found(row)?;
                value.iter().for_each(|value| value.write(out));
                Ok(value.is_some())
            });
        }
        text_lists(columns, rows, |row, out| {
            let Some(Json::Array(items)) = found(row)? else { return Ok(false) };
            for item in &items {
                let mut shown = String::new();
                item.write_bare(&mut shown);
                out.append_option((*item != Json::Null).then_some(shown));
            }
            Ok(true)
        })
    })
}

impl Wrapper {
    fn applies(self, value: &Json) -> bool {
        match self {
            Self::Without => false,
            Self::Always => true,
            Self::Conditional => !matches!(value, Json::Array(_)),
        }
    }
}

/// `JSON_EXISTS`: a JSON null does not.
pub(super) fn exists(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text], 2)?;
    let on_error = match arguments.clause("ON ERROR") {
        Some(Clause::Word(word)) => word.clone(),
        _ => "FALSE".to_owned(),
    };
    if !["TRUE", "FALSE", "UNKNOWN", "ERROR"].contains(&on_error.as_str()) {
        return Err(refuse_word(&arguments, &on_error, "ON ERROR"));
    }
    let paths = Paths::of(&arguments);
    arguments.call(DataType::Boolean, move |columns, rows| {
        let (input, path, mut cache) = (text(&columns[0]), text(&columns[1]), paths.cache());
        booleans(columns, rows, |row| {
            let path = path.value(row);
            match look_up(input.value(row), &cache(path), path) {
                Found::Value(_) => Ok(Some(true)),
                Found::Empty => Ok(Some(false)),
                Found::Error(message) => match on_error.as_str() {
                    "TRUE" => Ok(Some(true)),
                    "UNKNOWN" => Ok(None),
                    "ERROR" => fail(format!("JSON_EXISTS: {message}")),
                    _ => Ok(Some(false)),
                },
            }
        })
    })
}

/// `text IS JSON [kind]`: never null.
pub(super) fn is_json(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    let is_kind: fn(&Json) -> bool = match arguments.words.first().map(String::as_str) {
        None | Some("VALUE") => |_| true,
        Some("OBJECT") => |value| matches!(value, Json::Object(_)),
        Some("ARRAY") => |value| matches!(value, Json::Array(_)),
        Some("SCALAR") => Json::is_scalar,
        Some(_) => return Err(arguments.refuse()),
    };
    arguments.call(DataType::Boolean.with_nullable(false), move |columns, rows| {
        let input = columns[0].as_string::<i32>();
        let is_so =
            |row| input.is_valid(row) && Json::read(input.value(row)).is_some_and(|value| is_kind(&value));
        Ok(Arc::new((0..rows).map(|row| Some(is_so(row))).collect::<BooleanArray>()) as ArrayRef)
    })
}
