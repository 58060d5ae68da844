//! Windows by the clock of the machine, and time that is told now and then.

use std::time::Duration;

use crate::support::job::Job;
use crate::support::ledger::count;
use crate::support::process::Running;

#[tokio::test]
async fn windows_by_the_clock_end_though_nothing_comes() {
    let job = Job::new().await;
    std::fs::create_dir(job.path("in")).expect("a folder");
    job.file("in/1.json", "{\"k\":\"a\"}\n{\"k\":\"b\"}\n{\"k\":\"a\"}\n");
    let sql = "CREATE TABLE i (k STRING, pt AS PROCTIME()) WITH ('connector' = 'filesystem', 'path' = '${F}/in',
          'format' = 'json', 'source.monitor-interval' = '20 ms');
        CREATE TABLE c (k STRING, n BIGINT, ms BIGINT)
        WITH ('connector' = 'filesystem', 'path' = '${F}/counts', 'format' = 'json');
        INSERT INTO c SELECT k, COUNT(*), TIMESTAMPDIFF(SECOND, window_start, window_end)
        FROM TABLE(TUMBLE(TABLE i, DESCRIPTOR(pt), INTERVAL '1' SECOND)) WHERE k <> 'c' GROUP BY k, window_start, window_end;";
    let mut running = Running::start(job.command(sql, &["--listen", "0"]));
    running.admin_url().await;
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    job.file("in/2.json", "{\"k\":\"a\"}\n{\"k\":\"c\"}\n");
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    // All windows have ended, so that nothing is held.
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    job.source("i");
    let row = |k: &str, n: u64| format!("{{\"k\":\"{k}\",\"n\":{n},\"ms\":1}}");
    assert_eq!(job.written("counts"), [row("a", 1), row("a", 2), row("b", 1)]);
}

#[tokio::test]
async fn a_bounded_table_ends_its_windows_by_the_clock() {
    let job = Job::new().await;
    job.file("in.json", "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    let sql = "CREATE TABLE i (n INT, pt AS PROCTIME(), rt AS TO_TIMESTAMP_LTZ(n, 3), WATERMARK FOR rt AS rt)
        WITH ('connector' = 'filesystem', 'path' = '${F}/in.json', 'format' = 'json');
        CREATE TABLE c (n BIGINT, m BIGINT) WITH ('connector' = 'filesystem', 'path' = '${F}/counts', 'format' = 'json');
        INSERT INTO c SELECT SUM(n), SUM(n) FROM i GROUP BY TUMBLE(pt, INTERVAL '100' DAY(3));
        INSERT INTO c SELECT SUM(n), COUNT(*) FROM i GROUP BY TUMBLE(rt, INTERVAL '100' DAY(3));";
    for parallelism in ["1", "2"] {
        let _ = std::fs::remove_dir_all(job.path("counts"));
        let ended = job.ran(sql, &["--set", &format!("parallelism.default={parallelism}")]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(job.written("counts"), ["{\"n\":6,\"m\":3}", "{\"n\":6,\"m\":6}"], "{}", ended.stderr);
    }
}

#[tokio::test]
async fn time_that_is_told_now_and_then_makes_no_row_late_before() {
    let job = Job::new().await;
    job.file("events.json", "{\"ms\":1000}\n{\"ms\":900000}\n{\"ms\":2000}\n");
    for (strategy, late) in [("on-event", 1), ("on-periodic", 0)] {
        let sql = format!(
            "CREATE TABLE i (ms BIGINT, rt AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR rt AS rt)
             WITH ('connector' = 'filesystem', 'path' = '${{F}}/events.json', 'format' = 'json',
               'scan.watermark.emit.strategy' = '{strategy}');
             CREATE TABLE c (n BIGINT) WITH ('connector' = 'blackhole');
             INSERT INTO c SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE i, DESCRIPTOR(rt), INTERVAL '10' SECOND))
             GROUP BY window_start, window_end;"
        );
        let ended = job.ran(&sql, &["--set", "pipeline.auto-watermark-interval=1 h"]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let fates = ["late", "aggregated", "rows_out"];
        let ledger = job.ledger();
        let found = fates.map(|fate| {
            ledger
                .pointer(&format!("/operators/window-aggregate-1/{fate}"))
                .and_then(serde_json::Value::as_u64)
                .unwrap_or(0)
        });
        assert_eq!(found, [late, 3 - late, 2], "{strategy}: {}", ended.stderr);
        assert_eq!(count(&ledger, "sources/i/rows"), 3);
    }
}
