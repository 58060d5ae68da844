//! What `narthex run` says and does when what it writes cannot be written.

use crate::support::job::{COPY, Job, rows};
use crate::support::ledger::count;
use crate::support::process::{Running, narthex, run};

#[tokio::test]
async fn an_output_folder_that_cannot_be_one_is_named() {
    for (path, expected) in [
        ("${F}/in.json", "in.json is a file; a table is written to a folder"),
        ("${F}/in.json/out", "cannot write the table x"),
        ("/proc/nothing", "cannot write the table x: /proc/nothing"),
    ] {
        let job = Job::new().await;
        job.file("in.json", rows(2));
        let sql = format!(
            "CREATE TABLE x (n INT) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json');
             INSERT INTO x SELECT n FROM t;"
        );
        let ended = job.ran(&sql, &[]).await;
        assert_eq!(ended.code, Some(1), "{path}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{path}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_disk_that_is_full_fails_the_job_and_leaves_no_half_file() {
    let job = Job::new().await;
    job.file("in.json", rows(10_000));
    // A limit on the size of files stands in for the disk: 16 blocks of 512 bytes, and an error instead of a signal.
    let limited = r#"trap "" XFSZ; ulimit -f 16; exec "$0" "$@""#;
    let ended = job.ran_in_shell(limited, COPY, &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("cannot write the table o: ") && ended.stderr.contains("/out: "),
        "{}",
        ended.stderr
    );
    assert_eq!(job.names("out"), Vec::<String>::new());
    job.source("t");
}

#[tokio::test]
async fn dead_letters_on_a_full_disk_fail_a_job_at_its_end() {
    let job = Job::new().await;
    job.file("in.json", rows(2) + "nonsense\n");
    let ended = job.ran(COPY, &["--dead-letters", "/dev/full"]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("cannot write dead letters to /dev/full: No space left"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("1 dead letters could not be written"), "{}", ended.stderr);
    assert_eq!(count(&job.ledger(), "dead_letters_failed"), 1);
    assert_eq!(job.source("t"), [3, 2, 0, 1]);
    assert_eq!(job.written("out").len(), 2);
}

#[tokio::test]
async fn a_ledger_that_cannot_be_written_is_told_before_or_after() {
    let job = Job::new().await;
    job.file("in.json", rows(2));
    for (path, code, expected) in [
        ("/no/such/ledger.json", 64, "--ledger: /no/such is no folder to write to"),
        ("/tmp", 64, "--ledger: /tmp is a folder; name a file"),
        ("/dev/full", 1, "cannot write the ledger to /dev/full: No space left on device"),
    ] {
        let ended = job.ran(COPY, &["--ledger", path]).await;
        assert_eq!(ended.code, Some(code), "{path}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{path}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn dead_letters_that_cannot_be_opened_are_a_mistake_of_the_flags() {
    let job = Job::new().await;
    let ended = job.ran(COPY, &["--dead-letters", "/no/such/dead.ndjson"]).await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    assert!(ended.stderr.contains("--dead-letters: cannot open /no/such/dead.ndjson"), "{}", ended.stderr);
}

#[tokio::test]
async fn an_output_that_a_table_reads_is_refused() {
    let job = Job::new().await;
    let input = job.file("in.json", rows(2));
    std::fs::create_dir_all(job.path("folder/below")).expect("a folder");
    job.file("folder/a.json", rows(1));
    let inside = job.path("folder/below/x.ndjson").display().to_string();
    let hidden = job.path("folder/.x.ndjson").display().to_string();
    let sql = "CREATE TABLE f (n INT) WITH ('connector' = 'filesystem', 'path' = '${F}/folder', 'format' = 'json');
               CREATE TABLE g (n INT) WITH ('connector' = 'filesystem', 'path' = '${F}/*.jso[n]', 'format' = 'json');
               EXECUTE STATEMENT SET BEGIN
               INSERT INTO hole SELECT n FROM f; INSERT INTO hole SELECT n FROM t; INSERT INTO hole SELECT n FROM g;
               END;";
    let matched = job.path("ledger.json").display().to_string();
    for (flag, path, table) in [
        ("--dead-letters", &input, "t"),
        ("--ledger", &input, "t"),
        ("--dead-letters", &inside, "f"),
        ("--ledger", &matched, "g"),
    ] {
        let mut more = vec![flag, path.as_str()];
        if flag != "--ledger" {
            more.extend(["--ledger", "/dev/null"]);
        }
        let ended = job.ran(sql, &more).await;
        assert_eq!(ended.code, Some(64), "{flag} {path}: {}", ended.stderr);
        let told = format!(
            "{flag}: {path} is read by the table {table}: it would feed on itself; name another file"
        );
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
    }
    assert_eq!(std::fs::read_to_string(&input).expect("the input"), rows(2));
    let ended = job.ran(sql, &["--dead-letters", &hidden, "--ledger", "/dev/null"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[tokio::test]
async fn a_reader_that_goes_away_ends_the_job_with_a_sentence() {
    let job = Job::new().await;
    let line = r#"{ "$0" "$@"; echo "code $?" >&2; } | head -n 1"#;
    let ended = job.ran_in_shell(line, "INSERT INTO p SELECT n, 'x' FROM endless;", &[]).await;
    assert!(ended.stderr.contains("nobody reads standard output any more (broken pipe)"), "{}", ended.stderr);
    assert!(ended.stderr.contains("code 1\n"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("panick"), "{}", ended.stderr);
    let file = job.job("SHOW FUNCTIONS;");
    for command in ["check", "run"] {
        let line = r#"{ sleep 0.3; "$0" "$@"; echo "code $?" >&2; } | true"#;
        let ended = run(crate::support::process::shell(line, [command, &file]), "").await;
        assert!(ended.stderr.contains("cannot write to standard output: Broken pipe"), "{}", ended.stderr);
        assert!(ended.stderr.contains("code 1\n"), "{command}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_pipe_for_dead_letters_without_a_reader_can_be_stopped() {
    let job = Job::new().await;
    job.file("in.json", rows(2));
    let pipe = job.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let pipe = pipe.display().to_string();
    for command in [job.command(COPY, &["--dead-letters", &pipe]), job.0.write(&["--dead-letters", &pipe])] {
        let mut running = Running::start(command);
        running.says("pipe is a pipe: waiting until somebody reads it").await;
        running.signal("TERM").await;
        let ended = running.ended_with_input_open().await;
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains("stopped by a signal before anything was read"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn the_first_insert_that_fails_ends_the_file() {
    let job = Job::new().await;
    job.file("in.json", rows(2));
    let sql = "CREATE TABLE gone (n INT) WITH ('connector' = 'filesystem', 'path' = '${F}/gone.json', 'format' = 'json');
               INSERT INTO hole SELECT n FROM gone;
               INSERT INTO o SELECT n, s FROM t;";
    let ended = job.ran(sql, &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot read the table gone"), "{}", ended.stderr);
    assert!(job.names("out").is_empty());
}

#[tokio::test]
async fn a_null_for_a_column_that_is_never_null_fails_the_job_or_goes_where_it_is_told() {
    let sql = "CREATE TABLE x (n INT NOT NULL) WITH ('connector' = 'filesystem', 'path' = '${F}/out', 'format' = 'json');
               INSERT INTO x SELECT n FROM t;";
    let input = "{\"n\":1}\n{\"n\":null}\n{\"n\":3}\n";
    let job = Job::new().await;
    job.file("in.json", input);
    let ended = job.ran(sql, &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(
            "cannot compute a row: the column n is NOT NULL, and the row has a null; filter such rows"
        ),
        "{}",
        ended.stderr
    );
    for (setting, letters, filtered, failed) in
        [("narthex.on-row-error=dead-letter", 1, 0, 1), ("table.exec.sink.not-null-enforcer=DROP", 0, 1, 0)]
    {
        let job = Job::new().await;
        job.file("in.json", input);
        let ended = job.ran(sql, &["--set", setting]).await;
        assert_eq!((ended.code, job.letters().len()), (Some(0), letters), "{setting}: {}", ended.stderr);
        assert_eq!(job.source("t"), [3, 3, 0, 0]);
        let operators = job.ledger()["operators"].clone();
        let sum = |key: &str| {
            operators
                .as_object()
                .into_iter()
                .flatten()
                .map(|(_, o)| o[key].as_u64().unwrap_or(0))
                .sum::<u64>()
        };
        assert_eq!((sum("filtered"), sum("failed")), (filtered, failed), "{operators}");
        assert_eq!(job.written("out"), [r#"{"n":1}"#, r#"{"n":3}"#]);
    }
}

#[tokio::test]
async fn fail_on_loss_counts_records_and_rows() {
    let job = Job::new().await;
    job.file("in.json", rows(2) + "nonsense\n");
    assert_eq!(job.ran(COPY, &["--fail-on-loss"]).await.code, Some(1));
    let job = Job::new().await;
    job.file("in.json", rows(2));
    assert_eq!(job.ran(COPY, &["--fail-on-loss"]).await.code, Some(0));
    let ended = run(narthex(job.args(&job.job(COPY), &[])), "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
