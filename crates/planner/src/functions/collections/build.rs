//! Arrays and maps that are made of the elements of others.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float32Array, Float64Array, ListArray, MapArray, StructArray, UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{concat, take};
use arrow::datatypes::{DataType as ArrowType, Field, Float32Type, Float64Type};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion_common::Result;
use narthex_sql::DataType;

use crate::arrow_types::{arrow_field, arrow_type};
use crate::functions::rows::{fail, nulls};

/// The elements of several arrays, and loose ones, as one column.
pub(super) struct Pool {
    pub(super) elements: ArrayRef,
    /// Of each input: where its elements begin, and where those of each row do; none for loose elements.
    inputs: Vec<(usize, Option<OffsetBuffer<i32>>)>,
}

impl Pool {
    /// Of columns that are arrays, or, where `is_loose`, single elements.
    pub(super) fn new(columns: &[&ArrayRef], is_loose: impl Fn(usize) -> bool) -> Result<Self> {
        let (mut parts, mut inputs, mut start): (Vec<ArrayRef>, _, _) = (Vec::new(), Vec::new(), 0);
        for (at, column) in columns.iter().enumerate() {
            let (part, offsets) = if is_loose(at) {
                (Arc::clone(column), None)
            } else {
                let list = column.as_list::<i32>();
                (Arc::clone(list.values()), Some(list.offsets().clone()))
            };
            inputs.push((start, offsets));
            start += part.len();
            parts.push(part);
        }
        if start > i32::MAX as usize {
            return fail("the arrays of one batch have too many elements");
        }
        let elements = match &parts[..] {
            [part] => Arc::clone(part),
            parts => concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>())?,
        };
        Ok(Self { elements, inputs })
    }

    /// The places of an input's elements in a row.
    pub(super) fn places(&self, input: usize, row: usize) -> std::ops::Range<u32> {
        let (start, offsets) = &self.inputs[input];
        let (from, to) = match offsets {
            Some(offsets) => (offsets[row] as usize, offsets[row + 1] as usize),
            None => (row, row + 1),
        };
        (start + from) as u32..(start + to) as u32
    }

    /// The elements in a form that can be compared.
    pub(super) fn keys(&self) -> Result<Rows> {
        let elements = without_minus_zero(&self.elements);
        let converter = RowConverter::new(vec![SortField::new(elements.data_type().clone())])?;
        Ok(converter.convert_columns(&[elements])?)
    }
}

/// Zeros are equal, whatever their sign.
fn without_minus_zero(elements: &ArrayRef) -> ArrayRef {
    match elements.data_type() {
        ArrowType::Float64 => {
            let values: Float64Array = elements.as_primitive::<Float64Type>().unary(|value: f64| value + 0.0);
            Arc::new(values)
        }
        ArrowType::Float32 => {
            let values: Float32Array = elements.as_primitive::<Float32Type>().unary(|value: f32| value + 0.0);
            Arc::new(values)
        }
        _ => Arc::clone(elements),
    }
}

/// Which elements each row has.
struct Chosen {
    places: Vec<u32>,
    offsets: Vec<i32>,
    nulls: Option<NullBuffer>,
}

/// Lets `choose` name the places of each row's elements; `strict` are the columns whose nulls make null.
fn choose(
    strict: &[ArrayRef],
    rows: usize,
    mut choose: impl FnMut(usize, &mut Vec<u32>) -> Result<()>,
) -> Result<Chosen> {
    let nulls = nulls(strict);
    let (mut places, mut offsets) = (Vec::new(), Vec::with_capacity(rows + 1));
    offsets.push(0);
    for row in 0..rows {
        if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
            choose(row, &mut places)?;
        }
        match i32::try_from(places.len()) {
            Ok(end) => offsets.push(end),
            Err(_) => return fail("the arrays of one batch have too many elements"),
        }
    }
    Ok(Chosen { places, offsets, nulls })
}

/// Arrays of elements of a type, chosen from the pool.
pub(super) fn lists(
    inside: &DataType,
    elements: &ArrayRef,
    strict: &[ArrayRef],
    rows: usize,
    choosing: impl FnMut(usize, &mut Vec<u32>) -> Result<()>,
) -> Result<ArrayRef> {
    let chosen = choose(strict, rows, choosing)?;
    let values = take(elements, &UInt32Array::from(chosen.places), None)?;
    let field = Arc::new(arrow_field("item", inside));
    let offsets = OffsetBuffer::new(chosen.offsets.into());
    Ok(Arc::new(ListArray::try_new(field, offsets, values, chosen.nulls)?))
}

/// Maps of keys and values, chosen from two columns by the same places.
pub(super) fn maps(
    data_type: &DataType,
    (keys, values): (&ArrayRef, &ArrayRef),
    strict: &[ArrayRef],
    rows: usize,
    choosing: impl FnMut(usize, &mut Vec<u32>) -> Result<()>,
) -> Result<ArrayRef> {
    let ArrowType::Map(field, _) = arrow_type(data_type) else { return fail("a map was expected") };
    let ArrowType::Struct(fields) = field.data_type() else { return fail("a map was expected") };
    let chosen = choose(strict, rows, choosing)?;
    let places = UInt32Array::from(chosen.places);
    let columns = vec![take(keys, &places, None)?, take(values, &places, None)?];
    let entries = StructArray::try_new(fields.clone(), columns, None)?;
    let offsets = OffsetBuffer::new(chosen.offsets.into());
    let field: Arc<Field> = Arc::clone(&field);
    Ok(Arc::new(MapArray::try_new(field, offsets, entries, chosen.nulls, false)?))
}
