//! `RAND`, `RAND_INTEGER` and `UUID`.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{Float64Type, Int32Type};
use datafusion_common::{Result as Computed, ScalarValue};
use narthex_sql::{DataType, Mistake};

use super::longs;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Int, Long};
use crate::functions::rows::{fail, numbers, push, texts};

/// Java's generator, so that a seed gives the numbers that it gives in Flink.
struct JavaRandom {
    state: u64,
}

impl JavaRandom {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    fn new(seed: i64) -> Self {
        Self { state: (seed as u64 ^ Self::MULTIPLIER) & Self::MASK }
    }

    fn next(&mut self, bits: u32) -> i32 {
        self.state = self.state.wrapping_mul(Self::MULTIPLIER).wrapping_add(0xB) & Self::MASK;
        (self.state >> (48 - bits)) as i32
    }

    fn next_double(&mut self) -> f64 {
        let (high, low) = (i64::from(self.next(26)), i64::from(self.next(27)));
        ((high << 27) + low) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// From 0 to below the bound.
    fn next_below(&mut self, bound: i32) -> Computed<i32> {
        if bound <= 0 {
            return fail(format!("RAND_INTEGER: the bound is {bound}; it must be 1 or more"));
        }
        let mut bits = self.next(31);
        if bound & (bound - 1) == 0 {
            return Ok(((i64::from(bound) * i64::from(bits)) >> 31) as i32);
        }
        // What lies in the last, incomplete run of the bound is thrown away.
        while bits.checked_sub(bits % bound).and_then(|first| first.checked_add(bound - 1)).is_none() {
            bits = self.next(31);
        }
        Ok(bits % bound)
    }
}

/// A number that nobody knows before.
fn fresh_seed() -> i64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    RandomState::new().hash_one(COUNT.fetch_add(1, Ordering::Relaxed)) as i64
}

/// Where the numbers of a call come from: without a seed, or with a constant one, from one generator for all rows;
/// with a seed that differs, from a new one for each.
enum Source {
    Shared(Mutex<JavaRandom>),
    OfRow,
}

impl Source {
    fn of(seed: Option<&Bound>) -> Self {
        match seed.map(Bound::constant) {
            None => Self::Shared(Mutex::new(JavaRandom::new(fresh_seed()))),
            Some(Some(ScalarValue::Int64(Some(seed)))) => Self::Shared(Mutex::new(JavaRandom::new(seed))),
            Some(_) => Self::OfRow,
        }
    }

    fn draw<T>(
        &self,
        seeds: Option<&ArrayRef>,
        row: usize,
        draw: impl FnOnce(&mut JavaRandom) -> Computed<T>,
    ) -> Computed<Option<T>> {
        match (self, seeds) {
            (Self::Shared(random), _) => {
                draw(&mut random.lock().unwrap_or_else(PoisonError::into_inner)).map(Some)
            }
            (Self::OfRow, Some(seeds)) if seeds.is_valid(row) => {
                draw(&mut JavaRandom::new(longs(seeds).value(row))).map(Some)
            }
            (Self::OfRow, _) => Ok(None),
        }
    }
}

pub(super) fn rand(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Long], 0)?;
    let source = Source::of(arguments.values.first());
    let returns = arguments.strict(&DataType::Double);
    arguments.volatile(returns, move |columns, rows| {
        numbers::<Float64Type>(columns, rows, |row| {
            source.draw(columns.first(), row, |random| Ok(random.next_double()))
        })
    })
}

pub(super) fn rand_integer(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let has_seed = arguments.values.len() == 2;
    let arguments = if has_seed { arguments.take(&[Long, Int], 2)? } else { arguments.take(&[Int], 1)? };
    let source = Source::of(arguments.values.first().filter(|_| has_seed));
    let returns = arguments.strict(&DataType::Int);
    arguments.volatile(returns, move |columns, rows| {
        let (seeds, bounds) = if has_seed { (columns.first(), &columns[1]) } else { (None, &columns[0]) };
        let bounds = arrow::array::AsArray::as_primitive::<Int32Type>(bounds);
        numbers::<Int32Type>(columns, rows, |row| {
            source.draw(seeds, row, |random| random.next_below(bounds.value(row)))
        })
    })
}

/// A UUID of version 4: of random bits alone.
pub(super) fn uuid(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[], 0)?;
    let (key, count) = (RandomState::new(), AtomicU64::new(0));
    arguments.volatile(DataType::Char(36).with_nullable(false), move |_, rows| {
        texts(&[], rows, |_, out| {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let (high, low) = (key.hash_one((number, 0u8)), key.hash_one((number, 1u8)));
            let bits = (u128::from(high) << 64) | u128::from(low);
            let bits = bits & !(0xf << 76) | (4 << 76);
            let bits = bits & !(0b11 << 62) | (0b10 << 62);
            let part = |from: u32, digits: u32| (bits >> from) & ((1 << (4 * digits)) - 1);
            push(
                out,
                format_args!(
                    "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                    part(96, 8),
                    part(80, 4),
                    part(64, 4),
                    part(48, 4),
                    part(0, 12)
                ),
            );
            Ok(true)
        })
    })
}
