//! Secrets in a line of a job file that is shown: stars in their place.

/// Parts of the keys whose values are secrets: those that Flink masks.
const SECRET: [&str; 3] = ["password", "token", "secret"];

/// Puts stars in the place of values of secret options, and of what stands before the @ of a URL.
pub(crate) fn secrets(line: &mut [char]) {
    let mut at = 0;
    let mut key: Option<String> = None;
    while let Some((from, to)) = quoted(line, at) {
        let is_value = line[at..from].iter().filter(|c| !c.is_whitespace()).eq([&'=', &'\'']);
        if is_value && key.as_deref().is_some_and(is_secret) {
            line[from..to].fill('*');
        }
        user(&mut line[from..to]);
        key = Some(line[from..to].iter().collect::<String>().to_lowercase());
        at = (to + 1).min(line.len());
    }
}

/// What stands between the next two quotes: from and to. A text without end goes to the end of the line.
fn quoted(line: &[char], at: usize) -> Option<(usize, usize)> {
    let from = at + line[at..].iter().position(|&c| c == '\'')? + 1;
    let to = line[from..].iter().position(|&c| c == '\'').map_or(line.len(), |length| from + length);
    Some((from, to))
}

fn is_secret(key: &str) -> bool {
    SECRET.iter().any(|part| key.contains(part)) && !key.ends_with("-file")
}

/// The user and password of a URL.
fn user(text: &mut [char]) {
    let scheme = text.windows(3).position(|three| three == [':', '/', '/']);
    let Some(from) = scheme.map(|at| at + 3) else { return };
    let host = text[from..].iter().position(|&c| c == '/').map_or(text.len(), |length| from + length);
    if let Some(length) = text[from..host].iter().rposition(|&c| c == '@') {
        text[from..from + length].fill('*');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        let mut characters: Vec<char> = line.chars().collect();
        secrets(&mut characters);
        characters.into_iter().collect()
    }

    #[test]
    fn secrets_are_not_shown_and_the_line_keeps_its_length() {
        for (line, expected) in [
            ("'sink.auth.password' = 'ä b', 'x' = 'y'", "'sink.auth.password' = '***', 'x' = 'y'"),
            ("'sink.auth.bearer-token'='abc", "'sink.auth.bearer-token'='***"),
            ("'sink.auth.password-file' = '/run/p'", "'sink.auth.password-file' = '/run/p'"),
            ("'url' = 'http://u:p@host/x@y', 1", "'url' = 'http://***@host/x@y', 1"),
            ("SELECT 'password', 'b' FROM t", "SELECT 'password', 'b' FROM t"),
            ("it''s '", "it''s '"),
            ("", ""),
        ] {
            assert_eq!(shown(line), expected);
        }
    }
}
