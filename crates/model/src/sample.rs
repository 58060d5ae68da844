//! One measured value at one time.

/// The bits of Prometheus' stale marker, a signalling NaN (Remote-Write 1.0, "Stale Markers").
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;
/// The bits of Prometheus' ordinary NaN; every NaN that is not the marker is written as this one.
pub const NORMAL_NAN_BITS: u64 = 0x7ff8_0000_0000_0001;

/// A float64 value at a time in milliseconds since the Unix epoch.
///
/// The value is kept as bits: arithmetic on a stale marker may quieten it into an ordinary NaN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    value_bits: u64,
    /// Milliseconds since the Unix epoch; negative before 1970.
    pub timestamp_ms: i64,
}

impl Sample {
    /// A sample of `value`. Any NaN becomes Prometheus' ordinary NaN, so that a computed NaN can never be
    /// taken for a stale marker; for that use [`Sample::stale`].
    #[inline]
    pub fn new(value: f64, timestamp_ms: i64) -> Self {
        let value_bits = if value.is_nan() { NORMAL_NAN_BITS } else { value.to_bits() };
        Self { value_bits, timestamp_ms }
    }

    /// The explicit stale marker: the series ends at `timestamp_ms`.
    #[inline]
    pub fn stale(timestamp_ms: i64) -> Self {
        Self { value_bits: STALE_NAN_BITS, timestamp_ms }
    }

    /// A sample from the bits that came over a wire: the stale marker's bits are kept, any other NaN is
    /// normalised.
    #[inline]
    pub fn from_bits(bits: u64, timestamp_ms: i64) -> Self {
        if bits == STALE_NAN_BITS {
            Self::stale(timestamp_ms)
        } else {
            Self::new(f64::from_bits(bits), timestamp_ms)
        }
    }

    /// The value; NaN for a stale marker.
    #[inline]
    pub fn value(self) -> f64 {
        f64::from_bits(self.value_bits)
    }

    /// The value's exact bits, as they go over the wire.
    #[inline]
    pub fn value_bits(self) -> u64 {
        self.value_bits
    }

    /// Whether this is the stale marker.
    #[inline]
    pub fn is_stale(self) -> bool {
        self.value_bits == STALE_NAN_BITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_nan_but_the_marker_is_normalised() {
        for bits in
            [0x7ff8_0000_0000_0000u64, 0xfff8_0000_0000_0000, 0x7ff8_0000_0000_0002, 0x7ff0_0000_0000_0001]
        {
            assert_eq!(Sample::new(f64::from_bits(bits), 0).value_bits(), NORMAL_NAN_BITS);
            assert_eq!(Sample::from_bits(bits, 0).value_bits(), NORMAL_NAN_BITS);
        }
        assert_eq!(Sample::new(f64::from_bits(STALE_NAN_BITS), 0).value_bits(), NORMAL_NAN_BITS);
        assert!(Sample::from_bits(STALE_NAN_BITS, 0).is_stale());
        assert!(Sample::stale(7).value().is_nan());
    }

    #[test]
    fn negative_zero_keeps_its_sign() {
        assert_eq!(Sample::new(-0.0, 0).value_bits(), 1 << 63);
    }
}
