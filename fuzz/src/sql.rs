//! The target for the SQL front end: any text as a job file.
//!
//! Beside "no panic" it checks that each mistake and each statement stands in the text, that a mistake is shown with
//! its caret under the character that it names, and that the same text reads the same twice.

use narthex_sql::{Location, Mistake, Script, Source, Span, Statement, StatementKind, parse};

/// How many mistakes are shown: the others are shown in the same way.
const SHOWN: usize = 20;

/// Reads a job file and looks at all that comes of it. Bytes that are no UTF-8 are replaced, as nothing else reaches
/// the parser.
pub fn read_job(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    let script = parse(text);
    assert_eq!(script, parse(text), "the same text reads the same");
    let lines = Lines::of(text);
    check_mistakes(&script, &lines);
    let source = Source { name: "job.sql", text };
    script.mistakes.iter().take(SHOWN).for_each(|mistake| check_shown(&source, mistake, &lines));
    check_statements(&script.statements, &lines);
}

/// The length of each line in characters.
struct Lines(Vec<u64>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.split('\n').map(|line| line.chars().count() as u64).collect())
    }

    /// Whether a place is that of a character, or right behind the last one of a line.
    fn hold(&self, place: Location) -> bool {
        let line = place.line.checked_sub(1).and_then(|line| self.0.get(line as usize));
        line.is_some_and(|&length| (1..=length + 1).contains(&place.column))
    }

    fn check(&self, span: Span) {
        assert!(self.hold(span.start) && self.hold(span.end), "{span:?} is not in the text");
        assert!(span.start <= span.end, "{span:?} ends before it begins");
    }
}

fn check_mistakes(script: &Script, lines: &Lines) {
    script.mistakes.iter().for_each(|mistake| lines.check(mistake.span));
    let places = || script.mistakes.iter().map(|mistake| mistake.span.start);
    assert!(places().is_sorted(), "mistakes are in order");
    assert!(script.mistakes.iter().all(|mistake| !mistake.message.is_empty()));
}

/// The second line repeats the text's, the third has its caret under the character at the mistake's place.
fn check_shown(source: &Source<'_>, mistake: &Mistake, lines: &Lines) {
    let shown = source.show(mistake);
    let Location { line, column } = mistake.span.start;
    assert!(shown.starts_with(&format!("job.sql:{line}:{column}: ")), "{shown}");
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?} would move the cursor");
    let parts: Vec<&str> = shown.split('\n').collect();
    let caret = parts.iter().position(|part| part.trim_start().starts_with("| ") && part.ends_with('^'));
    let caret = caret.unwrap_or_else(|| panic!("no caret in {shown}"));
    let at = parts[caret].find('^').unwrap_or_default();
    let above = parts[caret - 1].chars().nth(at);
    let text = source.text.split('\n').nth(line as usize - 1).unwrap_or_default();
    let meant = text
        .chars()
        .nth(column as usize - 1)
        .map(|c| if c.is_control() || c == '\u{feff}' { ' ' } else { c });
    let is_behind = column > lines.0[line as usize - 1];
    let is_it =
        above == meant || above == Some('*') || (above.is_none() && meant.is_none_or(char::is_whitespace));
    assert!(is_behind || is_it, "the caret stands under {above:?}, not {meant:?}:\n{shown}");
}

fn check_statements(statements: &[Statement], lines: &Lines) {
    let mut before = Location { line: 1, column: 1 };
    for statement in statements {
        lines.check(statement.span);
        assert!(before <= statement.span.start, "statements are in order");
        before = statement.span.end;
        if let StatementKind::StatementSet(inserts) = &statement.kind {
            inserts.iter().for_each(|insert| lines.check(insert.span));
        }
    }
}
