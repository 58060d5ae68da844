//! The seam between a request and the network.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, StatusCode};

/// A boxed future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Carries one request to the receiver and brings back the answer. No retries, no redirects.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends the request. The transport bounds its time itself.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Answer, TransportError>>;
}

/// What the receiver said.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The value of `Retry-After`, as it came.
    pub retry_after: Option<String>,
    /// Where a redirect points; never followed, only shown.
    pub location: Option<String>,
    /// The first bytes of the body (at most 64 KiB): the receiver's own words, for the log.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("{failure}: {message}")]
pub struct TransportError {
    /// What kind of failure.
    pub failure: Failure,
    /// Whether the receiver may have got the whole request.
    pub delivery: Delivery,
    /// The chain of causes on one line, without secrets.
    pub message: String,
}

/// Kinds of failure on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The host's name has no address.
    Dns,
    /// No connection: refused, unreachable, or not in time.
    Connect,
    /// The peer's certificate is refused, or the peer refuses ours.
    Certificate,
    /// The TLS handshake failed for another reason.
    Tls,
    /// No answer within the request's time.
    Timeout,
    /// The connection broke after it stood.
    Broken,
}

/// What is known of a request that got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The receiver cannot have seen the whole request.
    NotDelivered,
    /// The receiver may have taken it.
    Unknown,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failure::Dns => "cannot resolve the host's name",
            Failure::Connect => "cannot connect",
            Failure::Certificate => "certificate refused",
            Failure::Tls => "TLS handshake failed",
            Failure::Timeout => "no answer in time",
            Failure::Broken => "connection broken",
        })
    }
}
