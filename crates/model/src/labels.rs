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
use std::sync::OnceLock;

use bytes::{Bytes, BytesMut};
use prefetch_index::prefetch_index;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_secret};

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
    encoded: Bytes,
    shard_hash: u64,
    key: u64,
    faults: LabelFaults,
    mark: u8,
}

impl Labels {
    /// The label set of these pairs, in any order, in memory of its own. A pair with an empty value is left
    /// out, as receivers do. For many sets a [`LabelsBuilder`] is faster.
    pub fn from_pairs<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut builder = LabelsBuilder::new();
        for (name, value) in pairs {
            builder.push(name.as_ref(), value.as_ref());
        }
        builder.finish_in(Memory::Own)
    }

    /// The same set in memory of its own. To be kept for long beside others that are not: sets of one
    /// [`LabelsBuilder`] share blocks, and a block is freed with the last of its sets.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self { encoded: Bytes::copy_from_slice(&self.encoded), ..self.clone() }
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

    /// A hash with a secret drawn at random for this process (XXH3-64). No proof against an attacker who sees
    /// hashes, but devices see neither secret nor hashes, and cannot choose labels that collide.
    #[inline]
    pub fn key(&self) -> u64 {
        self.key
    }

    /// What is wrong with the set.
    #[inline]
    pub fn faults(&self) -> LabelFaults {
        self.faults
    }

    /// The same set with a mark of its owner's. The mark goes with clones and is no part of the set: equality
    /// and hashes do not see it. It lies here because there is room for it, and in a series there is none.
    #[must_use]
    pub fn with_mark(self, mark: u8) -> Self {
        Self { mark, ..self }
    }

    /// The mark; 0 unless one was given.
    #[inline]
    pub fn mark(&self) -> u8 {
        self.mark
    }

    /// Has the encoded bytes brought into the cache. Called for several sets before they are used, it lets
    /// their cache misses happen side by side instead of one after another.
    #[inline]
    pub fn prefetch(&self) {
        (0..self.encoded.len()).step_by(64).for_each(|at| prefetch_index(&self.encoded, at));
        // The set may begin in the middle of a line, and so end in one more.
        prefetch_index(&self.encoded, self.encoded.len().saturating_sub(1));
    }

    /// Whether both share the same memory, which implies that they are equal.
    #[inline]
    pub fn ptr_eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.encoded.as_ptr(), other.encoded.as_ptr())
            && self.encoded.len() == other.encoded.len()
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
///
/// Its sets share blocks of 16 KiB (see [`Labels::detached`]). It also keeps what it learnt of the last set's names: devices send the same names in the same order again
/// and again, so their order and their faults are found once.
#[derive(Debug, Default)]
pub struct LabelsBuilder {
    arena: Vec<u8>,
    pairs: Vec<Pair>,
    maker: Maker,
}

/// Makes sets of pairs, wherever these lie.
#[derive(Debug, Default)]
struct Maker {
    encoded: Vec<u8>,
    shape: Shape,
    block: BytesMut,
}

/// Memory that sets of one builder share. A set's reference is then counted where its neighbours' are, in a
/// place that stays in the cache: a million sets, sent in random order, would else miss it twice for each.
const BLOCK_BYTES: usize = 16 * 1024;

enum Memory {
    Shared,
    Own,
}

#[derive(Clone, Copy, Debug)]
struct Pair {
    start: u32,
    name_len: u32,
    value_len: u32,
}

impl Pair {
    #[inline]
    fn name(self, arena: &[u8]) -> &[u8] {
        &arena[self.start as usize..][..self.name_len as usize]
    }

    #[inline]
    fn value(self, arena: &[u8]) -> &[u8] {
        &arena[self.start as usize + self.name_len as usize..][..self.value_len as usize]
    }
}

/// The names of a set in the order in which they were pushed, and what follows from them alone.
#[derive(Debug, Default)]
struct Shape {
    names: Vec<u8>,
    ends: Vec<u32>,
    /// Indices of the pairs, by name.
    order: Vec<u32>,
    /// Faults of each name, whatever its value; by index of the pair.
    name_faults: Vec<LabelFaults>,
    /// The pair that is the metric's name.
    metric_name: Option<u32>,
    has_repeats: bool,
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
        self.finish_in(Memory::Shared)
    }

    fn finish_in(&mut self, memory: Memory) -> Labels {
        let Self { arena, pairs, maker } = self;
        let pair = |at: usize| (pairs[at].name(arena), pairs[at].value(arena));
        let labels = maker.make(pairs.len(), pair, memory);
        self.clear();
        labels
    }

    /// The label set of these pairs, which are at hand: no copy of them is made. What was pushed stays as it is.
    pub fn build(&mut self, pairs: &[(&[u8], &[u8])]) -> Labels {
        self.maker.make(pairs.len(), |at| pairs[at], Memory::Shared)
    }
}

impl Maker {
    #[inline]
    fn make<'a>(
        &mut self,
        count: usize,
        pair: impl Fn(usize) -> (&'a [u8], &'a [u8]),
        memory: Memory,
    ) -> Labels {
        if !self.shape.is_of(count, |at| pair(at).0) {
            self.shape = Shape::of(count, |at| pair(at).0);
        }
        let Self { shape, encoded, .. } = self;
        let mut faults = LabelFaults::NONE;
        if shape.has_repeats {
            faults.insert(LabelFault::RepeatedName);
        }
        let mut has_metric_name = false;
        encoded.clear();
        for &at in &shape.order {
            let (name, value) = pair(at as usize);
            if value.is_empty() {
                continue;
            }
            faults = faults | shape.name_faults[at as usize];
            if value.len() > MAX_LABEL_BYTES {
                faults.insert(LabelFault::TooLong);
            }
            if shape.metric_name == Some(at) {
                has_metric_name = true;
                if !is_name(value, true) {
                    faults.insert(LabelFault::InvalidMetricName);
                }
            }
            encode_label(encoded, name, value);
        }
        // One look at all values; a length of more than 127 bytes is no ASCII either, and costs a second look.
        if !encoded.is_ascii() && (0..count).any(|at| std::str::from_utf8(pair(at).1).is_err()) {
            faults.insert(LabelFault::InvalidUtf8);
        }
        if encoded.is_empty() {
            faults.insert(LabelFault::EmptySet);
        }
        if !has_metric_name {
            faults.insert(LabelFault::MissingMetricName);
        }
        Labels {
            shard_hash: xxh3_64(encoded),
            key: xxh3_64_with_secret(encoded, process_secret()),
            encoded: match memory {
                Memory::Shared => self.shared(),
                Memory::Own => Bytes::copy_from_slice(encoded),
            },
            faults,
            mark: 0,
        }
    }

    /// The encoded set in the current block, or in a new one.
    fn shared(&mut self) -> Bytes {
        if self.encoded.len() > BLOCK_BYTES / 4 {
            return Bytes::copy_from_slice(&self.encoded);
        }
        if self.block.capacity() < self.encoded.len() {
            self.block = BytesMut::with_capacity(BLOCK_BYTES);
        }
        self.block.extend_from_slice(&self.encoded);
        self.block.split().freeze()
    }
}

impl Shape {
    /// Whether these names are those of this shape, in its order.
    #[inline]
    fn is_of<'a>(&self, count: usize, name: impl Fn(usize) -> &'a [u8]) -> bool {
        let mut begin = 0;
        count == self.ends.len()
            && self.ends.iter().enumerate().all(|(at, &end)| {
                name(at) == &self.names[std::mem::replace(&mut begin, end as usize)..end as usize]
            })
    }

    fn of<'a>(count: usize, name: impl Fn(usize) -> &'a [u8]) -> Self {
        let mut shape = Self::default();
        for at in 0..count {
            shape.names.extend_from_slice(name(at));
            shape.ends.push(shape.names.len() as u32);
            shape.order.push(at as u32);
            shape.name_faults.push(faults_of_name(name(at)));
        }
        let name_of = |at: &u32| name(*at as usize);
        shape.order.sort_by(|a, b| name_of(a).cmp(name_of(b)));
        shape.has_repeats = shape.order.array_windows().any(|[a, b]| name_of(a) == name_of(b));
        shape.metric_name = shape.order.iter().copied().find(|at| name_of(at) == METRIC_NAME.as_bytes());
        shape
    }
}

fn faults_of_name(name: &[u8]) -> LabelFaults {
    let mut faults = LabelFaults::NONE;
    if name == METRIC_NAME.as_bytes() {
        return faults;
    }
    if name.len() > MAX_LABEL_BYTES {
        faults.insert(LabelFault::TooLong);
    }
    if name.is_empty() {
        faults.insert(LabelFault::EmptyName);
    } else if !is_name(name, false) {
        faults.insert(LabelFault::InvalidLabelName);
    }
    if std::str::from_utf8(name).is_err() {
        faults.insert(LabelFault::InvalidUtf8);
    }
    if name.starts_with(b"__") {
        faults.insert(LabelFault::ReservedLabelName);
    }
    faults
}

#[inline]
fn encode_label(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    let (name_len, value_len) = (name.len(), value.len());
    if name_len + value_len < 0x7c {
        // All lengths fit a byte.
        out.reserve(6 + name_len + value_len);
        out.extend_from_slice(&[TAG_LABEL, (4 + name_len + value_len) as u8, TAG_NAME, name_len as u8]);
        out.extend_from_slice(name);
        out.extend_from_slice(&[TAG_VALUE, value_len as u8]);
        out.extend_from_slice(value);
        return;
    }
    let inner = 2 + varint_len(name_len as u64) + name_len + varint_len(value_len as u64) + value_len;
    out.push(TAG_LABEL);
    put_varint(out, inner as u64);
    out.push(TAG_NAME);
    put_varint(out, name_len as u64);
    out.extend_from_slice(name);
    out.push(TAG_VALUE);
    put_varint(out, value_len as u64);
    out.extend_from_slice(value);
}

fn is_name(name: &[u8], colons: bool) -> bool {
    let follows = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || (colons && *b == b':');
    name.first().is_some_and(|b| follows(b) && !b.is_ascii_digit()) && name.iter().all(follows)
}

/// Drawn once per process, from the system's random numbers.
fn process_secret() -> &'static [u8; SECRET_BYTES] {
    static SECRET: OnceLock<[u8; SECRET_BYTES]> = OnceLock::new();
    SECRET.get_or_init(|| {
        let mut secret = [0; SECRET_BYTES];
        for word in secret.chunks_mut(8) {
            // The standard library's keys come from the system's random numbers.
            word.copy_from_slice(&RandomState::new().build_hasher().finish().to_le_bytes());
        }
        secret
    })
}

/// What XXH3 uses for its default secret.
const SECRET_BYTES: usize = 192;

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
        assert_eq!(
            labels.shard_hash(),
            xxh3_64(b"\x0a\x0e\x0a\x08__name__\x12\x02up\x0a\x0a\x0a\x03job\x12\x03api")
        );
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
        let longer = "x".repeat(300); // its length is not ASCII, but it is
        assert!(faults(&[("__name__", "m"), ("a", &longer)]).is_empty());
        let broken =
            Labels::from_pairs([(&b"__name__"[..], &b"m"[..]), (b"a", longer.as_bytes()), (b"b", b"\xff")]);
        assert_eq!(broken.faults().worst_in(LabelFaults::UTF8), Some(InvalidUtf8));
    }

    #[test]
    fn a_series_is_shown_as_promql_writes_it() {
        let labels = Labels::from_pairs([("__name__", "m"), ("a", "x\"y\n")]);
        assert_eq!(labels.to_string(), "m{a=\"x\\\"y\\n\"}");
        assert_eq!(Labels::from_pairs([("__name__", "m")]).to_string(), "m");
    }

    #[test]
    fn sets_of_one_builder_share_blocks_and_a_detached_one_does_not() {
        let mut builder = LabelsBuilder::new();
        let sets: Vec<Labels> = (0..5000)
            .map(|n| {
                builder.push(b"__name__", b"m");
                builder.push(b"n", format!("{n:0width$}", width = n % 300).as_bytes());
                builder.push(b"large", "x".repeat(if n % 1000 == 0 { 30_000 } else { 1 }).as_bytes());
                builder.finish()
            })
            .collect();
        let detached = sets[7].detached();
        assert!(detached == sets[7] && !detached.ptr_eq(&sets[7]));
        for (n, set) in sets.iter().enumerate() {
            assert_eq!(set.value_of("n").unwrap(), format!("{n:0width$}", width = n % 300).as_bytes());
        }
    }

    #[test]
    fn what_was_learnt_of_one_set_is_not_taken_for_another() {
        let mut builder = LabelsBuilder::new();
        let sets: [&[(&str, &str)]; 6] = [
            &[("__name__", "m"), ("a", "1"), ("b", "2")],
            &[("__name__", "1m"), ("a", "1"), ("b", "")],
            &[("__name__", ""), ("ab", ""), ("", "2")],
            &[("b", "2"), ("__name__", "m"), ("a", "1")],
            &[("__name__", "m"), ("a", "1"), ("a", "2")],
            &[("__name__", "m"), ("a", "1")],
        ];
        for set in sets.iter().chain(sets.iter().rev()).chain(&sets) {
            set.iter().for_each(|(name, value)| builder.push(name.as_bytes(), value.as_bytes()));
            let (reused, fresh) = (builder.finish(), Labels::from_pairs(set.iter().copied()));
            assert_eq!((reused.faults(), &reused), (fresh.faults(), &fresh), "{set:?}");
            let pairs: Vec<_> = set.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
            let built = builder.build(&pairs);
            assert_eq!((built.faults(), &built), (fresh.faults(), &fresh), "{set:?}");
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_sorted(mut pairs in prop::collection::vec(("[a-z]{1,200}", ".{1,200}"), 0..12)) {
            let labels = Labels::from_pairs(pairs.clone());
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            let out: Vec<_> = labels.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
            let want: Vec<_> = pairs.iter().map(|(n, v)| (n.clone().into_bytes(), v.clone().into_bytes())).collect();
            prop_assert_eq!(out, want);
        }
    }
}
