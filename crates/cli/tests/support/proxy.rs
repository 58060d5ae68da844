//! A proxy in front of a receiver that records every request and loses some of them, or their answers.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// It is passed on, and so is the answer.
    Pass,
    /// It never arrives, and its connection closes.
    LoseRequest,
    /// It arrives; the answer does not.
    LoseAnswer,
    /// It arrives; the answer is this status instead.
    AnswerAfter(u16),
    /// The connection closes before the body is read: a reset in the middle of it.
    ResetInBody,
}

/// One request as it went by.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The receiver's status, when it was asked.
    pub status: Option<u16>,
    /// What the sender got, when it got anything.
    pub answered: Option<u16>,
    /// `Retry-Attempt`; zero when it is missing.
    pub attempt: u32,
    /// Bytes of the packed body.
    pub body_bytes: usize,
}

/// A running proxy; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    upstream: String,
    acts: Vec<Act>,
    is_throttling: AtomicBool,
    seen: Mutex<Vec<Seen>>,
}

impl Proxy {
    /// Passes requests to `upstream` (`http://HOST:PORT`): the first ones as `acts` says, all others untouched.
    pub(crate) async fn start(upstream: &str, acts: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let shared = Arc::new(Shared {
            upstream,
            acts: acts.to_vec(),
            is_throttling: AtomicBool::new(false),
            seen: Mutex::default(),
        });
        let serving = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = serving.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| shared.clone().serve(request));
                    let mut http = hyper::server::conn::http1::Builder::new();
                    // An error is how a request or an answer gets lost.
                    let _ = http.half_close(true).serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, shared, task }
    }

    pub(crate) fn write_url(&self) -> String {
        format!("http://{}/api/v1/write", self.address)
    }

    /// From now on answers 429 to everything, or no longer.
    pub(crate) fn throttle(&self, is_throttling: bool) {
        self.shared.is_throttling.store(is_throttling, Ordering::Relaxed);
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.lock().clone()
    }

    /// The statuses that the receiver gave, in order.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.shared.lock().iter().filter_map(|seen| seen.status).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(
        self: Arc<Self>,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, std::io::Error> {
        let (head, body) = request.into_parts();
        let attempt =
            head.headers.get("retry-attempt").and_then(|v| v.to_str().ok()?.parse().ok()).unwrap_or(0);
        let (number, act) = {
            let mut seen = self.lock();
            seen.push(Seen { status: None, answered: None, attempt, body_bytes: 0 });
            (seen.len() - 1, self.acts.get(seen.len() - 1).copied().unwrap_or(Act::Pass))
        };
        if act == Act::ResetInBody {
            return Err(std::io::ErrorKind::ConnectionReset.into());
        }
        let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
        self.lock()[number].body_bytes = body.len();
        if self.is_throttling.load(Ordering::Relaxed) {
            let mut answer = Response::new(Full::new(Bytes::from_static(b"slow down")));
            *answer.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
            self.lock()[number].answered = Some(429);
            return Ok(answer);
        }
        if act == Act::LoseRequest {
            return Err(std::io::ErrorKind::ConnectionReset.into());
        }
        let mut answer = pass(&self.upstream, &head.headers, &body).await?;
        self.lock()[number].status = Some(answer.status().as_u16());
        match act {
            Act::LoseAnswer => return Err(std::io::ErrorKind::ConnectionReset.into()),
            Act::AnswerAfter(status) => *answer.status_mut() = status.try_into().expect("a status"),
            _ => {}
        }
        self.lock()[number].answered = Some(answer.status().as_u16());
        Ok(answer)
    }
}

/// Sends the request over a connection of its own and reads the answer to the end.
async fn pass(
    upstream: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let mut text = format!("POST /api/v1/write HTTP/1.1\r\nhost: {upstream}\r\nconnection: close\r\n");
    for (name, value) in headers.iter().filter(|(name, _)| !matches!(name.as_str(), "host" | "connection")) {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    let mut stream = TcpStream::connect(upstream).await?;
    stream.write_all(&[text.as_bytes(), b"\r\n", body].concat()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, words) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).unwrap_or("500");
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(words.as_bytes())));
    *response.status_mut() = status.parse().map_err(std::io::Error::other)?;
    Ok(response)
}
