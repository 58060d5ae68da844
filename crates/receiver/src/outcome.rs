//! What becomes of a request: an answer, or one of the ways to get none. Delays are data, never sleeps.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::fault::Turn;

/// What becomes of a request.
#[derive(Debug)]
pub struct Outcome {
    /// How long the client waits for it. What the request commits is committed before.
    pub delay: Duration,
    /// What then happens.
    pub fate: Fate,
}

/// The ways in which a request ends.
#[derive(Debug)]
pub enum Fate {
    /// An answer, whole.
    Answer(Response<Bytes>),
    /// An answer that breaks off: the head goes out with the `Content-Length` of the whole body, then half of
    /// the body, then the connection closes.
    CutAnswer(Response<Bytes>),
    /// The request was read; the connection closes in good order, without an answer.
    Close,
    /// The connection is reset (RST).
    Reset {
        /// Whether the whole request had been read before.
        body_read: bool,
    },
    /// The request was read; nothing comes, and the connection stays open.
    Silence,
    /// No connection at all: refused.
    Refused,
}

impl Fate {
    /// The status that the client sees, when it sees one.
    pub fn status(&self) -> Option<http::StatusCode> {
        match self {
            Fate::Answer(answer) | Fate::CutAnswer(answer) => Some(answer.status()),
            _ => None,
        }
    }
}

/// A request whose head has arrived and whose turn in the scripts is taken; see [`crate::Receiver::arrive`].
#[derive(Debug, Default)]
pub struct Arrival {
    pub(crate) turn: Turn,
}

impl Arrival {
    /// When set, the body is read at this many bytes a second.
    pub fn read_rate(&self) -> Option<u64> {
        self.turn.read_rate
    }

    /// Whether the request ends here, before its body is read.
    pub fn ends_unread(&self) -> bool {
        self.turn.ends_unread()
    }
}
