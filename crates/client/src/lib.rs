//! One Remote-Write request, from the packed body to its fate.
//!
//! [`Transport`] carries it, [`Signer`] adds headers once per attempt, [`classify`] says what an answer
//! means, [`RetryPolicy`] how long to try. Nothing here knows of series, shards or order: that is
//! `narthex-sink`. The HTTP transport is behind the feature `http`.
#![warn(missing_docs)]

mod signer;
mod transport;

pub use signer::{SignError, Signer};
pub use transport::{Answer, BoxFuture, Delivery, Failure, Transport, TransportError};
