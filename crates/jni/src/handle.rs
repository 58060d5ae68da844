//! A sink with threads of its own: what one number of Java's stands for.
//!
//! Java's task thread calls; the sink's shards run on the threads here. Calls take turns: Java makes one at a
//! time, and if it ever does not, the second waits for the first, which ends when its time is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use narthex_sink::{Ledger, PrometheusSink, Signer, SinkError, TimeSeries};
use parking_lot::{Mutex, MutexGuard};
use tokio::runtime::Runtime;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{Error, Result};
use crate::record::{self, Decoder, Record, Run};
use crate::settings;

/// Threads a sink: one does some 2 million samples a second, and a slow look-up of a name must not stop it all.
const THREADS: usize = 2;
/// Longest wait for a snapshot: milliseconds are usual, and for ever would hold up a checkpoint's time-out.
const SNAPSHOT_SECONDS: u64 = 10;
/// Longest wait for the last dead letters, and for look-ups of names under way, when a sink is closed.
const SETTLE_FILES: Duration = Duration::from_secs(2);
/// Longest wait for a dead letter of a record that cannot be written, where the call itself may not wait.
const FILE_LETTER: Duration = Duration::from_millis(200);
/// Longest wait that is counted: what is longer is for ever, and nearer to the end of time arithmetic fails.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 86_400);

/// An open sink, or one that has failed.
#[derive(Debug)]
pub struct Handle {
    state: Mutex<Option<State>>,
    /// What a panic said; nothing works afterwards but `ledger` and `close`.
    panicked: Mutex<Option<String>>,
}

#[derive(Debug)]
struct State {
    sink: PrometheusSink,
    runtime: Runtime,
    decoder: Decoder,
    run: Run,
}

impl Handle {
    /// Opens a sink.
    ///
    /// # Errors
    /// All mistakes of the options together, before any connection is opened.
    pub fn open(options: &[String], signer: Option<Arc<dyn Signer>>) -> Result<Self> {
        let builder = settings::builder(options, signer)?;
        let number = AtomicUsize::new(0);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name_fn(move || format!("narthex-{}", number.fetch_add(1, Ordering::Relaxed)))
            .enable_all()
            .build()?;
        let entered = runtime.enter();
        let sink = builder.build()?;
        drop(entered);
        let state =
            Mutex::new(Some(State { sink, runtime, decoder: Decoder::default(), run: Run::default() }));
        Ok(Self { state, panicked: Mutex::new(None) })
    }

    /// Takes records in order, waiting up to `wait` in all for room. Returns how many bytes were taken: whole
    /// records. With `force` the first one is taken over the limit when no room came.
    ///
    /// # Errors
    /// When the sink has stopped, or at a broken record; those before it were taken.
    pub fn send(&self, records: &[u8], wait: Duration, force: bool) -> Result<usize> {
        let mut guard = self.working()?;
        let State { sink, runtime, decoder, run } = guard.as_mut().ok_or(Error::Closed)?;
        sink.failure().map_or(Ok(()), Err)?;
        let sender = sink.sender();
        let (mut at, mut deadline, mut is_first) = (0, None, true);
        while at < records.len() {
            decoder.decode_run(&records[at..], run);
            if run.series.is_empty() {
                let read = decoder.decode(&records[at..]);
                let (record, length) = read.map_err(|problem| Error::Record { at, problem })?;
                if let Record::Unwritable { reason, message, series } = record {
                    is_first = false;
                    let filed = sender.discard_series(&series, reason, &message);
                    // The letter is written even when nobody waits for it.
                    let _ = runtime.block_on(async { timeout(wait.max(FILE_LETTER), filed).await });
                }
                at += length;
                continue;
            }
            let mut lengths = run.lengths.iter();
            let mut series = run.series.drain(..);
            loop {
                sender.try_send_all(&mut series);
                let taken = lengths.len() - series.len();
                is_first &= taken == 0;
                at += lengths.by_ref().take(taken).sum::<usize>();
                let Some(next) = series.next() else { break };
                sink.failure().map_or(Ok(()), Err)?;
                let deadline = *deadline.get_or_insert_with(|| Instant::now() + wait.min(LONGEST_WAIT));
                let again = (force && is_first).then(|| next.clone());
                // Cancelled, it has taken nothing.
                match runtime.block_on(async { timeout_at(deadline, sender.send(next)).await }) {
                    Ok(sent) => sent?,
                    Err(_) => match again {
                        Some(next) => sender.send_over(next)?,
                        None => return Ok(at),
                    },
                }
                at += lengths.next().copied().unwrap_or_default();
                is_first = false;
            }
        }
        Ok(at)
    }

    /// Asks for settlement of all that was taken and waits for it; true when it is settled.
    ///
    /// # Errors
    /// When the sink has stopped.
    pub fn flush(&self, wait: Duration) -> Result<bool> {
        let guard = self.working()?;
        let State { sink, runtime, .. } = guard.as_ref().ok_or(Error::Closed)?;
        match runtime.block_on(async { timeout(wait.min(LONGEST_WAIT), sink.flush()).await }) {
            Ok(flushed) => Ok(flushed.map(|()| true)?),
            Err(_) => Ok(false),
        }
    }

    /// All that was taken and is not settled, as records; those of a series are in order.
    ///
    /// # Errors
    /// When the sink has stopped.
    pub fn unsettled(&self) -> Result<Vec<u8>> {
        let guard = self.working()?;
        let State { sink, runtime, .. } = guard.as_ref().ok_or(Error::Closed)?;
        let limit = Duration::from_secs(SNAPSHOT_SECONDS);
        let unsettled: Vec<TimeSeries> = runtime
            .block_on(async { timeout(limit, sink.unsettled()).await })
            .map_err(|_| Error::NoSnapshot(SNAPSHOT_SECONDS))??;
        let mut records = Vec::new();
        unsettled.iter().for_each(|series| record::encode(series, &mut records));
        if records.len() > i32::MAX as usize {
            return Err(Error::SnapshotTooLarge(records.len()));
        }
        Ok(records)
    }

    /// Whether the sink goes on.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check(&self) -> Result<()> {
        let guard = self.working()?;
        Ok(guard.as_ref().ok_or(Error::Closed)?.sink.failure().map_or(Ok(()), Err)?)
    }

    /// What became of every sample so far. Also after a failure.
    ///
    /// # Errors
    /// When the sink is closed.
    pub fn ledger(&self) -> Result<String> {
        let guard = self.state.lock();
        Ok(serde_json::to_string(&guard.as_ref().ok_or(Error::Closed)?.sink.ledger())?)
    }

    /// Drains for at most `drain` (zero: not at all), ends the threads and frees everything; the last ledger.
    /// What was not settled is pending in it, and so a sink that has failed closes like any other.
    ///
    /// # Errors
    /// When the sink is closed already.
    pub fn close(&self, drain: Duration) -> Result<String> {
        let State { sink, runtime, .. } = self.state.lock().take().ok_or(Error::Closed)?;
        let has_panicked = self.panicked.lock().is_some();
        let ledger = sink.ledger_reader();
        if drain.is_zero() || has_panicked {
            // Without a word about what is pending: Flink closes so whenever it cancels.
            sink.abort();
        } else {
            let limit = drain.min(LONGEST_WAIT);
            let closed = async { timeout(limit + SETTLE_FILES, sink.close_within(limit)).await };
            if let Ok(Err(error)) = runtime.block_on(closed)
                && !matches!(error.error, SinkError::DrainTimeout { .. })
            {
                tracing::debug!("closed a sink that had failed: {error}");
            }
        }
        runtime.shutdown_timeout(SETTLE_FILES);
        let ledger: Ledger = ledger();
        Ok(serde_json::to_string(&ledger)?)
    }

    /// The sink works no more: something panicked.
    pub fn fail(&self, message: &str) {
        self.panicked.lock().get_or_insert_with(|| message.to_owned());
    }

    fn working(&self) -> Result<MutexGuard<'_, Option<State>>> {
        if let Some(message) = &*self.panicked.lock() {
            return Err(Error::Panicked(message.clone()));
        }
        Ok(self.state.lock())
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Only when `close` was not called; a runtime that is dropped waits for ever for blocked threads.
        if let Some(State { runtime, .. }) = self.state.get_mut().take() {
            runtime.shutdown_background();
        }
    }
}
