//! A label set: sorted, checked, hashed and encoded once, then shared.
//!
//! The bytes are what Remote-Write puts into a `TimeSeries` message: field 1, repeated, each a `Label`
//! message. Encoding a series into a request is therefore one copy. Next to the shared bytes lie both hashes
//! and the faults found, so that the hot path looks at none of the bytes to route or to check a sample.
//!
//! Names and values are bytes, not `str`: what devices send may be broken UTF-8, and a sample with a broken
//! label must be counted and kept as a dead letter, not lost on the way in.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use xxhash_rust::xxh3::xxh3_64;

use crate::varint::put_varint;
use crate::{LabelFault, LabelFaults, varint_len};

/// The label that holds the metric's name.
pub const METRIC_NAME: &str = "__name__";

/// Longest label name or value in bytes. A value of 16 MiB makes Prometheus 3.15's handler panic: the
/// connection closes without an answer, which a retrying sender takes for a network error for ever.
pub const MAX_LABEL_BYTES: usize = 64 * 1024;

const TAG_LABEL: u8 = 0x0a;
const TAG_NAME: u8 = 0x0a;
const TAG_VALUE: u8 = 0x12;

/// An immutable label set, sorted by name, without empty values. Cloning counts a reference.
#[derive(Clone)]
pub struct Labels {
    encoded: Arc<[u8]>,
    shard_hash: u64,
    key: u64,
    faults: LabelFaults,
}

impl Labels {
    /// The label set of these pairs, in any order. A pair with an empty value is left out, as receivers do.
    pub fn from_pairs<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut builder = LabelsBuilder::new();
        for (name, value) in pairs {
            builder.push(name.as_ref(), value.as_ref());
        }
        builder.finish()
    }

    /// The pairs in name order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        Pairs { rest: &self.encoded }
    }

    /// The value of a label.
    pub fn value_of(&self, name: &str) -> Option<&[u8]> {
        self.iter().find(|&(n, _)| n == name.as_bytes()).map(|(_, value)| value)
    }

    /// The labels as they stand inside a Remote-Write `TimeSeries` message.
    #[inline]
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// The public hash of the series: XXH3-64 (seed 0) of [`Self::encoded`]. Fixed for ever, so that a
    /// partitioning outside can agree with the sink's shards.
    #[inline]
    pub fn shard_hash(&self) -> u64 {
        self.shard_hash
    }

    /// A hash with a key drawn at random for this process: what devices choose cannot be made to collide.
    #[inline]
    pub fn key(&self) -> u64 {
        self.key
    }

    /// What is wrong with the set.
    #[inline]
    pub fn faults(&self) -> LabelFaults {
        self.faults
    }

    /// Reads a byte of every other cache line. Called for several sets before they are used, it lets their
    /// cache misses happen side by side instead of one after another; the result means nothing.
    #[inline]
    pub fn touch(&self) -> u8 {
        self.encoded.iter().step_by(128).fold(0, |sum, byte| sum ^ byte)
    }

    /// Whether both share the same memory, which implies that they are equal.
    #[inline]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.encoded, &other.encoded)
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && (self.ptr_eq(other) || self.encoded == other.encoded)
    }
}

impl Eq for Labels {}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.key);
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As PromQL writes a series; broken UTF-8 and control characters are escaped.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut metric_seen = false;
        if let Some(name) = self.value_of(METRIC_NAME) {
            metric_seen = true;
            write!(f, "{}", name.escape_ascii())?;
        }
        let mut open = false;
        for (name, value) in self.iter() {
            if metric_seen && name == METRIC_NAME.as_bytes() {
                metric_seen = false; // a repeated __name__ is shown
                continue;
            }
            f.write_str(if open { ", " } else { "{" })?;
            open = true;
            write!(f, "{}=\"", name.escape_ascii())?;
            match std::str::from_utf8(value) {
                Ok(text) => text.chars().try_for_each(|c| match c {
                    '"' | '\\' => write!(f, "\\{c}"),
                    c if c.is_control() => write!(f, "{}", c.escape_default()),
                    c => write!(f, "{c}"),
                })?,
                Err(_) => write!(f, "{}", value.escape_ascii())?,
            }
            f.write_str("\"")?;
        }
        if open { f.write_str("}") } else { Ok(()) }
    }
}

struct Pairs<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // The bytes are our own encoding: tag, length, then the two tagged strings.
        let label = take_field(&mut self.rest)?;
        let mut label = label;
        let name = take_field(&mut label)?;
        let value = take_field(&mut label)?;
        Some((name, value))
    }
}

fn take_field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut length = 0usize;
    let mut at = 1;
    loop {
        let byte = *rest.get(at)?;
        length |= usize::from(byte & 0x7f) << (7 * (at - 1));
        at += 1;
        if byte < 0x80 {
            break;
        }
    }
    let field = rest.get(at..at + length)?;
    *rest = &rest[at + length..];
    Some(field)
}

/// Builds label sets one after another and keeps its memory between them.
#[derive(Debug, Default)]
pub struct LabelsBuilder {
    arena: Vec<u8>,
    pairs: Vec<Pair>,
    encoded: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Pair {
    start: u32,
    name_len: u32,
    value_len: u32,
}

impl Pair {
    fn name(self, arena: &[u8]) -> &[u8] {
        &arena[self.start as usize..][..self.name_len as usize]
    }

    fn value(self, arena: &[u8]) -> &[u8] {
        &arena[self.start as usize + self.name_len as usize..][..self.value_len as usize]
    }
}

impl LabelsBuilder {
    /// An empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a label.
    #[inline]
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        self.pairs.push(Pair {
            start: self.arena.len() as u32,
            name_len: name.len() as u32,
            value_len: value.len() as u32,
        });
        self.arena.extend_from_slice(name);
        self.arena.extend_from_slice(value);
    }

    /// Forgets what was pushed.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.pairs.clear();
    }

    /// The label set of what was pushed; the builder is empty again.
    pub fn finish(&mut self) -> Labels {
        let arena = &self.arena;
        let mut faults = LabelFaults::NONE;
        if !self.pairs.is_sorted_by(|a, b| a.name(arena) < b.name(arena)) {
            self.pairs.sort_by(|a, b| a.name(arena).cmp(b.name(arena)));
            if self.pairs.array_windows().any(|[a, b]| a.name(arena) == b.name(arena)) {
                faults.insert(LabelFault::RepeatedName);
            }
        }
        self.encoded.clear();
        let mut metric_name = false;
        for pair in &self.pairs {
            if pair.value_len == 0 {
                continue;
            }
            let (name, value) = (pair.name(arena), pair.value(arena));
            metric_name |= check_label(name, value, &mut faults);
            encode_label(&mut self.encoded, name, value);
        }
        if self.encoded.is_empty() {
            faults.insert(LabelFault::EmptySet);
        }
        if !metric_name {
            faults.insert(LabelFault::MissingMetricName);
        }
        let labels = Labels {
            shard_hash: xxh3_64(&self.encoded),
            key: keyed_hash(&self.encoded),
            encoded: Arc::from(self.encoded.as_slice()),
            faults,
        };
        self.clear();
        labels
    }
}

fn encode_label(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    let inner =
        2 + varint_len(name.len() as u64) + name.len() + varint_len(value.len() as u64) + value.len();
    out.push(TAG_LABEL);
    put_varint(out, inner as u64);
    out.push(TAG_NAME);
    put_varint(out, name.len() as u64);
    out.extend_from_slice(name);
    out.push(TAG_VALUE);
    put_varint(out, value.len() as u64);
    out.extend_from_slice(value);
}

/// Notes the label's faults; true when it is the metric name.
fn check_label(name: &[u8], value: &[u8], faults: &mut LabelFaults) -> bool {
    if name.len() > MAX_LABEL_BYTES || value.len() > MAX_LABEL_BYTES {
        faults.insert(LabelFault::TooLong);
    }
    if std::str::from_utf8(value).is_err() {
        faults.insert(LabelFault::InvalidUtf8);
    }
    if name == METRIC_NAME.as_bytes() {
        if !is_name(value, true) {
            faults.insert(LabelFault::InvalidMetricName);
        }
        return true;
    }
    if name.is_empty() {
        faults.insert(LabelFault::EmptyName);
    } else if !is_name(name, false) {
        faults.insert(LabelFault::InvalidLabelName);
        if std::str::from_utf8(name).is_err() {
            faults.insert(LabelFault::InvalidUtf8);
        }
    }
    if name.starts_with(b"__") {
        faults.insert(LabelFault::ReservedLabelName);
    }
    false
}

fn is_name(name: &[u8], colons: bool) -> bool {
    let follows = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || (colons && *b == b':');
    name.first().is_some_and(|b| follows(b) && !b.is_ascii_digit()) && name.iter().all(follows)
}

fn keyed_hash(bytes: &[u8]) -> u64 {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    let mut hasher = KEY.get_or_init(RandomState::new).build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults(pairs: &[(&str, &str)]) -> LabelFaults {
        Labels::from_pairs(pairs.iter().copied()).faults()
    }

    #[test]
    fn labels_are_sorted_bytewise_and_empty_values_are_left_out() {
        let labels = Labels::from_pairs([("b", "2"), ("__name__", "m"), ("Z", "1"), ("a", "")]);
        let names: Vec<_> = labels.iter().map(|(n, _)| n).collect();
        assert_eq!(names, [&b"Z"[..], b"__name__", b"b"]); // upper case sorts before __name__
        assert!(labels.faults().is_empty());
    }

    #[test]
    fn order_of_labels_changes_neither_hash_nor_equality() {
        let one = Labels::from_pairs([("__name__", "m"), ("a", "1"), ("b", "2")]);
        let other = Labels::from_pairs([("b", "2"), ("a", "1"), ("__name__", "m")]);
        assert_eq!(one, other);
        assert_eq!(one.shard_hash(), other.shard_hash());
        assert_eq!(one.key(), other.key());
    }

    #[test]
    fn the_public_hash_is_fixed_for_ever() {
        let labels = Labels::from_pairs([("__name__", "up"), ("job", "api")]);
        assert_eq!(labels.shard_hash(), xxh3_64(b"\x0a\x0e\x0a\x08__name__\x12\x02up\x0a\x0a\x0a\x03job\x12\x03api"));
        assert_eq!(labels.shard_hash(), 15_991_493_980_293_907_623); // pinned: outside code relies on it
    }

    #[test]
    fn every_fault_is_found() {
        use LabelFault::*;
        let long = "x".repeat(MAX_LABEL_BYTES + 1);
        for (pairs, fault) in [
            (&[][..], EmptySet),
            (&[("a", "")], EmptySet),
            (&[("__name__", "m"), ("a", "1"), ("a", "1")], RepeatedName),
            (&[("__name__", "m"), ("a", "1"), ("a", "")], RepeatedName),
            (&[("__name__", "m"), ("a", &long)], TooLong),
            (&[("__name__", "m"), ("", "1")], EmptyName),
            (&[("a", "1")], MissingMetricName),
            (&[("__name__", "1-bad")], InvalidMetricName),
            (&[("__name__", "m"), ("1-bad", "x")], InvalidLabelName),
            (&[("__name__", "m"), ("__x", "x")], ReservedLabelName),
        ] {
            assert!(faults(pairs).contains(fault), "{pairs:?} should be {fault:?}");
        }
        let broken = Labels::from_pairs([(&b"__name__"[..], &b"m"[..]), (b"a", b"\xff")]);
        assert_eq!(broken.faults().worst_in(LabelFaults::UTF8), Some(InvalidUtf8));
        assert!(faults(&[("__name__", "m:n"), ("a_1", "ü")]).is_empty());
    }

    #[test]
    fn a_series_is_shown_as_promql_writes_it() {
        let labels = Labels::from_pairs([("__name__", "m"), ("a", "x\"y\n")]);
        assert_eq!(labels.to_string(), "m{a=\"x\\\"y\\n\"}");
        assert_eq!(Labels::from_pairs([("__name__", "m")]).to_string(), "m");
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_sorted(mut pairs in prop::collection::vec(("[a-z]{1,9}", ".{1,200}"), 0..12)) {
            let labels = Labels::from_pairs(pairs.clone());
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            let out: Vec<_> = labels.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
            let want: Vec<_> = pairs.iter().map(|(n, v)| (n.clone().into_bytes(), v.clone().into_bytes())).collect();
            prop_assert_eq!(out, want);
        }
    }
}
