//! The HTTP transport: reqwest over rustls with ring. HTTP/1.1, keep-alive, no redirects, no cookies; the
//! proxy comes from the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`).

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Request;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::{Answer, BoxFuture, Delivery, Failure, Transport, TransportError};

/// Most bytes of an answer's body that are read; the rest ends with its connection.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Longest time that the body of an answer is waited for: it holds words for a log, the status has come.
const BODY_PATIENCE: Duration = Duration::from_secs(1);
/// Below the idle timeouts of receivers and gateways, so that a request seldom meets a closing connection.
const IDLE_CONNECTION: Duration = Duration::from_secs(30);

/// How to reach the receiver.
#[derive(Debug, Clone)]
pub struct HttpTransportConfig {
    /// Longest time of one attempt, connecting included; default 30 s.
    pub timeout: Duration,
    /// PEM file with the CAs to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM file with the client's certificate chain; needs `key_file`.
    pub cert_file: Option<PathBuf>,
    /// PEM file with the client's private key; needs `cert_file`.
    pub key_file: Option<PathBuf>,
    /// Whether the proxy variables of the environment count; default true.
    pub proxy_from_environment: bool,
}

impl Default for HttpTransportConfig {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            ca_file: None,
            cert_file: None,
            key_file: None,
            proxy_from_environment: true,
        }
    }
}

/// Why the transport could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HttpTransportError {
    /// A PEM file cannot be read or holds nothing usable.
    #[error("cannot read {what} from {}: {cause}", path.display())]
    Pem {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// Only one of certificate and key is given.
    #[error("a client certificate needs both a certificate file and a key file")]
    HalfIdentity,
    /// Certificate and key do not go together, or the like.
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The HTTP client cannot be built.
    #[error("cannot set up the HTTP client: {0}")]
    Http(#[source] reqwest::Error),
}

/// Carries requests over HTTP/1.1, one connection per request in flight, kept alive.
#[derive(Debug)]
pub struct HttpTransport {
    client: reqwest::Client,
}

impl HttpTransport {
    /// Reads the certificates and sets the client up; opens no connection.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn new(config: &HttpTransportConfig) -> Result<Self, HttpTransportError> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(config)?)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .tcp_nodelay(true)
            .pool_idle_timeout(IDLE_CONNECTION)
            .connect_timeout(config.timeout)
            .timeout(config.timeout);
        if !config.proxy_from_environment {
            builder = builder.no_proxy();
        }
        Ok(Self { client: builder.build().map_err(HttpTransportError::Http)? })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Answer, TransportError>> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request).map_err(|e| failed(&e.without_url()))?;
            let response = self.client.execute(request).await.map_err(|e| failed(&e.without_url()))?;
            let header = |name| {
                response
                    .headers()
                    .get(name)
                    .and_then(|v: &http::HeaderValue| v.to_str().ok())
                    .map(str::to_owned)
            };
            Ok(Answer {
                status: response.status(),
                retry_after: header(http::header::RETRY_AFTER),
                location: header(http::header::LOCATION),
                body: read_body(response).await,
            })
        })
    }
}

/// The status has been said; a body that breaks off or hangs changes nothing about it. Its connection is not
/// used again.
async fn read_body(mut response: reqwest::Response) -> Bytes {
    let mut body = BytesMut::new();
    let until = tokio::time::Instant::now() + BODY_PATIENCE;
    while let Ok(Ok(Some(chunk))) = tokio::time::timeout_at(until, response.chunk()).await {
        let room = MAX_ANSWER_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_ANSWER_BYTES {
            break;
        }
    }
    body.freeze()
}

fn failed(error: &reqwest::Error) -> TransportError {
    let mut message = String::new();
    let mut failure = if error.is_connect() {
        Failure::Connect
    } else if error.is_timeout() {
        Failure::Timeout
    } else {
        Failure::Broken
    };
    let mut tls = false;
    let mut cause: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(link) = cause {
        let text = link.to_string();
        if text.starts_with("dns error") {
            failure = Failure::Dns;
        }
        if let Some(error) = tls_error(link) {
            tls = true;
            failure = if is_about_certificates(error) { Failure::Certificate } else { Failure::Tls };
        }
        if !text.is_empty() && !message.ends_with(&text) {
            message = if message.is_empty() { text } else { format!("{message}: {text}") };
        }
        cause = link.source();
    }
    if message.is_empty() {
        message = error.to_string();
    }
    let unsent = tls || matches!(failure, Failure::Connect | Failure::Dns) || error.is_builder();
    let delivery = if unsent { Delivery::NotDelivered } else { Delivery::Unknown };
    TransportError { failure, delivery, message }
}

/// rustls' errors travel inside `io::Error`s, one in another, whose `source()` skips the error they wrap.
fn tls_error<'a>(link: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    match link.downcast_ref::<std::io::Error>() {
        Some(io) => tls_error(io.get_ref()?),
        None => link.downcast_ref(),
    }
}

fn is_about_certificates(error: &rustls::Error) -> bool {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => true,
        rustls::Error::AlertReceived(alert) => matches!(
            alert,
            Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::CertificateRequired
                // The signature with which we prove ours does not hold: one of another CA of the same name.
                | Alert::DecryptError
        ),
        _ => false,
    }
}

fn tls(config: &HttpTransportConfig) -> Result<ClientConfig, HttpTransportError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(config.ca_file.as_deref())?);
    Ok(match (&config.cert_file, &config.key_file) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => builder.with_client_auth_cert(certificates(cert)?, private_key(key)?)?,
        _ => return Err(HttpTransportError::HalfIdentity),
    })
}

fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, HttpTransportError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|e| pem("a CA certificate", path, e))?;
            }
        }
        None => {
            // A machine without any is told by the refused certificate; plain http needs none.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, HttpTransportError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|e| pem("certificates", path, e));
    let all = all?;
    if all.is_empty() { Err(pem("certificates", path, "there is none in it")) } else { Ok(all) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, HttpTransportError> {
    PrivateKeyDer::from_pem_file(path).map_err(|e| pem("a private key", path, e))
}

fn pem(what: &'static str, path: &Path, cause: impl std::fmt::Display) -> HttpTransportError {
    HttpTransportError::Pem { what, path: path.to_owned(), cause: cause.to_string() }
}
