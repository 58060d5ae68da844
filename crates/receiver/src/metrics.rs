//! `/metrics`: the counts in the OpenMetrics text format.

use bytes::Bytes;
use http::{Response, StatusCode};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::{SampleCounts, Stats, answer};

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labelled = Family<[(&'static str, String); 1], Counter>;

/// The page with these counts.
pub(crate) fn page(stats: &Stats) -> Response<Bytes> {
    let mut text = String::new();
    match encode(&mut text, &registry(stats)) {
        Ok(()) => answer::with_body(StatusCode::OK, CONTENT_TYPE, text),
        Err(error) => {
            answer::text(StatusCode::INTERNAL_SERVER_ERROR, &format!("cannot write the page: {error}"))
        }
    }
}

/// A registry made anew for each scrape, so that a scrape shows one moment.
fn registry(stats: &Stats) -> Registry {
    let mut registry = Registry::with_prefix("narthex_receiver");
    let codes = stats.requests.iter().map(|(code, &count)| (code.to_string(), count));
    let none = (stats.unanswered > 0).then(|| ("none".to_owned(), stats.unanswered));
    let requests = labelled("code", codes.chain(none));
    registry.register(
        "requests",
        "Write requests by the status that went out (none: no answer did)",
        requests,
    );
    let samples = labelled("fate", fates(&stats.samples));
    registry.register("samples", "Samples received, by fate", samples);
    let reasons = stats.samples.refused.iter().map(|(reason, &count)| (reason.as_str().to_owned(), count));
    registry.register("samples_refused", "Samples refused, by reason", labelled("reason", reasons));
    let counters = [
        (
            "order_violations",
            "Accepted samples older than what their series had accepted before",
            stats.samples.order_violations,
        ),
        ("series_received", "TimeSeries messages received", stats.series_received),
        ("body_bytes", "Bytes of the write requests' bodies, packed", stats.body_bytes),
    ];
    for (name, help, count) in counters {
        registry.register(name, help, ConstCounter::new(count));
    }
    registry.register(
        "series_held",
        "Distinct series that hold a sample",
        ConstGauge::new(stats.series_held as i64),
    );
    registry
}

fn fates(counts: &SampleCounts) -> impl Iterator<Item = (String, u64)> {
    [
        ("stored", counts.stored),
        ("overwritten", counts.overwritten),
        ("repeated", counts.repeated),
        ("dropped_disorder", counts.dropped_disorder),
        ("dropped_conflict", counts.dropped_conflict),
        ("skipped", counts.skipped),
        ("refused", counts.all_refused()),
        ("rolled_back", counts.rolled_back),
        ("discarded", counts.discarded),
    ]
    .into_iter()
    .map(|(fate, count)| (fate.to_owned(), count))
}

fn labelled(label: &'static str, counts: impl Iterator<Item = (String, u64)>) -> Labelled {
    let family = Labelled::default();
    for (value, count) in counts {
        family.get_or_create(&[(label, value)]).inc_by(count);
    }
    family
}
