//! One connection: requests in, outcomes out, and the ways to end it badly.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;

use super::{Shared, Signal};
use crate::{Fate, Outcome, Receiver};

/// A stream that can end with a reset instead of a close.
trait Resets {
    fn reset_on_drop(&self);
}

impl Resets for TcpStream {
    fn reset_on_drop(&self) {
        // Fails only on a socket that is gone already.
        let _ = self.set_zero_linger();
    }
}

impl Resets for TlsStream<TcpStream> {
    fn reset_on_drop(&self) {
        self.get_ref().0.reset_on_drop();
    }
}

/// Why a connection ends without an answer to its last request.
#[derive(Debug, thiserror::Error)]
#[error("ended by script")]
struct Ended;

type AnswerBody = UnsyncBoxBody<Bytes, Ended>;

/// Serves one connection to its end.
pub(super) async fn run(shared: Arc<Shared>, stream: TcpStream, signals: watch::Receiver<Signal>) {
    match &shared.tls {
        None => serve(&shared, stream, signals).await,
        Some(tls) => {
            // A failed handshake has told the client already.
            if let Ok(stream) = tls.accept(stream).await {
                serve(&shared, stream, signals).await;
            }
        }
    }
}

async fn serve<S>(shared: &Shared, stream: S, mut signals: watch::Receiver<Signal>)
where
    S: AsyncRead + AsyncWrite + Resets + Unpin + Send,
{
    let resets = AtomicBool::new(false);
    let service = service_fn(|request| Box::pin(answer(&shared.receiver, request, &resets)));
    let mut http = http1::Builder::new();
    http.header_read_timeout(None);
    if shared.reads_slowly {
        http.max_buf_size(8192);
    }
    let mut connection = http.serve_connection(TokioIo::new(stream), service);
    let ended = std::future::poll_fn(|cx| connection.poll_without_shutdown(cx));
    let is_stopped = tokio::select! {
        _ = ended => false,
        signal = told(&mut signals) => {
            resets.store(signal != Signal::Stop, Ordering::Relaxed);
            signal == Signal::Stop
        }
    };
    if is_stopped {
        Pin::new(&mut connection).graceful_shutdown();
        // Nobody is left to hear of an error.
        let _ = connection.await;
        return;
    }
    let stream = connection.into_parts().io.into_inner();
    if resets.load(Ordering::Relaxed) {
        stream.reset_on_drop();
    }
}

/// The next signal to this connection. One that was given before it came does not count, but for a stop.
async fn told(signals: &mut watch::Receiver<Signal>) -> Signal {
    if *signals.borrow_and_update() == Signal::Stop {
        return Signal::Stop;
    }
    match signals.changed().await {
        Ok(()) => *signals.borrow_and_update(),
        Err(_) => Signal::Stop,
    }
}

async fn answer(
    receiver: &Receiver,
    request: Request<Incoming>,
    resets: &AtomicBool,
) -> Result<Response<AnswerBody>, Ended> {
    let (head, body) = request.into_parts();
    let outcome = outcome(receiver, &head, body).await?;
    if !outcome.delay.is_zero() {
        tokio::time::sleep(outcome.delay).await;
    }
    match outcome.fate {
        Fate::Answer(answer) => Ok(answer.map(|body| Full::new(body).map_err(never).boxed_unsync())),
        Fate::CutAnswer(answer) => Ok(answer.map(|body| CutBody::new(body).boxed_unsync())),
        Fate::Close => Err(Ended),
        Fate::Reset { .. } | Fate::Refused => {
            resets.store(true, Ordering::Relaxed);
            Err(Ended)
        }
        Fate::Silence => std::future::pending().await,
    }
}

fn never(error: Infallible) -> Ended {
    match error {}
}

async fn outcome(receiver: &Receiver, head: &Parts, body: Incoming) -> Result<Outcome, Ended> {
    let arrival = receiver.arrive(head);
    if arrival.ends_unread() {
        return Ok(receiver.finish(arrival, head, Bytes::new()));
    }
    let limit = receiver.config().behaviour.packed_limit();
    let body = match arrival.read_rate() {
        None => read(body, limit).await,
        Some(rate) => read_slowly(body, limit, rate).await,
    };
    body.map(|body| receiver.finish(arrival, head, body))
}

/// The whole body; of one above the limit only the part that shows it. The rest is read and dropped: a close
/// with unread bytes would reset the connection and take the 413 with it. A body that breaks off ends the
/// connection, and the request was never there.
async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, Ended> {
    let expected = body.size_hint().exact().unwrap_or_default().min(limit as u64) as usize;
    let Some(first) = next(&mut body).await? else { return Ok(Bytes::new()) };
    if first.len() >= expected && body.is_end_stream() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(expected.max(first.len()));
    whole.extend_from_slice(&first);
    while let Some(data) = next(&mut body).await? {
        if whole.len() <= limit {
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole.freeze())
}

/// As [`read`], with a pause after each piece that makes up the rate.
async fn read_slowly(mut body: Incoming, limit: usize, bytes_per_second: u64) -> Result<Bytes, Ended> {
    let mut whole = BytesMut::new();
    while let Some(data) = next(&mut body).await? {
        tokio::time::sleep(Duration::from_secs_f64(data.len() as f64 / bytes_per_second as f64)).await;
        if whole.len() <= limit {
            whole.extend_from_slice(&data);
        }
    }
    Ok(whole.freeze())
}

async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Ended> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|_| Ended)?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// A body that promises its whole length, gives half, and fails.
struct CutBody {
    half: Option<Bytes>,
    length: u64,
    is_flushed: bool,
}

impl CutBody {
    fn new(whole: Bytes) -> Self {
        Self { half: Some(whole.slice(..whole.len() / 2)), length: whole.len() as u64, is_flushed: false }
    }
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = Ended;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Ended>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        if !self.is_flushed {
            // An error at once would throw away what is not written yet; a pause has it flushed.
            self.is_flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Ended)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
