//! Stored already, or bad? A refusal after an attempt whose outcome is unknown, or from a receiver that may
//! keep the good part of what it refuses.
//!
//! What counts as evidence: a receiver takes a series' newest sample again, as a repetition, and refuses any
//! older one. So the last sample that it took *before* this request is asked for once more. Taken, nothing
//! newer of its series is there, and the request was not stored; refused, something newer is, and it was.
//! That holds while the sample is within the receiver's reach: it refuses what lies an hour behind its head
//! whatever the series holds. Out of reach, and without a past (checks off), the request's own samples are
//! asked one by one, oldest first: two that are taken one after the other had not been stored.

use std::cmp::Reverse;

use narthex_client::{Attempts, Outcome, Refusal, ServerErrors};
use narthex_model::Sample;

use super::{Fate, Halt, ReceiverHabit, Resolver, Stored, Task};
use crate::fate::Reason;
use crate::worker::SERVER_ERRORS_BEFORE_HALVING;

/// Series asked whether they were stored.
const WITNESSES: usize = 3;
/// Samples of one witness asked at most.
const LONGEST_WALK: usize = 16;
/// How far behind its newest sample a receiver takes others at least: half of a head block of Prometheus.
const REACH_MS: i64 = 3_600_000;

/// Whether the receiver holds what is in question.
pub(super) enum Verdict {
    Stored,
    NotStored,
    Unknown,
}

enum Testimony {
    /// The receiver holds something of the request.
    Stored {
        is_certain: bool,
    },
    /// It holds nothing of it.
    NotStored,
    Unclear,
}

/// A series' last sample before the request.
#[derive(Debug, Clone, Copy)]
struct Before {
    item: u32,
    sample: Sample,
    is_in_reach: bool,
}

impl Resolver<'_> {
    pub(super) async fn resolve_ambiguous(&mut self, mut task: Task, refusal: Refusal) -> Result<(), Halt> {
        let verdict = self.whether_stored(&mut task).await?;
        if matches!(verdict, Verdict::Stored) {
            return self.resolve_stored(self.by_series(&task.part), refusal).await;
        }
        // What was refused is still there, unless a witness was.
        let is_bad = matches!(verdict, Verdict::NotStored) && !self.is_any_lost(&task.part);
        task.part.retain(|&sample| self.is_pending(sample));
        match task.part.len() {
            0 => {}
            2.. if is_bad => self.push_halves(task, false),
            _ => self.stack.push(Task { attempts: Attempts::default(), once: false, ..task }),
        }
        Ok(())
    }

    /// Asks witnesses among the series of a part. When it turns out not to be stored, the doubt is taken from
    /// the task.
    pub(super) async fn whether_stored(&mut self, task: &mut Task) -> Result<Verdict, Halt> {
        let verdict = self.ask_witnesses(&self.by_series(&task.part), task.stored).await?;
        if matches!(verdict, Verdict::NotStored) {
            task.stored = Stored::Never;
            task.attempts.outcome_unknown = false;
        }
        Ok(verdict)
    }

    /// Whether the receiver holds a part, as far as the samples before it tell; when they do not, it may.
    pub(super) async fn is_held(&mut self, part: &[u32]) -> Result<bool, Halt> {
        let series = self.by_series(part);
        let mut befores: Vec<Before> = series.iter().filter_map(|samples| self.before(samples)).collect();
        befores.sort_by_key(|before| Reverse(before.sample.timestamp_ms));
        for before in befores.into_iter().filter(|before| before.is_in_reach).take(WITNESSES) {
            match self.ask_again(before.item, before.sample).await {
                Outcome::Accepted => return Ok(false),
                Outcome::Stop(cause) => return Err(Halt::Stop(cause)),
                _ => {}
            }
        }
        Ok(true)
    }

    async fn ask_witnesses(&mut self, series: &[Vec<u32>], stored: Stored) -> Result<Verdict, Halt> {
        let mut witnesses: Vec<&Vec<u32>> = series.iter().filter(|samples| samples.len() > 1).collect();
        // The freshest past first, for it is surely within reach; without one the longest, for it says most.
        witnesses.sort_by_key(|samples| {
            (Reverse(self.before(samples).map(|before| before.sample.timestamp_ms)), Reverse(samples.len()))
        });
        let is_known = stored == Stored::Never && self.worker.shared.habit() == ReceiverHabit::KeepsGoodPart;
        witnesses.truncate(if is_known { 1 } else { WITNESSES });
        let mut refused: Vec<(u32, Refusal)> = Vec::new();
        let (mut verdict, mut is_certain) = (Verdict::Unknown, true);
        for samples in witnesses {
            match self.hear(samples, &mut refused).await? {
                Testimony::NotStored => {
                    self.worker.shared.learn(ReceiverHabit::KeepsNothing);
                    verdict = Verdict::NotStored;
                    break;
                }
                Testimony::Stored { is_certain: this } => {
                    verdict = Verdict::Stored;
                    is_certain &= this;
                }
                Testimony::Unclear => is_certain = false,
            }
        }
        match verdict {
            Verdict::NotStored => {
                for (sample, refusal) in refused {
                    self.lose(&[sample], Reason::of_status(refusal.status.as_u16()), refusal);
                }
            }
            Verdict::Stored if is_certain && stored == Stored::Never => {
                self.worker.shared.learn(ReceiverHabit::KeepsGoodPart);
            }
            _ => {}
        }
        Ok(verdict)
    }

    /// Asks one series: its sample before the request, then its samples in the request, oldest first.
    /// `refused` takes those that were refused while that may mean either thing.
    async fn hear(&mut self, samples: &[u32], refused: &mut Vec<(u32, Refusal)>) -> Result<Testimony, Halt> {
        let mut accepted = 0;
        if let Some(before) = self.before(samples) {
            match self.ask_again(before.item, before.sample).await {
                Outcome::Accepted => accepted = 1,
                Outcome::RefusedData(_) if before.is_in_reach => {
                    return Ok(Testimony::Stored { is_certain: true });
                }
                Outcome::RefusedData(_) => {}
                Outcome::Stop(cause) => return Err(Halt::Stop(cause)),
                _ => return Ok(Testimony::Unclear),
            }
        }
        for (at, &sample) in samples.iter().enumerate() {
            // The newest is taken either way: it says nothing by itself.
            if accepted == 0 && at == (samples.len() - 1).min(LONGEST_WALK) {
                return Ok(Testimony::Stored { is_certain: false });
            }
            if at == 2 * LONGEST_WALK {
                break;
            }
            let Some(outcome) = self.ask_alone(sample, false).await else { return Ok(Testimony::Unclear) };
            match outcome {
                Outcome::Accepted => {
                    self.accepted(&[sample]);
                    accepted += 1;
                    if accepted == 2 {
                        return Ok(Testimony::NotStored);
                    }
                }
                Outcome::RefusedData(refusal)
                | Outcome::RefusedRequest(refusal)
                | Outcome::TooLarge(refusal) => {
                    if accepted > 0 {
                        // Refused although it is newer than what was just accepted: bad, whatever was before.
                        self.lose(&[sample], Reason::of_status(refusal.status.as_u16()), refusal);
                    } else {
                        refused.push((sample, refusal));
                    }
                }
                Outcome::ServerErrors(refusal) => self.lose(&[sample], Reason::ServerError, refusal),
                Outcome::Exhausted(exhausted) => {
                    self.exhausted(&[sample], exhausted)?;
                    return Ok(Testimony::Unclear);
                }
                Outcome::Stop(cause) => return Err(Halt::Stop(cause)),
            }
        }
        Ok(Testimony::Unclear)
    }

    /// The good part is stored. Of each series the newest sample is sent again: accepted, it is stored, and
    /// so may be all before it; refused, it is bad, and the next older one is asked.
    pub(super) async fn resolve_stored(
        &mut self,
        mut series: Vec<Vec<u32>>,
        refusal: Refusal,
    ) -> Result<(), Halt> {
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
            self.settle_layer(layer, &refusal).await?;
            for samples in &series {
                let fate = |&sample: &u32| self.settlement.fates[sample as usize];
                // Only a refusal says that the newest is not there, and that an older one may be asked for.
                let is_refused = |fate| match fate {
                    Fate::Lost { reason, .. } => {
                        !matches!(reason, Reason::ServerError | Reason::RetriesExhausted)
                    }
                    _ => false,
                };
                if !samples.last().map(fate).is_some_and(is_refused) {
                    let older: Vec<u32> =
                        samples.iter().copied().filter(|&sample| self.is_pending(sample)).collect();
                    self.set(&older, Fate::Replayed);
                }
            }
        }
    }

    /// Settles a part with one sample a series, which may be repeated without harm.
    async fn settle_layer(&mut self, layer: Vec<u32>, refusal: &Refusal) -> Result<(), Halt> {
        let mut parts = vec![(layer, Attempts::default())];
        while let Some((mut part, mut attempts)) = parts.pop() {
            if self.requests >= self.budget {
                self.set(&part, Fate::Replayed);
                continue;
            }
            let on_5xx = ServerErrors::HandBackAfter(SERVER_ERRORS_BEFORE_HALVING);
            let outcome = match part[..] {
                [sample] => match self.ask_alone(sample, parts.is_empty()).await {
                    Some(outcome) => outcome,
                    None => {
                        parts.insert(0, (part, attempts)); // after the others, of which one may be taken
                        continue;
                    }
                },
                _ => self.ask(&part, &mut attempts, on_5xx).await,
            };
            let is_divisible = part.len() > 1;
            match outcome {
                Outcome::Accepted => self.accepted(&part),
                Outcome::ServerErrors(_) if is_divisible && self.probe().await == Some(false) => {
                    self.renew_budget();
                    parts.push((part, attempts));
                }
                Outcome::RefusedData(_) | Outcome::TooLarge(_) | Outcome::ServerErrors(_) if is_divisible => {
                    let second = part.split_off(part.len() / 2);
                    parts.extend([second, part].map(|half| (half, Attempts::default())));
                }
                Outcome::RefusedRequest(refusal)
                | Outcome::TooLarge(refusal)
                | Outcome::RefusedData(refusal) => {
                    self.lose(&part, Reason::of_status(refusal.status.as_u16()), refusal);
                }
                Outcome::ServerErrors(_) => self.lose(&part, Reason::ServerError, refusal.clone()),
                Outcome::Exhausted(exhausted) => self.exhausted(&part, exhausted)?,
                Outcome::Stop(cause) => return Err(Halt::Stop(cause)),
            }
        }
        Ok(())
    }

    /// The sample of the series that the receiver holds and that comes before these; none for one without a
    /// past.
    fn before(&self, samples: &[u32]) -> Option<Before> {
        let first = *samples.first()?;
        let batch = &self.worker.batch;
        let owner = batch.owner[first as usize];
        let group = batch.groups[owner as usize];
        if group.is_late {
            return None;
        }
        let earlier = (0..first).rev().take_while(|&sample| batch.owner[sample as usize] == owner);
        if samples.iter().any(|sample| self.doubtful.contains(sample)) {
            return None; // it may be refused because of that one
        }
        let is_held =
            |sample: &u32| matches!(self.settlement.fates[*sample as usize], Fate::Written | Fate::Replayed);
        let sample = match earlier.filter(is_held).map(|sample| batch.samples[sample as usize]).next() {
            Some(sample) => sample,
            None if group.has_history() => {
                Sample::from_bits(group.before.value_bits, group.before.timestamp_ms)
            }
            None => return None,
        };
        let is_in_reach = sample.timestamp_ms >= self.newest_written().saturating_sub(REACH_MS);
        Some(Before { item: group.item, sample, is_in_reach })
    }

    fn is_any_lost(&self, part: &[u32]) -> bool {
        part.iter().any(|&sample| matches!(self.settlement.fates[sample as usize], Fate::Lost { .. }))
    }

    fn newest_written(&self) -> i64 {
        let fates = self.settlement.fates.iter().zip(&self.worker.batch.samples);
        let here =
            fates.filter(|(fate, _)| **fate == Fate::Written).map(|(_, sample)| sample.timestamp_ms).max();
        self.worker.shared.metrics.newest_written_ms().max(here.unwrap_or(i64::MIN))
    }
}
