//! `COLLECT`: how often each value came, nulls passed over; never null, but maybe empty.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, MapArray, StructArray, UInt32Array};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::compute::take;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion_common::{DataFusionError, Result};

use super::Listing;
use crate::aggregate::held::ByGroup;

/// Values stand in the order in which they first came.
pub(in crate::aggregate) struct Collect {
    converter: RowConverter,
    returns: DataType,
}

impl Collect {
    pub(in crate::aggregate) fn new(
        element: &DataType,
        returns: DataType,
    ) -> std::result::Result<Self, crate::Error> {
        let converter = RowConverter::new(vec![SortField::new(element.clone())]);
        let converter = converter.map_err(|error| crate::Error::Row(error.to_string()))?;
        Ok(Self { converter, returns })
    }
}

impl Listing for Collect {
    fn results(&self, ByGroup { offsets, values }: ByGroup) -> Result<ArrayRef> {
        let rows = self.converter.convert_columns(std::slice::from_ref(&values))?;
        let (mut firsts, mut counts, mut ends) = (Vec::<u32>::new(), Vec::<i32>::new(), vec![0_i32]);
        let mut places: HashMap<&[u8], usize> = HashMap::new();
        for range in offsets.windows(2) {
            places.clear();
            for at in range[0] as usize..range[1] as usize {
                let place = *places.entry(rows.row(at).data()).or_insert(counts.len());
                if place == counts.len() {
                    firsts.push(at as u32);
                    counts.push(0);
                }
                counts[place] += 1;
            }
            ends.push(counts.len() as i32);
        }
        let DataType::Map(entry, _) = &self.returns else {
            return Err(DataFusionError::Execution(format!("{} is no map", self.returns)));
        };
        let DataType::Struct(fields) = entry.data_type() else {
            return Err(DataFusionError::Execution(format!("{} is no map", self.returns)));
        };
        let keys = take(&values, &UInt32Array::from(firsts), None)?;
        let entries =
            StructArray::try_new(fields.clone(), vec![keys, Arc::new(Int32Array::from(counts))], None)?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
        Ok(Arc::new(MapArray::try_new(entry.clone(), offsets, entries, None, false)?))
    }
}
