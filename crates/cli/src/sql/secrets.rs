//! Secrets that stand in a job file: kept out of what is shown of it.
//!
//! A mistake is shown with the line that it stands in, and its message may quote what was found there. So the values
//! of secret options, and what an address has before its host and behind its `?`, are stars in both.

use narthex_planner::is_secret;

/// Shorter ones are not looked for in messages: they would stand there by chance.
const SHORTEST: usize = 4;

/// A job file's text as it may be shown, and what must not be.
#[derive(Debug, Default)]
pub(crate) struct Masked {
    /// With a star for each character of a secret, so that places stay what they are.
    pub(crate) text: String,
    secrets: Vec<String>,
}

impl Masked {
    /// Of a job file. A text without an end reaches to the end of the file.
    pub(crate) fn of(text: &str) -> Self {
        let mut reader = Reader { rest: text, masked: Self::default(), key: None };
        while reader.step().is_some() {}
        reader.masked
    }

    /// Learns what is secret of an option whose value does not stand in the file.
    pub(crate) fn learn(&mut self, key: &str, value: &str) {
        let option = format!("'{key}' = '{}'", value.replace('\'', "''"));
        self.secrets.extend(Self::of(&option).secrets);
    }

    fn add(&mut self, secret: &str) {
        if secret.chars().count() >= SHORTEST {
            self.secrets.push(secret.to_owned());
        }
    }

    /// A message without the secrets.
    pub(crate) fn message(&self, message: String) -> String {
        self.secrets.iter().fold(message, |message, secret| message.replace(secret.as_str(), "******"))
    }

    fn secret(&mut self, content: &str) {
        self.text.extend(content.chars().map(|c| if c.is_control() { c } else { '*' }));
        self.add(&content.replace("''", "'"));
    }
}

struct Reader<'a> {
    rest: &'a str,
    masked: Masked,
    /// The text that stands right before, with nothing but `=` between.
    key: Option<&'a str>,
}

impl<'a> Reader<'a> {
    /// Takes so many bytes as they are.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.masked.text.push_str(taken);
        self.rest = rest;
        taken
    }

    fn step(&mut self) -> Option<()> {
        let first = self.rest.chars().next()?;
        let end_of = |mark: &str, rest: &str| rest.find(mark).map_or(rest.len(), |at| at + mark.len());
        match first {
            '\'' => self.text(),
            '`' => {
                self.key = None;
                self.take(1 + end_of("`", &self.rest[1..]));
            }
            '-' if self.rest.starts_with("--") => drop(self.take(end_of("\n", self.rest))),
            '/' if self.rest.starts_with("/*") => drop(self.take(2 + end_of("*/", &self.rest[2..]))),
            _ => {
                if !first.is_whitespace() && first != '=' {
                    self.key = None;
                }
                self.take(first.len_utf8());
            }
        }
        Some(())
    }

    /// A text in quotes.
    fn text(&mut self) {
        self.take(1);
        let content = &self.rest[..length(self.rest)];
        if self.key.take().is_some_and(is_secret) {
            self.masked.secret(content);
        } else {
            self.plain(content);
            self.key = Some(content);
        }
        self.rest = &self.rest[content.len()..];
        if !self.rest.is_empty() {
            self.take(1);
        }
    }

    /// A text that is no secret, but may be an address with one.
    fn plain(&mut self, content: &str) {
        let (before, rest) = content
            .split_once("://")
            .map_or((content, ""), |(scheme, rest)| (&content[..scheme.len() + 3], rest));
        self.masked.text.push_str(before);
        let rest = match rest.rsplit_once('@') {
            Some((user, host)) => {
                self.masked.secret(user);
                self.masked.text.push('@');
                host
            }
            None => rest,
        };
        let (shown, query) = rest.split_at(rest.find('?').map_or(rest.len(), |at| at + 1));
        self.masked.text.push_str(shown);
        self.masked.secret(query);
    }
}

/// How long the content of a text is that begins here; `''` in it is a quote.
fn length(text: &str) -> usize {
    let mut at = 0;
    loop {
        match text[at..].find('\'') {
            None => return text.len(),
            Some(end) if text[at + end + 1..].starts_with('\'') => at += end + 2,
            Some(end) => return at + end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_stars_of_the_same_length() {
        for (text, expected) in [
            ("'a' = 'b'", "'a' = 'b'"),
            (
                "('sink.auth.password' = 'hunter2', 'x' = 'y')",
                "('sink.auth.password' = '*******', 'x' = 'y')",
            ),
            ("'sink.auth.pasword'='it''s'", "'sink.auth.pasword'='*****'"),
            ("'my.token'\n -- why = 'x'\n = 'grüße'", "'my.token'\n -- why = 'x'\n = '*****'"),
            ("'my.token' 'hunter2'", "'my.token' '*******'"),
            ("'my.token' = 'hunter2", "'my.token' = '*******"),
            ("'sink.auth.password-file' = '/x'", "'sink.auth.password-file' = '/x'"),
            ("'u' = 'http://me:pw@h/w?t=1'", "'u' = 'http://*****@h/w?***'"),
            ("`password` 'x'", "`password` 'x'"),
            ("SELECT 'token', 'x' /* 'token' = */ 'y'", "SELECT 'token', 'x' /* 'token' = */ 'y'"),
            ("'", "'"),
            ("/*", "/*"),
            ("`", "`"),
        ] {
            assert_eq!(Masked::of(text).text, expected);
        }
    }

    #[test]
    fn messages_do_not_quote_them() {
        let mut masked = Masked::of("'sink.auth.password' = 'hun''ter2', 'u' = 'http://me:geheim@h'");
        masked.learn("sink.headers.X", "from-the-environment");
        let message = "expected =, found hun'ter2 and me:geheim and from-the-environment".to_owned();
        assert_eq!(masked.message(message), "expected =, found ****** and ****** and ******");
    }
}
