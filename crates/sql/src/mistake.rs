//! Mistakes, and how they are shown: file, line, column, the line itself, a caret.

use std::fmt::{self, Write};

use sqlparser::tokenizer::{Location, Span};

use crate::mask;

/// Something in a job file that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to do, where the message does not say it.
    pub advice: Option<String>,
}

impl Mistake {
    /// A mistake without advice.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), advice: None }
    }

    /// With what to do about it.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// `line:column: message`.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location { line, column } = self.span.start;
        write!(f, "{line}:{column}: {}", on_one_line(&self.message))
    }
}

/// A job file's name and text, for showing mistakes in it.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// As the user knows it.
    pub name: &'a str,
    /// All of it.
    pub text: &'a str,
}

/// A line longer than this is cut around the caret.
const LONGEST_LINE: usize = 160;

/// What is said of a mistake is cut behind so many characters: it may repeat a text of the file, or name all columns.
const LONGEST_MESSAGE: usize = 500;

/// A message without what would move the cursor, and not too long.
fn on_one_line(message: &str) -> String {
    let mut shown = String::with_capacity(message.len().min(4 * LONGEST_MESSAGE));
    for (at, c) in message.chars().enumerate() {
        if at == LONGEST_MESSAGE {
            shown.push('…');
            break;
        }
        match c {
            '\n' | '\r' | '\t' => shown.push(' '),
            c if c.is_control() || c == '\u{feff}' => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

impl Source<'_> {
    /// A mistake as a person reads it.
    ///
    /// ```
    /// let text = "SELECT 1;\nSELECT 2 FORM t;";
    /// let script = narthex_sql::parse(text);
    /// let source = narthex_sql::Source { name: "job.sql", text };
    /// assert_eq!(source.show(&script.mistakes[0]), "\
    /// job.sql:2:15: expected the end of the statement, found t
    ///   2 | SELECT 2 FORM t;
    ///     |               ^
    /// ");
    /// ```
    pub fn show(&self, mistake: &Mistake) -> String {
        let mut shown = format!("{}:{mistake}\n", self.name);
        let Location { line, column } = mistake.span.start;
        let number = line.to_string();
        let blank = " ".repeat(number.len());
        if let Some(text) = (line as usize).checked_sub(1).and_then(|line| self.text.split('\n').nth(line)) {
            // A tab or an escape would move the caret, or more.
            let plain = |c: char| if c.is_control() || c == '\u{feff}' { ' ' } else { c };
            let mut characters: Vec<char> = text.trim_end_matches('\r').chars().map(plain).collect();
            mask::secrets(&mut characters);
            let at = (column as usize).saturating_sub(1).min(characters.len());
            let from = if characters.len() > LONGEST_LINE { at.saturating_sub(LONGEST_LINE / 2) } else { 0 };
            let line: String = characters.iter().skip(from).take(LONGEST_LINE).collect();
            let carets = self.carets(mistake.span, characters.len() - at).min(LONGEST_LINE);
            // Writing to a String cannot fail.
            let _ = writeln!(shown, "  {number} | {}", line.trim_end());
            let _ = writeln!(shown, "  {blank} | {}{}", " ".repeat(at - from), "^".repeat(carets));
        }
        if let Some(advice) = &mistake.advice {
            let _ = writeln!(shown, "  {blank} = {}", on_one_line(advice));
        }
        shown
    }

    /// How many characters of the first line are marked.
    fn carets(&self, span: Span, left: usize) -> usize {
        if span.end.line > span.start.line {
            return left.max(1);
        }
        (span.end.column.saturating_sub(span.start.column) as usize).clamp(1, left.max(1))
    }
}
