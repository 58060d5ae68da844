//! What a call can fail with; Java sees the text in a `PrometheusSinkException`.

use narthex_sink::{BuildError, SinkError};

use crate::record::RecordError;

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The number is no open handle.
    #[error("this sink is closed or was never opened (handle {0})")]
    NoSuchHandle(i64),
    /// The sink was closed while the call waited for its turn.
    #[error("this sink is closed")]
    Closed,
    /// A call, or a shard's task, panicked before.
    #[error("the sink has failed: {0}; this is a defect of narthex, please report it")]
    Panicked(String),
    /// The sink has stopped.
    #[error(transparent)]
    Stopped(#[from] SinkError),
    /// The options are wrong; all mistakes, one a line.
    #[error("cannot open the sink:\n{0}")]
    Options(#[from] BuildError),
    /// Keys and values come in pairs.
    #[error("cannot open the sink: {0} keys and values, one is missing; this is a defect of the connector")]
    OddOptions(usize),
    /// The threads of the sink could not be started.
    #[error("cannot start the threads of the sink: {0}; is the limit of processes reached?")]
    Threads(#[from] std::io::Error),
    /// A record is broken. Those before it were taken.
    #[error(
        "cannot read the record at byte {at} of the buffer: {problem}; this is a defect of the connector"
    )]
    Record {
        /// Where it begins.
        at: usize,
        /// What is wrong.
        problem: RecordError,
    },
    /// The buffer is not direct, or the positions are not in it.
    #[error("cannot read the buffer: {0}; this is a defect of the connector")]
    Buffer(String),
    /// The shards did not say in time what is unsettled.
    #[error(
        "cannot take a snapshot: the sink's threads did not answer within {0} s; is the machine overloaded?"
    )]
    NoSnapshot(u64),
    /// The state is larger than an array of Java's.
    #[error(
        "cannot take a snapshot of {0} bytes: Java's arrays end at 2 GiB; lower sink.requests.max-buffered"
    )]
    SnapshotTooLarge(usize),
    /// A ledger could not be written as JSON.
    #[error("cannot write the ledger: {0}")]
    Ledger(#[from] serde_json::Error),
    /// A call into the JVM failed.
    #[error("cannot call the JVM: {0}")]
    Java(#[from] jni::errors::Error),
}

/// What a call returns.
pub type Result<T> = std::result::Result<T, Error>;
