//! Back-pressure: every queue is bounded, whoever sends waits, and nobody waits for ever.

use narthex_receiver::{Fault, ReceiverConfig};
use narthex_sink::{Labels, PrometheusSink, SinkError, TimeSeries};
use tokio::task::JoinHandle;

use crate::support::*;

/// Sends without end until the sink fails or is closed; how many series were taken.
fn endless(sink: &PrometheusSink, series: usize) -> JoinHandle<(u64, SinkError)> {
    let sender = sink.sender();
    tokio::spawn(async move {
        let mut taken = 0;
        loop {
            let n = taken as usize % series;
            match sender.send(single(n, -86_400 + taken as i64 / series as i64)).await {
                Ok(()) => taken += 1,
                Err(error) => return (taken, error),
            }
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_throttles_for_ever_stops_the_source_with_bounded_memory() {
    for (shards, buffered) in [(1, 100), (4, 1000), (2, 100)] {
        let rig = Rig::of(
            ReceiverConfig::default()
                .with_fault(Fault::ok())
                .with_fault(faults("ok 429:after=1ms,for=1000h")),
        );
        let sink =
            rig.builder().shards(shards).batch_max_size(50).requests_max_buffered(buffered).build().unwrap();
        begin(&sink, [0], -90_000).await;
        tokio::time::sleep(secs(1)).await;
        let source = endless(&sink, 1000);
        let mut pending = Vec::new();
        for _ in 0..24 {
            tokio::time::sleep(secs(3600)).await;
            let ledger = sink.ledger();
            assert!(ledger.adds_up());
            pending.push(ledger.pending);
        }
        assert!(!source.is_finished());
        let most = buffered as u64;
        assert!(
            pending.iter().all(|&pending| pending <= most && pending > 0),
            "{shards} shards: {pending:?}"
        );
        assert_eq!(pending[1..], pending[..23], "nothing is taken any more");
        source.abort();
        let error = sink.close_within(secs(10)).await.unwrap_err();
        assert!(matches!(error.error, SinkError::DrainTimeout { .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn the_source_goes_on_when_the_receiver_does_and_nothing_is_lost() {
    let rig = Rig::of(
        ReceiverConfig::default()
            .with_fault(Fault::ok())
            .with_fault(faults("429:retry-after=20,after=1s,for=10min 503:after=11min,for=5min")),
    );
    let sink = rig.builder().shards(2).batch_max_size(50).requests_max_buffered(200).build().unwrap();
    begin(&sink, [0], -90_000).await;
    tokio::time::sleep(secs(2)).await;
    for taken in 0..20_000i64 {
        sink.send(single(taken as usize % 100, -86_400 + taken / 100)).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    // The head is a day ahead of nothing: all of it is in order and in reach.
    assert_eq!(told(&ledger), "received 20001 written 20001");
    rig.assert_order();
}

#[tokio::test(start_paused = true)]
async fn a_slow_receiver_sets_the_pace() {
    let rig = Rig::of(ReceiverConfig::default().with_fault(Fault::delay(secs(1))));
    let sink = rig.builder().batch_max_size(10).requests_max_buffered(20).build().unwrap();
    let begin = tokio::time::Instant::now();
    for n in 0..1000 {
        sink.send(single(n, 0)).await.unwrap();
        let ledger = sink.ledger();
        assert!(ledger.pending <= 20, "{ledger:?}");
    }
    assert!(begin.elapsed() >= secs(97), "{:?}", begin.elapsed());
    assert_eq!(told(&sink.close().await.unwrap()), "received 1000 written 1000");
    assert_eq!(rig.requests(), 100);
}

#[tokio::test(start_paused = true)]
async fn queues_are_bounded_in_bytes_too() {
    let rig = Rig::with_faults("429x*");
    let sink = rig.builder().flush_buffer_size(10 << 10).retry_max_time(secs(1000)).build().unwrap();
    let wide = |n: usize| {
        Labels::from_pairs([("__name__", "m".to_owned()), ("n", n.to_string()), ("t", "x".repeat(5000))])
    };
    let sender = sink.sender();
    let source = tokio::spawn(async move {
        for n in 0.. {
            if sender.send(TimeSeries::single(wide(n), sample(0))).await.is_err() {
                break;
            }
        }
    });
    tokio::time::sleep(secs(100)).await;
    let pending = sink.ledger().pending;
    assert!((2..=20).contains(&pending), "{pending} series of 5 kB with requests of 10 kB");
    source.abort();
}

#[tokio::test(start_paused = true)]
async fn a_series_larger_than_the_queue_is_taken_when_the_queue_is_empty() {
    let rig = Rig::new();
    let sink = rig.builder().batch_max_size(10).requests_max_buffered(10).build().unwrap();
    for n in 0..3 {
        sink.send(series(n, 0..100)).await.unwrap();
    }
    assert_eq!(told(&sink.close().await.unwrap()), "received 300 written 300");
}

#[tokio::test(start_paused = true)]
async fn without_waiting_a_full_queue_gives_the_series_back() {
    let rig = Rig::with_faults("429x30");
    let sink = rig
        .builder()
        .batch_max_size(10)
        .requests_max_buffered(20)
        .retry_max_time(secs(3600))
        .build()
        .unwrap();
    let sender = sink.sender();
    let mut taken = 0;
    let back = loop {
        match sender.try_send(single(taken, 0)) {
            Ok(()) => taken += 1,
            Err(series) => break series,
        }
    };
    assert!((10..=20).contains(&taken), "{taken}");
    assert_eq!(back, single(taken, 0), "the very series comes back");
    assert_eq!(sink.ledger().received, taken as u64, "and is not counted");
    sender.send(back).await.unwrap();
    assert_eq!(told(&sink.close().await.unwrap()), format!("received {0} written {0}", taken + 1));
}

#[tokio::test(start_paused = true)]
async fn many_at_once_are_taken_in_order_up_to_the_first_that_has_no_room() {
    for shards in [1, 3] {
        let rig = Rig::with_faults("429x5");
        let limits = rig.builder().shards(shards).batch_max_size(10).requests_max_buffered(20 * shards);
        let sink = limits.retry_max_time(secs(3600)).build().unwrap();
        let mut all: Vec<_> = (0..500).map(|n| single(n % 100, -1000 + n as i64)).collect();
        let expected = all.clone();
        let mut left = all.drain(..);
        sink.sender().try_send_all(&mut left);
        let taken = 500 - left.len();
        assert!((10..=20 * shards).contains(&taken), "{shards} shards: {taken}");
        assert_eq!(left.as_slice(), &expected[taken..], "the rest is left, in order");
        assert_eq!(sink.ledger().received, taken as u64, "and is not counted");
        while let Some(series) = left.next() {
            sink.send(series).await.unwrap();
            sink.sender().try_send_all(&mut left);
        }
        drop(left);
        assert_eq!(told(&sink.close().await.unwrap()), "received 500 written 500");
        for n in 0..100 {
            let held = rig.held(&labels(n));
            assert!(held.len() == 5 && held.is_sorted(), "series {n}: {held:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn senders_that_wait_are_woken_when_the_sink_fails_or_is_closed() {
    let rig = Rig::with_faults("ok 429x20 401");
    let sink = rig.builder().batch_max_size(10).requests_max_buffered(20).build().unwrap();
    begin(&sink, [0], -90_000).await;
    let sources: Vec<_> = (0..5).map(|_| endless(&sink, 100)).collect();
    for source in sources {
        let (_, error) = tokio::time::timeout(secs(3600), source).await.expect("it is woken").unwrap();
        assert!(error.to_string().contains("401"), "{error}");
    }

    let rig = Rig::with_faults("ok 429x200");
    let sink = rig.builder().batch_max_size(10).requests_max_buffered(20).build().unwrap();
    begin(&sink, [0], -90_000).await;
    let source = endless(&sink, 100);
    tokio::time::sleep(secs(5)).await;
    let closing = tokio::spawn(sink.close());
    let (taken, error) = tokio::time::timeout(secs(5), source).await.expect("it is woken").unwrap();
    assert!(matches!(error, SinkError::Closed), "{error}");
    let ledger = closing.await.unwrap().unwrap();
    assert_eq!((ledger.received, ledger.pending), (taken + 1, 0), "what was taken is settled");
}

#[tokio::test(start_paused = true)]
async fn a_full_shard_does_not_hold_up_another() {
    let stuck = (0..).find(|&n| narthex_sink::shard_of(&labels(n), 2) == 0).unwrap();
    let free = (0..).find(|&n| narthex_sink::shard_of(&labels(n), 2) == 1).unwrap();
    let stuck_label = stuck.to_string();
    let rig = Rig::of(
        ReceiverConfig::default()
            .with_fault(Fault::ok())
            .with_fault(Fault::status(429).when_label("n", &stuck_label)),
    );
    let sink = rig.builder().shards(2).batch_max_size(5).requests_max_buffered(20).build().unwrap();
    begin(&sink, [free], -90_000).await;
    while sink.sender().try_send(single(stuck, 0)).is_ok() {}
    for second in 0..500 {
        sink.send(single(free, -50_000 + second)).await.unwrap();
    }
    tokio::time::sleep(secs(5)).await;
    assert_eq!(rig.held(&labels(free)).len(), 501);
    sink.close_within(secs(1)).await.unwrap_err();
}
