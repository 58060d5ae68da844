//! HTTPS: the server's certificate, and the client's where it is asked for.

use std::path::PathBuf;
use std::sync::Arc;

use narthex_receiver::Behaviour::Prometheus3;
use narthex_receiver::{ReceiverServer, ServerConfig, ServerError, ServerHandle, TlsIdentity};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::sender::*;
use crate::sockets::request;

/// A CA, and files with a certificate that it signed.
struct Pki {
    folder: PathBuf,
    ca: CertifiedIssuer<'static, KeyPair>,
}

impl Pki {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("narthex-receiver-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.join("ca.pem"), ca.pem()).unwrap();
        Self { folder, ca }
    }

    fn signed(&self) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.signed_by(&key, &self.ca).unwrap(), key)
    }

    fn identity(&self) -> TlsIdentity {
        let (cert, key) = self.signed();
        let [cert_file, key_file] = ["cert.pem", "key.pem"].map(|name| self.folder.join(name));
        std::fs::write(&cert_file, cert.pem()).unwrap();
        std::fs::write(&key_file, key.serialize_pem()).unwrap();
        TlsIdentity { cert_file, key_file, client_ca_file: None }
    }
}

impl Drop for Pki {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn start(tls: TlsIdentity) -> Result<ServerHandle, ServerError> {
    ReceiverServer::start(ServerConfig { tls: Some(tls), ..config(Prometheus3).into() }).await
}

/// The first bytes of the answer over TLS, with or without a client certificate.
async fn post_over_tls(server: &ServerHandle, pki: &Pki, shows_certificate: bool) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(pki.ca.der().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let client = client.with_root_certificates(roots);
    let client = if shows_certificate {
        let (cert, key) = pki.signed();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        client.with_client_auth_cert(vec![cert.der().clone()], key).unwrap()
    } else {
        client.with_no_client_auth()
    };
    let tcp = TcpStream::connect(server.address()).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(client)).connect(name, tcp).await?;
    stream.write_all(&request(&body(&[metric("m").at(NOW, 1.0)]))).await?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn serves_https() {
    let pki = Pki::new("https");
    let server = start(pki.identity()).await.unwrap();
    assert!(server.write_url().starts_with("https://127.0.0.1:"));
    assert_eq!(post_over_tls(&server, &pki, false).await.unwrap(), "HTTP/1.1 204");
    assert!(post_over_tls(&server, &Pki::new("other"), false).await.is_err());
    server.shutdown().await;
}

#[tokio::test]
async fn asks_for_a_client_certificate_of_its_ca() {
    let pki = Pki::new("client");
    let client_ca_file = Some(pki.folder.join("ca.pem"));
    let server = start(TlsIdentity { client_ca_file, ..pki.identity() }).await.unwrap();
    assert_eq!(post_over_tls(&server, &pki, true).await.unwrap(), "HTTP/1.1 204");
    assert!(post_over_tls(&server, &pki, false).await.is_err());
    assert_eq!(server.stats().all_requests(), 1);
}

#[tokio::test]
async fn names_the_file_that_cannot_be_used() {
    let pki = Pki::new("files");
    let identity = pki.identity();
    let missing = TlsIdentity { key_file: pki.folder.join("missing.pem"), ..identity.clone() };
    assert!(start(missing).await.unwrap_err().to_string().contains("missing.pem"));
    let swapped = TlsIdentity { cert_file: identity.key_file.clone(), ..identity };
    assert!(start(swapped).await.unwrap_err().to_string().contains("it holds no certificate"));
}
