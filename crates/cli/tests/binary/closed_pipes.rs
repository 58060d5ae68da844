//! Standard streams that are closed: the samples are written all the same.

use crate::support::input::{now_ms, rounds};
use crate::support::process::{Ended, Running, run, shell};
use crate::support::scene::Scene;

#[tokio::test]
async fn a_closed_standard_input_is_an_empty_one() {
    let scene = Scene::new().await;
    let ended = run(shell(r#"exec "$0" "$@" <&-"#, scene.write_args(&[])), "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("");
}

#[tokio::test]
async fn a_writer_that_dies_in_the_middle_of_a_line_costs_that_line() {
    let scene = Scene::new().await;
    let input = rounds(5, 1, now_ms());
    let ended = scene.written(&[], &input[..input.len() - 20]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 4");
    assert_eq!(scene.ledger()["sources"][0]["undecodable"], 1);
}

#[tokio::test]
async fn a_closed_standard_output_fails_only_where_the_ledger_should_go() {
    let scene = Scene::new().await;
    let input = rounds(5, 1, now_ms());
    let mut args = scene.write_args(&[]);
    let at = args.iter().position(|arg| arg == "--ledger").map_or(0, |at| at + 1);
    args[at] = "-".to_owned();
    let ended = with_closed_output(&args, &input).await;
    assert!(
        ended.stderr.contains("cannot write the ledger to standard output: Broken pipe"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("code 1"), "{}", ended.stderr);
    assert_eq!(scene.held_samples(), 5);

    let scene = Scene::new().await;
    let ended = with_closed_output(&scene.write_args(&[]), &input).await;
    assert!(ended.stderr.contains("code 0"), "{}", ended.stderr);
    scene.assert_ledger("written 5");
}

/// The input comes when the reader of the output has closed its end.
async fn with_closed_output(args: &[String], input: &str) -> Ended {
    let line = r#"{ "$0" "$@"; echo "code $?" >&2; } | { exec <&-; echo closed >&2; }"#;
    let mut running = Running::start(shell(line, args));
    running.says("closed\n").await;
    running.feed(input.as_bytes()).await;
    running.ended().await
}

#[tokio::test]
async fn a_closed_standard_error_changes_nothing() {
    for line in [r#"exec "$0" "$@" 2>&-"#, r#"{ "$0" "$@"; echo "code $?"; } 2>&1 >&3 3>&- | true"#] {
        let scene = Scene::new().await;
        // A loss and a progress line would both be said there.
        let input =
            [rounds(5, 1, now_ms()), "nonsense\n".to_owned(), rounds(1, 1, now_ms() - 90_000)].concat();
        let ended = run(shell(&format!("exec 3>&1; {line}"), scene.write_args(&[])), input).await;
        assert!(ended.code == Some(0), "{line}: {:?}", ended);
        scene.assert_ledger("written 5 dropped.out_of_order 1");
        assert_eq!(scene.letters().len(), 2);
    }
}

#[tokio::test]
async fn the_ledger_on_standard_output_is_all_that_is_there() {
    let scene = Scene::new().await;
    let mut args = scene.write_args(&[]);
    let at = args.iter().position(|arg| arg == "--ledger").map_or(0, |at| at + 1);
    args[at] = "-".to_owned();
    let ended = run(shell(r#"exec "$0" "$@""#, &args), rounds(5, 1, now_ms())).await;
    let ledger: serde_json::Value = serde_json::from_slice(&ended.stdout).expect("one JSON object");
    assert_eq!((ended.code, &ledger["written"]), (Some(0), &serde_json::json!(5)));
}
