//! Threads that compute: a chunk is decoded, goes through each pipeline of its table, and is encoded for writing.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::clock::{END, NEVER, ReadAt, Told};
use crate::error::Error;
use crate::flow::{Flow, Flowed};
use crate::graph::{From, To};
use crate::order::InOrder;
use crate::run::Shared;
use crate::stage::Sent;
use crate::table::{Chunk, Payload};

/// A chunk to be computed.
pub(crate) struct Work {
    pub(crate) scan: usize,
    /// The split that it is of.
    pub(crate) split: u64,
    /// Its place among those of its reader.
    pub(crate) number: u64,
    pub(crate) order: Arc<InOrder<Done>>,
    pub(crate) chunk: Box<dyn Chunk>,
    pub(crate) permit: OwnedSemaphorePermit,
    /// When it was read, where some of its rows go by the machine's clock.
    pub(crate) read_at: Option<ReadAt>,
}

/// What a chunk came to, or what a reader has to tell in its turn.
pub(crate) enum Done {
    Chunk {
        split: u64,
        flowed: Vec<(usize, Flowed)>,
        permit: OwnedSemaphorePermit,
        read_at: Option<ReadAt>,
    },
    /// A split has been read to its end.
    SplitEnd(u64),
    /// The reader has ended; true: before it had read all.
    ReaderEnd(bool),
}

/// A payload on its way to a table. The last of a chunk's makes room for the next chunk.
pub(crate) struct Item {
    pub(crate) payload: Payload,
    pub(crate) _room: Arc<OwnedSemaphorePermit>,
}

/// Hands on what has been computed.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) shared: Arc<Shared>,
    pub(crate) sinks: Vec<mpsc::UnboundedSender<Item>>,
}

/// A thread that computes.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) work: crossbeam_channel::Receiver<Work>,
    pub(crate) flow: Flow,
    pub(crate) delivery: Delivery,
}

impl Worker {
    /// Computes until nobody reads any more.
    pub(crate) fn run(mut self) {
        while let Ok(work) = self.work.recv() {
            let Work { scan, split, number, order, chunk, permit, read_at } = work;
            let flowed = if self.shared.has_failed() {
                Vec::new()
            } else {
                self.compute(scan, chunk).unwrap_or_else(|error| {
                    self.shared.fail(error);
                    Vec::new()
                })
            };
            let done = Done::Chunk { split, flowed, permit, read_at };
            order.done(number, done, |done| self.delivery.hand_on(scan, done));
        }
    }

    fn compute(&mut self, scan: usize, chunk: Box<dyn Chunk>) -> Result<Vec<(usize, Flowed)>, Error> {
        let shared = self.shared.clone();
        let decoded = chunk.decode()?;
        shared.count_decoded(scan, &decoded);
        shared.judge_records(scan, &decoded)?;
        let mut all = Vec::new();
        for (at, pipeline) in shared.graph.pipelines.iter().enumerate() {
            if pipeline.from == From::Scan(scan) {
                let projected = decoded.batch.project(&pipeline.columns);
                let batch: RecordBatch = projected.map_err(|error| Error::Row(error.to_string()))?;
                all.push((at, self.flow.through(at, batch)?));
            }
        }
        Ok(all)
    }
}

impl Delivery {
    /// Hands on what came of a table, in the order in which it was read. Must not wait.
    pub(crate) fn hand_on(&self, scan: usize, done: Done) {
        let mut clock = self.shared.clocks[scan].lock();
        match done {
            Done::Chunk { split, flowed, permit, read_at } => {
                clock.wake();
                if let Some(read_at) = read_at {
                    clock.ends(read_at);
                }
                let room = Arc::new(permit);
                let (before, limit) = clock.at(split);
                let mut watermark = None;
                for (pipeline, flowed) in flowed {
                    watermark = watermark.max(flowed.watermark);
                    let to = &self.shared.graph.pipelines[pipeline];
                    if let (To::Sink(sink), Some(payload)) = (&to.to, flowed.payload) {
                        // A sink that has ended has told why.
                        let _ = self.sinks[*sink].send(Item { payload, _room: room.clone() });
                    }
                    if let To::Stage { stage, .. } = to.to {
                        let channel = self.shared.channel_of_scan(pipeline);
                        // By the machine's clock no row is late.
                        let (before, limit) = if to.is_by_clock { (NEVER, END) } else { (before, limit) };
                        for (task, batch) in flowed.rows {
                            let room = Some(room.clone());
                            let has_marks = to.has_marks;
                            let sent = Sent::Rows { batch, has_marks, before, limit, room };
                            self.shared.stages[stage].send(task, channel, sent);
                        }
                    }
                }
                if let Some(watermark) = watermark {
                    clock.advance(split, watermark);
                }
            }
            Done::SplitEnd(split) => clock.close(split),
            Done::ReaderEnd(was_stopped) => clock.reader_ended(was_stopped),
        }
        let told = clock.tell(self.shared.now_ms());
        self.tell(scan, &told);
    }

    /// Looks what time it is for a table, and whether it has become idle.
    pub(crate) fn look(&self, scan: usize) {
        let mut clock = self.shared.clocks[scan].lock();
        let told = clock.tell(self.shared.now_ms());
        self.tell(scan, &told);
    }

    /// Tells the stages behind a table what its time has come to. The clock is locked.
    fn tell(&self, scan: usize, told: &Told) {
        for (pipeline, to) in self.shared.graph.pipelines.iter().enumerate() {
            let (true, To::Stage { stage, .. }) = (to.from == From::Scan(scan), &to.to) else { continue };
            let watermark = if to.is_by_clock { told.by_clock } else { told.watermark };
            let channel = self.shared.channel_of_scan(pipeline);
            self.shared.stages[*stage].tell(channel, watermark, told.end);
            if told.is_idle && told.end.is_none() && !to.is_by_clock {
                self.shared.stages[*stage].tell_idle(channel);
            }
        }
    }

    /// Hands on what came out of a stage. Waits while there is no room.
    pub(crate) fn give(&self, pipeline: usize, channel: usize, flowed: Flowed) -> Result<(), Error> {
        let shared = &self.shared;
        let to = &shared.graph.pipelines[pipeline];
        let From::Stage(from) = to.from else { return Ok(()) };
        let room_for = |bytes: usize| shared.room_behind(from, bytes);
        match (&to.to, flowed.payload) {
            (To::Sink(sink), Some(payload)) => {
                let Some(room) = room_for(payload.bytes()) else { return Ok(()) };
                let _ = self.sinks[*sink].send(Item { payload, _room: Arc::new(room) });
            }
            (To::Stage { stage, .. }, _) => {
                for (task, batch) in flowed.rows {
                    let Some(room) = room_for(batch.get_array_memory_size()) else { return Ok(()) };
                    let sent = Sent::Rows {
                        batch,
                        has_marks: to.has_marks,
                        before: NEVER,
                        limit: END,
                        room: Some(Arc::new(room)),
                    };
                    shared.stages[*stage].send(task, channel, sent);
                }
            }
            (To::Sink(_), None) => {}
        }
        Ok(())
    }
}
