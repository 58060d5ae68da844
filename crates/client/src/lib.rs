//! One Remote-Write request, from the packed body to its fate.
//!
//! [`Transport`] carries it, [`Signer`]s add headers once per attempt, [`classify`] says what an answer
//! means, [`RetryPolicy`] how long to try, and [`Client::deliver`] is the loop that joins them. Nothing here
//! knows of series, shards or order: that is `narthex-sink`. The HTTP transport is behind the feature `http`.
#![warn(missing_docs)]

mod auth;
mod classify;
mod client;
#[cfg(feature = "http")]
mod http_transport;
mod retry;
mod signer;
mod transport;

pub use auth::{HeaderAuth, Secret};
pub use classify::{Verdict, advice, classify, leaves_outcome_unknown};
pub use client::{
    Attempts, Client, ClientConfig, Exhausted, MAX_MESSAGE_BYTES, Observer, Outcome, Refusal, ServerErrors,
    StopCause,
};
#[cfg(feature = "http")]
pub use http_transport::{HttpTransport, HttpTransportConfig, HttpTransportError};
pub use retry::RetryPolicy;
pub use signer::{SignError, Signer};
pub use transport::{Answer, BoxFuture, Delivery, Failure, Transport, TransportError};
