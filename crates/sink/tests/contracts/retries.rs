//! Retries: how long, how often, what is sent with each, and what happens when they end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use narthex_receiver::{Fault, ReceiverConfig};
use narthex_sink::{BoxFuture, OnExhausted, Reason, SignError, Signer, SinkError};
use narthex_testkit::in_process::{Meddling, WireRequest};
use narthex_testkit::logs;
use tokio::time::Instant;
use tracing::Level;

use crate::support::*;

/// The time from each request to the next.
fn gaps(rig: &Rig) -> Vec<Duration> {
    rig.wire().windows(2).map(|pair| pair[1].at - pair[0].at).collect()
}

fn assert_near(gap: Duration, ms: f64) {
    let is = gap.as_secs_f64() * 1000.0;
    // ±10 % of jitter, and tokio's clock ticks in milliseconds.
    assert!((0.9 * ms - 0.1..=1.1 * ms + 2.0).contains(&is), "{is} ms is not {ms} ms within a tenth");
}

#[tokio::test(start_paused = true)]
async fn waits_double_from_30_ms_to_5_s_with_a_tenth_of_jitter() {
    let rig = Rig::with_faults("ok 429x12");
    let sink = rig.sink();
    begin(&sink, [0], 0).await;
    begin(&sink, [0], 1).await;
    let waits = [30.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3840.0, 5000.0, 5000.0, 5000.0, 5000.0];
    let gaps = &gaps(&rig)[1..];
    assert_eq!(gaps.len(), waits.len());
    gaps.iter().zip(waits).for_each(|(&gap, ms)| assert_near(gap, ms));
}

#[tokio::test(start_paused = true)]
async fn two_shards_do_not_wait_in_step() {
    let rig = Rig::with_faults("429x40");
    let sink = rig.builder().shards(8).retry_max_time(secs(600)).build().unwrap();
    begin(&sink, 0..40, 0).await;
    let mut seconds: Vec<_> = rig.wire().iter().skip(8).map(|request| request.at).collect();
    seconds.dedup();
    assert!(seconds.len() > 16, "all shards retry at the same moments: {seconds:?}");
}

#[tokio::test(start_paused = true)]
async fn backoff_can_be_set() {
    let rig = Rig::with_faults("503x4");
    let sink = rig.builder().retry_initial_backoff(ms(1000)).retry_max_backoff(ms(2000)).build().unwrap();
    begin(&sink, [0], 0).await;
    gaps(&rig).into_iter().zip([1000.0, 2000.0, 2000.0, 2000.0]).for_each(|(gap, ms)| assert_near(gap, ms));
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_a_lower_bound_in_seconds_or_as_a_date() {
    // The clocks show Tue, 14 Nov 2023 22:13:20 GMT and stand still.
    let date = "Tue, 14 Nov 2023 22:13:40 GMT";
    let script = [
        Fault::ok(),
        Fault::status(429).retry_after("7"),
        Fault::status(503).retry_after("11"),
        Fault::status(503).retry_after(date),
        Fault::status(429).retry_after("Tue, 14 Nov 2023 22:13:00 GMT"),
        Fault::status(429).retry_after("soon"),
        Fault::status(429).retry_after("0"),
    ];
    let rig = Rig::of(ReceiverConfig::default().with_fault(script));
    let sink = rig.sink();
    begin(&sink, [0], 0).await;
    begin(&sink, [0], 1).await;
    let gaps = &gaps(&rig)[1..];
    assert_eq!(gaps.len(), 6);
    for (gap, seconds) in gaps.iter().zip([7, 11, 20]) {
        assert!((secs(seconds)..secs(seconds) + ms(5)).contains(gap), "{gap:?} is not {seconds} s");
    }
    gaps[3..].iter().zip([240.0, 480.0, 960.0]).for_each(|(&gap, ms)| assert_near(gap, ms));
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_cut_to_its_cap() {
    let rig = Rig::with_faults("ok 429:retry-after=86400");
    let sink = rig.sink();
    begin(&sink, [0], 0).await;
    begin(&sink, [0], 1).await;
    assert!((secs(120)..secs(121)).contains(&gaps(&rig)[1]), "{:?}", gaps(&rig));

    let rig = Rig::with_faults("ok 429:retry-after=86400");
    let sink = rig.builder().retry_max_retry_after(secs(9)).build().unwrap();
    begin(&sink, [0], 0).await;
    begin(&sink, [0], 1).await;
    assert!((secs(9)..secs(10)).contains(&gaps(&rig)[1]), "{:?}", gaps(&rig));
}

#[derive(Debug, Default)]
struct CountingSigner(AtomicU64);

impl Signer for CountingSigner {
    fn sign<'a>(
        &'a self,
        head: &'a mut http::request::Parts,
        body: &'a [u8],
        now_ms: i64,
    ) -> BoxFuture<'a, Result<(), SignError>> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let text = format!("{number} {} {now_ms} {}", body.len(), head.uri);
        head.headers.insert("x-signature", text.parse().unwrap());
        Box::pin(std::future::ready(Ok(())))
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_is_numbered_and_signed_anew() {
    let rig = Rig::with_faults("503x2 reset 429");
    let signer = Arc::new(CountingSigner::default());
    let sink = rig.builder().signer(signer.clone()).header("X-Scope-OrgID", "tenant").build().unwrap();
    begin(&sink, [0], 0).await;
    let wire = rig.wire();
    assert_eq!(wire.iter().map(WireRequest::attempt).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(wire[0].header("retry-attempt"), None, "the first attempt is no retry");
    for (number, request) in wire.iter().enumerate() {
        let body = request.body.len();
        let signature = format!("{number} {body} {NOW} http://receiver.test/api/v1/write");
        assert_eq!(request.header("x-signature"), Some(signature.as_str()));
        assert_eq!(request.header("x-scope-orgid"), Some("tenant"));
        assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
        assert_eq!(request.header("content-encoding"), Some("snappy"));
        assert_eq!(request.header("x-prometheus-remote-write-version"), Some("0.1.0"));
        assert!(request.header("user-agent").unwrap().starts_with("narthex/"));
    }
    assert_eq!(signer.0.load(Ordering::Relaxed), 5);
    let ledger = sink.close().await.unwrap();
    assert_eq!((ledger.requests, ledger.retries), (5, 4));
}

#[derive(Debug)]
struct FailingSigner {
    failures: AtomicU64,
    is_retryable: bool,
}

impl Signer for FailingSigner {
    fn sign<'a>(
        &'a self,
        _head: &'a mut http::request::Parts,
        _body: &'a [u8],
        _now_ms: i64,
    ) -> BoxFuture<'a, Result<(), SignError>> {
        let fails = self.failures.fetch_sub(1, Ordering::Relaxed) > 0;
        let error = SignError { message: "no credentials".into(), is_retryable: self.is_retryable };
        Box::pin(std::future::ready(if fails { Err(error) } else { Ok(()) }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_signer_that_may_recover_is_asked_again_and_one_that_may_not_stops() {
    let rig = Rig::new();
    let signer = |is_retryable| Arc::new(FailingSigner { failures: AtomicU64::new(3), is_retryable });
    let sink = rig.builder().signer(signer(true)).build().unwrap();
    begin(&sink, [0], 0).await;
    assert_eq!(told(&sink.close().await.unwrap()), "received 1 written 1");
    assert_eq!(rig.requests(), 1, "what could not be signed was not sent");

    let sink = rig.builder().signer(signer(false)).build().unwrap();
    sink.send(single(1, 0)).await.unwrap();
    let error = sink.close().await.unwrap_err();
    assert!(error.to_string().contains("no credentials"), "{error}");
    assert_eq!(told(&error.ledger), "received 1 written 0 pending 1");
    assert_eq!(rig.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn max_retries_ends_in_failure_with_everything_pending() {
    let rig = Rig::with_faults("ok 503x*");
    let sink = rig.builder().retry_max_retries(3).build().unwrap();
    begin(&sink, [0], 0).await;
    sink.send(single(0, 1)).await.unwrap();
    let error = sink.close().await.unwrap_err();
    assert_eq!(rig.requests(), 1 + 4, "one attempt and three retries");
    assert!(matches!(error.error, SinkError::Exhausted { .. }));
    let text = error.to_string();
    assert!(text.contains("4 attempts") && text.contains("503") && text.contains("sink.retry"), "{text}");
    assert_eq!(told(&error.ledger), "received 2 written 1 pending 1");
    assert!(rig.letters().is_empty(), "what stays pending is no dead letter");
}

#[tokio::test(start_paused = true)]
async fn zero_retries_is_one_attempt() {
    let rig = Rig::with_faults("429x*");
    let sink = rig.builder().retry_max_retries(0).build().unwrap();
    sink.send(single(0, 0)).await.unwrap();
    sink.close().await.unwrap_err();
    assert_eq!(rig.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn max_time_ends_in_failure_and_is_never_exceeded() {
    let rig = Rig::with_faults("ok 429x*");
    let sink = rig.builder().retry_max_time(secs(20)).build().unwrap();
    begin(&sink, [0], 0).await;
    let begin = Instant::now();
    sink.send(single(0, 1)).await.unwrap();
    let error = sink.close().await.unwrap_err();
    assert!(begin.elapsed() <= secs(20) && begin.elapsed() >= secs(14), "{:?}", begin.elapsed());
    assert_eq!(told(&error.ledger), "received 2 written 1 pending 1");
}

#[tokio::test(start_paused = true)]
async fn patience_is_60_s_before_the_first_accept() {
    for script in ["503x*", "429x*", "reset x*", "down:for=10h"] {
        let rig = Rig::with_faults(script);
        let sink = rig.sink();
        let begin = Instant::now();
        sink.send(single(0, 0)).await.unwrap();
        let error = sink.close().await.unwrap_err();
        assert!((secs(50)..=secs(61)).contains(&begin.elapsed()), "{script}: {:?}", begin.elapsed());
        assert!(matches!(error.error, SinkError::Exhausted { .. }), "{script}: {error}");
        assert_eq!(told(&error.ledger), "received 1 written 0 pending 1");
    }
}

#[tokio::test(start_paused = true)]
async fn patience_has_no_end_once_anything_was_accepted() {
    for script in ["429:after=1s,for=2h", "ok reset x3000", "down:after=1s,for=5h", "503:after=1s,for=3h"] {
        let rig = Rig::of(ReceiverConfig::default().with_fault(Fault::ok()).with_fault(faults(script)));
        let sink = rig.sink();
        begin(&sink, [0], 0).await;
        tokio::time::sleep(secs(2)).await;
        sink.send(single(0, 1)).await.unwrap();
        assert_eq!(told(&sink.close().await.unwrap()), "received 2 written 2", "{script}");
        assert_eq!(rig.held(&labels(0)), [0, 1]);
        assert!(rig.requests() > 100, "{script}: {}", rig.requests());
    }
}

/// What one shard's receiver has accepted is known to the others.
#[tokio::test(start_paused = true)]
async fn the_first_accept_counts_for_all_shards() {
    let begin = Instant::now();
    let rig = Rig::meddled(move |number: usize, _: &WireRequest| {
        (number > 0 && begin.elapsed() < secs(3600)).then_some(Meddling::Answer(503))
    });
    let sink = rig.builder().shards(4).build().unwrap();
    for n in 0..20 {
        sink.send(single(n, 0)).await.unwrap();
    }
    assert_eq!(told(&sink.close().await.unwrap()), "received 20 written 20");
    assert!(begin.elapsed() >= secs(3600));
}

#[tokio::test(start_paused = true)]
async fn exhaustion_can_drop_and_go_on() {
    let rig = Rig::with_faults("ok 503x4 ok");
    let sink = rig.builder().retry_max_retries(3).on_exhausted(OnExhausted::Discard).build().unwrap();
    let logs = logs::capture();
    begin(&sink, [0], 0).await;
    begin(&sink, [0], 1).await;
    begin(&sink, [0], 2).await;
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 3 written 2 retries_exhausted 1");
    assert_eq!(rig.held(&labels(0)), [0, 2]);
    assert_eq!(rig.dead(), [("retries_exhausted".to_owned(), labels(0), Some(sample(1)))]);
    let warnings = logs.at(Level::WARN);
    assert!(
        warnings.iter().any(|line| line.contains("lost 1 of") && line.contains("retries_exhausted")),
        "{warnings:?}"
    );
    assert_eq!(logs.at(Level::ERROR), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn discarding_gives_up_one_request_at_a_time() {
    let rig = Rig::with_faults("ok 429x*");
    let sink = rig
        .builder()
        .batch_max_size(10)
        .retry_max_time(secs(5))
        .on_exhausted(OnExhausted::Discard)
        .build()
        .unwrap();
    begin(&sink, 0..10, 0).await;
    for n in 0..30 {
        sink.send(single(n, 1)).await.unwrap();
    }
    let ledger = sink.close().await.unwrap();
    assert_eq!(told(&ledger), "received 40 written 10 retries_exhausted 30");
    assert_eq!(rig.letters().len(), 30);
    assert_eq!(lost(&ledger, Reason::RetriesExhausted), 30);
}

#[tokio::test(start_paused = true)]
async fn retries_warn_at_most_every_30_s_with_cause_and_duration() {
    let rig = Rig::of(
        ReceiverConfig::default()
            .with_fault(Fault::ok())
            .with_fault(faults("503:body=resting,after=1s,for=10min")),
    );
    let sink = rig.builder().shards(8).build().unwrap();
    let logs = logs::capture();
    begin(&sink, 0..50, 0).await;
    tokio::time::sleep(secs(1)).await;
    begin(&sink, 0..50, 1).await;
    let warnings = logs.at(Level::WARN);
    assert!((15..=22).contains(&warnings.len()), "{} in ten minutes: {warnings:#?}", warnings.len());
    assert!(
        warnings
            .iter()
            .all(|line| line.contains("503") && line.contains("resting") && line.contains("trying for"))
    );
    assert!(logs.at(Level::INFO).iter().any(|line| line.contains("takes requests again")));
}

#[tokio::test(start_paused = true)]
async fn network_errors_of_every_kind_are_retried_once_the_receiver_has_accepted() {
    use narthex_sink::Failure::*;
    for failure in [Dns, Connect, Certificate, Tls, Timeout, Broken] {
        let rig = Rig::meddled(move |number: usize, _: &WireRequest| {
            (1..40).contains(&number).then_some(Meddling::Fail(failure))
        });
        let sink = rig.sink();
        begin(&sink, [0], 0).await;
        begin(&sink, [0], 1).await;
        assert_eq!(told(&sink.close().await.unwrap()), "received 2 written 2", "{failure:?}");
        assert_eq!(rig.requests(), 41);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_certificate_stops_at_once_before_the_first_accept() {
    use narthex_sink::Failure::*;
    for (failure, stops_at_once) in [(Certificate, true), (Dns, false), (Connect, false), (Tls, false)] {
        let rig = Rig::meddled(move |_: usize, _: &WireRequest| Some(Meddling::Fail(failure)));
        let sink = rig.sink();
        sink.send(single(0, 0)).await.unwrap();
        let error = sink.close().await.unwrap_err();
        assert_eq!(rig.requests() == 1, stops_at_once, "{failure:?}: {}", rig.requests());
        assert_eq!(matches!(error.error, SinkError::Stopped { .. }), stops_at_once, "{failure:?}: {error}");
        assert_eq!(told(&error.ledger), "received 1 written 0 pending 1");
        if stops_at_once {
            assert!(error.to_string().contains("check the CA file"), "{error}");
        }
    }
}

/// Who says when to come back is a receiver: the patience that shows a wrong URL early does not end it at once.
#[tokio::test(start_paused = true)]
async fn a_first_answer_that_asks_for_a_long_wait_is_waited_for() {
    for status in [429, 503] {
        let rig = Rig::with_faults(&format!("{status}:retry-after=110"));
        let sink = rig.sink();
        let started = Instant::now();
        begin(&sink, [0], 0).await;
        assert_eq!(started.elapsed().as_secs(), 110);
        assert_eq!(told(&sink.close().await.unwrap()), "received 1 written 1");
        // One that asks again and again has had its time.
        let rig = Rig::with_faults(&format!("{status}:retry-after=110 x*"));
        let sink = rig.sink();
        sink.send(single(0, 0)).await.unwrap();
        assert!(matches!(sink.close().await.unwrap_err().error, SinkError::Exhausted { .. }));
        assert_eq!(rig.requests(), 2);
    }
}
