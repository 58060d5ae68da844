//! Input lines: vehicles with samples whose value says which one it is.

use std::fmt::Write as _;

use narthex_model::{Clock as _, SystemClock};

/// Milliseconds since 1970, now.
pub(crate) fn now_ms() -> i64 {
    SystemClock.now_ms()
}

/// One NDJSON line with one sample.
pub(crate) fn line(vehicle: usize, timestamp_ms: i64, value: f64) -> String {
    format!(
        "{{\"labels\":{{\"__name__\":\"speed\",\"vehicle\":\"V{vehicle}\"}},\"value\":{value},\"timestamp\":{timestamp_ms}}}\n"
    )
}

/// `vehicles` with `rounds` samples each, a second apart: everybody's first, then everybody's second.
pub(crate) fn rounds(vehicles: usize, rounds: usize, start_ms: i64) -> String {
    let mut lines = String::new();
    for round in 0..rounds {
        for vehicle in 0..vehicles {
            lines += &line(vehicle, start_ms + round as i64 * 1000, value(vehicle, round));
        }
    }
    lines
}

/// The same with all samples of a vehicle on one line.
pub(crate) fn whole_series(vehicles: usize, samples: usize, start_ms: i64) -> String {
    let mut lines = String::new();
    for vehicle in 0..vehicles {
        let pairs: Vec<String> = (0..samples)
            .map(|round| format!("[{},{}]", start_ms + round as i64 * 1000, value(vehicle, round)))
            .collect();
        let _ = writeln!(
            lines,
            "{{\"labels\":{{\"__name__\":\"speed\",\"vehicle\":\"V{vehicle}\"}},\"samples\":[{}]}}",
            pairs.join(",")
        );
    }
    lines
}

/// The value of a sample made by [`rounds`] or [`whole_series`].
pub(crate) fn value(vehicle: usize, round: usize) -> f64 {
    (vehicle * 1000 + round) as f64
}
