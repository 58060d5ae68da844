//! The seam for authentication that depends on the request: SigV4, HMAC schemes, short-lived tokens (R7).

use std::fmt;

use crate::BoxFuture;

/// Adds headers to a request. Called once per attempt, retries included, so that a signature never ages.
///
/// The head carries the final URL and every other header; the body is packed already and must not change.
pub trait Signer: fmt::Debug + Send + Sync {
    /// Signs the request. `now_ms` is wall time in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`SignError`] says whether another attempt may help.
    fn sign<'a>(
        &'a self,
        head: &'a mut http::request::Parts,
        body: &'a [u8],
        now_ms: i64,
    ) -> BoxFuture<'a, Result<(), SignError>>;
}

/// Why a request could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign the request: {message}")]
pub struct SignError {
    /// What went wrong and what to do, without secrets.
    pub message: String,
    /// True when the cause may pass (a credential service that does not answer): retried like a network
    /// error. False stops the sink like a 401.
    pub is_retryable: bool,
}
