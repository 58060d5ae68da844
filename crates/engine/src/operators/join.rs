//! Joins: what all of them do with rows of two inputs, their keys, and the pairs that they make.

use std::cell::Cell;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, UInt32Array, new_null_array};
use arrow::compute::{filter_record_batch, take_arrays};
use arrow::datatypes::{Schema, SchemaRef};
use arrow::row::{RowConverter, Rows};
use datafusion_common::cast::as_boolean_array;
use narthex_planner::{Join, JoinKind, JoinSides, PairCondition};

use super::Keeper;
use super::lifetime::{Lifetime, Moment};
use super::rows::{KeyRows, Keys, all_of, told};
use crate::error::Error;
use crate::graph::StageNode;
use crate::operator::with_columns;
use crate::stage::Outlet;

mod interval;
mod regular;
mod temporal;
mod window;

/// Pairs that are looked at together.
const PAIRS_AT_ONCE: usize = 4 * 1024;

/// What one task runs of a join.
pub(super) fn keeper(
    stage: &StageNode,
    join: &Join,
    lifetime: Option<Lifetime>,
) -> Result<Box<dyn Keeper>, Error> {
    let pairs = Pairs::new(stage, join)?;
    Ok(match join.kind {
        JoinKind::Regular => Box::new(regular::RegularJoin::new(pairs, lifetime)),
        JoinKind::Interval { left, right, least_ms, most_ms } => {
            Box::new(interval::IntervalJoin::new(pairs, [left, right], least_ms, most_ms))
        }
        JoinKind::Window { left, right } => Box::new(window::WindowJoin::new(pairs, [left, right])),
        JoinKind::Temporal { left, right, skips_older } => {
            Box::new(temporal::TemporalJoin::new(pairs, [left, right], skips_older, lifetime))
        }
    })
}

/// A row that is kept.
struct Kept {
    bytes: Box<[u8]>,
    has_met: Cell<bool>,
    /// When it came; only where rows have a lifetime.
    came: Moment,
}

impl Kept {
    fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.into(), has_met: Cell::new(false), came: 0 }
    }
}

/// How pairs are made.
struct Pairs {
    sides: [Side; 2],
    condition: Option<PairCondition>,
    condition_schema: SchemaRef,
    schema: SchemaRef,
    /// Which rows come out.
    sides_out: JoinSides,
}

/// Rows of one input.
struct Side {
    /// None where there are no columns.
    converter: Option<RowConverter>,
    schema: SchemaRef,
    keys: Keys,
    /// Key columns in which null is equal to nothing.
    never_null: Vec<usize>,
}

/// The rows of a batch as bytes.
struct Encoded {
    rows: Option<Rows>,
    keys: KeyRows,
    can_meet: Option<Vec<bool>>,
}

impl Encoded {
    fn row(&self, row: usize) -> &[u8] {
        self.rows.as_ref().map_or(&[], |rows| rows.row(row).data())
    }

    fn key(&self, row: usize) -> &[u8] {
        self.keys.row(row)
    }

    /// Whether no null keeps it from being equal to any.
    fn can_meet(&self, row: usize) -> bool {
        self.can_meet.as_ref().is_none_or(|rows| rows[row])
    }
}

impl Pairs {
    fn new(stage: &StageNode, join: &Join) -> Result<Self, Error> {
        let side = |at: usize| {
            let schema = stage.inputs.get(at).cloned().unwrap_or_else(|| Arc::new(Schema::empty()));
            let of = |key: &narthex_planner::JoinKey| if at == 0 { key.left } else { key.right };
            let keys: Vec<usize> = join.keys.iter().map(of).collect();
            let never_null = join.keys.iter().filter(|key| !key.is_null_safe).map(of).collect();
            let converter = if schema.fields().is_empty() { None } else { Some(all_of(&schema)?) };
            Ok::<_, Error>(Side { converter, keys: Keys::new(&schema, &keys)?, schema, never_null })
        };
        let sides = [side(0)?, side(1)?];
        let fields = join.condition.iter().flat_map(|condition| &condition.columns);
        let fields: Vec<_> =
            fields.map(|&(side, at)| sides[side].schema.fields()[at].as_ref().clone()).collect();
        Ok(Self {
            sides,
            condition: join.condition.clone(),
            condition_schema: Arc::new(Schema::new(fields)),
            schema: stage.schema.clone(),
            sides_out: join.sides,
        })
    }

    fn encode(&self, side: usize, batch: &RecordBatch) -> Result<Encoded, Error> {
        let Side { converter, keys, never_null, .. } = &self.sides[side];
        let rows = converter.as_ref().map(|converter| converter.convert_columns(batch.columns()));
        let columns = never_null.iter().map(|&at| batch.column(at));
        let with_nulls: Vec<&ArrayRef> = columns.filter(|column| column.null_count() > 0).collect();
        let is_whole = |row: usize| with_nulls.iter().all(|column| column.is_valid(row));
        Ok(Encoded {
            rows: rows.transpose().map_err(told)?,
            keys: keys.of(batch)?,
            can_meet: (!with_nulls.is_empty()).then(|| (0..batch.num_rows()).map(is_whole).collect()),
        })
    }

    /// The columns of kept rows.
    fn columns<'a>(&self, side: usize, rows: impl Iterator<Item = &'a [u8]>) -> Result<Vec<ArrayRef>, Error> {
        let Some(converter) = &self.sides[side].converter else { return Ok(Vec::new()) };
        let parser = converter.parser();
        converter.convert_rows(rows.map(|row| parser.parse(row))).map_err(told)
    }

    /// Gives what comes out of pairs for which the condition holds; `marks` are their watermarks, where they may be late.
    /// `has_met` is told which these are, and says whether
    /// the left row had not met another before.
    fn give(
        &self,
        left: &[&[u8]],
        right: &[&[u8]],
        marks: Option<&[i64]>,
        outlet: &mut Outlet<'_>,
        mut has_met: impl FnMut(usize) -> bool,
    ) -> Result<(), Error> {
        if left.is_empty() {
            return Ok(());
        }
        let left_columns = self.columns(0, left.iter().copied())?;
        let right_columns = self.columns(1, right.iter().copied())?;
        let holds = self.holds(&left_columns, &right_columns, left.len())?;
        let is_true = |at: &usize| holds.as_ref().is_none_or(|holds| holds.is_valid(*at) && holds.value(*at));
        let mut first = Vec::new();
        for at in (0..left.len()).filter(is_true) {
            if has_met(at) {
                first.push(left[at]);
            }
        }
        match self.sides_out {
            JoinSides::Semi => return self.give_alone(0, &first, outlet),
            JoinSides::Anti => return Ok(()),
            JoinSides::Inner | JoinSides::Left | JoinSides::Right | JoinSides::Full => {}
        }
        let mut columns = left_columns;
        columns.extend(right_columns);
        let mut batch = with_columns(&self.schema, columns, left.len()).map_err(Error::Row)?;
        if let Some(holds) = &holds {
            batch = filter_record_batch(&batch, holds).map_err(told)?;
        }
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let Some(marks) = marks else { return outlet.give(batch) };
        outlet.give_marked(batch, (0..marks.len()).filter(is_true).map(|at| marks[at]).collect())
    }

    /// Gives rows of the left side in their order: each with its row of the right side where the condition holds, else
    /// alone if such rows come out. Tells which have met theirs.
    fn give_in_order(
        &self,
        left: &[&[u8]],
        right: &[Option<&[u8]>],
        marks: &[i64],
        outlet: &mut Outlet<'_>,
    ) -> Result<Vec<bool>, Error> {
        let mut columns = self.columns(0, left.iter().copied())?;
        let right_columns = self.columns(1, right.iter().copied().flatten())?;
        let paired: Vec<usize> = (0..right.len()).filter(|at| right[*at].is_some()).collect();
        let holds = if self.condition.is_some() {
            let pairs = UInt32Array::from_iter_values(paired.iter().map(|at| *at as u32));
            let left_columns = take_arrays(&columns, &pairs, None).map_err(told)?;
            self.holds(&left_columns, &right_columns, paired.len())?
        } else {
            None
        };
        let is_true =
            |pair: usize| holds.as_ref().is_none_or(|holds| holds.is_valid(pair) && holds.value(pair));
        let mut met: Vec<Option<u32>> = vec![None; left.len()];
        for (pair, &at) in paired.iter().enumerate().filter(|(pair, _)| is_true(*pair)) {
            met[at] = Some(pair as u32);
        }
        let has_met = met.iter().map(Option::is_some).collect();
        let mut marks = marks.to_vec();
        if !self.sides_out.keeps()[0] {
            let out: Vec<u32> = (0..left.len() as u32).filter(|at| met[*at as usize].is_some()).collect();
            marks = out.iter().map(|at| marks[*at as usize]).collect();
            met.retain(Option::is_some);
            let out = UInt32Array::from(out);
            columns = take_arrays(&columns, &out, None).map_err(told)?;
        }
        if met.is_empty() {
            return Ok(has_met);
        }
        let rows = met.len();
        let met = UInt32Array::from(met);
        columns.extend(take_arrays(&right_columns, &met, None).map_err(told)?);
        outlet.give_marked(with_columns(&self.schema, columns, rows).map_err(Error::Row)?, marks)?;
        Ok(has_met)
    }

    fn holds(
        &self,
        left: &[ArrayRef],
        right: &[ArrayRef],
        rows: usize,
    ) -> Result<Option<BooleanArray>, Error> {
        let Some(PairCondition { predicate, columns }) = &self.condition else { return Ok(None) };
        let columns = columns.iter().map(|&(side, at)| if side == 0 { &left[at] } else { &right[at] });
        let batch = with_columns(&self.condition_schema, columns.cloned().collect(), rows);
        let batch = batch.map_err(Error::Row)?;
        let value = predicate.evaluate(&batch).and_then(|value| value.into_array(rows));
        let told = |error| Error::Row(format!("the condition of a join: {}", crate::operator::told(&error)));
        let value = value.map_err(told)?;
        Ok(Some(as_boolean_array(&value).map_err(told)?.clone()))
    }

    /// Gives rows of one side with nulls for the other.
    fn give_alone(&self, side: usize, rows: &[&[u8]], outlet: &mut Outlet<'_>) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let nulls: Vec<ArrayRef> = self.sides[1 - side]
            .schema
            .fields()
            .iter()
            .map(|field| new_null_array(field.data_type(), rows.len()))
            .collect();
        let own = self.columns(side, rows.iter().copied())?;
        let columns = if side == 0 { [own, nulls].concat() } else { [nulls, own].concat() };
        outlet.give(with_columns(&self.schema, columns, rows.len()).map_err(Error::Row)?)
    }

    /// What becomes of rows of a side that leave: those that met another have passed, others come alone or not at all.
    fn leave<'a>(
        &self,
        side: usize,
        rows: impl Iterator<Item = &'a Kept>,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let alone = self.settle(side, rows, outlet);
        alone.chunks(PAIRS_AT_ONCE).try_for_each(|rows| self.give_alone(side, rows, outlet))
    }

    /// Counts rows of a side that leave; those that come alone are returned.
    fn settle<'a>(
        &self,
        side: usize,
        rows: impl Iterator<Item = &'a Kept>,
        outlet: &Outlet<'_>,
    ) -> Vec<&'a [u8]> {
        let (keeps, mut alone) = (self.sides_out.keeps()[side], Vec::new());
        for row in rows {
            if row.has_met.get() && self.sides_out == JoinSides::Anti && side == 0 {
                outlet.counts.filtered.add(1);
            } else if row.has_met.get() {
                outlet.counts.passed.add(1);
            } else if keeps {
                outlet.counts.passed.add(1);
                alone.push(row.bytes.as_ref());
            } else {
                outlet.counts.filtered.add(1);
            }
        }
        alone
    }
}

/// Pairs of rows that have just come with kept ones of the other side.
struct Found<'a> {
    pairs: &'a Pairs,
    /// The side of the rows that have come.
    side: usize,
    encoded: &'a Encoded,
    /// Which of these have met another.
    has_met: &'a mut [bool],
    rows: Vec<usize>,
    kept: Vec<&'a Kept>,
    /// The watermark behind the join for each row that has come.
    marks: Vec<i64>,
}

impl<'a> Found<'a> {
    fn new(
        pairs: &'a Pairs,
        side: usize,
        encoded: &'a Encoded,
        has_met: &'a mut [bool],
        marks: Vec<i64>,
    ) -> Self {
        Self { pairs, side, encoded, has_met, rows: Vec::new(), kept: Vec::new(), marks }
    }

    fn add(&mut self, row: usize, kept: &'a Kept, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        self.rows.push(row);
        self.kept.push(kept);
        if self.rows.len() < PAIRS_AT_ONCE { Ok(()) } else { self.give(outlet) }
    }

    fn give(&mut self, outlet: &mut Outlet<'_>) -> Result<(), Error> {
        let own: Vec<&[u8]> = self.rows.iter().map(|&row| self.encoded.row(row)).collect();
        let others: Vec<&[u8]> = self.kept.iter().map(|kept| kept.bytes.as_ref()).collect();
        let (left, right) = if self.side == 0 { (&own, &others) } else { (&others, &own) };
        let is_left = self.side == 0;
        let marks: Vec<i64> = self.rows.iter().map(|&row| self.marks[row]).collect();
        self.pairs.give(left, right, Some(&marks), outlet, |at| {
            let own_before = std::mem::replace(&mut self.has_met[self.rows[at]], true);
            let other_before = self.kept[at].has_met.replace(true);
            !(if is_left { own_before } else { other_before })
        })?;
        self.rows.clear();
        self.kept.clear();
        Ok(())
    }
}
