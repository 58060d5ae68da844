//! 413: the request is halved, the limit remembered, and only what is too large alone is rejected.

use narthex_sink::{Labels, TimeSeries};
use narthex_testkit::in_process::{Meddling, WireRequest};

use crate::support::*;

/// 413 above so many unpacked bytes, as the remembered limit counts.
fn limited(bytes: usize) -> Rig {
    Rig::meddled(move |_: usize, request: &WireRequest| {
        let length = snap_length(&request.body);
        (length > bytes).then_some(Meddling::Answer(413))
    })
}

/// The unpacked length that a snappy block begins with.
fn snap_length(block: &[u8]) -> usize {
    let mut length = 0;
    for (at, byte) in block.iter().enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            break;
        }
    }
    length
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_too_large_is_halved_and_nothing_is_rejected() {
    let rig = limited(4000);
    let sink = rig.builder().batch_max_size(1000).build().unwrap();
    for n in 0..1000 {
        sink.send(single(n, 0)).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 1000 written 1000");
    assert_eq!(rig.stored(), 1000);
    assert!(rig.letters().is_empty());
    rig.assert_order();
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_remembered_by_all_shards() {
    let rig = limited(4000);
    let sink = rig.builder().shards(2).batch_max_size(500).build().unwrap();
    let refused = |rig: &Rig| rig.wire().iter().filter(|r| r.status.is_some_and(|s| s == 413)).count();
    for n in 0..1000 {
        sink.send(single(n, 0)).await.unwrap();
    }
    sink.flush().await.unwrap();
    let first = refused(&rig);
    assert!(first > 0);
    for second in 1..10 {
        for n in 0..1000 {
            sink.send(single(n, second)).await.unwrap();
        }
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 10000 written 10000");
    assert_eq!(refused(&rig), first, "no request meets the limit again");
}

#[tokio::test(start_paused = true)]
async fn a_sample_that_is_too_large_alone_is_rejected_alone() {
    let rig = limited(4000);
    let sink = rig.sink();
    for n in 0..100 {
        sink.send(single(n, 0)).await.unwrap();
        if n == 50 {
            let large = Labels::from_pairs([("__name__", "m".to_owned()), ("text", "x".repeat(9000))]);
            sink.send(TimeSeries::single(large, sample(0))).await.unwrap();
        }
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 101 written 100 too_large 1");
    let letters = rig.letters();
    assert_eq!((letters.len(), letters[0].status), (1, Some(413)));
}

#[tokio::test(start_paused = true)]
async fn samples_that_are_too_large_use_up_no_budget_of_isolation() {
    let rig = limited(70);
    let sink = rig.builder().batch_max_size(3000).build().unwrap();
    for n in 0..3000 {
        sink.send(single(n, 0)).await.unwrap();
    }
    assert_eq!(told(&sink.close().await.unwrap()), "received 3000 written 3000");
}

#[tokio::test(start_paused = true)]
async fn series_with_several_samples_keep_their_order_when_halved() {
    let rig = limited(600);
    let sink = rig.builder().batch_max_size(500).build().unwrap();
    begin(&sink, 0..5, 0).await;
    for n in 0..5 {
        sink.send(series(n, 1..=100)).await.unwrap();
    }
    assert_eq!(told(&sink.close().await.unwrap()), "received 505 written 505");
    rig.assert_order();
    assert_eq!(rig.held(&labels(4)), (0..=100).collect::<Vec<_>>());
}
