//! The closing ledger and the dead letters, as the tests read them.

use std::path::Path;

use serde_json::{Map, Value, json};

/// The ledger file's object.
pub(crate) fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("no ledger: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A count by its path, such as `written` or `rejected/bad_request`; zero where there is none.
pub(crate) fn count(ledger: &Value, path: &str) -> u64 {
    ledger.pointer(&format!("/{path}")).and_then(Value::as_u64).unwrap_or(0)
}

/// The sum of an object's counts.
pub(crate) fn total(ledger: &Value, key: &str) -> u64 {
    ledger[key].as_object().map_or(0, |counts| counts.values().filter_map(Value::as_u64).sum())
}

/// Whether each received sample is at exactly one door.
pub(crate) fn adds_up(ledger: &Value) -> bool {
    let settled = count(ledger, "written") + count(ledger, "replayed") + count(ledger, "pending");
    count(ledger, "received") == settled + total(ledger, "rejected") + total(ledger, "dropped")
}

/// `written 20 rejected.bad_request 1` as the ledger's object, without requests, retries and sources; what is
/// not named is zero, and `received` is the sum.
pub(crate) fn expected(text: &str) -> Value {
    let mut ledger = json!({"written": 0, "replayed": 0, "rejected": {}, "dropped": {}, "pending": 0});
    let mut received = 0;
    let words: Vec<&str> = text.split_whitespace().collect();
    for pair in words.chunks(2) {
        let [key, samples] = pair else { panic!("{text:?} is no list of pairs") };
        let samples: u64 = samples.parse().unwrap_or_else(|_| panic!("{text:?}: {samples:?} is no count"));
        received += samples;
        match key.split_once('.') {
            Some((door, reason)) => ledger[door][reason] = samples.into(),
            None => ledger[key] = samples.into(),
        }
    }
    ledger["received"] = received.into();
    ledger
}

/// The same object as it came out, to be held against [`expected`].
pub(crate) fn doors(ledger: &Value) -> Value {
    let keys = ["received", "written", "replayed", "rejected", "dropped", "pending"];
    Value::Object(keys.iter().map(|&key| (key.to_owned(), ledger[key].clone())).collect::<Map<_, _>>())
}

/// The letters of a file; none when there is no file.
pub(crate) fn letters(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Samples that a whole run must have filed: all lost ones but repetitions.
pub(crate) fn filed(ledger: &Value) -> u64 {
    total(ledger, "rejected") + total(ledger, "dropped") - count(ledger, "dropped/duplicate_same")
}
