//! The builder: every range is checked, all mistakes come together, and each key does what its setter does.

use std::time::Duration;

use narthex_sink::{BuildError, Checks, OPTIONS, OptionType, PrometheusSink, PrometheusSinkBuilder, Secret};

use crate::support::*;

const URL: &str = "http://receiver.test/api/v1/write";

fn builder() -> PrometheusSinkBuilder {
    PrometheusSink::builder(URL)
}

fn mistakes(builder: PrometheusSinkBuilder) -> Vec<(String, String)> {
    let BuildError(mistakes) = builder.build().expect_err("this is a mistake");
    mistakes.into_iter().map(|mistake| (mistake.option, mistake.problem)).collect()
}

/// The one mistake; it names the option and says what is wrong.
fn mistake(builder: PrometheusSinkBuilder, option: &str, says: &str) {
    let found = mistakes(builder);
    let [(named, problem)] = &found[..] else { panic!("{option}: one mistake was due: {found:?}") };
    assert_eq!(named, option);
    assert!(problem.contains(says), "{option}: {problem:?} does not say {says:?}");
}

#[tokio::test]
async fn every_range_is_checked_at_both_ends() {
    for (key, good, bad) in [
        (
            "sink.batch.max-size",
            &["1", "1000000"][..],
            &["0", "1000001", "-1", "x", "", "1.5", "99999999999999999999"][..],
        ),
        ("sink.flush-buffer.size", &["1 kb", "32 mb"], &["1023 b", "33 mb", "1 xb", "-1 kb", ""]),
        ("sink.flush-buffer.timeout", &["1 ms", "1 h"], &["0 ms", "61 min", "soon", "1.5 s"]),
        ("sink.requests.max-buffered", &["16000", "1000000000"], &["15999", "0", "x"]),
        ("sink.requests.max-inflight", &["1", " 1 "], &["0", "2", "x"]),
        ("sink.shards", &["1"], &["0", "1025", "x"]),
        ("sink.checks", &["off", "labels", "full"], &["on", "FULL", ""]),
        ("sink.name-validation", &["legacy", "utf8"], &["utf-8", ""]),
        ("sink.out-of-order-window", &["0 s", "30 min", "unlimited"], &["-1 s", "ever"]),
        ("sink.max-future", &["0 s", "10 min", "unlimited"], &["-1 s", "ever"]),
        ("sink.checks.max-series", &["1000", "1000000000"], &["999", "1000000001", "x"]),
        ("sink.checks.idle-timeout", &["1 s", "30 d"], &["999 ms", "31 d"]),
        ("sink.on-reject", &["isolate", "discard"], &["drop"]),
        ("sink.on-exhausted", &["fail", "discard"], &["retry"]),
        ("sink.retry.max-retries", &["0", "4294967295"], &["-1", "4294967296", "x"]),
        ("sink.retry.max-time", &["0 s", "1 d"], &["x"]),
        ("sink.retry.initial-backoff", &["1 ms", "5 s"], &["0 ms", "61 min"]),
        ("sink.retry.max-backoff", &["30 ms", "1 h"], &["29 ms", "61 min"]),
        ("sink.retry.max-retry-after", &["0 s", "1 d"], &["25 h"]),
        ("sink.request.timeout", &["1 ms", "1 h"], &["0 ms", "61 min"]),
    ] {
        for good in good {
            if let Err(error) = builder().set(key, good).build() {
                panic!("{key} = {good:?}: {error}");
            }
        }
        for bad in bad {
            let found = mistakes(builder().set(key, bad));
            assert!(
                !found.is_empty() && found.iter().any(|(option, _)| option == key),
                "{key} = {bad:?}: {found:?}"
            );
        }
    }
    for shards in [16, 1024] {
        assert!(builder().shards(shards).build().is_ok());
    }
}

#[tokio::test]
async fn setters_meet_the_same_ranges() {
    mistake(builder().batch_max_size(0), "sink.batch.max-size", "1 to 1000000");
    mistake(builder().shards(0), "sink.shards", "1 to 1024");
    mistake(builder().flush_buffer_size(1), "sink.flush-buffer.size", "1 kb to 32 mb");
    mistake(builder().flush_buffer_timeout(Duration::ZERO), "sink.flush-buffer.timeout", "1 ms to 1 h");
    mistake(builder().request_timeout(Duration::ZERO), "sink.request.timeout", "1 ms");
    mistake(builder().retry_max_backoff(ms(1)), "sink.retry.max-backoff", "30 ms to 1 h");
    mistake(builder().checks_max_series(1), "sink.checks.max-series", "1000");
    mistake(
        builder().shards(3).batch_max_size(10).requests_max_buffered(29),
        "sink.requests.max-buffered",
        "at least 30",
    );
    assert!(builder().shards(3).batch_max_size(10).requests_max_buffered(30).build().is_ok());
    mistake(builder().user_agent("a\nb"), "user_agent", "header");
}

#[tokio::test]
async fn all_mistakes_are_reported_together() {
    let found = mistakes(
        PrometheusSink::builder("receiver.test/api")
            .set("sink.shards", "0")
            .set("sink.checks", "most")
            .set("sink.batch.max-sise", "5")
            .set("sink.requests.max-inflight", "5")
            .set("sink.request.timeout", "0 s")
            .set("sink.auth.password", "x")
            .set("sink.headers.Content-Type", "text/plain")
            .set("sink.headers", "no equals sign")
            .set("sink.tls.cert-file", "/nowhere/cert.pem")
            .set("sink.dead-letters.path", "/nowhere/dead.ndjson"),
    );
    let named: Vec<&str> = found.iter().map(|(option, _)| option.as_str()).collect();
    for option in [
        "metric.endpoint-url",
        "sink.shards",
        "sink.checks",
        "sink.batch.max-sise",
        "sink.requests.max-inflight",
        "sink.request.timeout",
        "sink.auth.password",
        "sink.headers.Content-Type",
        "sink.headers",
        "sink.tls.cert-file",
        "sink.dead-letters.path",
    ] {
        assert_eq!(named.iter().filter(|named| **named == option).count(), 1, "{option} in {found:#?}");
    }
    assert_eq!(found.len(), 11);
    let says = |option: &str, text: &str| {
        let problem = &found.iter().find(|(named, _)| named == option).unwrap().1;
        assert!(problem.contains(text), "{option}: {problem}");
    };
    says("metric.endpoint-url", "http://receiver.test/api");
    says("sink.checks", "off, labels, full");
    says("sink.batch.max-sise", "sink.batch.max-size");
    says("sink.requests.max-inflight", "raise sink.shards");
}

#[tokio::test]
async fn urls_must_be_those_of_a_receiver() {
    for url in [
        "http://localhost:9090/api/v1/write",
        "https://[::1]:9090/api/v1/write?a=b",
        "http://a",
        " http://a/b ",
        "http://user:p%40ss@host/x",
    ] {
        assert!(PrometheusSink::builder(url).build().is_ok(), "{url}");
    }
    for (url, says) in [
        ("", "empty"),
        ("localhost:9090/api/v1/write", "write http"),
        ("ftp://a/b", "\"ftp\""),
        ("http://", "no URL"),
        ("http:///path", "no URL"),
        ("http://a b/", "no URL"),
        ("/api/v1/write", "scheme"),
        ("http://a:99999/", "65535"),
        ("http://[::1]:0/", "65535"),
    ] {
        let found = mistakes(PrometheusSink::builder(url));
        assert!(
            found.iter().any(|(option, text)| option == "metric.endpoint-url" && text.contains(says)),
            "{url}: {found:?}"
        );
    }
}

#[tokio::test]
async fn authentication_must_be_one_and_whole() {
    let literal = || Secret::Literal("s".into());
    mistake(builder().set("sink.auth.username", "u"), "sink.auth.username", "sink.auth.password");
    mistake(builder().set("sink.auth.password", "s"), "sink.auth.password", "needs sink.auth.username");
    mistake(builder().basic_auth("a:b", literal()), "sink.auth.username", "colon");
    mistake(
        builder().basic_auth("u", literal()).bearer_auth(literal()),
        "sink.auth.bearer-token",
        "one Authorization",
    );
    let both = builder().set("sink.auth.username", "u").set("sink.auth.password", "s");
    mistake(both.set("sink.auth.password-file", "/x"), "sink.auth.password-file", "keep one");
    let both = builder().set("sink.auth.bearer-token", "s").set("sink.auth.bearer-token-file", "/x");
    mistake(both, "sink.auth.bearer-token-file", "keep one");
    let missing = builder().bearer_auth(Secret::File("/nowhere/token".into()));
    mistake(missing, "sink.auth", "/nowhere/token");
    mistake(
        builder().header("Authorization", "x").bearer_auth(literal()),
        "sink.headers.Authorization",
        "keep one",
    );
    let found = mistakes(PrometheusSink::builder("http://u:p@a/").bearer_auth(literal()));
    assert!(found.iter().any(|(_, problem)| problem.contains("other credentials")), "{found:?}");
    assert!(builder().header("Authorization", "Custom x").build().is_ok());
}

#[tokio::test]
async fn headers_of_the_protocol_are_protected() {
    for name in [
        "Content-Encoding",
        "content-type",
        "USER-AGENT",
        "X-Prometheus-Remote-Write-Version",
        "Retry-Attempt",
        "Content-Length",
        "Transfer-Encoding",
        "Host",
        "Connection",
    ] {
        mistake(builder().header(name, "x"), &format!("sink.headers.{name}"), "set by the protocol");
    }
    mistake(builder().header("a b", "x"), "sink.headers.a b", "no name of a header");
    mistake(builder().header("A", "x\n"), "sink.headers.A", "no header can carry");
    mistake(builder().header("A", "x").header("a", "y"), "sink.headers.a", "twice");
}

#[tokio::test]
async fn tls_files_are_read_before_anything_is_sent() {
    let rig = Rig::new();
    let empty = rig.letters_path().with_file_name("empty.pem");
    std::fs::write(&empty, "").unwrap();
    mistake(builder().tls_ca_file("/nowhere/ca.pem".into()), "sink.tls.ca-file", "/nowhere/ca.pem");
    mistake(builder().tls_ca_file(empty.clone()), "sink.tls.ca-file", "empty.pem");
    mistake(builder().tls_key_file(empty.clone()), "sink.tls.cert-file", "both a certificate");
    mistake(builder().tls_cert_file(empty.clone()), "sink.tls.cert-file", "both a certificate");
    mistake(
        builder().tls_cert_file(empty.clone()).tls_key_file("/x".into()),
        "sink.tls.cert-file",
        "empty.pem",
    );
}

#[test]
fn outside_a_runtime_it_says_so() {
    mistake(builder(), "build", "tokio runtime");
}

/// A value for each type that differs from every default.
fn a_value(option_type: OptionType, folder: &std::path::Path) -> String {
    match option_type {
        OptionType::Integer => "32000".into(),
        OptionType::Duration | OptionType::DurationOrUnlimited => "17 s".into(),
        OptionType::MemorySize => "64 kb".into(),
        OptionType::Enum(words) => words[0].into(),
        OptionType::Headers => "X-Scope-OrgID=tenant".into(),
        OptionType::Path => folder.join("file").display().to_string(),
        _ => "text".into(),
    }
}

#[tokio::test]
async fn every_listed_option_can_be_set_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    for option in OPTIONS {
        let value = match option.key {
            "sink.requests.max-inflight" => "1".to_owned(),
            "sink.shards" => "5".to_owned(),
            _ => a_value(option.option_type, folder.path()),
        };
        // Some need others beside them; the key itself must be known.
        if let Err(BuildError(found)) = builder().set(option.key, &value).build() {
            assert!(found.iter().all(|m| !m.problem.contains("no such option")), "{}: {found:?}", option.key);
        }
        if !option.default.is_empty() && !option.default.contains("requests a shard") {
            assert!(
                builder().set(option.key, option.default).build().is_ok(),
                "{} = its default",
                option.key
            );
        }
        let is_named_like_a_secret =
            ["password", "token", "secret"].iter().any(|word| option.key.contains(word));
        assert!(
            !option.is_secret || is_named_like_a_secret || option.key == "sink.headers",
            "{}",
            option.key
        );
    }
    for key in ["sink.shard", "shards", "", "sink.auth.token", "metric.endpoint-url", "sink.batch.max-Size"] {
        mistake(builder().set(key, "1"), key, "no such option");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_set_by_key_holds() {
    let rig = Rig::new();
    let sink = rig
        .builder()
        .set("sink.batch.max-size", "3")
        .set("sink.checks", "off")
        .set("sink.flush-buffer.timeout", "20 s")
        .set("sink.headers.X-Scope-OrgID", "tenant")
        .set("sink.auth.username", "Aladdin")
        .set("sink.auth.password", "open sesame")
        .build()
        .unwrap();
    for second in [2, 1, 0, -1] {
        sink.send(single(second as usize & 7, second)).await.unwrap();
    }
    tokio::time::sleep(secs(10)).await;
    let wire = rig.wire();
    assert_eq!(wire.len(), 1);
    assert_eq!(wire[0].samples().len(), 3);
    assert_eq!(wire[0].header("x-scope-orgid"), Some("tenant"));
    assert_eq!(wire[0].header("authorization"), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    assert_eq!("full".parse::<Checks>(), Ok(Checks::Full));
    sink.close().await.unwrap();
}
