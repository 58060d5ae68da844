//! TLS: the server's certificate, and when asked for, the client's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::ServerError;

/// PEM files with which the receiver shows who it is.
#[derive(Debug, Clone)]
pub struct TlsIdentity {
    /// The certificate, followed by those that lead to its CA.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// When set, a client must show a certificate of one of these CAs.
    pub client_ca_file: Option<PathBuf>,
}

/// What takes TLS connections as `identity`.
pub(super) fn acceptor(identity: &TlsIdentity) -> Result<TlsAcceptor, ServerError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| ServerError::Tls(error.to_string()))?;
    let builder = match &identity.client_ca_file {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(path)?), provider)
                .build()
                .map_err(|error| ServerError::Tls(error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = PrivateKeyDer::from_pem_file(&identity.key_file)
        .map_err(|error| file_error(&identity.key_file, error.to_string()))?;
    let mut config = builder
        .with_single_cert(certificates(&identity.cert_file)?, key)
        .map_err(|error| ServerError::Tls(error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn roots(path: &Path) -> Result<RootCertStore, ServerError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| file_error(path, error.to_string()))?;
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ServerError> {
    let read = |error: rustls_pki_types::pem::Error| file_error(path, error.to_string());
    let certificates: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(read)?.collect::<Result<_, _>>().map_err(read)?;
    if certificates.is_empty() {
        return Err(file_error(path, "it holds no certificate".to_owned()));
    }
    Ok(certificates)
}

fn file_error(path: &Path, cause: String) -> ServerError {
    ServerError::TlsFile { path: path.to_owned(), cause }
}
