//! Why a sample is refused, with which status, and in which words.

use http::StatusCode;
use serde::Serialize;

use crate::Behaviour;

/// Kinds of refusal, as they are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefusalReason {
    /// Older than the series' newest sample.
    OutOfOrder,
    /// At the newest sample's timestamp with another value.
    Duplicate,
    /// More than an hour behind the head's newest timestamp.
    OutOfBounds,
    /// Outside the out-of-order window.
    TooOld,
    /// More than ten minutes ahead of wall clock.
    TooFarInFuture,
    /// A label name occurs twice.
    RepeatedLabel,
    /// There is no label at all.
    EmptyLabelSet,
    /// No metric name, an empty label name, or broken UTF-8.
    InvalidLabels,
}

impl RefusalReason {
    /// The reason as a label value.
    pub fn as_str(self) -> &'static str {
        match self {
            RefusalReason::OutOfOrder => "out_of_order",
            RefusalReason::Duplicate => "duplicate",
            RefusalReason::OutOfBounds => "out_of_bounds",
            RefusalReason::TooOld => "too_old",
            RefusalReason::TooFarInFuture => "too_far_in_future",
            RefusalReason::RepeatedLabel => "repeated_label",
            RefusalReason::EmptyLabelSet => "empty_label_set",
            RefusalReason::InvalidLabels => "invalid_labels",
        }
    }
}

/// One refusal with what its text needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    OutOfOrder,
    Duplicate { timestamp_ms: i64, existing_bits: u64, new_bits: u64 },
    OutOfBounds,
    TooOld,
    TooFarInFuture,
    RepeatedLabel(Vec<u8>),
    EmptyLabelSet,
    InvalidLabels,
}

impl Refusal {
    pub(crate) fn reason(&self) -> RefusalReason {
        match self {
            Refusal::OutOfOrder => RefusalReason::OutOfOrder,
            Refusal::Duplicate { .. } => RefusalReason::Duplicate,
            Refusal::OutOfBounds => RefusalReason::OutOfBounds,
            Refusal::TooOld => RefusalReason::TooOld,
            Refusal::TooFarInFuture => RefusalReason::TooFarInFuture,
            Refusal::RepeatedLabel(_) => RefusalReason::RepeatedLabel,
            Refusal::EmptyLabelSet => RefusalReason::EmptyLabelSet,
            Refusal::InvalidLabels => RefusalReason::InvalidLabels,
        }
    }

    /// 400, but for what 2.42 takes for its own fault: labels (500 up to 2.54) and samples outside the window
    /// (500 up to 2.49).
    pub(crate) fn status(&self, behaviour: Behaviour) -> StatusCode {
        match self {
            Refusal::TooOld | Refusal::RepeatedLabel(_) | Refusal::EmptyLabelSet
                if behaviour == Behaviour::Prometheus2_42 =>
            {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The receiver's words. Senders must not read them, but they log them.
    pub(crate) fn text(&self, behaviour: Behaviour) -> String {
        match self {
            Refusal::OutOfOrder => "out of order sample".to_owned(),
            Refusal::Duplicate { timestamp_ms, existing_bits, new_bits } => {
                duplicate_text(behaviour, *timestamp_ms, *existing_bits, *new_bits)
            }
            Refusal::OutOfBounds => "out of bounds".to_owned(),
            Refusal::TooOld => "too old sample".to_owned(),
            Refusal::TooFarInFuture => "out of bounds: timestamp is too far in the future".to_owned(),
            Refusal::RepeatedLabel(name) => {
                format!("label name \"{}\" is not unique: invalid sample", String::from_utf8_lossy(name))
            }
            Refusal::EmptyLabelSet => "empty labelset: invalid sample".to_owned(),
            Refusal::InvalidLabels => "invalid metric name or labels".to_owned(),
        }
    }
}

/// Since 2.53 the text names both values, except at the epoch.
fn duplicate_text(behaviour: Behaviour, timestamp_ms: i64, existing_bits: u64, new_bits: u64) -> String {
    let mut text = "duplicate sample for timestamp".to_owned();
    if behaviour != Behaviour::Prometheus2_42 && timestamp_ms != 0 {
        let [existing, new] = [existing_bits, new_bits].map(|bits| float_text(f64::from_bits(bits)));
        text += &format!(" {timestamp_ms}; overrides not allowed: existing {existing}, new value {new}");
    }
    text
}

/// A number as Prometheus' messages show it: shortest digits, an exponent below 1e-4 and from 1e6 on.
fn float_text(value: f64) -> String {
    let size = value.abs();
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else if size != 0.0 && !(1e-4..1e6).contains(&size) {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
        format!("{digits}e{sign}{exponent:0>2}")
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_in_prometheus_messages() {
        for (value, text) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (1_000_000.0, "1e+06"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.234567e+06"),
            (0.5, "0.5"),
            (1e-7, "1e-07"),
            (1e300, "1e+300"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(float_text(value), text);
        }
    }
}
