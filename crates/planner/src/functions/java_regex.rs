//! Regular expressions in Java's syntax, on fancy-regex.
//!
//! What is written otherwise there is translated. What is different all the same: `$` and `\Z` stand at the very end
//! of the text alone (Java's also before a line break that ends it), `\X`, `\N{…}` and the flags `(?d)` and `(?U)` are
//! not known, and a repetition is given up after very many steps.

use datafusion_common::{DataFusionError, Result};
use fancy_regex::{Captures, Regex};

/// A compiled regular expression.
#[derive(Debug)]
pub(super) struct JavaRegex {
    regex: Regex,
}

fn too_hard(error: fancy_regex::Error) -> DataFusionError {
    DataFusionError::Execution(format!("a regular expression could not be matched: {error}"))
}

impl JavaRegex {
    /// None when it is not a regular expression.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        Regex::new(&translated(pattern)?).ok().map(|regex| Self { regex })
    }

    /// How many groups it has, without the whole.
    pub(super) fn groups(&self) -> usize {
        self.regex.captures_len() - 1
    }

    pub(super) fn is_match(&self, text: &str) -> Result<bool> {
        self.regex.is_match(text).map_err(too_hard)
    }

    /// From where to where it first matches.
    pub(super) fn first(&self, text: &str) -> Result<Option<(usize, usize)>> {
        let found = self.regex.find(text).map_err(too_hard)?;
        Ok(found.map(|found| (found.start(), found.end())))
    }

    /// Where it first matches, with its groups.
    pub(super) fn captures<'t>(&self, text: &'t str) -> Result<Option<Captures<'t, str>>> {
        self.regex.captures(text).map_err(too_hard)
    }

    /// All matches, one behind the other, as Java finds them: also an empty one right behind another.
    pub(super) fn each(&self, text: &str, mut found: impl FnMut(usize, usize)) -> Result<()> {
        let mut from = 0;
        while from <= text.len() {
            let Some(place) = self.regex.find_from_pos(text, from).map_err(too_hard)? else { break };
            found(place.start(), place.end());
            from = next(text, place.start(), place.end());
        }
        Ok(())
    }

    /// As `each`, with groups.
    pub(super) fn each_captures<'t>(
        &self,
        text: &'t str,
        mut found: impl FnMut(&Captures<'t, str>),
    ) -> Result<()> {
        let mut from = 0;
        while from <= text.len() {
            let Some(captures) = self.regex.captures_from_pos(text, from).map_err(too_hard)? else { break };
            let Some(whole) = captures.get(0) else { break };
            found(&captures);
            from = next(text, whole.start(), whole.end());
        }
        Ok(())
    }

    /// The parts between its matches, as Java's `split`: without empty ones at the end, nor one before an empty match
    /// at the beginning.
    pub(super) fn split<'t>(&self, text: &'t str) -> Result<Vec<&'t str>> {
        let (mut parts, mut from) = (Vec::new(), 0);
        self.each(text, |start, end| {
            if end > 0 {
                parts.push(&text[from..start]);
                from = end;
            }
        })?;
        if from == 0 {
            return Ok(vec![text]);
        }
        parts.push(&text[from..]);
        let end = parts.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last + 1);
        parts.truncate(end);
        Ok(parts)
    }
}

/// Where the search goes on behind a match.
fn next(text: &str, start: usize, end: usize) -> usize {
    if end > start { end } else { end + text[end..].chars().next().map_or(1, char::len_utf8) }
}

const DIGIT: &str = "0-9";
const WORD: &str = "a-zA-Z0-9_";
const SPACE: &str = " \\t\\n\\x0B\\f\\r";
const BLANK: &str = " \\t\\xA0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000";
const BREAK: &str = "\\n\\x0B\\f\\r\\x85\\u2028\\u2029";

/// The pattern as fancy-regex writes it; none where Java would refuse it in a way that fancy-regex does not.
fn translated(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern.chars().peekable();
    let mut depth = 0usize;
    while let Some(character) = rest.next() {
        match character {
            '\\' if rest.peek() == Some(&'Q') => {
                rest.next();
                quoted(&mut rest, &mut out);
            }
            '\\' => escape(&mut rest, &mut out, depth > 0)?,
            '[' => {
                depth += 1;
                out.push('[');
                if rest.peek() == Some(&'^') {
                    rest.next();
                    out.push('^');
                }
                // A ] that comes first stands for itself.
                if rest.peek() == Some(&']') {
                    rest.next();
                    out.push_str("\\]");
                }
            }
            ']' if depth > 0 => {
                depth -= 1;
                out.push(']');
            }
            // These mean something between brackets only there.
            '~' | '-' if depth > 0 && rest.peek() == Some(&character) => {
                out.extend(['\\', character]);
            }
            _ => out.push(character),
        }
    }
    Some(out)
}

/// `\Q…\E`: every character stands for itself.
fn quoted(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    while let Some(character) = rest.next() {
        if character == '\\' && rest.peek() == Some(&'E') {
            rest.next();
            return;
        }
        if character.is_ascii_punctuation() || character == ' ' {
            out.push('\\');
        }
        out.push(character);
    }
}

/// What stands behind a backslash.
fn escape(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    out: &mut String,
    in_class: bool,
) -> Option<()> {
    let mut class = |characters: &str, is_not: bool| {
        match (in_class, is_not) {
            (true, false) => out.push_str(characters),
            (_, true) => out.extend(["[^", characters, "]"]),
            (false, false) => out.extend(["[", characters, "]"]),
        }
        Some(())
    };
    let escaped = rest.next()?;
    match escaped {
        'd' | 'D' => return class(DIGIT, escaped == 'D'),
        'w' | 'W' => return class(WORD, escaped == 'W'),
        's' | 'S' => return class(SPACE, escaped == 'S'),
        'h' | 'H' => return class(BLANK, escaped == 'H'),
        'v' | 'V' => return class(BREAK, escaped == 'V'),
        'p' | 'P' => return property(rest, out, escaped == 'P'),
        'R' => out.push_str("(?:\\r\\n|[\\n\\x0B\\f\\r\\x85\\u2028\\u2029])"),
        'Z' => out.push_str("\\z"),
        'e' => out.push_str("\\x1B"),
        '0' => {
            let digits: String =
                std::iter::from_fn(|| rest.next_if(|digit| digit.is_digit(8))).take(3).collect();
            let code = u32::from_str_radix(&digits, 8).ok()?;
            crate::functions::rows::push(out, format_args!("\\x{{{code:X}}}"));
        }
        'c' => {
            let code = u32::from(rest.next()?) ^ 64;
            crate::functions::rows::push(out, format_args!("\\x{{{code:X}}}"));
        }
        // Letters that mean nothing to Java are mistakes there.
        'i' | 'j' | 'l' | 'm' | 'o' | 'q' | 'y' | 'C' | 'E' | 'F' | 'I' | 'J' | 'K' | 'L' | 'M' | 'O'
        | 'T' | 'U' | 'Y' => return None,
        other => out.extend(['\\', other]),
    }
    Some(())
}

/// `\p{…}`: Java's POSIX classes are ASCII; scripts, blocks and categories have prefixes.
fn property(
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    out: &mut String,
    is_not: bool,
) -> Option<()> {
    let name: String = match rest.next()? {
        '{' => {
            let name = std::iter::from_fn(|| rest.next_if(|&character| character != '}')).collect();
            rest.next()?;
            name
        }
        letter => letter.to_string(),
    };
    let posix = match name.as_str() {
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "ASCII" => "\\x00-\\x7F",
        "Alpha" => "a-zA-Z",
        "Digit" => "0-9",
        "Alnum" => "a-zA-Z0-9",
        "Punct" => "!-/:-@\\[-`{-~",
        "Graph" => "!-~",
        "Print" => " -~",
        "Blank" => " \\t",
        "Cntrl" => "\\x00-\\x1F\\x7F",
        "XDigit" => "0-9a-fA-F",
        "Space" => SPACE,
        _ => "",
    };
    if !posix.is_empty() {
        out.extend([if is_not { "[^" } else { "[" }, posix, "]"]);
        return Some(());
    }
    let unicode = match name.as_str() {
        "javaLowerCase" => "Lowercase",
        "javaUpperCase" => "Uppercase",
        "javaWhitespace" => "White_Space",
        "L1" => return None,
        name => name.strip_prefix("Is").or(name.strip_prefix("In")).unwrap_or(name),
    };
    let unicode = unicode.rsplit('=').next().unwrap_or(unicode);
    out.extend([if is_not { "\\P{" } else { "\\p{" }, unicode, "}"]);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(pattern: &str, text: &str) -> Option<String> {
        let regex = JavaRegex::new(pattern)?;
        regex.first(text).unwrap().map(|(start, end)| text[start..end].to_owned())
    }

    #[test]
    fn patterns_mean_what_they_mean_in_java() {
        for (pattern, text, expected) in [
            (r"\w+", "äbc", Some("bc")),
            (r"[\w-]+", " a-1 ", Some("a-1")),
            (r"[^\d]", "1x", Some("x")),
            (r"[\D]", "1x", Some("x")),
            (r"\p{Alpha}\d", "äa1", Some("a1")),
            (r"\p{L}", "1ä", Some("ä")),
            (r"\p{IsLatin}+", "李ab", Some("ab")),
            (r"\Qa+b\E.", "aab a+bc", Some("a+bc")),
            (r"(a)\1", "abaa", Some("aa")),
            (r"a(?=b)", "acab", Some("a")),
            (r"a*+a", "aaa", None),
            (r"[a-z&&[^aeiou]]+", "aeXbcd", Some("bcd")),
            (r"[]a]+", "b]a]", Some("]a]")),
            (r"\x41\u0042\0103", "ABC", Some("ABC")),
            (r"(?i)ab", "xAB", Some("AB")),
            (r"(?<name>b)", "abc", Some("b")),
            (r"[a~~b]+", "x~a", Some("~a")),
            (r"(", "(", None),
            (r"\y", "y", None),
        ] {
            assert_eq!(first(pattern, text).as_deref(), expected, "{pattern} in {text}");
        }
    }

    #[test]
    fn empty_matches_stand_where_java_finds_them() {
        let places = |pattern: &str, text: &str| {
            let mut places = Vec::new();
            JavaRegex::new(pattern).unwrap().each(text, |start, end| places.push((start, end))).unwrap();
            places
        };
        assert_eq!(places("", "äb"), [(0, 0), (2, 2), (3, 3)]);
        assert_eq!(places("l*", "ell"), [(0, 0), (1, 3), (3, 3)]);
        assert_eq!(places("aa", "aaa"), [(0, 2)]);
    }

    #[test]
    fn texts_are_split_as_java_splits_them() {
        let split = |pattern: &str, text: &str| {
            let parts = JavaRegex::new(pattern).unwrap();
            parts.split(text).unwrap().join("|")
        };
        assert_eq!(split(",", "a,b,,c,,"), "a|b||c");
        assert_eq!(split(",", ",a"), "|a");
        assert_eq!(split("", "abc"), "a|b|c");
        assert_eq!(split("x", "abc"), "abc");
        assert_eq!(split(",", ","), "");
    }
}
