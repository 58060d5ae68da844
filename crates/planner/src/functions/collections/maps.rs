//! Functions of maps.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array};
use arrow::compute::concat;
use arrow::row::{RowConverter, SortField};
use datafusion_common::Result as Computed;
use narthex_sql::{DataType, Field, Mistake};

use super::build::{Pool, maps};
use super::types::{as_type, common, element_type};
use crate::arrow_types::arrow_field;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Array as AnyArray, Map};
use crate::functions::rows::fail;

/// The types of a map's keys and values.
fn parts(value: &Bound) -> Option<(&DataType, &DataType)> {
    match value.data_type.bare() {
        DataType::Map(key, value) => Some((key, value)),
        _ => None,
    }
}

pub(super) fn keys(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    of_entries(arguments, |key, _| key.clone(), |map| Arc::clone(map.entries().column(0)))
}

pub(super) fn values(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    of_entries(arguments, |_, value| value.clone(), |map| Arc::clone(map.entries().column(1)))
}

pub(super) fn entries(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let row = |key: &DataType, value: &DataType| {
        let field =
            |name: &str, data_type: &DataType| Field { name: name.to_owned(), data_type: data_type.clone() };
        DataType::Row(vec![field("key", key), field("value", value)])
    };
    of_entries(arguments, row, |map| Arc::new(map.entries().clone()))
}

/// An array of something from each entry.
fn of_entries(
    arguments: Arguments<'_>,
    inside: fn(&DataType, &DataType) -> DataType,
    column: fn(&arrow::array::MapArray) -> ArrayRef,
) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Map], 1)?;
    let Some((key, value)) = parts(&arguments.values[0]) else { return Err(arguments.refuse()) };
    let inside = inside(key, value);
    let returns = arguments.strict(&DataType::Array(Box::new(inside.clone())));
    arguments.call(returns, move |columns, _| {
        let map = columns[0].as_map();
        let field = Arc::new(arrow_field("item", &inside));
        // Keys may be null for Arrow in a row, and not in a map.
        let values = arrow::compute::cast(&column(map), field.data_type())?;
        Ok(Arc::new(ListArray::try_new(field, map.offsets().clone(), values, map.nulls().cloned())?))
    })
}

/// Of equal keys the last wins; an entry without a key is left out.
pub(super) fn from_arrays(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[AnyArray, AnyArray], 2)?;
    let types = element_type(&arguments.values[0]).zip(element_type(&arguments.values[1]));
    let Some((key, value)) = types else { return Err(arguments.refuse()) };
    let data_type = DataType::Map(Box::new(key.clone()), Box::new(value.clone()));
    let returns = arguments.strict(&data_type);
    arguments.call(returns, move |columns, rows| {
        let (keys, values) = (Pool::new(&[&columns[0]], |_| false)?, Pool::new(&[&columns[1]], |_| false)?);
        let known = keys.keys()?;
        // The places of the values follow those of the keys, row by row.
        let mut value_places = Vec::new();
        let mut key_places = Vec::new();
        let mut counts = Vec::with_capacity(rows);
        let nulls = crate::functions::rows::nulls(columns);
        for row in 0..rows {
            let before = key_places.len();
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                let (of_keys, of_values) = (keys.places(0, row), values.places(0, row));
                if of_keys.len() != of_values.len() {
                    let (keys, values) = (of_keys.len(), of_values.len());
                    return fail(format!("MAP_FROM_ARRAYS: there are {keys} keys and {values} values"));
                }
                let mut last = HashMap::new();
                for (key, value) in of_keys.zip(of_values) {
                    if keys.elements.is_valid(key as usize) {
                        last.insert(known.row(key as usize), (key, value));
                    }
                }
                let mut pairs: Vec<_> = last.into_values().collect();
                pairs.sort_unstable();
                key_places.extend(pairs.iter().map(|(key, _)| *key));
                value_places.extend(pairs.iter().map(|(_, value)| *value));
            }
            counts.push(before as u32..key_places.len() as u32);
        }
        let take = |column: &ArrayRef, places: Vec<u32>| {
            arrow::compute::take(column, &UInt32Array::from(places), None)
        };
        let (keys, values) = (take(&keys.elements, key_places)?, take(&values.elements, value_places)?);
        maps(&data_type, (&keys, &values), columns, rows, |row, chosen| {
            chosen.extend(counts[row].clone());
            Ok(())
        })
    })
}

/// The entries of all; of equal keys the last wins.
pub(super) fn union(mut arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let types: Option<Vec<_>> = arguments
        .values
        .iter()
        .map(|value| parts(value).map(|(key, value)| (key.clone(), value.clone())))
        .collect();
    let shared = types.and_then(|types| {
        let (first, others) = types.split_first()?;
        others.iter().try_fold(first.clone(), |held, other| {
            Some((common(&held.0, &other.0)?, common(&held.1, &other.1)?))
        })
    });
    let Some((key, value)) = shared else { return Err(arguments.refuse()) };
    let data_type = DataType::Map(Box::new(key), Box::new(value));
    arguments.values = arguments.values.into_iter().map(|value| as_type(value, &data_type)).collect();
    let returns = arguments.strict(&data_type);
    arguments.call(returns, move |columns, rows| united(&data_type, columns, rows))
}

fn united(data_type: &DataType, columns: &[ArrayRef], rows: usize) -> Computed<ArrayRef> {
    let all: Vec<_> = columns.iter().map(|column| column.as_map()).collect();
    let gather = |at: usize| {
        let parts: Vec<&dyn Array> = all.iter().map(|map| map.entries().column(at).as_ref()).collect();
        concat(&parts)
    };
    let (keys, values) = (gather(0)?, gather(1)?);
    let converter = RowConverter::new(vec![SortField::new(keys.data_type().clone())])?;
    let known = converter.convert_columns(std::slice::from_ref(&keys))?;
    maps(data_type, (&keys, &values), columns, rows, |row, chosen| {
        let (mut start, mut last) = (0, HashMap::new());
        for map in &all {
            for place in map.offsets()[row]..map.offsets()[row + 1] {
                let place = (start + place as usize) as u32;
                last.insert(known.row(place as usize), place);
            }
            start += map.entries().len();
        }
        let mut places: Vec<u32> = last.into_values().collect();
        places.sort_unstable();
        chosen.extend(places);
        Ok(())
    })
}
