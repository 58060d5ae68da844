//! Secrets planted in every flag that takes one: they reach the receiver and nothing else.

use narthex_receiver::{Credentials, ReceiverConfig, ReceiverServer};

use crate::support::http::get;
use crate::support::input::{line, now_ms, rounds};
use crate::support::process::{Ended, Running, narthex, run};
use crate::support::scene::Scene;

const SECRET: &str = "hunter2-Zx9Qw";
/// Base64 of `me:hunter2-Zx9Qw`, as basic authentication sends it.
const PACKED: &str = "bWU6aHVudGVyMi1aeDlRdw";

/// Ways to give a secret; `{}` is the secret, `{file}` a file with it.
const WAYS: &[&[&str]] = &[
    &["--auth-username", "me", "--auth-password", "{}"],
    &["--auth-username", "me", "--auth-password-file", "{file}"],
    &["--auth-bearer-token", "{}"],
    &["--auth-bearer-token-file", "{file}"],
    &["--headers", "X-Api-Key={}"],
    &["--headers", "Authorization=Bearer {}"],
];

fn is_clean(text: &str) -> bool {
    !text.contains(SECRET) && !text.contains(PACKED)
}

fn args(way: &[&str], scene: &Scene) -> Vec<String> {
    let file = scene.file("secret", format!("{SECRET}\n"));
    way.iter().map(|arg| arg.replace("{file}", &file).replace("{}", SECRET)).collect()
}

#[track_caller]
fn assert_clean(scene: &Scene, ended: &Ended, what: &str) {
    assert!(is_clean(&ended.stderr), "{what}: {}", ended.stderr);
    assert!(is_clean(&String::from_utf8_lossy(&ended.stdout)), "{what}: standard output");
    for name in ["ledger.json", "dead.ndjson"] {
        let text = std::fs::read_to_string(scene.path(name)).unwrap_or_default();
        assert!(is_clean(&text), "{what}: {name}");
    }
}

#[tokio::test]
async fn no_secret_shows_whatever_the_receiver_answers() {
    for way in WAYS {
        for script in ["", "401x*", "503x*", "400x*", "301:location=/elsewherex*", "resetx*"] {
            let scene = Scene::failing(script).await;
            let extra = args(way, &scene);
            let extra: Vec<&str> = extra.iter().map(String::as_str).collect();
            let mut command = scene.write(&[
                "--listen",
                "0",
                "--max-retries",
                "2",
                "--retry-initial-backoff",
                "1 ms",
                "--flush-buffer-timeout",
                "20 ms",
            ]);
            command.args(extra).env("NARTHEX_LOG", "trace");
            let mut running = Running::start(command);
            let url = running.admin_url().await;
            running.feed((rounds(5, 1, now_ms()) + &line(1, now_ms() - 90_000, 0.0)).as_bytes()).await;
            let page = get(&url, "/metrics").await.1;
            assert!(is_clean(&page), "{way:?} {script}: {page}");
            let ended = running.ended().await;
            assert_clean(&scene, &ended, &format!("{way:?} {script}"));
        }
    }
}

#[tokio::test]
async fn credentials_in_the_url_are_used_and_not_shown() {
    let credentials = Credentials::Basic { username: "me".into(), password: SECRET.into() };
    let config = ReceiverConfig { credentials: Some(credentials), ..ReceiverConfig::default() };
    let server = ReceiverServer::start(config).await.expect("a receiver");
    for (secret, code) in [(SECRET, 0), ("wrong", 1)] {
        let url = server.write_url().replace("http://", &format!("http://me:{secret}@"));
        let mut command = narthex(["write", "--url", &url]);
        command.env("NARTHEX_LOG", "trace");
        let ended = run(command, rounds(5, 1, now_ms())).await;
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        assert!(is_clean(&ended.stderr) && !ended.stderr.contains("me:"), "{}", ended.stderr);
    }
    assert_eq!(server.stats().samples.stored, 5);
}

#[tokio::test]
async fn mistakes_beside_a_secret_do_not_quote_it() {
    let urls = [
        format!("http://me:{SECRET}@"),
        format!("htp://me:{SECRET}@host/"),
        format!("http://me:{SECRET}@ho st/"),
        format!("me:{SECRET}@host/"),
    ];
    for url in &urls {
        let ended = run(narthex(["write", "--url", url]), "").await;
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(is_clean(&ended.stderr), "{url}: {}", ended.stderr);
    }
    let wrong: [&[&str]; 6] = [
        &["--auth-password", SECRET],
        &["--auth-username", "me", "--auth-password", SECRET, "--auth-bearer-token", SECRET],
        &["--headers", &format!("X-Key={SECRET}\u{1}")],
        &["--headers", SECRET],
        &["--auth-pasword", SECRET],
        &[&format!("--auth-pasword={SECRET}")],
    ];
    for args in wrong {
        let mut command = narthex(["write", "--url", "http://127.0.0.1:1/"]);
        let ended = run(
            {
                command.args(args);
                command
            },
            "",
        )
        .await;
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(is_clean(&ended.stderr), "{args:?}: {}", ended.stderr);
    }
}
