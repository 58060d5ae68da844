//! Scripted faults: what goes wrong, when, and how often; typed, and as a small text language.
//!
//! A [`Script`] is a list of [`Fault`]s. Each request takes a turn in it when it arrives:
//!
//! 1. *Conditional* faults (a window of time, a label, a size) stand beside the sequence: the first whose
//!    condition holds decides, for as long as it holds.
//! 2. The other faults are a *sequence*: each is used up by as many requests as it says (default one), and
//!    when all are used up, requests are handled as if there were no script.
//! 3. *Overlays* (a bare delay or read rate) decide nothing; they are laid over whatever happens.
//!
//! Several scripts are asked in order, and the first that decides otherwise than `ok` wins; those after it
//! keep their turn. Conditions on the body are looked at when it has been read, and win over the turn. The
//! clock of time windows starts with the first write request.
//!
//! ```
//! use narthex_receiver::{Fault, Script};
//!
//! let typed: Script = "503x10 429:retry-after=2x3".parse().unwrap();
//! assert_eq!(typed, Script::from([Fault::status(503).times(10), Fault::status(429).retry_after("2").times(3)]));
//! ```

mod parse;
mod turns;

use std::num::NonZeroU64;
use std::time::Duration;

use http::{HeaderValue, StatusCode};

pub use parse::FaultError;
pub(crate) use turns::{Scripts, Turn};

/// Faults that work together; see the module's rules.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Script(pub Vec<Fault>);

impl<const N: usize> From<[Fault; N]> for Script {
    fn from(faults: [Fault; N]) -> Self {
        Self(faults.into())
    }
}

impl From<Fault> for Script {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What happens to the request.
    pub action: Action,
    /// Wait this long before the answer (or before the connection is closed or reset). Default zero.
    pub delay: Duration,
    /// Read the body at this many bytes a second. Default: as it comes.
    pub read_rate: Option<NonZeroU64>,
    /// How many requests it strikes; none is for ever. Default: one in a sequence, else for ever.
    pub times: Option<u64>,
    /// When it strikes. Default: in its turn.
    pub when: When,
}

/// What happens to the request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Nothing is decided; delay and read rate are laid over whatever happens.
    Overlay,
    /// It is handled as the behaviour says.
    Ok,
    /// This status goes out. A 2xx stands for the behaviour's own success and changes no refusal; with any
    /// other nothing is stored.
    Answer(ScriptedAnswer),
    /// The body is read, nothing is stored, the connection is reset.
    Reset,
    /// The connection is reset before the body is read.
    ResetEarly,
    /// The request is handled as the behaviour says, and the connection closes without the answer.
    LoseAnswer,
    /// The answer goes out with half of its body, then the connection closes. A 2xx is handled as the
    /// behaviour says first.
    CutAnswer(StatusCode),
    /// The body is read, and nothing ever comes back.
    Silence {
        /// Whether the request is handled before.
        commits: bool,
    },
    /// What is good is kept, and the answer for a part that is refused has this status.
    KeepsGood(StatusCode),
    /// There is no receiver: open connections are reset, new ones are refused.
    Down,
}

/// An answer that a script gives.
#[derive(Debug, Clone, PartialEq)]
pub struct ScriptedAnswer {
    /// The status.
    pub status: StatusCode,
    /// `Retry-After`, as it stands.
    pub retry_after: Option<HeaderValue>,
    /// `Location`. A 3xx without one gets `/elsewhere`.
    pub location: Option<HeaderValue>,
    /// The body. Default: the status' name.
    pub body: Option<String>,
}

/// When a fault strikes; empty: in its turn of the sequence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct When {
    /// Only requests with a series that has this label and value.
    pub label: Option<(String, String)>,
    /// Only requests whose packed body is longer than this many bytes.
    pub above_bytes: Option<u64>,
    /// Only from this long after the first write request on.
    pub after: Option<Duration>,
    /// Only for this long, counted from `after`.
    pub lasts: Option<Duration>,
}

impl When {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(crate) fn needs_body(&self) -> bool {
        self.label.is_some() || self.above_bytes.is_some()
    }

    /// Whether the time is right, so long after the first write request.
    pub(crate) fn holds_at(&self, elapsed: Duration) -> bool {
        let after = self.after.unwrap_or_default();
        elapsed >= after && self.lasts.is_none_or(|lasts| elapsed < after.saturating_add(lasts))
    }
}

impl Fault {
    /// A fault in its turn, once.
    pub fn new(action: Action) -> Self {
        let times = if action == Action::Overlay { None } else { Some(1) };
        Self { action, delay: Duration::ZERO, read_rate: None, times, when: When::default() }
    }

    /// Answers with this status; one that HTTP does not know becomes 500.
    pub fn status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(Action::Answer(ScriptedAnswer { status, retry_after: None, location: None, body: None }))
    }

    /// Handles the request as if there were no script.
    pub fn ok() -> Self {
        Self::new(Action::Ok)
    }

    /// Delays every answer.
    pub fn delay(delay: Duration) -> Self {
        Self::new(Action::Overlay).delayed(delay)
    }

    /// Reads every body at this many bytes a second (at least one).
    pub fn slow_read(bytes_per_second: u64) -> Self {
        let read_rate = Some(NonZeroU64::new(bytes_per_second).unwrap_or(NonZeroU64::MIN));
        Self { read_rate, ..Self::new(Action::Overlay) }
    }

    /// No receiver for `lasts`, from `after` the first write request on.
    pub fn down(after: Duration, lasts: Duration) -> Self {
        Self::new(Action::Down).within(after, lasts)
    }

    /// Strikes `times` requests.
    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Strikes for ever.
    pub fn forever(self) -> Self {
        Self { times: None, ..self }
    }

    /// Waits before the answer.
    pub fn delayed(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Adds `Retry-After` to a scripted answer; a value that is no header is left out.
    pub fn retry_after(mut self, value: &str) -> Self {
        if let Action::Answer(answer) = &mut self.action {
            answer.retry_after = HeaderValue::from_str(value).ok();
        }
        self
    }

    /// Strikes, for ever, only requests that have a series with this label.
    pub fn when_label(mut self, name: &str, value: &str) -> Self {
        self.when.label = Some((name.to_owned(), value.to_owned()));
        self.forever()
    }

    /// Strikes, for ever, only requests whose packed body is longer.
    pub fn above(mut self, bytes: u64) -> Self {
        self.when.above_bytes = Some(bytes);
        self.forever()
    }

    /// Strikes every request in a window of time that opens `after` the first write request.
    pub fn within(mut self, after: Duration, lasts: Duration) -> Self {
        (self.when.after, self.when.lasts) = (Some(after), Some(lasts));
        self.forever()
    }
}
