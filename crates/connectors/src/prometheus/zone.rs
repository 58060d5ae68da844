//! Local times of the session's zone as moments, and back, as `java.time` has them.

use chrono::{DateTime, MappedLocalTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::text::Moment;

/// Transitions are at multiples of this; within one the offset is the same.
const STEP_MS: i64 = 15 * 60_000;

/// A zone, with the offset that was used last.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    zone: Tz,
    last_local: Option<(i64, i64)>,
    last_moment: Option<(i64, i64)>,
}

impl Zone {
    pub(crate) fn new(zone: Tz) -> Self {
        Self { zone, last_local: None, last_moment: None }
    }

    /// Milliseconds since 1970, UTC, of a local time in such milliseconds. Of a time that is there twice it is the
    /// first one; one that is left out counts by the offset before it.
    pub(crate) fn millis_of_local(&mut self, local_ms: i64) -> i64 {
        if self.zone == Tz::UTC {
            return local_ms;
        }
        let step = local_ms.div_euclid(STEP_MS);
        let offset = match self.last_local {
            Some((last, offset)) if last == step => offset,
            _ => {
                let offset = local_offset(self.zone, local_ms);
                // Old offsets are of odd seconds: a step may hold a transition then.
                let first = local_offset(self.zone, step.saturating_mul(STEP_MS));
                let last = local_offset(self.zone, step.saturating_mul(STEP_MS).saturating_add(STEP_MS - 1));
                self.last_local = (first == offset && last == offset).then_some((step, offset));
                offset
            }
        };
        local_ms.saturating_sub(offset.saturating_mul(1000))
    }

    /// The local time of a moment.
    pub(crate) fn local_of(&mut self, moment: Moment) -> Moment {
        if self.zone == Tz::UTC {
            return moment;
        }
        let step = moment.seconds.div_euclid(STEP_MS / 1000);
        let offset = match self.last_moment {
            Some((last, offset)) if last == step => offset,
            _ => {
                let offset_at = |seconds: i64| moment_offset(self.zone, seconds);
                let (offset, first) =
                    (offset_at(moment.seconds), offset_at(step.saturating_mul(STEP_MS / 1000)));
                let last = offset_at(step.saturating_add(1).saturating_mul(STEP_MS / 1000) - 1);
                self.last_moment = (first == offset && last == offset).then_some((step, offset));
                offset
            }
        };
        moment.plus_seconds(offset)
    }
}

/// Seconds east of UTC at a local time; 0 for times that chrono does not know.
fn local_offset(zone: Tz, local_ms: i64) -> i64 {
    let Some(local) = DateTime::from_timestamp_millis(local_ms).map(|time| time.naive_utc()) else {
        return 0;
    };
    let seconds = |offset: <Tz as TimeZone>::Offset| i64::from(offset.fix().local_minus_utc());
    match zone.offset_from_local_datetime(&local) {
        MappedLocalTime::Single(offset) => seconds(offset),
        MappedLocalTime::Ambiguous(first, _) => seconds(first),
        MappedLocalTime::None => {
            // A gap may be a day long.
            let before = local.checked_sub_signed(TimeDelta::hours(25)).unwrap_or(local);
            zone.offset_from_local_datetime(&before).earliest().map_or(0, seconds)
        }
    }
}

/// Seconds east of UTC at a moment.
fn moment_offset(zone: Tz, seconds: i64) -> i64 {
    let Some(time) = DateTime::from_timestamp(seconds, 0) else { return 0 };
    i64::from(zone.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
    }

    #[test]
    fn local_times_are_those_of_java() {
        let mut berlin = Zone::new(Tz::Europe__Berlin);
        // `LocalDateTime.atZone` of JDK 17: usual, in the gap of March, in the overlap of October.
        for (local, utc) in [
            ("2026-07-01T12:00:00.123Z", "2026-07-01T10:00:00.123Z"),
            ("2026-03-29T01:59:59.999Z", "2026-03-29T00:59:59.999Z"),
            ("2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z"),
            ("2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"),
            ("2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z"),
            ("2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"),
        ] {
            assert_eq!(berlin.millis_of_local(ms(local)), ms(utc), "{local}");
            assert_eq!(berlin.millis_of_local(ms(local)), ms(utc), "{local}, again");
        }
        let mut samoa = Zone::new(Tz::Pacific__Apia);
        assert_eq!(samoa.millis_of_local(ms("2011-12-30T12:00:00Z")), ms("2011-12-30T22:00:00Z"));
        let mut utc = Zone::new(Tz::UTC);
        assert_eq!(utc.millis_of_local(i64::MIN), i64::MIN);
        assert_eq!(berlin.millis_of_local(i64::MAX), i64::MAX);
    }

    #[test]
    fn moments_are_shown_in_the_zone() {
        let mut new_york = Zone::new(Tz::America__New_York);
        let shown = new_york.local_of(Moment::of(ms("2024-05-06T07:08:09.120Z"), 1000));
        assert_eq!(shown.millis(), ms("2024-05-06T03:08:09.120Z"));
        let winter = new_york.local_of(Moment::of(ms("2024-01-06T07:08:09Z"), 1000));
        assert_eq!(winter.millis(), ms("2024-01-06T02:08:09Z"));
    }
}
