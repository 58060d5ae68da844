//! The first rows of each group of each window by an order, with their numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Float32Type, Float64Type, SchemaRef};
use arrow::row::RowConverter;
use narthex_planner::{SortKey, WindowPlaces, window_time};

use super::groups::Groups;
use super::rows::{Keys, Order, all_of, times, told};
use super::{Keeper, StateSize};
use crate::error::Error;
use crate::stage::{Marks, Outlet};

/// What one task has of a ranking.
pub(crate) struct WindowRank {
    keys: Keys,
    order: Order,
    row_converter: RowConverter,
    window: WindowPlaces,
    from: u64,
    to: u64,
    /// Of rows that are equal by the order, the last that came is the first.
    is_last_first: bool,
    schema: SchemaRef,
    /// Open windows by their time and start.
    open: BTreeMap<(i64, i64), Open>,
    held: u64,
}

/// What decides: the order as bytes, then the arrival.
type Rank = (Box<[u8]>, i64);

#[derive(Default)]
struct Open {
    groups: Groups,
    /// The rows of each group that may be among the first: by order, then by arrival.
    of_groups: Vec<BTreeMap<Rank, Box<[u8]>>>,
    arrived: i64,
    rows: u64,
    /// Those that are kept, and their bytes.
    kept: u64,
    bytes: u64,
}

/// How rows are ranked.
pub(crate) struct Ranking<'a> {
    pub(crate) keys: &'a [usize],
    pub(crate) window: WindowPlaces,
    pub(crate) order: &'a [SortKey],
    pub(crate) from: u64,
    pub(crate) to: u64,
    pub(crate) is_last_first: bool,
}

impl WindowRank {
    pub(crate) fn new(input: &SchemaRef, schema: SchemaRef, ranking: &Ranking<'_>) -> Result<Self, Error> {
        Ok(Self {
            keys: Keys::new(input, ranking.keys)?,
            order: Order::new(input, ranking.order)?,
            row_converter: all_of(input)?,
            window: ranking.window,
            from: ranking.from,
            to: ranking.to,
            is_last_first: ranking.is_last_first,
            schema,
            open: BTreeMap::new(),
            held: 0,
        })
    }

    fn rows_of(&self, open: &Open) -> Result<RecordBatch, Error> {
        let skipped = usize::try_from(self.from.saturating_sub(1)).unwrap_or(usize::MAX);
        let (mut rows, mut numbers) = (Vec::new(), Vec::new());
        for group in &open.of_groups {
            for (at, row) in group.values().enumerate().skip(skipped) {
                rows.push(row);
                numbers.push(at as i64 + 1);
            }
        }
        let parser = self.row_converter.parser();
        let rows = rows.iter().map(|row| parser.parse(row));
        let mut columns = self.row_converter.convert_rows(rows).map_err(told)?;
        columns.push(Arc::new(Int64Array::from(numbers)));
        RecordBatch::try_new(self.schema.clone(), columns).map_err(told)
    }
}

/// In an order -0.0 is where 0.0 is.
fn without_signed_zeros(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Float32 => {
            Arc::new(column.as_primitive::<Float32Type>().unary::<_, Float32Type>(|value| value + 0.0))
        }
        DataType::Float64 => {
            Arc::new(column.as_primitive::<Float64Type>().unary::<_, Float64Type>(|value| value + 0.0))
        }
        _ => column.clone(),
    }
}

impl Keeper for WindowRank {
    fn rows(
        &mut self,
        _input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let border = |at: usize| times(batch, at, "a window's border");
        let (starts, ends) = (border(self.window.start)?, border(self.window.end)?);
        let order = self.order.of(batch, without_signed_zeros)?;
        let rows = self.row_converter.convert_columns(batch.columns()).map_err(told)?;
        let keys = self.keys.of(batch)?;
        let most = usize::try_from(self.to).unwrap_or(usize::MAX);
        for row in 0..batch.num_rows() {
            let time = window_time(ends[row], self.window.zone);
            if time <= marks.at(row) {
                outlet.late(batch, row, marks.at(row));
                continue;
            }
            let open = self.open.entry((time, starts[row])).or_default();
            let group = open.groups.number(keys.row(row));
            if group >= open.of_groups.len() {
                open.of_groups.resize_with(group + 1, BTreeMap::new);
            }
            open.arrived += 1;
            open.rows += 1;
            self.held += 1;
            let arrival = if self.is_last_first { -open.arrived } else { open.arrived };
            let group = &mut open.of_groups[group];
            let (order, row) = (order.row(row), rows.row(row).data());
            open.kept += 1;
            open.bytes += (order.len() + row.len()) as u64;
            group.insert((order.into(), arrival), row.into());
            if group.len() > most
                && let Some(((order, _), row)) = group.pop_last()
            {
                open.kept -= 1;
                open.bytes -= (order.len() + row.len()) as u64;
            }
        }
        Ok(())
    }

    fn advance(&mut self, watermark: i64, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        while let Some(first) = self.open.first_entry().filter(|first| first.key().0 <= watermark) {
            let open = first.remove();
            self.held -= open.rows;
            let rows = self.rows_of(&open)?;
            let passed = rows.num_rows() as u64;
            outlet.counts.passed.add(passed);
            outlet.counts.filtered.add(open.rows - passed);
            if passed > 0 {
                outlet.give(rows)?;
            }
        }
        Ok(())
    }

    fn state(&self) -> StateSize {
        let open = self.open.values();
        open.map(|open| StateSize::of_rows(open.kept, open.bytes).and(open.groups.bytes())).sum()
    }

    fn held(&self) -> u64 {
        self.held
    }
}
