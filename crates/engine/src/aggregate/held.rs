//! Values that are held for each group, in the order in which they came: columns, and the group of each value.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, UInt32Array, new_empty_array};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::compute::{concat, filter, take};
use arrow::datatypes::{DataType, Field};
use datafusion_common::{DataFusionError, Result};
use datafusion_expr::EmitTo;

use super::counted::Counted;

/// See the module.
pub(super) struct Held {
    data_type: DataType,
    /// What was added since all was last put together.
    chunks: Vec<ArrayRef>,
    /// The group of each value.
    groups: Vec<u32>,
    total: usize,
}

/// Values by group: those of group `g` stand from `offsets[g]` to `offsets[g + 1]`.
pub(super) struct ByGroup {
    pub(super) offsets: OffsetBuffer<i32>,
    pub(super) values: ArrayRef,
}

impl Held {
    pub(super) fn new(data_type: DataType) -> Self {
        Self { data_type, chunks: Vec::new(), groups: Vec::new(), total: 0 }
    }

    /// Adds those values of a batch that count.
    pub(super) fn add(
        &mut self,
        values: &ArrayRef,
        counted: &Counted,
        groups: &[usize],
        total: usize,
    ) -> Result<()> {
        self.total = total.max(self.total);
        if counted.count() == 0 {
            return Ok(());
        }
        let chunk = match counted.mask() {
            Some(mask) => filter(values, &mask)?,
            None => values.clone(),
        };
        counted.each(groups, |_, group| self.groups.push(group as u32));
        self.push(chunk)
    }

    /// Adds lists of values.
    pub(super) fn merge(&mut self, lists: &ArrayRef, groups: &[usize], total: usize) -> Result<()> {
        self.total = total.max(self.total);
        let lists = lists.as_list::<i32>();
        let offsets = lists.value_offsets();
        for (row, &group) in groups.iter().enumerate() {
            let count = (offsets[row + 1] - offsets[row]) as usize;
            self.groups.extend(std::iter::repeat_n(group as u32, count));
        }
        let (from, to) = (offsets[0] as usize, offsets[groups.len()] as usize);
        self.push(lists.values().slice(from, to - from))
    }

    /// A chunk behind the others. Small ones are put together with those before them, each value a few times at most.
    fn push(&mut self, chunk: ArrayRef) -> Result<()> {
        self.chunks.push(chunk);
        while let [.., before, last] = self.chunks.as_slice()
            && before.len() <= 2 * last.len()
        {
            let both = concat(&[before.as_ref(), last.as_ref()])?;
            self.chunks.truncate(self.chunks.len() - 2);
            self.chunks.push(both);
        }
        Ok(())
    }

    fn all(&mut self) -> Result<ArrayRef> {
        let chunks = std::mem::take(&mut self.chunks);
        let chunks: Vec<&dyn Array> = chunks.iter().map(AsRef::as_ref).collect();
        match chunks.as_slice() {
            [] => Ok(new_empty_array(&self.data_type)),
            chunks => Ok(concat(chunks)?),
        }
    }

    /// The values of those groups that leave; the rest moves down.
    pub(super) fn take(&mut self, emit_to: EmitTo) -> Result<ByGroup> {
        let values = self.all()?;
        let groups = std::mem::take(&mut self.groups);
        let count = match emit_to {
            EmitTo::All => self.total,
            EmitTo::First(count) => count.min(self.total),
        };
        self.total -= count;
        if self.total > 0 {
            let stays: BooleanArray = groups.iter().map(|&group| Some(group as usize >= count)).collect();
            self.groups = groups
                .iter()
                .filter(|&&group| group as usize >= count)
                .map(|group| group - count as u32)
                .collect();
            if !self.groups.is_empty() {
                self.chunks.push(filter(&values, &stays)?);
            }
        }
        by_group(&values, &groups, count)
    }

    /// The same as lists: what can be merged again.
    pub(super) fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let ByGroup { offsets, values } = self.take(emit_to)?;
        let item = Arc::new(Field::new("item", self.data_type.clone(), true));
        Ok(Arc::new(ListArray::try_new(item, offsets, values, None)?))
    }

    pub(super) fn size(&self) -> usize {
        let values: usize = self.chunks.iter().map(|chunk| chunk.get_array_memory_size()).sum();
        values + self.groups.capacity() * size_of::<u32>()
    }
}

/// Sorts the values of the groups below `count` by their group; those of one stay in their order.
fn by_group(values: &ArrayRef, groups: &[u32], count: usize) -> Result<ByGroup> {
    let mut ends = vec![0_usize; count + 1];
    for &group in groups.iter().filter(|&&group| (group as usize) < count) {
        ends[group as usize + 1] += 1;
    }
    (1..=count).for_each(|group| ends[group] += ends[group - 1]);
    let too_many = |_| DataFusionError::Execution("an aggregate holds more than 2^31 values".to_owned());
    let offsets = ends.iter().map(|&end| i32::try_from(end)).collect::<std::result::Result<Vec<i32>, _>>();
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets.map_err(too_many)?));
    let is_sorted = ends[count] == groups.len() && groups.is_sorted();
    if is_sorted {
        return Ok(ByGroup { offsets, values: values.clone() });
    }
    let mut order = vec![0_u32; ends[count]];
    for (at, &group) in groups.iter().enumerate().filter(|(_, group)| (**group as usize) < count) {
        let next = &mut ends[group as usize];
        order[*next] = at as u32;
        *next += 1;
    }
    Ok(ByGroup { offsets, values: take(values, &UInt32Array::from(order), None)? })
}
