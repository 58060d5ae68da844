//! Tasks of an operator that keeps rows: each is a thread with some of the keys, and gets rows and watermarks in the order
//! in which they were sent.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{AsArray, Int64Array, RecordBatch};
use arrow::datatypes::Int64Type;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::clock::{END, NEVER};
use crate::error::Error;
use crate::flow::Flow;
use crate::graph::{To, with_mark};
use crate::ledger::OperatorCounts;
use crate::operator::with_columns;
use crate::operators::{Keeper, StateSize};
use crate::run::Shared;
use crate::work::Delivery;

/// How often a task that waits looks whether the job has failed.
const LOOK: Duration = Duration::from_millis(100);

/// How often the state of a task is weighed, at most.
const WEIGH: Duration = Duration::from_millis(10);

/// Rows of one step out of a task at most, so that what waits for a table is bounded.
const ROWS_AT_ONCE: usize = 8 * 1024;

/// What comes to a task.
pub(crate) struct ToTask {
    /// From where: a place in the channels of the stage.
    pub(crate) channel: usize,
    pub(crate) what: Sent,
}

/// What is sent to a task.
pub(crate) enum Sent {
    Rows {
        batch: RecordBatch,
        /// The last column is the watermark before each row, within what was read at once.
        has_marks: bool,
        /// The watermark before the first of them.
        before: i64,
        /// No row's watermark is greater: other splits are not further.
        limit: i64,
        /// Is given back when the rows have been taken.
        room: Option<Arc<OwnedSemaphorePermit>>,
    },
    Watermark(i64),
    /// Nothing has come for a while: nobody waits for this channel until something comes.
    Idle,
    /// Nothing more comes; true: because there are no more rows.
    End(bool),
}

/// The watermark before each row of a batch.
pub(crate) struct Marks {
    pub(crate) of_rows: Option<Int64Array>,
    pub(crate) before: i64,
    pub(crate) limit: i64,
}

impl Marks {
    pub(crate) fn at(&self, row: usize) -> i64 {
        let own = self.of_rows.as_ref().map_or(NEVER, |marks| marks.value(row));
        own.max(self.before).min(self.limit)
    }
}

/// What an operator is given besides rows: its counts, and where its rows go.
pub(crate) struct Outlet<'a> {
    pub(crate) counts: &'a OperatorCounts,
    out: &'a mut Out<'a>,
    shared: &'a Shared,
    stage: usize,
}

/// Takes rows, and the watermark before each of them.
type Out<'a> = dyn FnMut(RecordBatch, Option<Int64Array>) -> Result<(), Error> + 'a;

impl Outlet<'_> {
    /// A row whose time had passed when it came.
    pub(crate) fn late(&self, batch: &RecordBatch, row: usize, watermark: i64) {
        self.counts.late.add(1);
        self.shared.report_late(self.stage, batch, row, watermark);
    }

    /// Gives rows that no operator behind this one can find late.
    pub(crate) fn give(&mut self, batch: RecordBatch) -> Result<(), Error> {
        (self.out)(batch, None)
    }

    /// Gives rows that may be late behind this operator too: each with the watermark before it.
    pub(crate) fn give_marked(&mut self, batch: RecordBatch, watermarks: Vec<i64>) -> Result<(), Error> {
        (self.out)(batch, Some(Int64Array::from(watermarks)))
    }
}

/// A channel into a stage: which of its inputs it leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channel {
    pub(crate) input: usize,
}

/// A stage while the job runs.
pub(crate) struct StageState {
    pub(crate) channels: Vec<Channel>,
    /// By input: whether a row is judged by the watermark of each row before it. Where rows of several tables meet,
    /// nobody knows which of two came first, and a row is late only when the time that has been told is behind it.
    pub(crate) is_precise: Vec<bool>,
    /// By task.
    pub(crate) inboxes: Vec<crossbeam_channel::Sender<ToTask>>,
    /// Bytes of what came out of it and is not written yet.
    pub(crate) room: Arc<Semaphore>,
}

impl StageState {
    /// Sends to one task. One that has ended has told why.
    pub(crate) fn send(&self, task: usize, channel: usize, what: Sent) {
        if let Some(inbox) = self.inboxes.get(task) {
            let _ = inbox.send(ToTask { channel, what });
        }
    }

    /// Tells all tasks that nothing comes for a while.
    pub(crate) fn tell_idle(&self, channel: usize) {
        (0..self.inboxes.len()).for_each(|task| self.send(task, channel, Sent::Idle));
    }

    /// Sends a watermark, or the end, to all tasks.
    pub(crate) fn tell(&self, channel: usize, watermark: Option<i64>, end: Option<bool>) {
        for task in 0..self.inboxes.len() {
            if let Some(watermark) = watermark {
                self.send(task, channel, Sent::Watermark(watermark));
            }
            if let Some(is_complete) = end {
                self.send(task, channel, Sent::End(is_complete));
            }
        }
    }
}

/// A task.
pub(crate) struct Task {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stage: usize,
    pub(crate) inbox: crossbeam_channel::Receiver<ToTask>,
    pub(crate) keeper: Box<dyn Keeper>,
    pub(crate) exit: Exit,
    pub(crate) weighed: Weighed,
}

/// What a task kept when it was looked at.
#[derive(Debug)]
pub(crate) struct Weighed {
    size: StateSize,
    at: Instant,
}

impl Weighed {
    /// Nothing yet.
    pub(crate) fn nothing() -> Self {
        Self { size: StateSize::default(), at: Instant::now() }
    }
}

/// Where a task's rows go.
pub(crate) struct Exit {
    pub(crate) flow: Flow,
    pub(crate) delivery: Delivery,
    /// Pipelines that begin at the stage, with the channel of this task where they lead into another one.
    pub(crate) pipelines: Vec<(usize, usize)>,
}

impl Task {
    /// Works until nothing more comes.
    pub(crate) fn run(mut self) {
        if let Err(error) = self.work() {
            self.shared.fail(error);
        }
    }

    fn work(&mut self) -> Result<(), Error> {
        let shared = self.shared.clone();
        let state = &shared.stages[self.stage];
        let mut watermarks = vec![NEVER; state.channels.len()];
        let mut open = state.channels.len();
        let (mut now, mut is_complete) = (NEVER, true);
        let mut is_idle = vec![false; state.channels.len()];
        while open > 0 {
            if shared.has_failed() {
                return Ok(());
            }
            let received = self.inbox.recv_timeout(LOOK);
            self.expire()?;
            if self.weighed.at.elapsed() >= WEIGH {
                self.weigh();
            }
            let Ok(ToTask { channel, what }) = received else { continue };
            is_idle[channel] = matches!(what, Sent::Idle);
            match what {
                Sent::Idle => {}
                Sent::Rows { batch, has_marks, before, limit, room } => {
                    let input = state.channels[channel].input;
                    // How far other tasks of the same stage have got says nothing of rows that carry their watermark.
                    let others = watermarks.iter().enumerate();
                    let others = others.filter(|(other, _)| *other != channel && !state.is_precise[input]);
                    let limit = others.map(|(_, mark)| *mark).min().unwrap_or(END).min(limit);
                    // What time it is here is that of all channels: another task may be ahead of this row.
                    let before = before.max(now);
                    let (batch, of_rows) = if has_marks { split_marks(&batch)? } else { (batch, None) };
                    let of_rows = of_rows.filter(|_| state.is_precise[state.channels[channel].input]);
                    let marks = Marks { of_rows, before, limit };
                    self.take(state.channels[channel].input, &batch, &marks)?;
                    shared.check_memory()?;
                    drop(room);
                }
                Sent::Watermark(watermark) => watermarks[channel] = watermark.max(watermarks[channel]),
                Sent::End(all) => {
                    open -= 1;
                    is_complete &= all;
                }
            }
            // When all are idle, none of them holds back another: time is that of the furthest, as in Flink.
            let awake = watermarks.iter().zip(&is_idle).filter(|(_, is_idle)| !**is_idle);
            let least = awake.map(|(watermark, _)| *watermark).min();
            let least = least.or_else(|| watermarks.iter().max().copied()).unwrap_or(END);
            if least > now {
                now = least;
                if now == END {
                    // Never again is there so much.
                    self.weigh();
                }
                self.advance(now)?;
            }
        }
        self.weigh();
        self.exit.tell(None, Some(is_complete));
        Ok(())
    }

    fn take(&mut self, input: usize, batch: &RecordBatch, marks: &Marks) -> Result<(), Error> {
        let counts = self.shared.counts_of_stage(self.stage);
        counts.rows_in.add(batch.num_rows() as u64);
        self.with_outlet(|keeper, outlet| keeper.rows(input, batch, marks, outlet))
    }

    /// Looks how much the operator keeps.
    fn weigh(&mut self) {
        let size = self.keeper.state();
        self.shared.counts_of_stage(self.stage).state_changed(self.weighed.size, size);
        self.weighed = Weighed { size, at: Instant::now() };
    }

    fn expire(&mut self) -> Result<(), Error> {
        if self.shared.state_ttl().is_none() {
            return Ok(());
        }
        self.with_outlet(|keeper, outlet| keeper.expire(outlet))
    }

    /// Lets the operator do something, and counts what it keeps.
    fn with_outlet(
        &mut self,
        done: impl FnOnce(&mut dyn Keeper, &mut Outlet<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (shared, stage) = (self.shared.clone(), self.stage);
        let counts = shared.counts_of_stage(stage);
        let held = self.keeper.held();
        let exit = &mut self.exit;
        let mut out =
            |batch: RecordBatch, marks: Option<Int64Array>| exit.give(&batch, marks.as_ref(), counts);
        let done = done(self.keeper.as_mut(), &mut Outlet { counts, out: &mut out, shared: &shared, stage });
        // What it gave before it failed, it keeps no longer.
        counts.held.change(held, self.keeper.held());
        done
    }

    fn advance(&mut self, watermark: i64) -> Result<(), Error> {
        self.with_outlet(|keeper, outlet| keeper.advance(watermark, outlet))?;
        self.exit.tell(Some(self.keeper.watermark_behind(watermark)), None);
        Ok(())
    }
}

impl Exit {
    /// Rows on their way; waits while tables take no more.
    fn give(
        &mut self,
        batch: &RecordBatch,
        marks: Option<&Int64Array>,
        counts: &OperatorCounts,
    ) -> Result<(), Error> {
        counts.rows_out.add(batch.num_rows() as u64);
        let mut from = 0;
        while from < batch.num_rows() {
            let rows = ROWS_AT_ONCE.min(batch.num_rows() - from);
            let part = batch.slice(from, rows);
            from += rows;
            for (pipeline, channel) in &self.pipelines {
                let has_marks = self.delivery.shared.graph.pipelines[*pipeline].has_marks;
                let part = if has_marks {
                    let marks = marks.map(|marks| marks.slice(from - rows, rows));
                    with_marks(&part, marks.unwrap_or_else(|| Int64Array::from(vec![NEVER; rows])))?
                } else {
                    part.clone()
                };
                let flowed = self.flow.through(*pipeline, part)?;
                self.delivery.give(*pipeline, *channel, flowed)?;
            }
        }
        Ok(())
    }

    fn tell(&self, watermark: Option<i64>, end: Option<bool>) {
        for (pipeline, channel) in &self.pipelines {
            let shared = &self.delivery.shared;
            if let To::Stage { stage, .. } = &shared.graph.pipelines[*pipeline].to {
                shared.stages[*stage].tell(*channel, watermark, end);
            }
        }
    }
}

/// The rows with the watermark before each as their last column.
fn with_marks(batch: &RecordBatch, marks: Int64Array) -> Result<RecordBatch, Error> {
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(marks));
    with_columns(&with_mark(&batch.schema(), batch.num_columns()), columns, batch.num_rows())
        .map_err(Error::Row)
}

/// The rows without their last column, and that column.
fn split_marks(batch: &RecordBatch) -> Result<(RecordBatch, Option<Int64Array>), Error> {
    let last = batch.num_columns().saturating_sub(1);
    let marks = batch.columns().get(last).and_then(|column| column.as_primitive_opt::<Int64Type>()).cloned();
    let places: Vec<usize> = (0..last).collect();
    let rest = batch.project(&places).map_err(|error| Error::Row(error.to_string()))?;
    Ok((rest, marks))
}
