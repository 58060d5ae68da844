//! How time passes: the watermark of each split of a table, and the least of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::TimestampMillisecondType;
use datafusion_physical_expr::PhysicalExpr;
use tokio::time::Instant;

use crate::graph::with_mark;
use crate::operator::{told, with_columns};

/// Before any watermark.
pub(crate) const NEVER: i64 = i64::MIN;
/// Behind all rows.
pub(crate) const END: i64 = i64::MAX;

/// Adds the watermark before each row as the last column: the greatest of the rows before it in this batch. The one
/// behind the last row comes back too.
pub(crate) fn marked(
    batch: &RecordBatch,
    watermark: &Arc<dyn PhysicalExpr>,
) -> Result<(RecordBatch, i64), String> {
    let rows = batch.num_rows();
    let (before, latest) = marks(batch, watermark)?;
    let mut columns = batch.columns().to_vec();
    let at = columns.len();
    columns.push(Arc::new(before));
    Ok((with_columns(&with_mark(&batch.schema(), at), columns, rows)?, latest))
}

/// The watermark before each row, and the one behind the last.
fn marks(batch: &RecordBatch, watermark: &Arc<dyn PhysicalExpr>) -> Result<(Int64Array, i64), String> {
    let values = watermark.evaluate(batch).and_then(|value| value.into_array(batch.num_rows()));
    let values = values.map_err(|error| told(&error))?;
    let values = values.as_primitive_opt::<TimestampMillisecondType>().ok_or("a watermark is a time")?;
    let mut latest = NEVER;
    let before = (0..values.len()).map(|row| {
        let before = latest;
        // Flink's assigner begins at 0 and sends what is greater.
        if !values.is_null(row) && values.value(row) > 0 {
            latest = latest.max(values.value(row));
        }
        before
    });
    let before: Vec<i64> = before.collect();
    Ok((Int64Array::from(before), latest))
}

/// The time of a table that is read, from that of its splits. A split that has not begun yet, of a table that ends,
/// holds it back: none of its rows are late.
#[derive(Debug)]
pub(crate) struct ScanClock {
    open: BTreeMap<u64, i64>,
    may_come: bool,
    readers: usize,
    was_stopped: bool,
    /// What has been told.
    told: i64,
    /// How long it may be silent before it is idle, and since when it is.
    idle_after: Option<Duration>,
    active: Instant,
    is_idle: bool,
    /// How often time is told at most, and when it was; none: whenever it has come further.
    period: Option<Duration>,
    told_at: Instant,
    /// The time of rows that go by the machine's clock.
    machine: MachineClock,
}

/// Chunks that have been read and not been handed on: no row of them is from before that.
#[derive(Debug, Default)]
struct MachineClock {
    under_way: BTreeSet<(i64, u64)>,
    begun: u64,
    told: Option<i64>,
}

/// When a chunk was read.
pub(crate) type ReadAt = (i64, u64);

/// What a table's time has come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// The new watermark, if there is one.
    pub(crate) watermark: Option<i64>,
    /// There will be no more rows; true: because there are none left.
    pub(crate) end: Option<bool>,
    /// It has become idle: others need not wait for it, until it tells a watermark or rows come.
    pub(crate) is_idle: bool,
    /// The new watermark of rows whose time is that of the machine's clock.
    pub(crate) by_clock: Option<i64>,
}

impl ScanClock {
    /// The clock of a table that so many threads read; `period` is how often it tells time, if not whenever it can.
    pub(crate) fn new(
        readers: usize,
        is_bounded: bool,
        idle_after: Option<Duration>,
        period: Option<Duration>,
    ) -> Self {
        Self {
            open: BTreeMap::new(),
            may_come: is_bounded,
            readers,
            was_stopped: false,
            told: NEVER,
            idle_after,
            active: Instant::now(),
            is_idle: false,
            period,
            told_at: Instant::now(),
            machine: MachineClock::default(),
        }
    }

    /// A chunk has been read at this time of the machine's clock.
    pub(crate) fn begins(&mut self, now_ms: i64) -> ReadAt {
        self.machine.begun += 1;
        let read_at = (now_ms, self.machine.begun);
        self.machine.under_way.insert(read_at);
        read_at
    }

    /// The rows of a chunk have been handed on.
    pub(crate) fn ends(&mut self, read_at: ReadAt) {
        self.machine.under_way.remove(&read_at);
    }

    /// Rows have come.
    pub(crate) fn wake(&mut self) {
        (self.active, self.is_idle) = (Instant::now(), false);
    }

    /// Whether it has just become idle.
    pub(crate) fn falls_asleep(&mut self) -> bool {
        let is_silent = self.idle_after.is_some_and(|after| self.active.elapsed() >= after);
        let falls = is_silent && !self.is_idle && self.readers > 0;
        self.is_idle |= falls;
        falls
    }

    /// A split begins.
    pub(crate) fn open(&mut self, split: u64) {
        self.open.insert(split, NEVER);
    }

    /// All splits have begun.
    pub(crate) fn all_known(&mut self) {
        self.may_come = false;
    }

    /// The split's own watermark, and the least of the others'.
    pub(crate) fn at(&self, split: u64) -> (i64, i64) {
        if self.period.is_some() {
            return (self.told, self.told);
        }
        let own = self.open.get(&split).copied().unwrap_or(NEVER);
        let others = self.open.iter().filter(|(other, _)| **other != split).map(|(_, mark)| *mark).min();
        (own, if self.may_come { NEVER } else { others.unwrap_or(END) })
    }

    /// A split has come so far.
    pub(crate) fn advance(&mut self, split: u64, watermark: i64) {
        if let Some(mark) = self.open.get_mut(&split) {
            *mark = watermark.max(*mark);
        }
    }

    /// A split has ended.
    pub(crate) fn close(&mut self, split: u64) {
        self.open.remove(&split);
    }

    /// A thread has ended; `was_stopped`: before it had read all.
    pub(crate) fn reader_ended(&mut self, was_stopped: bool) {
        self.readers = self.readers.saturating_sub(1);
        self.was_stopped |= was_stopped;
    }

    /// The watermark that was told last, of a time that has begun and not ended.
    pub(crate) fn watermark(&self) -> Option<i64> {
        (!matches!(self.told, NEVER | END)).then_some(self.told)
    }

    /// What there is to tell at this time of the machine's clock.
    pub(crate) fn tell(&mut self, now_ms: i64) -> Told {
        let has_ended = self.readers == 0;
        let is_whole = has_ended && !self.was_stopped;
        let now = match self.open.values().min() {
            _ if is_whole => END,
            Some(mark) if !self.may_come => *mark,
            _ => NEVER,
        };
        let is_due = is_whole || self.period.is_none_or(|period| self.told_at.elapsed() >= period);
        let watermark = (now > self.told && is_due).then_some(now);
        if let Some(watermark) = watermark {
            (self.told, self.told_at) = (watermark, Instant::now());
        }
        let by_clock = self.machine.tell(if is_whole { END } else { now_ms.saturating_sub(1) });
        Told {
            watermark,
            end: has_ended.then_some(!self.was_stopped),
            is_idle: self.falls_asleep(),
            by_clock,
        }
    }
}

impl MachineClock {
    /// The watermark, if it has come further: behind it there are only rows that have not been read yet.
    fn tell(&mut self, now: i64) -> Option<i64> {
        let first = self.under_way.first().map_or(now, |(read_at, _)| read_at.saturating_sub(1).min(now));
        let told = self.told.is_none_or(|told| told < first).then_some(first)?;
        self.told = Some(told);
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(clock: &mut ScanClock) -> (Option<i64>, Option<bool>, bool) {
        let told = clock.tell(0);
        (told.watermark, told.end, told.is_idle)
    }

    #[test]
    fn time_is_that_of_the_slowest_split() {
        let mut clock = ScanClock::new(1, false, None, None);
        clock.open(1);
        clock.open(2);
        clock.advance(1, 100);
        assert_eq!(told(&mut clock), (None, None, false));
        assert_eq!(clock.at(2), (NEVER, 100));
        clock.advance(2, 50);
        assert_eq!(told(&mut clock), (Some(50), None, false));
        clock.advance(2, 40);
        clock.close(1);
        assert_eq!(told(&mut clock), (None, None, false));
        clock.close(2);
        clock.reader_ended(false);
        assert_eq!(told(&mut clock), (Some(END), Some(true), false));
    }

    #[test]
    fn a_split_that_has_not_begun_holds_time_back() {
        let mut clock = ScanClock::new(1, true, None, None);
        clock.open(1);
        clock.advance(1, 100);
        assert_eq!(told(&mut clock).0, None);
        assert_eq!(clock.at(1), (100, NEVER));
        clock.all_known();
        assert_eq!(told(&mut clock).0, Some(100));
    }

    #[test]
    fn a_job_that_is_stopped_does_not_end_time() {
        let mut clock = ScanClock::new(1, true, None, None);
        clock.reader_ended(true);
        assert_eq!(told(&mut clock), (None, Some(false), false));
    }

    #[test]
    fn a_table_is_idle_once_until_rows_come() {
        let mut clock = ScanClock::new(1, false, Some(Duration::ZERO), None);
        clock.open(1);
        clock.advance(1, 100);
        assert_eq!(told(&mut clock), (Some(100), None, true));
        assert_eq!(told(&mut clock), (None, None, false));
        clock.wake();
        assert!(clock.falls_asleep());
        assert!(!ScanClock::new(1, false, None, None).falls_asleep());
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_with_a_period_tells_time_when_it_is_over_and_no_row_is_later_than_that() {
        let mut clock = ScanClock::new(1, false, None, Some(Duration::from_millis(200)));
        clock.open(1);
        clock.advance(1, 100);
        assert_eq!((told(&mut clock).0, clock.at(1)), (None, (NEVER, NEVER)));
        tokio::time::advance(Duration::from_millis(200)).await;
        assert_eq!((told(&mut clock).0, clock.at(1)), (Some(100), (100, 100)));
        clock.advance(1, 150);
        assert_eq!((told(&mut clock).0, clock.at(1)), (None, (100, 100)));
        clock.close(1);
        clock.reader_ended(false);
        assert_eq!(told(&mut clock), (Some(END), Some(true), false));
    }

    #[test]
    fn the_machines_time_waits_for_what_is_under_way() {
        let mut clock = ScanClock::new(1, false, None, None);
        assert_eq!(clock.tell(1_000).by_clock, Some(999));
        let (first, second) = (clock.begins(1_000), clock.begins(1_010));
        assert_eq!(clock.tell(1_020).by_clock, None);
        clock.ends(first);
        assert_eq!(clock.tell(1_020).by_clock, Some(1_009));
        clock.ends(second);
        // Nor does it go back with the clock.
        assert_eq!(clock.tell(1_000).by_clock, None);
        assert_eq!(clock.tell(1_030).by_clock, Some(1_029));
        clock.reader_ended(false);
        assert_eq!(clock.tell(1_030).by_clock, Some(END));
    }
}
