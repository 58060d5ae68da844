//! Which rows of a batch count: those that the filter lets through and whose value is not null.

use arrow::array::{Array, BooleanArray};
use arrow::buffer::BooleanBuffer;
use arrow::error::ArrowError;
use datafusion_common::{DataFusionError, Result};

/// See the module. `None`: all of them.
pub(super) struct Counted {
    rows: Option<BooleanBuffer>,
    len: usize,
}

impl Counted {
    /// `values` is none where nulls count too.
    pub(super) fn new(
        values: Option<&dyn Array>,
        filter: Option<&BooleanArray>,
        groups: &[usize],
    ) -> Result<Self> {
        let len = groups.len();
        if values.is_some_and(|values| values.len() != len)
            || filter.is_some_and(|filter| filter.len() != len)
        {
            let message = "an aggregate's columns have different lengths".to_owned();
            return Err(DataFusionError::from(ArrowError::InvalidArgumentError(message)));
        }
        let valid = values.and_then(Array::logical_nulls).filter(|nulls| nulls.null_count() > 0);
        let valid = valid.map(|nulls| nulls.into_inner());
        let passed = filter.map(|filter| match filter.nulls() {
            Some(nulls) => filter.values() & nulls.inner(),
            None => filter.values().clone(),
        });
        let rows = match (valid, passed) {
            (Some(valid), Some(passed)) => Some(&valid & &passed),
            (valid, passed) => valid.or(passed),
        };
        Ok(Self { rows, len })
    }

    pub(super) fn count(&self) -> usize {
        self.rows.as_ref().map_or(self.len, BooleanBuffer::count_set_bits)
    }

    /// As a mask, if not all rows count.
    pub(super) fn mask(&self) -> Option<BooleanArray> {
        self.rows.clone().map(|rows| BooleanArray::new(rows, None))
    }

    /// Visits each row that counts, and its group.
    #[inline]
    pub(super) fn each(&self, groups: &[usize], mut visit: impl FnMut(usize, usize)) {
        match &self.rows {
            None => groups.iter().enumerate().for_each(|(row, &group)| visit(row, group)),
            Some(rows) => rows.set_indices().for_each(|row| visit(row, groups[row])),
        }
    }

    /// Visits each value that counts, and its group.
    #[inline]
    pub(super) fn values<T: Copy>(&self, values: &[T], groups: &[usize], mut visit: impl FnMut(T, usize)) {
        match &self.rows {
            None => values.iter().zip(groups).for_each(|(&value, &group)| visit(value, group)),
            Some(rows) => rows.set_indices().for_each(|row| visit(values[row], groups[row])),
        }
    }

    /// Whether every row counts.
    pub(super) fn is_all(&self) -> bool {
        self.rows.is_none()
    }
}

/// The group that all rows are of, if it is one: then a loop need not look at it.
pub(super) fn only_group(groups: &[usize]) -> Option<usize> {
    let first = *groups.first()?;
    groups.iter().all(|&group| group == first).then_some(first)
}
