//! The ledger adds up at every moment, whoever looks and whatever happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use narthex_receiver::{Fault, ReceiverConfig};
use narthex_sink::{Labels, Ledger, OnExhausted, PrometheusSink, TimeSeries};

use crate::support::*;

/// A thread that reads the ledger without a pause and panics when it does not add up or a count goes back.
struct Scraper {
    stop: Arc<AtomicBool>,
    looks: Arc<AtomicU64>,
    thread: std::thread::JoinHandle<()>,
}

impl Scraper {
    fn watch(sink: &PrometheusSink) -> Self {
        let (stop, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (read, told_to_stop, looked) = (sink.ledger_reader(), stop.clone(), looks.clone());
        let thread = std::thread::spawn(move || {
            let mut before = Ledger::default();
            while !told_to_stop.load(Ordering::Relaxed) {
                let now = read();
                assert!(now.adds_up(), "{now:?}");
                assert!(
                    now.received >= before.received && now.written >= before.written,
                    "{before:?} {now:?}"
                );
                assert!(now.rejected_total() >= before.rejected_total(), "{before:?} {now:?}");
                assert!(now.dropped_total() >= before.dropped_total(), "{before:?} {now:?}");
                before = now;
                looked.fetch_add(1, Ordering::Relaxed);
            }
        });
        Self { stop, looks, thread }
    }

    fn end(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("every snapshot adds up");
        self.looks.load(Ordering::Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn it_adds_up_at_every_moment_of_a_troubled_run() {
    let rig = Rig::with_faults(
        "503x3 ok x20 lose-answer ok x10 400x7 ok x5 reset ok 418 413 ok x9 500x12 ok x30 silence:commit \
         400:if=n=11 429x5",
    );
    let sink = rig.builder().shards(3).batch_max_size(40).build().unwrap();
    let scraper = Scraper::watch(&sink);
    for round in 0..200i64 {
        for n in 0..60 {
            let series = match (n + round as usize) % 23 {
                0 => series(n, [round, round + 1, round]),
                1 => TimeSeries::single(Labels::from_pairs([("a", "b")]), sample(round)),
                2 => single(n, round - 50),
                _ => single(n, round),
            };
            sink.send(series).await.unwrap();
        }
        if round % 50 == 0 {
            sink.flush().await.unwrap();
        }
    }
    let ledger = sink.close().await.unwrap();
    let looks = scraper.end();
    assert!(ledger.adds_up() && ledger.pending == 0, "{ledger:?}");
    assert!(
        ledger.rejected_total() > 0 && ledger.dropped_total() > 0 && looks > 100,
        "{ledger:?}, {looks} looks"
    );
    assert_eq!(rig.letters().len() as u64, ledger.lost(), "each lost sample has its dead letter");
}

#[tokio::test(start_paused = true)]
async fn it_adds_up_through_exhaustion_and_stop() {
    for script in ["ok x5 503x*", "ok x5 401x*", "ok x5 400x30 404x*"] {
        for on_exhausted in [OnExhausted::Fail, OnExhausted::Discard] {
            let rig = Rig::with_faults(script);
            let sink = rig
                .builder()
                .shards(2)
                .batch_max_size(20)
                .retry_max_retries(2)
                .on_exhausted(on_exhausted)
                .build()
                .unwrap();
            let scraper = Scraper::watch(&sink);
            for round in 0..40 {
                for n in 0..20 {
                    if sink.send(single(n, round)).await.is_err() {
                        break;
                    }
                }
            }
            let ledger = match sink.close().await {
                Ok(ledger) => ledger,
                Err(error) => *error.ledger,
            };
            scraper.end();
            assert!(ledger.adds_up(), "{script}: {ledger:?}");
            assert_eq!(rig.letters().len() as u64, ledger.lost());
        }
    }
}

/// Real threads: several senders, shards on several workers.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_adds_up_under_real_concurrency() {
    let rig =
        Rig::of(ReceiverConfig::default().with_fault(faults("ok x50 503x2 ok x40 400x5 ok x30 lose-answer")));
    let sink = rig
        .builder()
        .shards(4)
        .batch_max_size(50)
        .requests_max_buffered(400)
        .retry_initial_backoff(ms(1))
        .retry_max_backoff(ms(5))
        .build()
        .unwrap();
    let scraper = Scraper::watch(&sink);
    let senders: Vec<_> = (0..4usize)
        .map(|who| {
            let sender = sink.sender();
            tokio::spawn(async move {
                for round in 0..200 {
                    for n in 0..25 {
                        sender.send(single(who * 25 + n, round)).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert!(scraper.end() > 0);
    assert_eq!((ledger.received, ledger.pending), (20_000, 0));
    assert!(ledger.adds_up());
    rig.assert_order();
    assert_eq!(rig.letters().len() as u64, ledger.lost());
}

#[tokio::test(start_paused = true)]
async fn pending_is_what_queues_and_requests_hold() {
    let rig = Rig::of(ReceiverConfig::default().with_fault(Fault::delay(secs(10))));
    let sink = rig.builder().batch_max_size(10).build().unwrap();
    for n in 0..35 {
        sink.send(single(n, 0)).await.unwrap();
    }
    assert_eq!(told(&sink.ledger()), "received 35 written 0 pending 35");
    for written in [10, 20, 30] {
        tokio::time::sleep(secs(10) + ms(50)).await;
        let pending = 35 - written;
        assert_eq!(told(&sink.ledger()), format!("received 35 written {written} pending {pending}"));
    }
    assert_eq!(told(&sink.close().await.unwrap()), "received 35 written 35");
}

#[tokio::test(start_paused = true)]
async fn its_json_is_the_documented_object() {
    let rig = Rig::with_faults("ok 400:if=n=3");
    let sink = rig.sink();
    begin(&sink, [0], 0).await;
    begin(&sink, 0..5, 1).await;
    begin(&sink, [0], -1).await;
    let ledger = serde_json::to_value(sink.close().await.unwrap()).unwrap();
    for key in ["received", "written", "replayed", "pending"] {
        assert!(ledger[key].is_u64(), "{key} in {ledger}");
    }
    // The first: 204; the five: 400; 0, 1: 204; 2, 3, 4: 400; 2: 204; 3, 4: 400; 3: 400; 4: 204.
    let requests = ["requests", "retries", "requests_accepted", "requests_refused"].map(|key| &ledger[key]);
    assert_eq!(requests.map(|count| count.as_u64().unwrap()), [8, 0, 4, 4], "{ledger}");
    assert_eq!(ledger["rejected"], serde_json::json!({ "bad_request": 1 }));
    assert_eq!(ledger["dropped"], serde_json::json!({ "out_of_order": 1 }));
}

#[tokio::test(start_paused = true)]
async fn dead_letters_that_cannot_be_written_are_counted_and_lose_no_sample() {
    let rig = Rig::new();
    let sink = rig.builder().dead_letters_path("/dev/full".into()).build().unwrap();
    begin(&sink, 0..5, 0).await;
    begin(&sink, 0..5, -1).await;
    begin(&sink, 0..5, 1).await;
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 15 written 10 out_of_order 5");
    assert_eq!(ledger.dead_letters_failed, 5);
}
