//! Tests of exposition and OpenMetrics.

use narthex_model::LabelFault;

use super::*;

fn exposition(line: &str) -> Vec<String> {
    read(Format::Exposition, &[line.as_bytes()])
}

fn openmetrics(line: &str) -> Vec<String> {
    read(Format::OpenMetrics, &[line.as_bytes()])
}

#[test]
fn a_sample_may_have_labels_and_a_timestamp() {
    for (line, want) in [
        ("up 1", "up 1 untimed"),
        ("up 1 1700000000000", "up 1@1700000000000"),
        ("up 1 -5\n", "up 1@-5"),
        ("up 1 5\r\n", "up 1@5"),
        ("up{} 1 5", "up 1@5"),
        (r#"up{job="api"} 1.5e3 5"#, r#"up{job="api"} 1500@5"#),
        (r#"up{job="api",} -Inf 5"#, r#"up{job="api"} -inf@5"#),
        (r#"up{job="api"}NaN 5"#, r#"up{job="api"} NaN@5"#),
        ("\t up \t { a = \"1\" , b = \"2\" , } \t 1 \t 5 \t ", r#"up{a="1", b="2"} 1@5"#),
        (r#"up{a="1" b="2"} 1 5"#, r#"up{a="1", b="2"} 1@5"#),
        (r#"up{a="1"b="2"} 1 5"#, r#"up{a="1", b="2"} 1@5"#),
        (r#"up{empty="",a="1"} 1 5"#, r#"up{a="1"} 1@5"#),
        (r#"up{a="{,}= #"} 1 5"#, r#"up{a="{,}= #"} 1@5"#),
    ] {
        assert_eq!(exposition(line), [want], "{line}");
    }
}

#[test]
fn comments_and_empty_lines_hold_nothing() {
    for line in
        ["", "\n", "\r\n", "  \t", "#", "# HELP up Whether it is up.", "# TYPE up gauge", " # \u{1}", "#x"]
    {
        assert_eq!(exposition(line), [""; 0], "{line:?}");
        assert_eq!(openmetrics(line), [""; 0], "{line:?}");
    }
    assert_eq!(openmetrics("# UNIT up_seconds seconds"), [""; 0]);
}

#[test]
fn escapes_in_label_values_are_undone() {
    let item = item(Format::Exposition, br#"m{a="q\"b\\n\nx\y\",z"} 1 1"#);
    assert_eq!(item.labels().value_of("a"), Some(&b"q\"b\\n\nx\\y\",z"[..]));
}

#[test]
fn quoted_names_of_prometheus_3_are_read() {
    for (line, want) in [
        (r#"{"my.metric"} 1 1"#, "my.metric 1@1"),
        (r#"{"my.metric","label.with.dot"="x"} 1 1"#, r#"my.metric{label.with.dot="x"} 1@1"#),
        (r#"{a="1", "my.metric" ,"b"="2",} 1 1"#, r#"my.metric{a="1", b="2"} 1@1"#),
        (r#"m{"label.with.dot"="x"} 1 1"#, r#"m{label.with.dot="x"} 1@1"#),
        (r#"{"a \"b\" c"} 1 1"#, r#"a \"b\" c 1@1"#),
    ] {
        assert_eq!(exposition(line), [want], "{line}");
        assert_eq!(openmetrics(line), [want.replace("@1", "@1000")], "{line}");
    }
}

#[test]
fn broken_names_and_values_become_items_that_know_their_fault() {
    use LabelFault::*;
    for (line, fault) in [
        (&b"1-bad{a=\"1\"} 1 1"[..], InvalidMetricName),
        (b"m\xff 1 1", InvalidMetricName),
        (b"m{1-bad=\"1\"} 1 1", InvalidLabelName),
        (b"m{a=\"\xff\xfe\"} 1 1", InvalidUtf8),
        (b"m{\xff=\"1\"} 1 1", InvalidUtf8),
        (b"m{=\"1\"} 1 1", EmptyName),
        (b"m{\"\"=\"1\"} 1 1", EmptyName),
        (b"m{a=\"1\",a=\"2\"} 1 1", RepeatedName),
        (b"m{a=\"1\",a=\"\"} 1 1", RepeatedName),
        (b"m{__name__=\"n\"} 1 1", RepeatedName),
        (b"m{__x=\"1\"} 1 1", ReservedLabelName),
        (b"{a=\"1\"} 1 1", MissingMetricName),
        (b"{} 1 1", EmptySet),
    ] {
        let item = item(Format::Exposition, line);
        assert!(item.labels().faults().contains(fault), "{} is not {fault:?}", line.escape_ascii());
    }
    assert!(item(Format::Exposition, b"{__name__=\"m\"} 1 1").labels().faults().is_empty());
}

#[test]
fn a_nan_is_never_a_stale_marker() {
    let Item::Series(series) = item(Format::Exposition, b"m NaN 1") else { panic!("timed") };
    assert!(series.samples[0].value().is_nan() && !series.samples[0].is_stale());
}

#[test]
fn an_unclear_line_names_the_place_and_what_was_expected() {
    for (line, column, expected) in [
        ("m", 2, "`{` or a blank after the metric name"),
        ("m ", 3, "a value"),
        ("m one 1", 3, "a value"),
        ("m 1e999 1", 3, "a value"),
        ("m 0x1p3 1", 3, "a value"),
        ("m 1 1.5", 5, "a timestamp in integer milliseconds"),
        ("m 1 9223372036854775808", 5, "a timestamp in integer milliseconds"),
        ("m 1 1 1", 7, "the end of the line"),
        ("m 1 1 # {} 1", 7, "the end of the line"),
        ("m} 1 1", 2, "`{` or a blank after the metric name"),
        ("= 1 1", 1, "a metric name or `{`"),
        ("m{", 3, "a label name or `}`"),
        ("m{,} 1 1", 3, "a label name or `}`"),
        ("m{a=\"1\",,} 1 1", 9, "a label name or `}`"),
        ("m{a} 1 1", 4, "`=` after the label name"),
        ("m{a=} 1 1", 5, "a label value in double quotes"),
        ("m{a=1} 1 1", 5, "a label value in double quotes"),
        ("m{a=\"1} 1 1", 12, "a closing double quote"),
        ("m{a=\"1\\", 8, "a closing double quote"),
        ("m{a=\"1\"", 8, "a label name or `}`"),
        ("m{\"n\"} 1 1", 3, "a label, as the metric is named already"),
        ("{\"n\",\"n\"} 1 1", 6, "a label, as the metric is named already"),
        ("{\"a\":1}", 5, "`=` after the label name"),
    ] {
        let error = error(Format::Exposition, line.as_bytes());
        assert_eq!((error.column, error.expected), (column, expected), "{line}");
    }
}

#[test]
fn openmetrics_timestamps_are_seconds_read_exactly() {
    for (line, want) in [
        ("m_total 1 1520879607.789", "m_total 1@1520879607789"),
        ("m_created 1520430000.123 1.520879607789e+09", "m_created 1520430000.123@1520879607789"),
        ("m 1 -1", "m 1@-1000"),
        ("m 1 0.0005", "m 1@1"),
        ("m 1", "m 1 untimed"),
    ] {
        assert_eq!(openmetrics(line), [want], "{line}");
    }
    for line in ["m 1 NaN", "m 1 +Inf", "m 1 1e30", "m 1 x"] {
        assert_eq!(error(Format::OpenMetrics, line.as_bytes()).expected, "a timestamp in seconds", "{line}");
    }
}

#[test]
fn openmetrics_exemplars_are_counted_and_passed_over() {
    let mut parser = LineParser::new(Format::OpenMetrics);
    let mut items = Vec::new();
    for line in [
        r#"h_bucket{le="0.1"} 8 1 # {} 0.054"#,
        r#"h_bucket{le="1"} 10 # {trace_id="x"} 0.67"#,
        r#"h_bucket{le="10"} 17 1 # {trace_id="} # {"} 9.8 1520879607.789"#,
    ] {
        parser.parse_line(line.as_bytes(), &mut items).unwrap();
    }
    assert_eq!(parser.exemplars(), 3);
    let shown: Vec<_> = items.iter().map(show).collect();
    assert_eq!(
        shown,
        [r#"h_bucket{le="0.1"} 8@1000"#, r#"h_bucket{le="1"} 10 untimed"#, r#"h_bucket{le="10"} 17@1000"#]
    );
    assert_eq!(error(Format::OpenMetrics, b"m 1 1 # x").expected, "the labels of an exemplar");
}

#[test]
fn an_exemplar_is_never_remembered_as_part_of_a_series() {
    let line: &[u8] = br#"h_bucket{le="1"} 10 1 # {trace_id="x"} 0.67"#;
    let got = read(Format::OpenMetrics, &[line; 4]);
    assert_eq!(got, [r#"h_bucket{le="1"} 10@1000"#; 4]);
}

#[test]
fn openmetrics_ends_at_its_end_mark() {
    let mut parser = LineParser::new(Format::OpenMetrics);
    let mut items = Vec::new();
    parser.parse_line(b"m 1 1", &mut items).unwrap();
    assert!(!parser.saw_eof());
    parser.parse_line(b"# EOF\n", &mut items).unwrap();
    assert!(parser.saw_eof());
    parser.parse_line(b"", &mut items).unwrap();
    for line in [&b"m 2 2"[..], b"# HELP m x", b"# EOF"] {
        let error = parser.parse_line(line, &mut items).unwrap_err();
        assert_eq!(error.expected, "nothing after `# EOF`");
    }
    assert_eq!(items.len(), 1);
}
