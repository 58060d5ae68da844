//! What expressions depend on besides their row: the session's zone, and the clock.

use std::fmt;
use std::sync::Arc;

use chrono_tz::Tz;

/// The zone and the clock of a job.
#[derive(Clone)]
pub struct Environment {
    /// `table.local-time-zone`.
    pub zone: Tz,
    /// Milliseconds since 1970.
    pub now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("zone", &self.zone).finish_non_exhaustive()
    }
}
