//! Functions with regular expressions. A constant one is compiled once; others when they are first met.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::Int32Type;
use datafusion_common::Result as Computed;
use narthex_sql::{DataType, Mistake};

use super::arguments::Want::{Long, Text};
use super::java_regex::JavaRegex;
use super::rows::{booleans, fail, numbers, slices, text, text_lists, texts};
use super::{Arguments, Function};
use crate::bound::Bound;

/// See the module.
pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "REGEXP", usage: "REGEXP(STRING, pattern)", bind: regexp },
    Function { name: "REGEXP_COUNT", usage: "REGEXP_COUNT(STRING, pattern)", bind: count },
    Function { name: "REGEXP_EXTRACT", usage: "REGEXP_EXTRACT(STRING, pattern [, group])", bind: extract },
    Function {
        name: "REGEXP_EXTRACT_ALL",
        usage: "REGEXP_EXTRACT_ALL(STRING, pattern [, group])",
        bind: extract_all,
    },
    Function { name: "REGEXP_INSTR", usage: "REGEXP_INSTR(STRING, pattern)", bind: instr },
    Function { name: "REGEXP_REPLACE", usage: "REGEXP_REPLACE(STRING, pattern, new)", bind: replace },
    Function { name: "REGEXP_SUBSTR", usage: "REGEXP_SUBSTR(STRING, pattern)", bind: substr },
];

/// How many patterns are kept: one for each row must not fill the memory.
const MOST: usize = 1000;

/// Compiled patterns; none for one that is wrong.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    known: Mutex<HashMap<String, Option<Arc<JavaRegex>>>>,
}

impl Patterns {
    /// With the pattern of an argument, if it is a constant.
    fn of(arguments: &Arguments<'_>, at: usize) -> Self {
        let patterns = Self::default();
        if let Some(pattern) = arguments.constant_text(at) {
            patterns.get(&pattern);
        }
        patterns
    }

    pub(super) fn get(&self, pattern: &str) -> Option<Arc<JavaRegex>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(regex) = known.get(pattern) {
            return regex.clone();
        }
        let regex = JavaRegex::new(pattern).map(Arc::new);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(pattern.to_owned(), regex.clone());
        regex
    }

    /// The pattern, or an error that names it.
    pub(super) fn must(&self, pattern: &str) -> Computed<Arc<JavaRegex>> {
        match self.get(pattern) {
            Some(regex) => Ok(regex),
            None => fail(format!("'{pattern}' is not a regular expression")),
        }
    }
}

/// The pattern of the row that is computed: the last one is at hand without a look into the table.
struct Current<'a> {
    patterns: &'a Patterns,
    last: Option<(String, Option<Arc<JavaRegex>>)>,
}

impl<'a> Current<'a> {
    fn new(patterns: &'a Patterns) -> Self {
        Self { patterns, last: None }
    }

    fn get(&mut self, pattern: &str) -> Option<&JavaRegex> {
        if self.last.as_ref().is_none_or(|(last, _)| last != pattern) {
            self.last = Some((pattern.to_owned(), self.patterns.get(pattern)));
        }
        self.last.as_ref().and_then(|(_, regex)| regex.as_deref())
    }
}

/// What is no regular expression matches nothing, and so does the empty one.
fn regexp(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text], 2)?;
    let (returns, patterns) = (arguments.strict(&DataType::Boolean), Patterns::of(&arguments, 1));
    arguments.call(returns, move |columns, rows| {
        let (input, pattern, mut current) = (text(&columns[0]), text(&columns[1]), Current::new(&patterns));
        booleans(columns, rows, |row| match current.get(pattern.value(row)) {
            Some(regex) if !pattern.value(row).is_empty() => regex.is_match(input.value(row)).map(Some),
            _ => Ok(Some(false)),
        })
    })
}

fn count(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    number(arguments, |regex, text| {
        let mut count = 0;
        regex.each(text, |_, _| count += 1)?;
        Ok(count)
    })
}

/// Counted in UTF-16, as Java does; 0 where it does not match.
fn instr(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    number(arguments, |regex, text| {
        let found = regex.first(text)?;
        Ok(found.map_or(0, |(start, _)| text[..start].encode_utf16().count() as i32 + 1))
    })
}

fn number(
    arguments: Arguments<'_>,
    compute: impl Fn(&JavaRegex, &str) -> Computed<i32> + Send + Sync + 'static,
) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text], 2)?;
    let patterns = Patterns::of(&arguments, 1);
    arguments.call(DataType::Int, move |columns, rows| {
        let (input, pattern, mut current) = (text(&columns[0]), text(&columns[1]), Current::new(&patterns));
        numbers::<Int32Type>(columns, rows, |row| match current.get(pattern.value(row)) {
            Some(regex) => compute(regex, input.value(row)).map(Some),
            None => Ok(None),
        })
    })
}

fn substr(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text], 2)?;
    let patterns = Patterns::of(&arguments, 1);
    arguments.call(DataType::STRING, move |columns, rows| {
        let (input, pattern, mut current) = (text(&columns[0]), text(&columns[1]), Current::new(&patterns));
        slices(columns, rows, |row| {
            let Some(regex) = current.get(pattern.value(row)) else { return Ok(None) };
            let input = input.value(row);
            Ok(regex.first(input)?.map(|(start, end)| &input[start..end]))
        })
    })
}

/// Group 0 is the whole match, and what is meant without a group.
fn extract(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text, Long], 2)?;
    let patterns = Patterns::of(&arguments, 1);
    arguments.call(DataType::STRING, move |columns, rows| {
        let (input, pattern, mut current) = (text(&columns[0]), text(&columns[1]), Current::new(&patterns));
        let group = columns.get(2).map(super::numbers::longs);
        slices(columns, rows, |row| {
            let group = group.map_or(0, |group| group.value(row));
            let (Some(regex), Ok(group)) = (current.get(pattern.value(row)), usize::try_from(group)) else {
                return Ok(None);
            };
            let input = input.value(row);
            if group == 0 {
                return Ok(regex.first(input)?.map(|(start, end)| &input[start..end]));
            }
            let captures = regex.captures(input)?;
            Ok(captures.and_then(|captures| captures.get(group)).map(|found| &input[found.range()]))
        })
    })
}

/// Group 1 is what is meant without a group.
fn extract_all(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text, Long], 2)?;
    let patterns = Patterns::of(&arguments, 1);
    let returns = DataType::Array(Box::new(DataType::STRING));
    arguments.call(returns, move |columns, rows| {
        let (input, pattern, mut current) = (text(&columns[0]), text(&columns[1]), Current::new(&patterns));
        let group = columns.get(2).map(super::numbers::longs);
        text_lists(columns, rows, |row, out| {
            let group = group.map_or(1, |group| group.value(row));
            let (Some(regex), Ok(group)) = (current.get(pattern.value(row)), usize::try_from(group)) else {
                return Ok(false);
            };
            if group > regex.groups() {
                return Ok(false);
            }
            regex.each_captures(input.value(row), |captures| {
                out.append_option(captures.get(group).map(|found| found.as_str()));
            })?;
            Ok(true)
        })
    })
}

/// The new text is taken as it is: `$1` means nothing.
fn replace(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text, Text], 3)?;
    let (returns, patterns) = (arguments.strict(&DataType::STRING), Patterns::of(&arguments, 1));
    arguments.call(returns, move |columns, rows| {
        let [input, pattern, new] = [0, 1, 2].map(|at| text(&columns[at]));
        let mut current = Current::new(&patterns);
        texts(columns, rows, |row, out| {
            let Some(regex) = current.get(pattern.value(row)) else { return Ok(false) };
            let (input, mut from) = (input.value(row), 0);
            regex.each(input, |start, end| {
                out.extend([&input[from..start], new.value(row)]);
                from = end;
            })?;
            out.push_str(&input[from..]);
            Ok(true)
        })
    })
}
