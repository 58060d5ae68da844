//! The admin listener: every metric that is promised, health, readiness.

use crate::support::http::{answer, get};
use crate::support::input::{line, now_ms, rounds};
use crate::support::process::{Running, narthex, run};
use crate::support::scene::Scene;

/// What the design promises, as it stands on the page.
const PROMISED: &[&str] = &[
    "narthex_sink_samples_received_total",
    "narthex_sink_samples_written_total",
    "narthex_sink_samples_replayed_total",
    "narthex_sink_samples_rejected_total{reason=\"bad_request\"}",
    "narthex_sink_samples_dropped_total{reason=\"out_of_order\"}",
    "narthex_sink_samples_pending",
    "narthex_sink_requests_total{code=\"204\"}",
    "narthex_sink_retries_total",
    "narthex_sink_request_duration_seconds_bucket",
    "narthex_source_records_total{source=\"stdin\"}",
    "narthex_source_undecodable_total{source=\"stdin\"}",
];

/// A run with written, dropped and undecodable lines, and its page of metrics.
async fn page(scene: &Scene) -> (Running, String, String) {
    let mut running = Running::start(scene.write(&["--listen", "0", "--flush-buffer-timeout", "50 ms"]));
    let url = running.admin_url().await;
    let at = now_ms() - 60_000;
    running.feed((rounds(10, 1, at) + &line(1, at - 1, 0.0) + "nonsense\n").as_bytes()).await;
    let mut page = String::new();
    for _ in 0..500 {
        page = get(&url, "/metrics").await.1;
        if page.contains("narthex_sink_samples_pending 0")
            && page.contains("narthex_sink_samples_received_total 11")
        {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    (running, url, page)
}

#[tokio::test]
async fn every_promised_metric_is_there_and_adds_up() {
    let scene = Scene::new().await;
    let (running, url, page) = page(&scene).await;
    for name in PROMISED {
        assert!(page.lines().any(|line| line.starts_with(name)), "{name} is not in\n{page}");
    }
    for line in [
        "narthex_sink_samples_written_total 10",
        "narthex_sink_samples_dropped_total{reason=\"out_of_order\"} 1",
        "narthex_source_records_total{source=\"stdin\"} 12",
        "narthex_source_undecodable_total{source=\"stdin\"} 1",
    ] {
        assert!(page.lines().any(|other| other == line), "{line} is not in\n{page}");
    }
    let (status, head, openmetrics) =
        answer(&url, "/metrics", "accept: application/openmetrics-text\r\n").await;
    assert!(
        status == 200 && head.contains("content-type: application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    assert!(
        openmetrics.ends_with("# EOF\n") && openmetrics.contains("# TYPE narthex_sink_retries counter\n")
    );
    let (_, head, text) = answer(&url, "/metrics", "").await;
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    assert!(
        text.contains("# TYPE narthex_sink_retries_total counter\n") && !text.contains("# EOF"),
        "{text}"
    );
    assert_eq!(get(&url, "/-/healthy").await.0, 200);
    assert_eq!(get(&url, "/-/ready").await.0, 200);
    assert_eq!(get(&url, "/nothing").await.0, 404);
    assert_eq!(running.ended().await.code, Some(0));
}

#[tokio::test]
async fn a_run_that_drains_is_healthy_but_not_ready() {
    let scene = Scene::failing("ok 503x*").await;
    let mut running = Running::start(scene.write(&[
        "--listen",
        "127.0.0.1:0",
        "--drain-timeout",
        "30 s",
        "--flush-buffer-timeout",
        "50 ms",
    ]));
    let url = running.admin_url().await;
    running.feed(rounds(1, 1, now_ms() - 60_000).as_bytes()).await;
    while scene.server.stats().all_requests() < 1 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    running.feed(rounds(1, 1, now_ms()).as_bytes()).await;
    running.says("answered 503").await;
    running.signal("TERM").await;
    running.says("stopping: draining").await;
    let mut status = 0;
    for _ in 0..500 {
        status = get(&url, "/-/ready").await.0;
        if status != 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!((status, get(&url, "/-/healthy").await.0), (503, 200));
    running.signal("TERM").await;
    assert_eq!(running.ended_with_input_open().await.code, Some(1));
}

#[tokio::test]
async fn where_it_listens_is_the_first_line_on_standard_error() {
    let scene = Scene::new().await;
    let ended = scene.written(&["--listen", "0"], rounds(1, 1, now_ms())).await;
    assert!(ended.stderr.starts_with("listening on http://127.0.0.1:"), "{}", ended.stderr);
    let mut receiver = Running::start(narthex(["receive"]));
    receiver.says("\n").await;
    assert!(receiver.stderr().starts_with("listening on http://127.0.0.1:"), "{}", receiver.stderr());
    receiver.signal("TERM").await;
    receiver.ended().await;
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_before_anything_is_sent() {
    let scene = Scene::new().await;
    let taken = scene.server.address().to_string();
    let ended = run(scene.write(&["--listen", &taken]), rounds(1, 1, now_ms())).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(&format!("cannot listen on {taken}: Address already in use")),
        "{}",
        ended.stderr
    );
    assert_eq!(scene.server.stats().all_requests(), 0);
}

#[tokio::test]
async fn service_discovery_finds_a_command_while_it_runs() {
    let scene = Scene::new().await;
    let file = scene.path("narthex.json");
    let path = file.display().to_string();
    let mut running = Running::start(scene.write(&["--listen", "0", "--sd-file", &path]));
    let url = running.admin_url().await;
    let targets = std::fs::read_to_string(&file).expect("a target file");
    let expected =
        format!("[{{\"labels\":{{\"command\":\"write\"}},\"targets\":[\"{}\"]}}]\n", &url["http://".len()..]);
    assert_eq!(targets, expected);
    let (_, head, body) = answer(&url, "/-/targets", "").await;
    assert!(head.contains("content-type: application/json"), "{head}");
    assert_eq!(body, expected);
    running.signal("TERM").await;
    running.ended_with_input_open().await;
    assert!(!file.exists(), "the target file is still there");
    let nowhere = scene.path("none/narthex.json").display().to_string();
    let ended = scene.written(&["--listen", "0", "--sd-file", &nowhere], rounds(1, 1, now_ms())).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot write the target file"), "{}", ended.stderr);
    let ended = scene.written(&["--sd-file", &path], rounds(1, 1, now_ms())).await;
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
}
