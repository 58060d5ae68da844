//! The table of answers: what each status does to a request, to the samples in it and to the sink.

use narthex_receiver::{Fault, ReceiverConfig};
use narthex_sink::{OnReject, Reason, SinkError};
use narthex_testkit::logs;
use tracing::Level;

use crate::support::*;

/// A request of ten series' first samples, then one of their second ones, which get `script`.
async fn ten_samples(script: &str) -> (Rig, Result<String, (SinkError, String)>) {
    let rig = Rig::with_faults(script);
    let sink = rig.sink();
    begin(&sink, 0..10, 0).await;
    for n in 0..10 {
        sink.send(single(n, 1)).await.unwrap();
    }
    let closed = sink.close().await.map(|ledger| told(&ledger)).map_err(|e| (e.error, told(&e.ledger)));
    (rig, closed)
}

#[tokio::test(start_paused = true)]
async fn every_2xx_is_written_with_one_request() {
    for status in [200, 201, 202, 204, 206, 299] {
        let (rig, closed) = ten_samples(&format!("ok {status}x*")).await;
        assert_eq!(closed.unwrap(), "received 20 written 20", "{status}");
        assert_eq!((rig.requests(), rig.stored()), (2, 20));
    }
}

#[tokio::test(start_paused = true)]
async fn a_success_whose_body_breaks_off_is_a_success() {
    let (rig, closed) = ten_samples("ok cut-answer").await;
    assert_eq!(closed.unwrap(), "received 20 written 20");
    assert_eq!(rig.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn statuses_that_refuse_data_reject_each_sample_under_its_own_reason() {
    for (status, reason) in [(400, "bad_request"), (409, "conflict"), (422, "unprocessable")] {
        let (rig, closed) = ten_samples(&format!("ok {status}:body=nope x*")).await;
        assert_eq!(closed.unwrap(), format!("received 20 written 10 {reason} 10"), "{status}");
        assert_eq!(rig.requests(), 1 + 19, "2n-1 requests find ten bad ones of ten");
        let letters = rig.letters();
        assert_eq!(letters.len(), 10);
        assert!(letters.iter().all(|l| l.reason == reason && l.status == Some(status)), "{letters:?}");
        assert!(letters.iter().all(|l| l.message.as_deref() == Some("nope")), "{letters:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_4xx_reject_the_request_whole_and_are_not_repeated() {
    for status in [402, 406, 407, 408, 410, 411, 412, 414, 416, 418, 421, 425, 428, 431, 451, 499] {
        let (rig, closed) = ten_samples(&format!("ok {status}")).await;
        assert_eq!(closed.unwrap(), "received 20 written 10 client_error 10", "{status}");
        assert_eq!(rig.requests(), 2, "{status}");
        assert!(rig.letters().iter().all(|l| l.status == Some(status)), "{status}");
        assert_eq!(rig.letters().len(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_refused_whole_does_not_hold_up_the_next() {
    let rig = Rig::with_faults("ok 418");
    let sink = rig.sink();
    for second in 0..3 {
        begin(&sink, 0..10, second).await;
    }
    assert_eq!(told(&sink.close().await.unwrap()), "received 30 written 20 client_error 10");
    assert_eq!(rig.held(&labels(3)), [0, 2]);
}

#[tokio::test(start_paused = true)]
async fn statuses_to_try_again_are_tried_until_they_pass() {
    for status in [429, 500, 501, 502, 503, 504, 507, 520, 529, 599] {
        let (rig, closed) = ten_samples(&format!("ok {status}x4")).await;
        assert_eq!(closed.unwrap(), "received 20 written 20", "{status}");
        assert_eq!(rig.requests(), 2 + 4, "{status}");
        assert!(rig.letters().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn statuses_of_a_wrong_receiver_stop_the_sink_with_nothing_lost() {
    for (status, advice) in [
        (401, "password or token"),
        (403, "credentials may write"),
        (404, "--web.enable-remote-write-receiver"),
        (405, "path"),
        (415, "protobuf"),
        (300, "final URL"),
        (301, "final URL"),
        (302, "final URL"),
        (303, "final URL"),
        (304, "final URL"),
        (307, "final URL"),
        (308, "final URL"),
    ] {
        for script in [format!("ok {status}x*"), format!("{status}x*")] {
            let logs = logs::capture();
            let config = ReceiverConfig::default().with_fault(faults(&script));
            let rig = Rig::of(config);
            let sink = rig.sink();
            let accepts = script.starts_with("ok");
            if accepts {
                begin(&sink, 0..10, 0).await;
            }
            for n in 0..10 {
                sink.send(single(n, 1)).await.unwrap();
            }
            let error = sink.close().await.unwrap_err();
            assert!(matches!(error.error, SinkError::Stopped { .. }), "{script}: {error}");
            let text = error.to_string();
            let parts = [advice, &status.to_string(), "http://receiver.test/api/v1/write"];
            assert!(parts.iter().all(|part| text.contains(part)), "{script}: {text}");
            let written = if accepts { 10 } else { 0 };
            assert_eq!(
                told(&error.ledger),
                format!("received {} written {written} pending 10", 10 + written)
            );
            assert_eq!(rig.requests(), if accepts { 2 } else { 1 }, "{script}: no retry, no redirect");
            assert!(rig.letters().is_empty(), "{script}");
            assert_eq!(logs.at(Level::ERROR), [text], "a stop is one ERROR");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_says_where_it_points() {
    let (_, closed) = ten_samples("ok 301:location=https://elsewhere.test/push x*").await;
    let (error, ledger) = closed.unwrap_err();
    assert!(error.to_string().contains("https://elsewhere.test/push"), "{error}");
    assert_eq!(ledger, "received 20 written 10 pending 10");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_kind_of_answer_stops_the_sink() {
    use narthex_testkit::in_process::{Meddling, WireRequest};
    for status in [101, 600, 999] {
        let rig = Rig::meddled(move |_: usize, _: &WireRequest| Some(Meddling::Answer(status)));
        let sink = rig.sink();
        sink.send(single(0, 0)).await.unwrap();
        let error = sink.close().await.unwrap_err();
        assert_eq!(told(&error.ledger), "received 1 written 0 pending 1", "{status}");
        assert!(error.to_string().contains("no answer of a Remote-Write receiver"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_one_shard_stops_all_and_wakes_who_waits() {
    let rig = Rig::with_faults("401x*");
    let sink = rig.builder().shards(4).batch_max_size(5).requests_max_buffered(20).build().unwrap();
    let failed = sink.failed();
    let sent = async {
        for n in 0.. {
            if let Err(error) = sink.send(single(n, 0)).await {
                return error;
            }
        }
        unreachable!()
    };
    let error = tokio::time::timeout(secs(5), sent).await.expect("a waiting sender is woken");
    assert!(error.to_string().contains("401"), "{error}");
    failed.await;
    assert_eq!(sink.failure().unwrap().to_string(), error.to_string());
    assert!(sink.flush().await.is_err());
    assert!(sink.send(single(0, 1)).await.is_err());
    assert!(sink.sender().try_send(single(0, 1)).is_err());
    let ledger = sink.ledger();
    assert_eq!((ledger.written, ledger.lost(), ledger.pending), (0, 0, ledger.received));
}

#[tokio::test(start_paused = true)]
async fn discard_rejects_a_refused_request_whole_with_one_request() {
    for (status, reason) in [(400, Reason::BadRequest), (409, Reason::Conflict), (422, Reason::Unprocessable)]
    {
        let config = ReceiverConfig::default().with_fault([Fault::ok(), Fault::status(status)]);
        let rig = Rig::of(config);
        let sink = rig.builder().on_reject(OnReject::Discard).build().unwrap();
        for second in 0..3 {
            begin(&sink, 0..10, second).await;
        }
        let ledger = sink.close().await.unwrap();
        assert_eq!((ledger.written, lost(&ledger, reason)), (20, 10));
        assert_eq!((rig.requests(), rig.letters().len()), (3, 10));
        assert_eq!(rig.held(&labels(0)), [0, 2]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_receivers_body_decides_nothing() {
    for body in ["ok", "", "success", "retry later", "401 Unauthorized"] {
        let (rig, closed) = ten_samples(&format!("ok 418:body=\"{body}\"")).await;
        assert_eq!(closed.unwrap(), "received 20 written 10 client_error 10");
        assert_eq!(rig.requests(), 2);
    }
}
