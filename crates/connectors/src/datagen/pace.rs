//! Rows at a steady rate: a few at a time, none saved up while nobody asks.

use std::time::Duration;

use tokio::time::Instant;

/// How long rows are gathered, so that a high rate does not make a chunk of each row.
const GATHER: Duration = Duration::from_millis(20);
/// Rows that nobody took for longer than this do not come all at once later.
const MOST_BEHIND: Duration = Duration::from_secs(1);

/// Says how many rows are due.
#[derive(Debug)]
pub(crate) struct Pace {
    per_second: u64,
    /// Most rows at once.
    most: u64,
    /// From when the rows are counted; none before the first.
    begun: Option<Instant>,
    taken: u64,
}

impl Pace {
    pub(crate) fn new(per_second: u64, most: u64) -> Self {
        Self { per_second: per_second.max(1), most: most.max(1), begun: None, taken: 0 }
    }

    /// Takes rows that are due, at most `left`; waits at most so long for some. The first row is due at once.
    pub(crate) fn take(&mut self, left: u64, wait: Duration) -> u64 {
        let asked = Instant::now();
        loop {
            let now = Instant::now();
            let due = self.due(now).min(left);
            let passed = now.duration_since(asked);
            if due > 0 && (due >= self.most.min(left).min(self.usual()) || passed >= wait) {
                let count = due.min(self.most);
                self.taken += count;
                return count;
            }
            if passed >= wait {
                return 0;
            }
            std::thread::sleep(self.until_next(now).min(wait - passed).max(Duration::from_micros(100)));
        }
    }

    /// Rows that come together at this rate: one at least.
    fn usual(&self) -> u64 {
        rows_in(self.per_second, GATHER).max(1)
    }

    fn due(&mut self, now: Instant) -> u64 {
        let begun = *self.begun.get_or_insert(now);
        let since = now.duration_since(begun);
        let in_all = rows_in(self.per_second, since).saturating_add(1);
        let most_behind = rows_in(self.per_second, MOST_BEHIND).max(1);
        let due = in_all.saturating_sub(self.taken);
        if due > most_behind {
            // Whoever is slower than this rate sets it.
            self.taken = in_all - most_behind;
            return most_behind;
        }
        due
    }

    /// Until the usual number of rows is due.
    fn until_next(&self, now: Instant) -> Duration {
        let Some(begun) = self.begun else { return Duration::ZERO };
        let wanted = self.taken.saturating_add(self.usual()).saturating_sub(1);
        let at = u128::from(wanted) * 1_000_000_000 / u128::from(self.per_second);
        let at = Duration::from_nanos(u64::try_from(at).unwrap_or(u64::MAX));
        at.saturating_sub(now.duration_since(begun))
    }
}

fn rows_in(per_second: u64, time: Duration) -> u64 {
    let rows = u128::from(per_second).saturating_mul(time.as_nanos()) / 1_000_000_000;
    u64::try_from(rows).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_steadily_and_the_first_at_once() {
        let mut pace = Pace::new(1000, 8192);
        let begun = Instant::now();
        assert_eq!(pace.take(1, Duration::from_millis(500)), 1);
        assert!(begun.elapsed() < Duration::from_millis(100));
        let mut taken = 1;
        while taken < 200 {
            let count = pace.take(200 - taken, Duration::from_millis(100));
            assert!(count <= 200, "{count} at once");
            taken += count;
        }
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(198), "{took:?}");
    }

    #[test]
    fn it_gives_up_in_time_and_does_not_save_up() {
        let mut pace = Pace::new(1, 8192);
        assert_eq!(pace.take(9, Duration::ZERO), 1);
        let begun = Instant::now();
        assert_eq!(pace.take(9, Duration::from_millis(30)), 0);
        assert!((30..500).contains(&begun.elapsed().as_millis()));
        let mut pace = Pace::new(1000, 1_000_000);
        pace.begun = Instant::now().checked_sub(Duration::from_secs(5));
        assert_eq!(pace.take(1_000_000, Duration::ZERO), 1000);
        assert!(pace.take(1_000_000, Duration::ZERO) < 1000);
    }

    #[test]
    fn the_highest_rate_is_full_chunks() {
        let mut pace = Pace::new(u64::MAX, 8192);
        assert_eq!(pace.take(1, Duration::from_millis(50)), 1);
        std::thread::sleep(Duration::from_millis(1));
        assert_eq!(pace.take(u64::MAX, Duration::from_millis(50)), 8192);
        assert_eq!(pace.take(5, Duration::from_millis(50)), 5);
    }
}
