//! Patterns of paths: `*`, `?`, `[a-c]`, `{a,b}`, and `**` for any number of folders.

/// A pattern of a path below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob(Vec<Part>);

/// A pattern between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// `**`: any number of folders, none too.
    Folders,
    Name(Vec<Token>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Char(char),
    Any,
    Star,
    /// Whether it is none of them, and from which to which.
    Class(bool, Vec<(char, char)>),
    OneOf(Vec<Vec<Token>>),
}

/// Whether a text has characters of patterns.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When a bracket is not closed.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split('/').filter(|part| !part.is_empty() && *part != ".");
        let parts = parts.map(|part| match part {
            "**" => Ok(Part::Folders),
            _ => {
                let mut chars = part.chars();
                let tokens = tokens(&mut chars, false)?;
                Ok(Part::Name(tokens))
            }
        });
        parts.collect::<Result<_, String>>().map(Self)
    }

    /// Whether a path, given as its parts below the folder, matches as a whole.
    pub(crate) fn matches(&self, path: &[&str]) -> bool {
        matches_parts(&self.0, path)
    }

    /// Whether something below this path could match.
    pub(crate) fn may_match_below(&self, path: &[&str]) -> bool {
        self.0.len() > path.len() || self.0.contains(&Part::Folders)
    }
}

fn matches_parts(parts: &[Part], path: &[&str]) -> bool {
    match (parts.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((Part::Folders, rest)), _) => {
            matches_parts(rest, path)
                || path.split_first().is_some_and(|(_, below)| matches_parts(parts, below))
        }
        (Some((Part::Name(tokens), rest)), Some((name, below))) => {
            let name: Vec<_> = name.chars().collect();
            matches_name(tokens, &name, &|left| left.is_empty()) && matches_parts(rest, below)
        }
        _ => false,
    }
}

/// Whether the tokens match a beginning of the name, and `then` what is left.
fn matches_name(tokens: &[Token], name: &[char], then: &dyn Fn(&[char]) -> bool) -> bool {
    let Some((first, rest)) = tokens.split_first() else { return then(name) };
    match first {
        Token::Star => (0..=name.len()).any(|at| matches_name(rest, &name[at..], then)),
        Token::OneOf(choices) => {
            choices.iter().any(|choice| matches_name(choice, name, &|left| matches_name(rest, left, then)))
        }
        single => name.split_first().is_some_and(|(&c, left)| {
            let is_it = match single {
                Token::Char(wanted) => *wanted == c,
                Token::Class(is_none_of, ranges) => {
                    ranges.iter().any(|&(from, to)| (from..=to).contains(&c)) != *is_none_of
                }
                _ => true,
            };
            is_it && matches_name(rest, left, then)
        }),
    }
}

/// Tokens up to the end, or up to the `,` or `}` of a choice, which is left.
fn tokens(chars: &mut std::str::Chars<'_>, in_choice: bool) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    loop {
        let mut ahead = chars.clone();
        let Some(c) = ahead.next() else {
            return if in_choice { Err("has a { that is not closed".to_owned()) } else { Ok(tokens) };
        };
        if in_choice && (c == ',' || c == '}') {
            return Ok(tokens);
        }
        *chars = ahead;
        let token = match c {
            '*' if tokens.last() == Some(&Token::Star) => continue,
            '*' => Token::Star,
            '?' => Token::Any,
            '[' => class(chars)?,
            '{' => choice(chars)?,
            c => Token::Char(c),
        };
        tokens.push(token);
    }
}

fn choice(chars: &mut std::str::Chars<'_>) -> Result<Token, String> {
    let mut choices = Vec::new();
    loop {
        choices.push(tokens(chars, true)?);
        if chars.next() == Some('}') {
            return Ok(Token::OneOf(choices));
        }
    }
}

fn class(chars: &mut std::str::Chars<'_>) -> Result<Token, String> {
    let Some(end) = chars.as_str().char_indices().skip(1).find(|(_, c)| *c == ']').map(|(at, _)| at) else {
        return Err("has a [ that is not closed".to_owned());
    };
    let inside: Vec<_> = chars.as_str()[..end].chars().collect();
    *chars = chars.as_str()[end + 1..].chars();
    let is_none_of = matches!(inside.first(), Some('!' | '^'));
    let mut rest = &inside[usize::from(is_none_of)..];
    let mut ranges = Vec::new();
    while let Some((&from, left)) = rest.split_first() {
        match left {
            ['-', to, left @ ..] => {
                ranges.push((from, *to));
                rest = left;
            }
            left => {
                ranges.push((from, from));
                rest = left;
            }
        }
    }
    Ok(Token::Class(is_none_of, ranges))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_what_a_shell_matches() {
        for (pattern, path, expected) in [
            ("*.json", "a.json", true),
            ("*.json", "a.jsonl", false),
            ("*.json", "b/a.json", false),
            ("a*/b?.c", "axx/b1.c", true),
            ("a*/b?.c", "a/b.c", false),
            ("**/x", "x", true),
            ("**/x", "a/b/x", true),
            ("a/**", "a/b/c", true),
            ("[a-c]1", "b1", true),
            ("[!a-c]1", "b1", false),
            ("[]]", "]", true),
            ("{a,b*}.json", "bcd.json", true),
            ("{a,b*}.json", "c.json", false),
            ("*a*b*", "xxaxxbxx", true),
            ("día?", "días", true),
        ] {
            let parts: Vec<_> = path.split('/').collect();
            assert_eq!(Glob::parse(pattern).unwrap().matches(&parts), expected, "{pattern} {path}");
        }
        assert!(Glob::parse("{a,b").is_err());
        assert!(Glob::parse("[a").is_err());
        assert!(!Glob::parse("a*").unwrap().may_match_below(&["ab"]));
        assert!(Glob::parse("a*/c").unwrap().may_match_below(&["ab"]));
    }
}
