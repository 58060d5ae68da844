//! How long to try, and how long to wait in between.

use std::time::Duration;

use narthex_model::Clock;

/// Limits of the retries of one request.
///
/// Without limits a request is retried for ever once the receiver has accepted anything, and for
/// [`Self::BEFORE_FIRST_ACCEPT`] before that, so that a wrong URL shows early.
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    /// First wait; default 30 ms, doubled each time (as the reference sender).
    pub initial_backoff: Duration,
    /// Longest wait; default 5 s (as the reference sender).
    pub max_backoff: Duration,
    /// Longest `Retry-After` that is honoured; default 2 min (Mimir asks for up to 96 s and half of it more).
    pub max_retry_after: Duration,
    /// Most retries of one request; zero gives up after the first attempt.
    pub max_retries: Option<u32>,
    /// Longest time from the first attempt until the request is given up.
    pub max_time: Option<Duration>,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            initial_backoff: Duration::from_millis(30),
            max_backoff: Duration::from_secs(5),
            max_retry_after: Duration::from_secs(120),
            max_retries: None,
            max_time: None,
        }
    }
}

impl RetryPolicy {
    /// Longest time a request is tried while the receiver has accepted nothing and no limit is set.
    pub const BEFORE_FIRST_ACCEPT: Duration = Duration::from_secs(60);

    /// The wait before retry number `retry` (1 = the first). `jitter` is drawn from 0.0..=1.0 and spreads
    /// the wait by ±10 %; `Retry-After`, up to its cap, is a lower bound.
    pub fn backoff(&self, retry: u32, jitter: f64, retry_after: Option<Duration>) -> Duration {
        let doublings = retry.saturating_sub(1).min(31);
        let wait = self.initial_backoff.saturating_mul(1 << doublings).min(self.max_backoff);
        let wait = wait.mul_f64(0.9 + 0.2 * jitter.clamp(0.0, 1.0));
        wait.max(retry_after.unwrap_or_default().min(self.max_retry_after))
    }

    /// Whether a request may be tried once more after `retries` retries, when the next attempt would start
    /// `next` after the first one. Without limits `patience` is what counts before the first accept: the time
    /// of the next attempt, or of the last one when the receiver itself asked for the wait.
    pub fn allows(&self, retries: u32, patience: Duration, next: Duration, has_accepted: bool) -> bool {
        let unlimited = self.max_retries.is_none() && self.max_time.is_none();
        if unlimited {
            return has_accepted || patience <= Self::BEFORE_FIRST_ACCEPT;
        }
        self.max_retries.is_none_or(|most| retries < most) && self.max_time.is_none_or(|most| next <= most)
    }
}

/// Reads `Retry-After`: seconds, or an HTTP date.
pub(crate) fn retry_after(header: &str, clock: &dyn Clock) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(header).ok()?;
    let at_ms = at.duration_since(std::time::UNIX_EPOCH).ok()?.as_millis();
    let wait = i64::try_from(at_ms).ok()?.saturating_sub(clock.now_ms());
    Some(Duration::from_millis(u64::try_from(wait).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use narthex_model::ManualClock;

    #[test]
    fn waits_double_from_30_ms_to_5_s_within_ten_percent() {
        let policy = RetryPolicy::default();
        for (retry, ms) in [(1, 30), (2, 60), (3, 120), (8, 3840), (9, 5000), (64, 5000), (u32::MAX, 5000)] {
            assert_eq!(policy.backoff(retry, 0.5, None), Duration::from_millis(ms), "retry {retry}");
            assert_eq!(policy.backoff(retry, 0.0, None), Duration::from_millis(ms).mul_f64(0.9));
            assert_eq!(policy.backoff(retry, 1.0, None), Duration::from_millis(ms).mul_f64(1.1));
        }
    }

    #[test]
    fn retry_after_is_a_lower_bound_up_to_its_cap() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.backoff(1, 0.5, Some(Duration::from_secs(7))), Duration::from_secs(7));
        assert_eq!(policy.backoff(9, 0.5, Some(Duration::from_secs(1))), Duration::from_secs(5));
        assert_eq!(policy.backoff(1, 0.5, Some(Duration::from_secs(86_400))), Duration::from_secs(120));
    }

    #[test]
    fn retry_after_takes_seconds_and_dates() {
        let clock = ManualClock::at(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT
        assert_eq!(retry_after(" 3 ", &clock), Some(Duration::from_secs(3)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:47 GMT", &clock), Some(Duration::from_secs(10)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", &clock), Some(Duration::ZERO));
        for nonsense in ["", "-1", "1.5", "soon"] {
            assert_eq!(retry_after(nonsense, &clock), None, "{nonsense}");
        }
    }

    #[test]
    fn without_limits_patience_ends_only_before_the_first_accept() {
        let policy = RetryPolicy::default();
        assert!(policy.allows(
            1_000_000,
            Duration::from_secs(1_000_000),
            Duration::from_secs(1_000_000),
            true
        ));
        assert!(policy.allows(1_000_000, Duration::from_secs(60), Duration::from_secs(60), false));
        assert!(!policy.allows(0, Duration::from_secs(61), Duration::from_secs(61), false));
    }

    #[test]
    fn limits_hold_whatever_was_accepted() {
        let policy = RetryPolicy { max_retries: Some(2), ..RetryPolicy::default() };
        assert!(
            policy.allows(1, Duration::MAX, Duration::MAX, true)
                && !policy.allows(2, Duration::ZERO, Duration::ZERO, true)
        );
        let policy = RetryPolicy { max_time: Some(Duration::from_secs(5)), ..RetryPolicy::default() };
        assert!(
            policy.allows(99, Duration::from_secs(5), Duration::from_secs(5), false)
                && !policy.allows(0, Duration::from_secs(6), Duration::from_secs(6), true)
        );
    }
}
