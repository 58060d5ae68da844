//! `FIRST_VALUE` and `LAST_VALUE` of texts, bytes, arrays, maps and rows.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use datafusion_common::Result;
use datafusion_expr::{EmitTo, GroupsAccumulator};

use super::counted::Counted;
use super::distinct_keys::Codec;
use super::pick::Arrivals;
use super::slots::Slots;
use super::unconverted;

/// The first value of each group, or the last, as bytes.
pub(super) struct PickBytes<const LAST: bool> {
    values: Slots,
    arrivals: Arrivals<LAST>,
    codec: Codec,
}

impl<const LAST: bool> PickBytes<LAST> {
    pub(super) fn new(data_type: &DataType) -> Result<Self> {
        Ok(Self { values: Slots::default(), arrivals: Arrivals::new(), codec: Codec::new(data_type)? })
    }

    fn grow(&mut self, groups: usize) {
        self.values.grow(groups);
        self.arrivals.grow(groups);
    }

    /// Keeps those rows that are their groups' from now on. Only what is kept in the end is made bytes of.
    fn keep(
        &mut self,
        values: &ArrayRef,
        counted: &Counted,
        groups: &[usize],
        number: impl Fn(usize) -> i64,
    ) -> Result<()> {
        let mut kept: HashMap<usize, u32> = HashMap::new();
        counted.each(groups, |row, group| {
            if self.arrivals.takes(group, number(row)) {
                kept.insert(group, row as u32);
            }
        });
        if kept.is_empty() {
            return Ok(());
        }
        let (groups, rows): (Vec<usize>, Vec<u32>) = kept.into_iter().unzip();
        let values = take(values, &UInt32Array::from(rows), None)?;
        let (slots, mut groups) = (&mut self.values, groups.into_iter());
        self.codec.each(&values, |bytes| {
            if let Some(group) = groups.next() {
                slots.set(group, bytes);
            }
        })
    }
}

impl<const LAST: bool> GroupsAccumulator for PickBytes<LAST> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.grow(total);
        let counted = Counted::new(Some(&values[0]), filter, groups)?;
        let first = Arrivals::<LAST>::number(groups.len());
        self.keep(&values[0], &counted, groups, |row| first + row as i64)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut states = self.state(emit_to)?;
        Ok(states.swap_remove(0))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let arrivals = self.arrivals.take(emit_to);
        let values = self.codec.decode(self.values.take(emit_to))?;
        Ok(vec![values, Arc::new(arrivals)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.grow(total);
        let numbers = Arrivals::<LAST>::of_state(&states[1]);
        let counted = Counted::new(Some(numbers as &dyn Array), None, groups)?;
        self.keep(&states[0], &counted, groups, |row| numbers.value(row))
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        unconverted()
    }

    fn size(&self) -> usize {
        self.values.size() + self.arrivals.size()
    }
}
