//! Which of many repeated warnings are said.

/// Whether the warning after `before` others is said: the first few, then each power of ten. Enough to see it,
/// never a flood.
pub(crate) fn is_said(before: u64) -> bool {
    before < 3 || (before + 1).ilog10() != before.ilog10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_three_and_each_power_of_ten_are_said() {
        let said: Vec<u64> = (0..2000).filter(|&before| is_said(before)).map(|before| before + 1).collect();
        assert_eq!(said, [1, 2, 3, 10, 100, 1000]);
    }
}
