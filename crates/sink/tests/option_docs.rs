//! The list of options against what is made of it: docs/sink-options.md, options.json, and the builder.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests; clippy.toml exempts tests alone

use narthex_sink::{BuildError, OPTIONS, OptionSpec, OptionType, PrometheusSink, PrometheusSinkBuilder};
use narthex_sink::{format_bytes, format_duration, parse_bytes, parse_duration};
use narthex_testkit::generated;
use serde_json::{Value, json};

/// A default that is a sentence, not a value.
const DEFAULT_IN_WORDS: &str = "sink.requests.max-buffered";

fn builder() -> PrometheusSinkBuilder {
    PrometheusSink::builder("http://localhost:9090/api/v1/write")
}

fn mistakes(builder: PrometheusSinkBuilder) -> Vec<String> {
    match builder.build() {
        Ok(_) => Vec::new(),
        Err(BuildError(mistakes)) => mistakes.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn the_page_lists_every_option() {
    let rows = OPTIONS.iter().map(|option| {
        [
            code(option.key),
            kind(option.option_type),
            code(option.default),
            option.range.to_owned(),
            doc(option),
        ]
    });
    generated::check_part(
        file!(),
        "docs/sink-options.md",
        &generated::table(["option", "value", "default", "allowed", "what it does"], rows),
    );
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{text}`") }
}

fn kind(option_type: OptionType) -> String {
    match option_type {
        OptionType::Integer => "number".into(),
        OptionType::Duration => "duration".into(),
        OptionType::MemorySize => "size".into(),
        OptionType::Text => "text".into(),
        OptionType::Path => "path".into(),
        OptionType::Enum(words) => {
            words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
        }
        OptionType::DurationOrUnlimited => "duration or `unlimited`".into(),
        OptionType::Headers => "`NAME=VALUE`, repeatable".into(),
        _ => panic!("{option_type:?} needs a word for the docs"),
    }
}

fn doc(option: &OptionSpec) -> String {
    if option.is_secret { format!("{} A secret: never shown.", option.doc) } else { option.doc.to_owned() }
}

#[test]
fn the_json_file_lists_every_option() {
    let options: Vec<Value> = OPTIONS
        .iter()
        .map(|option| {
            let (name, words) = json_type(option.option_type);
            json!({
                "key": option.key, "type": name, "values": words, "default": option.default, "range": option.range,
                "secret": option.is_secret, "doc": option.doc,
            })
        })
        .collect();
    let text = serde_json::to_string_pretty(&json!({ "options": options })).unwrap() + "\n";
    generated::check_file("crates/sink/options.json", &text);
}

fn json_type(option_type: OptionType) -> (&'static str, &'static [&'static str]) {
    match option_type {
        OptionType::Integer => ("integer", &[]),
        OptionType::Duration => ("duration", &[]),
        OptionType::MemorySize => ("memory-size", &[]),
        OptionType::Text => ("text", &[]),
        OptionType::Path => ("path", &[]),
        OptionType::Enum(words) => ("enum", words),
        OptionType::DurationOrUnlimited => ("duration-or-unlimited", &["unlimited"]),
        OptionType::Headers => ("headers", &[]),
        _ => panic!("{option_type:?} needs a name in options.json"),
    }
}

#[tokio::test]
async fn the_builder_takes_every_key() {
    for option in OPTIONS {
        let value = example(option);
        let found = mistakes(builder().set(option.key, &value));
        // Some need a partner, or a file that is there: that is no objection to the key.
        let objections: Vec<&String> =
            found.iter().filter(|m| m.contains("no such option") || !option.range.is_empty()).collect();
        assert!(objections.is_empty(), "{} = {value:?}: {objections:?}", option.key);
    }
    assert!(
        mistakes(builder().set("sink.shard", "8"))[0].contains("sink.shards"),
        "a wrong key names the nearest"
    );
    assert_eq!(mistakes(builder().set("sink.headers.X-Scope-OrgID", "fleet")), [""; 0]);
}

fn example(option: &OptionSpec) -> String {
    match option.option_type {
        _ if !option.default.is_empty() && option.key != DEFAULT_IN_WORDS => option.default.to_owned(),
        OptionType::Integer => "100000".into(),
        OptionType::Duration | OptionType::DurationOrUnlimited => "30 s".into(),
        OptionType::Headers => "X-Scope-OrgID=fleet".into(),
        // Dead letters are opened, the others looked for in vain.
        OptionType::Path => "/dev/null".into(),
        _ => "text".into(),
    }
}

#[tokio::test]
async fn documented_words_are_taken_and_others_refused() {
    for option in OPTIONS {
        let words: &[&str] = match option.option_type {
            OptionType::Enum(words) => words,
            OptionType::DurationOrUnlimited => &["unlimited"],
            _ => continue,
        };
        for word in words {
            assert_eq!(mistakes(builder().set(option.key, word)), [""; 0], "{} = {word}", option.key);
        }
        assert_eq!(mistakes(builder().set(option.key, "nonsense")).len(), 1, "{}", option.key);
    }
}

/// The builder shows its options but for secrets, so setting a default must change nothing that it shows.
#[test]
fn documented_defaults_are_the_real_ones() {
    let untouched = format!("{:?}", builder());
    for option in OPTIONS.iter().filter(|o| !o.default.is_empty() && o.key != DEFAULT_IN_WORDS) {
        assert_eq!(format!("{:?}", builder().set(option.key, option.default)), untouched, "{}", option.key);
    }
}

#[tokio::test]
async fn both_ends_of_a_documented_range_are_taken_and_nothing_beyond() {
    let mut ranges = 0;
    for option in OPTIONS {
        let Some((from, to)) = option.range.split_once(" to ") else { continue };
        let ends = |text: &str| match option.option_type {
            OptionType::Integer => text.parse().ok(),
            OptionType::Duration => parse_duration(text).ok().map(|d| d.as_millis() as u64),
            OptionType::MemorySize => parse_bytes(text).ok().map(|b| b as u64),
            _ => None,
        };
        let written = |value: u64| match option.option_type {
            OptionType::Duration => format_duration(std::time::Duration::from_millis(value)),
            OptionType::MemorySize => format_bytes(value as usize),
            _ => value.to_string(),
        };
        // The longest back-off begins where another option says.
        let from = if option.key == "sink.retry.max-backoff" { "30 ms" } else { from };
        let (from, to) = (ends(from).unwrap(), ends(to).unwrap());
        for (value, is_good) in
            [(Some(from), true), (Some(to), true), (from.checked_sub(1), false), (Some(to + 1), false)]
        {
            let Some(value) = value else { continue };
            let found = mistakes(with_room(option.key, value).set(option.key, &written(value)));
            let found = found.iter().filter(|mistake| mistake.starts_with(option.key)).count();
            assert_eq!(found, usize::from(!is_good), "{} = {}", option.key, written(value));
        }
        ranges += 1;
    }
    assert!(ranges >= 10, "only {ranges} ranges were found: has the way they are written changed?");
}

/// A builder in which the value clashes with no other option.
fn with_room(key: &str, value: u64) -> PrometheusSinkBuilder {
    match key {
        "sink.retry.initial-backoff" if value > 5000 => builder().set("sink.retry.max-backoff", "1 h"),
        _ => builder(),
    }
}
