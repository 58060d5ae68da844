//! Threads that read: each takes splits of a table as they are found, and cuts them into numbered chunks.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;

use crate::error::Error;
use crate::order::InOrder;
use crate::run::Shared;
use crate::table::{Chunk, Next, NextSplit, Split, Splits};
use crate::work::{Delivery, Done, Work};

/// Longest wait in one call: a stop is seen within it.
const WAIT: Duration = Duration::from_millis(100);
/// Wait for each of several splits that are read in turn.
const SHORT_WAIT: Duration = Duration::from_millis(5);
/// What a chunk counts at least, so that many small ones are bounded too.
const LEAST_BYTES: usize = 4 * 1024;

/// A thread that reads.
pub(crate) struct Reader {
    pub(crate) shared: Arc<Shared>,
    /// Which table: a place in the graph's scans.
    pub(crate) scan: usize,
    /// All readers of the table take from it.
    pub(crate) splits: Arc<Mutex<Upcoming>>,
    pub(crate) is_bounded: bool,
    pub(crate) work: crossbeam_channel::Sender<Work>,
    pub(crate) order: Arc<InOrder<Done>>,
    pub(crate) next_number: u64,
    pub(crate) delivery: Delivery,
}

/// Splits that nobody reads yet.
pub(crate) struct Upcoming {
    splits: Box<dyn Splits>,
    /// The next one of a table that ends: whether there is one decides how far time has come.
    ahead: Option<Box<dyn Split>>,
    begun: u64,
}

impl Upcoming {
    pub(crate) fn new(splits: Box<dyn Splits>) -> Self {
        Self { splits, ahead: None, begun: 0 }
    }
}

/// A split that is read.
struct Mine {
    number: u64,
    split: Box<dyn Split>,
}

impl Reader {
    /// Reads until there is no more, the job is stopped or has failed.
    pub(crate) fn run(mut self) {
        match self.read() {
            Ok(has_read_all) => self.tell(Done::ReaderEnd(!has_read_all)),
            Err(error) => self.shared.fail(error),
        }
    }

    /// Tells something in its turn, behind all chunks so far.
    fn tell(&mut self, done: Done) {
        let number = self.next_number;
        self.next_number += 1;
        let (scan, delivery) = (self.scan, &self.delivery);
        self.order.done(number, done, |done| delivery.hand_on(scan, done));
    }

    /// True when there is no more to read; false when it was stopped before.
    fn read(&mut self) -> Result<bool, Error> {
        let (mut mine, mut may_come): (Vec<Mine>, bool) = (Vec::new(), true);
        while !self.shared.is_stopping() && (may_come || !mine.is_empty()) {
            if may_come && (mine.is_empty() || !self.is_bounded) {
                may_come = self.take_split(&mut mine)?;
            }
            self.delivery.look(self.scan);
            let wait = if mine.len() > 1 { SHORT_WAIT } else { WAIT };
            let mut at = 0;
            while let Some(split) = mine.get_mut(at) {
                let number = split.number;
                match split.split.next(wait)? {
                    Next::Chunk(chunk) => {
                        if !self.hand_over(number, chunk) {
                            return Ok(false);
                        }
                        // A split that ends is read to its end before the next.
                        if !self.is_bounded {
                            at += 1;
                        }
                    }
                    Next::Later => at += 1,
                    Next::End => {
                        drop(mine.remove(at));
                        self.tell(Done::SplitEnd(number));
                    }
                }
                if self.shared.is_stopping() {
                    break;
                }
            }
        }
        Ok(!may_come && mine.is_empty())
    }

    /// Takes the next split, if there is one; false when there will be no more.
    fn take_split(&self, mine: &mut Vec<Mine>) -> Result<bool, Error> {
        let wait = if mine.is_empty() { WAIT } else { Duration::ZERO };
        let Some(mut upcoming) = self.splits.try_lock_for(wait) else { return Ok(true) };
        let clock = &self.shared.clocks[self.scan];
        let found = match upcoming.ahead.take() {
            Some(split) => NextSplit::Split(split),
            None => upcoming.splits.next(wait)?,
        };
        let split = match found {
            NextSplit::Split(split) => split,
            NextSplit::Later => return Ok(true),
            NextSplit::End => {
                clock.lock().all_known();
                return Ok(false);
            }
        };
        upcoming.begun += 1;
        let number = upcoming.begun;
        clock.lock().open(number);
        mine.push(Mine { number, split });
        if self.is_bounded {
            match upcoming.splits.next(Duration::ZERO)? {
                NextSplit::Split(split) => upcoming.ahead = Some(split),
                NextSplit::Later => {}
                NextSplit::End => clock.lock().all_known(),
            }
        }
        Ok(true)
    }

    /// Waits for room; false when the job has ended meanwhile.
    fn hand_over(&mut self, split: u64, chunk: Box<dyn Chunk>) -> bool {
        let Some(permit) = self.room_for(chunk.bytes()) else { return false };
        let number = self.next_number;
        self.next_number += 1;
        let read_at = self
            .shared
            .goes_by_clock(self.scan)
            .then(|| self.shared.clocks[self.scan].lock().begins(self.shared.now_ms()));
        let work = Work { scan: self.scan, split, number, order: self.order.clone(), chunk, permit, read_at };
        self.work.send(work).is_ok()
    }

    fn room_for(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let shared = &self.shared;
        let wanted = bytes.max(LEAST_BYTES).min(shared.room_bytes) as u32;
        // Closed when the job has failed.
        shared.runtime.block_on(shared.room.clone().acquire_many_owned(wanted)).ok()
    }
}
