//! The options of the format `csv`.

use super::super::ParseErrors;
use super::super::option::{BOOLEAN, CHARACTER, IGNORE_PARSE_ERRORS, Options};
use crate::options::OptionInfo;

/// A character that means something between fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(pub(crate) char);

impl Mark {
    /// How many bytes it takes at a position; 0 if it does not stand there.
    #[inline]
    pub(super) fn found_at(self, bytes: &[u8], at: usize) -> usize {
        if self.0.is_ascii() {
            return usize::from(bytes.get(at) == Some(&(self.0 as u8)));
        }
        let mut buffer = [0; 4];
        let mark = self.0.encode_utf8(&mut buffer).as_bytes();
        if bytes.get(at..).is_some_and(|rest| rest.starts_with(mark)) { mark.len() } else { 0 }
    }

    /// Appends it.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// The options of the format `csv`, with Flink's defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CsvOptions {
    /// Stands between fields.
    pub(crate) delimiter: Mark,
    /// Encloses fields; none if quotes mean nothing.
    pub(crate) quote: Option<Mark>,
    /// Takes its meaning from the character behind it.
    pub(crate) escape: Option<Mark>,
    /// Whether lines that begin with `#`, and empty ones, are passed over.
    pub(crate) allow_comments: bool,
    /// What becomes of broken records.
    pub(crate) parse_errors: ParseErrors,
    /// Stands between elements of arrays and rows.
    pub(crate) array_delimiter: String,
    /// A field with this text is null.
    pub(crate) null_literal: Option<String>,
    /// Whether 100000 is written as 1E+5 in a DECIMAL.
    pub(crate) scientific_decimals: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            delimiter: Mark(','),
            quote: Some(Mark('"')),
            escape: None,
            allow_comments: false,
            parse_errors: ParseErrors::Report,
            array_delimiter: ";".to_owned(),
            null_literal: None,
            scientific_decimals: true,
        }
    }
}

impl CsvOptions {
    /// All of them; keys are without the format's name.
    pub(crate) const LIST: &'static [OptionInfo] = &[
        OptionInfo {
            key: "field-delimiter",
            takes: CHARACTER,
            default: ",",
            doc: "Stands between fields. Escapes of Java are read: `\\t`, `\\u0001`.",
        },
        OptionInfo {
            key: "disable-quote-character",
            takes: BOOLEAN,
            default: "false",
            doc: "Whether quotes mean nothing.",
        },
        OptionInfo { key: "quote-character", takes: CHARACTER, default: "\"", doc: "Encloses fields." },
        OptionInfo {
            key: "allow-comments",
            takes: BOOLEAN,
            default: "false",
            doc: "Whether lines that begin with `#`, and empty ones, are passed over.",
        },
        OptionInfo { key: "ignore-parse-errors", takes: BOOLEAN, default: "", doc: IGNORE_PARSE_ERRORS },
        OptionInfo {
            key: "array-element-delimiter",
            takes: CHARACTER,
            default: ";",
            doc: "Stands between elements of arrays and fields of rows.",
        },
        OptionInfo {
            key: "escape-character",
            takes: CHARACTER,
            default: "",
            doc: "Takes its meaning from the character behind it.",
        },
        OptionInfo {
            key: "null-literal",
            takes: "text",
            default: "",
            doc: "A field with this text is null, and null is written so.",
        },
        OptionInfo {
            key: "write-bigdecimal-in-scientific-notation",
            takes: BOOLEAN,
            default: "true",
            doc: "Whether a DECIMAL of 100000 is written as `1E+5`.",
        },
    ];

    /// Reads them. `option` gives a value by its key.
    ///
    /// # Errors
    /// Each key with a bad value, and what is wrong with it.
    pub(crate) fn read(option: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<(&'static str, String)>> {
        let mut options = Options::new(option);
        let defaults = Self::default();
        let delimiter = character(&mut options, "field-delimiter", unescape);
        let quote = character(&mut options, "quote-character", str::to_owned);
        let escape = character(&mut options, "escape-character", str::to_owned);
        let has_no_quote = options.boolean("disable-quote-character").unwrap_or(false);
        if has_no_quote && options.text("quote-character").is_some() {
            options.refuse(
                "quote-character",
                "it cannot be set while disable-quote-character is true".to_owned(),
            );
        }
        let array_delimiter = character(&mut options, "array-element-delimiter", str::to_owned);
        let read = Self {
            delimiter: delimiter.unwrap_or(defaults.delimiter),
            quote: if has_no_quote { None } else { quote.or(defaults.quote) },
            escape,
            allow_comments: options.boolean("allow-comments").unwrap_or(false),
            parse_errors: ParseErrors::of(options.boolean("ignore-parse-errors")),
            array_delimiter: array_delimiter.map_or(defaults.array_delimiter, |mark| mark.0.to_string()),
            null_literal: options.text("null-literal"),
            scientific_decimals: options.boolean("write-bigdecimal-in-scientific-notation").unwrap_or(true),
        };
        options.finish(read)
    }
}

/// An option that is a single character.
fn character(options: &mut Options<'_>, key: &'static str, read: fn(&str) -> String) -> Option<Mark> {
    let value = options.text(key)?;
    let read = read(&value);
    let mut characters = read.chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) => Some(Mark(character)),
        _ => {
            options.refuse(key, format!("{value:?} is not a single character"));
            None
        }
    }
}

/// Escapes as in Java's strings: `\t`, `\u0001`, `\1`.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let (character, length) = escape(&rest[at + 1..]);
        out.extend(character);
        rest = &rest[at + 1 + length..];
    }
    out + rest
}

/// The character that stands behind a backslash, and how many bytes are read of it.
fn escape(text: &str) -> (Option<char>, usize) {
    let Some(first) = text.chars().next() else { return (Some('\\'), 0) };
    let short = match first {
        't' => '\t',
        'n' => '\n',
        'r' => '\r',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'u' => {
            let us = text.bytes().take_while(|byte| *byte == b'u').count();
            let code = text.get(us..us + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
            return (code.and_then(char::from_u32), if code.is_some() { us + 4 } else { us });
        }
        '0'..='7' => {
            let most = if first <= '3' { 3 } else { 2 };
            let length = text.bytes().take(most).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
            let code = u32::from_str_radix(&text[..length], 8).ok();
            return (code.and_then(char::from_u32), length);
        }
        other => other,
    };
    (Some(short), first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<CsvOptions, Vec<(&'static str, String)>> {
        CsvOptions::read(&|key| {
            pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_options_all_is_as_by_default() {
        assert_eq!(read(&[]).unwrap(), CsvOptions::default());
    }

    #[test]
    fn a_delimiter_may_be_written_as_an_escape() {
        for (value, expected) in [
            ("\\t", '\t'),
            ("\t", '\t'),
            ("\\u0001", '\u{1}'),
            ("\u{1}", '\u{1}'),
            ("\\1", '\u{1}'),
            ("\\\\", '\\'),
            ("|", '|'),
            ("§", '§'),
        ] {
            assert_eq!(read(&[("field-delimiter", value)]).unwrap().delimiter, Mark(expected), "{value}");
        }
    }

    #[test]
    fn what_is_no_single_character_is_refused() {
        for key in ["field-delimiter", "quote-character", "escape-character", "array-element-delimiter"] {
            for value in ["", "ab"] {
                let faults = read(&[(key, value)]).unwrap_err();
                assert_eq!(faults, [(key, format!("{value:?} is not a single character"))]);
            }
        }
        assert!(read(&[("disable-quote-character", "true"), ("quote-character", "'")]).is_err());
        assert_eq!(read(&[("disable-quote-character", "true")]).unwrap().quote, None);
    }
}
