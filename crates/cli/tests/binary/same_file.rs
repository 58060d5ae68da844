//! An output that is another file of the same command is refused, under whatever name it comes.

use crate::support::input::{now_ms, rounds};
use crate::support::process::{narthex, run, shell};
use crate::support::scene::Scene;

/// Runs it and expects 64 with these words, and the file as it was.
async fn refused(scene: &Scene, args: &[&str], said: &str) {
    let before = std::fs::read(scene.path("in.ndjson")).expect("a file");
    let ended = run(narthex(args), "").await;
    assert_eq!(ended.code, Some(64), "{args:?}: {}", ended.stderr);
    assert!(ended.stderr.contains(said), "{args:?}: {}", ended.stderr);
    assert!(std::fs::read(scene.path("in.ndjson")).expect("a file") == before, "{args:?} touched it");
    assert_eq!(scene.server.stats().all_requests(), 0);
}

#[tokio::test]
async fn an_output_that_is_an_input_is_refused_under_each_of_its_names() {
    let scene = Scene::new().await;
    let input = scene.file("in.ndjson", rounds(3, 1, now_ms()));
    let [hard, soft] = ["hard", "soft"].map(|name| scene.path(name).display().to_string());
    std::fs::hard_link(&input, &hard).expect("a link");
    std::os::unix::fs::symlink(&input, &soft).expect("a link");
    let url = scene.server.write_url();
    for name in [&input, &hard, &soft] {
        for flag in ["--dead-letters", "--ledger"] {
            let said =
                format!("{flag}: {name} is the same file as the input {input}: it would be overwritten");
            refused(&scene, &["write", "--url", &url, flag, name, &input], &said).await;
            refused(&scene, &["replay", "--url", &url, flag, name, &input], &said).await;
        }
    }
    let token = ["write", "--url", &url, "--auth-bearer-token-file", &input, "--ledger", &hard];
    refused(&scene, &token, "is the same file as --auth-bearer-token-file").await;
    let receive = ["receive", "--auth-bearer-token-file", &input, "--dump", &hard];
    refused(&scene, &receive, "--dump: ").await;
}

#[tokio::test]
async fn a_redirected_standard_input_is_an_input_too() {
    let scene = Scene::new().await;
    let input = scene.file("in.ndjson", rounds(3, 1, now_ms()));
    let url = scene.server.write_url();
    let line = r#"exec "$0" "$@" <"$5""#;
    for flag in ["--ledger", "--dead-letters"] {
        let ended = run(shell(line, ["write", "--url", &url, flag, &input]), "").await;
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains("is the same file as standard input"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn two_outputs_that_are_one_file_are_refused_before_it_is_there() {
    let scene = Scene::new().await;
    scene.file("in.ndjson", "");
    let [out, dangling] = ["out", "dangling"].map(|name| scene.path(name).display().to_string());
    std::os::unix::fs::symlink("out", &dangling).expect("a link");
    let url = scene.server.write_url();
    for name in [&out, &dangling] {
        let write = ["write", "--url", &url, "--ledger", &out, "--dead-letters", name];
        refused(&scene, &write, "where the ledger goes: one would spoil the other").await;
        let generate = ["generate", "--count", "1", "--output", &out, "--manifest", name];
        refused(&scene, &generate, "--manifest: ").await;
        assert!(!scene.path("out").exists());
    }
}

#[tokio::test]
async fn standard_output_carries_one_thing() {
    let scene = Scene::new().await;
    scene.file("in.ndjson", "");
    let url = scene.server.write_url();
    let write = ["write", "--url", &url, "--ledger", "-", "--dead-letters", "-"];
    refused(&scene, &write, "--dead-letters: standard output carries the ledger already; name a file").await;
    for args in [&["--manifest", "-"][..], &["--output", "-", "--manifest", "-"]] {
        let generate = [&["generate", "--count", "1"], args].concat();
        refused(&scene, &generate, "--manifest: standard output carries the stream already").await;
    }
}

#[tokio::test]
async fn the_null_device_may_be_everything_at_once() {
    let scene = Scene::new().await;
    let url = scene.server.write_url();
    let null = "/dev/null";
    let ended =
        run(narthex(["write", "--url", &url, "--ledger", null, "--dead-letters", null, null]), "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let ended = run(narthex(["generate", "--count", "1", "--output", null, "--manifest", null]), "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[tokio::test]
async fn a_dash_is_a_standard_stream_and_never_a_file() {
    let scene = Scene::new().await;
    let url = scene.server.write_url();
    let mut command = narthex(["write", "--url", &url, "--dead-letters", "-"]);
    command.current_dir(scene.folder.path());
    let ended = run(command, "nonsense\n").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let letters = String::from_utf8(ended.stdout).expect("text");
    assert!(letters.starts_with(r#"{"kind":"record""#) && letters.lines().count() == 1, "{letters}");

    let mut command = narthex(["generate", "--count", "5", "--output", "lines", "--manifest", "-"]);
    command.current_dir(scene.folder.path());
    let ended = run(command, "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with(br#"{"kind":"summary""#));
    assert_eq!(std::fs::read_to_string(scene.path("lines")).expect("lines").lines().count(), 5);

    let letter = format!(
        "{{\"kind\":\"sample\",\"reason\":\"x\",\"labels\":[[\"__name__\",\"m\"]],\"value\":1,\"timestamp\":{}}}\n",
        now_ms()
    );
    let ended = run(narthex(["replay", "--url", &url, "-"]), letter).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(scene.held_samples(), 1);
    assert!(!scene.path("-").exists());
}
