//! Reads a table's options: every mistake is kept, with the place of its key or value.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use narthex_sink::{format_duration, parse_bytes, parse_duration};
use narthex_sql::{Mistake, OptionEntry, Span, nearest};

use crate::definition::TableDefinition;

/// An option of a connector or a format, as the guide lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionInfo {
    /// Its key; `#` stands for a column's name.
    pub key: &'static str,
    /// What it takes, in words.
    pub takes: &'static str,
    /// What holds without it; empty: nothing, or the option is required and `doc` says so.
    pub default: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
}

/// The keys of a list of options.
pub(crate) fn keys(options: &[OptionInfo]) -> Vec<&'static str> {
    options.iter().map(|option| option.key).collect()
}

/// Options that every connector knows.
const COMMON: [&str; 2] = ["connector", "property-version"];

/// A table's options, and what was found wrong with them.
#[derive(Debug)]
pub(crate) struct Options<'a> {
    pub(crate) table: &'a TableDefinition,
    pub(crate) mistakes: Vec<Mistake>,
    /// What is told and does no harm.
    pub(crate) warnings: Vec<Mistake>,
}

impl<'a> Options<'a> {
    pub(crate) fn new(table: &'a TableDefinition) -> Self {
        Self { table, mistakes: Vec::new(), warnings: Vec::new() }
    }

    /// An option as it was written; of several with one key the last one, as in Flink.
    pub(crate) fn entry(&self, key: &str) -> Option<&'a OptionEntry> {
        self.table.options.iter().rev().find(|entry| entry.key == key)
    }

    /// An option's text.
    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.entry(key).map(|entry| entry.value.as_str())
    }

    /// The text of an option that must be there; `example` is a value that it could have.
    pub(crate) fn required(&mut self, key: &str, example: &str) -> Option<&'a str> {
        let text = self.text(key);
        if text.is_none() {
            self.missing(key, format!("is missing; write for example '{key}' = '{example}'"));
        }
        text
    }

    /// `true` or `false`, in any case.
    pub(crate) fn boolean(&mut self, key: &str) -> Option<bool> {
        let text = self.text(key)?;
        match text.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => self.bad_value(key, format!("{text:?} is neither true nor false")),
        }
    }

    /// A whole number within bounds.
    pub(crate) fn integer(&mut self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let text = self.text(key)?;
        match text.parse::<i64>() {
            Ok(number) if range.contains(&number) => Some(number),
            Ok(_) => self.bad_value(key, out_of_range(text, &range)),
            Err(_) => {
                let is_number = !text.is_empty()
                    && text.trim_start_matches(['-', '+']).bytes().all(|byte| byte.is_ascii_digit());
                let problem = if is_number {
                    out_of_range(text, &range)
                } else {
                    format!("{text:?} is no whole number")
                };
                self.bad_value(key, problem)
            }
        }
    }

    /// A number within bounds.
    pub(crate) fn number(&mut self, key: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let text = self.text(key)?;
        match text.trim().parse::<f64>() {
            Ok(number) if range.contains(&number) => Some(number),
            Ok(number) if !number.is_nan() => self.bad_value(key, out_of_range(text, &range)),
            _ => self.bad_value(key, format!("{text:?} is no number")),
        }
    }

    /// A duration of at least `least`: `5 s`, `PT5S`, or a number of milliseconds.
    pub(crate) fn duration(&mut self, key: &str, least: Duration) -> Option<Duration> {
        let text = self.text(key)?;
        match parse_duration(text) {
            Ok(duration) if duration >= least => Some(duration),
            Ok(_) => self.bad_value(key, format!("{text:?} is shorter than {}", format_duration(least))),
            Err(problem) => self.bad_value(key, problem),
        }
    }

    /// A size in bytes: `1 mb`.
    pub(crate) fn size(&mut self, key: &str) -> Option<usize> {
        let text = self.text(key)?;
        parse_bytes(text).map_or_else(|problem| self.bad_value(key, problem), Some)
    }

    /// Notes every option whose key nobody knows: the nearest of the known ones, and those that are listed.
    pub(crate) fn check_known(&mut self, known: &[&str], listed: &[&str], is_known: impl Fn(&str) -> bool) {
        let connector = self.text("connector").unwrap_or_default().to_owned();
        for entry in &self.table.options {
            let key = entry.key.as_str();
            if COMMON.contains(&key) || known.contains(&key) || is_known(key) {
                continue;
            }
            let near = nearest(key, known.iter().copied());
            let near = near.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            let mistake = Mistake::new(
                entry.key_span,
                format!("{key}: the connector {connector} has no such option{near}"),
            );
            let listed = (!listed.is_empty()).then(|| format!("it takes {}", listed.join(", ")));
            self.mistakes.push(match listed {
                Some(listed) => mistake.advise(listed),
                None => mistake,
            });
        }
    }

    /// Warns of options that are known and do nothing here.
    pub(crate) fn warn_unused(&mut self, keys: &[&str], why: &str) {
        for entry in self.table.options.iter().filter(|entry| keys.contains(&entry.key.as_str())) {
            self.warnings.push(Mistake::new(entry.key_span, format!("{} has no effect: {why}", entry.key)));
        }
    }

    /// Notes that a value is wrong.
    pub(crate) fn bad_value<T>(&mut self, key: &str, problem: impl Display) -> Option<T> {
        let span = self.entry(key).map_or(self.table.name_span, |entry| entry.value_span);
        self.mistakes.push(Mistake::new(span, format!("{key}: {problem}")));
        None
    }

    /// Notes that an option should not be there.
    pub(crate) fn bad_key(&mut self, key: &str, problem: impl Display) {
        let span = self.entry(key).map_or(self.table.name_span, |entry| entry.key_span);
        self.mistakes.push(Mistake::new(span, format!("{key}: {problem}")));
    }

    /// Notes that an option is not there.
    pub(crate) fn missing(&mut self, key: &str, problem: impl Display) {
        self.mistakes.push(Mistake::new(self.table.name_span, format!("{key}: {problem}")));
    }

    /// Notes something that no option says.
    pub(crate) fn of_table(&mut self, span: Span, problem: impl Into<String>) {
        self.mistakes.push(Mistake::new(span, problem));
    }
}

fn out_of_range<T: Display>(text: &str, range: &RangeInclusive<T>) -> String {
    format!("{text} is out of range; allowed are {} to {}", range.start(), range.end())
}

/// That a text is not one of a few words, and which is nearest.
pub(crate) fn one_of(text: &str, words: &[&str]) -> String {
    let near = nearest(text, words.iter().copied()).map(|word| format!("; did you mean {word}?"));
    format!("{text:?} is not one of {}{}", words.join(", "), near.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_flink_reads_them() {
        let table = TableDefinition::named("t")
            .option("yes", "TRUE")
            .option("maybe", "maybe")
            .option("five", "+5")
            .option("blank", " 5")
            .option("many", "99999999999999999999")
            .option("iso", "pt1m2.5s")
            .option("flink", "10 min")
            .option("bare", "1500")
            .option("no-time", "PT")
            .option("size", "2 mb");
        let mut options = Options::new(&table);
        assert_eq!(options.boolean("yes"), Some(true));
        assert_eq!(options.boolean("maybe"), None);
        assert_eq!(options.integer("five", 0..=10), Some(5));
        assert_eq!(options.integer("blank", 0..=10), None);
        assert_eq!(options.integer("many", 0..=10), None);
        assert_eq!(options.integer("five", 6..=10), None);
        assert_eq!(options.duration("iso", Duration::ZERO), Some(Duration::from_millis(62_500)));
        assert_eq!(options.duration("flink", Duration::ZERO), Some(Duration::from_secs(600)));
        assert_eq!(options.duration("bare", Duration::ZERO), Some(Duration::from_millis(1500)));
        assert_eq!(options.duration("no-time", Duration::ZERO), None);
        assert_eq!(options.duration("bare", Duration::from_secs(2)), None);
        assert_eq!(options.size("size"), Some(2 << 20));
        assert_eq!(options.boolean("absent"), None);
        let told: Vec<_> = options.mistakes.into_iter().map(|mistake| mistake.message).collect();
        assert_eq!(
            told,
            [
                "maybe: \"maybe\" is neither true nor false",
                "blank: \" 5\" is no whole number",
                "many: 99999999999999999999 is out of range; allowed are 0 to 10",
                "five: +5 is out of range; allowed are 6 to 10",
                "no-time: \"PT\" is no duration; write for example \"5 s\", \"10 min\" or \"PT5S\"",
                "bare: \"1500\" is shorter than 2 s",
            ]
        );
    }
}
