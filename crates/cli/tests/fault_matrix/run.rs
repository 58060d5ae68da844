//! Runs one row: the real binary against its place, and everything that must hold afterwards.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::place::Scene;
use crate::row::{End, Extra, Moment, Place, Row, Seen};
use crate::support::input::{line, now_ms, rounds, value};
use crate::support::ledger;
use crate::support::process::{Ended, Running, narthex};
use crate::wire::notation;

/// Samples of the input lie between this long ago and the present.
const AGO_MS: i64 = 60_000;

/// Runs the row; what is wrong, as sentences.
pub(crate) async fn run(row: &Row) -> Result<(), String> {
    let folder = TempDir::with_prefix("narthex-matrix-").expect("a folder");
    let start_ms = now_ms() - AGO_MS;
    let mut scene = Scene::set_up(row, folder.path(), start_ms).await;
    let ended = drive(row, &mut scene, folder.path(), start_ms).await?;
    let wrong = judge(row, &scene, folder.path(), start_ms, &ended);
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\n  stderr: {}", wrong.join("\n  "), ended.stderr)) }
}

/// The flags of a row's run, but for files and URL.
pub(crate) fn flags(row: &Row) -> Vec<String> {
    let discard = |is: bool, other: &str| if is { "discard".to_owned() } else { other.to_owned() };
    let mut flags = vec![
        "--on-reject".to_owned(),
        discard(row.discards_rejected, "isolate"),
        "--on-exhausted".to_owned(),
        discard(row.discards_exhausted, "fail"),
        "--checks".to_owned(),
        row.checks.to_owned(),
    ];
    flags.extend(row.flags.split_whitespace().map(str::to_owned));
    flags
}

async fn drive(row: &Row, scene: &mut Scene, folder: &Path, start_ms: i64) -> Result<Ended, String> {
    // A bounded input is sent at its end; an open one by its age.
    let age = if row.is_bounded() { "30s" } else { "200ms" };
    let batch = row.input.batch.to_string();
    let mut command = narthex(["write", "--url", &scene.url, "--shards", "1", "--batch-samples", &batch]);
    command.args([
        "--flush-buffer-timeout",
        age,
        "--retry-initial-backoff",
        "10ms",
        "--retry-max-backoff",
        "40ms",
    ]);
    command
        .arg("--ledger")
        .arg(folder.join("ledger.json"))
        .arg("--dead-letters")
        .arg(folder.join("dead.ndjson"));
    command.args(flags(row)).args(&scene.flags);
    let mut running = Running::start(command);
    running.feed(input(row, start_ms).as_bytes()).await;
    if matches!(row.place, Place::CertificateReplaced) {
        replace_certificate(row, scene, folder, &mut running, start_ms).await;
    }
    match row.end {
        End::Bounded => Ok(running.ended().await),
        End::ByItself => Ok(running.ended_with_input_open().await),
        End::Signal(name, moment) => {
            await_moment(scene, &mut running, moment).await?;
            running.signal(name).await;
            Ok(running.ended_with_input_open().await)
        }
    }
}

async fn await_moment(scene: &Scene, running: &mut Running, moment: Moment) -> Result<(), String> {
    match moment {
        Moment::Says(text) => running.says(text).await,
        Moment::Requests(requests) => {
            let mut waited = 0;
            while (scene.requests().len() as u64) < requests {
                if waited > 20_000 || !running.is_running() {
                    let seen = notation(&scene.requests());
                    return Err(format!("{requests} requests never come, only {seen}: {}", running.stderr()));
                }
                sleep(Duration::from_millis(5)).await;
                waited += 5;
            }
        }
    }
    Ok(())
}

/// After the first accepted request the receiver shows another CA's certificate, then the right one again.
async fn replace_certificate(
    row: &Row,
    scene: &mut Scene,
    folder: &Path,
    running: &mut Running,
    start_ms: i64,
) {
    let _ = await_moment(scene, running, Moment::Requests(1)).await;
    scene.show_certificate(folder, "other").await;
    running.feed(rounds(row.input.vehicles, 1, start_ms + 20_000).as_bytes()).await;
    running.says("trying for").await;
    scene.show_certificate(folder, "one").await;
}

fn input(row: &Row, start_ms: i64) -> String {
    let input = row.input;
    let mut lines = rounds(input.vehicles, input.samples, start_ms);
    let newest_ms = start_ms + (input.samples as i64 - 1) * 1000;
    lines += &match input.extra {
        Extra::Nothing => String::new(),
        Extra::Older => line(3, start_ms - 1000, 0.5),
        Extra::Conflict => line(3, newest_ms, 0.5),
        Extra::Same => line(3, newest_ms, value(3, input.samples - 1)),
        Extra::Future => line(3, now_ms() + 86_400_000, 0.5),
        Extra::Large => large(newest_ms),
    };
    lines
}

/// One sample whose label no compressor makes small.
fn large(at_ms: i64) -> String {
    let mut state = 1u64;
    let label: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{:08x}", state >> 32)
    })
    .take(2500)
    .collect();
    format!(
        "{{\"labels\":{{\"__name__\":\"speed\",\"note\":\"{label}\"}},\"value\":1,\"timestamp\":{at_ms}}}\n"
    )
}

fn judge(row: &Row, scene: &Scene, folder: &Path, start_ms: i64, ended: &Ended) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |is_right: bool, sentence: String| {
        if !is_right {
            wrong.push(sentence);
        }
    };
    check(ended.code == Some(row.exit), format!("exit code {:?}, not {}", ended.code, row.exit));
    for text in row.says {
        check(ended.stderr.contains(text), format!("does not say {text:?}"));
    }
    check(
        row.exit != 0 || !ended.stderr.contains("ERROR"),
        "an error is logged, and the exit code is 0".to_owned(),
    );
    let path = folder.join("ledger.json");
    if !path.exists() {
        check(false, "there is no ledger".to_owned());
        return wrong;
    }
    let ledger = ledger::read(&path);
    let (doors, expected) = (ledger::doors(&ledger), ledger::expected(row.ledger));
    check(doors == expected, format!("the ledger is {doors}, not {expected}"));
    check(ledger::adds_up(&ledger), "the ledger does not add up".to_owned());
    let letters = ledger::letters(&folder.join("dead.ndjson")).len() as u64;
    check(letters == ledger::filed(&ledger), format!("{letters} dead letters"));
    check(
        scene.order_violations() == row.disorder,
        format!("{} times out of order", scene.order_violations()),
    );
    check(scene.adds_up(), "the receiver's counts do not add up".to_owned());
    let lost = ledger::filed(&ledger) > 0;
    check(
        ended.stderr.contains("WARN lost ") == lost,
        format!("a warning of a loss is {}", if lost { "missing" } else { "logged" }),
    );
    let is_calm = !lost && ledger::count(&ledger, "retries") == 0;
    check(!is_calm || !ended.stderr.contains("WARN"), "a warning without a cause".to_owned());
    judge_requests(row, scene, &ledger, &mut check);
    let held = scene.held(start_ms - 10_000, start_ms + 29_000) + scene.held(now_ms() + 3_600_000, i64::MAX);
    let must_hold =
        row.held.unwrap_or(ledger::count(&ledger, "written") + ledger::count(&ledger, "replayed"));
    check(held == must_hold, format!("the receiver holds {held} samples, not {must_hold}"));
    wrong
}

fn judge_requests(row: &Row, scene: &Scene, ledger: &Value, check: &mut impl FnMut(bool, String)) {
    let requests = scene.requests();
    let (seen, counted) = (notation(&requests), ledger::count(ledger, "requests"));
    match row.seen {
        Seen::Exactly(expected) => {
            check(seen == expected, format!("requests seen: {seen}, not {expected}"));
            check(counted == requests.len() as u64, format!("{counted} requests counted"));
        }
        Seen::Between(least, most, begin) => {
            check((least..=most).contains(&counted), format!("{counted} requests, not {least} to {most}"));
            check(seen.starts_with(begin), format!("requests seen: {seen}, not {begin} first"));
        }
        Seen::Attempts(least, most) => {
            check((least..=most).contains(&counted), format!("{counted} attempts, not {least} to {most}"));
        }
    }
    let retries = ledger::count(ledger, "retries");
    let must_be = match (row.retries, row.seen) {
        (Some(retries), _) => retries,
        (None, Seen::Attempts(..) | Seen::Between(..)) => retries,
        (None, Seen::Exactly(_)) => requests.iter().filter(|(_, attempt)| *attempt > 0).count() as u64,
    };
    check(retries == must_be, format!("{retries} retries counted, not {must_be}"));
    let arrivals = scene.arrivals_ms();
    let longest = arrivals.array_windows().map(|[a, b]| b - a).max().unwrap_or(0);
    check(longest >= row.waits_ms, format!("it waited {longest} ms at most, not {}", row.waits_ms));
}
