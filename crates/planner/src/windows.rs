//! Windows by time: which ones a time falls into, and when they end.

use std::fmt;

use chrono_tz::Tz;

use crate::time::{Moment, print_interval_ms};

/// A kind of windows, with its sizes in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowKind {
    /// One behind the other.
    Tumble {
        /// From start to end.
        size_ms: i64,
    },
    /// A new one each so often, which overlap.
    Hop {
        /// From one start to the next.
        slide_ms: i64,
        /// From start to end.
        size_ms: i64,
    },
    /// Windows of one start that grow by steps.
    Cumulate {
        /// From one end to the next.
        step_ms: i64,
        /// From the start to the last end.
        max_ms: i64,
    },
    /// As long as rows come.
    Session {
        /// What ends it.
        gap_ms: i64,
    },
}

impl fmt::Display for WindowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |ms: i64| {
            let mut text = String::new();
            print_interval_ms(ms, &mut text);
            text
        };
        match *self {
            Self::Tumble { size_ms } => write!(f, "TUMBLE({})", shown(size_ms)),
            Self::Hop { slide_ms, size_ms } => write!(f, "HOP({}, {})", shown(slide_ms), shown(size_ms)),
            Self::Cumulate { step_ms, max_ms } => {
                write!(f, "CUMULATE({}, {})", shown(step_ms), shown(max_ms))
            }
            Self::Session { gap_ms } => write!(f, "SESSION({})", shown(gap_ms)),
        }
    }
}

/// The time of a window that ends there: its last millisecond, as the watermark counts. `zone` is that of its borders,
/// where the watermark counts moments.
pub fn window_time(end_ms: i64, zone: Option<Tz>) -> i64 {
    to_moment(end_ms.saturating_sub(1), zone)
}

/// A moment as the clock of a zone shows it.
pub fn to_local(moment_ms: i64, zone: Option<Tz>) -> i64 {
    match zone {
        None | Some(Tz::UTC) => moment_ms,
        Some(zone) => Moment { ms: moment_ms, nanos: 0 }.into_local(zone).ms,
    }
}

/// The moment at which the clock of a zone shows this.
pub fn to_moment(local_ms: i64, zone: Option<Tz>) -> i64 {
    match zone {
        None | Some(Tz::UTC) => local_ms,
        Some(zone) => Moment { ms: local_ms, nanos: 0 }.into_utc(zone).ms,
    }
}

/// The windows that a time falls into: start and end of each, ascending. Sessions depend on other rows.
pub fn assign(kind: WindowKind, offset_ms: i64, time_ms: i64, windows: &mut Vec<(i64, i64)>) {
    // The last multiple of `every` from the offset that is not behind the time.
    let start_of = |every: i64| {
        let since = time_ms.saturating_sub(offset_ms).rem_euclid(every.max(1));
        time_ms.saturating_sub(since)
    };
    match kind {
        WindowKind::Tumble { size_ms } => {
            let start = start_of(size_ms);
            windows.push((start, start.saturating_add(size_ms)));
        }
        WindowKind::Hop { slide_ms, size_ms } => {
            let last = start_of(slide_ms);
            let first = windows.len();
            let mut start = last;
            while start.saturating_add(size_ms) > time_ms {
                windows.push((start, start.saturating_add(size_ms)));
                let Some(before) = start.checked_sub(slide_ms.max(1)) else { break };
                start = before;
            }
            windows[first..].reverse();
        }
        WindowKind::Cumulate { step_ms, max_ms } => {
            let start = start_of(max_ms);
            let last = start.saturating_add(max_ms);
            let steps = (time_ms.saturating_sub(start)).div_euclid(step_ms.max(1)).saturating_add(1);
            let mut end = start.saturating_add(steps.saturating_mul(step_ms));
            while end < last {
                windows.push((start, end));
                end = end.saturating_add(step_ms.max(1));
            }
            windows.push((start, last));
        }
        WindowKind::Session { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(kind: WindowKind, offset_ms: i64, time_ms: i64) -> Vec<(i64, i64)> {
        let mut windows = Vec::new();
        assign(kind, offset_ms, time_ms, &mut windows);
        windows
    }

    #[test]
    fn a_time_falls_into_these_windows() {
        let tumble = WindowKind::Tumble { size_ms: 10 };
        let hop = WindowKind::Hop { slide_ms: 5, size_ms: 15 };
        let uneven = WindowKind::Hop { slide_ms: 4, size_ms: 10 };
        let gaps = WindowKind::Hop { slide_ms: 10, size_ms: 4 };
        let cumulate = WindowKind::Cumulate { step_ms: 10, max_ms: 30 };
        for (kind, offset_ms, time_ms, expected) in [
            (tumble, 0, 9, vec![(0, 10)]),
            (tumble, 0, 10, vec![(10, 20)]),
            (tumble, 0, -1, vec![(-10, 0)]),
            (tumble, 3, 2, vec![(-7, 3)]),
            (tumble, -3, 7, vec![(7, 17)]),
            (hop, 0, 7, vec![(-5, 10), (0, 15), (5, 20)]),
            (uneven, 0, 8, vec![(0, 10), (4, 14), (8, 18)]),
            (gaps, 0, 3, vec![(0, 4)]),
            (gaps, 0, 4, vec![]),
            (cumulate, 0, 9, vec![(0, 10), (0, 20), (0, 30)]),
            (cumulate, 0, 10, vec![(0, 20), (0, 30)]),
            (cumulate, 0, -1, vec![(-30, 0)]),
        ] {
            assert_eq!(assigned(kind, offset_ms, time_ms), expected, "{kind} {offset_ms} {time_ms}");
        }
    }

    #[test]
    fn the_ends_of_time_are_no_panic() {
        for kind in [
            WindowKind::Tumble { size_ms: 7 },
            WindowKind::Hop { slide_ms: 3, size_ms: 9 },
            WindowKind::Cumulate { step_ms: 3, max_ms: 9 },
        ] {
            for time_ms in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
                for offset_ms in [0, 5, -5] {
                    assert!(assigned(kind, offset_ms, time_ms).len() <= 4, "{kind} {time_ms}");
                }
            }
        }
    }

    #[test]
    fn a_window_of_local_days_ends_at_local_midnight() {
        let shanghai: Tz = "Asia/Shanghai".parse().unwrap_or(Tz::UTC);
        let day = 86_400_000;
        assert_eq!(window_time(day, Some(shanghai)), day - 1 - 8 * 3_600_000);
        assert_eq!(to_local(0, Some(shanghai)), 8 * 3_600_000);
        assert_eq!(to_moment(to_local(12_345, Some(shanghai)), Some(shanghai)), 12_345);
        assert_eq!(window_time(day, None), day - 1);
    }
}
