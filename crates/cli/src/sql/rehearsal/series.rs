//! The series that a table would write, and which label makes them many.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use narthex_engine::{Encoder, Error, Payload, TableSink, Teller, Writer};
use narthex_sink::Labels;
use parking_lot::Mutex;

/// Series that are remembered; of more only the number of samples is known.
const MOST_SERIES: usize = 1_000_000;

/// What was seen of a table's series.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) table: String,
    so_far: Mutex<SoFar>,
}

#[derive(Debug, Default)]
struct SoFar {
    samples: u64,
    /// Milliseconds of the first and the last.
    span: Option<(i64, i64)>,
    series: HashMap<u64, Labels>,
    is_cut: bool,
    /// Samples by the second that they are of.
    by_second: BTreeMap<i64, u64>,
}

/// What a table's series come to.
pub(crate) struct Summary {
    pub(crate) samples: u64,
    pub(crate) series: usize,
    /// There are more than could be remembered.
    pub(crate) is_cut: bool,
    /// Milliseconds from the first sample to the last.
    pub(crate) span_ms: i64,
    /// The most samples of one second of their time.
    pub(crate) most_a_second: u64,
    /// Of those with the most values first.
    pub(crate) labels: Vec<Label>,
}

/// What a label does to the number of series.
pub(crate) struct Label {
    pub(crate) name: String,
    pub(crate) values: usize,
    /// Series that there would be without it.
    pub(crate) series_without: usize,
}

impl Seen {
    pub(crate) fn of(table: &str) -> Self {
        Self { table: table.to_owned(), so_far: Mutex::default() }
    }

    fn count(&self, payload: &Payload) {
        let Payload::Series { series, .. } = payload else { return };
        let mut so_far = self.so_far.lock();
        let so_far = &mut *so_far;
        for series in series {
            for sample in series.samples.iter() {
                let time = sample.timestamp_ms;
                so_far.samples += 1;
                let (first, last) = so_far.span.unwrap_or((time, time));
                so_far.span = Some((first.min(time), last.max(time)));
                *so_far.by_second.entry(time.div_euclid(1_000)).or_default() += 1;
            }
            if so_far.series.len() < MOST_SERIES {
                so_far.series.entry(series.labels.key()).or_insert_with(|| series.labels.detached());
            } else {
                so_far.is_cut |= !so_far.series.contains_key(&series.labels.key());
            }
        }
    }

    pub(crate) fn summary(&self) -> Summary {
        let so_far = self.so_far.lock();
        let names: HashSet<&[u8]> =
            so_far.series.values().flat_map(|labels| labels.iter().map(|(name, _)| name)).collect();
        let hasher = RandomState::new();
        let mut labels: Vec<Label> = names
            .into_iter()
            .map(|name| {
                let (mut values, mut without) = (HashSet::new(), HashSet::new());
                for labels in so_far.series.values() {
                    values.extend(labels.iter().filter(|(other, _)| *other == name).map(|(_, value)| value));
                    let rest: Vec<(&[u8], &[u8])> =
                        labels.iter().filter(|(other, _)| *other != name).collect();
                    without.insert(hasher.hash_one(rest));
                }
                let name = String::from_utf8_lossy(name).into_owned();
                Label { name, values: values.len(), series_without: without.len() }
            })
            .collect();
        labels.sort_by(|a, b| b.values.cmp(&a.values).then_with(|| a.name.cmp(&b.name)));
        Summary {
            samples: so_far.samples,
            series: so_far.series.len(),
            is_cut: so_far.is_cut,
            span_ms: so_far.span.map_or(0, |(first, last)| last.saturating_sub(first)),
            most_a_second: so_far.by_second.values().max().copied().unwrap_or(0),
            labels,
        }
    }
}

/// Looks at what goes through it.
#[derive(Debug)]
pub(crate) struct SeenSink {
    pub(crate) inside: Arc<dyn TableSink>,
    pub(crate) seen: Arc<Seen>,
}

struct SeenWriter {
    inside: Box<dyn Writer>,
    seen: Arc<Seen>,
}

#[async_trait]
impl TableSink for SeenSink {
    fn encoder(&self) -> Result<Box<dyn Encoder>, Error> {
        self.inside.encoder()
    }

    async fn open(&self) -> Result<Box<dyn Writer>, Error> {
        Ok(Box::new(SeenWriter { inside: self.inside.open().await?, seen: self.seen.clone() }))
    }
}

#[async_trait]
impl Writer for SeenWriter {
    async fn write(&mut self, payload: Payload, left: &mut u64) -> Result<(), Error> {
        self.seen.count(&payload);
        self.inside.write(payload, left).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.inside.flush().await
    }

    fn teller(&self) -> Option<Teller> {
        self.inside.teller()
    }

    async fn finish(&mut self) -> Result<(), Error> {
        self.inside.finish().await
    }

    async fn abort(&mut self, limit: Duration) {
        self.inside.abort(limit).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use narthex_sink::{Sample, TimeSeries};

    #[test]
    fn the_label_that_makes_series_many_is_found() {
        let seen = Seen::of("t");
        let series = (0..100).map(|number| {
            let vehicle = format!("v{number}");
            let region = ["eu", "us"][number % 2];
            let labels = Labels::from_pairs([("__name__", "m"), ("vehicle", &vehicle), ("region", region)]);
            TimeSeries::new(labels, [Sample::new(1.0, 1_000 * number as i64), Sample::new(1.0, 100_000)])
        });
        let payload = Payload::Series { rows: 100, series: series.collect(), unwritable: Vec::new() };
        seen.count(&payload);
        seen.count(&payload);
        let summary = seen.summary();
        assert_eq!((summary.samples, summary.series, summary.span_ms), (400, 100, 100_000));
        assert_eq!(summary.most_a_second, 200);
        let labels: Vec<_> = summary
            .labels
            .iter()
            .map(|label| (label.name.as_str(), label.values, label.series_without))
            .collect();
        assert_eq!(labels, [("vehicle", 100, 2), ("region", 2, 100), ("__name__", 1, 100)]);
    }
}
