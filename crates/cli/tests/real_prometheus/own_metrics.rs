//! What narthex shows of itself, as promtool sees it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use narthex_testkit::prometheus::promtool_or_skip;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::support::http::get;
use crate::support::input::{now_ms, rounds};
use crate::support::job::Job;
use crate::support::process::Running;
use crate::support::scene::Scene;

/// A page on which this metric is already, which comes with the last of all.
async fn page(running: &mut Running, last: &str) -> String {
    let url = running.admin_url().await;
    for _ in 0..600 {
        let (status, page) = get(&url, "/metrics").await;
        if status == 200 && page.lines().any(|line| line.starts_with(last)) {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{last} never came");
}

/// What promtool has to say: nothing, if all is well.
async fn said(promtool: &Path, page: &str) -> (bool, String) {
    let mut child = Command::new(promtool)
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool");
    child.stdin.take().expect("a pipe").write_all(page.as_bytes()).await.expect("written");
    let output = child.wait_with_output().await.expect("its end");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test]
#[ignore = "real server: make it"]
async fn promtool_finds_nothing_to_say_of_the_metrics() {
    let Some(promtool) = promtool_or_skip().expect("promtool") else { return };
    let scene = Scene::new().await;
    let mut write = Running::start(scene.write(&["--listen", "0", "--flush-buffer-timeout", "50 ms"]));
    write.feed(rounds(10, 1, now_ms() - 60_000).as_bytes()).await;
    let job = Job::new().await;
    let sql = "CREATE TABLE g (n INT, rt AS CAST(CURRENT_TIMESTAMP AS TIMESTAMP_LTZ(3)), WATERMARK FOR rt AS rt)
          WITH ('connector' = 'datagen', 'rows-per-second' = '100');
        INSERT INTO m SELECT CAST(COUNT(*) AS INT), window_time
        FROM TABLE(TUMBLE(TABLE g, DESCRIPTOR(rt), INTERVAL '0.1' SECOND)) GROUP BY window_start, window_end, window_time;";
    let mut run = Running::start(job.command(sql, &["--listen", "0"]));
    for (running, last) in [
        (&mut write, "narthex_sink_newest_written_timestamp_seconds"),
        (&mut run, "narthex_sink_newest_written_timestamp_seconds{"),
    ] {
        let page = page(running, last).await;
        assert_eq!(said(&promtool, &page).await, (true, String::new()), "{page}");
    }
    // It does find faults.
    assert!(!said(&promtool, "# TYPE narthex_things counter\nnarthex_things 1\n").await.0);
    run.signal("TERM").await;
    run.ended_with_input_open().await;
    assert_eq!(write.ended().await.code, Some(0));
}
