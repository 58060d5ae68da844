//! The admin listener: `/metrics` (OpenMetrics, or text for who does not ask for it), `/-/healthy` (the process lives), `/-/ready` (the sink
//! takes samples), `/-/targets` (this listener, for service discovery). No listener unless asked for; a bare port binds to loopback.

use std::convert::Infallible;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use narthex_sink::DeadLetters;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::discovery::{self, TargetFile};
use crate::exposition::{OPENMETRICS, TEXT, text_of, wants_openmetrics};
use crate::live::{Live, PAGE};
use crate::write::RunFlags;

const HEADERS_WITHIN: Duration = Duration::from_secs(5);
/// Connections at a time; others wait to be accepted.
const CONNECTIONS: usize = 64;
/// How long one may last, however slowly its client reads: then what is under way is ended.
const CONNECTION_LASTS: Duration = Duration::from_secs(60);
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// What the listener shows.
#[derive(Debug)]
struct Admin {
    registry: Arc<Registry>,
    live: Live,
    /// For `http_sd_configs`.
    targets: String,
    is_ready: AtomicBool,
}

/// Reads an address; a bare port, or one after a colon, is on loopback.
pub(crate) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let bare = text.strip_prefix(':').unwrap_or(text);
    if let Ok(port) = bare.parse::<u16>() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    let text =
        text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    text.parse().map_err(|_| format!("{text:?} is no address; write ADDRESS:PORT, or a port for loopback"))
}

/// A listener, or none, and the file that tells of it.
#[derive(Debug)]
pub(crate) struct Listening {
    admin: Option<Arc<Admin>>,
    _targets: Option<TargetFile>,
}

impl Listening {
    /// No more is taken: `/-/ready` says so.
    pub(crate) fn drains(&self) {
        self.admin.iter().for_each(|admin| admin.is_ready.store(false, Ordering::Relaxed));
    }
}

/// These numbers, the letters of a file of dead letters, and the version.
pub(crate) fn registry(letters: Option<DeadLetters>, collectors: Vec<Box<dyn Collector>>) -> Arc<Registry> {
    let mut registry = Registry::default();
    collectors.into_iter().for_each(|collector| registry.register_collector(collector));
    if let Some(letters) = letters {
        registry.register_collector(Box::new(LettersCollector(letters)));
    }
    let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("narthex_build", "The version of this binary", version);
    Arc::new(registry)
}

/// Shows the numbers of this command, if a listener was asked for.
///
/// # Errors
/// When the address cannot be bound, or the target file not be written.
pub(crate) async fn start(
    address: Option<SocketAddr>,
    flags: &RunFlags,
    registry: Arc<Registry>,
    live: Live,
) -> anyhow::Result<Listening> {
    let Some(address) = address else { return Ok(Listening { admin: None, _targets: None }) };
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let bound = listener.local_addr()?;
    let targets = discovery::targets(bound, live.command);
    let file = flags.sd_file.as_deref().map(|path| TargetFile::write(path, &targets)).transpose()?;
    let admin = Arc::new(Admin { registry, live, targets, is_ready: AtomicBool::new(true) });
    serve(listener, bound, admin.clone());
    Ok(Listening { admin: Some(admin), _targets: file })
}

/// The letters of a file of dead letters.
#[derive(Debug)]
struct LettersCollector(DeadLetters);

impl Collector for LettersCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let help = "Dead letters written: samples, rows and records that came to nothing";
        let counter = ConstCounter::new(self.0.written());
        let descriptor =
            encoder.encode_descriptor("narthex_dead_letters", help, None, MetricType::Counter)?;
        counter.encode(descriptor)
    }
}

/// Prints where it listens as the first line on standard error, and serves until the runtime ends.
fn serve(listener: TcpListener, bound: SocketAddr, admin: Arc<Admin>) {
    let _ = writeln!(std::io::stderr(), "listening on http://{bound}");
    tokio::spawn(async move {
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            // Closed by nobody.
            let Ok(permit) = room.clone().acquire_owned().await else { return };
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await; // out of file handles: others may close
                continue;
            };
            let admin = admin.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| std::future::ready(admin.answer(&request)));
                let mut http = hyper::server::conn::http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
                let _permit = permit;
                let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
                // A client that goes away is its own business.
                if tokio::time::timeout(CONNECTION_LASTS, connection.as_mut()).await.is_err() {
                    connection.as_mut().graceful_shutdown();
                    let _ = tokio::time::timeout(ENDS_WITHIN, connection).await;
                }
            });
        }
    });
}

impl Admin {
    fn answer(&self, request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (status, content_type, body) = match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/metrics") => {
                let accept =
                    request.headers().get(http::header::ACCEPT).and_then(|accept| accept.to_str().ok());
                self.metrics(wants_openmetrics(accept))
            }
            (&Method::GET | &Method::HEAD, "/") => {
                (StatusCode::OK, "text/html; charset=utf-8", Bytes::from_static(PAGE.html.as_bytes()))
            }
            (&Method::GET | &Method::HEAD, "/-/status") => self.status(),
            (&Method::GET | &Method::HEAD, "/-/targets") => {
                (StatusCode::OK, "application/json", self.targets.clone().into())
            }
            (&Method::GET | &Method::HEAD, "/-/healthy") => text(StatusCode::OK, "narthex is healthy\n"),
            (&Method::GET | &Method::HEAD, "/-/ready") if self.is_ready.load(Ordering::Relaxed) => {
                text(StatusCode::OK, "narthex is ready\n")
            }
            (&Method::GET | &Method::HEAD, "/-/ready") => {
                text(StatusCode::SERVICE_UNAVAILABLE, "narthex is not ready\n")
            }
            (&Method::GET | &Method::HEAD, _) => text(
                StatusCode::NOT_FOUND,
                "there are /, /metrics, /-/status, /-/targets, /-/healthy and /-/ready\n",
            ),
            _ => text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n"),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
        headers.insert(http::header::X_CONTENT_TYPE_OPTIONS, http::HeaderValue::from_static("nosniff"));
        if let Ok(policy) = http::HeaderValue::from_str(&PAGE.security_policy) {
            headers.insert(http::header::CONTENT_SECURITY_POLICY, policy);
        }
        Ok(response)
    }

    fn status(&self) -> (StatusCode, &'static str, Bytes) {
        match self.live.status(self.is_ready.load(Ordering::Relaxed)) {
            Ok(status) => (StatusCode::OK, "application/json", status.into()),
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "cannot write the status\n"),
        }
    }

    fn metrics(&self, is_openmetrics: bool) -> (StatusCode, &'static str, Bytes) {
        let mut out = String::new();
        match prometheus_client::encoding::text::encode(&mut out, &self.registry) {
            Ok(()) if is_openmetrics => (StatusCode::OK, OPENMETRICS, out.into()),
            Ok(()) => (StatusCode::OK, TEXT, text_of(&out).into()),
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "cannot write the metrics\n"),
        }
    }
}

fn text(status: StatusCode, body: &'static str) -> (StatusCode, &'static str, Bytes) {
    (status, "text/plain; charset=utf-8", Bytes::from_static(body.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_port_is_on_loopback() {
        for (text, address) in [
            ("9464", "127.0.0.1:9464"),
            (":0", "127.0.0.1:0"),
            ("localhost:80", "127.0.0.1:80"),
            ("0.0.0.0:9464", "0.0.0.0:9464"),
            ("[::1]:1", "[::1]:1"),
        ] {
            assert_eq!(parse_address(text).unwrap().to_string(), address);
        }
        for text in ["", "nonsense", "70000", "1.2.3.4"] {
            assert!(parse_address(text).is_err(), "{text}");
        }
    }
}
