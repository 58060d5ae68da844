//! The accept loop, and the outages in which there is none.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{ServerError, Shared, Signal, connection};

/// Longest wait for requests in hand when the server stops.
const DRAIN: Duration = Duration::from_secs(1);
/// A pause before the next accept after one failed (too many open files).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The socket's receive buffer when a script reads slowly: with the system's default, megabytes would be
/// taken off the sender's hands before the first pause.
const SLOW_BUFFER_BYTES: u32 = 4096;

/// Listens. The port may have been in use a moment ago.
pub(super) fn bind(address: SocketAddr, reads_slowly: bool) -> Result<TcpListener, ServerError> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        if reads_slowly {
            socket.set_recv_buffer_size(SLOW_BUFFER_BYTES)?;
        }
        socket.bind(address)?;
        socket.listen(1024)
    };
    listen().map_err(|source| ServerError::Listen { address, source })
}

/// Accepts until it is told to stop; during an outage nobody listens.
pub(super) async fn run(shared: Shared, listener: TcpListener, mut signals: watch::Receiver<Signal>) {
    let shared = Arc::new(shared);
    let mut connections = JoinSet::new();
    let mut listener = Some(listener);
    while let Some(open) = listener.take() {
        tokio::select! {
            accepted = open.accept() => {
                listener = Some(open);
                match accepted {
                    Ok((stream, _)) => spawn(&mut connections, &shared, stream),
                    Err(_) => sleep(ACCEPT_PAUSE).await,
                }
            }
            () = stopped(&mut signals) => {}
            ends = shared.receiver.outage() => {
                drop(open);
                listener = sit_out(&shared, &mut signals, ends).await;
            }
            Some(_) = connections.join_next() => listener = Some(open),
        }
    }
    let drained = async { while connections.join_next().await.is_some() {} };
    // What does not end in time is dropped with the set.
    let _ = timeout(DRAIN, drained).await;
}

fn spawn(connections: &mut JoinSet<()>, shared: &Arc<Shared>, stream: TcpStream) {
    // Without it, small answers would wait for the client's acknowledgement.
    let _ = stream.set_nodelay(true);
    connections.spawn(connection::run(shared.clone(), stream, shared.signal.subscribe()));
}

async fn stopped(signals: &mut watch::Receiver<Signal>) {
    // The sender lives in `Shared`: this cannot fail.
    let _ = signals.wait_for(|signal| *signal == Signal::Stop).await;
}

/// Resets what is open, waits for the end of the outage, and listens on the same port again; none when the
/// server is stopped meanwhile.
async fn sit_out(
    shared: &Shared,
    signals: &mut watch::Receiver<Signal>,
    ends: Instant,
) -> Option<TcpListener> {
    shared.signal.send_modify(|signal| {
        *signal = match *signal {
            Signal::Stop => Signal::Stop,
            Signal::Run => Signal::Reset(1),
            Signal::Reset(times) => Signal::Reset(times + 1),
        }
    });
    tokio::select! {
        () = stopped(signals) => return None,
        () = sleep_until(ends) => {}
    }
    loop {
        match bind(shared.address, shared.reads_slowly) {
            Ok(listener) => return Some(listener),
            Err(error) => tracing::warn!(%error, "cannot listen again after the outage; trying on"),
        }
        tokio::select! {
            () = stopped(signals) => return None,
            () = sleep(ACCEPT_PAUSE) => {}
        }
    }
}
