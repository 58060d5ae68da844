//! The life of one request: attempts, waits, and the answer that ends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use narthex_model::Clock;
use narthex_protocol::headers;
use tokio::time::Instant;

use crate::classify::{Verdict, advice, classify, leaves_outcome_unknown};
use crate::retry::{RetryPolicy, retry_after};
use crate::{Answer, Delivery, Failure, SignError, Signer, Transport, TransportError};

/// Most bytes of the receiver's words that are kept (as the reference sender logs).
pub const MAX_MESSAGE_BYTES: usize = 1024;

/// What is sent with every request, and how.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The receiver's URL, without user info.
    pub url: Uri,
    /// Custom headers; reserved ones are overwritten.
    pub headers: HeaderMap,
    /// The `User-Agent`.
    pub user_agent: HeaderValue,
    /// Called in this order, once per attempt.
    pub signers: Vec<Arc<dyn Signer>>,
    /// How long to try.
    pub retry: RetryPolicy,
}

/// Sends requests to one receiver. Shared by all shards: what the receiver has accepted from one is known to
/// all.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    has_accepted: AtomicBool,
}

/// Is told of every attempt, for metrics and logs.
pub trait Observer: Sync {
    /// An attempt ended after `elapsed`; `code` is the status, or none when there was no answer. `is_retry`: it
    /// repeated an earlier one.
    fn attempted(&self, code: Option<StatusCode>, elapsed: Duration, is_retry: bool);
    /// The request will be tried again after `wait`; `since` is the time since its first attempt.
    fn retrying(&self, cause: &str, wait: Duration, since: Duration);
    /// The request was accepted after at least one retry.
    fn recovered(&self, since: Duration);
}

/// How far a request has come. Kept by the caller, so that a request can go on where it was left.
#[derive(Debug, Default, Clone)]
pub struct Attempts {
    first: Option<Instant>,
    made: u32,
    server_errors_in_a_row: u32,
    /// Whether the receiver may hold the request although it did not say so.
    pub outcome_unknown: bool,
}

/// When to hand a request back that the receiver answers with 5xx again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerErrors {
    /// Retry as the policy says.
    Retry,
    /// Hand back after this many in a row, from a receiver that has accepted something since the start and
    /// does not say when to come back.
    HandBackAfter(u32),
}

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// The receiver took it.
    Accepted,
    /// The receiver refuses the data in it: 400, 409 or 422.
    RefusedData(Refusal),
    /// The receiver finds it too large: 413.
    TooLarge(Refusal),
    /// The receiver refuses it whole: another 4xx.
    RefusedRequest(Refusal),
    /// 5xx in a row, see [`ServerErrors::HandBackAfter`].
    ServerErrors(Refusal),
    /// The policy's patience is at its end.
    Exhausted(Exhausted),
    /// Receiver, credentials or certificate are not what the configuration says.
    Stop(StopCause),
}

/// A receiver's no.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The receiver's words: at most [`MAX_MESSAGE_BYTES`], control characters escaped.
    pub message: String,
}

/// Why a request was given up.
#[derive(Debug, Clone, thiserror::Error)]
#[error("gave up after {attempts} attempts in {:.1} s: {last_cause}", elapsed.as_secs_f32())]
pub struct Exhausted {
    /// Attempts made.
    pub attempts: u32,
    /// Time since the first.
    pub elapsed: Duration,
    /// What the last attempt met.
    pub last_cause: String,
    /// The last status, if there was an answer.
    pub status: Option<StatusCode>,
}

/// Why the sink must stop.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{cause}; {advice}")]
pub struct StopCause {
    /// What happened.
    pub cause: String,
    /// What to check.
    pub advice: String,
    /// The status, if there was an answer.
    pub status: Option<StatusCode>,
}

enum Attempt {
    Answered(Answer),
    Failed(TransportError),
    NotSigned(SignError),
}

impl Client {
    /// A client that has sent nothing yet.
    pub fn new(config: ClientConfig, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { config, transport, clock, has_accepted: AtomicBool::new(false) }
    }

    /// Whether the receiver has accepted any request since the start.
    pub fn has_accepted(&self) -> bool {
        self.has_accepted.load(Ordering::Relaxed)
    }

    /// Sends the packed `body` until an answer ends it. `attempts` carries the history of this same body.
    pub async fn deliver(
        &self,
        body: &Bytes,
        attempts: &mut Attempts,
        server_errors: ServerErrors,
        observer: &dyn Observer,
    ) -> Outcome {
        let first = *attempts.first.get_or_insert_with(Instant::now);
        let mut is_retry = false;
        loop {
            let started = Instant::now();
            let attempt = self.attempt(body, attempts.made).await;
            attempts.made += 1;
            let code = if let Attempt::Answered(answer) = &attempt { Some(answer.status) } else { None };
            observer.attempted(code, started.elapsed(), is_retry);
            is_retry = true;
            let again = match self.judge(attempt, attempts, server_errors) {
                Judged::End(outcome) => {
                    if matches!(outcome, Outcome::Accepted) && attempts.made > 1 {
                        observer.recovered(first.elapsed());
                    }
                    return outcome;
                }
                Judged::Again(again) => again,
            };
            let wait = self.config.retry.backoff(attempts.made, rand::random(), again.retry_after);
            let (elapsed, next) = (first.elapsed(), first.elapsed() + wait);
            // Who names a time is a receiver, if one under load: what shows wrong URLs early need not run out.
            let patience = if again.retry_after.is_some() { elapsed } else { next };
            if !self.config.retry.allows(attempts.made - 1, patience, next, self.has_accepted()) {
                return Outcome::Exhausted(Exhausted {
                    attempts: attempts.made,
                    elapsed: first.elapsed(),
                    last_cause: again.cause,
                    status: code,
                });
            }
            observer.retrying(&again.cause, wait, first.elapsed());
            tokio::time::sleep(wait).await;
        }
    }

    async fn attempt(&self, body: &Bytes, made: u32) -> Attempt {
        let (mut head, body) = self.request(body.clone(), made).into_parts();
        for signer in &self.config.signers {
            if let Err(error) = signer.sign(&mut head, &body, self.clock.now_ms()).await {
                return Attempt::NotSigned(error);
            }
        }
        match self.transport.send(Request::from_parts(head, body)).await {
            Ok(answer) => Attempt::Answered(answer),
            Err(error) => Attempt::Failed(error),
        }
    }

    fn request(&self, body: Bytes, made: u32) -> Request<Bytes> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.config.url.clone();
        let map = request.headers_mut();
        map.clone_from(&self.config.headers);
        for (name, value) in [headers::CONTENT_ENCODING, headers::CONTENT_TYPE, headers::VERSION] {
            map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map.insert(http::header::USER_AGENT, self.config.user_agent.clone());
        if made > 0 {
            map.insert(HeaderName::from_static(headers::RETRY_ATTEMPT), HeaderValue::from(made));
        }
        request
    }

    fn judge(&self, attempt: Attempt, attempts: &mut Attempts, server_errors: ServerErrors) -> Judged {
        match attempt {
            Attempt::Answered(answer) => self.judge_answer(&answer, attempts, server_errors),
            Attempt::Failed(error) => {
                attempts.server_errors_in_a_row = 0;
                attempts.outcome_unknown |= error.delivery == Delivery::Unknown;
                if error.failure == Failure::Certificate && !self.has_accepted() {
                    return Judged::End(Outcome::Stop(StopCause {
                        cause: error.to_string(),
                        advice: "check the CA file, the host name in the URL and the client certificate"
                            .into(),
                        status: None,
                    }));
                }
                Judged::Again(Again { cause: error.to_string(), retry_after: None })
            }
            Attempt::NotSigned(error) if error.is_retryable => {
                Judged::Again(Again { cause: error.to_string(), retry_after: None })
            }
            Attempt::NotSigned(error) => Judged::End(Outcome::Stop(StopCause {
                cause: error.to_string(),
                advice: "check the credentials that the configuration names".into(),
                status: None,
            })),
        }
    }

    fn judge_answer(&self, answer: &Answer, attempts: &mut Attempts, server_errors: ServerErrors) -> Judged {
        let refusal = || Refusal { status: answer.status, message: words(&answer.body) };
        if !answer.status.is_server_error() {
            attempts.server_errors_in_a_row = 0;
        }
        Judged::End(match classify(answer.status) {
            Verdict::Accepted => {
                self.has_accepted.store(true, Ordering::Relaxed);
                Outcome::Accepted
            }
            Verdict::RefusedData => Outcome::RefusedData(refusal()),
            Verdict::TooLarge => Outcome::TooLarge(refusal()),
            Verdict::RefusedRequest => Outcome::RefusedRequest(refusal()),
            Verdict::Stop => Outcome::Stop(stop_cause(answer)),
            Verdict::TryAgain => {
                attempts.outcome_unknown |= leaves_outcome_unknown(answer.status);
                if answer.status.is_server_error() {
                    attempts.server_errors_in_a_row += 1;
                    if let ServerErrors::HandBackAfter(most) = server_errors
                        && attempts.server_errors_in_a_row >= most
                        && self.has_accepted()
                        // Who says when to come back is overloaded, not stuck on a sample.
                        && answer.retry_after.is_none()
                    {
                        attempts.server_errors_in_a_row = 0;
                        return Judged::End(Outcome::ServerErrors(refusal()));
                    }
                }
                let wait = answer.retry_after.as_deref().and_then(|header| retry_after(header, &*self.clock));
                return Judged::Again(Again { cause: answered(answer), retry_after: wait });
            }
        })
    }
}

enum Judged {
    End(Outcome),
    Again(Again),
}

struct Again {
    cause: String,
    retry_after: Option<Duration>,
}

fn stop_cause(answer: &Answer) -> StopCause {
    let mut cause = answered(answer);
    if let Some(location) = &answer.location {
        cause = format!("{cause} (it points to {})", escape(location.as_bytes()));
    }
    StopCause { cause, advice: advice(answer.status).into(), status: Some(answer.status) }
}

fn answered(answer: &Answer) -> String {
    let words = words(&answer.body);
    let status = answer.status;
    if words.is_empty() {
        format!("the receiver answered {status}")
    } else {
        format!("the receiver answered {status}: {words}")
    }
}

/// The receiver's words as they may stand in a log: cut, on one line, control characters escaped.
fn words(body: &[u8]) -> String {
    let cut = &body[..body.len().min(MAX_MESSAGE_BYTES)];
    let mut words = escape(cut.trim_ascii());
    if body.len() > MAX_MESSAGE_BYTES {
        words.push('…');
    }
    words
}

fn escape(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for c in String::from_utf8_lossy(bytes).chars() {
        if c.is_control() { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out
}
