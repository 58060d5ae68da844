//! Scripted faults on the receiver without sockets; time is tokio's and stands still.

use std::time::Duration;

use narthex_receiver::Behaviour::{Prometheus2_42, Prometheus3};
use narthex_receiver::{Fate, Fault, Outcome, Receiver, Script};
use tokio::time::advance;

use crate::sender::*;

fn scripted(scripts: &[&str]) -> Receiver {
    let scripts = scripts.iter().map(|text| text.parse::<Script>().unwrap());
    Receiver::new(scripts.fold(config(Prometheus3), |config, script| config.with_fault(script)))
}

/// Sends one new sample of `vehicle` and says in a word what came of it.
fn try_one(receiver: &Receiver, vehicle: &str) -> String {
    let sent = receiver.stats().all_requests() as i64;
    word(&receiver.handle(post(body(&[metric("m").label("vehicle", vehicle).at(NOW + sent, 1.0)]))))
}

fn word(outcome: &Outcome) -> String {
    match &outcome.fate {
        Fate::Answer(answer) => answer.status().as_str().to_owned(),
        Fate::CutAnswer(answer) => format!("cut {}", answer.status().as_str()),
        Fate::Close => "close".to_owned(),
        Fate::Reset { body_read: true } => "reset".to_owned(),
        Fate::Reset { body_read: false } => "reset-early".to_owned(),
        Fate::Silence => "silence".to_owned(),
        Fate::Refused => "refused".to_owned(),
    }
}

fn words(receiver: &Receiver, count: usize) -> String {
    (0..count).map(|_| try_one(receiver, "V1")).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_sequence_is_used_up_and_then_all_is_well() {
    let receiver = scripted(&["503x2 ok 429 reset reset-early lose-answer cut-answer silence x2"]);
    assert_eq!(words(&receiver, 11), "503 503 204 429 reset reset-early close cut 200 silence silence 204");
    // Stored: both 204 and what was committed before the answer was lost or cut.
    assert_eq!(receiver.stats().samples.stored, 4);
    assert_eq!(receiver.stats().unanswered, 5);
    assert_eq!(receiver.stats().requests[&503], 2);
}

#[test]
fn only_what_a_script_commits_is_stored() {
    for (script, stored) in [
        ("200", 1),
        ("202", 1),
        ("400", 0),
        ("503", 0),
        ("301", 0),
        ("reset", 0),
        ("reset-early", 0),
        ("lose-answer", 1),
        ("cut-answer", 1),
        ("cut-answer:status=500", 0),
        ("silence", 0),
        ("silence:commit", 1),
    ] {
        let receiver = scripted(&[script]);
        try_one(&receiver, "V1");
        assert_eq!(receiver.stats().samples.stored, stored, "{script}");
        assert_eq!(receiver.log()[0].taken, stored, "{script}");
        assert!(receiver.log()[0].is_scripted, "{script}");
    }
}

#[test]
fn a_scripted_success_does_not_hide_a_refusal() {
    let receiver = scripted(&["ok 200x*"]);
    expect(&receiver, 204, &[metric("m").at(NOW, 1.0)]);
    expect(&receiver, 400, &[metric("m").at(NOW - 1, 1.0)]);
    expect(&receiver, 200, &[metric("m").at(NOW + 1, 1.0)]);
}

#[test]
fn scripted_answers_carry_their_headers() {
    let receiver = scripted(&["429:retry-after=2,body=slow 301 308:location=/there"]);
    let header = |name: &str| match receiver.handle(post(pack(b""))).fate {
        Fate::Answer(answer) => answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()),
        other => panic!("{other:?}"),
    };
    assert_eq!(header("retry-after").as_deref(), Some("2"));
    assert_eq!(header("location").as_deref(), Some("/elsewhere"));
    assert_eq!(header("location").as_deref(), Some("/there"));
    assert_eq!(header("location"), None);
}

#[test]
fn a_label_condition_strikes_only_requests_that_have_it() {
    let receiver = scripted(&["500:if=vehicle=V7"]);
    let vehicles = ["V1", "V7", "V70", "V7"].map(|vehicle| try_one(&receiver, vehicle));
    assert_eq!(vehicles, ["204", "500", "204", "500"]);
}

#[test]
fn a_size_condition_strikes_only_longer_bodies() {
    let short = body(&[metric("m").at(NOW, 1.0)]);
    let receiver = scripted(&[&format!("413:above={}", short.len())]);
    assert_eq!(answer_to(&receiver, post(short)).0, 204);
    expect(&receiver, 413, &[metric("m").at(NOW + 1, 1.0), metric("another").at(NOW, 1.0)]);
}

#[test]
fn a_condition_on_the_body_wins_over_the_turn() {
    let receiver = scripted(&["503x2 429:if=vehicle=V7x1"]);
    let vehicles = ["V7", "V7", "V7"].map(|vehicle| try_one(&receiver, vehicle));
    assert_eq!(vehicles, ["429", "503", "204"]); // the first took its turn of the 503s all the same
}

#[test]
fn several_scripts_are_asked_in_order_and_keep_their_turns() {
    let receiver = scripted(&["503 ok 503", "429x2"]);
    assert_eq!(words(&receiver, 5), "503 429 503 429 204");
}

#[test]
fn keeps_good_strikes_for_its_turn_only() {
    let receiver = scripted(&["ok keeps-good:status=409 ok"]);
    let mixed = |at: i64| [metric("m").at(NOW - 1, 1.0), metric("n").at(NOW + at, 1.0)];
    expect(&receiver, 204, &[metric("m").at(NOW, 1.0)]);
    expect(&receiver, 409, &mixed(0));
    expect(&receiver, 400, &mixed(1));
    assert_held(&receiver, &[("m", 0, "1"), ("n", 0, "1")]);
}

#[test]
fn other_paths_take_no_turn() {
    let receiver = scripted(&["503"]);
    let health = http::Request::get("/-/healthy").body(bytes::Bytes::new()).unwrap();
    assert_eq!(answer_to(&receiver, health).0, 200);
    assert_eq!(try_one(&receiver, "V1"), "503");
}

#[test]
fn delays_and_slow_reads_are_data() {
    let receiver = scripted(&["delay=40ms", "ok ok:delay=1s", "read-rate=10x1"]);
    let delay = |receiver: &Receiver| receiver.handle(post(pack(b""))).delay;
    assert_eq!(delay(&receiver), Duration::from_millis(140)); // one byte at ten a second
    assert_eq!(delay(&receiver), Duration::from_millis(1040));
    assert_eq!(delay(&receiver), Duration::from_millis(40));
}

#[tokio::test(start_paused = true)]
async fn windows_of_time_open_with_the_first_request() {
    let receiver = scripted(&["429:after=10s,for=60s down:after=80s,for=60s"]);
    advance(Duration::from_secs(1000)).await; // nothing has come yet: the clock stands
    for (wait, said) in
        [(0, "204"), (9, "204"), (1, "429"), (59, "429"), (1, "204"), (10, "refused"), (60, "204")]
    {
        advance(Duration::from_secs(wait)).await;
        assert_eq!(try_one(&receiver, "V1"), said);
    }
}

#[test]
fn scripts_can_be_written_in_rust() {
    let config = config(Prometheus2_42)
        .with_fault([Fault::status(503).times(2), Fault::ok()])
        .with_fault(Fault::delay(Duration::from_millis(5)));
    let receiver = Receiver::new(config);
    let outcome = receiver.handle(post(pack(b"")));
    assert_eq!((word(&outcome).as_str(), outcome.delay), ("503", Duration::from_millis(5)));
}

#[tokio::test(start_paused = true)]
async fn waits_for_acknowledged_samples() {
    let receiver = std::sync::Arc::new(scripted(&["503"]));
    let waiting = tokio::spawn({
        let receiver = receiver.clone();
        async move { receiver.acknowledged(1).await }
    });
    tokio::task::yield_now().await;
    try_one(&receiver, "V1");
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    try_one(&receiver, "V1");
    waiting.await.unwrap();
}
