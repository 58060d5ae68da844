//! What becomes of a request that the receiver did not simply accept: isolation (B1).
//!
//! A Remote-Write 1.0 receiver keeps nothing of a request that it refuses, so a refused request is halved, in
//! order, until the bad samples stand alone. Three things make it less simple, and each has its own way here:
//!
//! - **An answer got lost** and the repeat is refused. Either the first attempt was stored, and the repeat is
//!   refused because it is old, or it was not, and something in it is bad. Halving would report stored
//!   samples as refused. [`stored`] finds out which.
//! - **The receiver keeps the good part** and refuses all the same (Mimir, Cortex, Thanos). Same question,
//!   same way to the answer, and the receiver is remembered as one that does ([`ReceiverHabit`]).
//! - **5xx for ever because of one sample** (2.42 answers so to a repeated label). After ten in a row the
//!   halves are tried: [`server_errors`].
//!
//! See docs/adr/0003.

mod server_errors;
mod stored;
mod words;

use narthex_client::{Attempts, Exhausted, Outcome, Refusal, ServerErrors, StopCause};

use crate::fate::Reason;
use crate::options::{OnExhausted, OnReject};
use crate::origin::Origin;
use crate::worker::{SERVER_ERRORS_BEFORE_HALVING, Worker};
use server_errors::Aside;

/// Requests beyond 2n that a refused request of n samples may cost.
const SPARE_REQUESTS: usize = 64;
/// Samples up to which the budget grows.
const BUDGETED_SAMPLES: usize = 2_000;

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
        let allowance = 2 * samples.min(BUDGETED_SAMPLES) + SPARE_REQUESTS;
        let is_after_restart = worker.may_meet_replays();
        let mut resolver = Resolver {
            is_after_restart,
            settlement: Settlement { fates: vec![Fate::Pending; samples], refusals: Vec::new() },
            stack: Vec::new(),
            aside: Vec::new(),
            last_written: None,
            doubtful: Vec::new(),
            are_befores_refused: false,
            fruitless: 0,
            requests: 1,
            budget: allowance,
            allowance,
            worker,
        };
        let whole =
            Task { part: (0..samples as u32).collect(), attempts, stored: Stored::Never, once: false };
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

struct Resolver<'a> {
    worker: &'a mut Worker,
    /// The source may have sent again what an earlier run has written, and the request holds series that
    /// nothing was accepted of yet.
    is_after_restart: bool,
    settlement: Settlement,
    /// Parts to be sent, the next one last.
    stack: Vec<Task>,
    /// Samples that got a 5xx alone, until something tells an outage from a sample.
    aside: Vec<Aside>,
    last_written: Option<u32>,
    /// Samples that were sent alone and got no answer that says what became of them.
    doubtful: Vec<u32>,
    /// The receiver does not take again what it took before this request.
    are_befores_refused: bool,
    /// 5xx in the current try of halves since anything was accepted.
    fruitless: usize,
    requests: usize,
    budget: usize,
    /// What the budget was at first.
    allowance: usize,
}

impl Resolver<'_> {
    async fn run(&mut self, outcome: Outcome, whole: Task) -> Result<(), Halt> {
        self.handle(outcome, whole).await?;
        loop {
            if let Some(aside) = self.next_aside() {
                self.resume(aside).await?;
                continue;
            }
            let Some(mut task) = self.stack.pop() else { return Ok(()) };
            if self.requests >= self.budget && !task.once && !self.is_restored() {
                self.give_up(&task);
                continue;
            }
            let most = if task.once { 1 } else { SERVER_ERRORS_BEFORE_HALVING };
            let outcome = self.ask(&task.part, &mut task.attempts, ServerErrors::HandBackAfter(most)).await;
            self.handle(outcome, task).await?;
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
            Outcome::RefusedRequest(refusal) => return self.refused_whole(&task, refusal).await,
            Outcome::ServerErrors(refusal) => return self.server_errors(task, refusal).await,
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
    }

    async fn refused_data(&mut self, task: Task, refusal: Refusal) -> Result<(), Halt> {
        if self.worker.shared.options.on_reject == OnReject::Discard {
            return self.refused_whole(&task, refusal).await;
        }
        let keeps_nothing = self.worker.shared.habit() == ReceiverHabit::KeepsNothing;
        if task.part.len() == 1 {
            self.lose(&task.part, Reason::of_status(refusal.status.as_u16()), refusal);
        } else if self.is_restored()
            || self.is_one_a_series(&task.part)
            || (task.stored == Stored::Never && keeps_nothing)
        {
            self.push_halves(task, false);
        } else {
            return self.resolve_ambiguous(task, refusal).await;
        }
        Ok(())
    }

    /// Refused, and no part of it will be tried.
    async fn refused_whole(&mut self, task: &Task, refusal: Refusal) -> Result<(), Halt> {
        if task.stored == Stored::Perhaps && self.is_held(&task.part).await? {
            self.set(&task.part, Fate::Replayed);
        } else {
            self.lose(&task.part, Reason::of_status(refusal.status.as_u16()), refusal);
        }
        Ok(())
    }

    fn too_large(&mut self, mut task: Task, refusal: Refusal) {
        if task.part.len() == 1 {
            return self.lose(&task.part, Reason::TooLarge, refusal);
        }
        let mut plain = Vec::new();
        self.worker.batch.encode_part(self.worker.backlog.items(), &task.part, &mut plain);
        self.worker.shared.limits.lower_request_bytes(plain.len() / 2);
        // Every level of halves costs a request, and none is lost to the budget for it.
        self.budget += 2;
        // What is too large now was so before: no attempt can have been taken.
        task.stored = Stored::Never;
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
        if !self.is_restored() && task.stored == Stored::Perhaps && !self.is_one_a_series(&task.part) {
            return self.set(&task.part, Fate::Replayed);
        }
        let message =
            format!("{} requests were used up to isolate the refused samples of this request", self.requests);
        self.lose_as(&task.part, Reason::IsolationBudget, (None, message));
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

    fn is_pending(&self, sample: u32) -> bool {
        self.settlement.fates[sample as usize] == Fate::Pending
    }

    fn set(&mut self, part: &[u32], fate: Fate) {
        for &sample in part {
            self.settlement.fates[sample as usize] = fate;
        }
    }

    fn lose(&mut self, part: &[u32], reason: Reason, refusal: Refusal) {
        self.lose_as(part, reason, (Some(refusal.status.as_u16()), refusal.message));
    }

    /// What was restored may have been written before, by the sink whose snapshot it is from: a refusal of such a
    /// sample alone, in words that speak of age, is a repetition. After rescaling it may also have come too late,
    /// and then it is nowhere. What the source sends again after a restart counts as repetition until the first
    /// of its series is accepted.
    fn lose_as(&mut self, part: &[u32], reason: Reason, words: (Option<u16>, String)) {
        let is_for_data = matches!(reason, Reason::BadRequest | Reason::Conflict | Reason::Unprocessable);
        if let &[sample] = part
            && is_for_data
            && words::speak_of_age(words.0, &words.1)
        {
            match self.worker.batch.origin {
                Origin::Restored => return self.set(part, Fate::Replayed),
                Origin::Rescaled => {
                    let refusal = self.note(words);
                    return self.set(part, Fate::Lost { reason: Reason::Overtaken, refusal });
                }
                Origin::New if self.is_after_restart && !self.is_series_proven(sample) => {
                    return self.set(part, Fate::Replayed);
                }
                Origin::New => {}
            }
        }
        let refusal = self.note(words);
        self.set(part, Fate::Lost { reason, refusal });
    }

    /// Whether the receiver has accepted anything of the sample's series from this sink.
    fn is_series_proven(&self, sample: u32) -> bool {
        let batch = &self.worker.batch;
        let group = batch.owner[sample as usize] as usize;
        let is_written = |sample: u32| self.settlement.fates[sample as usize] == Fate::Written;
        batch.groups[group].is_late
            || batch.groups[group].has_history()
            || batch.indices(group).any(is_written)
    }

    /// Of what was restored each refused sample has its fate when it stands alone: nobody need be asked whether
    /// the receiver holds it, and its answers say nothing about the receiver's habits.
    fn is_restored(&self) -> bool {
        self.worker.batch.origin != Origin::New || self.is_after_restart
    }

    fn note(&mut self, words: (Option<u16>, String)) -> u32 {
        self.settlement.refusals.push(words);
        self.settlement.refusals.len() as u32 - 1
    }
}
