//! The options of the format `json`.

use super::super::ParseErrors;
use super::super::option::{BOOLEAN, IGNORE_PARSE_ERRORS, Options};
use super::super::time::TimestampFormat;
use crate::options::OptionInfo;

/// What becomes of a null key when a map is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum MapNullKey {
    /// The job fails.
    #[default]
    Fail,
    /// The entry is left out.
    Drop,
    /// This is written instead.
    Literal(String),
}

/// The options of the format `json`, with Flink's defaults.
#[derive(Debug, Clone, Default)]
pub(crate) struct JsonOptions {
    /// Whether a record that lacks a column that is asked for is broken.
    pub(crate) fail_on_missing_field: bool,
    /// What becomes of broken records.
    pub(crate) parse_errors: ParseErrors,
    /// How timestamps are spelled.
    pub(crate) timestamp_format: TimestampFormat,
    /// What becomes of null keys of maps.
    pub(crate) map_null_key: MapNullKey,
    /// Whether decimals are written with all digits of their scale.
    pub(crate) decimal_as_plain_number: bool,
    /// Whether fields that are null are not written.
    pub(crate) ignore_null_fields: bool,
}

impl JsonOptions {
    /// All of them; keys are without the format's name.
    pub(crate) const LIST: &'static [OptionInfo] = &[
        OptionInfo {
            key: "fail-on-missing-field",
            takes: BOOLEAN,
            default: "false",
            doc: "Whether a record that lacks a column that is asked for is broken; else the column is null.",
        },
        OptionInfo { key: "ignore-parse-errors", takes: BOOLEAN, default: "", doc: IGNORE_PARSE_ERRORS },
        OptionInfo {
            key: "timestamp-format.standard",
            takes: "`SQL` or `ISO-8601`",
            default: "SQL",
            doc: "How timestamps are spelled: `2024-05-06 07:08:09.123`, or with a `T`; moments end with `Z`.",
        },
        OptionInfo {
            key: "map-null-key.mode",
            takes: "`FAIL`, `DROP` or `LITERAL`",
            default: "FAIL",
            doc: "What becomes of a null key of a map that is written: the job fails, the entry is left out, or a text \
                  stands for it.",
        },
        OptionInfo {
            key: "map-null-key.literal",
            takes: "text",
            default: "null",
            doc: "The text for `LITERAL`.",
        },
        OptionInfo {
            key: "encode.decimal-as-plain-number",
            takes: BOOLEAN,
            default: "false",
            doc: "Whether a DECIMAL is written with all digits of its scale, never as `1E+2`.",
        },
        OptionInfo {
            key: "encode.ignore-null-fields",
            takes: BOOLEAN,
            default: "false",
            doc: "Whether fields that are null are left out.",
        },
        OptionInfo {
            key: "decode.json-parser.enabled",
            takes: BOOLEAN,
            default: "true",
            doc: "Chooses between two readers of Flink. There is one here: no effect.",
        },
    ];

    /// Reads them. `option` gives a value by its key.
    ///
    /// # Errors
    /// Each key with a bad value, and what is wrong with it.
    pub(crate) fn read(option: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<(&'static str, String)>> {
        let mut options = Options::new(option);
        let ignore = options.boolean("ignore-parse-errors");
        let read = Self {
            fail_on_missing_field: options.boolean("fail-on-missing-field").unwrap_or(false),
            parse_errors: ParseErrors::of(ignore),
            timestamp_format: match options.word("timestamp-format.standard", &["SQL", "ISO-8601"]) {
                Some("ISO-8601") => TimestampFormat::Iso8601,
                _ => TimestampFormat::Sql,
            },
            map_null_key: match options.word_of_any_case("map-null-key.mode", &["FAIL", "DROP", "LITERAL"]) {
                Some("DROP") => MapNullKey::Drop,
                Some("LITERAL") => {
                    MapNullKey::Literal(option("map-null-key.literal").unwrap_or_else(|| "null".to_owned()))
                }
                _ => MapNullKey::Fail,
            },
            decimal_as_plain_number: options.boolean("encode.decimal-as-plain-number").unwrap_or(false),
            ignore_null_fields: options.boolean("encode.ignore-null-fields").unwrap_or(false),
        };
        // It chooses between two readers of Flink; there is one here.
        let _only_checked = options.boolean("decode.json-parser.enabled");
        if read.fail_on_missing_field && ignore == Some(true) {
            options.refuse(
                "fail-on-missing-field",
                "it cannot be true together with ignore-parse-errors".to_owned(),
            );
        }
        options.finish(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<JsonOptions, Vec<(&'static str, String)>> {
        JsonOptions::read(&|key| {
            pairs.iter().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn without_options_broken_records_are_reported_and_times_are_sql() {
        let options = read(&[]).unwrap();
        assert_eq!(options.parse_errors, ParseErrors::Report);
        assert_eq!(options.timestamp_format, TimestampFormat::Sql);
        assert_eq!(options.map_null_key, MapNullKey::Fail);
    }

    #[test]
    fn each_value_has_its_meaning() {
        let options = read(&[
            ("ignore-parse-errors", "FALSE"),
            ("timestamp-format.standard", "ISO-8601"),
            ("map-null-key.mode", "literal"),
            ("map-null-key.literal", "none"),
        ])
        .unwrap();
        assert_eq!(options.parse_errors, ParseErrors::Fail);
        assert_eq!(options.timestamp_format, TimestampFormat::Iso8601);
        assert_eq!(options.map_null_key, MapNullKey::Literal("none".to_owned()));
    }

    #[test]
    fn all_bad_values_are_reported_at_once() {
        let faults = read(&[
            ("ignore-parse-errors", "maybe"),
            ("timestamp-format.standard", "iso-8601"),
            ("map-null-key.mode", "SKIP"),
            ("decode.json-parser.enabled", "2"),
        ])
        .unwrap_err();
        let keys: Vec<&str> = faults.iter().map(|(key, _)| *key).collect();
        assert_eq!(
            keys,
            [
                "ignore-parse-errors",
                "timestamp-format.standard",
                "map-null-key.mode",
                "decode.json-parser.enabled"
            ]
        );
        assert_eq!(faults[1].1, "\"iso-8601\" is none of SQL, ISO-8601; did you mean ISO-8601?");
        assert!(read(&[("fail-on-missing-field", "true"), ("ignore-parse-errors", "true")]).is_err());
    }
}
