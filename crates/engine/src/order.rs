//! Back into order: what workers finish side by side goes on in the order in which it was read.

use std::collections::BTreeMap;

use parking_lot::Mutex;

/// Puts results of one reader back into order.
#[derive(Debug)]
pub(crate) struct InOrder<T> {
    state: Mutex<State<T>>,
}

#[derive(Debug)]
struct State<T> {
    next: u64,
    waiting: BTreeMap<u64, T>,
}

impl<T> InOrder<T> {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { next: 0, waiting: BTreeMap::new() }) }
    }

    /// Takes the result of this number, and hands on all whose turn has come. `hand_on` must not wait.
    pub(crate) fn done(&self, number: u64, result: T, mut hand_on: impl FnMut(T)) {
        let mut state = self.state.lock();
        state.waiting.insert(number, result);
        loop {
            let next = state.next;
            let Some(result) = state.waiting.remove(&next) else { break };
            state.next += 1;
            hand_on(result);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_go_on_in_order_however_they_come() {
        let (order, mut seen) = (InOrder::new(), Vec::new());
        for number in [2, 0, 1, 4, 3] {
            order.done(number, number, |number| seen.push(number));
        }
        assert_eq!(seen, [0, 1, 2, 3, 4]);
    }
}
