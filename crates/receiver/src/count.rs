//! Counts what a message holds, for [`crate::Keep::Nothing`].
//!
//! Messages of the one shape that senders write (a label is its name and value, a sample its value and
//! timestamp, nothing else) are walked without building anything; any other goes to the full decoder, which
//! also names what is wrong. Both agree, and a test holds them to it.

use narthex_protocol::decode::{self, DecodeError};

/// `TimeSeries` messages and samples in a message.
///
/// # Errors
/// What the full decoder says.
pub(crate) fn count(message: &[u8]) -> Result<(u64, u64), DecodeError> {
    walk(message).map_or_else(|| decode_and_count(message), Ok)
}

fn decode_and_count(message: &[u8]) -> Result<(u64, u64), DecodeError> {
    let (mut series, mut samples) = (0, 0);
    decode::for_each_series(message, |one| {
        series += 1;
        samples += one.samples.len() as u64;
    })?;
    Ok((series, samples))
}

/// None when anything is not in the plain shape.
fn walk(mut rest: &[u8]) -> Option<(u64, u64)> {
    let (mut series, mut samples) = (0, 0);
    while !rest.is_empty() {
        let mut one = field(&mut rest, 0x0a)?;
        series += 1;
        while one.first() == Some(&0x0a) {
            let mut label = field(&mut one, 0x0a)?;
            field(&mut label, 0x0a)?;
            field(&mut label, 0x12)?;
            is_end(label)?;
        }
        while !one.is_empty() {
            sample(field(&mut one, 0x12)?)?;
            samples += 1;
        }
    }
    Some((series, samples))
}

/// A length-delimited field with this tag.
#[inline(always)]
fn field<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (length, body) = match **rest {
        [found, length @ ..0x80, ref body @ ..] if found == tag => (usize::from(length), body),
        [found, low, high @ ..0x80, ref body @ ..] if found == tag => {
            (usize::from(low & 0x7f) | usize::from(high) << 7, body)
        }
        _ => return None,
    };
    let (field, after) = body.split_at_checked(length)?;
    *rest = after;
    Some(field)
}

#[inline(always)]
fn sample(sample: &[u8]) -> Option<()> {
    let [0x09, _, _, _, _, _, _, _, _, 0x10, timestamp @ ..] = sample else { return None };
    let (last, others) = timestamp.split_last()?;
    let is_varint = *last < 0x80 && others.len() < 10 && others.iter().all(|byte| *byte >= 0x80);
    is_varint.then_some(())
}

#[inline(always)]
fn is_end(rest: &[u8]) -> Option<()> {
    rest.is_empty().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use narthex_model::{Labels, Sample};
    use narthex_protocol::encode;
    use proptest::prelude::*;

    fn message(series: &[(usize, Vec<i64>)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (length, timestamps) in series {
            let labels = Labels::from_pairs([("__name__", "m".repeat(*length)), ("a", "1".to_owned())]);
            encode::put_series(&mut out, &labels, timestamps.iter().map(|&at| Sample::new(1.5, at)));
        }
        out
    }

    #[test]
    fn what_our_sender_writes_is_walked() {
        let message = message(&[(3, vec![0, -1, i64::MAX]), (200, vec![1_700_000_000_000]), (9, vec![])]);
        assert_eq!(walk(&message), Some((3, 4)));
        assert_eq!(walk(b""), Some((0, 0)));
    }

    #[test]
    fn long_strings_are_left_to_the_decoder() {
        let message = message(&[(20_000, vec![1])]);
        assert_eq!((walk(&message), count(&message)), (None, Ok((1, 1))));
    }

    proptest! {
        #[test]
        fn walking_agrees_with_decoding_also_when_a_byte_is_wrong(
            series in prop::collection::vec((1..200usize, prop::collection::vec(any::<i64>(), 0..4)), 1..4),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
            is_cut in any::<bool>(),
        ) {
            let mut message = message(&series);
            let at = at.index(message.len());
            if is_cut { message.truncate(at) } else { message[at] = byte }
            prop_assert_eq!(count(&message), decode_and_count(&message));
        }
    }
}
