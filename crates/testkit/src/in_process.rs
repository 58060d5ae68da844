//! The strict receiver behind a client's transport: no sockets, so that tests run under a paused clock.
//!
//! Every [`Outcome`] of the receiver becomes what the HTTP transport would report: an answer, whole or with
//! half of its body, or an error that says whether the receiver may have got the request. Delays are slept on
//! tokio's clock and count towards the timeout of a request. What reached the receiver is recorded, sample by
//! sample. A [`Meddler`] stands in for what no receiver does by itself: a refused certificate, a name without
//! an address, a gateway that says 503 for what was stored.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use narthex_client::Transport;
//! use narthex_receiver::{Fault, ReceiverConfig};
//! use narthex_testkit::in_process::InProcess;
//!
//! let transport = InProcess::new(ReceiverConfig::default().with_fault(Fault::status(503)));
//! let request = http::Request::post("/api/v1/write").body(bytes::Bytes::from_static(&[0])).unwrap();
//! assert_eq!(transport.send(request.clone()).await.unwrap().status, 503);
//! assert_eq!(transport.send(request).await.unwrap().status, 204);
//! assert_eq!(transport.wire().len(), 2);
//! # }
//! ```

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use narthex_client::{Answer, BoxFuture, Delivery, Failure, Transport, TransportError};
use narthex_model::{Labels, Sample};
use narthex_protocol::decode;
use narthex_receiver::{Fate, Outcome, Receiver, ReceiverConfig};
use tokio::time::{Instant, sleep, timeout};

/// A transport that ends in a [`Receiver`] of this process.
pub struct InProcess {
    receiver: Arc<Receiver>,
    timeout: Duration,
    meddler: Option<Box<dyn Meddler>>,
    wire: Mutex<Vec<WireRequest>>,
    in_flight: AtomicU64,
    most_in_flight: AtomicU64,
}

/// One request as it arrived, answered or not.
#[derive(Debug, Clone)]
pub struct WireRequest {
    /// When it arrived, on tokio's clock.
    pub at: Instant,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its packed body.
    pub body: Bytes,
    /// The status that the sender saw; none when it saw no answer (yet).
    pub status: Option<StatusCode>,
}

impl WireRequest {
    /// Every sample of the request in the order of the wire; empty when the body cannot be decoded.
    pub fn samples(&self) -> Vec<(Labels, Sample)> {
        let mut samples = Vec::new();
        let Ok(plain) = snap::raw::Decoder::new().decompress_vec(&self.body) else { return samples };
        let decoded = decode::for_each_series(&plain, |series| {
            let labels = Labels::from_pairs(series.labels.iter().copied());
            let of_series =
                series.samples.iter().map(|&(bits, at)| (labels.clone(), Sample::from_bits(bits, at)));
            samples.extend(of_series);
        });
        if decoded.is_err() {
            samples.clear();
        }
        samples
    }

    /// `Retry-Attempt`; zero when it is missing.
    pub fn attempt(&self) -> u32 {
        self.header("retry-attempt").and_then(|value| value.parse().ok()).unwrap_or_default()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Decides about requests before the receiver does.
pub trait Meddler: Send + Sync {
    /// What happens to this request, the `number`th, counted from zero; none leaves it to the receiver.
    fn meddle(&self, number: usize, request: &WireRequest) -> Option<Meddling>;
}

impl<F: Fn(usize, &WireRequest) -> Option<Meddling> + Send + Sync> Meddler for F {
    fn meddle(&self, number: usize, request: &WireRequest) -> Option<Meddling> {
        self(number, request)
    }
}

/// What a [`Meddler`] does to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meddling {
    /// The receiver never sees it.
    Fail(Failure),
    /// The receiver never sees it, and something in between answers this.
    Answer(u16),
    /// The same, with words.
    Say(u16, &'static str),
    /// The receiver handles it, and something in between answers this all the same.
    AnswerAfter(u16),
    /// The receiver handles it, and the answer gets lost.
    Lose,
}

impl InProcess {
    /// A transport to a new receiver, with 30 s for a request.
    pub fn new(config: ReceiverConfig) -> Self {
        Self::to(Arc::new(Receiver::new(config)))
    }

    /// A transport to a receiver that others may see too.
    pub fn to(receiver: Arc<Receiver>) -> Self {
        Self {
            receiver,
            timeout: Duration::from_secs(30),
            meddler: None,
            wire: Mutex::default(),
            in_flight: AtomicU64::new(0),
            most_in_flight: AtomicU64::new(0),
        }
    }

    /// Another limit for the time of one request.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Lets `meddler` decide first.
    pub fn with_meddler(self, meddler: impl Meddler + 'static) -> Self {
        Self { meddler: Some(Box::new(meddler)), ..self }
    }

    /// The receiver at the end.
    pub fn receiver(&self) -> &Receiver {
        &self.receiver
    }

    /// Every request so far.
    pub fn wire(&self) -> Vec<WireRequest> {
        self.lock().clone()
    }

    /// How many requests there were so far.
    pub fn requests(&self) -> usize {
        self.lock().len()
    }

    /// The most requests that were under way at once.
    pub fn most_in_flight(&self) -> u64 {
        self.most_in_flight.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<WireRequest>> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, request: &Request<Bytes>) -> (usize, Option<Meddling>) {
        let record = WireRequest {
            at: Instant::now(),
            headers: request.headers().clone(),
            body: request.body().clone(),
            status: None,
        };
        let mut wire = self.lock();
        let number = wire.len();
        let meddling = self.meddler.as_ref().and_then(|meddler| meddler.meddle(number, &record));
        wire.push(record);
        (number, meddling)
    }

    async fn outcome(
        &self,
        request: Request<Bytes>,
        meddling: Option<Meddling>,
    ) -> Result<Answer, TransportError> {
        match meddling {
            Some(Meddling::Fail(failure)) => return Err(failed(failure)),
            Some(Meddling::Answer(status)) => return Ok(said(status, "")),
            Some(Meddling::Say(status, words)) => return Ok(said(status, words)),
            Some(Meddling::AnswerAfter(_) | Meddling::Lose) | None => {}
        }
        let Outcome { delay, fate } = self.receiver.handle(request);
        sleep(delay).await;
        match (meddling, fate) {
            (Some(Meddling::AnswerAfter(status)), _) => Ok(said(status, "")),
            (Some(Meddling::Lose), _) => Err(failed(Failure::Broken)),
            (_, Fate::Answer(answer)) => Ok(whole(answer)),
            (_, Fate::CutAnswer(answer)) => {
                let answer = whole(answer);
                Ok(Answer { body: answer.body.slice(..answer.body.len() / 2), ..answer })
            }
            (_, Fate::Close | Fate::Reset { .. }) => Err(failed(Failure::Broken)),
            (_, Fate::Refused) => Err(failed(Failure::Connect)),
            (_, Fate::Silence) => std::future::pending().await,
        }
    }
}

impl Transport for InProcess {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(async move {
            let (number, meddling) = self.record(&request);
            let _under_way = UnderWay::begin(self);
            let ended = timeout(self.timeout, self.outcome(request, meddling)).await;
            let ended = ended.unwrap_or_else(|_| Err(failed(Failure::Timeout)));
            if let (Ok(answer), Some(record)) = (&ended, self.lock().get_mut(number)) {
                record.status = Some(answer.status);
            }
            ended
        })
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").field("requests", &self.requests()).finish_non_exhaustive()
    }
}

/// Counts a request as under way for as long as it lives.
struct UnderWay<'a>(&'a AtomicU64);

impl<'a> UnderWay<'a> {
    fn begin(transport: &'a InProcess) -> Self {
        let now = transport.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        transport.most_in_flight.fetch_max(now, Ordering::Relaxed);
        Self(&transport.in_flight)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn whole(answer: Response<Bytes>) -> Answer {
    let (head, body) = answer.into_parts();
    let text =
        |name| head.headers.get(name).and_then(|v: &http::HeaderValue| v.to_str().ok()).map(str::to_owned);
    Answer {
        status: head.status,
        retry_after: text(http::header::RETRY_AFTER),
        location: text(http::header::LOCATION),
        body,
    }
}

fn said(status: u16, words: &'static str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Answer { status, body: words.into(), ..Answer::default() }
}

/// As the HTTP transport reports it: what broke after the connection stood may have been delivered, also a
/// reset before the body was read, for the sender cannot tell.
fn failed(failure: Failure) -> TransportError {
    let delivery = match failure {
        Failure::Timeout | Failure::Broken => Delivery::Unknown,
        _ => Delivery::NotDelivered,
    };
    TransportError { failure, delivery, message: "as the script says".to_owned() }
}

#[cfg(test)]
mod tests {
    use narthex_receiver::{Action, Fault};

    use super::*;

    async fn send(fault: Fault) -> (Result<Answer, TransportError>, Duration) {
        let transport =
            InProcess::new(ReceiverConfig::default().with_fault(fault)).with_timeout(Duration::from_secs(3));
        let begin = Instant::now();
        let request = Request::post("/api/v1/write").body(Bytes::from_static(&[0])).unwrap();
        let ended = transport.send(request).await;
        assert_eq!((transport.requests(), transport.most_in_flight()), (1, 1));
        (ended, begin.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn answers_come_with_their_headers_and_after_their_delay() {
        let (answer, took) = send(Fault::status(429).retry_after("7").delayed(Duration::from_secs(2))).await;
        let answer = answer.unwrap();
        assert_eq!((answer.status.as_u16(), answer.retry_after.as_deref()), (429, Some("7")));
        assert_eq!(took, Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_answer_keeps_its_status_and_half_of_its_words() {
        let (answer, _) = send(Fault::new(Action::CutAnswer(StatusCode::OK))).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200);
        assert!(!answer.body.is_empty() && !answer.body.ends_with(b"\n"), "{:?}", answer.body);
    }

    #[tokio::test(start_paused = true)]
    async fn what_breaks_says_whether_it_may_have_been_delivered() {
        for (action, failure, delivery) in [
            (Action::Reset, Failure::Broken, Delivery::Unknown),
            (Action::ResetEarly, Failure::Broken, Delivery::Unknown),
            (Action::LoseAnswer, Failure::Broken, Delivery::Unknown),
            (Action::Silence { commits: true }, Failure::Timeout, Delivery::Unknown),
            (Action::Silence { commits: false }, Failure::Timeout, Delivery::Unknown),
        ] {
            let (ended, _) = send(Fault::new(action.clone())).await;
            let error = ended.unwrap_err();
            assert_eq!((error.failure, error.delivery), (failure, delivery), "{action:?}");
        }
        let (ended, _) = send(Fault::down(Duration::ZERO, Duration::from_secs(1))).await;
        let error = ended.unwrap_err();
        assert_eq!((error.failure, error.delivery), (Failure::Connect, Delivery::NotDelivered));
    }

    #[tokio::test(start_paused = true)]
    async fn a_delay_beyond_the_timeout_is_a_timeout() {
        let (ended, took) = send(Fault::delay(Duration::from_secs(9))).await;
        assert_eq!(ended.unwrap_err().failure, Failure::Timeout);
        assert_eq!(took, Duration::from_secs(3));
    }
}
