//! A series' labels as they come over the wire: sorted, judged by the behaviour, and encoded as the key.

use narthex_model::{METRIC_NAME, put_varint, varint_len};

use super::Refusal;
use crate::Behaviour;

/// Name and value, borrowed from the request.
pub(super) type Pair<'a> = (&'a [u8], &'a [u8]);

/// From this many bytes on, a name or a value kills the handler of Prometheus 3.15.
const FATAL_BYTES: usize = 1 << 24;

/// Whether a label string is long enough to kill the handler.
pub(super) fn has_fatal_length(pairs: &[Pair<'_>]) -> bool {
    pairs.iter().any(|(name, value)| name.len() >= FATAL_BYTES || value.len() >= FATAL_BYTES)
}

/// Sorts by name, bytewise; labels of the same name keep their order.
pub(super) fn sort(pairs: &mut [Pair<'_>]) {
    if !pairs.is_sorted_by(|a, b| a.0 <= b.0) {
        pairs.sort_by(|a, b| a.0.cmp(b.0));
    }
}

/// What is wrong with the sorted pairs; leaves out those without a value.
pub(super) fn check(pairs: &mut Vec<Pair<'_>>, behaviour: Behaviour) -> Result<(), Refusal> {
    if behaviour.checks_labels() {
        check_strictly(pairs)?;
    }
    pairs.retain(|(_, value)| !value.is_empty());
    if pairs.is_empty() {
        return Err(Refusal::EmptyLabelSet);
    }
    repeated(pairs)
}

/// The rules of 2.54 and later, which look at labels before those without a value are left out.
fn check_strictly(pairs: &[Pair<'_>]) -> Result<(), Refusal> {
    if pairs.is_empty() {
        return Err(Refusal::EmptyLabelSet);
    }
    let metric_name = pairs.iter().find(|(name, _)| *name == METRIC_NAME.as_bytes());
    let is_named = metric_name.is_some_and(|(_, value)| !value.is_empty());
    let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
    if !is_named || !pairs.iter().all(|(name, value)| !name.is_empty() && is_text(name) && is_text(value)) {
        return Err(Refusal::InvalidLabels);
    }
    repeated(pairs)
}

fn repeated(pairs: &[Pair<'_>]) -> Result<(), Refusal> {
    match pairs.array_windows().find(|[a, b]| a.0 == b.0) {
        Some([twice, _]) => Err(Refusal::RepeatedLabel(twice.0.to_vec())),
        None => Ok(()),
    }
}

/// Writes the pairs as [`narthex_model::Labels::encoded`] has them, without building a label set.
pub(super) fn encode(key: &mut Vec<u8>, pairs: &[Pair<'_>]) {
    key.clear();
    for (name, value) in pairs {
        let [name_len, value_len] = [name.len(), value.len()].map(|len| varint_len(len as u64) + len);
        key.push(0x0a);
        put_varint(key, (2 + name_len + value_len) as u64);
        for (tag, text) in [(0x0a, name), (0x12, value)] {
            key.push(tag);
            put_varint(key, text.len() as u64);
            key.extend_from_slice(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use narthex_model::Labels;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_key_is_what_a_label_set_encodes(
            pairs in prop::collection::btree_map("[a-z_]{0,9}", ".{1,200}", 0..9)
        ) {
            let borrowed: Vec<Pair<'_>> = pairs.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
            let mut key = Vec::new();
            encode(&mut key, &borrowed);
            let labels = Labels::from_pairs(&pairs);
            prop_assert_eq!(&key[..], labels.encoded());
        }
    }
}
