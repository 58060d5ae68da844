//! A running job: its threads, what they share, and how it ends.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;

use narthex_model::{Clock, SystemClock};
use narthex_planner::{JoinKind, StatefulOperator};

use crate::clock::ScanClock;
use crate::error::Error;
use crate::flow::Flow;
use crate::graph::{From, JobGraph, Pipeline, StageNode, To};
use crate::ledger::{Counts, JobLedger, OperatorCounts};
use crate::memory::MemoryLimit;
use crate::operator::Operator;
use crate::operators;
use crate::order::InOrder;
use crate::picture::Picture;
use crate::read::{Reader, Upcoming};
use crate::stage::{Channel, Exit, StageState, Task, ToTask, Weighed};
use crate::table::{BadRecord, Decoded, TableSink, TableSource, Teller, Watermarks, Writer};
use crate::work::{Delivery, Item, Worker};

mod single_row;

/// A writer that got nothing for so long is told to keep nothing back.
const IDLE: Duration = Duration::from_millis(100);

/// What the tables of a job that has failed are given to settle what they have taken.
const ABORT: Duration = Duration::from_secs(2);

/// How a job runs.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Threads that compute, and at most so many that read a table.
    pub workers: usize,
    /// Bytes of input on their way at most.
    pub room_bytes: usize,
    /// A record that cannot be decoded fails the job; else it is reported.
    pub fails_on_bad_record: bool,
    /// A row that cannot be computed fails the job; else it is reported.
    pub fails_on_row_error: bool,
    /// Rows that come after their time has passed are reported, each.
    pub reports_late_rows: bool,
    /// Bytes of resident memory at which a job with state fails.
    pub memory_limit: Option<u64>,
    /// How often a table tells its time that does so periodically.
    pub watermark_interval: Duration,
    /// How long what is known of a key is kept when nothing comes for it; none: for ever.
    pub state_ttl: Option<Duration>,
}

/// Is told of what does not fail the job. Called from any thread; must not wait for long.
pub trait Reporter: fmt::Debug + Send + Sync {
    /// A record of a table could not be decoded.
    fn bad_record(&self, table: &str, record: &BadRecord);

    /// A row on its way into a table could not be computed: one row, as it was before the step that failed.
    fn bad_row(&self, table: &str, row: &RecordBatch, why: &str);

    /// A row came to an operator when time had passed it: one row, and the watermark before it in milliseconds.
    fn late_row(&self, operator: &str, row: &RecordBatch, watermark: i64);
}

/// How a job ended.
#[derive(Debug)]
pub struct Outcome {
    /// What became of everything.
    pub ledger: JobLedger,
    /// Why it failed, if it did.
    pub error: Option<Error>,
}

/// What all threads of a job share.
pub(crate) struct Shared {
    pub(crate) graph: JobGraph,
    pub(crate) runtime: Handle,
    pub(crate) room: Arc<Semaphore>,
    pub(crate) room_bytes: usize,
    options: RunOptions,
    reporter: Arc<dyn Reporter>,
    counts: Counts,
    /// Where each pipeline's operators begin in the counts.
    first_counts: Vec<usize>,
    /// Where those of the stages begin.
    first_stage: usize,
    /// The time of each scan.
    pub(crate) clocks: Vec<Mutex<ScanClock>>,
    pub(crate) stages: Vec<StageState>,
    /// The first channel of each pipeline into a stage.
    first_channels: Vec<usize>,
    /// What tells of each sink's rows.
    tellers: Vec<Option<Teller>>,
    memory: MemoryLimit,
    stopping: AtomicBool,
    failure: OnceLock<Error>,
    has_failed: Notify,
}

/// A job that runs.
pub struct Running {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    writers: JoinSet<()>,
}

/// Starts a job: one source for each scan of the graph (none for a single row), one sink for each of its sinks.
///
/// # Errors
/// When a table cannot be opened; nothing runs then.
pub async fn start(
    graph: JobGraph,
    sources: Vec<Option<Arc<dyn TableSource>>>,
    sinks: Vec<Arc<dyn TableSink>>,
    options: RunOptions,
    reporter: Arc<dyn Reporter>,
) -> Result<Running, Error> {
    let mut opened = Vec::new();
    for source in &sources {
        opened.push(match source {
            Some(source) => (source.open()?, source.is_bounded(), source.watermarks()),
            None => (single_row::splits(), true, Watermarks::default()),
        });
    }
    let tasks = options.workers.max(1);
    let period = options.watermark_interval;
    let clocks = opened.iter().map(|(_, is_bounded, watermarks)| {
        let period = (watermarks.is_periodic && !period.is_zero()).then_some(period);
        Mutex::new(ScanClock::new(tasks, *is_bounded, watermarks.idle_timeout, period))
    });
    let (stages, inboxes) = stages(&graph, tasks, options.room_bytes);
    let mut writers = Vec::new();
    for sink in &sinks {
        writers.push(sink.open().await?);
    }
    let tellers = writers.iter().map(|writer| writer.teller()).collect();
    let shared = Arc::new(Shared::new(graph, options, reporter, tellers, clocks.collect(), stages));
    let mut running = Running { shared: shared.clone(), threads: Vec::new(), writers: JoinSet::new() };
    let mut senders = Vec::new();
    for (at, writer) in writers.into_iter().enumerate() {
        let (sender, items) = mpsc::unbounded_channel();
        senders.push(sender);
        running.writers.spawn(write(shared.clone(), at, writer, items));
    }
    // What waits here has room: the channel itself need not be bounded.
    let (work, to_do) = crossbeam_channel::unbounded();
    let delivery = Delivery { shared: shared.clone(), sinks: senders };
    let flow = || {
        let encoders = sinks.iter().map(|sink| sink.encoder()).collect::<Result<_, _>>()?;
        Flow::new(shared.clone(), encoders)
    };
    for (stage, inboxes) in inboxes.into_iter().enumerate() {
        for (number, inbox) in inboxes.into_iter().enumerate() {
            let keeper = operators::keeper(&shared.graph.stages[stage], shared.state_ttl())?;
            let pipelines = shared.pipelines_behind(stage, number);
            let exit = Exit { flow: flow()?, delivery: delivery.clone(), pipelines };
            let weighed = Weighed::nothing();
            let task = Task { shared: shared.clone(), stage, inbox, keeper, exit, weighed };
            running.thread(format!("narthex-task-{stage}-{number}"), move || task.run())?;
        }
    }
    for number in 0..tasks {
        let (shared, delivery) = (shared.clone(), delivery.clone());
        let worker = Worker { shared, work: to_do.clone(), flow: flow()?, delivery };
        running.thread(format!("narthex-work-{number}"), move || worker.run())?;
    }
    for (scan, (splits, is_bounded, _)) in opened.into_iter().enumerate() {
        let splits = Arc::new(Mutex::new(Upcoming::new(splits)));
        for number in 0..tasks {
            let reader = Reader {
                shared: shared.clone(),
                scan,
                splits: splits.clone(),
                is_bounded,
                work: work.clone(),
                order: Arc::new(InOrder::new()),
                next_number: 0,
                delivery: delivery.clone(),
            };
            running.thread(format!("narthex-read-{scan}-{number}"), move || reader.run())?;
        }
    }
    Ok(running)
}

/// The stages of a job, and where their tasks get what is sent to them.
fn stages(
    graph: &JobGraph,
    tasks: usize,
    room_bytes: usize,
) -> (Vec<StageState>, Vec<Vec<crossbeam_channel::Receiver<ToTask>>>) {
    let (mut states, mut inboxes) = (Vec::new(), Vec::new());
    for stage in 0..graph.stages.len() {
        let mut channels = Vec::new();
        let mut origins = Vec::new();
        for pipeline in &graph.pipelines {
            if let To::Stage { stage: to, input, .. } = pipeline.to
                && to == stage
            {
                channels.extend(std::iter::repeat_n(Channel { input }, channels_of(pipeline, tasks)));
                origins.push((input, pipeline.from));
            }
        }
        let node = &graph.stages[stage];
        let is_precise = (0..node.inputs.len()).map(|input| is_precise(node, input, &origins)).collect();
        // What waits here has room: the channels themselves need not be bounded.
        let (senders, receivers) = (0..tasks).map(|_| crossbeam_channel::unbounded()).unzip();
        let room = Arc::new(Semaphore::new(clamped(room_bytes)));
        states.push(StageState { channels, is_precise, inboxes: senders, room });
        inboxes.push(receivers);
    }
    (states, inboxes)
}

/// Whether rows of an input are judged by the watermark of each row before them: where all rows come in the order in
/// which they were read, through one pipeline; where rows of two inputs meet, from one table or stage; and where versions
/// are looked for, which make no row late.
fn is_precise(stage: &StageNode, input: usize, origins: &[(usize, From)]) -> bool {
    let is_temporal = matches!(&stage.operator, StatefulOperator::Join(join)
        if matches!(join.kind, JoinKind::Temporal { .. }));
    let meets = |other: usize| !is_temporal || other == input;
    let mut met = origins.iter().filter(|(other, _)| meets(*other)).map(|(_, from)| from);
    if stage.inputs.len() < 2 {
        return met.count() < 2;
    }
    met.next().is_none_or(|first| met.all(|other| other == first))
}

/// A table is one channel into a stage, each task of another stage is one.
fn channels_of(pipeline: &Pipeline, tasks: usize) -> usize {
    match pipeline.from {
        From::Scan(_) => 1,
        From::Stage(_) => tasks,
    }
}

fn clamped(room_bytes: usize) -> usize {
    room_bytes.clamp(1 << 20, Semaphore::MAX_PERMITS.min(u32::MAX as usize))
}

impl Running {
    fn thread(&mut self, name: String, run: impl FnOnce() + Send + 'static) -> Result<(), Error> {
        let started = std::thread::Builder::new().name(name).spawn(run);
        let thread = started.map_err(|error| {
            let error = Error::Row(format!("cannot start a thread: {error}"));
            self.shared.fail(error.clone());
            error
        })?;
        self.threads.push(thread);
        Ok(())
    }

    /// Reads no more; what has been read is still written.
    pub fn stop(&self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether it has failed: then it ends, and [`Self::finished`] tells why.
    pub fn has_failed(&self) -> bool {
        self.shared.has_failed()
    }

    /// Something that stops the job, for another task.
    pub fn stopper(&self) -> impl Fn() + Send + Sync + 'static {
        let shared = self.shared.clone();
        move || shared.stopping.store(true, Ordering::Relaxed)
    }

    /// Something that ends the job at once, for another task: what is not written by now is given up.
    pub fn abandoner(&self) -> impl Fn(Error) + Send + Sync + 'static {
        let shared = self.shared.clone();
        move |why| shared.fail(why)
    }

    /// Watches the job; it may outlive this handle.
    pub fn watcher(&self) -> Watcher {
        Watcher(self.shared.clone())
    }

    /// Reads the ledger while the job runs.
    pub fn ledger_reader(&self) -> impl Fn() -> JobLedger + Send + Sync + 'static {
        let shared = self.shared.clone();
        move || shared.ledger()
    }

    /// Waits for the end.
    pub async fn finished(mut self) -> Outcome {
        while let Some(ended) = self.writers.join_next().await {
            if let Err(error) = ended {
                self.shared.fail(Error::Row(format!("a writer ended: {error}")));
            }
        }
        let shared = self.shared.clone();
        let threads = std::mem::take(&mut self.threads);
        let joined = tokio::task::spawn_blocking(move || {
            for thread in threads {
                if thread.join().is_err() {
                    shared.fail(Error::Row(
                        "a thread panicked; this is a defect of narthex, please report it".into(),
                    ));
                }
            }
        });
        // It only joins, and so does not panic.
        let _ = joined.await;
        Outcome { ledger: self.shared.ledger(), error: self.shared.failure.get().cloned() }
    }
}

/// Watches a job that runs, or has run.
#[derive(Clone)]
pub struct Watcher(Arc<Shared>);

impl Watcher {
    /// What has become of every record and row.
    pub fn ledger(&self) -> JobLedger {
        self.0.ledger()
    }

    /// The job as a picture.
    pub fn picture(&self) -> Picture {
        self.0.graph.picture()
    }

    /// Bytes of input that have been read and not come to an end, and how many there may be at most: at these,
    /// reading waits.
    pub fn in_flight(&self) -> (usize, usize) {
        let most = self.0.room_bytes;
        (most.saturating_sub(self.0.room.available_permits()), most)
    }
}

/// Writes what comes, in order; ends the writer when nothing more will come. A job that fails waits for no table.
async fn write(
    shared: Arc<Shared>,
    sink: usize,
    mut writer: Box<dyn Writer>,
    mut items: mpsc::UnboundedReceiver<Item>,
) {
    let mut is_flushed = true;
    loop {
        match tokio::time::timeout(IDLE, items.recv()).await {
            Ok(Some(item)) => {
                is_flushed = false;
                let mut left = item.payload.rows();
                shared.unless_failed(writer.write(item.payload, &mut left)).await;
                shared.counts.tables[sink].1.unwritten.add(left);
            }
            Ok(None) => break,
            Err(_) if is_flushed => {}
            Err(_) => {
                is_flushed = true;
                shared.unless_failed(writer.flush()).await;
            }
        }
    }
    shared.unless_failed(writer.finish()).await;
    if let Some(error) = shared.failure.get() {
        let limit = if matches!(error, Error::Unfinished { .. }) { Duration::ZERO } else { ABORT };
        writer.abort(limit).await;
    }
}

impl Shared {
    /// Fails the job when the process has outgrown its limit.
    pub(crate) fn check_memory(&self) -> Result<(), Error> {
        let Some((limit, resident)) = self.memory.passed() else { return Ok(()) };
        let most = self.counts.operators.iter().max_by_key(|(_, counts)| counts.held.value());
        let (operator, held) =
            most.map(|(name, counts)| (name.clone(), counts.held.value())).unwrap_or_default();
        Err(Error::Memory { limit_mib: limit >> 20, resident_mib: resident >> 20, operator, held })
    }

    fn new(
        graph: JobGraph,
        options: RunOptions,
        reporter: Arc<dyn Reporter>,
        tellers: Vec<Option<Teller>>,
        clocks: Vec<Mutex<ScanClock>>,
        stages: Vec<StageState>,
    ) -> Self {
        let memory = MemoryLimit::new(options.memory_limit);
        let mut counts = Counts::default();
        counts.sources.extend((0..graph.scans.len()).map(|scan| (graph.scan_name(scan), Default::default())));
        counts.tables.extend(graph.sinks.iter().map(|table| (table.name.clone(), Default::default())));
        let mut first_counts = Vec::new();
        for (number, pipeline) in graph.pipelines.iter().enumerate() {
            first_counts.push(counts.operators.len());
            let names = (0..pipeline.operators.len()).map(|place| graph.operator_name(number, place));
            counts.operators.extend(names.map(|name| (name, Default::default())));
        }
        let first_stage = counts.operators.len();
        let names = (0..graph.stages.len()).map(|stage| graph.stage_name(stage));
        counts.operators.extend(names.map(|name| (name, Default::default())));
        let tasks = options.workers.max(1);
        let mut next = vec![0; graph.stages.len()];
        let first_channels = graph.pipelines.iter().map(|pipeline| match pipeline.to {
            To::Sink(_) => 0,
            To::Stage { stage, .. } => {
                let first = next[stage];
                next[stage] += channels_of(pipeline, tasks);
                first
            }
        });
        let first_channels = first_channels.collect();
        let room_bytes = clamped(options.room_bytes);
        Self {
            graph,
            runtime: Handle::current(),
            room: Arc::new(Semaphore::new(room_bytes)),
            room_bytes,
            options,
            reporter,
            counts,
            first_counts,
            first_stage,
            clocks,
            stages,
            first_channels,
            tellers,
            memory,
            stopping: AtomicBool::new(false),
            failure: OnceLock::new(),
            has_failed: Notify::new(),
        }
    }

    fn ledger(&self) -> JobLedger {
        let mut ledger = self.counts.ledger();
        for ((name, _), clock) in self.counts.sources.iter().zip(&self.clocks) {
            if let Some(source) = ledger.sources.get_mut(name) {
                source.watermark_ms = clock.lock().watermark();
            }
        }
        for (table, teller) in self.graph.sinks.iter().zip(&self.tellers) {
            if let (Some(table), Some(teller)) = (ledger.tables.get_mut(&table.name), teller) {
                table.sink = Some(teller());
            }
        }
        ledger
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed) || self.has_failed()
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failure.get().is_some()
    }

    /// The job has failed; the first reason is kept.
    pub(crate) fn fail(&self, error: Error) {
        let _ = self.failure.set(error);
        self.room.close();
        self.stages.iter().for_each(|stage| stage.room.close());
        self.has_failed.notify_waiters();
    }

    /// Lets something be done, and gives it up when the job fails. Its own error is the job's.
    async fn unless_failed(&self, done: impl Future<Output = Result<(), Error>>) {
        let failed = self.has_failed.notified();
        if self.has_failed() {
            return;
        }
        tokio::select! {
            result = done => {
                if let Err(error) = result {
                    self.fail(error);
                }
            }
            () = failed => {}
        }
    }

    pub(crate) fn count_decoded(&self, scan: usize, decoded: &Decoded) {
        let (_, counts) = &self.counts.sources[scan];
        counts.records.add(decoded.records);
        counts.rows.add(decoded.batch.num_rows() as u64);
        counts.ignored.add(decoded.ignored);
        counts.undecodable.add(decoded.bad.len() as u64);
    }

    /// Fails the job at the first bad record, or reports them all.
    pub(crate) fn judge_records(&self, scan: usize, decoded: &Decoded) -> Result<(), Error> {
        let Some(first) = decoded.bad.first() else { return Ok(()) };
        if self.options.fails_on_bad_record {
            return Err(Error::Record { place: first.place.clone(), message: first.message.clone() });
        }
        let (table, _) = &self.counts.sources[scan];
        decoded.bad.iter().for_each(|record| self.reporter.bad_record(table, record));
        Ok(())
    }

    /// Fails the job at the first bad row, or reports them all.
    pub(crate) fn judge_rows(&self, sink: usize, failed: &[(RecordBatch, String)]) -> Result<(), Error> {
        let Some((_, why)) = failed.first() else { return Ok(()) };
        let table = &self.graph.sinks[sink].name;
        if self.options.fails_on_row_error {
            return Err(Error::Row(format!(
                "{why} (for the table {table}; narthex.on-row-error = dead-letter goes on without such rows)"
            )));
        }
        failed.iter().for_each(|(row, why)| self.reporter.bad_row(table, row, why));
        Ok(())
    }

    /// The time of the machine's clock.
    pub(crate) fn now_ms(&self) -> i64 {
        SystemClock.now_ms()
    }

    /// Whether some of a table's rows go by the machine's clock.
    pub(crate) fn goes_by_clock(&self, scan: usize) -> bool {
        let pipelines = self.graph.pipelines.iter();
        pipelines.filter(|pipeline| pipeline.is_by_clock).any(|pipeline| pipeline.from == From::Scan(scan))
    }

    /// Reports a row that came when its time had passed, if that is asked for.
    pub(crate) fn report_late(&self, stage: usize, batch: &RecordBatch, row: usize, watermark: i64) {
        if self.options.reports_late_rows {
            let (operator, _) = &self.counts.operators[self.first_stage + stage];
            self.reporter.late_row(operator, &batch.slice(row, 1), watermark);
        }
    }

    /// How long state is kept that nothing comes for.
    pub(crate) fn state_ttl(&self) -> Option<Duration> {
        self.options.state_ttl
    }

    /// Tasks of each stage.
    pub(crate) fn tasks(&self) -> usize {
        self.options.workers.max(1)
    }

    /// The channel of a pipeline from a table into a stage.
    pub(crate) fn channel_of_scan(&self, pipeline: usize) -> usize {
        self.first_channels[pipeline]
    }

    /// The pipelines that begin at a stage, each with the channel of this task where it leads into another stage.
    fn pipelines_behind(&self, stage: usize, task: usize) -> Vec<(usize, usize)> {
        let pipelines = self.graph.pipelines.iter().enumerate();
        let mine = pipelines.filter(|(_, pipeline)| pipeline.from == From::Stage(stage));
        mine.map(|(at, _)| (at, self.first_channels[at] + task)).collect()
    }

    /// Waits for room for what comes out of a stage; none when the job has failed.
    pub(crate) fn room_behind(&self, stage: usize, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let wanted = bytes.clamp(1, self.room_bytes) as u32;
        self.runtime.block_on(self.stages[stage].room.clone().acquire_many_owned(wanted)).ok()
    }

    pub(crate) fn counts_of_stage(&self, stage: usize) -> &OperatorCounts {
        &self.counts.operators[self.first_stage + stage].1
    }

    pub(crate) fn counts_of(&self, pipeline: usize) -> impl Iterator<Item = &OperatorCounts> {
        self.counts.operators[self.first_counts[pipeline]..].iter().map(|(_, counts)| counts)
    }

    pub(crate) fn count_operator(
        &self,
        operator: &Operator,
        counts: &OperatorCounts,
        rows_in: u64,
        rows_out: u64,
        failed: u64,
    ) {
        let keeps_rows =
            matches!(operator, Operator::Project { .. } | Operator::Unnest { .. } | Operator::Windows { .. });
        let passed = if keeps_rows { rows_in - failed } else { rows_out };
        counts.rows_in.add(rows_in);
        counts.passed.add(passed);
        counts.failed.add(failed);
        counts.filtered.add(rows_in - failed - passed);
        counts.rows_out.add(rows_out);
    }

    pub(crate) fn count_written(&self, sink: usize, rows: u64) {
        self.counts.tables[sink].1.rows.add(rows);
    }
}
