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
}
