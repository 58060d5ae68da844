//! Values as bytes or plain bits, and back: what sets of them are made of.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StringArray, new_null_array};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::row::{RowConverter, SortField};
use datafusion_common::Result;

use super::pick::{plain_array, plain_values};

/// How values of a type become bytes. Equal values have equal bytes.
pub(super) enum Codec {
    /// Texts: their bytes. Nulls are none.
    Text,
    /// The rows of Arrow, nulls too.
    Rows(DataType, RowConverter),
}

impl Codec {
    pub(super) fn new(data_type: &DataType) -> Result<Self> {
        if *data_type == DataType::Utf8 {
            return Ok(Self::Text);
        }
        Self::with_nulls(data_type)
    }

    /// One that tells nulls from other values.
    pub(super) fn with_nulls(data_type: &DataType) -> Result<Self> {
        let converter = RowConverter::new(vec![SortField::new(data_type.clone())])?;
        Ok(Self::Rows(data_type.clone(), converter))
    }

    /// Visits the bytes of each value; of a null text they are empty.
    pub(super) fn each(&self, values: &ArrayRef, mut visit: impl FnMut(&[u8])) -> Result<()> {
        match self {
            Self::Text => {
                let texts = values.as_string::<i32>();
                (0..texts.len()).for_each(|row| visit(texts.value(row).as_bytes()));
            }
            Self::Rows(_, converter) => {
                let rows = converter.convert_columns(std::slice::from_ref(values))?;
                rows.iter().for_each(|row| visit(row.data()));
            }
        }
        Ok(())
    }

    /// The values of these bytes; null where there are none.
    pub(super) fn decode(&self, bytes: BinaryArray) -> Result<ArrayRef> {
        let (data_type, converter) = match self {
            Self::Text => return Ok(Arc::new(StringArray::try_from_binary(bytes)?)),
            Self::Rows(data_type, converter) => (data_type, converter),
        };
        let parser = converter.parser();
        let null = converter.convert_columns(&[new_null_array(data_type, 1)])?;
        let null = null.row(0);
        let rows = bytes.iter().map(|bytes| bytes.map_or(null, |bytes| parser.parse(bytes)));
        let mut columns = converter.convert_rows(rows)?;
        Ok(columns.swap_remove(0))
    }
}

/// The bits of values that are at most 64 bits wide. All NaN have the same.
pub(super) fn bits(values: &ArrayRef) -> Vec<u64> {
    match values.data_type() {
        DataType::Float32 => {
            let floats = values.as_primitive::<Float32Type>().values().iter();
            return floats
                .map(|&value| u64::from(if value.is_nan() { f32::NAN } else { value }.to_bits()))
                .collect();
        }
        DataType::Float64 => {
            let floats = values.as_primitive::<Float64Type>().values().iter();
            return floats.map(|&value| if value.is_nan() { f64::NAN } else { value }.to_bits()).collect();
        }
        _ => {}
    }
    match values.data_type().primitive_width() {
        Some(1) => plain_values::<u8>(values).iter().map(|&value| u64::from(value)).collect(),
        Some(2) => plain_values::<u16>(values).iter().map(|&value| u64::from(value)).collect(),
        Some(4) => plain_values::<u32>(values).iter().map(|&value| u64::from(value)).collect(),
        _ => plain_values::<u64>(values).to_vec(),
    }
}

/// Whether [`bits`] tells the type's values apart.
pub(super) fn has_bits(data_type: &DataType) -> bool {
    data_type.primitive_width().is_some_and(|width| width <= 8)
}

/// The values of these bits.
pub(super) fn of_bits(bits: &[u64], data_type: &DataType) -> Result<ArrayRef> {
    let bits = bits.iter();
    match data_type.primitive_width() {
        Some(1) => plain_array(bits.map(|&bits| bits as u8).collect(), None, data_type),
        Some(2) => plain_array(bits.map(|&bits| bits as u16).collect(), None, data_type),
        Some(4) => plain_array(bits.map(|&bits| bits as u32).collect(), None, data_type),
        _ => plain_array(bits.copied().collect(), None, data_type),
    }
}
