//! SIGINT and SIGTERM: stop reading, drain, end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Is set once; a second signal ends the process at once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_set: AtomicBool,
    notify: Notify,
}

impl Stop {
    /// Listens for signals from now on.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub(crate) fn on_signals() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let stop = Self::default();
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let set = stop.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                if set.is_set() {
                    tracing::warn!("second signal: ending without draining");
                    std::process::exit(1);
                }
                set.set();
            }
        });
        Ok(stop)
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
