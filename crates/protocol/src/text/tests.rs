//! Tests of the three readers and of what is written for them.

mod exposition;
mod ndjson;
mod round_trip;

use narthex_model::Sample;

use super::*;

/// What the lines hold, one text an item; an error stands as its message.
fn read(format: Format, lines: &[&[u8]]) -> Vec<String> {
    let mut parser = LineParser::new(format);
    let mut shown = Vec::new();
    for line in lines {
        let mut items = Vec::new();
        match parser.parse_line(line, &mut items) {
            Ok(()) => shown.extend(items.iter().map(show)),
            Err(error) => shown.push(format!("! {error}")),
        }
    }
    shown
}

fn show(item: &Item) -> String {
    match item {
        Item::Series(series) => {
            let samples: Vec<_> = series.samples.iter().map(|&s| show_sample(s)).collect();
            format!("{} {}", series.labels, samples.join(" "))
        }
        Item::Untimed { labels, value } => format!("{labels} {value} untimed"),
        Item::Null { labels, timestamp_ms: Some(ms) } => format!("{labels} null@{ms}"),
        Item::Null { labels, timestamp_ms: None } => format!("{labels} null"),
    }
}

fn show_sample(sample: Sample) -> String {
    let value = if sample.is_stale() { "stale".to_owned() } else { sample.value().to_string() };
    format!("{value}@{}", sample.timestamp_ms)
}

/// The one item of the line.
fn item(format: Format, line: &[u8]) -> Item {
    let mut items = Vec::new();
    LineParser::new(format).parse_line(line, &mut items).expect("readable");
    assert_eq!(items.len(), 1);
    items.remove(0)
}

fn error(format: Format, line: &[u8]) -> LineError {
    let mut items = Vec::new();
    let error = LineParser::new(format).parse_line(line, &mut items).expect_err("unreadable");
    assert!(items.is_empty());
    error
}

#[test]
fn an_error_shows_eighty_bytes_around_its_place_escaped() {
    let mut line = b"x".repeat(1000);
    line.extend_from_slice(b" \xff\x1b[2J 1");
    let error = error(Format::Exposition, &line);
    assert_eq!(error.column, 1002);
    assert!(error.excerpt.ends_with(r"\xff\x1b[2J 1"), "{}", error.excerpt);
    assert!(error.excerpt.starts_with("xxx") && error.excerpt.len() < 4 * 80);
    assert!(error.to_string().starts_with("expected a value at column 1002, near `xxx"));
}

#[test]
fn a_faulty_line_leaves_no_trace_in_the_next() {
    for format in [Format::Exposition, Format::OpenMetrics] {
        let got = read(format, &[b"a{b=\"1\",c 1 1", b"m 1 1"]);
        assert_eq!(got[1].split('@').next(), Some("m 1"), "{format}");
    }
    let got = read(
        Format::NdJson,
        &[br#"{"labels":{"a":"1"},"samples":[[1,2],"#, br#"{"labels":{"b":"1"},"value":1,"timestamp":1}"#],
    );
    assert_eq!(got[1], r#"{b="1"} 1@1"#);
}

#[test]
fn a_series_that_comes_again_shares_its_labels() {
    for (format, line) in [
        (Format::Exposition, &br#"m{a="1"} 1 1"#[..]),
        (Format::Exposition, b"m 1 1"),
        (Format::NdJson, br#"{"labels":{"__name__":"m"},"value":1,"timestamp":1}"#),
    ] {
        let mut parser = LineParser::new(format);
        let mut items = Vec::new();
        for _ in 0..4 {
            parser.parse_line(line, &mut items).unwrap();
        }
        assert!(items[2].labels().ptr_eq(items[3].labels()), "{format}");
        assert_eq!(items[0], items[3]);
    }
}

#[test]
fn a_remembered_series_changes_nothing_about_what_follows_it() {
    let lines: [&[u8]; 9] = [
        b"m 1 1",
        b"m 2 2",
        b"m 3 3",
        b"m {a=\"1\"} 4 4",
        b"m {a=\"1\" 5",
        b"m{a=\"}\"} 6 6",
        b"m{a=\"}\"} 7 7",
        b"m{a=\"}\"} 8 8",
        b"m{a=\"}\",b=\"2\"} 9 9",
    ];
    let alone: Vec<_> = lines.iter().flat_map(|line| read(Format::Exposition, &[line])).collect();
    let together = read(Format::Exposition, &lines);
    assert_eq!(together[..4], alone[..4]);
    assert_eq!(together[5..], alone[5..]);
    assert!(together[4].starts_with('!') && alone[4].starts_with('!'));
}

#[test]
fn formats_are_named_as_in_flags() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    let unknown = "json".parse::<Format>().unwrap_err();
    assert_eq!(unknown.to_string(), r#"unknown format "json"; valid: exposition, openmetrics, ndjson"#);
}
