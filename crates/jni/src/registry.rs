//! Numbers for handles: Java holds a number, never a pointer.
//!
//! A number is given once. One that was closed, or never given, finds nothing; so Java can close twice, or call
//! after a close, and gets an exception.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::Mutex;

use crate::error::{Error, Result};

/// Handles by number.
#[derive(Debug)]
pub struct Registry<T> {
    open: Mutex<Option<HashMap<i64, Arc<T>>>>,
    last: AtomicI64,
}

impl<T> Registry<T> {
    /// Without handles.
    pub const fn new() -> Self {
        Self { open: Mutex::new(None), last: AtomicI64::new(0) }
    }

    /// Gives a handle a number.
    pub fn insert(&self, handle: T) -> i64 {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        self.open.lock().get_or_insert_default().insert(number, Arc::new(handle));
        number
    }

    /// The handle of a number. It lives on for as long as somebody holds it, also when it is closed meanwhile.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(&self, number: i64) -> Result<Arc<T>> {
        let open = self.open.lock();
        let found = open.as_ref().and_then(|open| open.get(&number)).cloned();
        found.ok_or(Error::NoSuchHandle(number))
    }

    /// Takes a handle out; the number is never given again.
    ///
    /// # Errors
    /// When there is none.
    pub fn remove(&self, number: i64) -> Result<Arc<T>> {
        let taken = self.open.lock().as_mut().and_then(|open| open.remove(&number));
        taken.ok_or(Error::NoSuchHandle(number))
    }
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_number_finds_nothing_and_is_not_given_again() {
        let registry = Registry::new();
        let first = registry.insert("a");
        assert_eq!(*registry.find(first).unwrap(), "a");
        registry.remove(first).unwrap();
        let second = registry.insert("b");
        assert_ne!(first, second);
        for number in [first, 0, -1, i64::MAX, i64::MIN] {
            assert!(matches!(registry.find(number), Err(Error::NoSuchHandle(n)) if n == number));
            assert!(matches!(registry.remove(number), Err(Error::NoSuchHandle(_))));
        }
        assert_eq!(*registry.find(second).unwrap(), "b");
    }
}
