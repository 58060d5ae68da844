//! Wrong flags: all of them at once, exit code 64, and not one connection.

use crate::support::input::{now_ms, rounds};
use crate::support::process::{narthex, run};
use crate::support::scene::Scene;

/// Twenty and more flags that are wrong, each with what is said of it.
const WRONG: &[(&str, &str, &str)] = &[
    ("--format", "xml", "--format"),
    ("--timestamp", "later", "--timestamp: \"later\" is not one of none, now"),
    ("--log-format", "yaml", "--log-format: \"yaml\" is not one of text, json"),
    ("--listen", "nowhere", "--listen: \"nowhere\" is no address"),
    ("--drain-timeout", "soon", "--drain-timeout"),
    ("--dead-letters", "/no/such/folder/x", "--dead-letters: cannot open"),
    ("--ledger", "/no/such/folder/ledger.json", "--ledger: /no/such/folder is no folder to write to"),
    ("--request-signer", "magic", "--request-signer: \"magic\" is not one of"),
    ("--aws-region", "eu-central-1", ""),
    ("--batch-samples", "0", "--batch-max-size: 0 is out of range"),
    ("--flush-buffer-size", "1 gb", "--flush-buffer-size"),
    ("--flush-buffer-timeout", "0 s", "--flush-buffer-timeout"),
    ("--requests-max-buffered", "-5", "--requests-max-buffered"),
    ("--requests-max-inflight", "4", "--requests-max-inflight: \"4\" is not 1"),
    ("--shards", "5000", "--shards: 5000 is out of range; allowed are 1 to 1024"),
    ("--checks", "some", "--checks: \"some\" is not one of off, labels, full"),
    ("--name-validation", "none", "--name-validation: \"none\" is not one of legacy, utf8"),
    ("--out-of-order-window", "ever", "--out-of-order-window"),
    ("--max-future", "-1 s", "--max-future"),
    ("--checks-max-series", "3", "--checks-max-series: 3 is out of range"),
    ("--checks-idle-timeout", "1 ms", "--checks-idle-timeout"),
    ("--on-reject", "ignore", "--on-reject: \"ignore\" is not one of isolate, discard"),
    ("--on-exhausted", "pray", "--on-exhausted: \"pray\" is not one of fail, discard"),
    ("--max-retries", "many", "--retry-max-retries: \"many\" is no whole number"),
    ("--retry-initial-backoff", "2 h", "--retry-initial-backoff"),
    ("--retry-max-backoff", "1 ms", "--retry-max-backoff"),
    ("--request-timeout", "0 ms", "--request-timeout"),
    ("--auth-username", "me", "--auth-username: needs --auth-password or --auth-password-file"),
    ("--auth-bearer-token", "t", "--auth-bearer-token: is given beside a user name"),
    ("--headers", "Content-Type=text/plain", "--headers Content-Type: is set by the protocol"),
    ("--headers", "novalue", "--headers: write a header as NAME=VALUE"),
    ("--tls-ca-file", "/no/such/ca.pem", "--tls-ca-file: cannot read certificates from /no/such/ca.pem"),
];

#[tokio::test]
async fn all_mistakes_are_reported_at_once() {
    let mut command = narthex(["write", "--url", "ftp://example.com/"]);
    command.args(WRONG.iter().flat_map(|(flag, value, _)| [*flag, *value]));
    let ended = run(command, "").await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    assert!(ended.stderr.contains("--url: \"ftp\" is no scheme of Remote-Write"), "{}", ended.stderr);
    for (flag, value, said) in WRONG {
        assert!(ended.stderr.contains(said), "{flag} {value}: {}", ended.stderr);
    }
    let mistakes = ended.stderr.lines().filter(|line| line.starts_with("  --")).count();
    assert!(mistakes >= WRONG.len(), "{mistakes} of {}: {}", WRONG.len() + 1, ended.stderr);
}

#[tokio::test]
async fn each_mistake_alone_ends_with_64_before_any_connection() {
    let scene = Scene::new().await;
    for (flag, value, said) in
        WRONG.iter().filter(|(flag, ..)| !matches!(*flag, "--auth-bearer-token" | "--retry-max-backoff"))
    {
        let mut command = narthex(["write", "--url", &scene.server.write_url()]);
        let ended = run(
            {
                command.args([flag, value]);
                command
            },
            "{}",
        )
        .await;
        assert_eq!(ended.code, Some(64), "{flag} {value}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{flag} {value}: {}", ended.stderr);
    }
    assert_eq!(scene.server.stats().all_requests(), 0);
}

#[tokio::test]
async fn what_the_command_line_itself_cannot_be_ends_with_64() {
    for args in [
        &["write"][..],
        &["write", "--url", "http://h/", "--no-such-flag"],
        &["wrte"],
        &["write", "--url"],
        &[],
    ] {
        let ended = run(narthex(args), "").await;
        assert_eq!((ended.code, ended.stdout.len()), (Some(64), 0), "{args:?}: {}", ended.stderr);
    }
    for args in
        [&["--help"][..], &["--version"], &["write", "--help"], &["receive", "--help"], &["replay", "--help"]]
    {
        let ended = run(narthex(args), "").await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[tokio::test]
async fn credentials_that_are_there_and_empty_are_a_mistake() {
    for way in [
        &["--auth-bearer-token", ""][..],
        &["--auth-bearer-token", " "],
        &["--auth-username", "", "--auth-password", ""],
        &["--auth-username", "me", "--auth-password", ""],
    ] {
        for command in [&["write", "--url", "http://127.0.0.1:1/"][..], &["receive", "--for", "1ms"]] {
            let ended = run(narthex([command, way].concat()), "").await;
            assert_eq!(ended.code, Some(64), "{command:?} {way:?}: {}", ended.stderr);
            assert!(
                ended.stderr.contains("is empty: is the variable that it comes from not set?"),
                "{}",
                ended.stderr
            );
        }
    }
}

#[tokio::test]
async fn blanks_around_the_url_are_no_part_of_it() {
    let scene = Scene::new().await;
    let url = format!(" {}\n", scene.server.write_url());
    let ended = run(narthex(["write", "--url", &url]), rounds(2, 1, now_ms())).await;
    assert_eq!((ended.code, scene.held_samples()), (Some(0), 2), "{}", ended.stderr);
}

#[tokio::test]
async fn a_run_that_gives_up_names_the_flag_and_not_the_option() {
    let scene = Scene::failing("503x*").await;
    for format in ["text", "json"] {
        let flags = ["--max-retries", "1", "--retry-initial-backoff", "1ms", "--log-format", format];
        let ended = scene.written(&flags, rounds(1, 1, now_ms())).await;
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains("give it more time with --retry-max-time"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("sink.retry"), "{}", ended.stderr);
    }
}
