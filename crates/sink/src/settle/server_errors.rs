//! 5xx for ever: an outage, or one sample that the receiver cannot take?
//!
//! The halves are tried once each, down to single samples. One that gets a 5xx alone is under suspicion, and
//! stays there until a *touchstone* has spoken: a sample that the receiver holds as its series' newest can be
//! sent again without harm. A receiver that takes the touchstone before, between and after several tries of
//! the suspect is no outage. Anything less, and the sample waits with the rest of the request, as in any
//! outage: a 5xx that passes must not cost a sample.
//!
//! While there is no touchstone, a suspect is set aside together with what follows it in its series, so that
//! order is kept, and the other series go first.

use narthex_client::{Attempts, Outcome, Refusal, ServerErrors};
use narthex_model::Sample;
use narthex_protocol::encode;
use narthex_protocol::snappy::Compressor;

use super::stored::Verdict;
use super::{Halt, Resolver, Stored, Task};
use crate::fate::Reason;
use crate::worker::SERVER_ERRORS_BEFORE_HALVING;

/// 5xx after which a try of halves is broken off when nothing was accepted: it is an outage, not a sample.
const FRUITLESS_HALVES: usize = 24;
/// How often the suspect is tried, with the touchstone in between.
const CONFIRMATIONS: usize = 4;
/// 5xx in a row that make one of these tries.
const TRIES: u32 = 3;

/// A sample under suspicion, and what may not be sent before it is settled.
#[derive(Debug)]
pub(super) struct Aside {
    task: Task,
    refusal: Refusal,
    /// Later samples of the same series.
    rest: Vec<u32>,
}

enum Suspicion {
    Confirmed,
    /// It may be an outage.
    Unfounded,
    Answered(Outcome),
}

impl Resolver<'_> {
    pub(super) async fn server_errors(&mut self, mut task: Task, refusal: Refusal) -> Result<(), Halt> {
        self.fruitless += 1;
        if task.stored == Stored::Perhaps && !self.is_restored() && !self.is_one_a_series(&task.part) {
            // Halves would be refused as old if it was stored: that comes first.
            match self.whether_stored(&mut task).await? {
                Verdict::Stored => return self.resolve_stored(self.by_series(&task.part), refusal).await,
                Verdict::NotStored => task.part.retain(|&sample| self.is_pending(sample)),
                Verdict::Unknown => {
                    task.part.retain(|&sample| self.is_pending(sample));
                    self.wait_out(task);
                    return Ok(());
                }
            }
        }
        match task.part.len() {
            0 => {}
            1 if self.touchstone().is_some() || self.stack.is_empty() => {
                return self.judge(task, refusal).await;
            }
            1 => self.set_aside(task, refusal),
            _ if task.once && self.fruitless > FRUITLESS_HALVES => self.wait_out(task),
            _ => self.push_halves(task, true),
        }
        Ok(())
    }

    /// A suspect that can be judged now.
    pub(super) fn next_aside(&mut self) -> Option<Aside> {
        if self.stack.is_empty() || self.touchstone().is_some() { self.aside.pop() } else { None }
    }

    pub(super) async fn resume(&mut self, aside: Aside) -> Result<(), Halt> {
        let Aside { task, refusal, rest } = aside;
        if !rest.is_empty() {
            self.stack.push(Task { part: rest, attempts: task.attempts.clone(), ..task });
        }
        self.judge(task, refusal).await
    }

    /// Asks for a single sample until there is an answer other than an outage's 5xx. Without a touchstone that
    /// is left open, unless there is nothing else to ask for.
    pub(super) async fn ask_alone(&mut self, sample: u32, is_last: bool) -> Option<Outcome> {
        let attempts = Attempts::default();
        let mut task = Task { part: vec![sample], attempts, stored: Stored::Never, once: false };
        loop {
            let on_5xx = ServerErrors::HandBackAfter(SERVER_ERRORS_BEFORE_HALVING);
            let outcome = self.ask(&task.part, &mut task.attempts, on_5xx).await;
            let Outcome::ServerErrors(refusal) = outcome else { return Some(outcome) };
            if task.attempts.outcome_unknown {
                self.doubtful.push(sample);
            }
            if !is_last && self.probe().await.is_none() {
                return None;
            }
            match self.confirm(&mut task).await {
                Suspicion::Confirmed => return Some(Outcome::ServerErrors(refusal)),
                Suspicion::Unfounded => self.renew_budget(),
                Suspicion::Answered(outcome) => return Some(outcome),
            }
        }
    }

    /// Whether the receiver takes something that it holds already; none when there is nothing to ask it for.
    pub(super) async fn probe(&mut self) -> Option<bool> {
        while let Some((item, sample)) = self.touchstone() {
            match self.ask_again(item, sample).await {
                Outcome::Accepted => return Some(true),
                Outcome::RefusedData(_) | Outcome::RefusedRequest(_) | Outcome::TooLarge(_)
                    if self.last_written.is_none() =>
                {
                    self.are_befores_refused = true;
                }
                _ => return Some(false),
            }
        }
        None
    }

    /// Sends a sample of an item's series that is no part of the request.
    pub(super) async fn ask_again(&mut self, item: u32, sample: Sample) -> Outcome {
        self.requests += 1;
        let mut plain = Vec::new();
        encode::put_series(
            &mut plain,
            &self.worker.backlog.items()[item as usize].labels,
            [sample].into_iter(),
        );
        let mut compressor = Compressor::default();
        // A sample is far from the 4 GiB at which this fails, and an empty request does no harm.
        let body = compressor.compress(&plain).map(bytes::Bytes::copy_from_slice).unwrap_or_default();
        self.worker.shared.metrics.packed(body.len(), 1);
        self.worker.deliver(&body, &mut Attempts::default(), ServerErrors::HandBackAfter(1)).await
    }

    /// An outage costs requests, but the budget is for refusals.
    pub(super) fn renew_budget(&mut self) {
        self.budget = self.requests + self.allowance;
    }

    async fn judge(&mut self, mut task: Task, refusal: Refusal) -> Result<(), Halt> {
        match self.confirm(&mut task).await {
            Suspicion::Confirmed => self.lose(&task.part, Reason::ServerError, refusal),
            Suspicion::Unfounded => self.wait_out(task),
            Suspicion::Answered(outcome) => return Box::pin(self.handle(outcome, task)).await,
        }
        Ok(())
    }

    async fn confirm(&mut self, task: &mut Task) -> Suspicion {
        for _ in 0..CONFIRMATIONS {
            if !self.is_alive().await {
                return Suspicion::Unfounded;
            }
            let mut attempts = Attempts::default();
            let outcome = self.ask(&task.part, &mut attempts, ServerErrors::HandBackAfter(TRIES)).await;
            if attempts.outcome_unknown {
                // It may be stored, and the rest of the request not: what comes later must not take the one for the other.
                task.attempts.outcome_unknown = true;
                task.stored = Stored::Perhaps;
                self.doubtful.extend(&task.part);
            }
            if !matches!(outcome, Outcome::ServerErrors(_)) {
                return Suspicion::Answered(outcome);
            }
        }
        if self.is_alive().await { Suspicion::Confirmed } else { Suspicion::Unfounded }
    }

    /// Whether the receiver takes requests, as far as can be told: without a touchstone, those of other shards.
    async fn is_alive(&mut self) -> bool {
        if let Some(is_alive) = self.probe().await {
            return is_alive;
        }
        let accepted_before = self.worker.shared.metrics.accepted();
        tokio::time::sleep(self.worker.shared.options.retry.max_backoff).await;
        self.worker.shared.metrics.accepted() > accepted_before
    }

    /// An item and a sample of its series that the receiver holds, and nothing newer of that series.
    fn touchstone(&self) -> Option<(u32, Sample)> {
        let batch = &self.worker.batch;
        if let Some(sample) = self.last_written {
            let group = batch.groups[batch.owner[sample as usize] as usize];
            return Some((group.item, batch.samples[sample as usize]));
        }
        if self.are_befores_refused {
            return None;
        }
        let known = batch.groups.iter().filter(|group| group.has_history() && !group.is_late);
        let group = known.max_by_key(|group| group.before.timestamp_ms)?;
        Some((group.item, Sample::from_bits(group.before.value_bits, group.before.timestamp_ms)))
    }

    /// Nothing passes: an outage. What is left is tried as before, patience and all, and in as few requests as
    /// can be: but what may be stored is not mixed with what is not.
    fn wait_out(&mut self, task: Task) {
        let mut waiting = vec![task];
        for Aside { task, rest, .. } in std::mem::take(&mut self.aside) {
            let rest =
                Task { part: rest, attempts: task.attempts.clone(), stored: Stored::Never, once: true };
            waiting.extend([task, rest]);
        }
        while let Some(next) = self.stack.pop_if(|next| next.once) {
            waiting.push(next);
        }
        let mut merged: Vec<Task> = Vec::new();
        for mut next in waiting.into_iter().filter(|next| !next.part.is_empty()) {
            next.once = false;
            match merged.last_mut() {
                Some(last) if (last.stored, next.stored) == (Stored::Never, Stored::Never) => {
                    last.part.extend(next.part);
                    last.part.sort_unstable();
                }
                _ => merged.push(next),
            }
        }
        self.stack.extend(merged.into_iter().rev());
        self.fruitless = 0;
        self.renew_budget();
    }

    fn set_aside(&mut self, task: Task, refusal: Refusal) {
        let owner = &self.worker.batch.owner;
        let series = task.part.first().map(|&sample| owner[sample as usize]);
        let mut rest = Vec::new();
        for other in &mut self.stack {
            rest.extend(other.part.extract_if(.., |sample| Some(owner[*sample as usize]) == series));
        }
        self.stack.retain(|other| !other.part.is_empty());
        rest.sort_unstable();
        self.aside.push(Aside { task, refusal, rest });
    }
}
