//! When a request is sent, and what flush, close and drop promise.

use narthex_receiver::{Fault, ReceiverConfig};
use narthex_sink::{SinkError, TimeSeries};
use narthex_testkit::logs;
use tokio::time::Instant;
use tracing::Level;

use crate::support::*;

#[tokio::test(start_paused = true)]
async fn a_sample_waits_half_a_second_at_most() {
    for age in [None, Some(ms(50)), Some(secs(20))] {
        let rig = Rig::new();
        let mut builder = rig.builder();
        if let Some(age) = age {
            builder = builder.flush_buffer_timeout(age);
        }
        let sink = builder.build().unwrap();
        let begin = Instant::now();
        sink.send(single(0, 0)).await.unwrap();
        let age = age.unwrap_or(ms(500));
        tokio::time::sleep(age / 2).await;
        sink.send(single(1, 0)).await.unwrap();
        tokio::time::sleep(age).await;
        let wire = rig.wire();
        assert_eq!(wire.len(), 1, "one request with both");
        let waited = wire[0].at - begin;
        assert!(waited >= age && waited <= age + ms(2), "{waited:?}");
        assert_eq!(wire[0].samples().len(), 2);
        sink.close().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_request_is_sent_at_once() {
    let rig = Rig::new();
    let sink = rig.builder().batch_max_size(10).build().unwrap();
    let begin = Instant::now();
    for n in 0..25 {
        sink.send(single(n, 0)).await.unwrap();
    }
    tokio::time::sleep(ms(10)).await;
    let sizes: Vec<usize> = rig.wire().iter().map(|request| request.samples().len()).collect();
    assert_eq!(sizes, [10, 10]);
    sink.close().await.unwrap();
    assert!(begin.elapsed() < ms(100), "close waits for no age");
    assert_eq!(rig.wire()[2].samples().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn no_request_has_more_samples_or_bytes_than_allowed() {
    for (samples, bytes) in [(7, 1 << 20), (2000, 1 << 10), (50, 3000)] {
        let rig = Rig::new();
        let sink = rig.builder().batch_max_size(samples).flush_buffer_size(bytes).build().unwrap();
        for n in 0..300 {
            sink.send(series(n, [0, 1, 2])).await.unwrap();
        }
        assert_eq!(told(&sink.close().await.unwrap()), "received 900 written 900");
        for request in rig.wire() {
            let plain = narthex_protocol::snappy::decompress(&request.body, 1 << 24).unwrap();
            assert!(request.samples().len() <= samples && plain.len() <= bytes, "{} B", plain.len());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn flush_sends_at_once_and_waits_until_all_is_settled() {
    let rig = Rig::of(
        ReceiverConfig::default().with_fault(faults("ok 503x2 ok")).with_fault(Fault::delay(secs(3))),
    );
    let sink = rig.builder().shards(4).build().unwrap();
    for n in 0..100 {
        sink.send(single(n, 0)).await.unwrap();
    }
    let begin = Instant::now();
    sink.flush().await.unwrap();
    assert_eq!(told(&sink.ledger()), "received 100 written 100");
    assert!(begin.elapsed() >= secs(3));
    sink.flush().await.unwrap(); // nothing is left to do
    assert_eq!(rig.wire().iter().filter(|request| request.attempt() == 0).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn flush_of_an_idle_sink_is_done_at_once() {
    let rig = Rig::new();
    let sink = rig.builder().shards(3).build().unwrap();
    let begin = Instant::now();
    sink.flush().await.unwrap();
    begin_and_flush_twice(&sink).await;
    assert!(begin.elapsed() < ms(10));
    assert_eq!(rig.requests(), 1);
}

async fn begin_and_flush_twice(sink: &narthex_sink::PrometheusSink) {
    sink.send(single(0, 0)).await.unwrap();
    let (one, other) = tokio::join!(sink.flush(), sink.flush());
    one.unwrap();
    other.unwrap();
}

#[tokio::test(start_paused = true)]
async fn flush_ends_although_more_is_sent_all_the_time() {
    let rig = Rig::of(ReceiverConfig::default().with_fault(Fault::delay(ms(100))));
    let sink = rig.builder().batch_max_size(10).requests_max_buffered(100).build().unwrap();
    let sender = sink.sender();
    let source = tokio::spawn(async move {
        for second in -80_000.. {
            if sender.send(single(second as usize % 50, second)).await.is_err() {
                break;
            }
        }
    });
    tokio::time::sleep(secs(2)).await;
    let flushed = tokio::time::timeout(secs(30), sink.flush()).await;
    flushed.expect("what comes later cannot hold it up").unwrap();
    source.abort();
}

#[tokio::test(start_paused = true)]
async fn flush_settles_what_follows_a_series_first_sample() {
    let rig = Rig::new();
    let sink = rig.sink();
    sink.send(series(0, 0..100)).await.unwrap();
    sink.flush().await.unwrap();
    assert_eq!(told(&sink.ledger()), "received 100 written 100");
}

#[tokio::test(start_paused = true)]
async fn flush_says_when_the_sink_has_stopped() {
    let rig = Rig::with_faults("404x*");
    let sink = rig.sink();
    sink.send(single(0, 0)).await.unwrap();
    assert!(sink.flush().await.unwrap_err().to_string().contains("404"));
    assert!(sink.flush().await.is_err(), "and goes on saying it");
}

#[tokio::test(start_paused = true)]
async fn close_drains_and_returns_the_final_ledger() {
    let rig = Rig::with_faults("ok 503x7 ok reset");
    let sink = rig.builder().shards(3).batch_max_size(10).build().unwrap();
    for second in 0..20 {
        for n in 0..20 {
            sink.send(single(n, second)).await.unwrap();
        }
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 400 written 400");
    assert_eq!(ledger.requests, rig.requests() as u64);
    assert_eq!(rig.stored(), 400);
}

#[tokio::test(start_paused = true)]
async fn an_empty_sink_closes_with_an_empty_ledger_and_no_request() {
    let rig = Rig::new();
    let sink = rig.builder().shards(8).build().unwrap();
    sink.send(TimeSeries::new(labels(0), [])).await.unwrap();
    assert_eq!(told(&sink.close().await.unwrap()), "received 0 written 0");
    assert_eq!(rig.requests(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_drain_that_takes_too_long_says_what_is_pending() {
    let rig = Rig::of(ReceiverConfig::default().with_fault(Fault::ok()).with_fault(faults("ok 503x*")));
    let sink = rig.builder().batch_max_size(10).build().unwrap();
    begin(&sink, 0..10, 0).await;
    for n in 0..25 {
        sink.send(single(n, 1)).await.unwrap();
    }
    let begin = Instant::now();
    let error = sink.close_within(secs(10)).await.unwrap_err();
    assert!((secs(10)..secs(11)).contains(&begin.elapsed()));
    let SinkError::DrainTimeout { seconds, pending } = error.error else { panic!("{error}") };
    assert_eq!((seconds, pending), (10.0, 25));
    assert_eq!(told(&error.ledger), "received 35 written 10 pending 25");
    assert!(error.to_string().contains("25 samples are still pending"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_drain_in_time_is_a_close() {
    let rig = Rig::of(ReceiverConfig::default().with_fault(Fault::delay(secs(9))));
    let sink = rig.sink();
    sink.send(single(0, 0)).await.unwrap();
    assert_eq!(told(&sink.close_within(secs(10)).await.unwrap()), "received 1 written 1");
}

#[tokio::test(start_paused = true)]
async fn senders_that_outlive_the_sink_are_told() {
    let rig = Rig::new();
    let sink = rig.sink();
    let (sender, ledger) = (sink.sender(), sink.ledger_reader());
    sender.send(single(0, 0)).await.unwrap();
    sink.close().await.unwrap();
    assert!(matches!(sender.send(single(0, 1)).await, Err(SinkError::Closed)));
    assert_eq!(sender.try_send(single(0, 1)), Err(single(0, 1)));
    assert_eq!(told(&ledger()), "received 1 written 1");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_dropped_says_how_much_was_not_settled() {
    let logs = logs::capture();
    let rig = Rig::new();
    let sink = rig.sink();
    begin(&sink, [0], 0).await;
    drop(sink);
    assert_eq!(logs.at(Level::WARN), [""; 0], "nothing was left");
    let sink = rig.sink();
    for n in 0..7 {
        sink.send(single(n, 1)).await.unwrap();
    }
    drop(sink);
    assert!(
        logs.text().contains("WARN the sink was dropped without close: 7 samples were not settled"),
        "{}",
        logs.text()
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_sent_at_all_is_counted_and_kept() {
    use narthex_sink::Reason;
    let rig = Rig::new();
    let sink = rig.sink();
    let sender = sink.sender();
    sender.discard(labels(0), Some(sample(0)), None, Reason::NoTimestamp).await;
    sender.discard(labels(1), None, Some(NOW), Reason::Null).await;
    assert_eq!(told(&sink.close().await.unwrap()), "received 2 written 0 no_timestamp 1 null 1");
    let letters = rig.letters();
    assert_eq!(letters.iter().map(|l| l.reason.as_str()).collect::<Vec<_>>(), ["no_timestamp", "null"]);
}

/// Shards that have ended are not asked again when the time runs out for the others.
#[tokio::test(start_paused = true)]
async fn a_drain_that_some_shards_make_and_others_do_not_ends_with_a_ledger() {
    for stuck in 0..8 {
        let rig = Rig::meddled(Refuses::with(503, [(stuck, 1)]));
        let sink = rig.builder().shards(8).build().unwrap();
        begin(&sink, 0..20, 0).await;
        for n in 0..20 {
            sink.send(single(n, 1)).await.unwrap();
        }
        let error = sink.close_within(secs(1)).await.unwrap_err();
        assert!(matches!(error.error, SinkError::DrainTimeout { .. }), "{error}");
        let ledger = &error.ledger;
        assert!(ledger.adds_up() && ledger.pending >= 1 && ledger.written > 20, "{ledger:?}");
        // What was planned and not made is no retry.
        let wire = rig.wire();
        let repeats = wire.iter().enumerate().filter(|(at, r)| wire[..*at].iter().any(|e| e.body == r.body));
        assert_eq!(ledger.retries, repeats.count() as u64);
    }
}

/// Bytes make a request as samples do: nobody waits for its age.
#[tokio::test(start_paused = true)]
async fn a_requests_worth_of_bytes_goes_at_once() {
    let rig = Rig::new();
    let sink =
        rig.builder().shards(1).flush_buffer_size(1 << 10).flush_buffer_timeout(secs(3600)).build().unwrap();
    let begin = Instant::now();
    for n in 0..40 {
        sink.send(single(n, 0)).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(1)).await; // the shard goes idle in between
    }
    assert!(rig.requests() >= 1, "{} requests", rig.requests());
    assert!(begin.elapsed() < secs(1));
    assert_eq!(told(&sink.close().await.unwrap()), "received 40 written 40");
}

/// Real threads: whoever waits looks while the shard stops.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_never_ends_well_when_the_sink_has_stopped() {
    for round in 0..2_000 {
        let rig = Rig::with_faults("401x*");
        let sink = rig.sink();
        sink.send(single(0, 0)).await.unwrap();
        assert!(sink.flush().await.is_err(), "round {round}");
    }
}
