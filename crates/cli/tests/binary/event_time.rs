//! Jobs over event time: late rows and rows in open windows are in the ledger, and nothing half-done is written.

use std::fmt::Write as _;

use crate::support::job::Job;
use crate::support::ledger::count;
use crate::support::process::Running;

/// Counts by key in windows of ten seconds of whatever the path holds. The first second of [`lines`] is 22:13:20.
fn counting(path: &str, more: &str) -> String {
    format!(
        "CREATE TABLE i (k STRING, ms BIGINT, rt AS TO_TIMESTAMP_LTZ(ms, 3),
           WATERMARK FOR rt AS rt - INTERVAL '2' SECOND)
         WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json'{more});
         CREATE TABLE c (n BIGINT, s STRING)
         WITH ('connector' = 'filesystem', 'path' = '${{F}}/counts', 'format' = 'json');
         INSERT INTO c SELECT COUNT(*), DATE_FORMAT(window_start, 'HH:mm:ss')
         FROM TABLE(TUMBLE(TABLE i, DESCRIPTOR(rt), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end;"
    )
}

fn lines(seconds: &[i64]) -> String {
    seconds.iter().fold(String::new(), |mut text, second| {
        let _ = writeln!(text, "{{\"k\":\"a\",\"ms\":{}}}", 1_700_000_000_000 + second * 1_000);
        text
    })
}

fn operator(job: &Job, fate: &str) -> u64 {
    count(&job.ledger(), &format!("operators/window-aggregate-1/{fate}"))
}

#[tokio::test]
async fn late_rows_are_counted_and_are_a_loss() {
    let job = Job::new().await;
    // The window of the first two is closed by 12 - 2; 9 is late for it, 11 is behind the watermark and in time.
    job.file("events.json", lines(&[0, 9, 12, 9, 13, 11, 30]));
    for (flags, code) in [(&[][..], 0), (&["--fail-on-loss"][..], 1)] {
        let _ = std::fs::remove_dir_all(job.path("counts"));
        let ended = job.ran(&counting("${F}/events.json", ""), flags).await;
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(
            ended
                .stderr
                .contains("7 rows in = 0 passed + 0 filtered + 0 failed + 1 late + 6 aggregated, 3 rows out"),
            "{}",
            ended.stderr
        );
        job.source("i");
        let fates = ["rows_in", "late", "aggregated", "rows_out"].map(|fate| operator(&job, fate));
        assert_eq!(fates, [7, 1, 6, 3]);
        let expected = [(1, "22:13:50"), (2, "22:13:20"), (3, "22:13:30")];
        let expected = expected.map(|(n, s)| format!("{{\"n\":{n},\"s\":\"{s}\"}}"));
        assert_eq!(job.written("counts"), expected);
    }
}

#[tokio::test]
async fn late_rows_are_dead_letters_if_that_is_asked_for() {
    let job = Job::new().await;
    job.file("events.json", lines(&[0, 9, 12, 9, 13, 11, 30]));
    for (fate, letters) in [("count", 0), ("dead-letter", 1)] {
        let _ = std::fs::remove_dir_all(job.path("counts"));
        let sql = counting("${F}/events.json", "");
        let ended = job.ran(&sql, &["--set", &format!("narthex.on-late-row={fate}")]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(operator(&job, "late"), 1);
        assert_eq!(job.letters().len(), letters);
    }
    let letter = &job.letters()[0];
    assert_eq!((&letter["kind"], &letter["reason"]), (&"row".into(), &"late".into()));
    assert_eq!(letter["source"], "window-aggregate-1");
    assert_eq!(letter["message"], "the watermark had come to 2023-11-14T22:13:30 before it");
    assert_eq!(letter["row"]["k"], "a");
    assert_eq!(letter["row"]["window_start"], "2023-11-14T22:13:20");
}

#[tokio::test]
async fn files_that_wait_for_their_turn_hold_time_back() {
    let job = Job::new().await;
    // Each of them begins where the others begin, and only one can be read at a time.
    for number in 0..5 {
        std::fs::create_dir(job.path(&format!("in{number}"))).expect("a folder");
        job.file(&format!("in{number}/events.json"), lines(&[0, 20, 40, 60]));
    }
    let sql = counting("${F}/in*/events.json", "");
    let ended = job.ran(&sql, &["--set", "parallelism.default=1"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let fates = ["rows_in", "aggregated", "rows_out"].map(|fate| operator(&job, fate));
    assert_eq!(fates, [20, 20, 4], "{}", ended.stderr);
}

#[tokio::test]
async fn a_job_that_is_stopped_writes_no_half_windows_and_says_what_it_held() {
    let job = Job::new().await;
    std::fs::create_dir(job.path("tail")).expect("a folder");
    job.file("tail/events.json", lines(&[0, 9, 12, 25]));
    let sql = counting("${F}/tail", ", 'source.monitor-interval' = '50 ms'");
    let mut running = Running::start(job.command(&sql, &["--listen", "0"]));
    running.admin_url().await;
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    job.source("i");
    assert!(ended.stderr.contains("1 held when the job ended"), "{}", ended.stderr);
    assert_eq!(["rows_in", "aggregated", "held"].map(|fate| operator(&job, fate)), [4, 3, 1]);
    assert_eq!(job.written("counts").len(), 2);
}

#[tokio::test]
async fn a_job_that_outgrows_its_memory_says_which_operator_keeps_most() {
    let job = Job::new().await;
    let events: String = (0..300_000).fold(String::new(), |mut text, key| {
        let _ = writeln!(text, "{{\"k\":\"key-{key}\",\"ms\":1700000000000}}");
        text
    });
    job.file("events.json", events);
    let limited =
        |limit: &str| format!("SET 'state.memory.limit' = '{limit}';{}", counting("${F}/events.json", ""));
    let ended = job.ran(&limited("1 mb"), &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("more than state.memory.limit = 1 MiB; the operator window-aggregate-1 keeps most"),
        "{}",
        ended.stderr
    );
    let ended = job.ran(&limited("100 gb"), &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ended = job.ran(&limited("much"), &[]).await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
}

#[tokio::test]
async fn each_row_of_a_join_has_a_fate() {
    let job = Job::new().await;
    let table = |name: &str| {
        format!(
            "CREATE TABLE {name} (k STRING, ms BIGINT, rt AS TO_TIMESTAMP_LTZ(ms, 3),
               WATERMARK FOR rt AS rt - INTERVAL '2' SECOND)
             WITH ('connector' = 'filesystem', 'path' = '${{F}}/{name}.json', 'format' = 'json');"
        )
    };
    job.file("a.json", lines(&[0, 1, 10, 20]) + "{\"k\":null,\"ms\":1700000020000}\n");
    job.file("b.json", lines(&[1, 11, 30]));
    for (sides, passed, filtered, rows_out) in [("", 5, 3, 3), ("LEFT", 7, 1, 5), ("FULL", 8, 0, 6)] {
        let _ = std::fs::remove_dir_all(job.path("pairs"));
        let sql = format!(
            "{}{}CREATE TABLE pairs (a BIGINT, b BIGINT) WITH ('connector' = 'filesystem', 'path' = '${{F}}/pairs', 'format' = 'json');
             INSERT INTO pairs SELECT a.ms, b.ms FROM a {sides} JOIN b ON a.k = b.k
             AND b.rt BETWEEN a.rt AND a.rt + INTERVAL '1' SECOND;",
            table("a"),
            table("b")
        );
        let ended = job.ran(&sql, &[]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let fates = ["rows_in", "passed", "filtered", "late", "held", "rows_out"];
        let fates = fates.map(|fate| {
            job.ledger()
                .pointer(&format!("/operators/interval-join-1/{fate}"))
                .and_then(serde_json::Value::as_u64)
                .unwrap_or(0)
        });
        assert_eq!(fates, [8, passed, filtered, 0, 0, rows_out], "{sides}");
        assert_eq!(job.written("pairs").len() as u64, rows_out);
    }
}

#[tokio::test]
async fn a_table_that_is_silent_holds_back_time_until_it_is_idle() {
    for (idle, fates) in [("", [0, 6]), (", 'scan.watermark.idle-timeout' = '200 ms'", [5, 1])] {
        let job = Job::new().await;
        let table = |name: &str| {
            format!(
                "CREATE TABLE {name} (ms BIGINT, rt AS TO_TIMESTAMP_LTZ(ms, 3), WATERMARK FOR rt AS rt - INTERVAL '2' SECOND)
                 WITH ('connector' = 'filesystem', 'path' = '${{F}}/{name}', 'format' = 'json',
                 'source.monitor-interval' = '50 ms'{idle});"
            )
        };
        for (name, seconds) in [("a", &[0, 9, 12, 25, 40][..]), ("b", &[1][..])] {
            std::fs::create_dir(job.path(name)).expect("a folder");
            job.file(&format!("{name}/events.json"), lines(seconds));
        }
        let sql = format!(
            "{}{}CREATE TABLE c (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '${{F}}/counts', 'format' = 'json');
             CREATE TEMPORARY VIEW u AS SELECT rt FROM a UNION ALL SELECT rt FROM b;
             INSERT INTO c SELECT COUNT(*) FROM TABLE(TUMBLE(TABLE u, DESCRIPTOR(rt), INTERVAL '10' SECOND))
             GROUP BY window_start, window_end;",
            table("a"),
            table("b")
        );
        let mut running = Running::start(job.command(&sql, &["--listen", "0"]));
        running.admin_url().await;
        tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
        running.signal("TERM").await;
        let ended = running.ended_with_input_open().await;
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        let found = ["aggregated", "held"].map(|fate| {
            let path = format!("/operators/window-aggregate-1/{fate}");
            job.ledger().pointer(&path).and_then(serde_json::Value::as_u64).unwrap_or(0)
        });
        assert_eq!(found, fates, "{idle}");
    }
}
