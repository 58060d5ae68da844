//! A disk that is full: dead letters are lost, and counted; samples are not.

use crate::support::input::{line, now_ms, rounds};
use crate::support::ledger::count;
use crate::support::process::{run, shell};
use crate::support::scene::Scene;

/// Good samples, and `late` ones that the checks drop.
fn with_late(late: usize) -> String {
    let at = now_ms() - 60_000;
    let mut lines = rounds(10, 1, at);
    lines.extend((0..late).map(|nth| line(nth % 10, at - 1000 - nth as i64, 0.0)));
    lines
}

#[tokio::test]
async fn dead_letters_on_a_full_disk_are_counted_and_nothing_else_is_lost() {
    let scene = Scene::new().await;
    let ended = scene.written(&["--dead-letters", "/dev/full"], with_late(3) + "nonsense\n").await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    scene.assert_ledger("written 10 dropped.out_of_order 3");
    assert_eq!(count(&scene.ledger(), "dead_letters_failed"), 4);
    assert!(
        ended.stderr.contains("ERROR cannot write dead letters to /dev/full: No space left on device"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("4 dead letters could not be written"), "{}", ended.stderr);
    assert_eq!(scene.held_samples(), 10);
}

#[tokio::test]
async fn a_disk_that_fills_up_leaves_whole_lines() {
    let scene = Scene::new().await;
    // A limit on the size of files stands in for the disk: 8 blocks of 512 bytes, and an error instead of a signal.
    let limited = r#"trap "" XFSZ; ulimit -f 8; exec "$0" "$@""#;
    let mut args = scene.write_args(&["--batch-samples", "10", "--shards", "1"]);
    args.push("--checks-idle-timeout".into());
    args.push("1 h".into());
    let ended = run(shell(limited, &args), with_late(200)).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    scene.assert_ledger("written 10 dropped.out_of_order 200");
    let letters = scene.letters().len() as u64;
    assert!(letters > 0, "{}", ended.stderr);
    assert_eq!(letters + count(&scene.ledger(), "dead_letters_failed"), 200);
}

#[tokio::test]
async fn a_ledger_on_a_full_disk_is_a_failure_that_says_so() {
    let scene = Scene::new().await;
    let mut args = scene.write_args(&[]);
    let at = args.iter().position(|arg| arg == "--ledger").map_or(0, |at| at + 1);
    args[at] = "/dev/full".to_owned();
    let ended = run(shell(r#"exec "$0" "$@""#, &args), with_late(0)).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("cannot write the ledger to /dev/full: No space left on device"),
        "{}",
        ended.stderr
    );
    assert_eq!(scene.held_samples(), 10);
}

#[tokio::test]
async fn dead_letters_that_cannot_be_opened_are_a_mistake_before_anything_is_sent() {
    let scene = Scene::new().await;
    let ended = scene.written(&["--dead-letters", "/no/such/folder/dead.ndjson"], with_late(0)).await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("--dead-letters: cannot open /no/such/folder/dead.ndjson"),
        "{}",
        ended.stderr
    );
    assert_eq!(scene.server.stats().all_requests(), 0);
}
