//! Dry runs: what a job would write is shown, and nothing leaves the process.

use std::fmt::Write as _;

use crate::support::job::Job;
use crate::support::process::{narthex, run};

/// Two tables are written, one of them by Remote-Write with a password; one is read.
const SQL: &str = "
CREATE TABLE e (vehicle STRING, region STRING, v DOUBLE, ms BIGINT, rt AS TO_TIMESTAMP_LTZ(ms, 3),
  WATERMARK FOR rt AS rt - INTERVAL '5' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${F}/live', 'format' = 'json', 'source.monitor-interval' = '50 ms');
CREATE TABLE s (v DOUBLE, vehicle STRING, region STRING, ts TIMESTAMP_LTZ(3)) WITH ('connector' = 'prometheus',
  'metric.endpoint-url' = '${URL}', 'metric.name.literal' = 'speed', 'metric.sample.key' = 'v',
  'metric.sample.timestamp' = 'ts', 'sink.auth.username' = 'me', 'sink.auth.password' = 'hunter2');
CREATE TABLE f (region STRING, n BIGINT) WITH ('connector' = 'filesystem', 'path' = '${F}/files', 'format' = 'json');
EXECUTE STATEMENT SET BEGIN
INSERT INTO s SELECT v, vehicle, region, rt FROM e;
INSERT INTO f SELECT region, COUNT(*) FROM TABLE(TUMBLE(TABLE e, DESCRIPTOR(rt), INTERVAL '10' SECOND))
GROUP BY region, window_start, window_end;
END;
";

/// Forty vehicles, a second each in turn; the third of each ten is three seconds late, one eight, one is broken.
fn events() -> String {
    let mut text = (0..200_i64).fold(String::new(), |mut text, number| {
        let late = match number % 10 {
            3 => 3,
            _ if number == 150 => 8,
            _ => 0,
        };
        let region = ["eu", "us"][usize::from(number % 2 == 0)];
        let ms = (1_000_000 + number - late) * 1_000;
        let _ = writeln!(
            text,
            "{{\"vehicle\":\"v{}\",\"region\":\"{region}\",\"v\":{number},\"ms\":{ms}}}",
            number % 40
        );
        text
    });
    text.push_str("{\"vehicle\":\n");
    text
}

fn assert_page(page: &str) {
    for line in [
        "job.sql: a dry run over 201 records in ",
        "s: 200 samples of 40 series over 199 s of their time: 1.0 samples/s, and 2 in the fullest second",
        "  the built-in receiver: 200 written",
        "  vehicle          40                      2",
        "  region            2                     40",
        "  vehicle makes the series so many: without it there would be 2 instead of 40",
        "f: 40 rows",
        "e: rows behind the watermark, by its delay (now 5 s); the furthest came 7 s behind the newest before it",
        "       0 ms         21   10.50 %",
        "        2 s         21   10.50 %",
        "        5 s          1    0.50 %  now",
        "       10 s          0    0.00 %",
        "  undecodable: 1",
        "    such as {\"vehicle\":: it is no JSON",
    ] {
        assert!(page.lines().any(|found| found.contains(line)), "{line} is not in:\n{page}");
    }
    assert!(!page.contains("hunter2"));
}

fn assert_untouched(job: &Job) {
    assert!(job.0.server.log().is_empty(), "the receiver was asked");
    assert!(!job.path("files").exists() && !job.path("dead.ndjson").exists());
}

#[tokio::test]
async fn a_sample_shows_what_a_job_would_write() {
    let job = Job::new().await;
    let sample = job.file("sample.json", events());
    let file = job.whole(SQL);
    for sample in [sample.clone(), format!("e={sample}")] {
        let ended = run(narthex(["check", &file, "--sample", &sample]), "").await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(ended.text().contains("no mistakes; 1 job"), "{}", ended.text());
        assert_page(&ended.text());
        assert_untouched(&job);
    }
}

#[tokio::test]
async fn samples_that_do_not_fit_the_job_are_told() {
    let job = Job::new().await;
    let sample = job.file("sample.json", events());
    let file = job.whole(SQL);
    for (asked, words) in [
        (format!("x={sample}"), "no job of the file reads a table x; did you mean e?"),
        (String::new(), "takes FILE or TABLE=FILE"),
    ] {
        let ended = run(narthex(["check", &file, "--sample", &asked]), "").await;
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    let twice = ["--sample", &sample, "--sample", &sample].map(str::to_owned);
    let none = ["--sample".to_owned(), format!("{sample}.none")];
    let unknown = ["--sample".to_owned(), format!("vehicles={sample}")];
    for (flags, words) in [
        (&twice[..], "the table has two samples"),
        (&none[..], "there is no file"),
        (&unknown[..], "no job of the file reads a table vehicles; it reads e"),
    ] {
        let mut command = narthex(["check", &file]);
        command.args(flags);
        let ended = run(command, "").await;
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    let two = job.whole(&format!(
        "{SQL} CREATE TABLE e2 LIKE e; INSERT INTO s SELECT v, vehicle, region, rt FROM e2;"
    ));
    for (asked, words) in [
        (sample.clone(), "the file reads 2 tables; say which: TABLE=FILE, of e, e2"),
        (format!("e={sample}"), "the table e2 does not end by itself: add --sample e2=FILE"),
    ] {
        let ended = run(narthex(["check", &two, "--sample", &asked]), "").await;
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    assert_untouched(&job);
}

#[tokio::test]
async fn a_dry_run_reads_the_real_tables_and_writes_nothing() {
    let job = Job::new().await;
    job.file("live", events());
    let sql = SQL.replace(", 'source.monitor-interval' = '50 ms'", "");
    let file = job.whole(&sql);
    let ended = run(narthex(["run", &file, "--dry-run"]), "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_page(&ended.text());
    assert_untouched(&job);
    let both = run(narthex(["run", &file, "--dry-run", "--dead-letters", "x"]), "").await;
    assert_eq!(both.code, Some(64), "{}", both.stderr);
}

#[tokio::test]
async fn what_a_receiver_would_refuse_is_shown_with_its_reason() {
    let job = Job::new().await;
    job.file("live", "{\"vehicle\":\"a\",\"v\":1,\"ms\":2000}\n{\"vehicle\":\"a\",\"v\":2,\"ms\":1000}\n");
    let file = job.whole(&SQL.replace(", 'source.monitor-interval' = '50 ms'", ""));
    let ended = run(narthex(["run", &file, "--dry-run"]), "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let page = ended.text();
    for line in [
        "  the built-in receiver: 1 written, 1 dropped",
        "  out_of_order: 1",
        "    such as speed{vehicle=\"a\"} 2 @ 1000 ms",
    ] {
        assert!(page.lines().any(|found| found.starts_with(line)), "{line}\n{page}");
    }
    assert_untouched(&job);
}
