//! `narthex replay`: what was lost goes out again, what cannot is listed.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::http::get;
use crate::support::input::{line, now_ms, rounds};
use crate::support::ledger::count;
use crate::support::process::{Running, narthex, run};
use crate::support::scene::Scene;

#[tokio::test]
async fn dead_letters_of_a_failed_run_are_written_by_replay() {
    let failing = Scene::failing("503x*").await;
    let input = [rounds(10, 2, now_ms() - 60_000).as_str(), "nonsense\n"].concat();
    let flags = ["--max-retries", "1", "--retry-initial-backoff", "1ms", "--on-exhausted", "discard"];
    let ended = failing.written(&flags, input).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    failing.assert_ledger("dropped.retries_exhausted 20");
    assert_eq!(failing.letters().len(), 21);

    let scene = Scene::new().await;
    let mut command = narthex(["replay", "--url", &scene.server.write_url()]);
    command.arg("--ledger").arg(scene.path("ledger.json")).arg(failing.path("dead.ndjson"));
    let ended = run(command, "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 20");
    assert_eq!(scene.held_samples(), 20);
    assert!(ended.stderr.contains("not sent: 1 record letters (undecodable)"), "{}", ended.stderr);
}

#[tokio::test]
async fn replay_says_that_older_samples_need_a_window() {
    let scene = Scene::new().await;
    let at = now_ms() - 60_000;
    let ended = scene.written(&[], rounds(3, 1, at) + &line(0, at - 1000, 0.5)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 3 dropped.out_of_order 1");
    let mut command = narthex(["replay", "--url", &scene.server.write_url()]);
    command.arg("--ledger").arg(scene.path("second.json")).arg(scene.path("dead.ndjson"));
    let ended = run(command, "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains("samples were refused again as too late: older samples than a series' newest need"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn replay_does_not_feed_on_its_own_dead_letters() {
    let scene = Scene::new().await;
    let file = scene.file("dead.ndjson", "");
    let ended =
        run(narthex(["replay", "--url", &scene.server.write_url(), "--dead-letters", &file, &file]), "")
            .await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    assert!(ended.stderr.contains("or feed on itself"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_replay_that_waits_for_the_receiver_ends_on_a_signal() {
    // Queues of a few samples: the reader soon waits for room that never comes.
    let letter = |nth: usize| {
        format!(
            "{{\"kind\":\"sample\",\"reason\":\"x\",\"labels\":[[\"__name__\",\"m\"],[\"n\",\"{nth}\"]],\"value\":1,\"timestamp\":{}}}\n",
            now_ms()
        )
    };
    let scene = Scene::failing("503x*").await;
    let file = scene.file("letters.ndjson", (0..10_000).map(letter).collect::<String>());
    let mut command =
        narthex(["replay", "--url", &scene.server.write_url(), "--drain-timeout", "200 ms", &file]);
    command.args([
        "--shards",
        "1",
        "--batch-samples",
        "10",
        "--requests-max-buffered",
        "10",
        "--listen",
        "0",
    ]);
    command.arg("--ledger").arg(scene.path("ledger.json"));
    let mut running = Running::start(command);
    let url = running.admin_url().await;
    running.says("answered 503").await;
    comes_to_a_stand(&url).await;
    running.signal("TERM").await;
    let ended = running.ended().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot drain within 0.2 s"), "{}", ended.stderr);
    let ledger = scene.ledger();
    assert!(
        count(&ledger, "pending") > 0 && count(&ledger, "pending") == count(&ledger, "received"),
        "{ledger}"
    );
}

#[tokio::test]
async fn a_folder_cannot_be_replayed() {
    let scene = Scene::new().await;
    let folder = scene.folder.path().display().to_string();
    let ended = run(narthex(["replay", "--url", &scene.server.write_url(), &folder]), "").await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(&format!("narthex: cannot read {folder}: it is a folder")),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_file_without_a_single_dead_letter_is_a_failure_and_no_flood() {
    let scene = Scene::new().await;
    let file = scene.file("samples", rounds(500, 1, now_ms()));
    let ended = run(narthex(["replay", "--url", &scene.server.write_url(), &file]), "").await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("no dead letter:").count(), 5, "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .contains(&format!("narthex: {file} holds no dead letters: none of its 500 lines is one")),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("out-of-order"), "{}", ended.stderr);
}

#[tokio::test]
async fn replay_speaks_of_a_window_only_where_samples_were_late() {
    let scene = Scene::failing("400x*").await;
    let letter = format!(
        "{{\"kind\":\"sample\",\"reason\":\"retries_exhausted\",\"labels\":[[\"__name__\",\"m\"]],\"value\":1,\"timestamp\":{}}}\n",
        now_ms()
    );
    let file = scene.file("letters", letter);
    let ended = run(narthex(["replay", "--url", &scene.server.write_url(), &file]), "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("rejected{bad_request} 1"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("out-of-order"), "{}", ended.stderr);
}

/// Waits until the reader reads no more: the same count of records twice, a while apart.
async fn comes_to_a_stand(url: &str) {
    let mut before = None;
    loop {
        let page = get(url, "/metrics").await.1;
        let records =
            page.lines().find(|line| line.starts_with("narthex_source_records_total")).map(str::to_owned);
        if records.is_some() && records == before {
            return;
        }
        before = records;
        sleep(Duration::from_millis(300)).await;
    }
}
