//! `table.exec.state.ttl`: how long what is known of a key is kept when nothing comes for it.

use std::time::Duration;

use tokio::time::Instant;

/// A moment, in thousandths of the lifetime; it wraps around long after what it is of has gone.
pub(crate) type Moment = u32;

const LIFETIME: Moment = 1_000;
/// How often what has passed is looked for: so many times in a lifetime.
const LOOKS: Moment = 4;

/// How long things are kept, by the clock of the machine.
#[derive(Debug)]
pub(crate) struct Lifetime {
    unit_nanos: u128,
    started: Instant,
    looked: Moment,
}

impl Lifetime {
    /// A lifetime, if there is one.
    pub(crate) fn of(ttl: Option<Duration>) -> Option<Self> {
        let unit_nanos = (ttl?.as_nanos() / u128::from(LIFETIME)).max(1);
        Some(Self { unit_nanos, started: Instant::now(), looked: 0 })
    }

    pub(crate) fn now(&self) -> Moment {
        // Only the last bits count.
        (self.started.elapsed().as_nanos() / self.unit_nanos) as Moment
    }

    /// Whether it is time to look for what has passed: then, what time it is.
    pub(crate) fn is_due(&mut self) -> Option<Moment> {
        let now = self.now();
        let is_due = now.wrapping_sub(self.looked) >= LIFETIME / LOOKS;
        if is_due {
            self.looked = now;
        }
        is_due.then_some(now)
    }
}

/// Whether what was touched at a moment has been kept for its lifetime.
pub(crate) fn has_passed(touched: Moment, now: Moment) -> bool {
    now.wrapping_sub(touched) > LIFETIME
}

/// When things of each group were last touched; nothing where they are kept for ever.
#[derive(Debug, Default)]
pub(crate) struct Touched(Vec<Moment>);

impl Touched {
    /// Something came for a group.
    pub(crate) fn touch(&mut self, group: usize, now: Option<Moment>) {
        let Some(now) = now else { return };
        if group >= self.0.len() {
            self.0.resize(group + 1, now);
        }
        self.0[group] = now;
    }

    /// Whether nothing came for its lifetime.
    pub(crate) fn has_passed(&self, group: usize, now: Option<Moment>) -> bool {
        let touched = self.0.get(group).copied();
        touched.zip(now).is_some_and(|(touched, now)| has_passed(touched, now))
    }

    /// Groups have moved.
    pub(crate) fn moved(&mut self, moved: &[Option<usize>]) {
        let mut at = 0;
        self.0.retain(|_| {
            at += 1;
            moved.get(at - 1).is_some_and(Option::is_some)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_nobody_touches_passes_and_not_before_its_time() {
        let mut lifetime = Lifetime::of(Some(Duration::from_secs(10))).unwrap();
        let mut touched = Touched::default();
        touched.touch(2, Some(lifetime.now()));
        tokio::time::advance(Duration::from_secs(6)).await;
        touched.touch(1, Some(lifetime.now()));
        tokio::time::advance(Duration::from_millis(3_999)).await;
        assert!(!touched.has_passed(2, Some(lifetime.now())));
        tokio::time::advance(Duration::from_millis(20)).await;
        assert!(touched.has_passed(2, Some(lifetime.now())));
        assert!(!touched.has_passed(1, Some(lifetime.now())) && !touched.has_passed(2, None));
        touched.moved(&[None, Some(0), None]);
        assert_eq!((touched.0.len(), touched.has_passed(0, Some(lifetime.now()))), (1, false));
        assert!(lifetime.is_due().is_some() && lifetime.is_due().is_none());
        assert!(Lifetime::of(None).is_none());
        assert!(has_passed(Moment::MAX - 500, 501) && !has_passed(Moment::MAX - 400, 501));
    }
}
