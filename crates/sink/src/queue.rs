//! A shard's queue and its part of the ledger, under one lock, so that a snapshot always adds up.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use narthex_model::TimeSeries;
use smallvec::SmallVec;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::fate::{Counts, Ledger};

/// Bytes that a sample takes in a request besides its labels, at most.
const SAMPLE_BYTES: usize = 22;

/// When a shard sends, and how much it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueLimits {
    /// Samples that make a request.
    pub(crate) batch_samples: usize,
    /// Encoded bytes that make a request.
    pub(crate) batch_bytes: usize,
    /// Age of the oldest sample that makes a request.
    pub(crate) batch_age: Duration,
    /// Samples that the queue holds.
    pub(crate) max_samples: usize,
    /// Encoded bytes that the queue holds.
    pub(crate) max_bytes: usize,
}

/// The queue of one shard: many may push, one task takes.
#[derive(Debug)]
pub(crate) struct Queue {
    limits: QueueLimits,
    state: Mutex<State>,
    wake_worker: Notify,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<TimeSeries>,
    samples: usize,
    bytes: usize,
    /// When the queue last began to fill.
    oldest: Option<Instant>,
    /// Samples that the worker has taken and not settled.
    held: u64,
    counts: Counts,
    waiting: Vec<Waker>,
    flush: Flush,
    is_closed: bool,
}

/// Flushes are numbered. The active one ends when the items that were there when it began are settled; what
/// comes later cannot hold it up.
#[derive(Debug, Default)]
struct Flush {
    requested: u64,
    /// The number of the active flush, and how many items from the front still belong to it.
    active: Option<(u64, usize)>,
    done: u64,
}

/// What the worker is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A request's worth was taken.
    Taken,
    /// Closed and empty.
    End,
}

impl Queue {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self { limits, state: Mutex::default(), wake_worker: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock; should one, the counts are still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the series in, or leaves it with the caller, to be woken when there is room.
    #[inline]
    pub(crate) fn try_push(&self, series: TimeSeries, context: Option<&mut Context<'_>>) -> Result<(), TimeSeries> {
        let samples = series.samples.len();
        let bytes = bytes_of(&series);
        let mut state = self.lock();
        let is_full =
            state.samples + samples > self.limits.max_samples || state.bytes + bytes > self.limits.max_bytes;
        if is_full && !state.items.is_empty() {
            if let Some(context) = context {
                state.wait(context);
            }
            return Err(series);
        }
        let before = self.is_ready(&state);
        let was_empty = state.items.is_empty();
        if was_empty {
            state.oldest = Some(Instant::now());
        }
        state.counts.received += samples as u64;
        state.samples += samples;
        state.bytes += bytes;
        state.items.push_back(series);
        let wake = was_empty || (!before && self.is_ready(&state));
        drop(state);
        if wake {
            self.wake_worker.notify_one();
        }
        Ok(())
    }

    fn is_ready(&self, state: &State) -> bool {
        state.samples >= self.limits.batch_samples || state.bytes >= self.limits.batch_bytes
    }

    /// Counts samples that are dropped before they enter the queue.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.lock().counts);
    }

    /// Waits until a request is due and moves its series to `into`; `batch_bytes` may be lower than the
    /// configured limit.
    pub(crate) async fn take(&self, into: &mut Vec<TimeSeries>, batch_bytes: usize) -> Next {
        loop {
            let due = {
                let mut state = self.lock();
                state.begin_flush();
                let is_flushing = state.flush.active.is_some();
                let due = state.oldest.map(|oldest| oldest + self.limits.batch_age);
                if state.items.is_empty() {
                    if state.is_closed {
                        return Next::End;
                    }
                } else if self.is_ready(&state)
                    || state.bytes >= batch_bytes
                    || state.is_closed
                    || is_flushing
                    || due.is_some_and(|due| due <= Instant::now())
                {
                    state.take(into, self.limits.batch_samples, batch_bytes.min(self.limits.batch_bytes));
                    return Next::Taken;
                }
                due.filter(|_| !state.items.is_empty())
            };
            let notified = self.wake_worker.notified();
            match due {
                Some(due) => tokio::select! { () = notified => {}, () = tokio::time::sleep_until(due) => {} },
                None => notified.await,
            }
        }
    }

    /// Ends a request: its samples are counted, `deferred` goes back to the front, whoever waits is woken.
    pub(crate) fn settle(&self, settled: u64, deferred: &mut Vec<TimeSeries>, change: impl FnOnce(&mut Counts)) {
        let mut state = self.lock();
        change(&mut state.counts);
        state.held -= settled;
        for series in deferred.drain(..).rev() {
            state.held -= series.samples.len() as u64;
            state.put_back(series);
        }
        state.begin_flush();
        state.end_flush_if_done();
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Wakes everyone who waits for room, after the sink has failed.
    pub(crate) fn wake_all(&self) {
        let waiting = std::mem::take(&mut self.lock().waiting);
        waiting.into_iter().for_each(Waker::wake);
        self.wake_worker.notify_one();
    }

    /// Asks that everything that is in the queue now be settled; the number is for [`Self::is_flushed`].
    pub(crate) fn request_flush(&self) -> u64 {
        let mut state = self.lock();
        state.flush.requested += 1;
        let number = state.flush.requested;
        if state.items.is_empty() && state.held == 0 {
            state.flush.active = None;
            state.flush.done = number;
        }
        drop(state);
        self.wake_worker.notify_one();
        number
    }

    /// Whether that flush is done; if not, the caller is woken at the next settled request.
    pub(crate) fn is_flushed(&self, number: u64, context: &mut Context<'_>) -> bool {
        let mut state = self.lock();
        let done = state.flush.done >= number;
        if !done {
            state.wait(context);
        }
        done
    }

    /// Whether nothing is queued or held; if not, a flush is asked for once and the caller is woken later.
    pub(crate) fn is_empty_or_flush(&self, context: &mut Context<'_>) -> bool {
        let mut state = self.lock();
        let done = state.items.is_empty() && state.held == 0;
        if !done {
            state.wait(context);
            if state.flush.active.is_none() && state.flush.requested == state.flush.done {
                state.flush.requested += 1;
                drop(state);
                self.wake_worker.notify_one();
            }
        }
        done
    }

    /// No more will come.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.wake_worker.notify_one();
    }

    /// Adds this shard to a ledger; the samples waiting here are returned.
    pub(crate) fn add_to(&self, ledger: &mut Ledger) -> u64 {
        let state = self.lock();
        // Counted from what is really there, not by subtraction.
        let queued: u64 = state.items.iter().map(|series| series.samples.len() as u64).sum();
        ledger.add(&state.counts, queued + state.held);
        queued
    }
}

impl State {
    fn wait(&mut self, context: &mut Context<'_>) {
        if !self.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            self.waiting.push(context.waker().clone());
        }
    }

    fn begin_flush(&mut self) {
        if self.flush.active.is_none() && self.flush.requested > self.flush.done {
            self.flush.active = Some((self.flush.requested, self.items.len()));
            self.end_flush_if_done();
        }
    }

    fn end_flush_if_done(&mut self) {
        if let Some((number, 0)) = self.flush.active
            && self.held == 0
        {
            self.flush.active = None;
            self.flush.done = number;
        }
    }

    fn take(&mut self, into: &mut Vec<TimeSeries>, max_samples: usize, max_bytes: usize) {
        let (mut samples, mut bytes) = (0, 0);
        while let Some(front) = self.items.front_mut() {
            let room = max_samples - samples;
            if front.samples.len() > room {
                if room > 0 && samples == 0 {
                    let part: SmallVec<_> = front.samples.drain(..room).collect();
                    let part = TimeSeries { labels: front.labels.clone(), samples: part };
                    self.samples -= room;
                    self.bytes -= room * SAMPLE_BYTES;
                    samples += room;
                    into.push(part);
                }
                break;
            }
            let next = bytes_of(front);
            if samples > 0 && bytes + next > max_bytes {
                break;
            }
            let Some(series) = self.items.pop_front() else { break };
            samples += series.samples.len();
            bytes += next;
            self.samples -= series.samples.len();
            self.bytes -= next;
            if let Some((_, left)) = &mut self.flush.active {
                *left = left.saturating_sub(1);
            }
            into.push(series);
            if samples == max_samples {
                break;
            }
        }
        self.held += samples as u64;
        if self.items.is_empty() {
            self.oldest = None;
        }
    }

    fn put_back(&mut self, series: TimeSeries) {
        self.samples += series.samples.len();
        self.bytes += bytes_of(&series);
        if self.oldest.is_none() {
            self.oldest = Some(Instant::now());
        }
        if let Some((_, left)) = &mut self.flush.active {
            *left += 1;
        }
        self.items.push_front(series);
    }
}

fn bytes_of(series: &TimeSeries) -> usize {
    8 + series.labels.encoded().len() + SAMPLE_BYTES * series.samples.len()
}
