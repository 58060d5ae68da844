//! The sink as a `futures::Sink`.

use futures_util::{SinkExt, StreamExt, stream};
use narthex_receiver::{Fault, ReceiverConfig};
use narthex_sink::SinkError;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_stream_is_forwarded_in_order_and_settled() {
    let rig = Rig::with_faults("ok 503x2 ok lose-answer");
    let mut sink = rig.builder().shards(3).batch_max_size(10).requests_max_buffered(60).build().unwrap();
    let mut input = stream::iter((0..40).flat_map(|second| (0..25).map(move |n| Ok(single(n, second)))));
    SinkExt::send_all(&mut sink, &mut input).await.unwrap();
    let ledger = sink.ledger();
    assert_eq!((ledger.received, ledger.lost(), ledger.pending), (1000, 0, 0), "send_all flushes at its end");
    rig.assert_order();
    assert_eq!(rig.stored(), 1000);
    assert_eq!(sink.close().await.unwrap(), ledger);
}

#[tokio::test(start_paused = true)]
async fn the_own_send_all_takes_any_stream() {
    let rig = Rig::new();
    let sink = rig.sink();
    sink.send_all(stream::iter((0..100).map(|n| single(n, 0)))).await.unwrap();
    assert_eq!(told(&sink.close().await.unwrap()), "received 100 written 100");
}

#[tokio::test(start_paused = true)]
async fn forward_flushes_and_closes() {
    let rig = Rig::new();
    let mut sink = rig.sink();
    stream::iter((0..100).map(|n| Ok(single(n, 0)))).forward(&mut sink).await.unwrap();
    assert_eq!(told(&sink.ledger()), "received 100 written 100");
}

#[tokio::test(start_paused = true)]
async fn feeding_waits_while_the_queue_is_full() {
    let rig = Rig::of(ReceiverConfig::default().with_fault(Fault::delay(secs(1))));
    let mut sink = rig.builder().batch_max_size(10).requests_max_buffered(20).build().unwrap();
    let begin = tokio::time::Instant::now();
    for n in 0..200 {
        sink.feed(single(n, 0)).await.unwrap();
        assert!(sink.ledger().pending <= 20);
    }
    assert!(begin.elapsed() >= secs(15), "{:?}", begin.elapsed());
    SinkExt::flush(&mut sink).await.unwrap();
    assert_eq!(told(&sink.ledger()), "received 200 written 200");
}

/// What the sink has taken and no queue had room for is no less taken.
#[tokio::test(start_paused = true)]
async fn what_was_fed_is_in_the_ledger_and_survives_an_immediate_close() {
    let rig = Rig::of(ReceiverConfig::default().with_fault(Fault::delay(secs(1))));
    let mut sink = rig.builder().batch_max_size(10).requests_max_buffered(20).build().unwrap();
    for n in 0..21 {
        sink.feed(single(n, 0)).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 21 written 21");
    assert_eq!(rig.stored(), 21);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_sink_says_so_to_every_call() {
    let rig = Rig::with_faults("403x*");
    let mut sink = rig.builder().batch_max_size(10).requests_max_buffered(20).build().unwrap();
    let mut n = 0;
    let error = loop {
        match tokio::time::timeout(secs(60), SinkExt::feed(&mut sink, single(n, 0)))
            .await
            .expect("it is woken")
        {
            Ok(()) => n += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, SinkError::Stopped { .. }));
    assert!(SinkExt::flush(&mut sink).await.is_err());
    assert!(SinkExt::send(&mut sink, single(0, 0)).await.is_err());
    assert!(SinkExt::close(&mut sink).await.is_err());
}
