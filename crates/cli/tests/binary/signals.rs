//! SIGTERM, SIGINT and SIGHUP: stop reading, drain within the limit, end with the ledger.

use std::process::Stdio;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::support::input::{now_ms, rounds};
use crate::support::ledger;
use crate::support::process::{Running, narthex, shell};
use crate::support::scene::Scene;

#[tokio::test]
async fn a_signal_before_any_input_ends_well() {
    for signal in ["TERM", "INT", "HUP"] {
        let scene = Scene::new().await;
        let mut running = Running::start(scene.write(&[]));
        running.says("INFO writing").await;
        running.signal(signal).await;
        let ended = running.ended_with_input_open().await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        scene.assert_ledger("");
    }
}

#[tokio::test]
async fn what_was_read_is_drained_although_no_request_was_due() {
    let scene = Scene::new().await;
    let mut running = Running::start(scene.write(&["--flush-buffer-timeout", "1 h", "--listen", "0"]));
    let url = running.admin_url().await;
    running.feed(rounds(50, 1, now_ms()).as_bytes()).await;
    until(&url, "narthex_sink_samples_received_total 50\n").await;
    assert_eq!(scene.server.stats().all_requests(), 0);
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 50");
}

#[tokio::test]
async fn the_drain_ends_at_its_limit_and_says_what_is_pending() {
    let (scene, mut running) = stuck("ok 503x*", "1 s").await;
    running.says("answered 503").await;
    let begun = Instant::now();
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    let took = begun.elapsed();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(took > Duration::from_millis(900) && took < Duration::from_secs(4), "{took:?}");
    assert!(
        ended.stderr.contains("cannot drain within 1 s: 15 samples are still pending"),
        "{}",
        ended.stderr
    );
    scene.assert_ledger("written 10 pending 15");
}

#[tokio::test]
async fn a_receiver_that_comes_back_within_the_limit_gets_everything() {
    let (scene, mut running) = stuck("ok 503x5", "30 s").await;
    running.says("answered 503").await;
    running.signal("INT").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 25");
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let (_scene, mut running) = stuck("ok 503x*", "1 min").await;
    running.says("answered 503").await;
    running.signal("TERM").await;
    running.says("stopping: draining").await;
    let begun = Instant::now();
    running.signal("INT").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert!(ended.stderr.contains("second signal: ending without draining"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_signal_limits_the_drain_at_the_end_of_the_input_too() {
    let (scene, mut running) = stuck("ok 503x*", "1 s").await;
    running.end_input();
    running.says("answered 503").await;
    running.signal("TERM").await;
    let ended = running.ended().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    scene.assert_ledger("written 10 pending 15");
}

#[tokio::test]
async fn a_stream_under_way_is_cut_where_the_signal_comes_and_nothing_in_it_is_lost() {
    let scene = Scene::new().await;
    let mut generating = std::process::Command::new(env!("CARGO_BIN_EXE_narthex"));
    generating
        .args(["generate", "--series", "100", "--rate", "20000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut generator = generating.spawn().expect("a generator");
    let mut command = scene.write(&[]);
    command.stdin(generator.stdout.take().expect("its output"));
    let running = Running::start(command);
    while scene.server.stats().samples.stored < 20_000 {
        sleep(Duration::from_millis(20)).await;
    }
    running.signal("TERM").await;
    let ended = running.ended().await;
    generator.kill().expect("kill");
    generator.wait().expect("its end");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ledger = scene.ledger();
    assert!(ledger::adds_up(&ledger) && ledger::count(&ledger, "pending") == 0, "{ledger}");
    assert_eq!(ledger::count(&ledger, "written"), scene.held_samples() as u64);
    assert_eq!(scene.server.stats().samples.order_violations, 0);
}

#[tokio::test]
async fn replay_and_receive_end_on_a_signal_too() {
    let mut receiver = Running::start(narthex(["receive"]));
    let url = receiver.admin_url().await;
    let letters: String = (0..1000).map(|nth| format!("{{\"kind\":\"sample\",\"reason\":\"x\",\"labels\":[[\"__name__\",\"m\"],[\"n\",\"{nth}\"]],\"value\":1,\"timestamp\":{}}}\n", now_ms())).collect();
    let scene = Scene::failing("503x*").await;
    let mut command = narthex(["replay", "--url", &scene.server.write_url(), "--drain-timeout", "200 ms"]);
    command.arg(scene.file("letters.ndjson", &letters));
    let mut replay = Running::start(command);
    replay.says("answered 503").await;
    replay.signal("TERM").await;
    let ended = replay.ended().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("1000 samples are still pending"), "{}", ended.stderr);

    let mut command = narthex(["replay", "--url", &format!("{url}/api/v1/write")]);
    command.arg(scene.path("letters.ndjson"));
    assert_eq!(Running::start(command).ended().await.code, Some(0));
    receiver.signal("INT").await;
    let ended = receiver.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("stored                 1000"), "{}", ended.stderr);
}

#[tokio::test]
async fn what_was_read_has_a_fate_also_where_the_reader_waits_for_room() {
    let scene = Scene::failing("delay=200ms").await;
    let file = scene.file("lines", rounds(1000, 100, now_ms() - 200_000));
    let mut running = Running::start(scene.write(&["--shards", "1", "--listen", "0", &file]));
    let url = running.admin_url().await;
    // 8,000 samples fit into the queue: the reader waits.
    while scene.server.stats().samples.stored < 4000 {
        sleep(Duration::from_millis(20)).await;
    }
    assert!(crate::support::http::get(&url, "/metrics").await.1.contains("narthex_source_records_total"));
    running.signal("TERM").await;
    let ended = running.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ledger = scene.ledger();
    let rows = ledger::count(&ledger["sources"][0], "rows");
    assert!(rows > 4000 && rows < 100_000, "{ledger}");
    assert_eq!(ledger::count(&ledger, "received"), rows, "{ledger}");
    assert_eq!(ledger::count(&ledger, "written"), rows, "{ledger}");
    assert_eq!(scene.server.stats().samples.order_violations, 0);
    assert!(ended.stderr.contains(&format!("stopped after line {rows}; ")), "{}", ended.stderr);
}

#[tokio::test]
async fn what_is_left_at_the_limit_is_pending_and_not_forgotten() {
    let scene = Scene::failing("ok 503x*").await;
    let file = scene.file("lines", rounds(1000, 100, now_ms() - 200_000));
    let mut running = Running::start(scene.write(&["--shards", "1", "--drain-timeout", "500 ms", &file]));
    running.says("answered 503").await;
    running.signal("TERM").await;
    let ended = running.ended().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot drain within 0.5 s"), "{}", ended.stderr);
    let ledger = scene.ledger();
    assert!(ledger::adds_up(&ledger), "{ledger}");
    assert_eq!(ledger::count(&ledger, "received"), ledger::count(&ledger["sources"][0], "rows"), "{ledger}");
}

#[tokio::test]
async fn a_line_that_is_not_whole_at_the_signal_is_said_to_be_discarded() {
    let scene = Scene::new().await;
    let mut running = Running::start(scene.write(&["--flush-buffer-timeout", "20 ms"]));
    running.feed((rounds(2, 1, now_ms()) + "{\"labels\":").as_bytes()).await;
    while scene.server.stats().samples.stored < 2 {
        sleep(Duration::from_millis(10)).await;
    }
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("WARN stdin: stopped after line 2; 10 bytes of a line that was not whole"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_terminal_that_goes_away_says_so_twice_and_the_drain_goes_on() {
    let (scene, mut running) = stuck("ok 503x5", "30 s").await;
    running.says("answered 503").await;
    running.signal("HUP").await;
    running.says("stopping: draining").await;
    running.signal("HUP").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 25");
}

#[tokio::test]
async fn nohup_is_left_as_it_is() {
    let scene = Scene::new().await;
    let mut running = Running::start(shell(r#"trap "" HUP; exec "$0" "$@""#, scene.write_args(&[])));
    running.says("INFO writing").await;
    running.signal("HUP").await;
    sleep(Duration::from_millis(200)).await;
    assert!(running.is_running(), "{}", running.stderr());
    assert_eq!(running.ended().await.code, Some(0));
}

#[tokio::test]
async fn an_earlier_ledger_does_not_outlive_the_start_of_a_run() {
    let (scene, mut running) = stuck_after("ok 503x*", "1 min", "{\"written\":7}").await;
    running.says("answered 503").await;
    running.signal("TERM").await;
    running.says("stopping: draining").await;
    running.signal("TERM").await;
    assert_eq!(running.ended_with_input_open().await.code, Some(1));
    let text = || std::fs::read_to_string(scene.path("ledger.json")).expect("a file");
    assert_eq!(text(), "");

    scene.file("ledger.json", "{\"written\":7}");
    let ended = scene.written(&[&scene.path("missing").display().to_string()], "").await;
    assert_eq!((ended.code, text().as_str()), (Some(1), ""));
    scene.file("ledger.json", "{\"written\":7}");
    let ended = scene.written(&["--shards", "0"], "").await;
    assert_eq!((ended.code, text().as_str()), (Some(64), "{\"written\":7}"), "wrong flags touch nothing");
}

/// A run that has 25 samples, all of them read: a signal cuts the input where it stands.
async fn stuck(script: &str, drain_timeout: &str) -> (Scene, Running) {
    stuck_after(script, drain_timeout, "").await
}

/// The same, with the ledger of an earlier run.
async fn stuck_after(script: &str, drain_timeout: &str, earlier: &str) -> (Scene, Running) {
    let scene = Scene::failing(script).await;
    scene.file("ledger.json", earlier);
    let one_shard = ["--shards", "1", "--batch-samples", "10", "--flush-buffer-timeout", "50 ms"];
    let mut running = Running::start(
        scene.write(&[&one_shard[..], &["--listen", "0", "--drain-timeout", drain_timeout]].concat()),
    );
    let url = running.admin_url().await;
    running.feed(rounds(25, 1, now_ms()).as_bytes()).await;
    until(&url, "narthex_sink_samples_received_total 25\n").await;
    (scene, running)
}

/// Waits until `/metrics` has the line.
async fn until(url: &str, line: &str) {
    let begun = Instant::now();
    while !crate::support::http::get(url, "/metrics").await.1.contains(line) {
        assert!(begun.elapsed() < Duration::from_secs(10), "{line} never comes");
        sleep(Duration::from_millis(20)).await;
    }
}
