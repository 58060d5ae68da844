//! What a stream is made of: events of subjects, each with a place that remembers the newest one.

use super::rng::Rng;

/// One event: which place it belongs to, when, what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    /// A series, or a vehicle's revolutions or warnings.
    pub(super) slot: u32,
    /// Event time in milliseconds since the Unix epoch.
    pub(super) timestamp_ms: i64,
    pub(super) value: Value,
}

/// A value that decimals and doubles both hold exactly, so that sums over a stream can be compared exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// In quarters.
    Quarters(i64),
    NaN,
}

impl Value {
    /// Another value, for a conflict at the same time.
    pub(super) fn other(self) -> Self {
        match self {
            Value::Quarters(quarters) => Value::Quarters(quarters + 4),
            Value::NaN => Value::Quarters(0),
        }
    }
}

/// How an event is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    Plain,
    /// With one more label, whose name no receiver has to take.
    BadLabel,
    /// The value is a bare word.
    WordAsValue,
    /// The timestamp is a word.
    WordAsTime,
}

/// The label of [`Spelling::BadLabel`], as JSON and with a comma before it.
pub(super) const BAD_LABEL: &[u8] = br#","1-bad-name":"x""#;

/// A population of subjects.
pub(super) trait Subjects {
    /// The next clean event, at `clock_ms` or, where the subject has one of that time already, just after.
    fn next(&mut self, clock_ms: i64, rng: &mut Rng) -> Event;

    /// Replaces the value of the newest event of its slot.
    fn amend(&mut self, event: Event);

    /// Makes the position that the newest event of its subject tells a wrong one, where it tells one.
    fn misplace(&mut self, _slot: u32, _rng: &mut Rng) {}

    /// The newest event of the slot, which has had one.
    fn newest(&self, slot: u32) -> Event;

    /// Appends the event as one JSON object, without a line feed.
    fn write(&self, out: &mut Vec<u8>, event: Event, spelling: Spelling);
}
