//! Takes one write request: what the script says of it, then head, body, store, answer.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use narthex_protocol::decode::{self, DecodeError};

use crate::fault::{Action, ScriptedAnswer};
use crate::outcome::Fate;
use crate::store::{Append, End};
use crate::unpack::UnpackError;
use crate::{Behaviour, Keep, Receiver, SampleCounts, answer, count, head};

/// The body of an answer that a script cuts in half.
const CUT_WORDS: &str = "this answer breaks off in the middle, and the rest of it never comes";

/// What became of a write request.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) fate: Fate,
    pub(crate) samples: u64,
    pub(crate) series: u64,
    /// Samples that are held, or were counted and forgotten.
    pub(crate) taken: u64,
}

impl Taken {
    fn nothing(fate: Fate) -> Self {
        Self { fate, samples: 0, series: 0, taken: 0 }
    }

    fn refused(status: StatusCode, words: &str) -> Self {
        Self::nothing(Fate::Answer(answer::text(status, words)))
    }

    /// Puts another fate in place of a success; a refusal stays.
    fn if_success(self, fate: impl FnOnce() -> Fate) -> Self {
        match self.fate.status() {
            Some(status) if status.is_success() => Self { fate: fate(), ..self },
            _ => self,
        }
    }
}

/// Whose habits count for a request.
#[derive(Debug, Clone, Copy)]
struct Habits {
    behaviour: Behaviour,
    /// The status of a refusal, in place of the behaviour's own.
    refused_as: Option<StatusCode>,
}

impl Receiver {
    /// Does to a write request what the script says.
    pub(crate) fn act(&self, action: Action, head: &Parts, body: &[u8]) -> Taken {
        let own = Habits { behaviour: self.config.behaviour, refused_as: None };
        match action {
            Action::Ok | Action::Overlay => self.take(head, body, own),
            Action::Answer(script) => self.answer(&script, head, body, own),
            Action::Reset => Taken::nothing(Fate::Reset { body_read: true }),
            Action::ResetEarly => Taken::nothing(Fate::Reset { body_read: false }),
            Action::LoseAnswer => Taken { fate: Fate::Close, ..self.take(head, body, own) },
            Action::CutAnswer(status) => {
                let cut = || Fate::CutAnswer(answer::text(status, CUT_WORDS));
                if status.is_success() {
                    self.take(head, body, own).if_success(cut)
                } else {
                    Taken::nothing(cut())
                }
            }
            Action::Silence { commits: true } => Taken { fate: Fate::Silence, ..self.take(head, body, own) },
            Action::Silence { commits: false } => Taken::nothing(Fate::Silence),
            Action::KeepsGood(status) => {
                let habits = Habits { behaviour: Behaviour::KeepsGood, refused_as: Some(status) };
                self.take(head, body, habits)
            }
            Action::Down => Taken::nothing(Fate::Refused),
        }
    }

    fn answer(&self, script: &ScriptedAnswer, head: &Parts, body: &[u8], own: Habits) -> Taken {
        let scripted = || Fate::Answer(answer::scripted(script));
        if script.status.is_success() {
            self.take(head, body, own).if_success(scripted)
        } else {
            Taken::nothing(scripted())
        }
    }

    fn take(&self, head: &Parts, body: &[u8], habits: Habits) -> Taken {
        let behaviour = habits.behaviour;
        if let Some(refused) = self.refuse_head(head, body.len(), behaviour) {
            return Taken::nothing(Fate::Answer(refused));
        }
        let read = |message: &[u8]| match self.config.keep {
            Keep::Nothing => self.count(message, behaviour),
            Keep::All | Keep::Newest => self.append(message, habits),
        };
        match self.buffers.unpack(body, behaviour.unpacked_limit(), read) {
            Ok(Ok(taken)) => taken,
            Ok(Err(error)) => Taken::refused(StatusCode::BAD_REQUEST, &error.to_string()),
            Err(UnpackError::Corrupt) => Taken::refused(StatusCode::BAD_REQUEST, behaviour.corrupt_text()),
            Err(UnpackError::TooLarge) => {
                Taken::refused(StatusCode::BAD_REQUEST, "s2: decoded block is too large")
            }
        }
    }

    fn refuse_head(&self, head: &Parts, body_bytes: usize, behaviour: Behaviour) -> Option<Response<Bytes>> {
        if let Some(refused) = self.refuse_credentials(head) {
            return Some(refused);
        }
        if head.method != Method::POST {
            return Some(answer::wrong_method("POST"));
        }
        if behaviour.checks_media_type()
            && let Err(words) = head::check_media_type(&head.headers)
        {
            return Some(answer::text(StatusCode::UNSUPPORTED_MEDIA_TYPE, &words));
        }
        if body_bytes > behaviour.packed_limit() {
            return Some(answer::text(StatusCode::PAYLOAD_TOO_LARGE, "http: request body too large"));
        }
        None
    }

    /// Decodes and counts, keeps nothing.
    fn count(&self, message: &[u8], behaviour: Behaviour) -> Result<Taken, DecodeError> {
        let (series, samples) = count::count(message)?;
        let counts = SampleCounts { received: samples, discarded: samples, ..SampleCounts::default() };
        self.store().counts.add(&counts);
        let fate = Fate::Answer(answer::empty(behaviour.success()));
        Ok(Taken { fate, samples, series, taken: samples })
    }

    fn append(&self, message: &[u8], habits: Habits) -> Result<Taken, DecodeError> {
        let behaviour = habits.behaviour;
        let now_ms = self.config.clock.now_ms();
        let mut store = self.store();
        let mut append = Append::new(&mut store, behaviour, now_ms);
        let mut series = 0;
        // A malformed rest is an error of the whole request: nothing is committed before `finish`.
        decode::for_each_series(message, |one| {
            series += 1;
            append.series(one);
        })?;
        let (counts, end) = append.finish();
        let fate = match end {
            End::Accepted => Fate::Answer(answer::empty(behaviour.success())),
            End::Died => Fate::Close,
            End::Refused(refusal) => {
                let status = habits.refused_as.unwrap_or_else(|| refusal.status(behaviour));
                Fate::Answer(answer::text(status, &refusal.text(behaviour)))
            }
        };
        let taken = counts.stored + counts.overwritten + counts.repeated;
        Ok(Taken { fate, samples: counts.received, series, taken })
    }
}
