//! The conditions in `[?(…)]` of a JSON path.

use std::cmp::Ordering;

use super::eval::{Answer, find};
use super::path::{Path, quoted};
use super::value::Json;
use crate::functions::java_regex::JavaRegex;

/// A condition on a value.
#[derive(Debug)]
pub(super) enum Filter {
    Or(Box<Filter>, Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Not(Box<Filter>),
    Exists(Operand),
    Compare(Operand, Comparison, Operand),
    Matches(Operand, JavaRegex),
}

/// What a condition compares.
#[derive(Debug)]
pub(super) enum Operand {
    /// From the value itself.
    Here(Path),
    /// From the whole document.
    Root(Path),
    Literal(Json),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// Conditions are nested no deeper.
const DEEPEST: usize = 50;

impl Filter {
    /// Reads a condition; gives what is left.
    pub(super) fn read(text: &str) -> Option<(Self, &str)> {
        either(text, 0)
    }

    pub(super) fn accepts(&self, value: &Json, root: &Json) -> bool {
        match self {
            Self::Or(one, other) => one.accepts(value, root) || other.accepts(value, root),
            Self::And(one, other) => one.accepts(value, root) && other.accepts(value, root),
            Self::Not(inside) => !inside.accepts(value, root),
            Self::Exists(operand) => operand.get(value, root).is_some(),
            Self::Compare(one, comparison, other) => match (one.get(value, root), other.get(value, root)) {
                (Some(one), Some(other)) => comparison.holds(&one, &other),
                (None, None) => *comparison == Comparison::Equal,
                _ => *comparison == Comparison::NotEqual,
            },
            Self::Matches(operand, regex) => match operand.get(value, root) {
                Some(Json::Text(text)) => regex.first(&text).ok().flatten() == Some((0, text.len())),
                _ => false,
            },
        }
    }
}

fn either(text: &str, depth: usize) -> Option<(Filter, &str)> {
    let (mut filter, mut rest) = both(text, depth)?;
    while let Some(behind) = rest.trim_start().strip_prefix("||") {
        let (other, behind) = both(behind, depth)?;
        (filter, rest) = (Filter::Or(Box::new(filter), Box::new(other)), behind);
    }
    Some((filter, rest))
}

fn both(text: &str, depth: usize) -> Option<(Filter, &str)> {
    let (mut filter, mut rest) = one(text, depth)?;
    while let Some(behind) = rest.trim_start().strip_prefix("&&") {
        let (other, behind) = one(behind, depth)?;
        (filter, rest) = (Filter::And(Box::new(filter), Box::new(other)), behind);
    }
    Some((filter, rest))
}

fn one(text: &str, depth: usize) -> Option<(Filter, &str)> {
    if depth > DEEPEST {
        return None;
    }
    let text = text.trim_start();
    if let Some(rest) = text.strip_prefix('!').filter(|rest| !rest.starts_with('=')) {
        let (filter, rest) = one(rest, depth + 1)?;
        return Some((Filter::Not(Box::new(filter)), rest));
    }
    if let Some(rest) = text.strip_prefix('(') {
        let (filter, rest) = either(rest, depth + 1)?;
        return Some((filter, rest.trim_start().strip_prefix(')')?));
    }
    let (left, rest) = operand(text)?;
    let rest = rest.trim_start();
    if let Some(pattern) = rest.strip_prefix("=~") {
        let (pattern, rest) = regex(pattern.trim_start())?;
        return Some((Filter::Matches(left, pattern), rest));
    }
    let found =
        COMPARISONS.iter().find_map(|(sign, comparison)| Some((*comparison, rest.strip_prefix(*sign)?)));
    match found {
        Some((comparison, rest)) => {
            let (right, rest) = operand(rest.trim_start())?;
            Some((Filter::Compare(left, comparison, right), rest))
        }
        None => Some((Filter::Exists(left), rest)),
    }
}

fn operand(text: &str) -> Option<(Operand, &str)> {
    if let Some(rest) = text.strip_prefix('@') {
        return Path::read(rest).map(|(path, rest)| (Operand::Here(path), rest));
    }
    if let Some(rest) = text.strip_prefix('$') {
        return Path::read(rest).map(|(path, rest)| (Operand::Root(path), rest));
    }
    if text.starts_with(['\'', '"']) {
        return quoted(text).map(|(text, rest)| (Operand::Literal(Json::Text(text)), rest));
    }
    let end = text.find(|character: char| !character.is_ascii_alphanumeric() && !"+-.".contains(character));
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    Json::read(word).map(|literal| (Operand::Literal(literal), rest))
}

/// `/pattern/`, maybe with `i` behind it.
fn regex(text: &str) -> Option<(JavaRegex, &str)> {
    let (pattern, rest) = text.strip_prefix('/')?.split_once('/')?;
    let (pattern, rest) = match rest.strip_prefix('i') {
        Some(rest) => (format!("(?i){pattern}"), rest),
        None => (pattern.to_owned(), rest),
    };
    Some((JavaRegex::new(&pattern)?, rest))
}

impl Operand {
    fn get(&self, here: &Json, root: &Json) -> Option<Json> {
        let (path, from) = match self {
            Self::Literal(literal) => return Some(literal.clone()),
            Self::Here(path) => (path, here),
            Self::Root(path) => (path, root),
        };
        match find(path, from, root) {
            Ok(Answer::One(value)) => Some(value.clone()),
            Ok(Answer::Made(value)) => Some(value),
            Err(_) => None,
        }
    }
}

impl Comparison {
    fn holds(self, one: &Json, other: &Json) -> bool {
        let order = match (one, other) {
            (Json::Text(one), Json::Text(other)) => Some(one.cmp(other)),
            _ => one.to_f64().zip(other.to_f64()).and_then(|(one, other)| one.partial_cmp(&other)),
        };
        match self {
            Self::Equal => order.map_or(one == other, Ordering::is_eq),
            Self::NotEqual => !order.map_or(one == other, Ordering::is_eq),
            Self::Less => order.is_some_and(Ordering::is_lt),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
            Self::Greater => order.is_some_and(Ordering::is_gt),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}
