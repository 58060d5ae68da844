//! The admin listener: `/metrics` (OpenMetrics text), `/-/healthy` (the process lives), `/-/ready` (the sink
//! takes samples). No listener unless asked for; a bare port binds to loopback.

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
use prometheus_client::collector::Collector;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const HEADERS_WITHIN: Duration = Duration::from_secs(5);

/// What the listener shows.
#[derive(Debug)]
pub(crate) struct Admin {
    pub(crate) registry: Registry,
    pub(crate) is_ready: AtomicBool,
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

/// What shows these numbers and the version, on a listener if one was asked for.
///
/// # Errors
/// When the address cannot be bound.
pub(crate) async fn start(
    address: Option<SocketAddr>,
    collectors: Vec<Box<dyn Collector>>,
) -> anyhow::Result<Arc<Admin>> {
    let mut registry = Registry::default();
    collectors.into_iter().for_each(|collector| registry.register_collector(collector));
    let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("narthex_build", "The version of this binary", version);
    let admin = Arc::new(Admin { registry, is_ready: AtomicBool::new(true) });
    if let Some(address) = address {
        serve(address, admin.clone()).await?;
    }
    Ok(admin)
}

/// Listens on `address`, prints where as the first line on standard error, and serves until the runtime ends.
///
/// # Errors
/// When the address cannot be bound.
pub(crate) async fn serve(address: SocketAddr, admin: Arc<Admin>) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let bound = listener.local_addr()?;
    let _ = writeln!(std::io::stderr(), "listening on http://{bound}");
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(50)).await; // out of file handles: others may close
                continue;
            };
            let admin = admin.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| std::future::ready(admin.answer(&request)));
                let mut http = hyper::server::conn::http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
                // A client that goes away is its own business.
                let _ = http.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Ok(bound)
}

impl Admin {
    fn answer(&self, request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (status, content_type, body) = match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/metrics") => self.metrics(),
            (&Method::GET | &Method::HEAD, "/-/healthy") => text(StatusCode::OK, "narthex is healthy\n"),
            (&Method::GET | &Method::HEAD, "/-/ready") if self.is_ready.load(Ordering::Relaxed) => {
                text(StatusCode::OK, "narthex is ready\n")
            }
            (&Method::GET | &Method::HEAD, "/-/ready") => {
                text(StatusCode::SERVICE_UNAVAILABLE, "narthex is not ready\n")
            }
            (&Method::GET | &Method::HEAD, _) => {
                text(StatusCode::NOT_FOUND, "there are /metrics, /-/healthy and /-/ready\n")
            }
            _ => text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n"),
        };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
        Ok(response)
    }

    fn metrics(&self) -> (StatusCode, &'static str, Bytes) {
        let mut out = String::new();
        match prometheus_client::encoding::text::encode(&mut out, &self.registry) {
            Ok(()) => (StatusCode::OK, OPENMETRICS, out.into()),
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
