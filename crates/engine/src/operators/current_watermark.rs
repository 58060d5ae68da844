//! Each row with the watermark before it.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef, TimeUnit};

use super::rows::told;
use super::{Keeper, StateSize};
use crate::clock::NEVER;
use crate::error::Error;
use crate::stage::{Marks, Outlet};

/// Keeps nothing.
pub(crate) struct CurrentWatermark {
    pub(crate) schema: SchemaRef,
}

impl Keeper for CurrentWatermark {
    fn rows(
        &mut self,
        _input: usize,
        batch: &RecordBatch,
        marks: &Marks,
        outlet: &mut Outlet<'_>,
    ) -> Result<(), Error> {
        let before: Vec<i64> = (0..batch.num_rows()).map(|row| marks.at(row)).collect();
        let watermarks = before.iter().map(|mark| Some(*mark).filter(|mark| *mark > NEVER));
        let watermarks: ArrayRef = Arc::new(watermarks.collect::<Int64Array>());
        let in_ms = cast(&watermarks, &DataType::Timestamp(TimeUnit::Millisecond, None)).map_err(told)?;
        let mut columns = batch.columns().to_vec();
        let last = self.schema.field(columns.len());
        columns.push(cast(&in_ms, last.data_type()).map_err(told)?);
        outlet.counts.passed.add(batch.num_rows() as u64);
        outlet.give_marked(RecordBatch::try_new(self.schema.clone(), columns).map_err(told)?, before)
    }

    fn advance(&mut self, _watermark: i64, _outlet: &mut Outlet<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn state(&self) -> StateSize {
        StateSize::default()
    }

    fn held(&self) -> u64 {
        0
    }
}
