//! Secrets planted in job files and in the environment: they reach the receiver and nothing else.

use crate::support::http::get;
use crate::support::job::{Job, rows};
use crate::support::process::{Ended, Running, narthex, run};

const SECRET: &str = "hunter2-Zx9Qw";

/// Options that hold a secret; `{}` is the secret itself, a variable of the environment, or a file.
const WAYS: &[&str] = &[
    "'sink.auth.username' = 'me', 'sink.auth.password' = '{}'",
    "'sink.auth.bearer-token' = '{}'",
    "'sink.auth.bearer-token-file' = '${F}/secret'",
    "'sink.headers.X-Api-Key' = '{}'",
    "'sink.headers.Authorization' = 'Bearer {}'",
    "'metric.endpoint-url' = 'http://me:{}@${HOST}/api/v1/write'",
    "'metric.endpoint-url' = 'http://${HOST}/api/v1/write?token={}'",
];

fn is_clean(text: &str) -> bool {
    // The second is Base64 of `me:` and the secret.
    !text.contains(SECRET) && !text.contains("bWU6aHVudGVyMi1aeDlRdw")
}

#[track_caller]
fn assert_clean(job: &Job, ended: &Ended, what: &str) {
    assert!(is_clean(&ended.stderr), "{what}: {}", ended.stderr);
    assert!(
        is_clean(&String::from_utf8_lossy(&ended.stdout)),
        "{what}: {}",
        String::from_utf8_lossy(&ended.stdout)
    );
    for name in ["ledger.json", "dead.ndjson"] {
        assert!(is_clean(&std::fs::read_to_string(job.path(name)).unwrap_or_default()), "{what}: {name}");
    }
}

/// The same options with the secret as it is, and by the environment.
fn both(way: &str, job: &Job) -> [String; 2] {
    let host = job.0.server.address().to_string();
    let way = way.replace("${HOST}", &host);
    [way.replace("{}", SECRET), way.replace("{}", "${env:PLANTED}")]
}

#[tokio::test]
async fn no_secret_of_a_table_shows_whatever_the_receiver_answers() {
    for way in WAYS {
        for script in ["", "401x*", "400x*", "503x*"] {
            let job = Job::failing(script).await;
            job.file("secret", SECRET);
            job.file("in.json", rows(3) + "nonsense\n");
            for options in both(way, &job) {
                let sql = format!(
                    "CREATE TABLE n WITH ({options}, 'sink.retry.max-retries' = '2') LIKE m;
                     SHOW CREATE TABLE n; DESCRIBE n; SHOW TABLES; SET 'x.password' = '{SECRET}'; SET;
                     EXPLAIN INSERT INTO n SELECT n, CURRENT_TIMESTAMP FROM t;
                     INSERT INTO n SELECT n, CURRENT_TIMESTAMP FROM t;"
                );
                let mut command = job.command(&sql, &[]);
                command.env("NARTHEX_LOG", "trace").env("PLANTED", SECRET);
                let ended = run(command, "").await;
                assert_clean(&job, &ended, &format!("{options} {script}"));
                let file = job.path("job.sql").display().to_string();
                let mut command = narthex(["check", &file]);
                command.env("PLANTED", SECRET);
                let checked = run(command, "").await;
                assert_eq!(checked.code, Some(0), "{}", checked.stderr);
                assert_clean(&job, &checked, &options);
            }
        }
    }
}

#[tokio::test]
async fn no_secret_is_in_what_the_listener_serves() {
    for way in WAYS {
        let job = Job::new().await;
        job.file("secret", SECRET);
        let [options, _] = both(way, &job);
        let sql = format!(
            "CREATE TABLE n WITH ({options}) LIKE m; INSERT INTO n SELECT n, CURRENT_TIMESTAMP FROM endless;"
        );
        let mut running = Running::start(job.command(&sql, &["--listen", "0"]));
        let url = running.admin_url().await;
        tokio::time::sleep(std::time::Duration::from_millis(700)).await;
        for (path, expected) in [
            ("/metrics", "narthex_sink_samples_received_total"),
            ("/-/status", "\"jobs\""),
            ("/-/targets", "\"targets\""),
            ("/", "<html"),
        ] {
            let page = get(&url, path).await.1;
            assert!(page.contains(expected), "{path}: {page}");
            assert!(is_clean(&page), "{path}: {page}");
        }
        running.signal("TERM").await;
        assert_clean(&job, &running.ended_with_input_open().await, way);
    }
}

#[tokio::test]
async fn mistakes_in_the_line_of_a_secret_do_not_show_it() {
    let wrong = [
        "'sink.auth.password' = '{}'",
        "'sink.auth.pasword' = '{}'",
        "'sink.auth.password' '{}'",
        "'sink.auth.password' = '{}",
        "'sink.auth.password' = '{}' 'x' = 'y'",
        "'sink.shards' = 'x', 'sink.auth.bearer-token' = '{}', 'sink.auth.username' = 'me'",
        "'sink.headers.X' = '{}\u{1}'",
        "'sink.header.X' = '{}', 'sink.headers' = 'X={}'",
        "'metric.endpoint-url' = 'htp://me:{}@host/'",
        "'metric.endpoint-url' = 'http://me:{}@ho st/'",
        "'metric.endpoint-url' = 'http://h/?token={}', 'sink.shards' = '0'",
        "'path' = 's3://key:{}@bucket/x', 'connector' = 'filesystem', 'format' = 'json'",
        "'aws.secret' = '{}'",
    ];
    for options in wrong {
        let job = Job::new().await;
        for options in both(options, &job) {
            let sql = format!(
                "CREATE TABLE n WITH ({options}) LIKE m;\nINSERT INTO n SELECT n, CURRENT_TIMESTAMP FROM t;"
            );
            let file = job.job(&sql);
            for command in ["check", "run"] {
                let mut command = narthex([command, &file]);
                command.env("PLANTED", SECRET);
                let ended = run(command, "").await;
                assert_eq!(ended.code, Some(64), "{options}: {}", ended.stderr);
                assert_clean(&job, &ended, &options);
            }
        }
    }
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_named_with_its_place() {
    let job = Job::new().await;
    let sql = "CREATE TABLE n WITH ('sink.auth.bearer-token' = '${env:NARTHEX_NOT_SET}') LIKE m;
               INSERT INTO n SELECT n, CURRENT_TIMESTAMP FROM t;";
    let ended = job.ran(sql, &[]).await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    assert!(ended.stderr.contains("the environment has no variable NARTHEX_NOT_SET"), "{}", ended.stderr);
    assert!(ended.stderr.contains("set it: NARTHEX_NOT_SET=… narthex run …"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_secret_file_that_is_not_there_is_empty_or_a_silent_pipe_is_told_before_anything_runs() {
    let job = Job::new().await;
    job.file("in.json", rows(1));
    job.file("empty", "\n");
    let made = std::process::Command::new("mkfifo").arg(job.path("pipe")).status();
    assert!(made.expect("mkfifo").success());
    for (name, expected) in [
        ("missing", "cannot be read: No such file or directory"),
        ("empty", "is empty"),
        ("pipe", "it is no file, and nobody has written to it for 5 s"),
    ] {
        let sql = format!(
            "CREATE TABLE n WITH ('sink.auth.bearer-token-file' = '${{F}}/{name}') LIKE m;
             INSERT INTO n SELECT n, CURRENT_TIMESTAMP FROM t;"
        );
        let ended = job.ran(&sql, &[]).await;
        assert_eq!(ended.code, Some(64), "{name}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{name}: {}", ended.stderr);
        assert_eq!(job.0.server.stats().all_requests(), 0);
    }
}
