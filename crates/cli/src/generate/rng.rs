//! Random numbers that are the same for ever: the bytes of a generated stream are pinned by tests, so they
//! must not change with the version of a crate.

/// SplitMix64 (Steele, Lea, Flood 2014): a counter and a mixer; ample for made-up data, not for secrets.
#[derive(Debug, Clone)]
pub(super) struct Rng(u64);

impl Rng {
    /// A sequence of its own for each pair of seed and purpose.
    pub(super) fn new(seed: u64, purpose: u64) -> Self {
        Self(mix(seed ^ mix(purpose)))
    }

    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`, which is above 0. The bias is below bound / 2^64.
    #[inline]
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A number between both, themselves included.
    #[inline]
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(low.abs_diff(high) + 1) as i64
    }

    /// True once in `n` times.
    #[inline]
    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Spreads a number over all 64 bits; a bijection.
#[inline]
pub(super) fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_kept_and_reached() {
        let mut rng = Rng::new(1, 2);
        let mut seen = [false; 7];
        for _ in 0..1000 {
            let x = rng.between(-3, 3);
            seen[(x + 3) as usize] = true;
        }
        assert_eq!(seen, [true; 7]);
        assert!((0..100).all(|_| rng.below(1) == 0));
    }

    #[test]
    fn seeds_and_purposes_give_different_sequences() {
        let first = |seed, purpose| Rng::new(seed, purpose).next();
        assert_ne!(first(1, 1), first(1, 2));
        assert_ne!(first(1, 1), first(2, 1));
        assert_eq!(first(7, 7), first(7, 7));
    }
}
