//! HTTP and HTTPS in front of a [`Receiver`], HTTP/1.1 on loopback or wherever it is told to listen.

mod connection;
mod listen;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::{HeldSeries, LoggedRequest, Receiver, ReceiverConfig, Stats};
pub use tls::TlsIdentity;

/// Where a receiver listens, and as whom.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Address and port; port 0 takes a free one. Default `127.0.0.1:0`.
    pub listen: SocketAddr,
    /// HTTPS with this certificate. Default none: HTTP.
    pub tls: Option<TlsIdentity>,
    /// The receiver behind it.
    pub receiver: ReceiverConfig,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 0)), tls: None, receiver: ReceiverConfig::default() }
    }
}

impl From<ReceiverConfig> for ServerConfig {
    fn from(receiver: ReceiverConfig) -> Self {
        Self { receiver, ..Self::default() }
    }
}

/// Why a receiver cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}; take another address, or port 0 for a free one")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's cause.
        #[source]
        source: std::io::Error,
    },
    /// A file of the TLS identity cannot be used.
    #[error("cannot use {path}: {cause}; a PEM file is needed")]
    TlsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The certificate, the key and the client's CA do not go together.
    #[error("cannot serve TLS: {0}; check that the key belongs to the certificate")]
    Tls(String),
}

/// Starts receivers on sockets.
#[derive(Debug)]
pub struct ReceiverServer;

impl ReceiverServer {
    /// Starts a new receiver; it listens when this returns.
    ///
    /// # Errors
    /// When the address cannot be had or the TLS files cannot be used.
    pub async fn start(config: impl Into<ServerConfig>) -> Result<ServerHandle, ServerError> {
        let config = config.into();
        let receiver = Arc::new(Receiver::new(config.receiver));
        Self::serve(receiver, config.listen, config.tls).await
    }

    /// Puts a receiver that exists behind an address, for example the same again after a shutdown: it still
    /// holds what it held.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn serve(
        receiver: Arc<Receiver>,
        listen: SocketAddr,
        tls: Option<TlsIdentity>,
    ) -> Result<ServerHandle, ServerError> {
        let tls = tls.as_ref().map(tls::acceptor).transpose()?;
        let reads_slowly = receiver.reads_slowly();
        let listener = listen::bind(listen, reads_slowly)?;
        let address =
            listener.local_addr().map_err(|source| ServerError::Listen { address: listen, source })?;
        let (signal, signals) = watch::channel(Signal::Run);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared =
            Shared { receiver: receiver.clone(), tls, signal: signal.clone(), address, reads_slowly };
        let task = tokio::spawn(listen::run(shared, listener, signals));
        Ok(ServerHandle { receiver, address, scheme, signal, task })
    }
}

/// What the accept loop and the connections share.
struct Shared {
    receiver: Arc<Receiver>,
    tls: Option<TlsAcceptor>,
    signal: watch::Sender<Signal>,
    address: SocketAddr,
    reads_slowly: bool,
}

/// What open connections are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signal {
    Run,
    /// Reset now; new connections may come later.
    Reset(u64),
    /// Finish the request in hand and close.
    Stop,
}

/// A running receiver. Dropped without [`Self::shutdown`], it stops at once.
#[derive(Debug)]
pub struct ServerHandle {
    receiver: Arc<Receiver>,
    address: SocketAddr,
    scheme: &'static str,
    signal: watch::Sender<Signal>,
    task: JoinHandle<()>,
}

impl ServerHandle {
    /// Scheme, address and port, without a path.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Where writes go.
    pub fn write_url(&self) -> String {
        format!("{}{}", self.url(), self.receiver.config().write_path)
    }

    /// The address with the port that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The receiver behind the socket.
    pub fn receiver(&self) -> &Arc<Receiver> {
        &self.receiver
    }

    /// See [`Receiver::stats`].
    pub fn stats(&self) -> Stats {
        self.receiver.stats()
    }

    /// See [`Receiver::dump`].
    pub fn dump(&self) -> Vec<HeldSeries> {
        self.receiver.dump()
    }

    /// See [`Receiver::log`].
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.receiver.log()
    }

    /// Resets all open connections, as a crash would; the receiver goes on listening.
    pub fn reset_connections(&self) {
        self.signal.send_modify(|signal| {
            if let Signal::Run | Signal::Reset(_) = *signal {
                let times = if let Signal::Reset(times) = *signal { times } else { 0 };
                *signal = Signal::Reset(times + 1);
            }
        });
    }

    /// Stops listening, lets requests in hand end (at most a second), and closes.
    pub async fn shutdown(mut self) {
        self.signal.send_replace(Signal::Stop);
        // The task ends by itself; it was not aborted and does not panic.
        let _ = (&mut self.task).await;
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}
