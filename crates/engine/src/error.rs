//! Why a job failed.

/// Why a job failed: which table, what, and what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A table could not be read.
    #[error("cannot read the table {table}: {cause}")]
    Source {
        /// Its name.
        table: String,
        /// What happened, and what to do.
        cause: String,
    },
    /// A table could not be written.
    #[error("cannot write the table {table}: {cause}")]
    Sink {
        /// Its name.
        table: String,
        /// What happened, and what to do.
        cause: String,
    },
    /// A record could not be decoded, and the job is to fail then.
    #[error("cannot decode a record of {place}: {message}")]
    Record {
        /// The source's name for where it was: a file and a line.
        place: String,
        /// What is wrong with it.
        message: String,
    },
    /// A job that was told to stop has not ended within its time.
    #[error(
        "not everything was written within {seconds} s; give it more time with --drain-timeout, or see why the tables \
         take so long"
    )]
    Unfinished {
        /// Its time.
        seconds: f64,
    },
    /// What is kept has outgrown `state.memory.limit`.
    #[error(
        "the process has {resident_mib} MiB, more than state.memory.limit = {limit_mib} MiB; the operator {operator} keeps \
         most, {held} rows: let windows be shorter or the WATERMARK closer, group by fewer keys, bound a join or OVER by \
         time, or set a higher limit"
    )]
    Memory {
        /// The limit.
        limit_mib: u64,
        /// What it has.
        resident_mib: u64,
        /// The operator that keeps the most rows.
        operator: String,
        /// How many.
        held: u64,
    },
    /// A row could not be computed.
    #[error("cannot compute a row: {0}")]
    Row(String),
}
