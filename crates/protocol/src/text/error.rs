//! Why a line cannot be read: where, what was expected there, and what stands there.

use std::fmt;

/// Most bytes of a line that an error shows.
const EXCERPT_BYTES: usize = 80;
/// How many of them stand before the place of the error, when the line is longer than the excerpt.
const EXCERPT_BEFORE: usize = 40;

/// A place in a line and what should be there; becomes a [`LineError`] where the whole line is at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// Offset in bytes.
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

/// A line that is no line of its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// The first byte that does not fit, counted from 1; one past the end where the line stops too early.
    pub column: usize,
    /// What the format wants there.
    pub expected: &'static str,
    /// At most 80 bytes of the line around the place, escaped: printable ASCII alone.
    pub excerpt: String,
}

impl LineError {
    pub(super) fn new(line: &[u8], Fault { at, expected }: Fault) -> Self {
        let start = if line.len() <= EXCERPT_BYTES {
            0
        } else {
            at.saturating_sub(EXCERPT_BEFORE).min(line.len() - EXCERPT_BYTES)
        };
        let end = line.len().min(start + EXCERPT_BYTES);
        let excerpt = line.get(start..end).unwrap_or_default().escape_ascii().to_string();
        Self { column: at + 1, expected, excerpt }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, expected, excerpt } = self;
        if excerpt.is_empty() {
            write!(f, "expected {expected} at column {column}, the line is empty")
        } else {
            write!(f, "expected {expected} at column {column}, near `{excerpt}`")
        }
    }
}

impl std::error::Error for LineError {}
