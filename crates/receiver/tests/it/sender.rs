//! Requests made by hand, also such as no honest sender makes, and what came of them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use narthex_model::{ManualClock, STALE_NAN_BITS, put_varint};
use narthex_protocol::snappy::Compressor;
use narthex_receiver::{Behaviour, Fate, Receiver, ReceiverConfig};

/// Wall time of all tests here: some round moment.
pub(crate) const NOW: i64 = 1_700_000_000_000;
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const STALE: f64 = f64::from_bits(STALE_NAN_BITS);

/// One series: labels and samples as they stand, whatever they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawSeries {
    labels: Vec<(Vec<u8>, Vec<u8>)>,
    samples: Vec<(i64, f64)>,
}

impl RawSeries {
    pub(crate) fn label(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.labels.push((name.as_ref().to_vec(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn at(mut self, timestamp_ms: i64, value: f64) -> Self {
        self.samples.push((timestamp_ms, value));
        self
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut series = Vec::new();
        for (name, value) in &self.labels {
            let mut label = Vec::new();
            put_bytes(&mut label, 0x0a, name);
            put_bytes(&mut label, 0x12, value);
            put_bytes(&mut series, 0x0a, &label);
        }
        for (timestamp_ms, value) in &self.samples {
            let mut sample = vec![0x09];
            sample.extend_from_slice(&value.to_bits().to_le_bytes());
            sample.push(0x10);
            put_varint(&mut sample, *timestamp_ms as u64);
            put_bytes(&mut series, 0x12, &sample);
        }
        series
    }
}

/// A series with this metric name.
pub(crate) fn metric(name: &str) -> RawSeries {
    RawSeries::default().label("__name__", name)
}

pub(crate) fn unnamed() -> RawSeries {
    RawSeries::default()
}

fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// The packed body of a request with these series.
pub(crate) fn body(series: &[RawSeries]) -> Bytes {
    let mut message = Vec::new();
    for one in series {
        put_bytes(&mut message, 0x0a, &one.encode());
    }
    pack(&message)
}

pub(crate) fn pack(message: &[u8]) -> Bytes {
    Bytes::copy_from_slice(Compressor::default().compress(message).unwrap())
}

pub(crate) fn post(body: Bytes) -> Request<Bytes> {
    Request::post("/api/v1/write")
        .header("content-type", "application/x-protobuf")
        .header("content-encoding", "snappy")
        .body(body)
        .unwrap()
}

/// A receiver whose clock stands at [`NOW`].
pub(crate) fn receiver(behaviour: Behaviour) -> Receiver {
    Receiver::new(config(behaviour))
}

pub(crate) fn config(behaviour: Behaviour) -> ReceiverConfig {
    ReceiverConfig::new(behaviour).with_clock(Arc::new(ManualClock::at(NOW)))
}

/// A receiver that takes late samples.
pub(crate) fn lenient(behaviour: Behaviour, window_minutes: u64) -> Receiver {
    let out_of_order_window = Duration::from_secs(60 * window_minutes);
    Receiver::new(ReceiverConfig { out_of_order_window, ..config(behaviour) })
}

/// Sends and takes the answer's status and words.
pub(crate) fn send(receiver: &Receiver, series: &[RawSeries]) -> (StatusCode, String) {
    answer_to(receiver, post(body(series)))
}

pub(crate) fn answer_to(receiver: &Receiver, request: Request<Bytes>) -> (StatusCode, String) {
    match receiver.handle(request).fate {
        Fate::Answer(answer) => {
            (answer.status(), String::from_utf8_lossy(answer.body()).trim_end().to_owned())
        }
        other => panic!("no answer but {other:?}"),
    }
}

/// Sends and checks the status.
#[track_caller]
pub(crate) fn expect(receiver: &Receiver, status: u16, series: &[RawSeries]) -> String {
    let (got, words) = send(receiver, series);
    assert_eq!(got, status, "{words}");
    words
}

/// What is held: the series as text, timestamp relative to [`NOW`], value as text.
pub(crate) fn held(receiver: &Receiver) -> Vec<(String, i64, String)> {
    let series = receiver.dump();
    let samples = series.iter().flat_map(|s| s.samples.iter().map(move |sample| (s, sample)));
    let shown = samples.map(|(series, sample)| {
        let value = if sample.is_stale() { "stale".to_owned() } else { sample.value().to_string() };
        (series.labels.to_string(), sample.timestamp_ms - NOW, value)
    });
    shown.collect()
}

#[track_caller]
pub(crate) fn assert_held(receiver: &Receiver, wanted: &[(&str, i64, &str)]) {
    let held = held(receiver);
    let held: Vec<_> =
        held.iter().map(|(series, at, value)| (series.as_str(), *at, value.as_str())).collect();
    assert_eq!(held, wanted);
    assert!(receiver.stats().samples.adds_up(), "{:?}", receiver.stats().samples);
}
