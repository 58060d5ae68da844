//! What holds for any request: no panic, every sample has one fate, what is held is in order.

use crate::sender::*;
use bytes::Bytes;
use narthex_receiver::Behaviour;
use proptest::prelude::*;

fn behaviours() -> impl Strategy<Value = Behaviour> {
    prop::sample::select(Behaviour::NAMES.map(|name| name.parse().unwrap()).to_vec())
}

fn series() -> impl Strategy<Value = RawSeries> {
    let label = prop::sample::select(vec![("__name__", "m"), ("a", "1"), ("a", "2"), ("b", ""), ("", "x")]);
    let sample = (prop::sample::select(vec![-70 * MINUTE, -20, -10, 0, 10, 20 * MINUTE]), 0..3u8);
    (prop::collection::vec(label, 0..3), prop::collection::vec(sample, 0..4)).prop_map(|(labels, samples)| {
        let named = labels.into_iter().fold(metric("n"), |series, (name, value)| series.label(name, value));
        samples.into_iter().fold(named, |series, (at, value)| series.at(NOW + at, value.into()))
    })
}

proptest! {
    #[test]
    fn any_bytes_get_an_outcome(behaviour in behaviours(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let receiver = receiver(behaviour);
        receiver.handle(post(Bytes::from(bytes.clone())));
        receiver.handle(post(pack(&bytes)));
        prop_assert!(receiver.stats().samples.adds_up());
    }

    #[test]
    fn every_sample_has_one_fate_and_what_is_held_is_in_order(
        behaviour in behaviours(),
        window in prop::sample::select(vec![0u64, 30]),
        requests in prop::collection::vec(prop::collection::vec(series(), 0..4), 1..8),
    ) {
        let receiver = lenient(behaviour, window);
        for request in &requests {
            let before = receiver.stats().samples;
            let (status, _) = send(&receiver, request);
            let after = receiver.stats().samples;
            prop_assert!(after.adds_up());
            if behaviour.rolls_back() && !status.is_success() {
                prop_assert_eq!(before.stored, after.stored, "a refused request left something");
            }
        }
        let held = receiver.dump();
        for one in &held {
            prop_assert!(one.samples.is_sorted_by(|a, b| a.timestamp_ms < b.timestamp_ms));
        }
        let samples: usize = held.iter().map(|one| one.samples.len()).sum();
        prop_assert_eq!(samples as u64, receiver.stats().samples.stored);
        prop_assert_eq!(held.len() as u64, receiver.stats().series_held);
    }
}
