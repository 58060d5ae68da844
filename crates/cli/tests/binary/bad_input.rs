//! Lines that are wrong in every way: each is counted and filed, and nothing else is lost.

use serde_json::json;

use crate::support::input::{line, now_ms, rounds};
use crate::support::scene::Scene;

/// A good line before and one after what is wrong.
fn between(wrong: impl AsRef<[u8]>) -> Vec<u8> {
    let at = now_ms() - 60_000;
    [line(1, at, 1.0).as_bytes(), wrong.as_ref(), b"\n", line(2, at, 2.0).as_bytes()].concat()
}

#[tokio::test]
async fn a_malformed_line_is_counted_filed_and_passed_over() {
    let scene = Scene::new().await;
    let ended = scene.written(&[], between("{\"labels\":{\"__name__\":\"m\"},\"value\":}")).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 2");
    assert_eq!(
        scene.ledger()["sources"],
        json!([{"name": "stdin", "records": 3, "rows": 2, "undecodable": 1}])
    );
    let [letter] = &scene.letters()[..] else { panic!("{:?}", scene.letters()) };
    assert_eq!((&letter["kind"], &letter["reason"]), (&json!("record"), &json!("undecodable")));
    assert_eq!(
        (&letter["source"], &letter["raw"]),
        (&json!("stdin:2"), &json!("{\"labels\":{\"__name__\":\"m\"},\"value\":}"))
    );
    assert!(ended.stderr.contains("WARN stdin:2: cannot decode: "), "{}", ended.stderr);
    assert_eq!(scene.held_samples(), 2);
}

#[tokio::test]
async fn an_undecodable_line_is_a_loss_for_those_who_ask() {
    let scene = Scene::new().await;
    let ended = scene.written(&["--fail-on-loss"], between("nonsense")).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    scene.assert_ledger("written 2");
}

#[tokio::test]
async fn a_flood_of_malformed_lines_is_logged_a_few_times_and_filed_whole() {
    let scene = Scene::new().await;
    let ended = scene.written(&[], between("nonsense\n".repeat(5000).trim_end())).await;
    assert_eq!(ended.code, Some(0));
    assert_eq!(scene.letters().len(), 5000);
    assert!(ended.stderr.matches("cannot decode").count() < 10, "{}", ended.stderr);
}

#[tokio::test]
async fn a_line_of_2_mb_full_of_samples_is_written_whole() {
    let scene = Scene::new().await;
    let at = now_ms() - 600_000;
    let samples: Vec<String> = (0..100_000).map(|nth| format!("[{},{nth}.25]", at + nth)).collect();
    let long = format!("{{\"labels\":{{\"__name__\":\"m\"}},\"samples\":[{}]}}", samples.join(","));
    assert!(long.len() > 2_000_000, "{}", long.len());
    let ended = scene.written(&[], between(long)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 100002");
    assert_eq!(scene.held_samples(), 100_002);
    assert!(scene.server.log().iter().all(|request| request.samples <= 2000));
    assert_eq!(scene.server.stats().samples.order_violations, 0);
}

#[tokio::test]
async fn a_label_of_2_mb_is_dropped_and_filed() {
    for checks in ["full", "off"] {
        let scene = Scene::new().await;
        let label = "x".repeat(2_000_000);
        let long = format!(
            "{{\"labels\":{{\"__name__\":\"m\",\"a\":\"{label}\"}},\"value\":1,\"timestamp\":{}}}",
            now_ms()
        );
        let ended = scene.written(&["--checks", checks], between(long)).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        scene.assert_ledger("written 2 dropped.label_too_long 1");
        assert_eq!(scene.letters()[0]["labels"][1][1].as_str().map(str::len), Some(2_000_000));
        assert!(ended.stderr.len() < 5000, "the log must not hold the label");
    }
}

#[tokio::test]
async fn a_line_beyond_the_limit_is_passed_over_without_being_held() {
    let scene = Scene::new().await;
    let ended = scene.written(&[], between("x".repeat(40 << 20))).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 2");
    assert_eq!(scene.ledger()["sources"][0]["undecodable"], 1);
    assert!(
        ended.stderr.contains("stdin:2: cannot decode: the line is longer than 16 MiB"),
        "{}",
        ended.stderr
    );
    assert!(scene.letters()[0]["raw"].as_str().is_some_and(|raw| raw.len() < 100_000));
}

#[tokio::test]
async fn a_line_beyond_the_limit_at_the_end_is_counted_too() {
    let scene = Scene::new().await;
    let input = [line(1, now_ms(), 1.0), "x".repeat(20 << 20)].concat();
    let ended = scene.written(&[], input).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 1");
    assert_eq!(scene.ledger()["sources"][0]["undecodable"], 1);
}

#[tokio::test]
async fn broken_utf8_in_a_label_value_is_dropped_and_filed_with_its_bytes() {
    let scene = Scene::new().await;
    let line = [
        b"{\"labels\":{\"__name__\":\"m\",\"a\":\"\xff\"},\"value\":1,\"timestamp\":",
        now_ms().to_string().as_bytes(),
        b"}",
    ]
    .concat();
    let ended = scene.written(&[], between(line)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 2 dropped.invalid_utf8 1");
    assert_eq!(scene.letters()[0]["labels"][1], json!(["a", {"base64": "/w=="}]));
}

#[tokio::test]
async fn broken_utf8_in_the_structure_is_undecodable() {
    let scene = Scene::new().await;
    let ended = scene.written(&[], between(b"{\xff}")).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 2");
    assert_eq!(scene.letters()[0]["raw"], "e/99");
    assert_eq!(scene.letters()[0]["raw_encoding"], "base64");
}

#[tokio::test]
async fn a_repeated_label_name_is_dropped_and_shown_twice_in_the_dead_letter() {
    for checks in ["full", "labels", "off"] {
        let scene = Scene::new().await;
        let line = format!(
            "{{\"labels\":{{\"__name__\":\"m\",\"a\":\"1\",\"a\":\"2\"}},\"value\":1,\"timestamp\":{}}}",
            now_ms()
        );
        let ended = scene.written(&["--checks", checks], between(line)).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        scene.assert_ledger("written 2 dropped.repeated_label 1");
        assert_eq!(scene.letters()[0]["labels"], json!([["__name__", "m"], ["a", "1"], ["a", "2"]]));
    }
}

#[tokio::test]
async fn nulls_are_dropped_under_their_name() {
    let scene = Scene::new().await;
    let at = now_ms();
    let nulls = format!(
        "{{\"labels\":{{\"__name__\":\"m\"}},\"value\":null,\"timestamp\":{at}}}\n{{\"labels\":{{\"__name__\":\"m\"}},\"value\":1,\"timestamp\":null}}"
    );
    let ended = scene.written(&[], between(nulls)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 2 dropped.null 2");
    assert_eq!(scene.letters().len(), 2);
}

#[tokio::test]
async fn an_empty_input_is_a_success() {
    let scene = Scene::new().await;
    for (args, input) in [(vec![], ""), (vec![scene.file("empty", "")], "ignored")] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ended = scene.written(&args, input).await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        scene.assert_ledger("");
    }
    assert_eq!(scene.server.stats().all_requests(), 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_before_anything_is_sent() {
    let scene = Scene::new().await;
    let good = scene.file("good.ndjson", rounds(3, 1, now_ms()));
    let [missing, folder] = ["missing.ndjson", "."].map(|name| scene.path(name).display().to_string());
    for (path, cause) in [(&missing, "No such file"), (&folder, "it is a folder")] {
        let ended = scene.written(&[&good, path], "").await;
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        let is_named =
            ended.stderr.contains(&format!("narthex: cannot read {path}")) && ended.stderr.contains(cause);
        assert!(is_named, "{}", ended.stderr);
        assert!(!scene.path("ledger.json").exists());
    }
    assert_eq!(scene.server.stats().all_requests(), 0);
}

#[tokio::test]
async fn several_files_are_read_one_after_the_other() {
    let scene = Scene::new().await;
    let at = now_ms() - 60_000;
    let first = scene.file("first", rounds(3, 2, at).trim_end());
    let second = scene.file("second", rounds(3, 2, at + 10_000));
    let ended = scene.written(&[&first, "-", &second], rounds(3, 1, at + 5000)).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 15");
    let sources = scene.ledger()["sources"]
        .as_array()
        .map(|all| all.iter().map(|one| one["rows"].clone()).collect::<Vec<_>>());
    assert_eq!(sources, Some(vec![json!(6), json!(3), json!(6)]));
}

#[tokio::test]
async fn samples_that_are_not_whole_are_said_a_few_times() {
    let scene = Scene::new().await;
    let untimed = "{\"labels\":{\"__name__\":\"m\"},\"value\":1}\n".repeat(500);
    let ended = scene.written(&[], between(untimed.trim_end())).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 2 dropped.no_timestamp 500");
    assert!(
        ended.stderr.contains(
            "WARN stdin:2: dropped a sample without a timestamp (1 so far); --timestamp now gives such samples"
        ),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stderr.matches("dropped a sample").count(), 5, "{}", ended.stderr);

    let scene = Scene::new().await;
    let null = "{\"labels\":{\"__name__\":\"m\"},\"value\":1,\"timestamp\":null}";
    let ended = scene.written(&[], between(null)).await;
    assert!(
        ended.stderr.contains("WARN stdin:2: dropped a sample whose value or timestamp is null (1 so far)"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_byte_order_mark_is_passed_over_at_the_start_and_only_there() {
    let scene = Scene::new().await;
    let input = ["\u{feff}".as_bytes(), &between("\u{feff}{}")].concat();
    let files = ["a", "b"].map(|name| scene.file(name, ["\u{feff}", &rounds(1, 1, now_ms())].concat()));
    let ended = scene.written(&[&files[0], "-"], input).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    scene.assert_ledger("written 3");
    assert_eq!(scene.ledger()["sources"][1]["undecodable"], 1);
}
