//! `narthex run` and signals: a drain within its limit, and a ledger that says what came to nothing.

use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::support::ledger;
use crate::support::process::{Running, narthex};
use crate::support::scene::Scene;

/// A job that generates samples for ever and writes them to the scene's receiver.
fn endless(scene: &Scene, drain: &str, shards: usize) -> Command {
    let url = scene.server.write_url();
    let job = format!(
        "CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50000',
           'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '100000000');
         CREATE TABLE samples (host STRING, `value` DOUBLE, ts BIGINT) WITH ('connector' = 'prometheus',
           'metric.endpoint-url' = '{url}', 'metric.name.literal' = 'tick', 'metric.sample.key' = 'value',
           'metric.sample.timestamp' = 'ts', 'sink.shards' = '{shards}');
         INSERT INTO samples SELECT CAST(n % 100 AS STRING), n, 1000 + n FROM ticks;"
    );
    let mut command = narthex(["run", "--drain-timeout", drain, "--ledger"]);
    command.arg(scene.path("ledger.json")).arg(scene.file("job.sql", job));
    command
}

fn count(ledger: &Value, path: &str) -> u64 {
    ledger.pointer(path).and_then(Value::as_u64).unwrap_or(0)
}

/// All that was read is somewhere.
fn assert_adds_up(ledger: &Value) {
    assert!(ledger::adds_up(ledger), "{ledger}");
    let (rows, unwritten) =
        (count(ledger, "/tables/samples/rows"), count(ledger, "/tables/samples/unwritten"));
    assert_eq!(rows, count(ledger, "/sources/ticks/rows"), "{ledger}");
    assert_eq!(rows, count(ledger, "/received") + unwritten, "{ledger}");
}

#[tokio::test]
async fn what_was_read_is_drained() {
    let scene = Scene::failing("delay=50ms").await;
    let running = Running::start(endless(&scene, "30 s", 1));
    while scene.server.stats().samples.stored < 10_000 {
        sleep(Duration::from_millis(20)).await;
    }
    running.signal("TERM").await;
    let ended = running.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ledger = scene.ledger();
    assert_adds_up(&ledger);
    assert_eq!(count(&ledger, "/written"), count(&ledger, "/tables/samples/rows"), "{ledger}");
    assert_eq!(scene.held_samples() as u64, count(&ledger, "/written"));
}

#[tokio::test]
async fn a_receiver_that_throttles_for_ever_does_not_outlast_the_limit() {
    let scene = Scene::failing("ok 429x*").await;
    let mut running = Running::start(endless(&scene, "1 s", 2));
    running.says("answered 429").await;
    // Until the queues are full and the writer waits for room.
    sleep(Duration::from_secs(2)).await;
    running.signal("TERM").await;
    let begun = Instant::now();
    let ended = running.ended().await;
    let took = begun.elapsed();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(took > Duration::from_millis(900) && took < Duration::from_secs(4), "{took:?}");
    assert!(ended.stderr.contains("not everything was written within 1 s"), "{}", ended.stderr);
    assert!(ended.stderr.contains("for which the job ended too early"), "{}", ended.stderr);
    let ledger = scene.ledger();
    assert_adds_up(&ledger);
    assert!(count(&ledger, "/pending") > 0 && count(&ledger, "/tables/samples/unwritten") > 0, "{ledger}");
    assert_eq!(scene.held_samples() as u64, count(&ledger, "/written"), "{ledger}");
}

#[tokio::test]
async fn a_receiver_that_is_the_wrong_one_ends_the_job_and_nothing_is_lost_without_a_count() {
    let scene = Scene::failing("ok 401x*").await;
    let ended = Running::start(endless(&scene, "10 s", 2)).ended().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("401 Unauthorized"), "{}", ended.stderr);
    let ledger = scene.ledger();
    assert_adds_up(&ledger);
    assert!(count(&ledger, "/pending") > 0, "{ledger}");
}
