//! Exposition and OpenMetrics: timestamps that are missing, ends that are missing.

use crate::support::input::now_ms;
use crate::support::scene::Scene;

#[tokio::test]
async fn exposition_without_timestamps_is_dropped_unless_now_will_do() {
    let at = now_ms() - 60_000;
    let input = format!("# TYPE m counter\nm{{a=\"1\"}} 1 {at}\nm{{a=\"2\"}} 2\nm{{a=\"3\"}} 3\n");
    let scene = Scene::new().await;
    let ended = scene.written(&["--format", "exposition"], &input).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 1 dropped.no_timestamp 2");
    assert!(
        scene
            .letters()
            .iter()
            .all(|letter| letter["reason"] == "no_timestamp" && letter["timestamp"].is_null())
    );

    let scene = Scene::new().await;
    let ended = scene.written(&["--format", "exposition", "--timestamp", "now"], &input).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 3");
    let newest =
        scene.held().iter().flat_map(|series| &series.samples).map(|sample| sample.timestamp_ms).max();
    assert!(newest.is_some_and(|newest| newest >= at + 60_000), "{newest:?}");
}

#[tokio::test]
async fn openmetrics_without_its_end_is_written_with_a_warning() {
    let seconds = now_ms() / 1000;
    let input =
        format!("# TYPE m counter\nm_total{{a=\"1\"}} 1 {seconds}.125\nm_total{{a=\"2\"}} 2 {seconds}\n");
    let scene = Scene::new().await;
    let ended = scene.written(&["--format", "openmetrics"], &input).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 2");
    assert!(
        ended.stderr.contains("WARN stdin: the input ended without # EOF: it may be cut off"),
        "{}",
        ended.stderr
    );
    assert_eq!(scene.held()[0].samples[0].timestamp_ms, seconds * 1000 + 125);
}

#[tokio::test]
async fn openmetrics_after_its_end_is_undecodable() {
    let seconds = now_ms() / 1000;
    let input = format!("m 1 {seconds}\n# EOF\nm 2 {}\n", seconds + 1);
    let scene = Scene::new().await;
    let ended = scene.written(&["--format", "openmetrics"], &input).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 1");
    assert_eq!(scene.ledger()["sources"][0]["undecodable"], 1);
    assert!(!ended.stderr.contains("without # EOF"), "{}", ended.stderr);
}

#[tokio::test]
async fn exemplars_are_passed_over_and_counted() {
    let seconds = now_ms() / 1000;
    let input = format!("m_bucket{{le=\"1\"}} 1 {seconds} # {{trace=\"x\"}} 0.5 {seconds}\n# EOF\n");
    let scene = Scene::new().await;
    let ended = scene.written(&["--format", "openmetrics"], &input).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 1");
    assert!(ended.stderr.contains("1 exemplars were passed over"), "{}", ended.stderr);
}
