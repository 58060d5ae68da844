//! What a receiver is told when it starts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use narthex_model::{Clock, SystemClock};

use crate::{Behaviour, Script};

/// What a [`crate::Receiver`] is told when it starts.
#[derive(Debug, Clone)]
pub struct ReceiverConfig {
    /// Whose habits it takes on. Default [`Behaviour::Prometheus3`].
    pub behaviour: Behaviour,
    /// How far behind the head's newest timestamp a late sample is still taken. Default zero: not at all,
    /// as Prometheus' `out_of_order_time_window`.
    pub out_of_order_window: Duration,
    /// What is kept of the samples. Default [`Keep::All`].
    pub keep: Keep,
    /// Scripted faults, asked in this order; the first that decides wins. Default none.
    pub faults: Vec<Script>,
    /// What a client must show, everywhere but on `/-/healthy` and `/-/ready`; else 401. Default none.
    pub credentials: Option<Credentials>,
    /// Where writes are taken. Default `/api/v1/write`.
    pub write_path: String,
    /// How many requests the log remembers, newest last. Default 10,000; zero keeps no log.
    pub log_limit: usize,
    /// Wall time, for the future limit and the log. Default the machine's.
    pub clock: Arc<dyn Clock>,
}

impl Default for ReceiverConfig {
    fn default() -> Self {
        Self {
            behaviour: Behaviour::default(),
            out_of_order_window: Duration::ZERO,
            keep: Keep::default(),
            faults: Vec::new(),
            credentials: None,
            write_path: "/api/v1/write".to_owned(),
            log_limit: 10_000,
            clock: Arc::new(SystemClock),
        }
    }
}

impl ReceiverConfig {
    /// The default configuration with another behaviour.
    pub fn new(behaviour: Behaviour) -> Self {
        Self { behaviour, ..Self::default() }
    }

    /// Adds a scripted fault.
    pub fn with_fault(mut self, script: impl Into<Script>) -> Self {
        self.faults.push(script.into());
        self
    }

    /// Takes wall time from `clock`.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

/// What is kept of the samples that are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Keep {
    /// Every sample: 16 bytes each, and the series' labels.
    #[default]
    All,
    /// The newest sample of each series: all checks of order and value work, and memory does not grow with
    /// time.
    Newest,
    /// Nothing: requests are unpacked, decoded and counted, and no sample is ever refused.
    Nothing,
}

/// What a client must show.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Basic …`
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: String,
    },
    /// `Authorization: Bearer …`
    Bearer {
        /// The token.
        token: String,
    },
}

impl Credentials {
    /// The header value that is asked for.
    pub(crate) fn authorization(&self) -> String {
        match self {
            Credentials::Basic { username, password } => {
                format!("Basic {}", STANDARD.encode(format!("{username}:{password}")))
            }
            Credentials::Bearer { token } => format!("Bearer {token}"),
        }
    }

    pub(crate) fn scheme(&self) -> &'static str {
        match self {
            Credentials::Basic { .. } => "Basic",
            Credentials::Bearer { .. } => "Bearer",
        }
    }
}

/// Never shows the secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials::{}(…)", self.scheme())
    }
}
