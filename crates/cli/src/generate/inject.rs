//! Errors that are mixed into a stream: which, how often, and what a strict sink does with each.

use super::rng::Rng;

/// An error that can be injected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Injection {
    OutOfOrder,
    Late,
    Duplicate,
    Conflict,
    Malformed,
    BadLabel,
    Nan,
    Future,
    GpsJump,
}

/// What becomes of an injected sample in a strict sink with all checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Written,
    /// With the reason that metrics and dead letters name.
    Dropped(&'static str),
    /// It never was a sample.
    Undecodable,
}

impl Injection {
    pub(super) const ALL: [Injection; 9] = [
        Injection::OutOfOrder,
        Injection::Late,
        Injection::Duplicate,
        Injection::Conflict,
        Injection::Malformed,
        Injection::BadLabel,
        Injection::Nan,
        Injection::Future,
        Injection::GpsJump,
    ];

    /// The name in manifests.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Injection::OutOfOrder => "out_of_order",
            Injection::Late => "late",
            Injection::Duplicate => "duplicate",
            Injection::Conflict => "conflict",
            Injection::Malformed => "malformed",
            Injection::BadLabel => "bad_label",
            Injection::Nan => "nan",
            Injection::Future => "future",
            Injection::GpsJump => "gps_jump",
        }
    }

    /// Whether a clean event itself becomes wrong; else the error is a line of its own.
    pub(super) const fn is_in_place(self) -> bool {
        matches!(self, Injection::Nan | Injection::GpsJump)
    }

    pub(super) const fn fate(self) -> Fate {
        match self {
            Injection::OutOfOrder | Injection::Late => Fate::Dropped("out_of_order"),
            Injection::Duplicate => Fate::Dropped("duplicate_same"),
            Injection::Conflict => Fate::Dropped("duplicate"),
            Injection::Malformed => Fate::Undecodable,
            Injection::BadLabel => Fate::Dropped("invalid_label_name"),
            Injection::Nan | Injection::GpsJump => Fate::Written,
            Injection::Future => Fate::Dropped("too_far_in_future"),
        }
    }
}

/// How often each error is injected, as a share of the clean events.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Ratios([f64; Injection::ALL.len()]);

impl Ratios {
    pub(super) fn set(&mut self, injection: Injection, ratio: f64) {
        self.0[injection as usize] = ratio;
    }

    pub(super) fn sum(&self) -> f64 {
        self.0.iter().sum()
    }
}

/// Draws at most one error for each clean event.
#[derive(Debug)]
pub(super) struct Injector {
    rng: Rng,
    /// Below the first of them the first error is injected, and so on; the draws have 53 bits.
    thresholds: [u64; Injection::ALL.len()],
}

impl Injector {
    pub(super) fn new(ratios: &Ratios, rng: Rng) -> Self {
        let mut sum = 0.0;
        let thresholds = ratios.0.map(|ratio| {
            sum += ratio;
            (sum * (1u64 << 53) as f64) as u64
        });
        Self { rng, thresholds }
    }

    #[inline]
    pub(super) fn draw(&mut self) -> Option<Injection> {
        let [.., last] = self.thresholds;
        if last == 0 {
            return None;
        }
        let drawn = self.rng.next() >> 11;
        if drawn >= last {
            return None;
        }
        self.thresholds.iter().position(|&below| drawn < below).and_then(|i| Injection::ALL.get(i).copied())
    }

    /// Where times and forms of injected errors come from, so that clean events do not depend on them.
    pub(super) fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }
}
