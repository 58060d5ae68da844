//! Metrics: the names that later work relies on, their types, and that they say what the ledger says.

use std::collections::BTreeMap;

use narthex_sink::{PrometheusSink, Reason, Side};
use prometheus_client::registry::Registry;

use crate::support::*;

fn scrape(sink: &PrometheusSink) -> String {
    let mut registry = Registry::default();
    registry.register_collector(sink.collector());
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    text
}

/// Values by series as written.
fn values(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        })
        .collect()
}

async fn after_trouble() -> (Rig, PrometheusSink) {
    let rig = Rig::with_faults("ok 503x2 reset ok 400:if=n=3");
    let sink = rig.builder().shards(2).build().unwrap();
    begin(&sink, (0..10).filter(|&n| n != 3), 0).await;
    begin(&sink, 0..10, 1).await;
    begin(&sink, [1], 1).await;
    begin(&sink, [1], -5).await;
    (rig, sink)
}

#[tokio::test(start_paused = true)]
async fn names_and_types_are_those_that_are_documented() {
    let (_rig, sink) = after_trouble().await;
    let text = scrape(&sink);
    let types: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    for (name, kind) in [
        ("narthex_sink_samples_received", "counter"),
        ("narthex_sink_samples_written", "counter"),
        ("narthex_sink_samples_replayed", "counter"),
        ("narthex_sink_samples_rejected", "counter"),
        ("narthex_sink_samples_dropped", "counter"),
        ("narthex_sink_samples_pending", "gauge"),
        ("narthex_sink_requests", "counter"),
        ("narthex_sink_retries", "counter"),
        ("narthex_sink_request_duration_seconds", "histogram"),
    ] {
        assert_eq!(types.get(name), Some(&kind), "{name} in {text}");
        let written = if kind == "counter" { format!("\n{name}_total") } else { format!("\n{name}") };
        assert!(text.contains(&written), "{name} in {text}");
    }
    for line in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        assert!(line.split_once(' ').is_some_and(|(_, help)| help.len() > 5), "{line}");
    }
    assert!(types.keys().all(|name| name.starts_with("narthex_sink_")));
}

#[tokio::test(start_paused = true)]
async fn every_reason_is_there_from_the_start_on_its_own_side() {
    let rig = Rig::new();
    let sink = rig.sink();
    let values = values(&scrape(&sink));
    for &reason in Reason::ALL {
        let side = if reason.side() == Side::Rejected { "rejected" } else { "dropped" };
        let series = format!("narthex_sink_samples_{side}_total{{reason=\"{reason}\"}}");
        assert_eq!(values.get(&series), Some(&0.0), "{series}");
    }
    let with_reason = values.keys().filter(|series| series.contains("reason=")).count();
    assert_eq!(with_reason, Reason::ALL.len());
}

#[tokio::test(start_paused = true)]
async fn the_numbers_are_the_ledgers_and_add_up() {
    let (rig, sink) = after_trouble().await;
    sink.send(single(5, 9)).await.unwrap(); // still queued
    let ledger = sink.ledger();
    let values = values(&scrape(&sink));
    let value = |series: &str| {
        values
            .get(&format!("narthex_sink_{series}"))
            .copied()
            .unwrap_or_else(|| panic!("{series}: {values:?}")) as u64
    };
    let sum = |prefix: &str| -> u64 {
        values.iter().filter(|(series, _)| series.starts_with(prefix)).map(|(_, value)| *value as u64).sum()
    };
    assert_eq!(
        told(&ledger),
        "received 22 written 18 pending 1 bad_request 1 out_of_order 1 duplicate_same 1"
    );
    assert_eq!(value("samples_received_total"), 22);
    assert_eq!(value("samples_written_total"), 18);
    assert_eq!(value("samples_replayed_total"), 0);
    assert_eq!(value("samples_rejected_total{reason=\"bad_request\"}"), 1);
    assert_eq!(value("samples_dropped_total{reason=\"out_of_order\"}"), 1);
    assert_eq!(value("samples_dropped_total{reason=\"duplicate_same\"}"), 1);
    assert_eq!(value("samples_pending"), 1);
    let lost = sum("narthex_sink_samples_rejected_total") + sum("narthex_sink_samples_dropped_total");
    assert_eq!(22, 18 + lost + 1);
    assert_eq!(value("retries_total"), ledger.retries);
    assert_eq!(value("requests_total{code=\"503\"}"), 2);
    assert_eq!(value("requests_total{code=\"error\"}"), 1);
    assert_eq!(sum("narthex_sink_requests_total"), rig.requests() as u64);
    assert_eq!(sum("narthex_sink_requests_total"), ledger.requests);
    assert_eq!(value("request_duration_seconds_count"), ledger.requests);
    sink.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_time_of_an_attempt_is_measured() {
    let rig = Rig::with_faults("delay=2s");
    let sink = rig.sink();
    begin(&sink, [0], 0).await;
    let values = values(&scrape(&sink));
    let sum = values["narthex_sink_request_duration_seconds_sum"];
    assert!((2.0..2.1).contains(&sum), "{sum}");
    assert_eq!(values["narthex_sink_newest_written_timestamp_seconds"], NOW as f64 / 1000.0);
}
