//! Flags of `narthex run` and `narthex check` that are wrong.

use crate::support::job::{COPY, Job, rows};
use crate::support::process::{narthex, run};

#[tokio::test]
async fn wrong_flags_are_told_at_once_and_nothing_is_opened() {
    let job = Job::new().await;
    let file = job.job(COPY);
    for (flags, expected) in [
        (&["--set", "parallelism.default"][..], "--set: takes KEY=VALUE, such as parallelism.default=2"),
        (&["--set", "=2"], "--set: takes KEY=VALUE"),
        (&["--set", "parallelism.default=none"], "--set: \"none\" is no value for parallelism.default"),
        (&["--set"], "a value is required for '--set <KEY=VALUE>'"),
        (&["--sett", "a=b"], "unexpected argument '--sett' found"),
        (&["--drain-timeout", "soon"], "--drain-timeout"),
        (&["--listen", "nowhere"], "--listen: \"nowhere\" is no address"),
        (&["--log-format", "xml"], "--log-format: \"xml\" is not one of text, json"),
        (&["--engine", "spark"], "'--engine' found"),
    ] {
        let mut command = narthex(job.args(&file, &[]));
        let ended = run(
            {
                command.args(flags);
                command
            },
            "",
        )
        .await;
        assert_eq!(ended.code, Some(64), "{flags:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{flags:?}: {}", ended.stderr);
        assert!(job.names("out").is_empty());
    }
    for (args, expected) in [
        (&["run"][..], "<FILE>"),
        (&["check", "--engine", "spark", &file], "--engine: \"spark\" is not one of narthex, flink"),
        (&["check", "--set", "x", &file], "--set: takes KEY=VALUE"),
    ] {
        let ended = run(narthex(args), "").await;
        assert_eq!(ended.code, Some(64), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{args:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_key_that_means_nothing_is_a_warning() {
    let job = Job::new().await;
    job.file("in.json", rows(1));
    let ended = job.ran(COPY, &["--set", "table.local-time-zon=UTC"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("did you mean table.local-time-zone?"), "{}", ended.stderr);
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_before_anything_is_read() {
    let job = Job::new().await;
    job.file("in.json", rows(1));
    let taken = job.0.server.address().to_string();
    let ended = job.ran(COPY, &["--listen", &taken]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(&format!("cannot listen on {taken}: Address already in use")),
        "{}",
        ended.stderr
    );
    assert!(job.names("out").is_empty());
}

#[tokio::test]
async fn outputs_that_are_one_file_are_refused() {
    let job = Job::new().await;
    let file = job.job(COPY);
    let same = job.path("same").display().to_string();
    for (flags, expected) in [
        (["--ledger", &same, "--dead-letters", &same], "is the same file as"),
        (["--ledger", "-", "--dead-letters", "-"], "standard output carries"),
        (["--ledger", "/dev/null", "--dead-letters", &file], "is the same file as the input"),
    ] {
        let ended = run(narthex(job.args(&file, &flags)), "").await;
        assert_eq!(ended.code, Some(64), "{flags:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{flags:?}: {}", ended.stderr);
    }
    assert_eq!(std::fs::read_to_string(&file).expect("it is untouched").matches("INSERT").count(), 1);
}
