//! Reads options of a format, and keeps what is wrong with them.

use narthex_sql::nearest;

/// What an option takes, in words.
pub(super) const BOOLEAN: &str = "`true` or `false`";
/// See [`BOOLEAN`].
pub(super) const CHARACTER: &str = "a character";
/// What both formats say of it.
pub(super) const IGNORE_PARSE_ERRORS: &str = "`true`: a broken record is left out and counted, a field that alone is wrong becomes null. `false`: the first \
     broken record fails the job. Without it `narthex.on-bad-record` decides, see below.";

/// Options by key, and the mistakes in their values.
pub(super) struct Options<'a> {
    option: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<(&'static str, String)>,
}

impl<'a> Options<'a> {
    /// Of a table; keys are without the format's name.
    pub(super) fn new(option: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { option, faults: Vec::new() }
    }

    /// The value as it stands there.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        (self.option)(key)
    }

    /// `true` or `false` in any case.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        self.word_of_any_case(key, &["true", "false"]).map(|word| word == "true")
    }

    /// One of some words.
    pub(super) fn word(&mut self, key: &'static str, words: &[&'static str]) -> Option<&'static str> {
        self.find(key, words, |word, value| word == value)
    }

    /// One of some words, in any case.
    pub(super) fn word_of_any_case(
        &mut self,
        key: &'static str,
        words: &[&'static str],
    ) -> Option<&'static str> {
        self.find(key, words, |word, value| word.eq_ignore_ascii_case(value))
    }

    fn find(
        &mut self,
        key: &'static str,
        words: &[&'static str],
        is_same: fn(&str, &str) -> bool,
    ) -> Option<&'static str> {
        let value = self.text(key)?;
        let found = words.iter().find(|word| is_same(word, &value)).copied();
        if found.is_none() {
            let near = nearest(&value.to_uppercase(), words.iter().copied());
            let advice = near.map(|word| format!("; did you mean {word}?")).unwrap_or_default();
            self.refuse(key, format!("{value:?} is none of {}{advice}", words.join(", ")));
        }
        found
    }

    /// Keeps a mistake.
    pub(super) fn refuse(&mut self, key: &'static str, why: String) {
        self.faults.push((key, why));
    }

    /// What was read, if nothing was wrong.
    pub(super) fn finish<T>(self, read: T) -> Result<T, Vec<(&'static str, String)>> {
        if self.faults.is_empty() { Ok(read) } else { Err(self.faults) }
    }
}
