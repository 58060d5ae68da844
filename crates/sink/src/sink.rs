//! The sink's handle, and what its shards share.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use std::vec::Drain;

use futures_util::{Stream, StreamExt};
use narthex_client::Client;
use narthex_model::{Clock, Labels, Sample, TimeSeries};
use prometheus_client::collector::Collector;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::builder::PrometheusSinkBuilder;
use crate::dead_letters::DeadLetters;
use crate::error::{CloseError, SinkError};
use crate::fate::{Ledger, Reason};
use crate::loss_log::LossLog;
use crate::metrics::{RequestMetrics, SinkMetrics};
use crate::options::Options;
use crate::queue::{Queue, QueueLimits};
use crate::recent::{Lost, Recent};
use crate::settle::{Halt, ReceiverHabit};
use crate::worker::{Worker, letter_for, letters_for};

/// Writes time series to a Remote-Write receiver.
///
/// Samples of one series are written in the order in which they were sent; see the crate's page for the
/// contracts. Dropping the sink without [`Self::close`] ends its shards; what was not settled is lost to this
/// process, and a WARN says how much.
#[derive(Debug)]
pub struct PrometheusSink {
    sender: SeriesSender,
    shared: Arc<Shared>,
    shards: Vec<JoinHandle<()>>,
    /// What `futures::Sink` has taken and no queue had room for.
    stashed: VecDeque<TimeSeries>,
}

/// Hands series to a sink. Clones share the sink; several may send at once, and order is kept for each series
/// that only one of them sends.
#[derive(Debug, Clone)]
pub struct SeriesSender(Arc<Shared>);

/// What handle and shards share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) client: Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) queues: Vec<Queue>,
    pub(crate) metrics: RequestMetrics,
    pub(crate) log: LossLog,
    pub(crate) recent: Recent,
    pub(crate) limits: ReceiverLimits,
    pub(crate) dead_letters: Option<DeadLetters>,
    habit: AtomicU8,
    pub(crate) url: String,
    failure: OnceLock<SinkError>,
    has_failed: Notify,
}

/// Most samples in the queue of a shard.
fn most_queued(options: &Options) -> usize {
    options.max_buffered.map_or(4 * options.batch_samples, |max| max / options.shards)
}

/// What the receiver was found to take.
#[derive(Debug)]
pub(crate) struct ReceiverLimits {
    request_bytes: AtomicUsize,
}

impl ReceiverLimits {
    /// Most encoded bytes of a request: lowered by each 413.
    pub(crate) fn request_bytes(&self) -> usize {
        self.request_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn lower_request_bytes(&self, bytes: usize) {
        let before = self.request_bytes.fetch_min(bytes, Ordering::Relaxed);
        if bytes < before {
            tracing::info!(
                "the receiver finds requests too large: from now on at most {bytes} encoded bytes each"
            );
        }
    }
}

impl PrometheusSink {
    /// Begins to configure a sink that writes to `url`.
    pub fn builder(url: impl Into<String>) -> PrometheusSinkBuilder {
        PrometheusSinkBuilder::new(url)
    }

    pub(crate) fn start(
        options: Options,
        client: Client,
        clock: Arc<dyn Clock>,
        dead_letters: Option<DeadLetters>,
        url: String,
        runtime: &Handle,
    ) -> Self {
        let limits = QueueLimits {
            batch_samples: options.batch_samples,
            batch_bytes: options.batch_bytes,
            batch_age: options.batch_age,
            max_samples: most_queued(&options),
            max_bytes: 4 * options.batch_bytes,
        };
        let shards = options.shards;
        let shared = Arc::new(Shared {
            client,
            clock,
            queues: (0..shards).map(|_| Queue::new(limits)).collect(),
            metrics: RequestMetrics::new(shards),
            log: LossLog::default(),
            recent: Recent::default(),
            limits: ReceiverLimits { request_bytes: AtomicUsize::new(options.batch_bytes) },
            dead_letters,
            habit: AtomicU8::new(ReceiverHabit::Unknown as u8),
            url,
            failure: OnceLock::new(),
            has_failed: Notify::new(),
            options,
        });
        let shards =
            (0..shards).map(|shard| runtime.spawn(Worker::new(shared.clone(), shard).run())).collect();
        Self { sender: SeriesSender(shared.clone()), shared, shards, stashed: VecDeque::new() }
    }

    /// A handle that sends to this sink, for another task or thread.
    pub fn sender(&self) -> SeriesSender {
        self.sender.clone()
    }

    /// Hands a series over, waiting while its shard's queue is full.
    ///
    /// # Errors
    /// When the sink has stopped; the series is then not taken.
    pub async fn send(&self, series: TimeSeries) -> Result<(), SinkError> {
        self.sender.send(series).await
    }

    /// Hands over every series of a stream, in order.
    ///
    /// # Errors
    /// When the sink has stopped.
    pub async fn send_all(
        &self,
        mut series: impl Stream<Item = TimeSeries> + Unpin,
    ) -> Result<(), SinkError> {
        while let Some(series) = series.next().await {
            self.send(series).await?;
        }
        Ok(())
    }

    /// Waits until everything sent before is settled.
    ///
    /// # Errors
    /// When the sink has stopped.
    pub async fn flush(&self) -> Result<(), SinkError> {
        let asked: Vec<_> = self.shared.queues.iter().map(|queue| (queue, queue.request_flush())).collect();
        for (queue, number) in asked {
            poll_fn(|context| {
                let is_flushed = queue.is_flushed(number, context);
                self.shared.check()?;
                if is_flushed { Poll::Ready(Ok(())) } else { Poll::Pending }
            })
            .await?;
        }
        Ok(())
    }

    /// Sends what is left, however long the receiver takes, and returns the final ledger.
    ///
    /// # Errors
    /// When the sink has stopped before everything was settled; the ledger says what is pending.
    pub async fn close(self) -> Result<Ledger, CloseError> {
        self.close_within(None).await
    }

    /// As [`Self::close`], but gives up after `limit`.
    ///
    /// # Errors
    /// When the sink has stopped or the time is over before everything was settled.
    pub async fn close_within(mut self, limit: impl Into<Option<Duration>>) -> Result<Ledger, CloseError> {
        let mut shards = std::mem::take(&mut self.shards);
        let stashed = std::mem::take(&mut self.stashed);
        let limit = limit.into();
        let all = async {
            for series in stashed {
                self.send(series).await?;
            }
            self.shared.queues.iter().for_each(Queue::close);
            // One that has ended must not be awaited again, should the time run out before the others.
            while let Some(shard) = shards.last_mut() {
                let ended = shard.await;
                shards.pop();
                ended.map_err(|error| SinkError::Shard(error.to_string()))?;
            }
            self.shared.failure.get().map_or(Ok(()), |error| Err(error.clone()))
        };
        let ended = match limit {
            None => Some(all.await),
            Some(limit) => tokio::time::timeout(limit, all).await.ok(),
        };
        if ended.is_none() {
            self.shared.queues.iter().for_each(Queue::close);
            shards.iter().for_each(JoinHandle::abort);
            for shard in shards {
                let _ = shard.await; // cancelled, as asked
            }
        }
        if let Some(dead_letters) = &self.shared.dead_letters {
            dead_letters.drain().await;
        }
        self.shared.log.finish();
        let ledger = self.ledger();
        let timed_out = SinkError::DrainTimeout {
            seconds: limit.unwrap_or_default().as_secs_f64(),
            pending: ledger.pending,
        };
        match ended.unwrap_or(Err(timed_out)) {
            Ok(()) => Ok(ledger),
            Err(error) => Err(CloseError { error, ledger: Box::new(ledger) }),
        }
    }

    /// Ends the shards at once. What was not settled is lost to this process, as its owner knows.
    pub fn abort(mut self) {
        std::mem::take(&mut self.shards).iter().for_each(JoinHandle::abort);
    }

    /// What has become of every sample so far.
    pub fn ledger(&self) -> Ledger {
        self.shared.ledger().0
    }

    /// All series that are not settled: queued, or in a request under way. Those of a series are in order.
    /// The answer takes milliseconds also while the receiver is away. Nothing is taken out.
    ///
    /// # Errors
    /// When the sink has stopped.
    pub async fn unsettled(&self) -> Result<Vec<TimeSeries>, SinkError> {
        let asked: Vec<_> = self.shared.queues.iter().map(Queue::ask_unsettled).collect();
        let mut unsettled = Vec::new();
        for shard in asked {
            tokio::select! {
                series = shard => unsettled.extend(series.map_err(|_| SinkError::Closed)?),
                () = self.shared.failed() => self.shared.check()?,
            }
        }
        // A shard that was halted half-way answers without what it leaves pending.
        self.shared.check()?;
        Ok(unsettled)
    }

    /// Why the sink has stopped, if it has.
    pub fn failure(&self) -> Option<SinkError> {
        self.shared.failure.get().cloned()
    }

    /// Resolves when the sink has stopped by a failure.
    pub fn failed(&self) -> impl Future<Output = ()> + Send + 'static {
        let shared = self.shared.clone();
        async move { shared.failed().await }
    }

    /// The sink's numbers for a `prometheus_client` registry.
    pub fn collector(&self) -> Box<dyn Collector> {
        let metrics = SinkMetrics::default();
        metrics.add(self, &[]);
        Box::new(metrics)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// A reader of the ledger that may outlive this handle.
    pub fn ledger_reader(&self) -> impl Fn() -> Ledger + Send + Sync + 'static {
        let shared = self.shared.clone();
        move || shared.ledger().0
    }
}

impl Shared {
    /// Most samples in all queues.
    pub(crate) fn queued_limit(&self) -> u64 {
        (most_queued(&self.options) * self.options.shards) as u64
    }
}

impl SeriesSender {
    /// Hands a series over, waiting while its shard's queue is full.
    ///
    /// # Errors
    /// When the sink has stopped; the series is then not taken.
    pub async fn send(&self, series: TimeSeries) -> Result<(), SinkError> {
        let queue = self.0.queue_of(&series.labels);
        self.0.check()?;
        let mut waiting = match queue.try_push(series, None) {
            Ok(()) => return Ok(()),
            Err(series) => Some(series),
        };
        poll_fn(|context| {
            let Some(series) = waiting.take() else { return Poll::Ready(Ok(())) };
            if let Err(series) = queue.try_push(series, Some(context)) {
                waiting = Some(series);
                // After the waker is in place: whoever fails or closes from here on wakes it.
                self.0.check()?;
                if queue.is_closed() {
                    return Poll::Ready(Err(SinkError::Closed));
                }
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    /// Hands a series over if there is room, without waiting.
    ///
    /// # Errors
    /// The series comes back when its shard's queue is full or the sink has stopped.
    #[inline]
    pub fn try_send(&self, series: TimeSeries) -> Result<(), TimeSeries> {
        if self.0.has_failed() {
            return Err(series);
        }
        self.0.queue_of(&series.labels).try_push(series, None)
    }

    /// Hands over series in order, without waiting, until one has no room: that one and what follows it are left.
    /// Costs less than one by one where several come for the same shard in a row.
    #[inline]
    pub fn try_send_all(&self, series: &mut Drain<'_, TimeSeries>) {
        let mut before = usize::MAX;
        while let Some(next) = series.as_slice().first()
            && series.len() < before
            && !self.0.has_failed()
        {
            before = series.len();
            let shard = self.0.shard_of(&next.labels);
            let is_mine = |series: &TimeSeries| self.0.shard_of(&series.labels) == shard;
            self.0.queues[shard].try_push_all(series, is_mine);
        }
    }

    /// Hands a series over without waiting, also when its shard's queue is full: for a caller that must not
    /// wait and bounds by itself how often.
    ///
    /// # Errors
    /// When the sink has stopped; the series is then not taken.
    pub fn send_over(&self, series: TimeSeries) -> Result<(), SinkError> {
        self.0.check()?;
        self.0.queue_of(&series.labels).push_over(series).map_err(|_| SinkError::Closed)
    }

    /// Counts a sample that cannot be sent (no timestamp, null) as received and dropped, with a dead letter.
    pub async fn discard(
        &self,
        labels: Labels,
        value: Option<Sample>,
        timestamp: Option<i64>,
        reason: Reason,
    ) {
        let queue = self.0.queue_of(&labels);
        queue.count(|counts| {
            counts.received += 1;
            counts.lost.add(reason, 1);
        });
        let sample = value.zip(timestamp).map(|(sample, _)| sample);
        let lost = Lost { labels: &labels, sample, reason, status: None, message: "" };
        self.0.recent.lost(self.0.clock.now_ms(), std::iter::once(lost));
        let Some(dead_letters) = self.0.dead_letters.clone() else { return };
        let series = TimeSeries { labels, samples: Default::default() };
        let letters = letter_for(&series, value, timestamp, reason);
        // The writer never panics; were it cancelled, the runtime is going down.
        let _ = dead_letters.start_write(letters).await;
    }

    /// Counts the samples of a series that cannot be sent as received and dropped, with dead letters that hold
    /// the message. A series without samples counts as one sample. A sample at `i64::MIN` is one of which nothing
    /// is known: its letter has no value and no time.
    pub async fn discard_series(&self, series: &TimeSeries, reason: Reason, message: &str) {
        let samples = series.samples.len().max(1) as u64;
        self.0.queue_of(&series.labels).count(|counts| {
            counts.received += samples;
            counts.lost.add(reason, samples);
        });
        let sample = series.samples.first().copied().filter(|sample| sample.timestamp_ms != i64::MIN);
        let lost = Lost { labels: &series.labels, sample, reason, status: None, message };
        self.0.recent.lost(self.0.clock.now_ms(), std::iter::once(lost));
        let Some(dead_letters) = &self.0.dead_letters else { return };
        let letters = letters_for(series, reason, message);
        // As above.
        let _ = dead_letters.start_write(letters).await;
    }
}

/// The shard of a series: [`Labels::shard_hash`] modulo the number of shards. Public, so that a partitioning
/// in front of several sinks can agree with it.
#[inline]
pub fn shard_of(labels: &Labels, shards: usize) -> usize {
    let (hash, shards) = (labels.shard_hash(), shards as u64);
    // A division takes tens of cycles; the usual numbers need none.
    (if shards.is_power_of_two() { hash & (shards - 1) } else { hash % shards }) as usize
}

impl Drop for PrometheusSink {
    fn drop(&mut self) {
        if self.shards.is_empty() {
            return;
        }
        let pending = self.ledger().pending;
        if pending > 0 {
            tracing::warn!("the sink was dropped without close: {pending} samples were not settled");
        }
        self.shards.iter().for_each(JoinHandle::abort);
    }
}

impl futures_util::Sink<TimeSeries> for PrometheusSink {
    type Error = SinkError;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), SinkError>> {
        let this = self.get_mut();
        this.shared.check()?;
        while let Some(series) = this.stashed.pop_front() {
            if let Err(series) = this.shared.queue_of(&series.labels).try_push(series, Some(context)) {
                this.stashed.push_front(series);
                this.shared.check()?;
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }

    fn start_send(self: Pin<&mut Self>, series: TimeSeries) -> Result<(), SinkError> {
        let this = self.get_mut();
        this.shared.check()?;
        if let Err(series) = this.shared.queue_of(&series.labels).try_push(series, None) {
            this.stashed.push_back(series);
        }
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), SinkError>> {
        std::task::ready!(self.as_mut().poll_ready(context))?;
        let this = self.get_mut();
        for queue in &this.shared.queues {
            if !queue.is_empty_or_flush(context) {
                this.shared.check()?;
                return Poll::Pending;
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Flushes; [`PrometheusSink::close`] then gives the ledger.
    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), SinkError>> {
        self.poll_flush(context)
    }
}

impl Shared {
    pub(crate) fn queue_of(&self, labels: &Labels) -> &Queue {
        &self.queues[self.shard_of(labels)]
    }

    #[inline]
    fn shard_of(&self, labels: &Labels) -> usize {
        shard_of(labels, self.queues.len())
    }

    fn check(&self) -> Result<(), SinkError> {
        match self.failure.get() {
            None => Ok(()),
            Some(error) => Err(error.clone()),
        }
    }

    pub(crate) fn ledger(&self) -> (Ledger, u64) {
        let mut ledger = Ledger::default();
        let queued = self.queues.iter().map(|queue| queue.add_to(&mut ledger)).sum();
        self.metrics.add_to(&mut ledger);
        ledger.dead_letters_failed = self.dead_letters.as_ref().map_or(0, DeadLetters::failed);
        (ledger, queued)
    }

    pub(crate) fn habit(&self) -> ReceiverHabit {
        match self.habit.load(Ordering::Relaxed) {
            1 => ReceiverHabit::KeepsNothing,
            2 => ReceiverHabit::KeepsGoodPart,
            _ => ReceiverHabit::Unknown,
        }
    }

    pub(crate) fn learn(&self, habit: ReceiverHabit) {
        if self.habit.swap(habit as u8, Ordering::Relaxed) != habit as u8 {
            let what = if habit == ReceiverHabit::KeepsGoodPart { "the good part" } else { "nothing" };
            tracing::info!("the receiver keeps {what} of a request that it refuses");
        }
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.get().is_some()
    }

    pub(crate) fn fail(&self, halt: Halt) {
        let url = self.url.clone();
        let error = match halt {
            Halt::Stop(cause) => SinkError::Stopped { url, cause: Arc::new(cause) },
            Halt::Exhausted(cause) => SinkError::Exhausted { url, cause: Arc::new(cause) },
        };
        self.stop(error);
    }

    /// Stops the sink; the first error is kept.
    pub(crate) fn stop(&self, error: SinkError) {
        if self.failure.set(error.clone()).is_ok() {
            tracing::error!("{error}");
        }
        self.has_failed.notify_waiters();
        self.queues.iter().for_each(Queue::wake_all);
    }

    pub(crate) async fn failed(&self) {
        let notified = self.has_failed.notified();
        if !self.has_failed() {
            notified.await;
        }
    }
}
