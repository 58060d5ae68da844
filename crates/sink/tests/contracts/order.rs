//! Order: a series lives on one shard, which has one request in flight and settles it before the next.

use std::collections::HashMap;

use narthex_receiver::{Fault, ReceiverConfig};
use narthex_sink::{Checks, TimeSeries, shard_of};

use crate::support::*;

const TROUBLE: &str = "ok x3 503x2 reset ok lose-answer ok x2 429:retry-after=1 ok x3 500x3 ok silence:commit \
                       ok x4 reset-early ok x5 502 ok x2 cut-answer ok lose-answer x3 ok x7 504 429x4";

#[tokio::test(start_paused = true)]
async fn each_series_arrives_in_order_and_whole_through_every_trouble() {
    for (shards, batch) in [(1, 7), (4, 16), (8, 200)] {
        let rig = Rig::with_faults(TROUBLE);
        let sink = rig.builder().shards(shards).batch_max_size(batch).build().unwrap();
        for second in 0..50 {
            for n in 0..40 {
                sink.send(single(n, second)).await.unwrap();
            }
        }
        let ledger = sink.close().await.unwrap();
        assert_eq!(ledger.received, 2000);
        assert_eq!((ledger.lost(), ledger.pending), (0, 0), "{shards} shards: {ledger:?}");
        rig.assert_order();
        for n in 0..40 {
            assert_eq!(rig.held(&labels(n)), (0..50).collect::<Vec<_>>(), "{shards} shards, series {n}");
        }
    }
}

/// Checks cannot help here: what the wire shows is the order of sending alone.
#[tokio::test(start_paused = true)]
async fn without_checks_no_request_overtakes_one_that_is_not_settled() {
    let rig = Rig::with_faults(TROUBLE);
    let sink = rig.builder().shards(4).batch_max_size(10).checks(Checks::Off).build().unwrap();
    for second in 0..50 {
        for n in 0..40 {
            sink.send(single(n, second)).await.unwrap();
        }
    }
    sink.close().await.unwrap();
    let mut newest = HashMap::new();
    for request in rig.wire() {
        for (labels, sample) in request.samples() {
            let newest = newest.entry(labels).or_insert(sample.timestamp_ms);
            // A repeat or a part of the same request; a second is the step from one request to the next.
            assert!(sample.timestamp_ms >= *newest - 1000, "{} after {newest}", sample.timestamp_ms);
            *newest = sample.timestamp_ms.max(*newest);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_shard_has_one_request_in_flight_and_only_its_own_series() {
    for shards in [1, 3, 8] {
        let rig = Rig::of(ReceiverConfig::default().with_fault(Fault::delay(ms(700))));
        let sink = rig.builder().shards(shards).batch_max_size(5).build().unwrap();
        for second in 0..20 {
            for n in 0..50 {
                sink.send(single(n, second)).await.unwrap();
            }
        }
        let ledger = sink.close().await.unwrap();
        assert_eq!(ledger.written, 1000);
        assert_eq!(rig.transport.most_in_flight(), shards as u64);
        for request in rig.wire() {
            let mut of: Vec<usize> =
                request.samples().iter().map(|(labels, _)| shard_of(labels, shards)).collect();
            of.dedup();
            assert_eq!(of.len(), 1, "{shards} shards: {of:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_series_longer_than_a_request_is_cut_in_order() {
    let rig = Rig::with_faults("ok 503 ok lose-answer ok 429");
    let sink = rig.builder().batch_max_size(64).build().unwrap();
    sink.send(single(0, -1000)).await.unwrap();
    sink.send(series(0, -999..0)).await.unwrap();
    sink.send(single(0, 0)).await.unwrap();
    let ledger = sink.close().await.unwrap();
    assert_eq!((ledger.received, ledger.lost()), (1001, 0), "{ledger:?}");
    rig.assert_order();
    assert_eq!(rig.held(&labels(0)), (-1000..=0).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn samples_of_one_series_are_merged_within_a_request_in_order() {
    let rig = Rig::new();
    let sink = rig.sink();
    begin(&sink, [0, 1], 0).await;
    for second in 1..=5 {
        sink.send(single(0, second)).await.unwrap();
        sink.send(single(1, second)).await.unwrap();
    }
    sink.send(series(0, [6, 7])).await.unwrap();
    sink.close().await.unwrap();
    let [_, merged] = &rig.wire()[..] else { panic!("two requests were due") };
    let seconds = |n: usize| -> Vec<i64> {
        let of = merged.samples().into_iter().filter(|(of, _)| *of == labels(n));
        of.map(|(_, sample)| (sample.timestamp_ms - NOW) / 1000).collect()
    };
    assert_eq!((seconds(0), seconds(1)), ((1..=7).collect(), (1..=5).collect()));
    assert_eq!(rig.stats().series_received, 4, "two of the first request, two of the second");
}

#[tokio::test(start_paused = true)]
async fn flush_and_close_keep_the_order() {
    let rig = Rig::with_faults("503x2 ok reset ok 500 ok lose-answer");
    let sink = rig.builder().shards(3).batch_max_size(4).build().unwrap();
    for second in 0..30 {
        for n in 0..7 {
            sink.send(single(n, second)).await.unwrap();
        }
        if second % 5 == 0 {
            sink.flush().await.unwrap();
            assert_eq!(sink.ledger().pending, 0);
        }
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!((ledger.received, ledger.lost(), ledger.pending), (210, 0, 0));
    rig.assert_order();
    assert_eq!(rig.stored(), 210);
}

#[tokio::test(start_paused = true)]
async fn several_senders_keep_the_order_of_their_own_series() {
    let rig = Rig::with_faults(TROUBLE);
    let sink = rig.builder().shards(2).batch_max_size(9).build().unwrap();
    let senders = (0..4usize).map(|who| {
        let sender = sink.sender();
        tokio::spawn(async move {
            for second in 0..60 {
                sender.send(TimeSeries::single(labels(who), sample(second))).await.unwrap();
                tokio::task::yield_now().await;
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!((ledger.received, ledger.lost()), (240, 0));
    rig.assert_order();
    assert_eq!(rig.stored(), 240);
}
