//! What is added up, each kind of number in Flink's way.

use super::decimal;

/// A number that sums are made of.
pub(super) trait Total: Copy + Send + 'static {
    /// To begin with: adding to it changes nothing, not even a zero's sign.
    const START: Self;

    /// The sum. Integers wrap around; a decimal that does not fit is lost for good.
    fn plus(self, other: Self) -> Self;

    /// Whether it was lost.
    fn is_lost(self) -> bool {
        false
    }
}

macro_rules! wraps {
    ($($native:ty),*) => {$(
        impl Total for $native {
            const START: Self = 0;

            #[inline]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
        }
    )*};
}

wraps!(i8, i16, i32, i64);

impl Total for f32 {
    const START: Self = -0.0;

    #[inline]
    fn plus(self, other: Self) -> Self {
        self + other
    }
}

impl Total for f64 {
    const START: Self = -0.0;

    #[inline]
    fn plus(self, other: Self) -> Self {
        self + other
    }
}

/// The digits of a DECIMAL.
impl Total for i128 {
    const START: Self = 0;

    #[inline]
    fn plus(self, other: Self) -> Self {
        decimal::plus(self, other)
    }

    fn is_lost(self) -> bool {
        self == decimal::LOST
    }
}
