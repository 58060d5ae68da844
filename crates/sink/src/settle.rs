//! What becomes of a request that the receiver did not simply accept: isolation (B1).
//!
//! A Remote-Write 1.0 receiver keeps nothing of a request that it refuses, so a refused request is halved, in
//! order, until the bad samples stand alone. Three things make it less simple, and each has its own way here:
//!
//! - **An answer got lost** and the repeat is refused. Either the first attempt was stored, and the repeat is
//!   refused because it is old, or it was not, and something in it is bad. Halving would report stored
//!   samples as refused. [`Resolver::resolve_ambiguous`] finds out which.
//! - **The receiver keeps the good part** and refuses all the same (Mimir, Cortex, Thanos). Same question,
//!   same way to the answer, and the receiver is remembered as one that does ([`ReceiverHabit`]).
//! - **5xx for ever because of one sample** (2.42 answers so to a repeated label). After ten in a row the
//!   halves are tried.
//!
//! The evidence in the first two cases: a request with one sample a series can be repeated without harm and
//! without doubt, for a stored sample that is its series' newest is accepted again. With several, a series
//! whose oldest sample and a later one are both accepted, one after the other, had not been stored; one whose
//! oldest is refused although we know the receiver's newest to be older, had. See docs/adr/0003.

use narthex_client::{Attempts, Exhausted, Outcome, Refusal, ServerErrors, StopCause};

use crate::fate::Reason;
use crate::options::{OnExhausted, OnReject};
use crate::worker::{SERVER_ERRORS_BEFORE_HALVING, Worker};

/// Requests beyond 2n that a refused request of n samples may cost.
const SPARE_REQUESTS: usize = 64;
/// Samples up to which the budget grows.
const BUDGETED_SAMPLES: usize = 2_000;
/// Series asked whether they were stored.
const WITNESSES: usize = 3;
/// Samples of one witness asked at most.
const LONGEST_WALK: usize = 16;
/// 5xx after which a try of halves is broken off when nothing was accepted: it is an outage, not a sample.
const FRUITLESS_HALVES: usize = 24;

/// What became of a sample of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Not settled: the sink has stopped before.
    Pending,
    Written,
    Replayed,
    Lost {
        reason: Reason,
        /// Which of [`Settlement::refusals`].
        refusal: u32,
    },
}

/// Why the shard must stop.
#[derive(Debug)]
pub(crate) enum Halt {
    Stop(StopCause),
    Exhausted(Exhausted),
}

/// Whether a receiver keeps the good part of a request that it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ReceiverHabit {
    Unknown = 0,
    KeepsNothing = 1,
    KeepsGoodPart = 2,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) struct Settlement {
    pub(crate) fates: Vec<Fate>,
    refusals: Vec<(Option<u16>, String)>,
}

impl Settlement {
    /// Settles every sample of the worker's request, or as many as could be before the sink must stop.
    pub(crate) async fn resolve(
        worker: &mut Worker,
        outcome: Outcome,
        attempts: Attempts,
    ) -> (Settlement, Option<Halt>) {
        let samples = worker.batch.samples.len();
        let mut resolver = Resolver {
            settlement: Settlement { fates: vec![Fate::Pending; samples], refusals: Vec::new() },
            stack: Vec::new(),
            suspects: Vec::new(),
            last_written: None,
            fruitless: 0,
            requests: 1,
            budget: 2 * samples.min(BUDGETED_SAMPLES) + SPARE_REQUESTS,
            worker,
        };
        let whole = Task { part: (0..samples as u32).collect(), attempts, stored: Stored::Never, once: false };
        let halt = resolver.run(outcome, whole).await.err();
        (resolver.settlement, halt)
    }

    /// Samples that were not settled.
    pub(crate) fn pending(&self) -> u64 {
        self.fates.iter().filter(|&&fate| fate == Fate::Pending).count() as u64
    }

    /// The receiver's status and words.
    pub(crate) fn words(&self, refusal: u32) -> (Option<u16>, &str) {
        let (status, message) = &self.refusals[refusal as usize];
        (*status, message)
    }
}

/// What is known of a part of a refused request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stored {
    /// No attempt whose outcome is unknown contained it.
    Never,
    /// The receiver may hold it.
    Perhaps,
}

/// A part of the request that waits for its turn.
#[derive(Debug)]
struct Task {
    /// Samples by index, ascending.
    part: Vec<u32>,
    attempts: Attempts,
    stored: Stored,
    /// To be tried once: a part of a request that gets 5xx for ever.
    once: bool,
}

enum Verdict {
    Stored,
    NotStored,
}

enum Walk {
    /// Two samples of the series were accepted one after the other.
    NotStored,
    /// All that were asked were refused.
    Refused,
    Unclear,
}

struct Resolver<'a> {
    worker: &'a mut Worker,
    settlement: Settlement,
    /// Parts to be sent, the next one last.
    stack: Vec<Task>,
    /// Single samples that got a 5xx, until something else is accepted.
    suspects: Vec<(Task, Refusal)>,
    last_written: Option<u32>,
    /// 5xx in the current try of halves since anything was accepted.
    fruitless: usize,
    requests: usize,
    budget: usize,
}

impl Resolver<'_> {
    async fn run(&mut self, outcome: Outcome, whole: Task) -> Result<(), Halt> {
        self.handle(outcome, whole).await?;
        loop {
            while let Some(mut task) = self.stack.pop() {
                if self.requests >= self.budget && !task.once {
                    self.give_up(&task);
                    continue;
                }
                let most = if task.once { 1 } else { SERVER_ERRORS_BEFORE_HALVING };
                let outcome = self.ask(&task.part, &mut task.attempts, ServerErrors::HandBackAfter(most)).await;
                self.handle(outcome, task).await?;
            }
            if self.suspects.is_empty() {
                return Ok(());
            }
            self.judge_suspects().await;
        }
    }

    async fn ask(&mut self, part: &[u32], attempts: &mut Attempts, on_5xx: ServerErrors) -> Outcome {
        self.requests += 1;
        let body = self.worker.pack_part(part);
        self.worker.deliver(&body, attempts, on_5xx).await
    }

    async fn handle(&mut self, outcome: Outcome, mut task: Task) -> Result<(), Halt> {
        if task.attempts.outcome_unknown {
            task.stored = Stored::Perhaps;
        }
        match outcome {
            Outcome::Accepted => self.accepted(&task.part),
            Outcome::RefusedData(refusal) => return self.refused_data(task, refusal).await,
            Outcome::TooLarge(refusal) => self.too_large(task, refusal),
            Outcome::RefusedRequest(refusal) => match task.stored {
                Stored::Never => self.lose(&task.part, Reason::of_status(refusal.status.as_u16()), refusal),
                Stored::Perhaps => self.set(&task.part, Fate::Replayed),
            },
            Outcome::ServerErrors(refusal) => self.server_errors(task, refusal).await,
            Outcome::Exhausted(exhausted) => return self.exhausted(&task.part, exhausted),
            Outcome::Stop(cause) => return Err(Halt::Stop(cause)),
        }
        Ok(())
    }

    // === what an answer means for a part ===

    fn accepted(&mut self, part: &[u32]) {
        self.set(part, Fate::Written);
        self.last_written = part.last().copied();
        self.fruitless = 0;
        for (suspect, refusal) in std::mem::take(&mut self.suspects) {
            self.lose(&suspect.part, Reason::ServerError, refusal);
        }
    }

    async fn refused_data(&mut self, task: Task, refusal: Refusal) -> Result<(), Halt> {
        let shared = &self.worker.shared;
        let is_decidable = self.is_one_a_series(&task.part);
        let reason = Reason::of_status(refusal.status.as_u16());
        if shared.options.on_reject == OnReject::Discard {
            match task.stored {
                Stored::Perhaps if !is_decidable => self.set(&task.part, Fate::Replayed),
                _ => self.lose(&task.part, reason, refusal),
            }
        } else if task.part.len() == 1 {
            self.lose(&task.part, reason, refusal);
        } else if is_decidable
            || (task.stored == Stored::Never && shared.habit() == ReceiverHabit::KeepsNothing)
        {
            self.push_halves(task, false);
        } else {
            return self.resolve_ambiguous(&task, &refusal).await;
        }
        Ok(())
    }

    fn too_large(&mut self, task: Task, refusal: Refusal) {
        if task.part.len() == 1 {
            return self.lose(&task.part, Reason::TooLarge, refusal);
        }
        let mut plain = Vec::new();
        self.worker.batch.encode_part(self.worker.backlog.items(), &task.part, &mut plain);
        self.worker.shared.limits.lower_request_bytes(plain.len() / 2);
        // Every level of halves costs a request, and none is lost to the budget for it.
        self.budget += 2;
        self.push_halves(task, false);
    }

    fn exhausted(&mut self, part: &[u32], exhausted: Exhausted) -> Result<(), Halt> {
        if self.worker.shared.options.on_exhausted == OnExhausted::Fail {
            return Err(Halt::Exhausted(exhausted));
        }
        let refusal = self.note((exhausted.status.map(|status| status.as_u16()), exhausted.to_string()));
        self.set(part, Fate::Lost { reason: Reason::RetriesExhausted, refusal });
        Ok(())
    }

    fn give_up(&mut self, task: &Task) {
        if task.stored == Stored::Perhaps && !self.is_one_a_series(&task.part) {
            return self.set(&task.part, Fate::Replayed);
        }
        let message = format!("{} requests were used up to isolate the refused samples of this request", self.requests);
        let refusal = self.note((None, message));
        self.set(&task.part, Fate::Lost { reason: Reason::IsolationBudget, refusal });
    }

    // === 5xx for ever ===

    async fn server_errors(&mut self, task: Task, refusal: Refusal) {
        self.fruitless += 1;
        if task.part.len() == 1 {
            self.suspects.push((task, refusal));
        } else if task.once && self.fruitless > FRUITLESS_HALVES {
            // Nothing passes: an outage. What is left is tried as before, patience and all.
            let mut whole = task;
            while let Some(next) = self.stack.pop_if(|next| next.once) {
                whole.part.extend(next.part);
            }
            whole.part.extend(self.suspects.drain(..).flat_map(|(suspect, _)| suspect.part));
            whole.part.sort_unstable();
            whole.once = false;
            self.fruitless = 0;
            self.stack.push(whole);
        } else {
            self.push_halves(task, true);
        }
    }

    /// Suspects are left when nothing was accepted after them. A sample that is stored already is sent again:
    /// if the receiver takes it, the suspects are what it cannot take; if not, it is down, and they wait.
    async fn judge_suspects(&mut self) {
        let suspects = std::mem::take(&mut self.suspects);
        let accepted_before = self.worker.shared.metrics.accepted();
        let is_alive = match self.last_written {
            Some(sample) => {
                let outcome = self.ask(&[sample], &mut Attempts::default(), ServerErrors::HandBackAfter(1)).await;
                matches!(outcome, Outcome::Accepted)
            }
            None => {
                tokio::time::sleep(self.worker.shared.options.retry.max_backoff).await;
                self.worker.shared.metrics.accepted() > accepted_before
            }
        };
        for (suspect, refusal) in suspects.into_iter().rev() {
            if is_alive {
                self.lose(&suspect.part, Reason::ServerError, refusal);
            } else {
                self.stack.push(Task { once: false, ..suspect });
            }
        }
    }

    // === stored already, or bad? ===

    async fn resolve_ambiguous(&mut self, task: &Task, refusal: &Refusal) -> Result<(), Halt> {
        let series = self.by_series(&task.part);
        let habit = self.worker.shared.habit();
        let verdict = if task.stored == Stored::Never && habit == ReceiverHabit::KeepsGoodPart {
            Verdict::Stored
        } else {
            self.ask_witnesses(&series, task.stored).await?
        };
        match verdict {
            Verdict::Stored => self.resolve_stored(series, refusal).await,
            Verdict::NotStored => {
                let part: Vec<u32> = task.part.iter().copied().filter(|&sample| self.is_pending(sample)).collect();
                if !part.is_empty() {
                    let attempts = Attempts::default();
                    self.stack.push(Task { part, attempts, stored: Stored::Never, once: false });
                }
                Ok(())
            }
        }
    }

    /// Asks a few series with several samples, oldest sample first, one sample a request.
    async fn ask_witnesses(&mut self, series: &[Vec<u32>], stored: Stored) -> Result<Verdict, Halt> {
        let mut witnesses: Vec<&Vec<u32>> = series.iter().filter(|samples| samples.len() > 1).collect();
        witnesses.sort_by_key(|samples| (!self.has_history(samples), samples.len()));
        witnesses.truncate(WITNESSES);
        let are_certain = witnesses.iter().all(|samples| self.has_history(samples));
        let mut asked: Vec<(u32, Refusal)> = Vec::new();
        let mut refused = 0;
        for (at, samples) in witnesses.iter().enumerate() {
            // A series with a past speaks with its first sample; the first such is heard to the end, in case
            // all its older samples are bad for one and the same reason.
            let is_brief = self.has_history(samples) && at > 0;
            let most = if is_brief { 1 } else { (samples.len() - 1).min(LONGEST_WALK) };
            match self.walk(samples, most, &mut asked).await? {
                Walk::NotStored => {
                    self.worker.shared.learn(ReceiverHabit::KeepsNothing);
                    self.lose_asked(asked);
                    return Ok(Verdict::NotStored);
                }
                Walk::Refused => refused += 1,
                Walk::Unclear => {}
            }
        }
        if refused == 0 {
            self.lose_asked(asked);
            return Ok(Verdict::NotStored);
        }
        if stored == Stored::Never && are_certain {
            self.worker.shared.learn(ReceiverHabit::KeepsGoodPart);
        }
        Ok(Verdict::Stored)
    }

    async fn walk(&mut self, samples: &[u32], most: usize, asked: &mut Vec<(u32, Refusal)>) -> Result<Walk, Halt> {
        let mut accepted = 0;
        for (at, &sample) in samples.iter().enumerate() {
            if accepted == 0 && at == most {
                return Ok(Walk::Refused);
            }
            let outcome = self.ask(&[sample], &mut Attempts::default(), ServerErrors::Retry).await;
            match outcome {
                Outcome::Accepted => {
                    self.accepted(&[sample]);
                    accepted += 1;
                    if accepted == 2 {
                        return Ok(Walk::NotStored);
                    }
                }
                Outcome::RefusedData(refusal) | Outcome::RefusedRequest(refusal) | Outcome::TooLarge(refusal) => {
                    if accepted > 0 {
                        // Refused although it is newer than what was just accepted: bad, whatever was before.
                        self.lose(&[sample], Reason::of_status(refusal.status.as_u16()), refusal);
                        return Ok(Walk::Unclear);
                    }
                    asked.push((sample, refusal));
                }
                Outcome::ServerErrors(_) => return Ok(Walk::Unclear),
                Outcome::Exhausted(exhausted) => {
                    self.exhausted(&[sample], exhausted)?;
                    return Ok(Walk::Unclear);
                }
                Outcome::Stop(cause) => return Err(Halt::Stop(cause)),
            }
        }
        Ok(Walk::Unclear)
    }

    /// The good part is stored. Of each series the newest sample is sent again: accepted, it is stored, and
    /// so may be all before it; refused, it is bad, and the next older one is asked.
    async fn resolve_stored(&mut self, mut series: Vec<Vec<u32>>, refusal: &Refusal) -> Result<(), Halt> {
        loop {
            for samples in &mut series {
                samples.retain(|&sample| self.is_pending(sample));
            }
            series.retain(|samples| !samples.is_empty());
            let mut layer: Vec<u32> = series.iter().filter_map(|samples| samples.last().copied()).collect();
            if layer.is_empty() {
                return Ok(());
            }
            layer.sort_unstable();
            self.settle_layer(layer, refusal).await?;
            for samples in &series {
                let is_written = |&sample: &u32| self.settlement.fates[sample as usize] == Fate::Written;
                if samples.last().is_some_and(is_written) {
                    let older: Vec<u32> = samples.iter().copied().filter(|&sample| self.is_pending(sample)).collect();
                    self.set(&older, Fate::Replayed);
                }
            }
        }
    }

    /// Settles a part with one sample a series, which may be repeated without harm.
    async fn settle_layer(&mut self, layer: Vec<u32>, refusal: &Refusal) -> Result<(), Halt> {
        let mut parts = vec![layer];
        while let Some(mut part) = parts.pop() {
            if self.requests >= self.budget {
                self.set(&part, Fate::Replayed);
                continue;
            }
            match self.ask(&part, &mut Attempts::default(), ServerErrors::Retry).await {
                Outcome::Accepted => self.accepted(&part),
                Outcome::RefusedData(refusal) if part.len() == 1 => {
                    self.lose(&part, Reason::of_status(refusal.status.as_u16()), refusal);
                }
                Outcome::RefusedData(_) | Outcome::TooLarge(_) if part.len() > 1 => {
                    let second = part.split_off(part.len() / 2);
                    parts.extend([second, part]);
                }
                Outcome::RefusedRequest(refusal) | Outcome::TooLarge(refusal) | Outcome::RefusedData(refusal) => {
                    self.lose(&part, Reason::of_status(refusal.status.as_u16()), refusal);
                }
                Outcome::ServerErrors(_) => self.lose(&part, Reason::ServerError, refusal.clone()),
                Outcome::Exhausted(exhausted) => self.exhausted(&part, exhausted)?,
                Outcome::Stop(cause) => return Err(Halt::Stop(cause)),
            }
        }
        Ok(())
    }

    // === small things ===

    fn push_halves(&mut self, task: Task, once: bool) {
        let mut first = task.part;
        let second = first.split_off(first.len() / 2);
        // Parts that are tried once go on with the patience of the whole; refused parts begin anew.
        let attempts = if once { task.attempts } else { Attempts::default() };
        for part in [second, first] {
            self.stack.push(Task { part, attempts: attempts.clone(), stored: task.stored, once });
        }
    }

    fn by_series(&self, part: &[u32]) -> Vec<Vec<u32>> {
        let owner = &self.worker.batch.owner;
        part.chunk_by(|&a, &b| owner[a as usize] == owner[b as usize]).map(<[u32]>::to_vec).collect()
    }

    fn is_one_a_series(&self, part: &[u32]) -> bool {
        let owner = &self.worker.batch.owner;
        part.array_windows().all(|&[a, b]| owner[a as usize] != owner[b as usize])
    }

    fn has_history(&self, samples: &[u32]) -> bool {
        let batch = &self.worker.batch;
        samples.first().is_some_and(|&sample| batch.groups[batch.owner[sample as usize] as usize].has_history())
    }

    fn is_pending(&self, sample: u32) -> bool {
        self.settlement.fates[sample as usize] == Fate::Pending
    }

    fn set(&mut self, part: &[u32], fate: Fate) {
        for &sample in part {
            self.settlement.fates[sample as usize] = fate;
        }
    }

    fn lose(&mut self, part: &[u32], reason: Reason, refusal: Refusal) {
        let refusal = self.note((Some(refusal.status.as_u16()), refusal.message));
        self.set(part, Fate::Lost { reason, refusal });
    }

    fn lose_asked(&mut self, asked: Vec<(u32, Refusal)>) {
        for (sample, refusal) in asked {
            self.lose(&[sample], Reason::of_status(refusal.status.as_u16()), refusal);
        }
    }

    fn note(&mut self, words: (Option<u16>, String)) -> u32 {
        self.settlement.refusals.push(words);
        self.settlement.refusals.len() as u32 - 1
    }
}
