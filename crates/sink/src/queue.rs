//! A shard's queue and its part of the ledger, under one lock, so that a snapshot always adds up.
//!
//! Many push; one task takes, all there is at once, into its [`Backlog`], and works through that request by
//! request. What it has taken stays in the ledger's `pending` until it is settled.

use std::task::{Context, Waker};
use std::time::Duration;
use std::vec::Drain;

use narthex_model::TimeSeries;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::backlog::{Backlog, bytes_of};
use crate::fate::{Counts, Ledger};

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
    /// Wakes the worker also while a request is under way: somebody wants to know what is unsettled.
    is_asked: Notify,
}

#[derive(Debug, Default)]
struct State {
    items: Vec<TimeSeries>,
    samples: usize,
    bytes: usize,
    /// When the queue last began to fill.
    oldest: Option<Instant>,
    /// Samples that the worker has taken and not settled.
    held: u64,
    counts: Counts,
    waiting: Vec<Waker>,
    flush: Flush,
    /// Who wants to know what is unsettled.
    asking: Vec<oneshot::Sender<Vec<TimeSeries>>>,
    is_closed: bool,
}

/// Flushes are numbered. The active one ends when all that the worker held when it began is settled; what
/// comes later cannot hold it up.
#[derive(Debug, Default)]
struct Flush {
    requested: u64,
    active: Option<u64>,
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

enum Decision {
    Now(Next),
    /// A flush had nothing to wait for; these wait for it.
    Flushed(Vec<Waker>),
    Wait(Option<Instant>),
}

impl Queue {
    pub(crate) fn new(limits: QueueLimits) -> Self {
        Self { limits, state: Mutex::default(), wake_worker: Notify::new(), is_asked: Notify::new() }
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Takes the series in, or leaves it with the caller, to be woken when there is room.
    #[inline]
    pub(crate) fn try_push(
        &self,
        series: TimeSeries,
        context: Option<&mut Context<'_>>,
    ) -> Result<(), TimeSeries> {
        let mut state = self.lock();
        if !state.has_room(&series, &self.limits) {
            if let Some(context) = context {
                state.wait(context);
                drop(state);
                // A queue may be full before it makes a request: then what there is must go.
                self.wake_worker.notify_one();
            }
            return Err(series);
        }
        self.push(state, |state| state.take(series));
        Ok(())
    }

    /// Takes in what comes first of `series`, while it is for this queue and there is room.
    #[inline]
    pub(crate) fn try_push_all(
        &self,
        series: &mut Drain<'_, TimeSeries>,
        is_mine: impl Fn(&TimeSeries) -> bool,
    ) {
        self.push(self.lock(), |state| {
            while series
                .as_slice()
                .first()
                .is_some_and(|next| is_mine(next) && state.has_room(next, &self.limits))
                && let Some(next) = series.next()
            {
                state.take(next);
            }
        });
    }

    /// Takes the series in also when there is no room; only a closed queue leaves it with the caller.
    pub(crate) fn push_over(&self, series: TimeSeries) -> Result<(), TimeSeries> {
        let state = self.lock();
        if state.is_closed {
            return Err(series);
        }
        self.push(state, |state| state.take(series));
        Ok(())
    }

    /// Lets `take` put series into the queue, and wakes the worker if it must know.
    #[inline]
    fn push(&self, mut state: MutexGuard<'_, State>, take: impl FnOnce(&mut State)) {
        let was_empty = state.items.is_empty();
        let made_a_request = state.makes_a_request(&self.limits);
        take(&mut state);
        let is_first = was_empty && !state.items.is_empty();
        if is_first {
            state.oldest = Some(Instant::now());
        }
        let makes_a_request = !made_a_request && state.makes_a_request(&self.limits);
        drop(state);
        if is_first || makes_a_request {
            self.wake_worker.notify_one();
        }
    }

    /// Asks the worker for all series that are not settled, in order.
    pub(crate) fn ask_unsettled(&self) -> oneshot::Receiver<Vec<TimeSeries>> {
        let (answer, receiver) = oneshot::channel();
        self.lock().asking.push(answer);
        self.is_asked.notify_one();
        self.wake_worker.notify_one();
        receiver
    }

    /// Waits until somebody may want to know what is unsettled.
    pub(crate) async fn asked(&self) {
        self.is_asked.notified().await;
    }

    /// Tells whoever asked what the worker holds and what is queued.
    pub(crate) fn answer_unsettled(&self, backlog: &Backlog) {
        self.lock().answer_unsettled(backlog);
    }

    /// Counts samples that are dropped before they enter the queue.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.lock().counts);
    }

    /// Waits until a request is due and the backlog holds it.
    pub(crate) async fn fill(&self, backlog: &mut Backlog, batch_bytes: usize) -> Next {
        let limits = QueueLimits { batch_bytes: batch_bytes.min(self.limits.batch_bytes), ..self.limits };
        loop {
            self.answer_unsettled(backlog);
            let due = match self.lock().next(backlog, &limits) {
                Decision::Now(next) => return next,
                Decision::Flushed(waiting) => {
                    waiting.into_iter().for_each(Waker::wake);
                    continue;
                }
                Decision::Wait(due) => due,
            };
            let notified = self.wake_worker.notified();
            match due {
                Some(due) => tokio::select! { () = notified => {}, () = tokio::time::sleep_until(due) => {} },
                None => notified.await,
            }
        }
    }

    /// Counts what a request has settled, and wakes whoever waits. A flush ends only when nothing is held: not
    /// when the last request was halted half-way.
    pub(crate) fn settle(&self, settled: u64, change: impl FnOnce(&mut Counts)) {
        let mut state = self.lock();
        change(&mut state.counts);
        state.held -= settled;
        if state.held == 0 {
            state.end_flush();
        }
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

    /// Whether nothing is taken any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// No more will come.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
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

    fn answer_unsettled(&mut self, backlog: &Backlog) {
        for answer in std::mem::take(&mut self.asking) {
            // Whoever has stopped waiting needs no answer.
            let _ = answer.send(backlog.unsettled().iter().chain(&self.items).cloned().collect());
        }
    }

    #[inline]
    fn take(&mut self, series: TimeSeries) {
        let samples = series.samples.len();
        self.counts.received += samples as u64;
        self.samples += samples;
        self.bytes += bytes_of(&series);
        self.items.push(series);
    }

    #[inline]
    fn makes_a_request(&self, limits: &QueueLimits) -> bool {
        self.samples >= limits.batch_samples || self.bytes >= limits.batch_bytes
    }

    /// An empty shard takes a series of any size; else the bounds hold for what is queued and held.
    #[inline]
    fn has_room(&self, series: &TimeSeries, limits: &QueueLimits) -> bool {
        let (samples, bytes) = (series.samples.len(), bytes_of(series));
        let fits = self.samples + self.held as usize + samples <= limits.max_samples
            && self.bytes + bytes <= limits.max_bytes;
        !self.is_closed && (fits || self.items.is_empty() && (self.held as usize) < limits.batch_samples)
    }

    /// What the worker is to do. What is queued is moved over only when it is due, so that the worker need not
    /// be woken for each series.
    fn next(&mut self, backlog: &mut Backlog, limits: &QueueLimits) -> Decision {
        if self.flush.active.is_none() && self.flush.requested > self.flush.done {
            self.flush.active = Some(self.flush.requested);
            self.move_to(backlog);
        }
        if self.flush.active.is_some() {
            if backlog.is_empty() {
                self.end_flush();
                return Decision::Flushed(std::mem::take(&mut self.waiting));
            }
            return Decision::Now(Next::Taken);
        }
        let oldest = backlog.oldest().or(self.oldest);
        let due = oldest.map(|oldest| oldest + limits.batch_age);
        let makes_a_request = backlog.samples() + self.samples >= limits.batch_samples
            || backlog.bytes() + self.bytes >= limits.batch_bytes;
        if makes_a_request
            || self.is_closed
            || !self.waiting.is_empty()
            || due.is_some_and(|due| due <= Instant::now())
        {
            if backlog.samples() < limits.batch_samples && backlog.bytes() < limits.batch_bytes {
                self.move_to(backlog);
            }
            if !backlog.is_empty() {
                return Decision::Now(Next::Taken);
            }
            if self.is_closed {
                return Decision::Now(Next::End);
            }
        }
        Decision::Wait(due)
    }

    fn move_to(&mut self, backlog: &mut Backlog) {
        backlog.append(&mut self.items, self.oldest.take());
        self.held += self.samples as u64;
        (self.samples, self.bytes) = (0, 0);
    }

    fn end_flush(&mut self) {
        if let Some(number) = self.flush.active.take() {
            self.flush.done = number;
        }
    }
}
