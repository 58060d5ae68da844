//! The other end of a row: receivers, closed ports, wrong certificates; and what it saw.

use std::net::SocketAddr;
use std::path::Path;

use bytes::Bytes;
use narthex_model::{Labels, Sample};
use narthex_protocol::{encode, headers, snappy};
use narthex_receiver::{
    Behaviour, Fate, Keep, Receiver, ReceiverConfig, ReceiverServer, Script, ServerConfig, ServerHandle,
    TlsIdentity,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpSocket;

use crate::row::{Place, Row};
use crate::support::proxy::{Act, Proxy};
use crate::wire::Request;

/// What is set up for a row.
pub(crate) struct Scene {
    pub url: String,
    /// Flags that the place needs.
    pub flags: Vec<String>,
    server: Option<ServerHandle>,
    proxy: Option<Proxy>,
    /// Bound, but nobody listens: no other test can take the port.
    closed: Option<TcpSocket>,
    before: usize,
}

impl Scene {
    pub(crate) async fn set_up(row: &Row, folder: &Path, start_ms: i64) -> Self {
        let mut scene = Self {
            url: String::new(),
            flags: Vec::new(),
            server: None,
            proxy: None,
            closed: None,
            before: 0,
        };
        match row.place {
            Place::Receiver(behaviour, script) => scene.receiver(behaviour, script, None).await,
            Place::Proxy(acts) => scene.proxied(acts).await,
            Place::Closed => {
                let socket = TcpSocket::new_v4().expect("a socket");
                socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
                scene.url = format!("http://{}/api/v1/write", socket.local_addr().expect("its address"));
                scene.closed = Some(socket);
            }
            Place::NoSuchName => scene.url = "http://no-such-host.invalid/api/v1/write".to_owned(),
            Place::PlainBehindHttps => {
                scene.receiver(Behaviour::Prometheus3, "", None).await;
                scene.url = scene.url.replace("http:", "https:");
            }
            Place::TrustedHttps => scene.https(folder, "one", "one").await,
            Place::UnknownCa => scene.https(folder, "one", "other").await,
            Place::CertificateReplaced => scene.https(folder, "one", "one").await,
        }
        if let Some(server) = &scene.server {
            let newer = row.overtaken.iter().map(|&vehicle| (vehicle, start_ms + 30_000));
            seed(server.receiver(), newer);
            scene.before = server.log().len();
        }
        scene
    }

    async fn receiver(&mut self, behaviour: Behaviour, script: &str, tls: Option<TlsIdentity>) {
        let mut config = ReceiverConfig { keep: Keep::All, ..ReceiverConfig::new(behaviour) };
        if !script.is_empty() {
            config.faults.push(script.parse::<Script>().unwrap_or_else(|error| panic!("{error}")));
        }
        let server = ReceiverServer::start(ServerConfig { tls, ..config.into() }).await.expect("a receiver");
        self.url = server.write_url();
        self.server = Some(server);
    }

    async fn proxied(&mut self, acts: &[Act]) {
        self.receiver(Behaviour::Prometheus3, "", None).await;
        let upstream = self.server.as_ref().map(ServerHandle::url).unwrap_or_default();
        let proxy = Proxy::start(&upstream, acts).await;
        self.url = proxy.write_url();
        self.proxy = Some(proxy);
    }

    async fn https(&mut self, folder: &Path, served: &str, trusted: &str) {
        let [_, identity] = [trusted, served].map(|name| identity(folder, name));
        self.receiver(Behaviour::Prometheus3, "", Some(identity)).await;
        self.flags =
            vec!["--tls-ca-file".into(), folder.join(format!("{trusted}-ca.pem")).display().to_string()];
    }

    /// Puts the receiver behind the certificate of this name, on the same port.
    pub(crate) async fn show_certificate(&mut self, folder: &Path, name: &str) {
        let Some(server) = self.server.take() else { return };
        let (receiver, address) = (server.receiver().clone(), server.address());
        server.shutdown().await;
        let server = ReceiverServer::serve(receiver, address, Some(identity(folder, name))).await;
        self.server = Some(server.expect("the same port"));
    }

    /// Every request since the set-up.
    pub(crate) fn requests(&self) -> Vec<Request> {
        if let Some(proxy) = &self.proxy {
            return proxy.seen().iter().map(|seen| (seen.answered, seen.attempt)).collect();
        }
        self.log()
            .iter()
            .map(|request| (request.status.map(|status| status.as_u16()), request.attempt))
            .collect()
    }

    /// When each of them came.
    pub(crate) fn arrivals_ms(&self) -> Vec<i64> {
        self.log().iter().map(|request| request.at_ms).collect()
    }

    fn log(&self) -> Vec<narthex_receiver::LoggedRequest> {
        self.server.as_ref().map_or(Vec::new(), |server| server.log().split_off(self.before))
    }

    /// Samples that the receiver holds between two times.
    pub(crate) fn held(&self, from_ms: i64, to_ms: i64) -> u64 {
        let series = self.server.as_ref().map(ServerHandle::dump).unwrap_or_default();
        let times = series.iter().flat_map(|one| &one.samples).map(|sample| sample.timestamp_ms);
        times.filter(|at| (from_ms..to_ms).contains(at)).count() as u64
    }

    /// Accepted samples that broke their series' order.
    pub(crate) fn order_violations(&self) -> u64 {
        self.server.as_ref().map_or(0, |server| server.stats().samples.order_violations)
    }

    pub(crate) fn adds_up(&self) -> bool {
        self.server.as_ref().is_none_or(|server| server.stats().samples.adds_up())
    }
}

/// Gives the receiver newer samples of some vehicles. It would take a turn in a script, so no row has both.
fn seed(receiver: &Receiver, newer: impl Iterator<Item = (usize, i64)>) {
    let mut plain = Vec::new();
    for (vehicle, at) in newer {
        let labels = Labels::from_pairs([("__name__", "speed"), ("vehicle", &format!("V{vehicle}"))]);
        encode::put_series(&mut plain, &labels, std::iter::once(Sample::new(-1.0, at)));
    }
    if plain.is_empty() {
        return;
    }
    let body = snappy::Compressor::default().compress(&plain).expect("it packs").to_vec();
    let mut request =
        http::Request::post(receiver.config().write_path.clone()).body(Bytes::from(body)).expect("whole");
    for (name, value) in [headers::CONTENT_ENCODING, headers::CONTENT_TYPE, headers::VERSION] {
        request.headers_mut().insert(name, http::HeaderValue::from_static(value));
    }
    let Fate::Answer(answer) = receiver.handle(request).fate else { panic!("no answer") };
    assert!(answer.status().is_success(), "{answer:?}");
}

/// A certificate for 127.0.0.1 of a CA of its own, made when it is first asked for; the CA's certificate is
/// `NAME-ca.pem`.
fn identity(folder: &Path, name: &str) -> TlsIdentity {
    let [ca_file, cert_file, key_file] =
        ["ca", "cert", "key"].map(|part| folder.join(format!("{name}-{part}.pem")));
    if cert_file.exists() {
        return TlsIdentity { cert_file, key_file, client_ca_file: None };
    }
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA");
    let key = KeyPair::generate().expect("a key");
    let cert = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .expect("a name")
        .signed_by(&key, &ca)
        .expect("signed");
    for (file, text) in [(&ca_file, ca.pem()), (&cert_file, cert.pem()), (&key_file, key.serialize_pem())] {
        std::fs::write(file, text).expect("a file");
    }
    TlsIdentity { cert_file, key_file, client_ca_file: None }
}
