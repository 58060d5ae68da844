//! From sqlparser's errors, which are text that ends with a place, to mistakes with spans, and back.

use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan};

use crate::mistake::Mistake;

/// What sqlparser writes before a place.
const PLACE: &str = " at Line: ";

/// An error in sqlparser's form, at a token.
pub(crate) fn fault(message: impl AsRef<str>, at: &TokenWithSpan) -> ParserError {
    fault_at(message, at.span.start)
}

/// As [`fault`], at a place.
pub(crate) fn fault_at(message: impl AsRef<str>, at: Location) -> ParserError {
    ParserError::ParserError(format!("{}{PLACE}{}, Column: {}", message.as_ref(), at.line, at.column))
}

/// Gives an error that names no place the one where the parser stands.
pub(crate) fn located(error: ParserError, parser: &Parser<'_>) -> ParserError {
    match error {
        ParserError::ParserError(message) if !message.contains(PLACE) => {
            fault(message, parser.get_current_token())
        }
        other => other,
    }
}

/// What was expected, and what is there.
pub(crate) fn expected<T>(what: &str, found: &TokenWithSpan) -> Result<T, ParserError> {
    Err(fault(format!("expected {what}, found {}", shown(&found.token)), found))
}

/// A token as it is named to a person.
fn shown(token: &Token) -> String {
    match token {
        Token::EOF => "the end of the statement".to_owned(),
        other => other.to_string(),
    }
}

/// The mistake that an error tells of. `tokens` are those of the statement; an error at no place is at its end.
pub(crate) fn mistake(error: ParserError, tokens: &[TokenWithSpan]) -> Mistake {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => {
            let all = Span::union_iter(tokens.iter().map(|token| token.span));
            return Mistake::new(all, "the statement is nested too deeply").advise("use views for its parts");
        }
    };
    let (message, place) = match text.rsplit_once(PLACE) {
        Some((message, place)) => (message, location(place)),
        None => (text.as_str(), None),
    };
    // Tokens stand in order; a file may have as many mistakes as tokens.
    let at = place.and_then(|place| {
        tokens.binary_search_by_key(&place, |token| token.span.start).ok().map(|at| &tokens[at])
    });
    let span = match (at, place) {
        (Some(token), _) => token.span,
        (None, Some(place)) if place.line > 0 => Span::new(place, place),
        _ => after(tokens),
    };
    Mistake::new(span, spoken(message))
}

/// Right behind the last token.
fn after(tokens: &[TokenWithSpan]) -> Span {
    let last = tokens.iter().rev().find(|token| !matches!(token.token, Token::Whitespace(_)));
    last.map_or_else(Span::empty, |token| Span::new(token.span.end, token.span.end))
}

fn location(place: &str) -> Option<Location> {
    let (line, column) = place.split_once(", Column: ")?;
    Some(Location { line: line.parse().ok()?, column: column.parse().ok()? })
}

/// sqlparser says `Expected: a, found: b`; we say it in lower case, without its colons.
fn spoken(message: &str) -> String {
    if message.starts_with("INTERVAL requires a unit") {
        return "expected a unit of time behind INTERVAL, as in INTERVAL '5' SECOND".to_owned();
    }
    let rest = message.strip_prefix("Expected: ").or_else(|| message.strip_prefix("Expected "));
    let Some((what, found)) = rest.and_then(|rest| rest.split_once(", found: ")) else {
        return message.to_owned();
    };
    let found = if found == "EOF" { "the end of the statement" } else { found };
    let what = match what {
        "," => "a comma".to_owned(),
        "identifier" => "a name".to_owned(),
        "date/time field" => "a unit of time such as DAY or MINUTE".to_owned(),
        what => what.replace("end of statement", "the end of the statement"),
    };
    format!("expected {what}, found {found}")
}
