//! Tests of the script language's text.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::When;

fn one(text: &str) -> Fault {
    let Script(mut faults) = text.parse().unwrap();
    assert_eq!(faults.len(), 1, "{text}");
    faults.remove(0)
}

fn cause(text: &str) -> String {
    text.parse::<Script>().unwrap_err().to_string()
}

#[test]
fn reads_every_action() {
    for (text, action) in [
        ("ok", Action::Ok),
        ("reset", Action::Reset),
        ("reset-early", Action::ResetEarly),
        ("lose-answer", Action::LoseAnswer),
        ("cut-answer", Action::CutAnswer(StatusCode::OK)),
        ("cut-answer:status=503", Action::CutAnswer(StatusCode::SERVICE_UNAVAILABLE)),
        ("silence", Action::Silence { commits: false }),
        ("silence:commit", Action::Silence { commits: true }),
        ("keeps-good", Action::KeepsGood(StatusCode::BAD_REQUEST)),
        ("keeps-good:status=409", Action::KeepsGood(StatusCode::CONFLICT)),
    ] {
        assert_eq!(one(text), Fault::new(action), "{text}");
    }
    assert_eq!(one("down:after=10s,for=60s"), Fault::down(Duration::from_secs(10), Duration::from_secs(60)));
}

#[test]
fn a_count_may_touch_its_step_or_stand_alone() {
    assert_eq!(one("503x10"), Fault::status(503).times(10));
    assert_eq!(one("ok x5"), Fault::ok().times(5));
    assert_eq!(one("503x*"), Fault::status(503).forever());
    assert_eq!(one("429:retry-after=2x3"), Fault::status(429).retry_after("2").times(3));
    assert_eq!(one("delay=40msx3"), Fault::delay(Duration::from_millis(40)).times(3));
    assert_eq!(one("500:if=vehicle=V7 x2"), Fault::status(500).when_label("vehicle", "V7").times(2));
}

#[test]
fn a_sequence_keeps_its_order() {
    let script: Script = " 503x2  ok\treset ".parse().unwrap();
    assert_eq!(script, Script::from([Fault::status(503).times(2), Fault::ok(), Fault::new(Action::Reset)]));
}

#[test]
fn quotes_hold_spaces_commas_and_counts() {
    assert_eq!(one(r#"500:if=vehicle="Vx7""#), Fault::status(500).when_label("vehicle", "Vx7"));
    let Action::Answer(answer) = one(r#"400:body="no, really x3",delay=1s"#).action else { panic!() };
    assert_eq!(answer.body.as_deref(), Some("no, really x3"));
}

#[test]
fn conditions_last_for_ever_and_are_kept_apart() {
    let fault = one("413:above=64kb");
    assert_eq!(fault, Fault::status(413).above(65_536));
    let fault = one("429:retry-after=1,after=10s,for=60s");
    let (after, lasts) = (Duration::from_secs(10), Duration::from_secs(60));
    assert_eq!(fault, Fault::status(429).retry_after("1").within(after, lasts));
    assert_eq!(one("503:for=2s").when, When { lasts: Some(Duration::from_secs(2)), ..When::default() });
}

#[test]
fn a_bare_delay_or_rate_is_an_overlay() {
    assert_eq!(one("delay=40ms"), Fault::delay(Duration::from_millis(40)));
    assert_eq!(one("read-rate=1000"), Fault::slow_read(1000));
    let both = one("delay=40ms,read-rate=1kb:after=1s");
    assert_eq!((both.delay, both.read_rate.map(u64::from)), (Duration::from_millis(40), Some(1024)));
    assert_eq!(both.when.after, Some(Duration::from_secs(1)));
}

#[test]
fn a_redirect_says_where_to() {
    let Action::Answer(answer) = one("301:location=http://127.0.0.1:9/api?a=b").action else { panic!() };
    assert_eq!(answer.location.unwrap(), "http://127.0.0.1:9/api?a=b");
}

#[test]
fn says_what_is_wrong_and_what_would_be_right() {
    for (text, said) in [
        ("", "it is empty"),
        ("nonsense", "\"nonsense\" is no action; write ok, a status"),
        ("99", "\"99\" is no action"),
        ("600", "\"600\" is no action"),
        ("503x0", "write 1 or more"),
        ("503:delay=fast", "\"fast\" is no duration"),
        ("503:colour=red", "colour: it is no option; one of delay"),
        ("reset:retry-after=2", "retry-after: it does not go with this action"),
        ("reset-early:if=a=b", "before the body is known"),
        ("read-rate=0", "1 byte a second or more"),
        ("500:if=a", "write if=LABEL=VALUE"),
        ("after=1s", "says when but not what"),
        ("down", "say for how long"),
        ("down:for=1s x3", "not for a number of requests"),
        ("down:for=1s,delay=1s", "no delay"),
        ("413:above=much", "\"much\" is no size"),
        ("503:retry-after=\u{1}", "cannot stand in a header"),
    ] {
        let cause = cause(text);
        assert!(cause.contains(said), "{text}: {cause}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_script_or_an_error_but_never_a_panic(text in ".{0,60}") {
        let _ = text.parse::<Script>();
    }

    #[test]
    fn text_that_looks_like_a_script_never_panics(text in "[0-9x*:,= \"a-z-]{0,40}") {
        let _ = text.parse::<Script>();
    }
}
