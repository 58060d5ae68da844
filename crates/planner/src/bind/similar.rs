//! `SIMILAR TO`: the SQL standard's regular expressions.

use narthex_sql::ast::Expr;
use narthex_sql::{Mistake, Span};
use regex::Regex;

use super::like::{Matcher, matching};
use super::{Binder, logic};
use crate::bound::Bound;

impl Binder<'_> {
    /// `value [NOT] SIMILAR TO pattern [ESCAPE escape]`.
    pub(super) fn similar(
        &self,
        value: &Expr,
        pattern: &Expr,
        escape: Option<&Expr>,
        is_negated: bool,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let (value, pattern) = (self.bind(value)?, self.bind(pattern)?);
        let escape = self.escape_character(escape)?;
        let similar =
            matching("SIMILAR TO", value, pattern, span, move |pattern| Similar::read(pattern, escape))?;
        if is_negated { logic::not(similar, span) } else { Ok(similar) }
    }
}

struct Similar(Regex);

impl Similar {
    fn read(pattern: &str, escape: Option<char>) -> Result<Self, String> {
        let translated = translated(pattern, escape)?;
        let regex = Regex::new(&format!("^(?s:{translated})$"));
        regex.map(Self).map_err(|_| format!("the pattern '{pattern}' of SIMILAR TO is wrong"))
    }
}

impl Matcher for Similar {
    fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Classes of characters, in upper or lower case, and what they are in brackets.
const CLASSES: [(&str, &str); 7] = [
    ("alpha", "[:alpha:]"),
    ("upper", "[:upper:]"),
    ("lower", "[:lower:]"),
    ("digit", "[:digit:]"),
    ("space", " "),
    ("whitespace", r"\t\n\x0B\f\r "),
    ("alnum", "[:alnum:]"),
];

/// What has a meaning of its own, and stands in brackets only behind the escape character.
const SPECIAL: &str = "[]()|+*_%?{}";

/// The class that a text begins with, as `[:alpha:]`, and what is behind it.
fn class(text: &str) -> Option<(&'static str, &str)> {
    let (name, rest) = text.strip_prefix("[:")?.split_once(":]")?;
    let is_it = |known: &str| name == known || name == known.to_uppercase();
    CLASSES.iter().find(|(known, _)| is_it(known)).map(|(_, regex)| (*regex, rest))
}

/// As a regular expression: `%` is `.*`, `_` is `.`; a point is any character, as in Flink.
fn translated(pattern: &str, escape: Option<char>) -> Result<String, String> {
    let mut regex = String::new();
    let mut in_brackets = false;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            _ if Some(character) == escape => match characters.next() {
                Some(next) => regex.push_str(&regex::escape(&next.to_string())),
                None => {
                    return Err(format!(
                        "the pattern '{pattern}' is wrong: it ends with its escape character"
                    ));
                }
            },
            '[' if in_brackets => match class(&pattern[pattern.len() - characters.as_str().len() - 1..]) {
                Some((class, rest)) => {
                    regex.push_str(class);
                    characters = rest.chars();
                }
                None => {
                    return Err(format!("the pattern '{pattern}' is wrong: there is a [ between brackets"));
                }
            },
            '[' => {
                in_brackets = true;
                regex.push('[');
            }
            _ if in_brackets && character != ']' && SPECIAL.contains(character) => {
                return Err(format!(
                    "the pattern '{pattern}' is wrong: {character} between brackets needs ESCAPE"
                ));
            }
            ']' => {
                in_brackets = false;
                regex.push(']');
            }
            '%' if !in_brackets => regex.push_str(".*"),
            '_' if !in_brackets => regex.push('.'),
            '\\' | '$' => regex.push_str(&regex::escape(&character.to_string())),
            '^' if !in_brackets => regex.push_str("\\^"),
            other => regex.push(other),
        }
    }
    Ok(regex)
}
