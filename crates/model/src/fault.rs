//! What can be wrong with a label set, found once when it is built and remembered with it.

use std::fmt;

/// One thing wrong with a label set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u16)]
#[non_exhaustive]
pub enum LabelFault {
    /// There is no label at all. No receiver takes it (Prometheus 2.42: 500, 3.x: skipped behind a 204).
    EmptySet = 1,
    /// A label name occurs twice (Remote-Write 1.0: MUST NOT; 2.42: 500, 3.x: skipped behind a 204).
    RepeatedName = 1 << 1,
    /// A name or value is longer than [`crate::MAX_LABEL_BYTES`].
    TooLong = 1 << 2,
    /// A label's name is empty (Remote-Write 1.0: MUST NOT).
    EmptyName = 1 << 3,
    /// A name or value is not valid UTF-8 (3.x skips the series behind a 204).
    InvalidUtf8 = 1 << 4,
    /// There is no `__name__` (2.54 and later skip the series behind a 204).
    MissingMetricName = 1 << 5,
    /// The metric name does not match `[a-zA-Z_:][a-zA-Z0-9_:]*`.
    InvalidMetricName = 1 << 6,
    /// A label name does not match `[a-zA-Z_][a-zA-Z0-9_]*`.
    InvalidLabelName = 1 << 7,
    /// A label name other than `__name__` begins with `__` (Remote-Write 1.0: SHOULD NOT).
    ReservedLabelName = 1 << 8,
}

impl LabelFault {
    /// All faults, worst first: the order in which a set with several is reported.
    pub const ALL: [LabelFault; 9] = [
        LabelFault::EmptySet,
        LabelFault::RepeatedName,
        LabelFault::TooLong,
        LabelFault::EmptyName,
        LabelFault::InvalidUtf8,
        LabelFault::MissingMetricName,
        LabelFault::InvalidMetricName,
        LabelFault::InvalidLabelName,
        LabelFault::ReservedLabelName,
    ];
}

/// A set of [`LabelFault`]s.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct LabelFaults(u16);

impl LabelFaults {
    /// No fault.
    pub const NONE: Self = Self(0);
    /// What no receiver can take; dropped even with checks off.
    pub const FATAL: Self =
        Self(LabelFault::EmptySet as u16 | LabelFault::RepeatedName as u16 | LabelFault::TooLong as u16);
    /// What breaks the specification whatever the naming scheme.
    pub const UTF8: Self = Self(
        Self::FATAL.0
            | LabelFault::EmptyName as u16
            | LabelFault::InvalidUtf8 as u16
            | LabelFault::MissingMetricName as u16
            | LabelFault::ReservedLabelName as u16,
    );
    /// [`Self::UTF8`] and the classic rules for names.
    pub const LEGACY: Self =
        Self(Self::UTF8.0 | LabelFault::InvalidMetricName as u16 | LabelFault::InvalidLabelName as u16);

    /// Adds a fault.
    #[inline]
    pub fn insert(&mut self, fault: LabelFault) {
        self.0 |= fault as u16;
    }

    /// Whether the fault is in the set.
    pub fn contains(self, fault: LabelFault) -> bool {
        self.0 & fault as u16 != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The worst fault that is also in `mask`.
    #[inline]
    pub fn worst_in(self, mask: Self) -> Option<LabelFault> {
        if self.0 & mask.0 == 0 {
            return None;
        }
        LabelFault::ALL.into_iter().find(|&fault| self.0 & mask.0 & fault as u16 != 0)
    }
}

impl std::ops::BitOr for LabelFaults {
    type Output = Self;

    #[inline]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for LabelFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(LabelFault::ALL.into_iter().filter(|&fault| self.contains(fault))).finish()
    }
}
