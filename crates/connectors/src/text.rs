//! Texts of numbers and times as Java and Flink write them, byte for byte.

use std::fmt::Display;
use std::io::Write;

use narthex_planner::{print_f32, print_f64};

/// A day and a time of day without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Seconds since 1970.
    pub(crate) seconds: i64,
    /// Nanoseconds behind them.
    pub(crate) nanos: u32,
}

impl Moment {
    /// From a count of parts of a second, `per_second` of them.
    pub(crate) fn of(count: i64, per_second: i64) -> Self {
        let nanos = count.rem_euclid(per_second) * (1_000_000_000 / per_second);
        Self { seconds: count.div_euclid(per_second), nanos: nanos as u32 }
    }

    /// Milliseconds since 1970, rounded down.
    pub(crate) fn millis(self) -> i64 {
        self.seconds.saturating_mul(1000).saturating_add(i64::from(self.nanos / 1_000_000))
    }

    /// The same a few seconds later.
    pub(crate) fn plus_seconds(self, seconds: i64) -> Self {
        Self { seconds: self.seconds.saturating_add(seconds), ..self }
    }
}

/// A value's text behind `out`.
pub(crate) fn put(out: &mut Vec<u8>, value: impl Display) {
    // Writing to memory does not fail.
    let _ = write!(out, "{value}");
}

/// As `Double.toString`.
pub(crate) fn put_double(out: &mut Vec<u8>, value: f64) {
    let mut text = String::new();
    print_f64(value, &mut text);
    out.extend_from_slice(text.as_bytes());
}

/// As `Float.toString`.
pub(crate) fn put_single(out: &mut Vec<u8>, value: f32) {
    let mut text = String::new();
    print_f32(value, &mut text);
    out.extend_from_slice(text.as_bytes());
}

/// A decimal with all the digits of its scale, as `BigDecimal.toPlainString`.
pub(crate) fn put_decimal(out: &mut Vec<u8>, unscaled: i128, scale: i8) {
    let digits = unscaled.unsigned_abs().to_string();
    if unscaled < 0 {
        out.push(b'-');
    }
    let Ok(scale) = usize::try_from(scale) else { return put(out, digits) };
    if scale == 0 {
        return put(out, digits);
    }
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    put(out, format_args!("{whole}.{fraction}"));
}

/// Year, month and day of a day since 1970, in the Gregorian calendar for all times.
fn civil(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that a leap day is the last of its year; an era is 400 years.
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// `2024-05-06`.
pub(crate) fn put_date(out: &mut Vec<u8>, days: i64) {
    let (year, month, day) = civil(days);
    put(out, format_args!("{year:04}-{month:02}-{day:02}"));
}

/// `07:08:09`.
fn put_clock(out: &mut Vec<u8>, second_of_day: i64) {
    let (hour, minute, second) = (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
    put(out, format_args!("{hour:02}:{minute:02}:{second:02}"));
}

/// `2024-05-06 07:08:09.123`, with exactly so many digits of a second: `CAST(… AS STRING)`.
pub(crate) fn put_timestamp(out: &mut Vec<u8>, moment: Moment, digits: u8) {
    put_date(out, moment.seconds.div_euclid(86_400));
    out.push(b' ');
    put_clock(out, moment.seconds.rem_euclid(86_400));
    put_digits(out, moment.nanos, digits);
}

fn put_digits(out: &mut Vec<u8>, nanos: u32, digits: u8) {
    let digits = digits.min(9);
    if digits > 0 {
        let fraction = nanos / 10_u32.pow(9 - u32::from(digits));
        put(out, format_args!(".{fraction:0width$}", width = usize::from(digits)));
    }
}

/// `07:08:09.12`: at most so many digits of a second and no zeros at the end, but one digit at least, unless it has
/// none at all: `CAST(… AS STRING)`.
pub(crate) fn put_time(out: &mut Vec<u8>, millis: i64, digits: u8) {
    put_clock(out, millis.div_euclid(1000));
    put_digits(out, millis.rem_euclid(1000) as u32 * 1_000_000, digits.min(3));
    if digits > 0 {
        while out.ends_with(b"0") && !out.ends_with(b".0") {
            out.pop();
        }
    }
}

/// A day as `LocalDate.toString`.
pub(crate) fn put_iso_date(out: &mut Vec<u8>, days: i64) {
    match civil(days) {
        (year, month, day) if year > 9999 => put(out, format_args!("+{year}-{month:02}-{day:02}")),
        (year, month, day) if year < 0 => put(out, format_args!("-{:04}-{month:02}-{day:02}", -year)),
        _ => put_date(out, days),
    }
}

/// A time of day as `LocalTime.toString`: seconds only where there are some, their digits in threes.
pub(crate) fn put_iso_time(out: &mut Vec<u8>, second_of_day: i64, nanos: u32) {
    put_clock(out, second_of_day);
    if second_of_day % 60 == 0 && nanos == 0 {
        out.truncate(out.len() - ":00".len());
    }
    put_threes(out, nanos);
}

fn put_threes(out: &mut Vec<u8>, nanos: u32) {
    match nanos {
        0 => {}
        _ if nanos.is_multiple_of(1_000_000) => put_digits(out, nanos, 3),
        _ if nanos.is_multiple_of(1000) => put_digits(out, nanos, 6),
        _ => put_digits(out, nanos, 9),
    }
}

/// As `LocalDateTime.toString`.
pub(crate) fn put_iso_timestamp(out: &mut Vec<u8>, moment: Moment) {
    put_iso_date(out, moment.seconds.div_euclid(86_400));
    out.push(b'T');
    put_iso_time(out, moment.seconds.rem_euclid(86_400), moment.nanos);
}

/// As `Instant.toString`, which always has seconds.
pub(crate) fn put_iso_instant(out: &mut Vec<u8>, moment: Moment) {
    put_iso_date(out, moment.seconds.div_euclid(86_400));
    out.push(b'T');
    put_clock(out, moment.seconds.rem_euclid(86_400));
    put_threes(out, moment.nanos);
    out.push(b'Z');
}

/// A decimal as `BigDecimal.toString`: with an exponent where it is very small.
pub(crate) fn put_java_decimal(out: &mut Vec<u8>, unscaled: i128, scale: i8) {
    let digits = unscaled.unsigned_abs().to_string();
    let exponent = digits.len() as i64 - 1 - i64::from(scale);
    if scale >= 0 && exponent >= -6 {
        return put_decimal(out, unscaled, scale);
    }
    if unscaled < 0 {
        out.push(b'-');
    }
    let (first, rest) = digits.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    put(out, format_args!("{first}{point}{rest}E{exponent:+}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(put: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        put(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_are_written_as_java_writes_them() {
        for (value, expected) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1.5, "1.5"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (123_456_789.0, "1.23456789E8"),
            (0.001, "0.001"),
            (0.0009, "9.0E-4"),
            (1e20, "1.0E20"),
            (2e23, "2.0E23"),
            (f64::MAX, "1.7976931348623157E308"),
            (5e-324, "4.9E-324"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(text(|out| put_double(out, value)), expected);
        }
        for (value, expected) in [
            (1.1_f32, "1.1"),
            (1e-5, "1.0E-5"),
            (1e-45, "1.4E-45"),
            (f32::MAX, "3.4028235E38"),
            (1e7, "1.0E7"),
        ] {
            assert_eq!(text(|out| put_single(out, value)), expected);
        }
    }

    #[test]
    fn decimals_keep_their_scale() {
        for (unscaled, scale, plain, java) in [
            (12_500, 3, "12.500", "12.500"),
            (-5, 2, "-0.05", "-0.05"),
            (7, 0, "7", "7"),
            (0, 10, "0.0000000000", "0E-10"),
            (123, 10, "0.0000000123", "1.23E-8"),
            (-1, 7, "-0.0000001", "-1E-7"),
            (
                i128::MIN,
                0,
                "-170141183460469231731687303715884105728",
                "-170141183460469231731687303715884105728",
            ),
        ] {
            assert_eq!(text(|out| put_decimal(out, unscaled, scale)), plain);
            assert_eq!(text(|out| put_java_decimal(out, unscaled, scale)), java);
        }
    }

    #[test]
    fn times_are_written_as_flink_and_java_write_them() {
        let moment = Moment::of(1_714_979_289_120, 1000);
        let before_1970 = Moment::of(-1, 1000);
        for (made, expected) in [
            (text(|out| put_timestamp(out, moment, 0)), "2024-05-06 07:08:09"),
            (text(|out| put_timestamp(out, moment, 1)), "2024-05-06 07:08:09.1"),
            (text(|out| put_timestamp(out, moment, 3)), "2024-05-06 07:08:09.120"),
            (text(|out| put_timestamp(out, moment, 6)), "2024-05-06 07:08:09.120000"),
            (text(|out| put_timestamp(out, before_1970, 3)), "1969-12-31 23:59:59.999"),
            (text(|out| put_time(out, 25_689_120, 0)), "07:08:09"),
            (text(|out| put_time(out, 25_689_120, 1)), "07:08:09.1"),
            (text(|out| put_time(out, 25_689_120, 3)), "07:08:09.12"),
            (text(|out| put_time(out, 25_689_000, 9)), "07:08:09.0"),
            (text(|out| put_iso_timestamp(out, moment)), "2024-05-06T07:08:09.120"),
            (text(|out| put_iso_timestamp(out, Moment::of(1_714_979_280, 1))), "2024-05-06T07:08"),
            (
                text(|out| put_iso_timestamp(out, Moment::of(1_714_979_289_123_456, 1_000_000))),
                "2024-05-06T07:08:09.123456",
            ),
            (text(|out| put_iso_instant(out, Moment::of(0, 1))), "1970-01-01T00:00:00Z"),
            (text(|out| put_iso_instant(out, moment)), "2024-05-06T07:08:09.120Z"),
            (text(|out| put_date(out, -719_162)), "0001-01-01"),
            (text(|out| put_date(out, 11_016)), "2000-02-29"),
            (text(|out| put_iso_date(out, 3_672_148)), "+12024-01-01"),
            (text(|out| put_iso_date(out, -719_528)), "0000-01-01"),
            (text(|out| put_iso_date(out, -719_529)), "-0001-12-31"),
        ] {
            assert_eq!(made, expected);
        }
        assert_eq!(before_1970.millis(), -1);
        assert_eq!(Moment::of(-1_000_001, 1_000_000_000).millis(), -2);
    }
}
