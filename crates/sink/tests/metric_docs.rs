//! The sink's metrics against docs/metrics.md: the list on the page is what a scrape shows, no more, no less.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests; clippy.toml exempts tests alone

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use narthex_receiver::ReceiverConfig;
use narthex_sink::{Labels, ManualClock, PrometheusSink, Sample, TimeSeries};
use narthex_testkit::generated;
use narthex_testkit::in_process::InProcess;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

const NOW: i64 = 1_700_000_000_000;

/// A family as OpenMetrics shows it.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    unit: String,
    help: String,
    labels: BTreeSet<String>,
}

#[tokio::test]
async fn the_page_lists_what_a_scrape_shows() {
    let rows = families(&scrape().await).into_iter().map(|(name, family)| {
        let suffix = if family.kind == "counter" { "_total" } else { "" };
        let labels = family.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(", ");
        let unit = if family.unit.is_empty() { unit_of(&name) } else { family.unit };
        [format!("`{name}{suffix}`"), family.kind, unit, labels, family.help + "."]
    });
    generated::check_part(
        file!(),
        "docs/metrics.md",
        &generated::table(["metric", "type", "unit", "labels", "meaning"], rows),
    );
}

#[tokio::test]
async fn names_follow_the_conventions() {
    for (name, family) in families(&scrape().await) {
        assert!(name.starts_with("narthex_sink_"), "{name}");
        assert!(family.help.len() > 10 && !family.help.ends_with('.'), "{name}: {:?}", family.help);
    }
}

/// Exposes everything: a request that was accepted brings its code and the newest timestamp.
async fn scrape() -> String {
    let clock = Arc::new(ManualClock::at(NOW));
    let receiver = InProcess::new(ReceiverConfig::default().with_clock(clock.clone()));
    let sink = PrometheusSink::builder("http://receiver.test/api/v1/write")
        .transport(Arc::new(receiver))
        .clock(clock)
        .build()
        .unwrap();
    let mut registry = Registry::default();
    registry.register_collector(sink.collector());
    let labels = Labels::from_pairs([("__name__", "m")]);
    sink.send(TimeSeries::single(labels, Sample::new(1.0, NOW))).await.unwrap();
    sink.flush().await.unwrap();
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    text
}

fn families(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ").filter(|comment| *comment != "EOF") {
            let (what, rest) = comment.split_once(' ').unwrap();
            let (name, value) = rest.split_once(' ').unwrap();
            current = name.to_owned();
            let family = families.entry(current.clone()).or_default();
            match what {
                "TYPE" => family.kind = value.to_owned(),
                "UNIT" => family.unit = value.to_owned(),
                "HELP" => family.help = value.to_owned(),
                _ => panic!("what is {line:?}?"),
            }
        } else if let Some((_, labels)) = line.split_once('{') {
            let names =
                labels.split(',').filter_map(|pair| pair.split_once("=\"")).map(|(name, _)| name.to_owned());
            // `le` belongs to the type.
            families.entry(current.clone()).or_default().labels.extend(names.filter(|name| name != "le"));
        }
    }
    families
}

/// A family without a unit of its own counts what its name says.
fn unit_of(name: &str) -> String {
    let counted = ["samples", "requests", "retries", "series", "dead_letters", "bytes"];
    let found = counted.into_iter().rev().find(|unit| name.contains(unit));
    found.unwrap_or_else(|| panic!("what does {name} count?")).replace('_', " ")
}
