//! Plain series: each has a sample a round, a random walk in quarters.

use super::digits::{push_integer, push_padded, push_quarters};
use super::rng::{Rng, mix};
use super::subject::{BAD_LABEL, Event, Spelling, Subjects, Value};

/// How many values the labels after `__name__` and `series` take; the next label begins again.
const CARDINALITIES: [u64; 8] = [4, 8, 16, 5, 20, 100, 12, 50];
/// Largest step of the walk, in quarters.
const LARGEST_STEP: i64 = 40;

/// `count` series of `labels` labels each, in the order of their numbers, round after round.
#[derive(Debug)]
pub(super) struct PlainSeries {
    newest: Vec<Newest>,
    /// Number of the series that comes next.
    turn: u32,
    /// Label names as JSON, from the comma before to the opening quote of the value.
    names: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Newest {
    timestamp_ms: i64,
    /// Where the walk stands, also when the sample says NaN.
    quarters: i32,
    nan: bool,
}

impl PlainSeries {
    pub(super) fn new(count: u32, labels: u32) -> Self {
        Self {
            newest: vec![Newest::default(); count as usize],
            turn: 0,
            names: (2..labels).map(|k| format!("\",\"label_{k:02}\":\"value_").into_bytes()).collect(),
        }
    }
}

impl Subjects for PlainSeries {
    #[inline]
    fn next(&mut self, clock_ms: i64, rng: &mut Rng) -> Event {
        let slot = self.turn;
        self.turn = if slot as usize + 1 == self.newest.len() { 0 } else { slot + 1 };
        let newest = &mut self.newest[slot as usize];
        let step = rng.between(-LARGEST_STEP, LARGEST_STEP) as i32;
        *newest = Newest { timestamp_ms: clock_ms, quarters: newest.quarters.wrapping_add(step), nan: false };
        self.newest(slot)
    }

    fn amend(&mut self, event: Event) {
        self.newest[event.slot as usize].nan = event.value == Value::NaN;
    }

    #[inline]
    fn newest(&self, slot: u32) -> Event {
        let Newest { timestamp_ms, quarters, nan } = self.newest[slot as usize];
        let value = if nan { Value::NaN } else { Value::Quarters(i64::from(quarters)) };
        Event { slot, timestamp_ms, value }
    }

    #[inline]
    fn write(&self, out: &mut Vec<u8>, event: Event, spelling: Spelling) {
        out.extend_from_slice(br#"{"labels":{"__name__":"generated","series":""#);
        push_padded(out, u64::from(event.slot), 7);
        for (k, name) in self.names.iter().enumerate() {
            out.extend_from_slice(name);
            let spread = mix(u64::from(event.slot) | (k as u64 + 1) << 32);
            push_padded(out, spread % CARDINALITIES[k % CARDINALITIES.len()], 1);
        }
        out.push(b'"');
        write_sample(out, event, spelling);
    }
}

/// Appends what follows the labels of a sample, from the closing brace of the labels on.
#[inline]
pub(super) fn write_sample(out: &mut Vec<u8>, event: Event, spelling: Spelling) {
    if spelling == Spelling::BadLabel {
        out.extend_from_slice(BAD_LABEL);
    }
    out.extend_from_slice(br#"},"value":"#);
    match event.value {
        _ if spelling == Spelling::WordAsValue => out.extend_from_slice(b"unknown"),
        Value::Quarters(quarters) => push_quarters(out, quarters),
        Value::NaN => out.extend_from_slice(br#""NaN""#),
    }
    out.extend_from_slice(br#","timestamp":"#);
    if spelling == Spelling::WordAsTime {
        out.extend_from_slice(br#""yesterday""#);
    } else {
        push_integer(out, event.timestamp_ms);
    }
    out.push(b'}');
}
