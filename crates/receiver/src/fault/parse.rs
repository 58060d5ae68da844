//! The text of a script: steps between spaces, each an action, its options, and how often.
//!
//! ```text
//! script  = step { " " step }
//! step    = first { (":" | ",") option } [ [" "] "x" ( count | "*" ) ]
//! first   = "ok" | STATUS | "reset" | "reset-early" | "lose-answer" | "cut-answer" | "silence"
//!         | "keeps-good" | "down" | option
//! option  = key "=" ( text | '"' text '"' ) | "commit"
//! ```

use std::num::NonZeroU64;
use std::str::FromStr;

use http::{HeaderValue, StatusCode};

use super::{Action, Fault, Script, ScriptedAnswer};
use crate::parse_duration;

const ACTIONS: &str =
    "ok, a status such as 503, reset, reset-early, lose-answer, cut-answer, silence, keeps-good, down";
const OPTIONS: &str = "delay, read-rate, retry-after, location, body, status, commit, if, above, after, for";

/// The text is no script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the fault \"{step}\": {cause}")]
pub struct FaultError {
    /// The step at fault.
    pub step: String,
    /// What is wrong with it, and what would be right.
    pub cause: String,
}

impl FromStr for Script {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut faults: Vec<Fault> = Vec::new();
        for step in split_outside_quotes(text, |c| c.is_whitespace()).filter(|step| !step.is_empty()) {
            let failed = |cause: String| FaultError { step: step.to_owned(), cause };
            match (read_times(step), faults.last_mut()) {
                (Some(("", times)), Some(last)) => last.times = times.map_err(failed)?,
                (Some((step, times)), _) => {
                    let fault = read_step(step).map_err(failed)?;
                    faults.push(Fault { times: times.map_err(failed)?, ..fault });
                }
                (None, _) => faults.push(read_step(step).map_err(failed)?),
            }
        }
        if faults.is_empty() {
            return Err(FaultError { step: text.to_owned(), cause: format!("it is empty; write {ACTIONS}") });
        }
        check_down(&faults)?;
        Ok(Script(faults))
    }
}

/// An outage is a matter of the listener, not of a request: it has no count.
fn check_down(faults: &[Fault]) -> Result<(), FaultError> {
    match faults.iter().find(|fault| fault.action == Action::Down && fault.times.is_some()) {
        None => Ok(()),
        Some(_) => {
            let cause = "it lasts for a time, not for a number of requests; write down:after=10s,for=60s";
            Err(FaultError { step: "down".to_owned(), cause: cause.to_owned() })
        }
    }
}

/// Cuts at the characters that are not inside double quotes.
fn split_outside_quotes(text: &str, is_cut: impl Fn(char) -> bool) -> impl Iterator<Item = &str> {
    let mut in_quotes = false;
    text.split(move |c| {
        in_quotes ^= c == '"';
        !in_quotes && is_cut(c)
    })
}

/// How often, as typed; none is for ever.
type Times = Result<Option<u64>, String>;

/// Takes `x3` or `x*` off the end of a step; quotes end the search.
fn read_times(step: &str) -> Option<(&str, Times)> {
    let (rest, count) = step.rsplit_once('x')?;
    match count {
        "*" => Some((rest, Ok(None))),
        "" => None,
        _ if count.bytes().all(|b| b.is_ascii_digit()) => {
            let times = match count.parse() {
                Ok(0) | Err(_) => Err(format!("\"{count}\" is no count; write 1 or more, or x* for ever")),
                Ok(times) => Ok(Some(times)),
            };
            Some((rest, times))
        }
        _ => None,
    }
}

fn read_step(step: &str) -> Result<Fault, String> {
    let (first, rest) = step.split_once(':').unwrap_or((step, ""));
    let mut firsts = split_outside_quotes(first, |c| c == ',');
    let head = firsts.next().unwrap_or_default();
    let mut fault = Fault::new(read_action(head)?);
    let in_head = (fault.action == Action::Overlay).then_some(head);
    let rest = split_outside_quotes(rest, |c| c == ',').filter(|option| !option.is_empty());
    for option in in_head.into_iter().chain(firsts).chain(rest) {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        read_option(&mut fault, key, unquoted(value)).map_err(|cause| format!("{key}: {cause}"))?;
    }
    finish(fault)
}

fn read_action(head: &str) -> Result<Action, String> {
    Ok(match head {
        "ok" => Action::Ok,
        "reset" => Action::Reset,
        "reset-early" => Action::ResetEarly,
        "lose-answer" => Action::LoseAnswer,
        "cut-answer" => Action::CutAnswer(StatusCode::OK),
        "silence" => Action::Silence { commits: false },
        "keeps-good" => Action::KeepsGood(StatusCode::BAD_REQUEST),
        "down" => Action::Down,
        _ if head.contains('=') => Action::Overlay,
        _ => {
            let status =
                read_status(head).map_err(|_| format!("\"{head}\" is no action; write {ACTIONS}"))?;
            Action::Answer(ScriptedAnswer { status, retry_after: None, location: None, body: None })
        }
    })
}

fn read_option(fault: &mut Fault, key: &str, value: &str) -> Result<(), String> {
    match (key, &mut fault.action) {
        ("delay", _) => fault.delay = read_duration(value)?,
        ("read-rate", _) => {
            let rate = NonZeroU64::new(read_bytes(value)?);
            fault.read_rate = Some(rate.ok_or("write 1 byte a second or more")?);
        }
        ("retry-after", Action::Answer(answer)) => answer.retry_after = Some(read_header(value)?),
        ("location", Action::Answer(answer)) => answer.location = Some(read_header(value)?),
        ("body", Action::Answer(answer)) => answer.body = Some(value.to_owned()),
        ("status", Action::CutAnswer(status) | Action::KeepsGood(status)) => *status = read_status(value)?,
        ("commit", Action::Silence { commits }) if value.is_empty() => *commits = true,
        ("if", _) => {
            let (name, text) = value.split_once('=').ok_or("write if=LABEL=VALUE")?;
            fault.when.label = Some((name.to_owned(), unquoted(text).to_owned()));
        }
        ("above", _) => fault.when.above_bytes = Some(read_bytes(value)?),
        ("after", _) => fault.when.after = Some(read_duration(value)?),
        ("for", _) => fault.when.lasts = Some(read_duration(value)?),
        ("retry-after" | "location" | "body" | "status" | "commit", _) => {
            return Err("it does not go with this action".to_owned());
        }
        _ => return Err(format!("it is no option; one of {OPTIONS}")),
    }
    Ok(())
}

/// Rules that look at the whole step.
fn finish(mut fault: Fault) -> Result<Fault, String> {
    let is_bare = fault.delay.is_zero() && fault.read_rate.is_none();
    if fault.action == Action::Overlay && is_bare {
        return Err(format!(
            "it says when but not what; put one of {ACTIONS} in front, or delay or read-rate"
        ));
    }
    let is_early = matches!(fault.action, Action::ResetEarly | Action::Down) || fault.read_rate.is_some();
    if is_early && fault.when.needs_body() {
        return Err("it happens before the body is known, so it cannot go with if or above".to_owned());
    }
    if fault.action == Action::Down {
        if fault.when.lasts.is_none() {
            return Err("say for how long; write down:after=10s,for=60s".to_owned());
        }
        if !is_bare {
            return Err("nothing is read or answered, so it has no delay and no read-rate".to_owned());
        }
    }
    if !fault.when.is_empty() {
        fault.times = None;
    }
    Ok(fault)
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|v| v.strip_suffix('"')).unwrap_or(value)
}

fn read_status(text: &str) -> Result<StatusCode, String> {
    match text.parse::<u16>() {
        Ok(code @ 200..=599) => StatusCode::from_u16(code).map_err(|e| e.to_string()),
        _ => Err(format!("\"{text}\" is no status; write 200 to 599")),
    }
}

fn read_header(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|_| format!("\"{}\" cannot stand in a header", text.escape_debug()))
}

fn read_duration(text: &str) -> Result<std::time::Duration, String> {
    parse_duration(text).map_err(|e| e.to_string())
}

/// A number of bytes, with `kb` or `mb` (of 1024).
fn read_bytes(text: &str) -> Result<u64, String> {
    let bad = || format!("\"{text}\" is no size; write bytes such as 65536, or 64kb, or 1mb");
    let (number, unit) = match text.strip_suffix("kb") {
        Some(number) => (number, 1024),
        None => text.strip_suffix("mb").map_or((text, 1), |number| (number, 1024 * 1024)),
    };
    number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(bad)
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
