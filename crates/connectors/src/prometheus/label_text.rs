//! Columns as labels: texts as they lie there, everything else written as `CAST(… AS STRING)` writes it.

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{
    DataType as ArrowType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, Time32MillisecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType,
};
use narthex_sql::DataType;

use crate::prometheus::zone::Zone;
use crate::text::{self, Moment};

/// Values whose text is remembered within a batch.
const REMEMBERED: usize = 512;

/// Whether a column of this type can be a label.
pub(crate) fn has_text(data_type: &DataType) -> bool {
    use DataType::{Array, IntervalMillis, IntervalMonths, Map, Multiset, Null, Row};
    !matches!(
        data_type.bare(),
        Array(_) | Map(..) | Multiset(_) | Row(_) | Null | IntervalMillis | IntervalMonths
    )
}

/// A label's values in a batch.
pub(crate) enum LabelValues<'a> {
    /// As they lie in the batch.
    Texts(&'a StringArray),
    /// Written for it.
    Written(&'a Written),
}

/// A text where it lies: behind it there may be others, which whoever copies it may copy along and cut off.
#[derive(Clone, Copy)]
pub(crate) struct Piece<'a> {
    pub(crate) of: &'a [u8],
    pub(crate) from: usize,
    pub(crate) len: usize,
}

impl<'a> Piece<'a> {
    /// The text of a row; empty where it is null.
    #[inline]
    pub(crate) fn of(array: &'a StringArray, row: usize) -> Self {
        let offsets = array.value_offsets();
        let from = offsets.get(row).map_or(0, |at| *at as usize);
        let len = offsets.get(row + 1).map_or(0, |at| *at as usize - from);
        Self { of: array.value_data(), from, len: if array.is_null(row) { 0 } else { len } }
    }

    /// A text of which nothing more is known.
    #[inline]
    pub(crate) fn whole(text: &'a [u8]) -> Self {
        Self { of: text, from: 0, len: text.len() }
    }

    #[inline]
    pub(crate) fn text(self) -> &'a [u8] {
        self.of.get(self.from..self.from + self.len).unwrap_or_default()
    }
}

impl<'a> LabelValues<'a> {
    /// The label of a row, where it lies; empty where it has none.
    #[inline]
    pub(crate) fn piece(&self, row: usize) -> Piece<'a> {
        match self {
            Self::Texts(array) => Piece::of(array, row),
            Self::Written(written) => {
                let (from, to) = written.places.get(row).copied().unwrap_or_default();
                Piece { of: &written.bytes, from: from as usize, len: (to - from) as usize }
            }
        }
    }
}

/// Texts of a column that has none, with memory that is kept from batch to batch.
#[derive(Debug, Default)]
pub(crate) struct Written {
    bytes: Vec<u8>,
    /// Where each row's text is; rows with equal values may share one.
    places: Vec<(u32, u32)>,
    remembered: Vec<Option<(i128, (u32, u32))>>,
}

impl Written {
    /// Writes the texts of a column.
    ///
    /// # Errors
    /// When the array is not of the type.
    pub(crate) fn fill(
        &mut self,
        array: &ArrayRef,
        data_type: &DataType,
        zone: &mut Zone,
    ) -> Result<(), String> {
        self.bytes.clear();
        self.places.clear();
        self.remembered.clear();
        self.remembered.resize(REMEMBERED, None);
        let done = self.fill_typed(array, data_type, zone);
        done.ok_or_else(|| format!("a column of type {data_type} came as Arrow's {}", array.data_type()))
    }

    fn fill_typed(&mut self, array: &ArrayRef, data_type: &DataType, zone: &mut Zone) -> Option<()> {
        /// Values of a primitive array, each by a key that equal values share.
        macro_rules! primitive {
            ($type:ty, $key:expr, $put:expr) => {{
                let values = array.as_primitive_opt::<$type>()?;
                self.each(array, |row| $key(values.value(row)), |out, row| $put(out, values.value(row)));
            }};
        }
        match data_type {
            DataType::Boolean => {
                let values = array.as_boolean_opt()?;
                let text = |row| if values.value(row) { "TRUE" } else { "FALSE" };
                self.each(array, |row| i128::from(values.value(row)), |out, row| text::put(out, text(row)));
            }
            DataType::TinyInt => primitive!(Int8Type, i128::from, text::put),
            DataType::SmallInt => primitive!(Int16Type, i128::from, text::put),
            DataType::Int => primitive!(Int32Type, i128::from, text::put),
            DataType::BigInt => primitive!(Int64Type, i128::from, text::put),
            DataType::Float => {
                primitive!(Float32Type, |value: f32| i128::from(value.to_bits()), text::put_single)
            }
            DataType::Double => {
                primitive!(Float64Type, |value: f64| i128::from(value.to_bits()), text::put_double)
            }
            DataType::Decimal(_, scale) => {
                let scale = *scale as i8;
                primitive!(Decimal128Type, |value| value, |out: &mut Vec<u8>, value| text::put_decimal(
                    out, value, scale
                ));
            }
            DataType::Date => {
                primitive!(Date32Type, i128::from, |out: &mut Vec<u8>, days| text::put_date(
                    out,
                    i64::from(days)
                ));
            }
            DataType::Time(digits) => {
                primitive!(Time32MillisecondType, i128::from, |out: &mut Vec<u8>, ms| text::put_time(
                    out,
                    i64::from(ms),
                    *digits
                ));
            }
            DataType::Binary(_) | DataType::Varbinary(_) => self.bytes_as_text(array)?,
            DataType::Timestamp(digits) => self.timestamps(array, *digits, &mut |moment| moment)?,
            DataType::TimestampLtz(digits) => {
                self.timestamps(array, *digits, &mut |moment| zone.local_of(moment))?;
            }
            _ => return None,
        }
        Some(())
    }

    fn timestamps(
        &mut self,
        array: &ArrayRef,
        digits: u8,
        local: &mut dyn FnMut(Moment) -> Moment,
    ) -> Option<()> {
        let counts = Counts::of(array)?;
        self.each(
            array,
            |row| i128::from(counts.count(row)),
            |out, row| text::put_timestamp(out, local(counts.moment(row)), digits),
        );
        Some(())
    }

    /// Bytes that are no UTF-8 are replaced, as Java does.
    fn bytes_as_text(&mut self, array: &ArrayRef) -> Option<()> {
        let values = array.as_binary_opt::<i32>()?;
        for row in 0..values.len() {
            let from = self.bytes.len() as u32;
            if values.is_valid(row) {
                let text = String::from_utf8_lossy(values.value(row));
                self.bytes.extend_from_slice(text.as_bytes());
            }
            self.places.push((from, self.bytes.len() as u32));
        }
        Some(())
    }

    /// Writes each row's text, or takes that of an equal value before it.
    #[inline]
    fn each(
        &mut self,
        array: &ArrayRef,
        key: impl Fn(usize) -> i128,
        mut put: impl FnMut(&mut Vec<u8>, usize),
    ) {
        for row in 0..array.len() {
            if array.is_null(row) {
                self.places.push((0, 0));
                continue;
            }
            let key = key(row);
            let hash = (key as u64 ^ (key >> 64) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let slot = &mut self.remembered[(hash >> 55) as usize % REMEMBERED];
            if let Some((_, place)) = slot.as_ref().filter(|(known, _)| *known == key) {
                self.places.push(*place);
                continue;
            }
            let from = self.bytes.len() as u32;
            put(&mut self.bytes, row);
            let place = (from, self.bytes.len() as u32);
            *slot = Some((key, place));
            self.places.push(place);
        }
    }
}

/// A column of timestamps of any unit.
pub(crate) struct Counts<'a> {
    values: &'a [i64],
    per_second: i64,
}

impl<'a> Counts<'a> {
    /// None where it is no column of timestamps.
    pub(crate) fn of(array: &'a dyn Array) -> Option<Self> {
        let ArrowType::Timestamp(unit, _) = array.data_type() else { return None };
        Some(match unit {
            TimeUnit::Second => return None,
            TimeUnit::Millisecond => Self {
                values: array.as_primitive_opt::<TimestampMillisecondType>()?.values(),
                per_second: 1000,
            },
            TimeUnit::Microsecond => Self {
                values: array.as_primitive_opt::<TimestampMicrosecondType>()?.values(),
                per_second: 1_000_000,
            },
            TimeUnit::Nanosecond => Self {
                values: array.as_primitive_opt::<TimestampNanosecondType>()?.values(),
                per_second: 1_000_000_000,
            },
        })
    }

    fn count(&self, row: usize) -> i64 {
        self.values.get(row).copied().unwrap_or_default()
    }

    pub(crate) fn moment(&self, row: usize) -> Moment {
        Moment::of(self.count(row), self.per_second)
    }
}
