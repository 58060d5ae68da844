//! The Flink connector's own cases, on columns: what its factory refuses, and what a row becomes.

mod end_to_end;
mod rows;

use crate::check;
use crate::testing::{messages, shown, table, table_of};

const PLAIN: &str = "name STRING, val DOUBLE, ts TIMESTAMP_LTZ(3), host STRING";

/// Good options for [`PLAIN`], then those that change them; an empty value takes one away.
fn options<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut options = vec![
        ("connector", "prometheus"),
        ("metric.endpoint-url", "http://localhost:9090/api/v1/write"),
        ("metric.name", "name"),
        ("metric.sample.key", "val"),
        ("metric.sample.timestamp", "ts"),
    ];
    for (key, value) in changes {
        options.retain(|(other, _)| other != key);
        if !value.is_empty() {
            options.push((key, value));
        }
    }
    options
}

fn mistakes(changes: &[(&str, &str)]) -> Vec<String> {
    messages(&check(&table_of(PLAIN, &options(changes))))
}

#[test]
fn a_good_table_is_taken_under_both_names() {
    assert_eq!(mistakes(&[]), [""; 0]);
    assert_eq!(mistakes(&[("connector", "narthex-prometheus")]), [""; 0]);
    let told = mistakes(&[
        ("metric.label.keys", "[host]"),
        ("sink.parallelism", "2"),
        ("sink.shards", "4"),
        ("sink.checkpoint-wait", "2 s"),
        ("sink.out-of-order-window", "unlimited"),
        ("sink.headers.X-Scope-OrgID", "a"),
        ("sink.auth.username", "u"),
        ("sink.auth.password", "p"),
    ]);
    assert_eq!(told, [""; 0]);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let told = mistakes(&[
        ("metric.endpoint-url", "localhost:9090"),
        ("metric.name", "nam"),
        ("metric.sample.key", "host"),
        ("metric.sample.timestamp", ""),
        ("metric.label.keys", "Host;val;val"),
        ("sink.shards", "0"),
        ("sink.flush-buffer.timeout", "soon"),
        ("sink.shard", "3"),
        ("sink.parallelism", "-1"),
        ("sink.checkpoint-wait", "2 h"),
    ]);
    for part in [
        "metric.endpoint-url: \"localhost:9090\" has no scheme; write http://localhost:9090",
        "metric.name: there is no column \"nam\"; the nearest is \"name\", there are name, val, ts, host",
        "metric.sample.key: the column \"host\" is STRING; it must be TINYINT to BIGINT, FLOAT, DOUBLE or DECIMAL",
        "metric.sample.timestamp: is missing; name the column with the time, or a column with several samples by \
         metric.samples",
        "metric.label.keys: there is no column \"Host\"; the nearest is \"host\", there are name, val, ts, host",
        "metric.label.keys: names \"val\" twice",
        "sink.shards: 0 is out of range; allowed are 1 to 1024",
        "sink.flush-buffer.timeout: \"soon\" does not begin with a whole number",
        "sink.shard: there is no such option; the nearest is sink.shards",
        "sink.parallelism: \"-1\" is no number of subtasks; write 1 or more, or leave it out for as many as the query \
         has",
        "sink.checkpoint-wait: 2 h is out of range; allowed are 0 s to 1 h",
    ] {
        assert!(told.iter().any(|line| line == part), "{part} is not in\n{told:#?}");
    }
    assert_eq!(told.len(), 11, "{told:#?}");
}

#[test]
fn what_is_missing_or_too_much_is_named() {
    for (changes, expected) in [
        (&[("metric.endpoint-url", "")][..], "metric.endpoint-url: is missing; for example"),
        (&[("metric.name", "")], "metric.name: is missing; name the column"),
        (&[("metric.name.literal", "m")], "metric.name.literal: is given beside metric.name"),
        (
            &[("metric.name", ""), ("metric.name.literal", "a-b")],
            "metric.name.literal: \"a-b\" is no name of a metric",
        ),
        (&[("metric.sample.key", "")], "metric.sample.key: is missing"),
        (&[("metric.label.keys", "val,host")], "metric.label.keys: there is no column \"val,host\""),
        (
            &[("metric.endpoint.url", "x")],
            "metric.endpoint.url: there is no such option; the nearest is metric.end",
        ),
        (&[("sink.requests.max-inflight", "2")], "sink.requests.max-inflight: \"2\" is not 1"),
        (&[("aws.region", "eu-central-1")], "aws.region: has no use without 'metric.request-signer'"),
        (&[("sink.auth.username", "joe")], "sink.auth.username: needs sink.auth.password"),
        (&[("sink.dead-letters.path", " ")], "sink.dead-letters.path: is empty"),
        (&[("sink.tls.ca-file", "/nowhere.pem")], "sink.tls.ca-file: "),
    ] {
        let told = mistakes(changes);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{expected} is not\n{told:#?}");
    }
    let told = mistakes(&[("metric.samples", "ts"), ("metric.sample.timestamp", "")]);
    assert!(told[0].starts_with("metric.sample.key: is given beside metric.samples"), "{told:#?}");
}

#[test]
fn names_of_columns_must_be_names_of_labels() {
    let columns = "name STRING, val DOUBLE, ts BIGINT, `plant-name` STRING, __tenant STRING";
    let told = messages(&check(&table_of(columns, &options(&[]))));
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("the column \"plant-name\" cannot be a label"), "{told:#?}");
    assert!(told[0].contains("rename it, for example to \"plant_name\""), "{told:#?}");
    assert!(told[1].contains("the column \"__tenant\" cannot be a label"), "{told:#?}");
    for good in [
        &[("metric.label.keys", "[]")][..],
        &[("metric.label.keys", "plant-name"), ("sink.name-validation", "utf8")],
    ] {
        assert_eq!(check(&table_of(columns, &options(good))), []);
    }
}

#[test]
fn types_of_columns_are_checked() {
    let columns = "name INT, val BOOLEAN, ts INT, map MAP<STRING, INT>, stale STRING, list ARRAY<DOUBLE NOT NULL> NOT NULL";
    let changes = [("metric.label.map", "map"), ("metric.stale", "stale"), ("metric.label.keys", "list")];
    let told = messages(&check(&table_of(columns, &options(&changes)))).join("\n");
    for part in [
        "metric.name: the column \"name\" is INT; it must be STRING",
        "metric.sample.key: the column \"val\" is BOOLEAN; it must be",
        "metric.sample.timestamp: the column \"ts\" is INT; it must be TIMESTAMP",
        "metric.label.map: the column \"map\" is MAP<STRING, INT>; it must be MAP<STRING, STRING>",
        "metric.stale: the column \"stale\" is STRING; it must be BOOLEAN",
        "metric.label.keys: the column \"list\" is ARRAY<DOUBLE NOT NULL> NOT NULL, and only scalar types can be labels",
    ] {
        assert!(told.contains(part), "{part} is not in\n{told}");
    }
    let changes = [
        ("metric.samples", "list"),
        ("metric.sample.key", ""),
        ("metric.sample.timestamp", ""),
        ("metric.name", ""),
        ("metric.name.literal", "m"),
        ("metric.label.keys", "[]"),
    ];
    let told = messages(&check(&table_of(columns, &options(&changes))));
    assert!(told[0].contains("it must be ARRAY<ROW<value, timestamp>>"), "{told:#?}");
}

#[test]
fn secrets_are_never_shown() {
    let changes = [
        ("metric.endpoint-url", "http://joe:s3cret@localhost:9090/w"),
        ("sink.headers.X-Key", "s3cret"),
        ("sink.auth.bearer-token", "s3cret"),
        ("sink.auth.pasword", "s3cret"),
        ("aws.credentials.secret", "s3cret"),
    ];
    let table = table_of(PLAIN, &options(&changes));
    let told = format!("{:?}", check(&table));
    assert!(
        told.contains("sink.auth.pasword: there is no such option; the nearest is sink.auth.password"),
        "{told}"
    );
    assert!(!told.contains("s3cret") && !told.contains("joe"), "{told}");
    for url in ["joe:s3cret@h/w", "ftp://joe:s3cret@h", "http://joe:s3cret@h h", "//joe:s3cret@h"] {
        let told = mistakes(&[("metric.endpoint-url", url)]).join("\n");
        assert!(told.starts_with("metric.endpoint-url: "), "{told}");
        assert!(!told.contains("s3c") && !told.contains("joe"), "{told}");
    }
    let good = table_of(PLAIN, &options(&changes[..2]));
    let sink = crate::sink(&good, &crate::Context::new("test")).unwrap();
    assert!(!format!("{sink:?}").contains("s3cret"), "{sink:?}");
}

#[test]
fn a_mistake_is_shown_at_its_value() {
    let text = "\
CREATE TABLE m (name STRING, v DOUBLE, ts BIGINT) WITH (
  'connector' = 'prometheus',
  'metric.endpoint-url' = 'http://localhost/',
  'metric.name' = 'name',
  'metric.sample.key' = 'w'
);";
    assert_eq!(
        shown(text, &check(&table(text))),
        "\
job.sql:1:14: metric.sample.timestamp: is missing; name the column with the time, or a column with several samples by \
metric.samples
  1 | CREATE TABLE m (name STRING, v DOUBLE, ts BIGINT) WITH (
    |              ^
job.sql:5:25: metric.sample.key: there is no column \"w\"; the nearest is \"v\", there are name, v, ts
  5 |   'metric.sample.key' = 'w'
    |                         ^^^
"
    );
}
