//! `UNNEST`: for each row its columns, and behind them those of each element of a list or map.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int32Array, RecordBatch, StructArray, UInt32Array, UInt32Builder,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, SchemaRef};
use narthex_planner::Unnest;

use crate::operator::with_columns;

/// The rows that come of these.
pub(crate) fn unnested(
    batch: &RecordBatch,
    unnest: &Unnest,
    schema: &SchemaRef,
) -> Result<RecordBatch, String> {
    let rows = batch.num_rows();
    let list = unnest.list.evaluate(batch).and_then(|value| value.into_array(rows));
    let list = list.map_err(|error| error.strip_backtrace())?;
    let (offsets, elements) = parts(&list)?;
    let mut from_rows = UInt32Builder::new();
    let mut from_elements = UInt32Builder::new();
    let mut ordinals = Vec::new();
    for row in 0..rows {
        let range = if list.is_null(row) { 0..0 } else { offsets[row]..offsets[row + 1] };
        let mut is_alone = true;
        for (place, element) in range.enumerate() {
            // Flink passes over a row that is null.
            if unnest.is_spread && elements.is_null(element) {
                continue;
            }
            is_alone = false;
            from_rows.append_value(row as u32);
            from_elements.append_value(element as u32);
            ordinals.push(Some(place as i32 + 1));
        }
        if is_alone && unnest.keeps_rows {
            from_rows.append_value(row as u32);
            from_elements.append_null();
            ordinals.push(None);
        }
    }
    let (from_rows, from_elements) = (from_rows.finish(), from_elements.finish());
    let mut columns = taken(batch.columns(), &from_rows)?;
    if unnest.is_spread {
        let spread: &StructArray = elements.as_struct_opt().ok_or("UNNEST expected rows in the list")?;
        columns.extend(taken(spread.columns(), &from_elements)?);
    } else {
        columns.extend(taken(&[elements], &from_elements)?);
    }
    if unnest.with_ordinality {
        columns.push(Arc::new(Int32Array::from(ordinals)));
    }
    with_columns(schema, columns, from_rows.len())
}

fn taken(columns: &[ArrayRef], indices: &UInt32Array) -> Result<Vec<ArrayRef>, String> {
    columns.iter().map(|column| take(column, indices, None).map_err(|error| error.to_string())).collect()
}

/// Where each row's elements begin and end, and all elements.
fn parts(list: &ArrayRef) -> Result<(Vec<usize>, ArrayRef), String> {
    let places = |offsets: &[i32]| offsets.iter().map(|&at| at as usize).collect();
    match list.data_type() {
        DataType::List(_) => {
            let list = list.as_list::<i32>();
            Ok((places(list.value_offsets()), list.values().clone()))
        }
        DataType::Map(..) => {
            let map = list.as_map();
            Ok((places(map.value_offsets()), Arc::new(map.entries().clone())))
        }
        other => Err(format!("UNNEST expected a list, not {other}")),
    }
}
