//! Tests of NDJSON.

use narthex_model::LabelFault;
use proptest::prelude::*;

use super::*;

fn ndjson(line: &str) -> Vec<String> {
    read(Format::NdJson, &[line.as_bytes()])
}

/// A line with these labels.
fn labelled(labels: &str) -> Vec<u8> {
    format!(r#"{{"labels":{labels},"value":1,"timestamp":1}}"#).into_bytes()
}

#[test]
fn one_sample_or_several_may_stand_in_a_line() {
    for (line, want) in [
        (r#"{"labels":{"__name__":"m","a":"1"},"value":1.5,"timestamp":7}"#, &[r#"m{a="1"} 1.5@7"#][..]),
        (r#" { "timestamp" : 7 , "value" : -2e3 , "metric" : { "__name__" : "m" } } "#, &["m -2000@7"]),
        (r#"{"labels":{"__name__":"m"},"samples":[[7,1],[8,"NaN"],[9,"+Inf"]]}"#, &["m 1@7 NaN@8 inf@9"]),
        (r#"{"labels":{"__name__":"m"},"samples":[]}"#, &[]),
        (
            r#"{"labels":{"__name__":"m"},"samples":[ [ 7 , null ] , [null,1], [9,1] ]}"#,
            &["m null@7", "m null", "m 1@9"],
        ),
        (r#"{"labels":{"__name__":"m"},"value":1}"#, &["m 1 untimed"]),
        (r#"{"labels":{"__name__":"m"},"value":null,"timestamp":7}"#, &["m null@7"]),
        (r#"{"labels":{"__name__":"m"},"value":null}"#, &["m null"]),
        (r#"{"labels":{"__name__":"m"},"value":1,"timestamp":null}"#, &["m null"]),
        ("", &[]),
        (" \t\r\n", &[]),
    ] {
        assert_eq!(ndjson(line), want, "{line}");
    }
}

#[test]
fn values_are_numbers_or_strings_as_in_prometheus_api() {
    for (value, want) in [
        ("1", "1"),
        ("-0.25E+2", "-25"),
        (r#""1.5""#, "1.5"),
        (r#""NaN""#, "NaN"),
        (r#""+Inf""#, "inf"),
        (r#""-Inf""#, "-inf"),
        (r#""Inf""#, "inf"),
        (r#""Infinity""#, "inf"),
        (r#"{"stale":true}"#, "stale"),
    ] {
        let line = format!(r#"{{"labels":{{"__name__":"m"}},"value":{value},"timestamp":7}}"#);
        assert_eq!(ndjson(&line), [format!("m {want}@7")]);
        let line = format!(r#"{{"labels":{{"__name__":"m"}},"samples":[[7,{value}]]}}"#);
        assert_eq!(ndjson(&line), [format!("m {want}@7")]);
    }
    for value in [
        "NaN",
        "+1",
        "01",
        ".5",
        "5.",
        "1e",
        "1e999",
        r#""""#,
        r#""x""#,
        "true",
        "[1]",
        r#"{"stale":false}"#,
        "{}",
    ] {
        let line = format!(r#"{{"labels":{{}},"value":{value},"timestamp":7}}"#);
        error(Format::NdJson, line.as_bytes());
    }
}

#[test]
fn a_stale_marker_stands_in_place_of_a_value() {
    for (line, want) in [
        (r#"{"labels":{"__name__":"m"},"stale":true,"timestamp":7}"#, "m stale@7"),
        (r#"{"labels":{"__name__":"m"},"stale":true,"value":null,"timestamp":7}"#, "m stale@7"),
        (r#"{"labels":{"__name__":"m"},"stale":false,"value":1,"timestamp":7}"#, "m 1@7"),
        (r#"{"labels":{"__name__":"m"},"stale":null,"value":1,"timestamp":7}"#, "m 1@7"),
        (r#"{"labels":{"__name__":"m"},"samples":[[7,1],[8,{"stale":true}]]}"#, "m 1@7 stale@8"),
        (r#"{"labels":{"__name__":"m"},"stale":true,"timestamp":null}"#, "m null"),
    ] {
        assert_eq!(ndjson(line), [want], "{line}");
    }
    for (line, expected) in [
        (r#"{"labels":{},"stale":true,"value":1,"timestamp":7}"#, "`stale` or `value`, not both"),
        (r#"{"labels":{},"stale":true}"#, "a member `timestamp` beside `stale`"),
        (r#"{"labels":{},"stale":1,"timestamp":7}"#, "true or false"),
    ] {
        assert_eq!(error(Format::NdJson, line.as_bytes()).expected, expected, "{line}");
    }
}

#[test]
fn timestamps_are_whole_milliseconds_however_written() {
    for text in [
        "1700000000000",
        "1.7e12",
        "1700000000000.0",
        "17000000000000e-1",
        r#""1700000000000""#,
        r#""1.7e12""#,
    ] {
        let line = format!(r#"{{"labels":{{"__name__":"m"}},"value":1,"timestamp":{text}}}"#);
        assert_eq!(ndjson(&line), ["m 1@1700000000000"], "{text}");
    }
    for text in ["1.5", "1e-1", "1e30", r#""""#, r#""soon""#, r#""NaN""#, "true", "9223372036854775808"] {
        let line = format!(r#"{{"labels":{{}},"value":1,"timestamp":{text}}}"#);
        assert_eq!(
            error(Format::NdJson, line.as_bytes()).expected,
            "a timestamp in whole milliseconds",
            "{text}"
        );
    }
}

#[test]
fn labels_are_an_object_or_pairs_of_scalars() {
    for (labels, want) in [
        (
            r#"{"__name__":"m","n":1.50,"t":true,"f":false,"null":null,"e":""}"#,
            r#"m{f="false", n="1.50", t="true"}"#,
        ),
        (r#"[["__name__","m"],["n",1],["x",null]]"#, r#"m{n="1"}"#),
        (r#" [ [ "__name__" , "m" ] ] "#, "m"),
        (r#"{"__name__":"m","a":"}"}"#, r#"m{a="}"}"#),
    ] {
        assert_eq!(item(Format::NdJson, &labelled(labels)).labels().to_string(), want, "{labels}");
    }
    for labels in [
        "1",
        r#""m""#,
        "null",
        r#"{"a":{}}"#,
        r#"{"a":[1]}"#,
        r#"["a","b"]"#,
        r#"[["a"]]"#,
        r#"[["a","b","c"]]"#,
        r#"[[1,"b"]]"#,
    ] {
        error(Format::NdJson, &labelled(labels));
    }
}

#[test]
fn a_repeated_label_name_is_seen() {
    for labels in [
        r#"{"__name__":"m","a":"1","a":"2"}"#,
        r#"{"__name__":"m","a":"1","a":"1"}"#,
        r#"{"__name__":"m","a":"1","\u0061":"2"}"#,
        r#"{"__name__":"m","a":"1","a":null}"#,
        r#"[["__name__","m"],["a","1"],["a","2"]]"#,
    ] {
        let item = item(Format::NdJson, &labelled(labels));
        assert!(item.labels().faults().contains(LabelFault::RepeatedName), "{labels}");
    }
}

#[test]
fn escapes_are_undone_and_lone_surrogates_become_broken_utf8() {
    let value_of = |text: &str| {
        let line = labelled(&format!(r#"{{"__name__":"m","a":"{text}"}}"#));
        item(Format::NdJson, &line).labels().value_of("a").map(<[u8]>::to_vec)
    };
    assert_eq!(value_of(r#"\"\\\/\b\f\n\r\t"#), Some(b"\"\\/\x08\x0c\n\r\t".to_vec()));
    assert_eq!(value_of(r"\u00fc\u20AC\ud83d\ude00 \u0041"), Some("ü€😀 A".into()));
    assert_eq!(value_of(r"\ud83dx"), Some(b"\xed\xa0\xbdx".to_vec()));
    assert_eq!(value_of(r"\ud83d\u0041"), Some(b"\xed\xa0\xbdA".to_vec()));
    assert_eq!(value_of(r"\ude00"), Some(b"\xed\xb8\x80".to_vec()));
    let item = item(Format::NdJson, &labelled(r#"{"__name__":"m","a":"\ud83d"}"#));
    assert!(item.labels().faults().contains(LabelFault::InvalidUtf8));
}

#[test]
fn broken_utf8_comes_out_as_bytes() {
    let item = item(
        Format::NdJson,
        b"{\"labels\":{\"__name__\":\"m\",\"a\":\"\xff\xfe\"},\"value\":1,\"timestamp\":1}",
    );
    assert_eq!(item.labels().value_of("a"), Some(&b"\xff\xfe"[..]));
    assert!(item.labels().faults().contains(LabelFault::InvalidUtf8));
}

#[test]
fn unknown_members_are_passed_over() {
    let line = r#"{"kind":"sample","x":[1,{"y":[null,"\u0000"]}],"labels":[["__name__","m"]],"z":{},"value":1,"timestamp":7}"#;
    assert_eq!(ndjson(line), ["m 1@7"]);
}

#[test]
fn an_unclear_line_names_the_place_and_what_was_expected() {
    let deep = format!(r#"{{"x":{}"#, "[".repeat(100));
    for (line, column, expected) in [
        ("x", 1, "a JSON object"),
        ("[]", 1, "a JSON object"),
        ("{", 2, "a member's name"),
        ("{x", 2, "a member's name"),
        (r#"{"labels" {}"#, 11, "`:`"),
        (r#"{"labels":{"a" "b"}}"#, 16, "`:`"),
        (r#"{"labels":{"a":"b" "c"}}"#, 20, "`,` or `}`"),
        (r#"{"labels":{"a":"b",}}"#, 20, "a label name"),
        (r#"{"labels":{},"labels":{}}"#, 14, "each member once"),
        (r#"{"labels":{},"metric":{}}"#, 14, "each member once"),
        (r#"{"value":1,"timestamp":1}"#, 25, "a member `labels`"),
        (r#"{"labels":{}}"#, 13, "a member `value`, `stale` or `samples`"),
        (r#"{"labels":{},"value":1,"samples":[]}"#, 36, "`samples`, or `value` and `timestamp`, not both"),
        (r#"{"labels":{},"value":1} {"#, 25, "the end of the line"),
        (r#"{"labels":{"a":"x"#, 18, "a closing double quote"),
        ("{\"labels\":{\"a\":\"x\ty\"}}", 18, "no bare control character inside a string"),
        (r#"{"labels":{"a":"\x"}}"#, 18, "an escape of JSON"),
        (r#"{"labels":{"a":"\u00g0"}}"#, 21, "four hexadecimal digits after `\\u`"),
        (r#"{"labels":{},"samples":[[1]]}"#, 27, "`,` between timestamp and value"),
        (r#"{"labels":{},"samples":[[1,2,3]]}"#, 29, "`]` after timestamp and value"),
        (r#"{"labels":{},"samples":{}}"#, 24, "an array of samples"),
        (r#"{"x":nul}"#, 6, "a JSON value"),
        (deep.as_str(), 71, "less than 64 levels of nesting"),
    ] {
        let error = error(Format::NdJson, line.as_bytes());
        assert_eq!((error.column, error.expected), (column, expected), "{line}");
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 30, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_may_stand_in_an_unknown_member(value in any_json()) {
        let line = format!(r#"{{"x":{value},"labels":{{"__name__":"m"}},"value":1,"timestamp":7}}"#);
        prop_assert_eq!(ndjson(&line), ["m 1@7"]);
    }

    #[test]
    fn what_is_no_json_for_serde_is_none_for_us(
        line in prop::string::string_regex(r#"(\{|\}|\[|\]|,|:|"|\\u?|labels|"value":|"samples":|1|-|\.|e|null| ){0,20}"#).unwrap()
    ) {
        let line = format!(r#"{{"labels":{{}},"value":1,"x":{line}}}"#);
        if LineParser::new(Format::NdJson).parse_line(line.as_bytes(), &mut Vec::new()).is_ok() {
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&line).is_ok(), "{}", line);
        }
    }

    #[test]
    fn strings_are_read_as_serde_reads_them(text in any::<String>(), value in any::<f64>()) {
        let object = serde_json::json!({"labels": {"__name__": "m", "a": text}, "value": value, "timestamp": 7});
        let item = item(Format::NdJson, object.to_string().as_bytes());
        prop_assert_eq!(item.labels().value_of("a").unwrap_or_default(), text.as_bytes());
    }
}
