//! `sink.reorder`: rows in disorder reach the receiver in the order of their time.

use std::fmt::Write as _;

use crate::support::job::Job;
use crate::support::ledger::{adds_up, count};

/// Samples of two series, each up to four seconds behind the newest, into a table with such an option.
async fn ran(
    reorder: &str,
    delay: u32,
    time: &str,
    parallelism: &str,
) -> (Job, crate::support::process::Ended) {
    let job = Job::new().await;
    let events = (0..40_u64).fold(String::new(), |mut text, number| {
        let second = number / 5 * 5 + 4 - number % 5;
        let ms = (1_700_000_000 + second) * 1_000;
        let _ = writeln!(
            text,
            "{{\"v\":{number},\"k\":\"{}\",\"ms\":{ms}}}",
            if second % 2 == 0 { "a" } else { "b" }
        );
        text
    });
    job.file("events.json", events);
    let sql = format!(
        "SET 'parallelism.default' = '{parallelism}';
         CREATE TABLE e (v INT, k STRING, ms BIGINT, rt AS TO_TIMESTAMP_LTZ(ms, 3),
           WATERMARK FOR rt AS rt - INTERVAL '{delay}' SECOND)
         WITH ('connector' = 'filesystem', 'path' = '${{F}}/events.json', 'format' = 'json');
         CREATE TABLE s (v INT, k STRING, ts TIMESTAMP_LTZ(3)) WITH ('connector' = 'prometheus',
           'metric.endpoint-url' = '${{URL}}', 'metric.name.literal' = 'm', 'metric.sample.key' = 'v',
           'metric.sample.timestamp' = 'ts', 'sink.reorder' = '{reorder}');
         INSERT INTO s SELECT v, k, {time} FROM e;"
    );
    let ended = job.ran(&sql, &[]).await;
    (job, ended)
}

#[tokio::test]
async fn rows_in_disorder_wait_until_their_time_has_passed() {
    for parallelism in ["1", "2"] {
        let (job, ended) = ran("true", 5, "rt", parallelism).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        job.source("e");
        let ledger = job.ledger();
        assert!(adds_up(&ledger));
        assert_eq!((count(&ledger, "received"), count(&ledger, "written")), (40, 40), "{ledger}");
        assert_eq!(count(&ledger, "operators/reorder-1/passed"), 40);
    }
    let (job, ended) = ran("false", 5, "rt", "1").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // Of each five rows of a series only the first is not behind another one.
    assert!(count(&job.ledger(), "written") < 25, "{}", job.ledger());
    assert!(count(&job.ledger(), "dropped/out_of_order") > 15, "{}", job.ledger());
}

#[tokio::test]
async fn a_row_behind_the_watermark_has_its_series_fate() {
    let (job, ended) = ran("true", 0, "rt", "2").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ledger = job.ledger();
    assert!(adds_up(&ledger));
    // Nothing is late for the operator: of each five rows two are in the order of their series.
    assert_eq!(count(&ledger, "received"), 40, "{ledger}");
    assert_eq!(count(&ledger, "written"), 16, "{ledger}");
    assert_eq!(count(&ledger, "dropped/out_of_order"), 24, "{ledger}");
}

#[tokio::test]
async fn rows_without_a_time_cannot_wait_for_it() {
    let (_, ended) = ran("true", 5, "CAST(rt AS TIMESTAMP_LTZ(0))", "1").await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    let words = "s has sink.reorder, and no column of this query tells the stream's time";
    assert!(ended.stderr.contains(words), "{}", ended.stderr);
    let (_, ended) = ran("perhaps", 5, "rt", "1").await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    assert!(ended.stderr.contains("sink.reorder: \"perhaps\" is neither true nor false"), "{}", ended.stderr);
}
