//! `OVER`: each row with values of the rows before it. A row is taken when time has passed it, in the order of time.
//!
//! Many rows are computed at once: each row of a block is a group of an accumulator, into which the rows of its frame
//! go. A frame without a beginning would grow; there, what the accumulator knows of the rows before a block is kept for
//! each key, and merged into each row's group.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, SortField};
use datafusion_expr::EmitTo;
use narthex_planner::{AggregateCall, Frame, OverCall};

use self::running::{Floats, How, RunningSum, is_running};
use super::groups::{Groups, compacted};
use super::lifetime::{Lifetime, Touched};
use super::rows::{Keys, all_of, times, told};
use super::{Keeper, StateSize};
use crate::aggregate::accumulator_over;
use crate::error::Error;
use crate::operator;
use crate::stage::{Marks, Outlet};

mod running;

/// Rows that are computed at once at most, but for rows of the same time.
const BLOCK_ROWS: usize = 4_096;
/// Of one key: a frame without a beginning costs half of this a row.
const KEY_ROWS: usize = 64;

/// What one task has of an OVER.
pub(crate) struct Over {
    keys: Keys,
    time: Option<usize>,
    frame: Frame,
    calls: Arc<[OverCall]>,
    row_converter: RowConverter,
    /// Of what the accumulator of each call knows; made when the first is kept.
    state_converters: Vec<Option<RowConverter>>,
    schema: SchemaRef,
    groups: Groups,
    of_groups: Vec<OfKey>,
    /// Rows that wait for their time, with their key; those of one time as they came.
    waiting: BTreeMap<(i64, u64), Row>,
    arrived: u64,
    /// Of rows that wait or are looked back at, and of what accumulators know.
    bytes: u64,
    lifetime: Option<Lifetime>,
    touched: Touched,
}

/// What is kept of a key.
#[derive(Default)]
struct OfKey {
    /// Rows that later frames begin in.
    before: VecDeque<Row>,
    /// What each call's accumulator knows of all rows.
    states: Vec<Box<[u8]>>,
    /// The running sum of each call that has one.
    running: Vec<RunningSum>,
    numbers: Numbers,
    /// The times of its rows that wait, each with the watermark that is the first to pass it: of a row that came behind
    /// the watermark, the next one.
    waiting: BTreeMap<i64, i64>,
    /// The latest of its rows, or of what is below, that a watermark has passed.
    passed: i64,
    /// When Flink looks whether it can forget a key with a RANGE of time, each with the watermark that is the first to
    /// pass it. Each look counts as a row that was computed.
    looks: BTreeMap<i64, i64>,
    /// The latest look: if nothing came meanwhile, the key is forgotten.
    last_look: i64,
    /// The look at which it was forgotten: rows that had been taken until then are not looked back at.
    forgotten: i64,
}

/// The numbers of the last row of a key that was computed.
#[derive(Debug, Clone, Copy, Default)]
struct Numbers {
    /// Rows so far.
    row: i64,
    /// One more than the rows of earlier times.
    rank: i64,
    /// Times so far.
    dense_rank: i64,
    time: i64,
}

impl Numbers {
    /// Those of the next row, which is not earlier.
    fn next(self, time: i64) -> Self {
        let row = self.row + 1;
        if row > 1 && time == self.time {
            return Self { row, ..self };
        }
        Self { row, rank: row, dense_rank: self.dense_rank + 1, time }
    }
}

impl OfKey {
    /// Of its rows that are looked back at, and of what is known.
    fn bytes(&self) -> u64 {
        let rows = self.before.iter().map(|row| row.bytes.len());
        let known =
            self.states.iter().map(|state| state.len()).chain(self.running.iter().map(RunningSum::bytes));
        rows.chain(known).sum::<usize>() as u64
    }

    /// Lets a watermark pass rows that wait.
    fn pass(&mut self, watermark: i64) {
        let passed = &mut self.passed;
        self.waiting.retain(|&time, &mut from| {
            let waits = from > watermark;
            if !waits {
                *passed = time.max(*passed);
            }
            waits
        });
        while let Some(entry) = self.looks.first_entry().filter(|entry| *entry.get() <= watermark) {
            let look = entry.remove_entry().0;
            if look < self.last_look {
                self.passed = self.passed.max(look);
            } else {
                (self.passed, self.last_look, self.forgotten) = (0, 0, look);
            }
        }
    }

    /// A row of this time, which came at this watermark, keeps a key with a RANGE of so many milliseconds.
    fn keep(&mut self, time: i64, watermark: i64, range_ms: i64) {
        if self.last_look <= time.saturating_add(range_ms) {
            self.last_look = time.saturating_add(range_ms.saturating_add(range_ms / 2 + 1));
            self.looks.insert(self.last_look, first_to_pass(self.last_look, watermark));
        }
    }
}

/// The first watermark behind this one that passes a time: of what came behind the watermark, the next one.
fn first_to_pass(time: i64, watermark: i64) -> i64 {
    time.max(watermark.saturating_add(1))
}

#[derive(Clone)]
struct Row {
    time: i64,
    /// The first watermark that passes it: of a row that came behind the watermark, the next one.
    from: i64,
    group: usize,
    bytes: Arc<[u8]>,
}

/// Rows that are computed at once, and the rows before them.
struct Block {
    /// Kept rows of the keys, then the block's.
    columns: Vec<ArrayRef>,
    /// Where the block's rows begin.
    first: usize,
    /// For each row of the block, the places of its key's rows up to itself, in order.
    key_rows: Vec<Arc<Vec<usize>>>,
    /// Where it is itself among them.
    at: Vec<usize>,
    times: Vec<i64>,
}

impl Over {
    pub(crate) fn new(
        input: &SchemaRef,
        schema: SchemaRef,
        keys: &[usize],
        time: Option<usize>,
        frame: Frame,
        calls: &[OverCall],
    ) -> Result<Self, Error> {
        let is_bounded = frame.is_bounded();
        for call in calls {
            if let OverCall::Aggregate(call) = call {
                accumulator_over(call, is_bounded)?;
            }
        }
        Ok(Self {
            keys: Keys::new(input, keys)?,
            time,
            frame,
            calls: calls.into(),
            row_converter: all_of(input)?,
            state_converters: calls.iter().map(|_| None).collect(),
            schema,
            groups: Groups::default(),
            of_groups: Vec::new(),
            waiting: BTreeMap::new(),
            arrived: 0,
            bytes: 0,
            lifetime: None,
            touched: Touched::default(),
        })
    }

    /// The same, which forgets keys that nothing comes for.
    pub(crate) fn with_lifetime(self, lifetime: Option<Lifetime>) -> Self {
        Self { lifetime, ..self }
    }

    /// Lets go of keys that have no rows waiting.
    fn forget(&mut self, is_forgotten: impl Fn(usize, &OfKey) -> bool) {
        let mut waits = vec![false; self.groups.len()];
        self.waiting.values().for_each(|row| waits[row.group] = true);
        let of_groups = &self.of_groups;
        let moved = self.groups.retain(|group| waits[group] || !is_forgotten(group, &of_groups[group]));
        let gone = self.of_groups.iter().zip(&moved).filter(|(_, moved)| moved.is_none());
        self.bytes -= gone.map(|(of_key, _)| of_key.bytes()).sum::<u64>();
        self.of_groups = compacted(std::mem::take(&mut self.of_groups), &moved);
        self.touched.moved(&moved);
        let before = self.of_groups.iter_mut().flat_map(|of_key| &mut of_key.before);
        for row in self.waiting.values_mut().chain(before) {
            // Those that stay have a new number.
            row.group = moved[row.group].unwrap_or(row.group);
        }
    }

    /// Computes the rows that a watermark has passed.
    fn take_until(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let now = self.lifetime.as_ref().map(Lifetime::now);
        let passed = self.waiting.range(..=(watermark, u64::MAX)).filter(|(_, row)| row.from <= watermark);
        let passed: Vec<(i64, u64)> = passed.map(|(place, _)| *place).collect();
        let mut due = Vec::with_capacity(passed.len());
        for row in passed.iter().filter_map(|place| self.waiting.remove(place)) {
            self.touched.touch(row.group, now);
            let of_key = &mut self.of_groups[row.group];
            of_key.pass(watermark);
            due.push(row);
        }
        self.take(due, outlet)
    }

    /// Rows before a row that some call looks at.
    fn kept_rows(&self) -> u64 {
        let lags = self.calls.iter().map(|call| match call {
            OverCall::Lag { rows, .. } => *rows,
            _ => 0,
        });
        let has_running =
            self.calls.iter().any(|call| matches!(call, OverCall::Aggregate(call) if is_running(call)));
        let frame = match self.frame {
            // What is taken back of a sum has left the frame.
            Frame::Rows(Some(rows)) => rows.saturating_add(u64::from(has_running)),
            _ => 0,
        };
        lags.max().unwrap_or(0).max(frame)
    }

    /// Computes rows that are due, in their order.
    fn take(&mut self, due: Vec<Row>, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let mut from = 0;
        while from < due.len() {
            let mut of_keys: BTreeMap<usize, usize> = BTreeMap::new();
            let mut to = from;
            while to < due.len() {
                let rows = of_keys.entry(due[to].group).or_default();
                let is_full = to - from >= BLOCK_ROWS || *rows >= KEY_ROWS;
                // Rows of one time see each other.
                if is_full && due[to].time != due[to - 1].time {
                    break;
                }
                *rows += 1;
                to += 1;
            }
            let rows = self.block(&due[from..to])?;
            outlet.counts.passed.add(rows.num_rows() as u64);
            outlet.give(rows)?;
            from = to;
        }
        Ok(())
    }

    fn block(&mut self, due: &[Row]) -> Result<RecordBatch, Error> {
        let block = self.gathered(due)?;
        let mut columns: Vec<ArrayRef> =
            block.columns.iter().map(|column| column.slice(block.first, due.len())).collect();
        let calls = self.calls.clone();
        let numbers: Vec<Numbers> = due
            .iter()
            .map(|row| {
                let numbers = &mut self.of_groups[row.group].numbers;
                *numbers = numbers.next(row.time);
                *numbers
            })
            .collect();
        let each = |number: fn(&Numbers) -> i64| -> ArrayRef {
            Arc::new(numbers.iter().map(number).map(Some).collect::<Int64Array>())
        };
        for (number, call) in calls.iter().enumerate() {
            columns.push(match call {
                OverCall::Aggregate(call) => self.aggregate(number, call, &block, due)?,
                OverCall::RowNumber => each(|numbers| numbers.row),
                OverCall::Rank => each(|numbers| numbers.rank),
                OverCall::DenseRank => each(|numbers| numbers.dense_rank),
                OverCall::Lag { column, rows, default } => {
                    let last: Vec<usize> =
                        (0..due.len()).map(|row| self.frame_of(&block, row).end - 1).collect();
                    lag(&block, &last, *column, *rows, *default)?
                }
            });
        }
        for row in due {
            self.of_groups[row.group].before.push_back(row.clone());
        }
        let kept = usize::try_from(self.kept_rows()).unwrap_or(usize::MAX);
        for row in due {
            let before = &mut self.of_groups[row.group].before;
            let last = before.back().map_or(0, |row| row.time);
            let is_needed = |row: &Row| match self.frame {
                Frame::Range(Some(ms)) => row.time >= last.saturating_sub(ms),
                _ => false,
            };
            while before.len() > kept && before.front().is_some_and(|row| !is_needed(row)) {
                self.bytes -= before.pop_front().map_or(0, |row| row.bytes.len() as u64);
            }
        }
        RecordBatch::try_new(self.schema.clone(), columns).map_err(told)
    }

    /// The rows of a block and those that are kept of its keys.
    fn gathered(&self, due: &[Row]) -> Result<Block, Error> {
        let mut all: Vec<&Row> = Vec::new();
        let mut of_keys: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for row in due {
            of_keys.entry(row.group).or_insert_with(|| {
                let first = all.len();
                all.extend(&self.of_groups[row.group].before);
                (first..all.len()).collect()
            });
        }
        let first = all.len();
        let mut at = Vec::new();
        for (number, row) in due.iter().enumerate() {
            let rows = of_keys.entry(row.group).or_default();
            at.push(rows.len());
            rows.push(first + number);
        }
        all.extend(due);
        let of_keys: BTreeMap<usize, Arc<Vec<usize>>> =
            of_keys.into_iter().map(|(group, rows)| (group, Arc::new(rows))).collect();
        let parser = self.row_converter.parser();
        let columns = self.row_converter.convert_rows(all.iter().map(|row| parser.parse(&row.bytes)));
        Ok(Block {
            columns: columns.map_err(told)?,
            first,
            key_rows: due.iter().filter_map(|row| of_keys.get(&row.group).cloned()).collect(),
            at,
            times: all.iter().map(|row| row.time).collect(),
        })
    }

    /// Which rows of its key a row of the block looks at: places in its list.
    fn frame_of(&self, block: &Block, number: usize) -> std::ops::Range<usize> {
        self.frame_at(block, &block.key_rows[number], block.at[number])
    }

    /// The same of a row by its place in the list of its key.
    fn frame_at(&self, block: &Block, rows: &[usize], at: usize) -> std::ops::Range<usize> {
        let time = block.times[rows[at]];
        let kept = || rows.iter().take_while(|row| **row < block.first).count();
        let from = match self.frame {
            Frame::Rows(Some(before)) => at.saturating_sub(usize::try_from(before).unwrap_or(usize::MAX)),
            Frame::Range(Some(ms)) => rows.partition_point(|&row| block.times[row] < time.saturating_sub(ms)),
            // What is before the block is known already.
            Frame::Rows(None) | Frame::Range(None) => kept(),
        };
        let to = match self.frame {
            Frame::Rows(_) => at + 1,
            Frame::Range(_) => rows.partition_point(|&row| block.times[row] <= time),
        };
        from..to
    }

    fn aggregate(
        &mut self,
        number: usize,
        call: &AggregateCall,
        block: &Block,
        due: &[Row],
    ) -> Result<ArrayRef, Error> {
        let failed = |error: datafusion_common::DataFusionError| Error::Row(operator::told(&error));
        let is_bounded = self.frame.is_bounded();
        if is_bounded && is_running(call) {
            return self.running_sums(number, call, block, due);
        }
        let mut of_rows = accumulator_over(call, is_bounded)?;
        let (mut from, mut groups) = (Vec::new(), Vec::new());
        for row in 0..due.len() {
            for place in self.frame_of(block, row) {
                from.push(block.key_rows[row][place] as u32);
                groups.push(row);
            }
        }
        if !is_bounded {
            let keys: Vec<usize> = due.iter().map(|row| row.group).collect();
            self.merge_known(number, &keys, of_rows.as_mut(), due.len())?;
            self.remember(number, call, block, due)?;
        }
        let (values, filter) = taken(call, &block.columns, from)?;
        of_rows.update_batch(&values, &groups, filter.as_ref(), due.len()).map_err(failed)?;
        of_rows.evaluate(EmitTo::All).map_err(failed)
    }

    /// Sums of floats over a frame that rows leave: what has left is taken back from the sum.
    fn running_sums(
        &mut self,
        number: usize,
        call: &AggregateCall,
        block: &Block,
        due: &[Row],
    ) -> Result<ArrayRef, Error> {
        let values = call.arguments.first().and_then(|&at| Floats::of(&block.columns[at]));
        let values = values.ok_or_else(|| Error::Row(format!("{:?} is of no float", call.function)))?;
        let how = How { is_short: values.is_short(), is_distinct: call.is_distinct };
        let calls = self.calls.len();
        let mut sums = Vec::with_capacity(due.len());
        for (row, of_row) in due.iter().enumerate() {
            let frame = self.frame_of(block, row);
            let (rows, at) = (&block.key_rows[row], block.at[row]);
            // The row of its key before it, if that is still known.
            let before = at.checked_sub(1).map(|at| self.frame_at(block, rows, at));
            let of_key = &mut self.of_groups[of_row.group];
            if of_key.running.is_empty() {
                of_key.running.resize_with(calls, RunningSum::default);
                self.bytes += of_key.running.iter().map(RunningSum::bytes).sum::<usize>() as u64;
            }
            let forgotten = of_key.forgotten;
            let running = &mut of_key.running[number];
            let bytes = running.bytes() as u64;
            let before = before.filter(|_| running.forgotten == forgotten);
            if before.is_none() {
                *running = RunningSum { forgotten, ..RunningSum::default() };
            }
            let before = before.unwrap_or(frame.start..frame.start);
            let value = |place: &usize| values.get(rows[*place]);
            let (gone, come) =
                (before.start..frame.start.min(before.end), before.end.max(frame.start)..frame.end);
            gone.filter_map(|place| value(&place)).for_each(|value| running.take_back(value, how));
            come.filter_map(|place| value(&place)).for_each(|value| running.add(value, how));
            self.bytes += running.bytes() as u64;
            self.bytes -= bytes;
            sums.push((running.count > 0).then_some(running.sum));
        }
        Ok(values.column(sums))
    }

    /// Merges what is known of keys into groups: one for each of the keys.
    fn merge_known(
        &self,
        number: usize,
        keys: &[usize],
        into: &mut dyn datafusion_expr::GroupsAccumulator,
        groups: usize,
    ) -> Result<(), Error> {
        let Some(converter) = &self.state_converters[number] else { return Ok(()) };
        let known = keys.iter().enumerate().filter_map(|(group, key)| {
            Some((group, self.of_groups[*key].states.get(number).filter(|state| !state.is_empty())?))
        });
        let (places, states): (Vec<usize>, Vec<_>) = known.unzip();
        if places.is_empty() {
            return Ok(());
        }
        let parser = converter.parser();
        let states = converter.convert_rows(states.into_iter().map(|state| parser.parse(state)));
        into.merge_batch(&states.map_err(told)?, &places, groups)
            .map_err(|error| Error::Row(operator::told(&error)))
    }

    /// Keeps what is known of the keys behind the block.
    fn remember(
        &mut self,
        number: usize,
        call: &AggregateCall,
        block: &Block,
        due: &[Row],
    ) -> Result<(), Error> {
        let failed = |error: datafusion_common::DataFusionError| Error::Row(operator::told(&error));
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        let mut keys = Vec::new();
        let (mut from, mut groups) = (Vec::new(), Vec::new());
        for (at, row) in due.iter().enumerate() {
            let place = *places.entry(row.group).or_insert_with(|| {
                keys.push(row.group);
                keys.len() - 1
            });
            from.push((block.first + at) as u32);
            groups.push(place);
        }
        let mut of_keys = accumulator_over(call, false)?;
        self.merge_known(number, &keys, of_keys.as_mut(), keys.len())?;
        let (values, filter) = taken(call, &block.columns, from)?;
        of_keys.update_batch(&values, &groups, filter.as_ref(), keys.len()).map_err(failed)?;
        let state = of_keys.state(EmitTo::All).map_err(failed)?;
        let converter = match &mut self.state_converters[number] {
            Some(converter) => converter,
            none => {
                let fields = state.iter().map(|column| SortField::new(column.data_type().clone()));
                none.insert(RowConverter::new(fields.collect()).map_err(told)?)
            }
        };
        let rows = converter.convert_columns(&state).map_err(told)?;
        let calls = self.calls.len();
        for (place, key) in keys.into_iter().enumerate() {
            let states = &mut self.of_groups[key].states;
            states.resize_with(calls, Default::default);
            let state = rows.row(place).data();
            self.bytes += state.len() as u64;
            self.bytes -= states[number].len() as u64;
            states[number] = state.into();
        }
        Ok(())
    }
}

/// The values of a call and its filter, at these rows.
fn taken(
    call: &AggregateCall,
    columns: &[ArrayRef],
    from: Vec<u32>,
) -> Result<(Vec<ArrayRef>, Option<arrow::array::BooleanArray>), Error> {
    let from = UInt32Array::from(from);
    let values = call.arguments.iter().map(|&at| take(&columns[at], &from, None));
    let values = values.collect::<Result<Vec<_>, _>>().map_err(told)?;
    let filter = call.filter.map(|at| take(&columns[at], &from, None)).transpose().map_err(told)?;
    Ok((values, filter.and_then(|filter| filter.as_boolean_opt().cloned())))
}

/// The value so many rows before the last of the frame, or the default where there is none. Rows of one time share it, as
/// in Flink.
fn lag(
    block: &Block,
    last: &[usize],
    column: usize,
    rows: u64,
    default: Option<usize>,
) -> Result<ArrayRef, Error> {
    let back = usize::try_from(rows).unwrap_or(usize::MAX);
    let before = block.key_rows.iter().zip(last).map(|(rows, at)| {
        let place = at.checked_sub(back)?;
        rows.get(place).map(|&row| row as u32)
    });
    let before: UInt32Array = before.collect();
    let values = take(&block.columns[column], &before, None).map_err(told)?;
    let Some(default) = default else { return Ok(values) };
    let own = block.columns[default].slice(block.first, before.len());
    // A row that has a null there is no reason for the default.
    let is_there = arrow::compute::is_not_null(&before).map_err(told)?;
    arrow::compute::kernels::zip::zip(&is_there, &values, &own).map_err(told)
}

impl Keeper for Over {
    fn rows(
        &mut self,
        _input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let rows = self.row_converter.convert_columns(batch.columns()).map_err(told)?;
        let keys = self.keys.of(batch)?;
        let times = self.time.map(|at| times(batch, at, "the time column")).transpose()?;
        let is_unbounded = !self.frame.is_bounded();
        let now = self.lifetime.as_ref().map(Lifetime::now);
        let mut due = Vec::new();
        for row in 0..batch.num_rows() {
            let time = times.map(|times| times[row]);
            if is_unbounded && time.is_some_and(|time| time <= marks.at(row)) {
                outlet.late(batch, row, marks.at(row));
                continue;
            }
            if time.is_some_and(|time| !is_unbounded && time <= marks.at(row)) {
                // What the watermark has passed before it does not see it.
                self.take_until(marks.at(row), outlet)?;
            }
            let group = self.groups.number(keys.row(row));
            if group >= self.of_groups.len() {
                self.of_groups.resize_with(group + 1, OfKey::default);
            }
            if self.touched.has_passed(group, now) && self.of_groups[group].waiting.is_empty() {
                self.bytes -= std::mem::take(&mut self.of_groups[group]).bytes();
            }
            self.touched.touch(group, now);
            let of_key = &mut self.of_groups[group];
            if let Some(time) = time.filter(|_| !is_unbounded) {
                // As Flink with a frame that begins somewhere: late is what is not behind the key's last row that was
                // computed. Its count begins at 0.
                of_key.pass(marks.at(row));
                if time <= marks.at(row) {
                    let forgotten = of_key.forgotten;
                    let before = of_key.bytes();
                    of_key.before.retain(|row| row.from > forgotten);
                    self.bytes -= before - of_key.bytes();
                }
                if time <= of_key.passed {
                    outlet.late(batch, row, marks.at(row));
                    continue;
                }
                if let Frame::Range(Some(range_ms)) = self.frame {
                    of_key.keep(time, marks.at(row), range_ms);
                }
            }
            let from = time.map(|time| first_to_pass(time, marks.at(row)));
            if let (Some(time), Some(from)) = (time, from) {
                of_key.waiting.entry(time).or_insert(from);
            }
            self.arrived += 1;
            let bytes: Arc<[u8]> = rows.row(row).data().into();
            self.bytes += bytes.len() as u64;
            match time {
                Some(time) => {
                    let row = Row { time, from: from.unwrap_or(time), group, bytes };
                    drop(self.waiting.insert((time, self.arrived), row));
                }
                // No two rows come at the same time.
                None => due.push(Row { time: self.arrived as i64, from: 0, group, bytes }),
            }
        }
        self.take(due, outlet)
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        self.take_until(watermark, outlet)?;
        if matches!(self.frame, Frame::Range(Some(_))) && self.groups.have_grown() {
            self.of_groups.iter_mut().for_each(|of_key| of_key.pass(watermark));
            self.forget(|_, of_key| of_key.looks.is_empty());
        }
        Ok(())
    }

    fn expire(&mut self, _outlet: &mut Outlet<'_>) -> Result<(), Error> {
        if let Some(now) = self.lifetime.as_mut().and_then(Lifetime::is_due) {
            let touched = std::mem::take(&mut self.touched);
            let has_passed: Vec<bool> =
                (0..self.groups.len()).map(|group| touched.has_passed(group, Some(now))).collect();
            self.touched = touched;
            self.forget(|group, _| has_passed[group]);
        }
        Ok(())
    }

    fn state(&self) -> StateSize {
        let of_groups = self.of_groups.capacity() * size_of::<OfKey>();
        let rows = StateSize::of_rows(self.waiting.len() as u64, self.bytes);
        StateSize { entries: self.groups.len() as u64, bytes: rows.bytes }
            .and(self.groups.bytes() + of_groups)
    }

    fn held(&self) -> u64 {
        self.waiting.len() as u64
    }
}
