//! Logs: one WARN for each request that lost samples, a summary when they come too fast, nothing for what
//! loses nothing.

use narthex_receiver::{Fault, ReceiverConfig};
use narthex_sink::{Labels, TimeSeries};
use narthex_testkit::in_process::{Meddling, WireRequest};
use narthex_testkit::logs;
use tracing::Level;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn one_warning_a_request_with_count_first_reason_first_series_and_the_receivers_words() {
    let logs = logs::capture();
    let script =
        r#"ok 400:body="out of order sample",if=n=7 400:body="another",if=n=9 400:body="a third",if=n=12"#;
    let rig = Rig::with_faults(script);
    let sink = rig.sink();
    for n in 0..20 {
        sink.send(single(n, 1)).await.unwrap();
    }
    sink.send(TimeSeries::single(Labels::from_pairs([("__name__", "1m")]), sample(1))).await.unwrap();
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 21 written 17 bad_request 3 invalid_metric_name 1");
    let warnings = logs.at(Level::WARN);
    assert_eq!(
        warnings,
        [
            r#"lost 4 of a request's 21 samples, first bad_request: m{n="7"}; the receiver answered 400: out of order sample"#
        ],
        "one line, however many requests found them"
    );
    assert_eq!(logs.at(Level::ERROR), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_loses_only_to_checks_is_logged_too() {
    let logs = logs::capture();
    let rig = Rig::new();
    let sink = rig.sink();
    begin(&sink, 0..3, 0).await;
    begin(&sink, [1], -5).await;
    sink.close().await.unwrap();
    assert_eq!(logs.at(Level::WARN), [r#"lost 1 of a request's 1 samples, first out_of_order: m{n="1"}"#]);
}

#[tokio::test(start_paused = true)]
async fn repetitions_are_no_loss_and_are_not_counted_as_one() {
    let logs = logs::capture();
    let rig = Rig::new();
    let sink = rig.sink();
    begin(&sink, 0..3, 0).await;
    begin(&sink, 0..3, 0).await;
    assert_eq!(logs.at(Level::WARN), [""; 0]);
    sink.send(single(0, 0)).await.unwrap();
    sink.send(single(1, -1)).await.unwrap();
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 8 written 3 out_of_order 1 duplicate_same 4");
    assert_eq!(ledger.lost(), 1);
    let warnings = logs.at(Level::WARN);
    assert!(warnings.len() == 1 && warnings[0].starts_with("lost 1 of"), "{warnings:?}");
}

#[tokio::test(start_paused = true)]
async fn the_receivers_words_are_cut_and_control_characters_escaped() {
    let logs = logs::capture();
    let body = format!("bad\r\nWARN forged line\x1b[31m\u{7f}{}", "x".repeat(5000));
    let fault = Fault::new(narthex_receiver::Action::Answer(narthex_receiver::ScriptedAnswer {
        status: http::StatusCode::BAD_REQUEST,
        retry_after: None,
        location: None,
        body: Some(body),
    }));
    let rig = Rig::of(ReceiverConfig::default().with_fault([Fault::ok(), fault.forever()]));
    let sink = rig.sink();
    begin(&sink, [0], 0).await;
    begin(&sink, [0], 1).await;
    sink.close().await.unwrap();
    let warnings = logs.at(Level::WARN);
    let [line] = &warnings[..] else { panic!("{warnings:?}") };
    assert!(line.contains(r"bad\r\nWARN forged line\u{1b}[31m\u{7f}xxx"), "{line}");
    assert!(
        !line.chars().any(char::is_control) && line.len() < 1024 + 300 && line.ends_with('…'),
        "{} {line}",
        line.len()
    );
    let letters = rig.letters();
    let message = letters[0].message.as_deref().unwrap();
    assert!(message.len() <= 1024 + 64 && message.ends_with('…'), "{}", message.len());
}

#[tokio::test(start_paused = true)]
async fn a_long_series_is_cut_and_its_control_characters_escaped() {
    let logs = logs::capture();
    let rig = Rig::new();
    let sink = rig.sink();
    let labels =
        Labels::from_pairs([("__name__", "1m".to_owned()), ("text", format!("a\nb{}", "é".repeat(5000)))]);
    sink.send(TimeSeries::single(labels, sample(0))).await.unwrap();
    sink.close().await.unwrap();
    let warnings = logs.at(Level::WARN);
    let line = &warnings[0];
    assert!(line.contains(r#"1m{text="a\nbé"#) && line.len() < 700 && !line.contains('\n'), "{line}");
}

#[tokio::test(start_paused = true)]
async fn above_ten_a_second_there_is_a_summary_that_counts_the_rest() {
    let logs = logs::capture();
    let rig = Rig::new();
    let sink = rig.builder().batch_max_size(10).build().unwrap();
    begin(&sink, 0..10, 0).await;
    for _ in 0..100 {
        begin(&sink, 0..10, -1).await; // a request's worth of ten late samples, in no time
    }
    tokio::time::sleep(secs(2)).await;
    begin(&sink, [0], -1).await;
    let warnings = logs.at(Level::WARN);
    assert_eq!(warnings.len(), 12, "{warnings:#?}");
    assert!(warnings[..10].iter().all(|line| line.starts_with("lost 10 of")));
    assert!(warnings[10].starts_with("lost 900 samples of 90 further requests"), "{}", warnings[10]);
    assert!(warnings[11].starts_with("lost 1 of"));
    let ledger = sink.close().await.unwrap();
    assert_eq!(rig.letters().len() as u64, ledger.lost());
}

#[tokio::test(start_paused = true)]
async fn the_summary_also_comes_at_the_end() {
    let logs = logs::capture();
    let rig = Rig::new();
    let sink = rig.builder().batch_max_size(1).build().unwrap();
    begin(&sink, [0], 0).await;
    for _ in 0..25 {
        begin(&sink, [0], -1).await;
    }
    sink.close().await.unwrap();
    let warnings = logs.at(Level::WARN);
    assert_eq!(warnings.len(), 11);
    assert!(warnings[10].starts_with("lost 15 samples of 15 further requests"), "{warnings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_without_losses_logs_no_warning() {
    let logs = logs::capture();
    let rig = Rig::new();
    let sink = rig.builder().shards(4).build().unwrap();
    for second in 0..20 {
        begin(&sink, 0..20, second).await;
    }
    sink.close().await.unwrap();
    assert_eq!((logs.at(Level::WARN), logs.at(Level::ERROR)), (vec![], vec![]), "{}", logs.text());
}

#[tokio::test(start_paused = true)]
async fn what_was_learned_of_the_receiver_is_told_once() {
    let logs = logs::capture();
    let rig = Rig::meddled(|number: usize, request: &WireRequest| {
        (number > 0 && request.samples().len() > 30).then_some(Meddling::Answer(413))
    });
    let sink = rig.builder().batch_max_size(100).build().unwrap();
    begin(&sink, 0..30, 0).await;
    for second in 1..5 {
        begin(&sink, 0..100, second).await;
    }
    sink.close().await.unwrap();
    let infos = logs.at(Level::INFO);
    assert!((1..=4).contains(&infos.len()), "{infos:?}");
    assert!(
        infos.iter().all(|line| line.contains("too large") && line.contains("encoded bytes")),
        "{infos:?}"
    );
}
