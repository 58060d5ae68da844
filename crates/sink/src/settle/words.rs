//! Whether a receiver's refusal may be about age or repetition, by its status and its words.

use http::StatusCode;

/// What receivers say of samples that are older than what they hold, or there already: Prometheus 2.42 and 3.x,
/// Cortex and what is made of it, Mimir with its error ids.
const PHRASES: [&str; 10] = [
    "out of order",
    "out-of-order",
    "out of bounds",
    "too old",
    "too-old",
    "duplicate sample",
    "duplicate timestamp",
    "duplicate-timestamp",
    "new value for timestamp",
    "more recent timestamp",
];

/// Whether the sample may have been written before. Thanos answers 409 for this alone.
pub(super) fn speak_of_age(status: Option<u16>, message: &str) -> bool {
    if status == Some(StatusCode::CONFLICT.as_u16()) {
        return true;
    }
    let message = message.to_ascii_lowercase();
    // Prometheus 3: "out of bounds: timestamp is too far in the future".
    !message.contains("future") && PHRASES.iter().any(|phrase| message.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_receivers_say_of_old_samples_is_known() {
        for said in [
            "out of order sample",
            "duplicate sample for timestamp",
            "out of bounds",
            "too old sample",
            "user=1: the sample has been rejected because another sample with a more recent timestamp has already \
             been ingested (err-mimir-sample-out-of-order)",
            "Duplicate sample for timestamp 7; overrides not allowed: existing 1, new value 2",
        ] {
            assert!(speak_of_age(Some(400), said), "{said}");
        }
        assert!(speak_of_age(Some(409), "store locally for endpoint: conflict"));
        for said in [
            "out of bounds: timestamp is too far in the future",
            "invalid label name",
            "duplicate label names",
            "",
        ] {
            assert!(!speak_of_age(Some(400), said), "{said}");
        }
    }
}
