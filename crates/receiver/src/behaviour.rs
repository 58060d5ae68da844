//! Whose habits the receiver takes on, and everything that differs between them.
//!
//! Measured on Prometheus 2.42.0 and 3.15 with hand-made requests; the third stands for Mimir, Cortex and
//! Thanos, which keep the good part of a request and still answer 400.

use std::fmt;
use std::str::FromStr;

use http::StatusCode;

const MIB: usize = 1024 * 1024;

/// How far ahead of wall clock 2.54 and later take a sample.
const FUTURE_LIMIT_MS: i64 = 10 * 60 * 1000;

/// Whose habits the receiver takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum Behaviour {
    /// Debian's Prometheus: names and UTF-8 are not looked at, a repeated label is a 500, any future is fine.
    Prometheus2_42,
    /// Prometheus 3.15, v1 messages: bad labels are skipped behind a 204, the future ends in 10 minutes.
    #[default]
    Prometheus3,
    /// Like Mimir, Cortex and Thanos: what is good in a request is kept, and the answer is still 400.
    KeepsGood,
}

impl Behaviour {
    /// The accepted spellings, in the order of the variants.
    pub const NAMES: [&'static str; 3] = ["2.42", "3", "keeps-good"];

    /// Whether one bad sample rolls the whole request back.
    pub fn rolls_back(self) -> bool {
        self != Behaviour::KeepsGood
    }

    /// The status of a request of which everything was taken.
    pub(crate) fn success(self) -> StatusCode {
        if self == Behaviour::KeepsGood { StatusCode::OK } else { StatusCode::NO_CONTENT }
    }

    /// Whether `Content-Type` and `Content-Encoding` are looked at (2.54 and later: 415).
    pub(crate) fn checks_media_type(self) -> bool {
        self == Behaviour::Prometheus3
    }

    /// Whether label names and values must be valid UTF-8, unique, not empty, and name a metric.
    pub(crate) fn checks_labels(self) -> bool {
        self != Behaviour::Prometheus2_42
    }

    /// Whether a label string of 2^24 bytes kills the handler: connection closed, no answer.
    pub(crate) fn dies_of_long_labels(self) -> bool {
        self == Behaviour::Prometheus3
    }

    /// The newest timestamp taken when wall clock shows `now_ms`.
    pub(crate) fn newest_allowed_ms(self, now_ms: i64) -> i64 {
        if self == Behaviour::Prometheus2_42 { i64::MAX } else { now_ms.saturating_add(FUTURE_LIMIT_MS) }
    }

    /// Longest packed body in bytes; a longer one is a 413. Prometheus: 32 MiB since 3.12; 2.42 has no limit,
    /// ours guards the memory of this process.
    pub(crate) fn packed_limit(self) -> usize {
        match self {
            Behaviour::Prometheus2_42 => 256 * MIB,
            Behaviour::Prometheus3 => 32 * MIB,
            Behaviour::KeepsGood => 100 * MIB, // Mimir's
        }
    }

    /// Longest unpacked message in bytes; a longer one is a 400. Prometheus: 32 MiB since 3.8.1; 2.42 as
    /// above.
    pub(crate) fn unpacked_limit(self) -> usize {
        match self {
            Behaviour::Prometheus2_42 => 512 * MIB,
            Behaviour::Prometheus3 => 32 * MIB,
            Behaviour::KeepsGood => 100 * MIB,
        }
    }

    /// What is said of a body that is no snappy block; 3.x names another library.
    pub(crate) fn corrupt_text(self) -> &'static str {
        if self == Behaviour::Prometheus2_42 { "snappy: corrupt input" } else { "s2: corrupt input" }
    }
}

impl fmt::Display for Behaviour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES[*self as usize])
    }
}

/// No behaviour has this name.
#[derive(Debug, thiserror::Error)]
#[error("\"{0}\" is no behaviour; one of 2.42, 3, keeps-good")]
pub struct UnknownBehaviour(String);

impl FromStr for Behaviour {
    type Err = UnknownBehaviour;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "2.42" => Ok(Behaviour::Prometheus2_42),
            "3" => Ok(Behaviour::Prometheus3),
            "keeps-good" => Ok(Behaviour::KeepsGood),
            other => Err(UnknownBehaviour(other.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for name in Behaviour::NAMES {
            assert_eq!(name.parse::<Behaviour>().unwrap().to_string(), name);
        }
        assert!("2".parse::<Behaviour>().unwrap_err().to_string().contains("keeps-good"));
    }
}
