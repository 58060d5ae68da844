//! `table.exec.state.ttl`: what nothing comes for is forgotten, and not before its time.

use std::fmt::Write as _;
use std::time::Duration;

use crate::support::job::Job;
use crate::support::process::{Ended, Running};

/// What a query writes of three files, the third of which comes long after the others: of a table `e`, and of `v` with
/// versions.
async fn written(ttl: &str, query: &str) -> (Vec<String>, Ended) {
    let job = Job::new().await;
    let table = |name: &str, key: &str| {
        format!(
            "CREATE TABLE {name} (k STRING, n INT, ms BIGINT, rt AS TO_TIMESTAMP_LTZ(ms, 3),
               WATERMARK FOR rt AS rt{key})
             WITH ('connector' = 'filesystem', 'path' = '${{F}}/{name}', 'format' = 'json',
               'source.monitor-interval' = '20 ms');"
        )
    };
    for name in ["e", "v"] {
        std::fs::create_dir(job.path(name)).expect("a folder");
    }
    let file = |table: &str, number: usize, rows: &[(&str, i64)]| {
        let lines = rows.iter().fold(String::new(), |mut text, (key, second)| {
            let _ = writeln!(text, "{{\"k\":\"{key}\",\"n\":{number},\"ms\":{}}}", second * 1_000);
            text
        });
        job.file(&format!(".{table}-{number}"), &lines);
        let _ = std::fs::rename(
            job.path(&format!(".{table}-{number}")),
            job.path(&format!("{table}/{number}.json")),
        );
    };
    let sql = format!(
        "SET 'table.exec.state.ttl' = '{ttl}'; SET 'parallelism.default' = '2';{}{}
         CREATE TABLE r (k STRING, n BIGINT, m BIGINT)
         WITH ('connector' = 'filesystem', 'path' = '${{F}}/rows', 'format' = 'json'); INSERT INTO r {query};",
        table("e", ""),
        table("v", ", PRIMARY KEY (k) NOT ENFORCED"),
    );
    file("v", 1, &[("a", 1), ("x", 1)]);
    file("e", 1, &[("a", 10), ("a", 11), ("x", 20)]);
    let mut running = Running::start(job.command(&sql, &["--listen", "0"]));
    running.admin_url().await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    file("e", 2, &[("a", 21), ("x", 30)]);
    file("v", 2, &[("x", 40)]);
    tokio::time::sleep(Duration::from_millis(2_800)).await;
    file("e", 3, &[("a", 41), ("x", 50)]);
    file("v", 3, &[("x", 60)]);
    tokio::time::sleep(Duration::from_millis(500)).await;
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    job.source("e");
    (job.written("rows"), ended)
}

fn rows(rows: &[(&str, i64, i64)]) -> Vec<String> {
    rows.iter().map(|(k, n, m)| format!("{{\"k\":\"{k}\",\"n\":{n},\"m\":{m}}}")).collect()
}

#[tokio::test]
async fn a_first_row_is_forgotten() {
    let query = "SELECT k, n, ms FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY rt) AS rn FROM e) WHERE rn = 1";
    let first = [("a", 1, 10_000), ("x", 1, 20_000)];
    let (kept, ended) = written("0 ms", query).await;
    assert_eq!(kept, rows(&first), "{}", ended.stderr);
    assert!(ended.stderr.contains("grows without end"), "{}", ended.stderr);
    let (kept, ended) = written("2 s", query).await;
    assert_eq!(kept, rows(&[first[0], ("a", 3, 41_000), first[1], ("x", 3, 50_000)]), "{}", ended.stderr);
    assert!(!ended.stderr.contains("grows without end"), "{}", ended.stderr);
}

#[tokio::test]
async fn sums_of_all_rows_before_begin_anew() {
    let query = "SELECT k, n, COUNT(*) OVER (PARTITION BY k ORDER BY rt) FROM e";
    let before = [("a", 1, 1), ("a", 1, 2), ("a", 2, 3)];
    for (ttl, last) in [("0 ms", 4), ("2 s", 1)] {
        let (kept, ended) = written(ttl, query).await;
        let of_a: Vec<String> = kept.into_iter().filter(|row| row.contains("\"a\"")).collect();
        assert_eq!(of_a, rows(&[before[0], before[1], before[2], ("a", 3, last)]), "{ttl}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn rows_of_a_join_without_bounds_leave_one_by_one() {
    let query = "SELECT e.k, e.n, v.n FROM e JOIN v ON e.k = v.k";
    for (ttl, of_a, of_x) in [("0 ms", 4, 9), ("2 s", 3, 5)] {
        let (kept, ended) = written(ttl, query).await;
        let count = |key: &str| kept.iter().filter(|row| row.contains(key)).count();
        assert_eq!((count("\"a\""), count("\"x\"")), (of_a, of_x), "{ttl}: {kept:?} {}", ended.stderr);
    }
}

#[tokio::test]
async fn versions_that_nobody_asks_for_are_forgotten() {
    let query = "SELECT e.k, e.n, v.n FROM e LEFT JOIN v FOR SYSTEM_TIME AS OF e.rt ON e.k = v.k";
    for (ttl, last) in [("0 ms", "1"), ("2 s", "null")] {
        let (kept, ended) = written(ttl, query).await;
        let of_a: Vec<&String> = kept.iter().filter(|row| row.contains("\"a\",\"n\":3")).collect();
        assert_eq!(
            of_a,
            [&format!("{{\"k\":\"a\",\"n\":3,\"m\":{last}}}")],
            "{ttl}: {kept:?} {}",
            ended.stderr
        );
    }
}
