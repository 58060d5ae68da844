//! Sums and averages of DECIMALs, as Flink counts: up to 38 digits, rounded half up.

use arrow::datatypes::i256;

/// More than 38 digits: no number, but a sum that did not fit.
pub(super) const LOST: i128 = i128::MAX;

const LIMIT: i128 = 10_i128.pow(38);

/// The sum of two numbers of one scale, or [`LOST`].
#[inline]
pub(super) fn plus(left: i128, right: i128) -> i128 {
    if left == LOST || right == LOST {
        return LOST;
    }
    // Both have up to 38 digits, the sum at most one bit more than fits: it is checked.
    match left.checked_add(right) {
        Some(sum) if -LIMIT < sum && sum < LIMIT => sum,
        _ => LOST,
    }
}

/// A sum divided by a count, with `raise` more digits behind the point than the sum has.
pub(super) fn divide(sum: i128, count: i64, raise: u8) -> Option<i128> {
    if sum == LOST || count == 0 {
        return None;
    }
    let raised = i256::from_i128(sum).checked_mul(i256::from_i128(10_i128.pow(u32::from(raise.min(38)))))?;
    let by = i256::from_i128(i128::from(count));
    let (quotient, rest) = (raised.checked_div(by)?, raised.checked_rem(by)?);
    let is_half = rest.wrapping_abs().wrapping_mul(i256::from_i128(2)) >= by.wrapping_abs();
    let away = i256::from_i128(if sum < 0 { -1 } else { 1 });
    let rounded = if is_half { quotient.checked_add(away)? } else { quotient };
    rounded.to_i128().filter(|value| -LIMIT < *value && *value < LIMIT)
}

/// The DECIMAL of so many digits behind the point that is nearest to a float by the float's shortest text; none where
/// it does not fit or is no number.
pub(super) fn from_f64(value: f64, scale: u8) -> Option<i128> {
    if !value.is_finite() {
        return None;
    }
    // `d.ddde±x`: the digits, and where the point stands.
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let shift = exponent - fraction.len() as i32 + i32::from(scale);
    let unscaled = if shift >= 0 {
        digits.checked_mul(10_i128.checked_pow(shift.unsigned_abs())?)?
    } else {
        match 10_i128.checked_pow(shift.unsigned_abs()) {
            Some(by) => digits / by + i128::from(digits % by * 2 >= by),
            None => 0,
        }
    };
    (unscaled < LIMIT).then_some(if value < 0.0 { -unscaled } else { unscaled })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_round_half_up_and_away_from_zero() {
        for (sum, count, raise, expected) in [
            (306, 3, 4, Some(1_020_000)),
            (1, 3, 4, Some(3_333)),
            (-1, 2, 0, Some(-1)),
            (1, 2, 0, Some(1)),
            (-791, 3, 4, Some(-2_636_667)),
            (LOST, 2, 4, None),
            (5, 0, 4, None),
            (LIMIT - 1, 1, 1, None),
        ] {
            assert_eq!(divide(sum, count, raise), expected, "{sum} / {count}");
        }
    }

    #[test]
    fn a_sum_that_was_lost_stays_lost() {
        assert_eq!(plus(LIMIT - 1, 1), LOST);
        assert_eq!(plus(plus(LIMIT - 1, 1), -5), LOST);
        assert_eq!(plus(LIMIT - 2, 1), LIMIT - 1);
        assert_eq!(plus(-(LIMIT - 1), -1), LOST);
    }

    #[test]
    fn floats_become_decimals_by_their_shortest_text() {
        for (value, expected) in [
            (5.525_560_9, Some(5_525_561)),
            (45.797_733_333, Some(45_797_733)),
            (0.0, Some(0)),
            (-2.5e-7, Some(0)),
            (-5e-7, Some(-1)),
            (1e-300, Some(0)),
            (1e40, None),
            (f64::NAN, None),
        ] {
            assert_eq!(from_f64(value, 6), expected, "{value}");
        }
    }
}
