//! What is unsettled can be asked for at any time, and what a snapshot holds is enough to go on from.

use std::collections::BTreeMap;

use narthex_receiver::{Fault, ReceiverConfig};
use narthex_sink::{Labels, Origin, PrometheusSink, Reason, Sample, SinkError, TimeSeries};
use narthex_testkit::in_process::{Meddling, WireRequest};
use tokio::time::Instant;

use crate::support::*;

/// Seconds by series, in the order of the snapshot.
fn seconds(unsettled: &[TimeSeries]) -> BTreeMap<String, Vec<i64>> {
    let mut all: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for series in unsettled {
        let seconds = series.samples.iter().map(|sample| (sample.timestamp_ms - NOW) / 1000);
        all.entry(series.labels.to_string()).or_default().extend(seconds);
    }
    all
}

async fn unsettled(sink: &PrometheusSink) -> BTreeMap<String, Vec<i64>> {
    let begin = Instant::now();
    let unsettled = sink.unsettled().await.unwrap();
    assert!(begin.elapsed() < ms(5), "{:?}", begin.elapsed());
    let samples: usize = unsettled.iter().map(|series| series.samples.len()).sum();
    assert_eq!(samples as u64, sink.ledger().pending);
    seconds(&unsettled)
}

#[tokio::test(start_paused = true)]
async fn it_is_answered_at_once_while_the_receiver_is_away() {
    for script in ["503x*", "silencex*", "resetx*"] {
        let rig = Rig::with_faults(script);
        let sink = rig.builder().shards(3).batch_max_size(7).retry_max_time(secs(600)).build().unwrap();
        let mut sent = BTreeMap::new();
        for second in 0..6 {
            for n in 0..8 {
                let some = if n % 3 == 0 { vec![10 * second, 10 * second + 1] } else { vec![10 * second] };
                if sink.sender().try_send(series(n, some.clone())).is_ok() {
                    sent.entry(labels(n).to_string()).or_insert_with(Vec::new).extend(some);
                }
            }
            tokio::time::sleep(ms(700)).await;
            assert_eq!(unsettled(&sink).await, sent, "{script}");
        }
        assert!(sink.ledger().pending > 50);
        assert_eq!(unsettled(&sink).await, sent, "asking changes nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_settled_is_not_in_it_and_what_waits_for_its_request_is() {
    let rig = Rig::with_faults("ok 503x3");
    let sink = rig.builder().retry_initial_backoff(secs(1)).build().unwrap();
    assert!(unsettled(&sink).await.is_empty());
    // The first sample of a series goes alone, so two requests' worth.
    sink.send(series(0, [0, 1, 2])).await.unwrap();
    assert_eq!(unsettled(&sink).await, [(labels(0).to_string(), vec![0, 1, 2])].into());
    tokio::time::sleep(ms(1200)).await;
    sink.send(series(0, [3])).await.unwrap();
    assert_eq!(rig.held(&labels(0)), [0]);
    assert_eq!(unsettled(&sink).await, [(labels(0).to_string(), vec![1, 2, 3])].into());
    sink.flush().await.unwrap();
    assert!(unsettled(&sink).await.is_empty());
    assert_eq!(told(&sink.close().await.unwrap()), "received 4 written 4");
}

#[tokio::test(start_paused = true)]
async fn a_request_under_isolation_is_in_it_until_it_is_settled() {
    let rig =
        Rig::of(ReceiverConfig::default().with_fault(faults("400:if=n=3")).with_fault(Fault::delay(secs(1))));
    let sink = rig.sink();
    for n in 0..8 {
        sink.send(single(n, 0)).await.unwrap();
    }
    tokio::time::sleep(ms(3700)).await;
    assert!(rig.requests() > 2 && rig.requests() < 7, "{}", rig.requests());
    assert_eq!(unsettled(&sink).await.len(), 8);
    sink.flush().await.unwrap();
    assert!(unsettled(&sink).await.is_empty());
    assert_eq!(told(&sink.close().await.unwrap()), "received 8 written 7 bad_request 1");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_was_restored_writes_what_the_snapshot_holds() {
    let rig = Rig::with_faults("ok x3 503x8 ok");
    let before = rig.builder().shards(2).batch_max_size(10).build().unwrap();
    begin(&before, 0..10, 0).await;
    for second in 1..4 {
        for n in 0..10 {
            before.send(single(n, second)).await.unwrap();
        }
    }
    tokio::time::sleep(ms(50)).await;
    let snapshot = before.unsettled().await.unwrap();
    before.abort();
    let after = rig.builder().shards(5).build().unwrap();
    for series in snapshot {
        after.send(Origin::Restored.stamp(series)).await.unwrap();
    }
    after.flush().await.unwrap();
    for n in 0..10 {
        assert_eq!(rig.held(&labels(n)), [0, 1, 2, 3]);
    }
    assert_eq!(after.close().await.unwrap().lost(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_sink_says_why_instead() {
    let rig = Rig::with_faults("401");
    let sink = rig.sink();
    sink.send(single(0, 0)).await.unwrap();
    sink.flush().await.unwrap_err();
    assert!(matches!(sink.unsettled().await, Err(SinkError::Stopped { .. })));
}

/// A dead letter that the disk is slow to take keeps nobody from learning of the failure: neither a flush nor a
/// snapshot may pass over what is pending, not even for a moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_halted_half_way_is_never_nothing_unsettled() {
    let rig = Rig::with_faults("400x2 401");
    let letters = full_pipe(&rig.letters_path());
    let sink = rig.sink();
    sink.send(single(0, 0)).await.unwrap();
    sink.send(single(1, 0)).await.unwrap();
    let (flushed, error) = tokio::join!(sink.flush(), async {
        loop {
            match sink.unsettled().await {
                Ok(unsettled) => assert!(seconds(&unsettled).contains_key(&labels(1).to_string())),
                Err(error) => break error,
            }
        }
    });
    assert!(matches!(flushed, Err(SinkError::Stopped { .. })), "{flushed:?}");
    assert!(matches!(error, SinkError::Stopped { .. }), "{error:?}");
    drop(letters);
    let ledger = sink.close().await.unwrap_err().ledger;
    assert_eq!(told(&ledger), "received 2 written 0 pending 1 bad_request 1");
}

/// A named pipe that takes nothing more as long as what is returned is there.
fn full_pipe(path: &std::path::Path) -> std::fs::File {
    use std::io::Write;
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    let mut pipe = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    pipe.write_all(&[b'\n'; 65_536]).unwrap();
    pipe
}

#[tokio::test(start_paused = true)]
async fn a_shard_that_panics_stops_the_sink() {
    let rig = Rig::meddled(|_: usize, _: &WireRequest| -> Option<Meddling> { panic!("on purpose") });
    let sink = rig.sink();
    sink.send(single(0, 0)).await.unwrap();
    let error = sink.flush().await.unwrap_err().to_string();
    assert!(error.contains("it panicked: on purpose"), "{error}");
    assert!(sink.send(single(0, 1)).await.is_err());
    assert_eq!(sink.ledger().pending, 1);
}

#[tokio::test(start_paused = true)]
async fn one_more_than_there_is_room_for_can_be_forced_in() {
    let rig = Rig::with_faults("503x5");
    let sink = rig.builder().batch_max_size(4).requests_max_buffered(8).build().unwrap();
    let sender = sink.sender();
    let mut second = 0;
    loop {
        tokio::task::yield_now().await;
        match sender.try_send(single(0, second)) {
            Ok(()) => second += 1,
            Err(series) => {
                sender.send_over(series).unwrap();
                break;
            }
        }
    }
    assert!(sender.try_send(single(0, second + 1)).is_err(), "nothing else comes in");
    let ledger = sink.close().await.unwrap();
    assert_eq!((ledger.received, ledger.written), (second as u64 + 1, second as u64 + 1));
    assert!(matches!(sender.send_over(single(0, 99)), Err(SinkError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn a_series_that_cannot_be_sent_is_counted_and_filed_with_its_message() {
    let rig = Rig::new();
    let sink = rig.sink();
    sink.sender().discard_series(&series(0, [1, 2]), Reason::Null, "column v is null").await;
    let bare = TimeSeries::new(Labels::from_pairs([("__name__", "m")]), []);
    sink.sender().discard_series(&bare, Reason::NoTimestamp, "column t is null").await;
    let unknown = TimeSeries::new(Labels::from_pairs([("__name__", "m")]), [Sample::new(f64::NAN, i64::MIN)]);
    sink.sender().discard_series(&unknown, Reason::Null, "the sample is null").await;
    assert_eq!(told(&sink.close().await.unwrap()), "received 4 written 0 no_timestamp 1 null 3");
    let letters: Vec<_> =
        rig.letters().into_iter().map(|l| (l.reason.clone(), l.message.clone(), l.sample())).collect();
    let null = |second| ("null".to_owned(), Some("column v is null".to_owned()), Some(sample(second)));
    let bare = ("no_timestamp".to_owned(), Some("column t is null".to_owned()), None);
    let unknown = ("null".to_owned(), Some("the sample is null".to_owned()), None);
    assert_eq!(letters, [null(1), null(2), bare, unknown]);
    let text = std::fs::read_to_string(rig.letters_path()).unwrap();
    assert!(text.lines().last().unwrap().contains(r#""timestamp":null"#), "{text}");
}
