//! SIGINT, SIGTERM and SIGHUP: stop reading, drain, end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

/// Is set once; a second SIGINT or SIGTERM ends the process at once, and so does the first while nothing has begun:
/// there is nothing to drain then, and what is waited for (a pipe without its other end) may never come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_set: AtomicBool,
    has_begun: AtomicBool,
    notify: Notify,
}

impl Stop {
    /// Listens for signals from now on.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub(crate) fn on_signals() -> std::io::Result<Self> {
        let stop = Self::default();
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let mut hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
        let set = stop.clone();
        tokio::spawn(async move {
            loop {
                let is_hangup = tokio::select! {
                    _ = interrupt.recv() => false,
                    _ = terminate.recv() => false,
                    () = received(hangup.as_mut()) => true,
                };
                if !set.0.has_begun.load(Ordering::Relaxed) {
                    tracing::warn!("stopped by a signal before anything was read");
                    std::process::exit(1);
                }
                if !set.is_set() {
                    set.set();
                } else if !is_hangup {
                    tracing::warn!("second signal: ending without draining");
                    std::process::exit(1);
                }
                // A terminal that goes away sends SIGHUP twice, once by way of the shell, and systemd may send
                // it behind SIGTERM: neither is a person who has lost patience.
            }
        });
        Ok(stop)
    }

    /// From now on there may be something to drain.
    pub(crate) fn begin(&self) {
        self.0.has_begun.store(true, Ordering::Relaxed);
    }

    /// Stops.
    pub(crate) fn set(&self) {
        self.0.is_set.store(true, Ordering::Relaxed);
        self.0.notify.notify_waiters();
    }

    /// Whether to stop.
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_set.load(Ordering::Relaxed)
    }

    /// Resolves when it is time to stop.
    pub(crate) async fn wait(&self) {
        let notified = self.0.notify.notified();
        if !self.is_set() {
            notified.await;
        }
    }
}

async fn received(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => {
            let _ = signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Whether SIGHUP was ignored when the program started, which is what `nohup` does; a handler would undo it.
/// Known on Linux only.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit is signal 1, SIGHUP.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
