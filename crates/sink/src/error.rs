//! What can go wrong with a sink, by who can mend it.

use std::sync::Arc;

use narthex_client::{Exhausted, StopCause};

use crate::Ledger;

/// Why the sink has stopped. Samples that were not settled stay pending, for the source to replay.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// Receiver, credentials or certificate are not what the configuration says.
    #[error("cannot write to {url}: {cause}")]
    Stopped {
        /// The receiver, without user info.
        url: String,
        /// What happened and what to check.
        cause: Arc<StopCause>,
    },
    /// Retries ended and `sink.on-exhausted` = `fail`.
    #[error(
        "cannot write to {url}: {cause}; check the receiver, or give it more time with sink.retry.max-time"
    )]
    Exhausted {
        /// The receiver, without user info.
        url: String,
        /// How long was tried, and what the last attempt met.
        cause: Arc<Exhausted>,
    },
    /// The sink was closed already.
    #[error("cannot send: the sink is closed")]
    Closed,
    /// The time to drain was over before everything was settled.
    #[error(
        "cannot drain within {seconds} s: {pending} samples are still pending; the receiver is too slow or down"
    )]
    DrainTimeout {
        /// The limit.
        seconds: f64,
        /// What was left.
        pending: u64,
    },
    /// A shard's task ended by itself: a defect of this crate.
    #[error("a shard ended unexpectedly: {0}; please report this")]
    Shard(String),
}

/// The sink could not settle everything.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct CloseError {
    /// Why.
    #[source]
    pub error: SinkError,
    /// The final ledger, with what is still pending.
    pub ledger: Box<Ledger>,
}

/// All mistakes of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct BuildError(pub Vec<Mistake>);

/// One mistake of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The option's key.
    pub option: String,
    /// What is wrong, and what would be right; never a secret.
    pub problem: String,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.option, self.problem)
    }
}
