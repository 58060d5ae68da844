//! Secrets are in no Debug output, error, log, metric or dead letter.

use std::sync::Arc;

use narthex_sink::{BuildError, PrometheusSink, PrometheusSinkBuilder, Secret};
use narthex_testkit::logs;
use prometheus_client::registry::Registry;

use crate::support::*;

const SECRET: &str = "hunter2-planted";

fn file(rig: &Rig, name: &str, text: &str) -> std::path::PathBuf {
    let path = rig.letters_path().with_file_name(name);
    std::fs::write(&path, text).unwrap();
    path
}

type Plant = fn(&Rig, PrometheusSinkBuilder) -> PrometheusSinkBuilder;

/// Every place where a secret can be given.
const PLANTS: [(&str, Plant); 9] = [
    ("password", |_, b| b.basic_auth("user", Secret::Literal(SECRET.into()))),
    ("password file", |rig, b| b.basic_auth("user", Secret::File(file(rig, "password", SECRET)))),
    ("token", |_, b| b.bearer_auth(Secret::Literal(SECRET.into()))),
    ("token file", |rig, b| b.bearer_auth(Secret::File(file(rig, "token", SECRET)))),
    ("header", |_, b| b.header("X-Api-Key", SECRET)),
    ("authorization header", |_, b| b.header("Authorization", format!("Custom {SECRET}"))),
    ("password option", |_, b| b.set("sink.auth.username", "user").set("sink.auth.password", SECRET)),
    ("token option", |_, b| b.set("sink.auth.bearer-token", SECRET)),
    ("header option", |_, b| {
        b.set("sink.headers", &format!("X-Api-Key={SECRET}")).set("sink.headers.X-Two", SECRET)
    }),
];

fn metrics(sink: &PrometheusSink) -> String {
    let mut registry = Registry::default();
    registry.register_collector(sink.collector());
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    text
}

async fn run(what: &str, script: &str, build: impl Fn(&Rig, PrometheusSinkBuilder) -> PrometheusSinkBuilder) {
    let logs = logs::capture();
    let rig = Rig::with_faults(script);
    let builder = build(&rig, rig.builder());
    assert_hides(SECRET, &format!("the builder ({what})"), format!("{builder:?} {builder:#?}"));
    let sink = builder.build().unwrap();
    assert_hides(SECRET, &format!("the sink ({what})"), format!("{sink:?} {sink:#?} {:?}", sink.sender()));
    for n in 0..5 {
        sink.send(single(n, 0)).await.unwrap();
    }
    let _ = sink.flush().await;
    assert_hides(SECRET, &format!("a metric ({what})"), metrics(&sink));
    if let Err(error) = sink.close().await {
        assert_hides(SECRET, &format!("the error ({what})"), format!("{error} {error:?} {:?}", error.ledger));
    }
    let sent = rig.wire().iter().any(|request| {
        let values =
            request.headers.values().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        values.into_iter().any(|value| {
            value.contains(SECRET) || value.contains("aHVudGVyMi1wbGFudGVk") || value.starts_with("Basic")
        })
    });
    assert!(sent, "{what}: the receiver is shown it");
    assert!(!logs.text().is_empty());
    assert_hides(SECRET, &format!("a log line ({what})"), logs.text());
    let letters = std::fs::read_to_string(rig.letters_path()).unwrap_or_default();
    assert_hides(SECRET, &format!("a dead letter ({what})"), letters);
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_shown_whatever_happens() {
    for (what, plant) in PLANTS {
        for script in ["400x* ", "401x*", "503x*", "reset x*", "301:location=http://elsewhere.test x*", "418"]
        {
            run(what, script, plant).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn user_info_of_a_url_becomes_basic_authentication_and_is_not_shown() {
    for (script, at) in [
        ("401x*", "user:hunter2-planted@"),
        ("503x*", "user:hunter2%2Dplanted@"),
        ("418", "hunter2-planted:x@"),
    ] {
        let logs = logs::capture();
        let rig = Rig::with_faults(script);
        let builder = PrometheusSink::builder(format!("http://{at}receiver.test/api/v1/write"))
            .transport(rig.transport.clone())
            .clock(rig.clock.clone());
        assert_hides(SECRET, "the builder", format!("{builder:?}"));
        let sink = builder.build().unwrap();
        assert_hides(SECRET, "the sink", format!("{sink:?}"));
        sink.send(single(0, 0)).await.unwrap();
        if let Err(error) = sink.close().await {
            assert!(error.to_string().contains("http://receiver.test/api/v1/write"), "{error}");
            assert_hides(SECRET, "the error", format!("{error} {error:?}"));
        }
        assert_hides(SECRET, "a log line", logs.text());
        assert!(rig.wire()[0].header("authorization").unwrap().starts_with("Basic "));
    }
}

fn mistakes(builder: PrometheusSinkBuilder) -> BuildError {
    builder.build().unwrap_err()
}

#[tokio::test]
async fn mistakes_about_a_secret_do_not_show_it() {
    let rig = Rig::new();
    for url in [
        "user:hunter2-planted@receiver.test/api/v1/write",
        "ftp://user:hunter2-planted@receiver.test/",
        "http://user:hunter2-planted@/api",
        "http://user:hunter2-planted@receiver.test:99999999/",
        "http://user:hunter2-planted@rec eiver.test/",
        "//user:hunter2-planted@receiver.test/",
        "http:/user:hunter2-planted@receiver.test/",
        "http//user:hunter2-planted@receiver.test/",
    ] {
        let builder = PrometheusSink::builder(url);
        assert_hides(SECRET, url, format!("{builder:?}"));
        let error = mistakes(builder);
        assert_hides(SECRET, url, format!("{error} {error:?}"));
    }
    let broken = format!("{SECRET}\n");
    for (what, builder) in [
        (
            "a password",
            rig.builder()
                .basic_auth("u", Secret::Literal(SECRET.into()))
                .bearer_auth(Secret::Literal(SECRET.into())),
        ),
        ("a password alone", rig.builder().set("sink.auth.password", SECRET)),
        (
            "a token that no header can carry",
            rig.builder().bearer_auth(Secret::Literal(format!("{SECRET}\u{1}"))),
        ),
        ("a header that cannot be", rig.builder().header("X-Key", broken.clone())),
        ("a reserved header", rig.builder().header("Host", SECRET)),
        ("a header given twice", rig.builder().header("X-Key", SECRET).header("x-key", SECRET)),
        (
            "a header beside a token",
            rig.builder().header("Authorization", SECRET).bearer_auth(Secret::Literal("t".into())),
        ),
    ] {
        assert_hides(SECRET, what, format!("{builder:?}"));
        let error = mistakes(builder);
        assert_hides(SECRET, what, format!("{error} {error:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_file_that_is_replaced_is_read_again() {
    let rig = Rig::new();
    let path = file(&rig, "token", "one\n");
    let sink = rig.builder().bearer_auth(Secret::File(path.clone())).build().unwrap();
    begin(&sink, [0], 0).await;
    std::fs::write(&path, "two\n").unwrap();
    begin(&sink, [0], 1).await;
    std::fs::remove_file(&path).unwrap(); // while it is being replaced, the old one serves on
    begin(&sink, [0], 2).await;
    let sent: Vec<_> = rig.wire().iter().map(|r| r.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(sent, ["Bearer one", "Bearer two", "Bearer two"]);
}

#[tokio::test]
async fn signers_are_shown_by_their_own_debug_alone() {
    let auth = narthex_sink::HeaderAuth::bearer(Secret::Literal(SECRET.into()));
    let rig = Rig::new();
    let builder = rig.builder().signer(Arc::new(auth));
    assert_hides(SECRET, "the builder", format!("{builder:?}"));
    assert_hides(SECRET, "the sink", format!("{:?}", builder.build().unwrap()));
}
