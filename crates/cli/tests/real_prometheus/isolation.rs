//! A request of 500 samples with 1, 3 and 50 bad ones (B1): all good ones are stored, every bad one is named.

use narthex_testkit::prometheus::{Prometheus, Version, prometheus_or_skip};

use crate::bench::{Point, Run, held, line, print, sorted};
use crate::support::input::now_ms;
use crate::support::proxy::Proxy;

/// Series and samples of each.
pub(crate) const SHAPES: [(usize, usize); 2] = [(500, 1), (50, 10)];
const ONE_REQUEST: [&str; 6] = ["--shards", "1", "--batch-samples", "500", "--flush-buffer-timeout", "1 min"];
const HOUR_MS: i64 = 3_600_000;

/// 500 samples; `bad` of them are of the kinds that both versions refuse with 400, taken in turn: older than
/// stored, another value at the newest timestamp, more than an hour behind the head.
pub(crate) struct Request {
    pub(crate) stored: Vec<Point>,
    pub(crate) points: Vec<Point>,
    pub(crate) bad: Vec<Point>,
    pub(crate) now: i64,
}

impl Request {
    pub(crate) fn new((series, samples): (usize, usize), bad: usize) -> Self {
        let now = now_ms() - 200_000;
        let stored = (0..series).map(|vehicle| (vehicle, now, -1.0)).collect();
        let mut request = Self { stored, points: Vec::new(), bad: Vec::new(), now };
        // A stride that shares no factor with 500 spreads the bad ones over series and places.
        let is_bad: Vec<usize> = (0..bad).map(|nth| (137 * nth + 61) % 500).collect();
        for nth in 0..series * samples {
            let (round, vehicle) = (nth / series, nth % series);
            let good = (vehicle, now + 10_000 * (round as i64 + 1), (vehicle * 100 + round) as f64);
            match is_bad.iter().position(|&at| at == nth) {
                None => request.points.push(good),
                Some(which) => {
                    let at = match which % 3 {
                        0 => now - 10_000 - round as i64,
                        1 => now,
                        _ => now - 2 * HOUR_MS - round as i64,
                    };
                    request.points.push((vehicle, at, 0.25 + which as f64));
                    request.bad.push((vehicle, at, 0.25 + which as f64));
                }
            }
        }
        request
    }

    /// What must be held in the end.
    pub(crate) fn good(&self) -> Vec<Point> {
        let good = self.points.iter().filter(|point| !self.bad.contains(point));
        sorted(self.stored.iter().chain(good).copied().collect())
    }

    pub(crate) async fn held(&self, server: &Prometheus) -> Vec<Point> {
        held(server, self.now - 3 * HOUR_MS, self.now + HOUR_MS).await
    }
}

pub(crate) fn flags<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&ONE_REQUEST[..], more].concat()
}

#[tokio::test]
#[ignore = "real server: make it"]
async fn bad_samples_cost_themselves_and_nothing_else() {
    for version in Version::ALL {
        for shape in SHAPES {
            for bad in [1, 3, 50] {
                let Some(server) = prometheus_or_skip(version).await.expect("a server") else { continue };
                let request = Request::new(shape, bad);
                Run::of(&server.write_url(), &[], &request.stored)
                    .await
                    .assert_ledger(&format!("written {}", shape.0));
                let run = Run::of(&server.write_url(), &flags(&["--checks", "off"]), &request.points).await;
                run.assert_ledger(&format!("written {} rejected.bad_request {bad}", 500 - bad));
                assert_eq!(
                    sorted(run.letters("bad_request")),
                    sorted(request.bad.clone()),
                    "{version} {shape:?} {bad}"
                );
                assert_eq!(request.held(&server).await, request.good(), "{version} {shape:?} {bad}");
                let requests = run.count("requests");
                assert!(requests <= 1000, "{requests}");
                print(&format!(
                    "{version}: {} x {}, {bad} bad of 500, checks off: {requests} requests",
                    shape.0, shape.1
                ));
            }
        }
    }
}

#[tokio::test]
#[ignore = "real server: make it"]
async fn what_the_receiver_cannot_see_the_checks_drop() {
    for version in Version::ALL {
        for (series, samples) in SHAPES {
            let Some(server) = prometheus_or_skip(version).await.expect("a server") else { continue };
            let proxy = Proxy::start(&server.base_url(), &[]).await;
            let now = now_ms() - 200_000;
            let good: Vec<Point> = (0..500)
                .map(|nth| (nth % series, now + 10_000 * (nth / series) as i64, nth as f64))
                .collect();
            let (input, expected) = with_bad_lines(&good, now);
            let run = Run::of_input(&proxy.write_url(), &flags(&[]), &input).await;
            run.assert_ledger(&format!("written 500 {expected}"));
            assert_eq!(held(&server, now - HOUR_MS, now + HOUR_MS).await, sorted(good));
            let statuses = proxy.statuses();
            assert!(statuses.iter().all(|&status| status == 204), "{statuses:?}");
            print(&format!(
                "{version}: {series} x {samples} and 40 bad, checks full: {} requests, all 204",
                statuses.len()
            ));
        }
    }
}

/// The good lines, with forty bad ones of eight kinds between them, and their part of the ledger.
fn with_bad_lines(good: &[Point], now: i64) -> (Vec<u8>, String) {
    let reasons = [
        "out_of_order",
        "duplicate",
        "invalid_label_name",
        "repeated_label",
        "invalid_utf8",
        "too_far_in_future",
        "missing_metric_name",
        "invalid_metric_name",
    ];
    let mut input = Vec::new();
    for (nth, &(vehicle, at, value)) in good.iter().enumerate() {
        input.extend(line(vehicle, at, value).into_bytes());
        if nth % 12 != 0 || nth / 12 >= 5 * reasons.len() {
            continue;
        }
        let labelled = |labels: &[u8]| {
            [b"{\"labels\":{", labels, format!("}},\"value\":1,\"timestamp\":{at}}}\n").as_bytes()].concat()
        };
        input.extend(match reasons[nth / 12 % reasons.len()] {
            "out_of_order" => line(vehicle, at - 5000, 0.5).into_bytes(),
            "duplicate" => line(vehicle, at, 0.5).into_bytes(),
            "invalid_label_name" => labelled(br#""__name__":"speed","1-bad":"x""#),
            "repeated_label" => labelled(br#""__name__":"speed","a":"1","a":"2""#),
            "invalid_utf8" => labelled(b"\"__name__\":\"speed\",\"a\":\"\xff\""),
            "too_far_in_future" => line(vehicle, now + 24 * HOUR_MS, 0.5).into_bytes(),
            "missing_metric_name" => labelled(br#""a":"1""#),
            _ => labelled(br#""__name__":"1 bad name""#),
        });
    }
    (input, reasons.map(|reason| format!("dropped.{reason} 5")).join(" "))
}
