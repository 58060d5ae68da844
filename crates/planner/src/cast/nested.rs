//! Arrays, maps and rows: what is inside is cast.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType as ArrowType, Fields};
use narthex_sql::DataType;

use super::Convert;
use crate::arrow_types::{arrow_field, arrow_type};

pub(super) fn array(inside: Convert, element: &DataType) -> Convert {
    let field = Arc::new(arrow_field("item", element));
    Arc::new(move |array| {
        let lists = array.as_list::<i32>();
        let (offsets, used) = used(lists.offsets());
        let values = inside(&lists.values().slice(used.start, used.len()))?;
        Ok(Arc::new(ListArray::try_new(field.clone(), offsets, values, lists.nulls().cloned())?))
    })
}

/// The part of the elements that the rows of a slice have, and the offsets in it: other rows' elements may be such as
/// cannot be cast.
fn used(offsets: &OffsetBuffer<i32>) -> (OffsetBuffer<i32>, Range<usize>) {
    let (first, last) = (offsets.first().copied().unwrap_or(0), offsets.last().copied().unwrap_or(0));
    let rebased = offsets.iter().map(|offset| offset - first).collect();
    (OffsetBuffer::new(rebased), first as usize..last as usize)
}

pub(super) fn map(key: Convert, value: Convert, to: &DataType) -> Convert {
    let to = arrow_type(to);
    Arc::new(move |array| {
        let maps = array.as_map();
        let (offsets, used) = used(maps.offsets());
        let slice = |entries: &ArrayRef| entries.slice(used.start, used.len());
        let columns = vec![key(&slice(maps.keys()))?, value(&slice(maps.values()))?];
        let ArrowType::Map(field, is_sorted) = &to else { return Ok(array.clone()) };
        let fields = match field.data_type() {
            ArrowType::Struct(fields) => fields.clone(),
            _ => Fields::empty(),
        };
        let entries = StructArray::try_new(fields, columns, None)?;
        Ok(Arc::new(MapArray::try_new(field.clone(), offsets, entries, maps.nulls().cloned(), *is_sorted)?))
    })
}

pub(super) fn row(converters: Vec<Convert>, to: &DataType) -> Convert {
    let to = arrow_type(to);
    Arc::new(move |array| {
        let rows = array.as_struct();
        let columns = converters.iter().zip(rows.columns()).map(|(convert, column)| convert(column));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let fields = match &to {
            ArrowType::Struct(fields) => fields.clone(),
            _ => Fields::empty(),
        };
        Ok(Arc::new(StructArray::try_new(fields, columns, rows.nulls().cloned())?))
    })
}
