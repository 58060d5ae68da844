//! The receiver against what it imitates: the same random requests to a real Prometheus, the same answers.
#![allow(clippy::unwrap_used, clippy::panic)]

#[allow(dead_code)]
#[path = "it/sender.rs"]
mod sender;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use narthex_model::{Clock, ManualClock, SystemClock};
use narthex_receiver::{Behaviour, Receiver, ReceiverConfig};
use narthex_testkit::prometheus::{Options, Prometheus, Version, prometheus_or_skip_with};
use sender::{MINUTE, RawSeries, answer_to, body, metric, post, unnamed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SEEDS: u64 = 8;
const REQUESTS: i64 = 40;
const SELECTOR: &str = r#"{__name__=~"[mno]"}"#;

/// Small and deterministic; good enough to shuffle cases.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize]
    }
}

fn series(dice: &mut Dice, now: i64) -> RawSeries {
    let name = dice.pick(&["m", "n", "o"]);
    let labelled = match dice.roll(40) {
        0 => unnamed(),
        1 => metric(name).label("a", "1").label("a", dice.pick(&["1", "2", ""])),
        2 => metric(name).label("", "x"),
        3 => metric(name).label("a", b"\xff"),
        4 => metric("").label("a", "1"),
        5 => unnamed().label("z", "1").label("A", "2").label("e", "").label("__name__", name),
        _ => metric(name),
    };
    let (near, far) = ([0, 5, 10, 20, 40, 300], [-61, -59, -30, 9, 11]);
    (0..dice.pick(&[0, 1, 1, 1, 2, 3])).fold(labelled, |series, _| {
        let offset = if dice.roll(12) == 0 { dice.pick(&far) * MINUTE } else { dice.pick(&near) };
        series.at(now + offset, dice.pick(&[0.0, -0.0, 1.0, 1.5, 1e6, 1e-7]))
    })
}

/// Status and words of a real server's answer.
async fn really(server: &Prometheus, body: &Bytes) -> (u16, String) {
    let host = server.base_url().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&host).await.unwrap();
    let head = format!(
        "POST /api/v1/write HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-encoding: snappy\r\n\
         content-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, words) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), words.trim_end().to_owned())
}

/// Series as text, timestamp, value's bits; what JSON cannot show is left out on both sides.
type Held = Vec<(String, i64, u64)>;

async fn really_held(server: &Prometheus, now: i64) -> Held {
    let series = server.samples(SELECTOR, now - 120 * MINUTE..=now + 60 * MINUTE).await.unwrap();
    let samples = series
        .iter()
        .flat_map(|s| s.samples.iter().map(|p| (s.labels.to_string(), p.timestamp_ms, p.value_bits())));
    samples.filter(|(labels, ..)| !labels.contains('\u{fffd}')).collect()
}

fn held(receiver: &Receiver) -> Held {
    let is_shown = |labels: &str| labels.starts_with(['m', 'n', 'o']) && !labels.contains("\\xff");
    let mut series = receiver.dump();
    series.retain(|one| is_shown(&one.labels.to_string()));
    series.sort_by_cached_key(|one| one.labels.to_string());
    let samples = series
        .iter()
        .flat_map(|s| s.samples.iter().map(|p| (s.labels.to_string(), p.timestamp_ms, p.value_bits)));
    samples.collect()
}

/// Runs one seed; false when the server is not on this machine.
async fn same_answers(version: Version, behaviour: Behaviour, window: Duration, seed: u64) -> bool {
    let options = Options { out_of_order_window: window, ..Options::default() };
    let Some(server) = prometheus_or_skip_with(version, options).await.unwrap() else { return false };
    let now = SystemClock.now_ms();
    let receiver = Receiver::new(ReceiverConfig {
        out_of_order_window: window,
        clock: Arc::new(ManualClock::at(now)),
        ..ReceiverConfig::new(behaviour)
    });
    let mut dice = Dice(seed);
    for nth in 0..REQUESTS {
        let request: Vec<_> = (0..dice.roll(5)).map(|_| series(&mut dice, now + nth / 4 * 20)).collect();
        let body = body(&request);
        let real = really(&server, &body).await;
        let (status, words) = answer_to(&receiver, post(body));
        assert_eq!((status.as_u16(), words), real, "{version}, seed {seed}, request {nth}: {request:?}");
    }
    let (real, ours) = (really_held(&server, now).await, held(&receiver));
    if window.is_zero() {
        assert_eq!(ours, real, "{version}, seed {seed}");
    } else {
        // Which of two conflicting values a read shows depends on chunks that this receiver does not have.
        let times = |held: Held| held.into_iter().map(|(labels, at, _)| (labels, at)).collect::<Vec<_>>();
        assert_eq!(times(ours), times(real), "{version}, seed {seed}");
    }
    true
}

#[tokio::test]
#[ignore = "needs a real Prometheus: make it"]
async fn answers_and_keeps_what_prometheus_2_42_does() {
    for seed in 0..SEEDS {
        for window in [Duration::ZERO, Duration::from_secs(1800)] {
            if !same_answers(Version::V2_42, Behaviour::Prometheus2_42, window, seed).await {
                return;
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs a real Prometheus: make it"]
async fn answers_and_keeps_what_prometheus_3_does() {
    for seed in 0..SEEDS {
        for window in [Duration::ZERO, Duration::from_secs(1800)] {
            if !same_answers(Version::V3, Behaviour::Prometheus3, window, seed).await {
                return;
            }
        }
    }
}
