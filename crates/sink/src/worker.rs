//! A shard: one task that takes requests' worth of series from its queue, one request in flight.

use std::ops::ControlFlow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use narthex_client::{Attempts, Observer, Outcome, ServerErrors};
use narthex_model::{Sample, TimeSeries};
use narthex_protocol::snappy::Compressor;
use tokio::time::Instant;

use crate::backlog::Backlog;
use crate::batch::{Batch, CheckRules};
use crate::dead_letters::{Cause, Letters};
use crate::error::SinkError;
use crate::fate::{ByReason, Reason};
use crate::loss_log::Loss;
use crate::options::Checks;
use crate::origin::Origin;
use crate::queue::Next;
use crate::recent::{self, Lost, cut};
use crate::series_table::{Last, SeriesTable};
use crate::settle::{Fate, Halt, Settlement};
use crate::sink::Shared;

/// 5xx in a row after which a request's halves are tried.
pub(crate) const SERVER_ERRORS_BEFORE_HALVING: u32 = 10;

/// The state of one shard's task.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) shard: usize,
    pub(crate) backlog: Backlog,
    pub(crate) batch: Batch,
    table: Option<SeriesTable>,
    rules: CheckRules,
    next_sweep: Instant,
    sweep_every: Duration,
    plain: Vec<u8>,
    compressor: Compressor,
    letters: Letters,
    lost: ByReason,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, shard: usize) -> Self {
        let options = &shared.options;
        let shards = options.shards;
        let table =
            (options.checks == Checks::Full).then(|| SeriesTable::new(options.max_series.div_ceil(shards)));
        let sweep_every = options.series_idle_timeout / SeriesTable::SWEEPS_PER_ROUND;
        Self {
            rules: options.check_rules(),
            table,
            next_sweep: Instant::now() + sweep_every,
            sweep_every,
            backlog: Backlog::default(),
            batch: Batch::default(),
            plain: Vec::new(),
            compressor: Compressor::default(),
            letters: Letters::default(),
            lost: ByReason::default(),
            shared,
            shard,
        }
    }

    /// Runs until the queue is closed and empty, or the sink has failed. A panic fails the sink: else whoever
    /// waits for this shard would wait for ever.
    pub(crate) async fn run(mut self) {
        let shared = self.shared.clone();
        tokio::select! {
            () = shared.failed() => {}
            ended = AssertUnwindSafe(self.work()).catch_unwind() => if let Err(payload) = ended {
                let said = payload.downcast_ref::<String>().map(String::as_str);
                let said = said.or_else(|| payload.downcast_ref::<&str>().copied());
                shared.stop(SinkError::Shard(format!("it panicked: {}", said.unwrap_or("no message"))));
            },
        }
    }

    async fn work(&mut self) {
        let shared = self.shared.clone();
        let queue = &shared.queues[self.shard];
        loop {
            let batch_bytes = shared.limits.request_bytes();
            if queue.fill(&mut self.backlog, batch_bytes).await == Next::End {
                return;
            }
            if self.send_and_settle(batch_bytes).await.is_break() {
                return;
            }
            self.sweep();
        }
    }

    /// Breaks when the sink has stopped.
    async fn send_and_settle(&mut self, batch_bytes: usize) -> ControlFlow<()> {
        let range = self.backlog.next_request(self.shared.options.batch_samples, batch_bytes);
        let now_ms = self.shared.clock.now_ms();
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        let (items, table) = (self.backlog.items(), self.table.as_mut());
        self.batch.prepare(items, range, self.rules, table, now_ms, &mut plain);
        self.plain = plain;
        if self.batch.sent() == 0 {
            self.finish(None, None).await;
            return ControlFlow::Continue(());
        }
        let body = self.pack();
        let mut attempts = Attempts::default();
        let on_5xx = ServerErrors::HandBackAfter(SERVER_ERRORS_BEFORE_HALVING);
        match self.deliver(&body, &mut attempts, on_5xx).await {
            Outcome::Accepted => self.finish(None, None).await,
            outcome => {
                self.batch.make_layout(self.backlog.items());
                let (settlement, halt) = Settlement::resolve(self, outcome, attempts).await;
                self.finish(Some(settlement), halt).await;
            }
        }
        if self.shared.has_failed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Whether a refusal of this request may be about samples that an earlier run has written. Without the
    /// order checks nobody remembers which series have been accepted since.
    pub(crate) fn may_meet_replays(&self) -> bool {
        let groups = &self.batch.groups;
        self.shared.options.is_after_restart
            && self.table.is_some()
            && groups.iter().any(|group| !group.is_late && !group.has_history())
    }

    /// Packs the encoded request.
    fn pack(&mut self) -> Bytes {
        match self.compressor.compress(&self.plain) {
            Ok(packed) => {
                self.shared.metrics.packed(packed.len(), self.batch.sent());
                Bytes::copy_from_slice(packed)
            }
            Err(error) => {
                // Only for more than 4 GiB, which no request reaches.
                tracing::error!("cannot pack a request of {} bytes: {error}", self.plain.len());
                Bytes::new()
            }
        }
    }

    /// Encodes and packs a part of the request.
    pub(crate) fn pack_part(&mut self, part: &[u32]) -> Bytes {
        self.plain.clear();
        self.batch.encode_part(self.backlog.items(), part, &mut self.plain);
        self.pack()
    }

    pub(crate) async fn deliver(
        &self,
        body: &Bytes,
        attempts: &mut Attempts,
        on_5xx: ServerErrors,
    ) -> Outcome {
        let outcome = self.while_answering(self.shared.client.deliver(body, attempts, on_5xx, self)).await;
        use Outcome::{Exhausted, RefusedData, RefusedRequest, TooLarge};
        if matches!(outcome, RefusedData(_) | RefusedRequest(_) | TooLarge(_) | Exhausted(_)) {
            self.shared.metrics.refused();
        }
        outcome
    }

    /// Waits for `what`, and meanwhile tells whoever asks what is unsettled.
    async fn while_answering<T>(&self, what: impl Future<Output = T>) -> T {
        let queue = &self.shared.queues[self.shard];
        tokio::pin!(what);
        loop {
            tokio::select! {
                biased;
                done = &mut what => return done,
                () = queue.asked() => queue.answer_unsettled(&self.backlog),
            }
        }
    }

    /// Counts what became of the request, files dead letters, logs losses and gives the memory back; stops the
    /// sink when it was halted.
    async fn finish(&mut self, settlement: Option<Settlement>, halt: Option<Halt>) {
        let dropped = self.file_dropped();
        let (written, replayed) = match &settlement {
            None => (self.batch.sent() as u64, 0),
            Some(settlement) => self.file_refused(settlement),
        };
        let now_ms = self.shared.clock.now_ms();
        self.note_newest_written(settlement.as_ref(), now_ms);
        if self.lost.total() > 0 {
            self.log_loss(settlement.as_ref());
            self.note_losses(settlement.as_ref(), now_ms);
        }
        // Begun before and awaited after the count: whoever stops the shard in between loses neither.
        let writing = self.start_letters();
        let shared = self.shared.clone();
        let pending = settlement.as_ref().map_or(0, Settlement::pending);
        let settled = dropped + self.batch.sent() as u64 - pending;
        self.backlog.done(&mut self.batch.deferred);
        shared.queues[self.shard].settle(settled, |counts| {
            counts.written += written;
            counts.replayed += replayed;
            counts.lost.merge(&self.lost);
        });
        if let Some(halt) = halt {
            // Before anything is awaited: what is pending is not in the backlog any more, and nobody may be
            // told that nothing is unsettled.
            shared.fail(halt);
        }
        if let Some(writing) = writing
            && let Err(error) = self.while_answering(writing).await
        {
            tracing::error!("the dead-letter writer ended: {error}");
        }
        self.lost.clear();
    }

    fn file_dropped(&mut self) -> u64 {
        for dropped in &self.batch.dropped {
            self.lost.add(dropped.reason, 1);
            if dropped.reason.is_loss() && self.shared.dead_letters.is_some() {
                let labels = &self.backlog.items()[dropped.item as usize].labels;
                let cause = Cause { reason: dropped.reason, status: None, message: "" };
                self.letters.sample(labels, Some(dropped.sample), Some(dropped.sample.timestamp_ms), cause);
            }
        }
        self.batch.dropped.len() as u64
    }

    /// Returns samples written and replayed.
    fn file_refused(&mut self, settlement: &Settlement) -> (u64, u64) {
        let (mut written, mut replayed) = (0, 0);
        for (at, fate) in settlement.fates.iter().enumerate() {
            match *fate {
                Fate::Written => written += 1,
                Fate::Replayed => replayed += 1,
                Fate::Pending => {}
                Fate::Lost { reason, refusal } => {
                    self.lost.add(reason, 1);
                    if self.shared.dead_letters.is_some() {
                        let (status, message) = settlement.words(refusal);
                        let sample = self.batch.samples[at];
                        let cause = Cause { reason, status, message };
                        let labels = self.batch.labels_of(self.backlog.items(), at as u32);
                        self.letters.sample(labels, Some(sample), Some(sample.timestamp_ms), cause);
                    }
                }
            }
        }
        self.restore_table(settlement);
        (written, replayed)
    }

    /// The order checks go by what the receiver has: of a series whose samples were refused, the newest that
    /// was not.
    fn restore_table(&mut self, settlement: &Settlement) {
        let Some(table) = &mut self.table else { return };
        for (at, group) in self.batch.groups.iter().enumerate().filter(|(_, group)| !group.is_late) {
            let range = self.batch.indices(at);
            let is_restored = self.batch.origin != Origin::New;
            let is_after_restart = self.shared.options.is_after_restart;
            let is_lost = |sample: u32| match settlement.fates[sample as usize] {
                Fate::Lost { .. } => true,
                // The receiver holds something newer, nobody knows what.
                Fate::Replayed => is_restored || is_after_restart && !group.has_history(),
                Fate::Written | Fate::Pending => false,
            };
            if !range.clone().any(is_lost) {
                continue;
            }
            let newest = range.rev().find(|&sample| !is_lost(sample)).map(|sample| {
                let sample = self.batch.samples[sample as usize];
                Last { timestamp_ms: sample.timestamp_ms, value_bits: sample.value_bits() }
            });
            let key = self.backlog.items()[group.item as usize].labels.key();
            table.restore(key, newest.unwrap_or(group.before));
        }
    }

    fn note_newest_written(&self, settlement: Option<&Settlement>, now_ms: i64) {
        let newest = match settlement {
            None => self.batch.newest_ms(self.backlog.items()),
            Some(settlement) => {
                let samples = self.batch.samples.iter().zip(&settlement.fates);
                samples
                    .filter(|&(_, &fate)| fate == Fate::Written)
                    .map(|(sample, _)| sample.timestamp_ms)
                    .max()
            }
        };
        if let Some(newest) = newest {
            self.shared.metrics.wrote_up_to(newest, now_ms);
            if self.shared.recent.wants_writes(now_ms) {
                let is_written =
                    |at: usize| settlement.is_none_or(|settlement| settlement.fates[at] == Fate::Written);
                let newest = self.batch.newest_of(self.backlog.items(), recent::step).into_iter();
                let written = newest.filter(|(at, ..)| is_written(*at));
                self.shared.recent.wrote(written.map(|(_, labels, sample)| (labels, sample)));
            }
        }
    }

    /// For whoever watches.
    fn note_losses(&self, settlement: Option<&Settlement>, now_ms: i64) {
        let items = self.backlog.items();
        let fates = settlement.iter().flat_map(|settlement| {
            settlement.fates.iter().enumerate().map(move |(at, fate)| (at, *fate, settlement))
        });
        let refused = fates.filter_map(|(at, fate, settlement)| {
            let Fate::Lost { reason, refusal } = fate else { return None };
            let (status, message) = settlement.words(refusal);
            let (labels, sample) = (self.batch.labels_of(items, at as u32), Some(self.batch.samples[at]));
            Some(Lost { labels, sample, reason, status, message })
        });
        let dropped =
            self.batch.dropped.iter().filter(|dropped| dropped.reason.is_loss()).map(|dropped| Lost {
                labels: &items[dropped.item as usize].labels,
                sample: Some(dropped.sample),
                reason: dropped.reason,
                status: None,
                message: "",
            });
        self.shared.recent.lost(now_ms, refused.chain(dropped));
    }

    fn log_loss(&self, settlement: Option<&Settlement>) {
        let of = self.batch.sent() + self.batch.dropped.len();
        let refused = settlement.and_then(|settlement| {
            settlement.fates.iter().enumerate().find_map(|(at, fate)| match *fate {
                Fate::Lost { reason, refusal } => Some((at as u32, reason, settlement.words(refusal))),
                _ => None,
            })
        });
        let dropped = self.batch.dropped.iter().find(|dropped| dropped.reason.is_loss());
        let (first_reason, labels, status, message) = match (refused, dropped) {
            (Some((at, reason, (status, message))), _) => {
                (reason, self.batch.labels_of(self.backlog.items(), at), status, message)
            }
            (None, Some(d)) => (d.reason, &self.backlog.items()[d.item as usize].labels, None, ""),
            (None, None) => return, // only repetitions of what is there: nothing is lost
        };
        let first_series = cut(labels.to_string());
        self.shared.log.lost(&Loss { lost: &self.lost, of, first_reason, first_series, status, message });
    }

    /// The disk may be slow: not on the runtime's threads.
    fn start_letters(&mut self) -> Option<tokio::task::JoinHandle<()>> {
        let dead_letters = self.shared.dead_letters.as_ref().filter(|_| !self.letters.is_empty())?;
        Some(dead_letters.start_write(std::mem::take(&mut self.letters)))
    }

    fn sweep(&mut self) {
        let Some(table) = &mut self.table else { return };
        let now = Instant::now();
        while self.next_sweep <= now {
            table.sweep_one_segment();
            self.next_sweep += self.sweep_every;
        }
        let (series, bytes) = &self.shared.metrics.tables[self.shard];
        series.store(table.len() as u64, std::sync::atomic::Ordering::Relaxed);
        bytes.store(table.bytes() as u64, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Observer for Worker {
    fn attempted(&self, code: Option<http::StatusCode>, elapsed: Duration, is_retry: bool) {
        self.shared.metrics.attempted(code, elapsed, is_retry);
    }

    fn retrying(&self, cause: &str, wait: Duration, since: Duration) {
        self.shared.log.retrying(&self.shared.url, cause, wait, since);
    }

    fn recovered(&self, since: Duration) {
        if since > Duration::from_secs(1) {
            tracing::info!("the receiver takes requests again after {:.1} s", since.as_secs_f32());
        }
    }
}

/// Files a sample that never came to a request.
pub(crate) fn letter_for(
    series: &TimeSeries,
    value: Option<Sample>,
    timestamp: Option<i64>,
    reason: Reason,
) -> Letters {
    let mut letters = Letters::default();
    letters.sample(&series.labels, value, timestamp, Cause { reason, status: None, message: "" });
    letters
}

/// Files the samples of a series that never came to a request.
pub(crate) fn letters_for(series: &TimeSeries, reason: Reason, message: &str) -> Letters {
    let cause = Cause { reason, status: None, message };
    let mut letters = Letters::default();
    for &sample in &series.samples {
        let sample = Some(sample).filter(|sample| sample.timestamp_ms != i64::MIN);
        letters.sample(&series.labels, sample, sample.map(|sample| sample.timestamp_ms), cause);
    }
    if series.samples.is_empty() {
        letters.sample(&series.labels, None, None, cause);
    }
    letters
}
