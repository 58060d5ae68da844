//! A column that is filled value by value and can be cut back when a record turns out to be broken.
//!
//! Arrow's own builders cannot be cut back, and their values are checked one by one.

use std::mem::take;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, BinaryArray, BooleanArray, BooleanBufferBuilder, ListArray,
    MapArray, NullArray, NullBufferBuilder, PrimitiveArray, StringArray, StructArray, make_array,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::compute::take as take_rows;
use arrow::datatypes::{
    ArrowNativeType, DataType as ArrowType, Date32Type, Decimal128Type, Fields, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type,
};
use arrow::error::ArrowError;

use narthex_model::append_part;

use super::hash_order::hash_order;

/// Values of one column, and which of them are null.
pub(super) struct Column {
    data_type: ArrowType,
    nulls: NullBufferBuilder,
    values: Values,
}

enum Values {
    None,
    Boolean(BooleanBufferBuilder),
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    I128(Vec<i128>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Bytes { ends: Vec<i32>, data: Vec<u8> },
    List { ends: Vec<i32>, item: Box<Column> },
    Map { ends: Vec<i32>, key: Box<Column>, value: Box<Column> },
    Struct(Vec<Column>),
}

/// What goes into a plain column.
pub(super) trait Plain: Copy + Default {
    /// The column's values, if they are of this kind.
    fn values(column: &mut Column) -> Option<&mut Vec<Self>>;
}

macro_rules! plain {
    ($($native:ty => $variant:ident),*) => {$(
        impl Plain for $native {
            #[inline]
            fn values(column: &mut Column) -> Option<&mut Vec<Self>> {
                match &mut column.values {
                    Values::$variant(values) => Some(values),
                    _ => None,
                }
            }
        }
    )*};
}

plain!(i8 => I8, i16 => I16, i32 => I32, i64 => I64, i128 => I128, f32 => F32, f64 => F64);

impl Column {
    /// An empty column. None if there is no such column.
    pub(super) fn new(data_type: &ArrowType) -> Option<Self> {
        let ends = || vec![0];
        let values = match data_type {
            ArrowType::Null => Values::None,
            ArrowType::Boolean => Values::Boolean(BooleanBufferBuilder::new(0)),
            ArrowType::Int8 => Values::I8(Vec::new()),
            ArrowType::Int16 => Values::I16(Vec::new()),
            ArrowType::Int32 | ArrowType::Date32 | ArrowType::Time32(_) => Values::I32(Vec::new()),
            ArrowType::Int64 | ArrowType::Timestamp(..) => Values::I64(Vec::new()),
            ArrowType::Decimal128(..) => Values::I128(Vec::new()),
            ArrowType::Float32 => Values::F32(Vec::new()),
            ArrowType::Float64 => Values::F64(Vec::new()),
            ArrowType::Utf8 | ArrowType::Binary => Values::Bytes { ends: ends(), data: Vec::new() },
            ArrowType::List(item) => {
                Values::List { ends: ends(), item: Box::new(Self::new(item.data_type())?) }
            }
            ArrowType::Map(entries, _) => {
                let ArrowType::Struct(fields) = entries.data_type() else { return None };
                let [key, value] = &fields[..] else { return None };
                let (key, value) = (Self::new(key.data_type())?, Self::new(value.data_type())?);
                Values::Map { ends: ends(), key: Box::new(key), value: Box::new(value) }
            }
            ArrowType::Struct(fields) => Values::Struct(
                fields.iter().map(|field| Self::new(field.data_type())).collect::<Option<_>>()?,
            ),
            _ => return None,
        };
        Some(Self { data_type: data_type.clone(), nulls: NullBufferBuilder::new(0), values })
    }

    /// How many values it has.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.nulls.len()
    }

    /// Appends a null.
    pub(super) fn push_null(&mut self) {
        match &mut self.values {
            Values::None => {}
            Values::Boolean(values) => values.append(false),
            Values::I8(values) => values.push(0),
            Values::I16(values) => values.push(0),
            Values::I32(values) => values.push(0),
            Values::I64(values) => values.push(0),
            Values::I128(values) => values.push(0),
            Values::F32(values) => values.push(0.0),
            Values::F64(values) => values.push(0.0),
            Values::Bytes { ends, .. } | Values::List { ends, .. } | Values::Map { ends, .. } => {
                ends.push(ends.last().copied().unwrap_or(0));
            }
            Values::Struct(fields) => fields.iter_mut().for_each(Self::push_null),
        }
        self.nulls.append_null();
    }

    /// Appends a value of the kind that the column holds; another kind gives a null.
    #[inline]
    pub(super) fn push<T: Plain>(&mut self, value: T) {
        match T::values(self) {
            Some(values) => {
                values.push(value);
                self.nulls.append_non_null();
            }
            None => self.push_null(),
        }
    }

    /// Appends `TRUE` or `FALSE`.
    pub(super) fn push_bool(&mut self, value: bool) {
        match &mut self.values {
            Values::Boolean(values) => {
                values.append(value);
                self.nulls.append_non_null();
            }
            _ => self.push_null(),
        }
    }

    /// Appends a text, which must be UTF-8, or bytes. False if the column would be larger than Arrow's offsets reach.
    #[inline]
    pub(super) fn push_bytes(&mut self, value: &[u8]) -> bool {
        self.push_range(value, 0..value.len())
    }

    /// The same of a part of bytes that may go on behind it: a short one is copied without a call.
    #[inline]
    pub(super) fn push_range(&mut self, bytes: &[u8], range: std::ops::Range<usize>) -> bool {
        let Values::Bytes { ends, data } = &mut self.values else {
            self.push_null();
            return true;
        };
        let Ok(end) = i32::try_from(data.len() + range.len()) else { return false };
        if !append_part::<16>(data, bytes, range) {
            return false;
        }
        ends.push(end);
        self.nulls.append_non_null();
        true
    }

    /// Where an array's elements go; [`Column::end_list`] makes them one value.
    pub(super) fn item(&mut self) -> Option<&mut Self> {
        match &mut self.values {
            Values::List { item, .. } => Some(item),
            _ => None,
        }
    }

    /// Where a map's keys and values go; [`Column::end_list`] makes them one value.
    pub(super) fn entry(&mut self) -> Option<(&mut Self, &mut Self)> {
        match &mut self.values {
            Values::Map { key, value, .. } => Some((key, value)),
            _ => None,
        }
    }

    /// Makes what was put into `item` or `entry` since the last value one value.
    pub(super) fn end_list(&mut self) {
        if let Values::List { ends, item } | Values::Map { ends, key: item, .. } = &mut self.values {
            ends.push(i32::try_from(item.len()).unwrap_or(i32::MAX));
            self.nulls.append_non_null();
        }
    }

    /// Where a row's fields go; [`Column::end_row`] makes them one value.
    pub(super) fn fields(&mut self) -> &mut [Self] {
        match &mut self.values {
            Values::Struct(fields) => fields,
            _ => &mut [],
        }
    }

    /// Makes what was put into `fields` one value; each field must have one more than before.
    pub(super) fn end_row(&mut self) {
        self.nulls.append_non_null();
    }

    /// A text or bytes that the column holds.
    pub(super) fn bytes_at(&self, at: usize) -> &[u8] {
        match &self.values {
            Values::Bytes { ends, data } => match ends.get(at..at + 2) {
                Some([start, end]) => data.get(*start as usize..*end as usize).unwrap_or_default(),
                _ => &[],
            },
            _ => &[],
        }
    }

    /// Cuts it back to so many values, and drops what was begun behind them.
    pub(super) fn truncate(&mut self, len: usize) {
        let end = |ends: &mut Vec<i32>| {
            ends.truncate(len + 1);
            ends.last().map_or(0, |end| *end as usize)
        };
        match &mut self.values {
            Values::None => {}
            Values::Boolean(values) => values.truncate(len),
            Values::I8(values) => values.truncate(len),
            Values::I16(values) => values.truncate(len),
            Values::I32(values) => values.truncate(len),
            Values::I64(values) => values.truncate(len),
            Values::I128(values) => values.truncate(len),
            Values::F32(values) => values.truncate(len),
            Values::F64(values) => values.truncate(len),
            Values::Bytes { ends, data } => data.truncate(end(ends)),
            Values::List { ends, item } => item.truncate(end(ends)),
            Values::Map { ends, key, value } => {
                let end = end(ends);
                key.truncate(end);
                value.truncate(end);
            }
            Values::Struct(fields) => fields.iter_mut().for_each(|field| field.truncate(len)),
        }
        self.nulls.truncate(len.min(self.nulls.len()));
    }

    /// The values as an array; the column is empty afterwards and remembers how much room they took.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let len = self.nulls.len();
        let nulls = self.nulls.finish();
        let data_type = self.data_type.clone();
        Ok(match &mut self.values {
            Values::None => Arc::new(NullArray::new(len)),
            Values::Boolean(values) => Arc::new(BooleanArray::new(values.finish(), nulls)),
            Values::I8(values) => primitive::<Int8Type>(data_type, values, nulls)?,
            Values::I16(values) => primitive::<Int16Type>(data_type, values, nulls)?,
            Values::I32(values) if data_type == ArrowType::Date32 => {
                primitive::<Date32Type>(data_type, values, nulls)?
            }
            Values::I32(values) => primitive::<Int32Type>(data_type, values, nulls)?,
            Values::I64(values) => primitive::<Int64Type>(data_type, values, nulls)?,
            Values::I128(values) => {
                let array = PrimitiveArray::<Decimal128Type>::try_new(taken(values), nulls)?;
                Arc::new(array.with_data_type(data_type))
            }
            Values::F32(values) => primitive::<Float32Type>(data_type, values, nulls)?,
            Values::F64(values) => primitive::<Float64Type>(data_type, values, nulls)?,
            Values::Bytes { ends, data } => {
                let room = data.len();
                let bytes = Buffer::from_vec(std::mem::replace(data, Vec::with_capacity(room)));
                let ends = offsets(ends);
                match data_type {
                    ArrowType::Utf8 => Arc::new(StringArray::try_new(ends, bytes, nulls)?),
                    _ => Arc::new(BinaryArray::try_new(ends, bytes, nulls)?),
                }
            }
            Values::List { ends, item } => {
                let ArrowType::List(field) = data_type else {
                    return Ok(make_array(NullArray::new(len).into()));
                };
                Arc::new(ListArray::try_new(field, offsets(ends), item.finish()?, nulls)?)
            }
            Values::Map { ends, key, value } => {
                let ArrowType::Map(field, sorted) = data_type else {
                    return Ok(make_array(NullArray::new(len).into()));
                };
                let mut arrays = vec![key.finish()?, value.finish()?];
                if let Some(order) = hash_order(&arrays[0], ends) {
                    arrays = arrays
                        .iter()
                        .map(|array| take_rows(array, &order, None))
                        .collect::<Result<_, _>>()?;
                }
                let fields = match field.data_type() {
                    ArrowType::Struct(fields) => fields.clone(),
                    _ => Fields::empty(),
                };
                let entries = StructArray::try_new(fields, arrays, None)?;
                Arc::new(MapArray::try_new(field, offsets(ends), entries, nulls, sorted)?)
            }
            Values::Struct(columns) => {
                let ArrowType::Struct(fields) = data_type else {
                    return Ok(make_array(NullArray::new(len).into()));
                };
                let arrays = columns.iter_mut().map(Self::finish).collect::<Result<Vec<_>, _>>()?;
                Arc::new(StructArray::try_new_with_length(fields, arrays, nulls, len)?)
            }
        })
    }
}

/// The values, with as much room left behind as they took.
fn taken<T: ArrowNativeType>(values: &mut Vec<T>) -> ScalarBuffer<T> {
    let room = values.len();
    std::mem::replace(values, Vec::with_capacity(room)).into()
}

/// An array of plain values: of the type itself, or of one that is counted in the same numbers.
fn primitive<T: ArrowPrimitiveType>(
    data_type: ArrowType,
    values: &mut Vec<T::Native>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef, ArrowError> {
    let array = PrimitiveArray::<T>::try_new(taken(values), nulls)?;
    if data_type == T::DATA_TYPE {
        return Ok(Arc::new(array));
    }
    let data = array.into_data().into_builder().data_type(data_type).build()?;
    Ok(make_array(data))
}

/// Where values end; the column begins again at 0.
fn offsets(ends: &mut Vec<i32>) -> OffsetBuffer<i32> {
    let room = ends.len();
    let taken = take(ends);
    ends.reserve(room);
    ends.push(0);
    OffsetBuffer::new(taken.into())
}
