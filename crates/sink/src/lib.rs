//! Writes time series to Prometheus by Remote-Write 1.0: in order, fast, every sample accounted for.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use narthex_sink::{Labels, PrometheusSink, Sample, TimeSeries};
//!
//! let sink = PrometheusSink::builder("http://localhost:9090/api/v1/write").shards(4).build()?;
//! let labels = Labels::from_pairs([("__name__", "rpm"), ("vehicle", "V1")]);
//! sink.send(TimeSeries::single(labels, Sample::new(3000.0, 1_700_000_000_000))).await?;
//! let ledger = sink.close().await?;
//! assert_eq!(ledger.received, ledger.written);
//! # Ok(())
//! # }
//! ```
//!
//! # Contracts
//! - **Order.** A series lives on one shard ([`shard_of`]); a shard has one request in flight and sends the
//!   next when that one is settled.
//! - **Fate.** Each sample leaves through one door: written, replayed, rejected or dropped with a [`Reason`].
//!   The [`Ledger`] adds up at every moment.
//! - **Isolation.** One bad sample costs one sample: a refused request is split until the bad ones stand
//!   alone.
//! - **Back-pressure.** Queues are bounded; [`PrometheusSink::send`] waits while its shard's is full.
//! - **No poison pill.** Data that is refused never fails the sink. A receiver that is not what the
//!   configuration says stops it, and nothing is counted as lost.
#![warn(missing_docs)]

mod backlog;
mod batch;
mod builder;
mod dead_letters;
mod error;
mod fate;
mod label_cache;
mod loss_log;
mod metrics;
mod options;
mod origin;
mod queue;
mod recent;
mod series_table;
mod settle;
mod sink;
mod status;
mod url;
mod worker;

pub use builder::PrometheusSinkBuilder;
pub use dead_letters::{DeadLetter, DeadLetters, Letters};
pub use error::{BuildError, CloseError, Mistake, SinkError};
pub use fate::{Ledger, Reason, Side};
pub use label_cache::{LabelCache, LabelKey};
pub use metrics::SinkMetrics;
pub use narthex_client::{
    Answer, BoxFuture, Delivery, Exhausted, Failure, HeaderAuth, Secret, SignError, Signer, StopCause,
    Transport, TransportError,
};
pub use narthex_model::{
    Clock, LabelFault, Labels, LabelsBuilder, ManualClock, Sample, Samples, SystemClock, TimeSeries,
    format_bytes, format_duration, parse_bytes, parse_duration,
};
pub use options::{Checks, NameValidation, OPTIONS, OnExhausted, OnReject, OptionSpec, OptionType};
pub use origin::Origin;
pub use recent::{RecentLoss, RecentWrite};
pub use sink::{PrometheusSink, SeriesSender, shard_of};
pub use status::SinkStatus;
pub use url::shown_url;
