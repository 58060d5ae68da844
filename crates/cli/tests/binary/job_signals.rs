//! Jobs that end by signals: what was read is written, the ledger adds up, nothing hangs.

use crate::support::job::{COPY, Job, rows};
use crate::support::ledger::{adds_up, count};
use crate::support::process::{Running, narthex};

const ENDLESS: &str = "INSERT INTO hole SELECT n FROM endless;";

#[tokio::test]
async fn an_endless_job_ends_by_each_signal_and_adds_up() {
    for signal in ["TERM", "INT", "HUP"] {
        let job = Job::new().await;
        let mut running = Running::start(job.command(ENDLESS, &["--listen", "0"]));
        running.admin_url().await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        running.signal(signal).await;
        let ended = running.ended_with_input_open().await;
        assert_eq!(ended.code, Some(0), "{signal}: {}", ended.stderr);
        assert!(ended.stderr.contains("stopping: draining for at most 10 s"), "{}", ended.stderr);
        let [records, rows, ..] = job.source("endless");
        assert!(records > 0 && records == rows, "{}", ended.stderr);
        assert_eq!(count(&job.ledger(), "tables/hole/rows"), rows);
    }
}

#[tokio::test]
async fn a_second_signal_ends_a_drain_at_once() {
    let job = Job::failing("503x*").await;
    let sql = "INSERT INTO m SELECT n, CURRENT_TIMESTAMP FROM endless;";
    let mut running = Running::start(job.command(sql, &["--drain-timeout", "60 s"]));
    running.says("answered 503").await;
    running.signal("TERM").await;
    running.says("stopping: draining").await;
    running.signal("INT").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("second signal: ending without draining"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_pipe_that_nobody_writes_to_can_be_stopped() {
    let job = Job::new().await;
    let made = std::process::Command::new("mkfifo").arg(job.path("in.json")).status();
    assert!(made.expect("mkfifo").success());
    let mut running = Running::start(job.command(COPY, &["--listen", "0"]));
    running.admin_url().await;
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!((ended.code, job.source("t")), (Some(0), [0, 0, 0, 0]), "{}", ended.stderr);
}

#[tokio::test]
async fn standard_input_that_stays_silent_can_be_stopped() {
    let job = Job::new().await;
    let sql = "CREATE TABLE i (n INT) WITH ('connector' = 'filesystem', 'path' = '-', 'format' = 'json');
               INSERT INTO hole SELECT n FROM i;";
    let mut running = Running::start(job.command(sql, &["--listen", "0"]));
    running.admin_url().await;
    running.feed(b"{\"n\":1}\n{\"n\":").await;
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(job.source("i"), [1, 1, 0, 0]);
}

#[tokio::test]
async fn a_job_file_in_a_pipe_can_be_stopped() {
    let job = Job::new().await;
    let pipe = job.path("job.pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let running = Running::start(narthex(job.args(&pipe.display().to_string(), &[])));
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("stopped by a signal before anything was read"), "{}", ended.stderr);
}

#[tokio::test]
async fn one_of_several_endless_jobs_that_fails_ends_them_all() {
    let job = Job::failing("401x*").await;
    let sql = format!("{ENDLESS} INSERT INTO m SELECT n, CURRENT_TIMESTAMP FROM endless;");
    let running = Running::start(job.command(&sql, &[]));
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("401"), "{}", ended.stderr);
    job.source("endless");
    job.source("2.endless");
    assert!(adds_up(&job.ledger()), "{}", job.ledger());
}

#[tokio::test]
async fn several_endless_jobs_drain_side_by_side() {
    let job = Job::new().await;
    let sql = format!("{ENDLESS}{ENDLESS}{ENDLESS}");
    let mut running = Running::start(job.command(&sql, &["--listen", "0"]));
    running.admin_url().await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for name in ["endless", "2.endless", "3.endless"] {
        assert!(job.source(name)[0] > 0, "{}", ended.stderr);
    }
}

#[tokio::test]
async fn the_drains_limit_is_that_of_all_jobs_together() {
    let job = Job::failing("503x*").await;
    let insert = "INSERT INTO m SELECT n, CURRENT_TIMESTAMP FROM endless;";
    let mut running = Running::start(job.command(&insert.repeat(4), &["--drain-timeout", "2 s"]));
    running.says("answered 503").await;
    let begun = tokio::time::Instant::now();
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(begun.elapsed().as_secs() < 7, "{:?}: {}", begun.elapsed(), ended.stderr);
    assert_eq!(ended.stderr.matches("stopping: draining for at most 2 s").count(), 1, "{}", ended.stderr);
    assert!(adds_up(&job.ledger()), "{}", job.ledger());
}

#[tokio::test]
async fn a_job_that_fails_does_not_wait_for_ever_for_another_that_cannot_drain() {
    let (job, throttled) = (Job::failing("401x*").await, Job::failing("503x*").await);
    let sql = format!(
        "CREATE TABLE w WITH ('metric.endpoint-url' = '{}') LIKE m;
         INSERT INTO w SELECT n, CURRENT_TIMESTAMP FROM endless;
         INSERT INTO m SELECT n, CURRENT_TIMESTAMP FROM endless;",
        throttled.0.server.write_url()
    );
    let running = Running::start(job.command(&sql, &["--drain-timeout", "1 s"]));
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("narthex: cannot write the table m: "), "{}", ended.stderr);
    assert!(adds_up(&job.ledger()), "{}", job.ledger());
}

#[tokio::test]
async fn what_was_read_is_written_also_into_files() {
    let job = Job::new().await;
    job.file("in.json", rows(10));
    let sql = "CREATE TABLE i (n INT) WITH ('connector' = 'filesystem', 'path' = '${F}/in.json', 'format' = 'json',
                 'source.monitor-interval' = '20 ms');
               CREATE TABLE x (n INT) WITH ('connector' = 'filesystem', 'path' = '${F}/out', 'format' = 'json');
               EXECUTE STATEMENT SET BEGIN INSERT INTO x SELECT n FROM i; INSERT INTO p SELECT n, 'x' FROM i; END;";
    let mut running = Running::start(job.command(sql, &[]));
    running.prints("+I[9, x]").await;
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!((ended.code, job.source("i")), (Some(0), [10, 10, 0, 0]), "{}", ended.stderr);
    assert_eq!(job.written("out").len(), 10);
    assert!(job.names("out").iter().all(|name| !name.starts_with('.')), "{:?}", job.names("out"));
}
