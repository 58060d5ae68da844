//! `LIKE`, and `||`.

use std::sync::Arc;

use arrow::array::builder::StringBuilder;
use arrow::array::{Array, AsArray, BooleanArray, StringArray};
use datafusion_common::{DataFusionError, Result as Computed};
use narthex_sql::ast::{Expr, Spanned};
use narthex_sql::{DataType, Mistake, Span};

use super::{Binder, logic, refuse_bare_null};
use crate::bound::Bound;
use crate::common::is_text;
use crate::kernel::Kernel;

/// `left || right`.
pub(super) fn concatenate(left: Bound, right: Bound, span: Span) -> Result<Bound, Mistake> {
    use DataType::{Char, Varchar};
    refuse_bare_null(&[&left, &right])?;
    let bare = match (left.data_type.bare(), right.data_type.bare()) {
        (Char(left), Char(right)) => Char(left.saturating_add(*right)),
        (Char(left) | Varchar(left), Char(right) | Varchar(right)) => {
            Varchar(left.saturating_add(*right).min(i32::MAX as u32))
        }
        (left, right) => {
            return Err(Mistake::new(span, format!("|| does not take {left} and {right}"))
                .advise("cast both sides to STRING"));
        }
    };
    let data_type = bare.with_nullable(left.is_nullable() || right.is_nullable());
    Ok(Kernel::call("||", vec![left, right], data_type, span, |arguments, rows| {
        let (left, right) = (arguments[0].as_string::<i32>(), arguments[1].as_string::<i32>());
        let bytes = left.value_data().len() + right.value_data().len();
        let mut texts = StringBuilder::with_capacity(rows, bytes);
        let mut both = String::new();
        for pair in left.iter().zip(right) {
            match pair {
                (Some(left), Some(right)) => {
                    both.clear();
                    both.push_str(left);
                    both.push_str(right);
                    texts.append_value(&both);
                }
                _ => texts.append_null(),
            }
        }
        Ok(Arc::new(texts.finish()))
    }))
}

impl Binder<'_> {
    /// `value [NOT] LIKE pattern [ESCAPE escape]`.
    pub(super) fn like(
        &self,
        value: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
        is_negated: bool,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let (value, pattern) = (self.bind(value)?, self.bind(pattern)?);
        let escape = self.escape_character(escape)?;
        if let Some(Err(wrong)) = pattern.constant_text().map(|pattern| Pattern::read(&pattern, escape)) {
            return Err(Mistake::new(pattern.span, wrong));
        }
        let like = matching("LIKE", value, pattern, span, move |pattern| Pattern::read(pattern, escape))?;
        if is_negated { logic::not(like, span) } else { Ok(like) }
    }

    /// The character behind `ESCAPE`.
    pub(super) fn escape_character(&self, escape: Option<&Expr>) -> Result<Option<char>, Mistake> {
        let Some(escape) = escape else { return Ok(None) };
        let text = self.bind(escape)?.constant_text();
        let mut characters = text.iter().flat_map(|text| text.chars());
        match (&text, characters.next(), characters.next()) {
            (Some(_), character, None) => Ok(character),
            _ => Err(Mistake::new(escape.span(), format!("ESCAPE takes one character, not {escape}"))),
        }
    }
}

/// What tells whether a text is meant by a pattern.
pub(super) trait Matcher: Send + Sync + 'static {
    fn matches(&self, text: &str) -> bool;
}

/// A test of texts. A constant pattern is read once.
pub(super) fn matching<M: Matcher>(
    name: &'static str,
    value: Bound,
    pattern: Bound,
    span: Span,
    read: impl Fn(&str) -> Result<M, String> + Send + Sync + 'static,
) -> Result<Bound, Mistake> {
    refuse_bare_null(&[&value, &pattern])?;
    if !is_text(&value.data_type) || !is_text(&pattern.data_type) {
        let (value, pattern) = (value.data_type.bare(), pattern.data_type.bare());
        return Err(Mistake::new(span, format!("{name} does not take {value} and {pattern}"))
            .advise("cast both sides to STRING"));
    }
    let data_type = DataType::Boolean.with_nullable(value.is_nullable() || pattern.is_nullable());
    let known = pattern.constant_text().map(|pattern| read(&pattern));
    let failed = |message: &String| DataFusionError::Execution(message.clone());
    Ok(Kernel::call(name, vec![value, pattern], data_type, span, move |arguments, _| {
        let (values, patterns) = (arguments[0].as_string::<i32>(), arguments[1].as_string::<i32>());
        Ok(Arc::new(match &known {
            Some(matcher) => {
                let matcher = matcher.as_ref().map_err(failed)?;
                values.iter().map(|value| value.map(|value| matcher.matches(value))).collect::<BooleanArray>()
            }
            None => by_row(values, patterns, &read)?,
        }))
    }))
}

fn by_row<M: Matcher>(
    values: &StringArray,
    patterns: &StringArray,
    read: &(impl Fn(&str) -> Result<M, String> + Send + Sync + 'static),
) -> Computed<BooleanArray> {
    let mut last: Option<(&str, M)> = None;
    let mut results = Vec::with_capacity(values.len());
    for pair in values.iter().zip(patterns) {
        let (Some(value), Some(pattern)) = pair else {
            results.push(None);
            continue;
        };
        let is_known = last.as_ref().is_some_and(|(known, _)| *known == pattern);
        if !is_known {
            last = Some((pattern, read(pattern).map_err(DataFusionError::Execution)?));
        }
        results.push(last.as_ref().map(|(_, matcher)| matcher.matches(value)));
    }
    Ok(results.into())
}

/// A pattern of `LIKE`.
enum Pattern {
    Equal(String),
    Prefix(String),
    Suffix(String),
    Contains(String),
    Parts(Vec<Part>),
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Character(char),
    /// `_`
    One,
    /// `%`
    Any,
}

impl Pattern {
    fn read(pattern: &str, escape: Option<char>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut characters = pattern.chars();
        while let Some(character) = characters.next() {
            parts.push(match character {
                _ if Some(character) == escape => match characters.next() {
                    Some(next) if matches!(next, '%' | '_') || Some(next) == escape => Part::Character(next),
                    _ => {
                        return Err(format!(
                            "the pattern '{pattern}' is wrong: behind the escape character {character} \
                             stands %, _ or {character}"
                        ));
                    }
                },
                '_' => Part::One,
                '%' => Part::Any,
                other => Part::Character(other),
            });
        }
        parts.dedup_by(|next, part| *next == Part::Any && *part == Part::Any);
        let text = |parts: &[Part]| {
            let characters = parts.iter().map(|part| match part {
                Part::Character(character) => Some(*character),
                _ => None,
            });
            characters.collect::<Option<String>>()
        };
        let simple = match parts.as_slice() {
            [Part::Any, inside @ .., Part::Any] => text(inside).map(Self::Contains),
            [Part::Any, end @ ..] => text(end).map(Self::Suffix),
            [begin @ .., Part::Any] => text(begin).map(Self::Prefix),
            all => text(all).map(Self::Equal),
        };
        Ok(simple.unwrap_or(Self::Parts(parts)))
    }
}

impl Matcher for Pattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Equal(wanted) => text == wanted,
            Self::Prefix(wanted) => text.starts_with(wanted.as_str()),
            Self::Suffix(wanted) => text.ends_with(wanted.as_str()),
            Self::Contains(wanted) => text.contains(wanted.as_str()),
            Self::Parts(parts) => parts_match(parts, text),
        }
    }
}

/// Goes back to the last `%` only: what an earlier one could take, the last one can as well.
fn parts_match(parts: &[Part], text: &str) -> bool {
    let (mut rest, mut at) = (text.chars(), 0);
    let mut back: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        let mut next = rest.clone();
        match (parts.get(at), next.next()) {
            (Some(Part::Any), _) => {
                back = Some((at, rest.clone()));
                at += 1;
                continue;
            }
            (None, None) => return true,
            (Some(Part::One), Some(_)) => (rest, at) = (next, at + 1),
            (Some(Part::Character(wanted)), Some(found)) if *wanted == found => (rest, at) = (next, at + 1),
            _ => {
                let Some((any, mut from)) = back.take() else { return false };
                if from.next().is_none() {
                    return false;
                }
                (rest, at) = (from.clone(), any + 1);
                back = Some((any, from));
            }
        }
    }
}
