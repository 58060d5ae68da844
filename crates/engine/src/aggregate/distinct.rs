//! `DISTINCT` of any aggregate: passes each value of a group on once. One set holds what all groups have seen.

use std::hash::BuildHasher;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BinaryBuilder, BooleanArray, BooleanBufferBuilder, ListArray,
    UInt32Array, new_empty_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field};
use datafusion_common::Result;
use datafusion_expr::{EmitTo, GroupsAccumulator};
use hashbrown::{DefaultHashBuilder, HashTable};
use narthex_model::same_bytes;

use super::counted::Counted;
use super::distinct_keys::{Codec, bits, has_bits, of_bits};
use super::unconverted;

/// See the module. The state is the values that were seen; the inner accumulator's own is not needed.
pub(super) struct Distinct {
    seen: Seen,
    data_type: DataType,
    /// Makes bytes of values that have no plain bits.
    codec: Option<Codec>,
    takes_nulls: bool,
    inner: Box<dyn GroupsAccumulator>,
}

/// Groups and values, in the order in which they came, and where each pair is.
struct Seen {
    groups: Vec<u32>,
    values: Values,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

enum Values {
    Bits(Vec<u64>),
    Bytes { bytes: Vec<u8>, ends: Vec<usize> },
}

/// The bytes of an entry of an arena, in which each begins where the one before it ends.
pub(crate) fn bytes_at<'a>(bytes: &'a [u8], ends: &[usize], at: usize) -> &'a [u8] {
    let from = if at == 0 { 0 } else { ends[at - 1] };
    &bytes[from..ends[at]]
}

impl Seen {
    /// Whether a pair is new; it is not the next time.
    fn is_new_bits(&mut self, group: u32, value: u64) -> bool {
        let Self { groups, values: Values::Bits(values), table, hasher } = self else { return false };
        let hash = hasher.hash_one((group, value));
        let is_it = |&at: &u32| groups[at as usize] == group && values[at as usize] == value;
        if table.find(hash, is_it).is_some() {
            return false;
        }
        let again = |&at: &u32| hasher.hash_one((groups[at as usize], values[at as usize]));
        table.insert_unique(hash, groups.len() as u32, again);
        groups.push(group);
        values.push(value);
        true
    }

    /// The same, of bytes.
    fn is_new_bytes(&mut self, group: u32, value: &[u8]) -> bool {
        let Self { groups, values: Values::Bytes { bytes, ends }, table, hasher } = self else {
            return false;
        };
        let hash = hasher.hash_one((group, value));
        let is_it =
            |&at: &u32| groups[at as usize] == group && same_bytes(bytes_at(bytes, ends, at as usize), value);
        if table.find(hash, is_it).is_some() {
            return false;
        }
        let again = |&at: &u32| hasher.hash_one((groups[at as usize], bytes_at(bytes, ends, at as usize)));
        table.insert_unique(hash, groups.len() as u32, again);
        groups.push(group);
        bytes.extend_from_slice(value);
        ends.push(bytes.len());
        true
    }

    /// Takes out the pairs of those groups that leave; of the rest the groups move down.
    fn take(&mut self, emit_to: EmitTo) -> (Vec<u32>, Values) {
        self.table.clear();
        let groups = std::mem::take(&mut self.groups);
        let values = match &mut self.values {
            Values::Bits(values) => Values::Bits(std::mem::take(values)),
            Values::Bytes { bytes, ends } => {
                Values::Bytes { bytes: std::mem::take(bytes), ends: std::mem::take(ends) }
            }
        };
        if let EmitTo::First(count) = emit_to {
            for (at, &group) in groups.iter().enumerate().filter(|(_, group)| **group as usize >= count) {
                let group = group - count as u32;
                match &values {
                    Values::Bits(bits) => self.is_new_bits(group, bits[at]),
                    Values::Bytes { bytes, ends } => self.is_new_bytes(group, bytes_at(bytes, ends, at)),
                };
            }
        } else {
            self.table = HashTable::new();
        }
        (groups, values)
    }

    fn size(&self) -> usize {
        let values = match &self.values {
            Values::Bits(values) => values.capacity() * size_of::<u64>(),
            Values::Bytes { bytes, ends } => bytes.capacity() + ends.capacity() * size_of::<usize>(),
        };
        values + self.groups.capacity() * size_of::<u32>() + self.table.allocation_size()
    }
}

impl Distinct {
    pub(super) fn new(
        data_type: &DataType,
        takes_nulls: bool,
        inner: Box<dyn GroupsAccumulator>,
    ) -> Result<Self> {
        let codec = match (has_bits(data_type), takes_nulls) {
            (true, false) => None,
            (false, false) => Some(Codec::new(data_type)?),
            (_, true) => Some(Codec::with_nulls(data_type)?),
        };
        let values = match &codec {
            None => Values::Bits(Vec::new()),
            Some(_) => Values::Bytes { bytes: Vec::new(), ends: Vec::new() },
        };
        let (groups, table) = (Vec::new(), HashTable::new());
        let seen = Seen { groups, values, table, hasher: DefaultHashBuilder::default() };
        Ok(Self { seen, data_type: data_type.clone(), codec, takes_nulls, inner })
    }

    /// Which rows of those that count bring a new value.
    fn news(&mut self, values: &ArrayRef, counted: &Counted, groups: &[usize]) -> Result<BooleanArray> {
        let mut news = BooleanBufferBuilder::new(groups.len());
        news.append_n(groups.len(), false);
        if let Values::Bits(_) = &self.seen.values {
            let bits = bits(values);
            counted
                .each(groups, |row, group| news.set_bit(row, self.seen.is_new_bits(group as u32, bits[row])));
            return Ok(BooleanArray::new(news.finish(), None));
        }
        let encoded = self.encode(values)?;
        counted.each(groups, |row, group| {
            news.set_bit(row, self.seen.is_new_bytes(group as u32, encoded.value(row)));
        });
        Ok(BooleanArray::new(news.finish(), None))
    }

    fn encode(&self, values: &ArrayRef) -> Result<BinaryArray> {
        let mut encoded = BinaryBuilder::with_capacity(values.len(), 0);
        if let Some(codec) = &self.codec {
            codec.each(values, |bytes| encoded.append_value(bytes))?;
        }
        Ok(encoded.finish())
    }

    /// Some of these values, as a column.
    fn decode(&self, values: &Values, places: &[u32]) -> Result<ArrayRef> {
        match (values, &self.codec) {
            (Values::Bytes { bytes, ends }, Some(codec)) => {
                let mut taken = BinaryBuilder::with_capacity(places.len(), 0);
                places.iter().for_each(|&at| taken.append_value(bytes_at(bytes, ends, at as usize)));
                codec.decode(taken.finish())
            }
            (Values::Bits(bits), _) => {
                let bits: Vec<u64> = places.iter().map(|&at| bits[at as usize]).collect();
                of_bits(&bits, &self.data_type)
            }
            (Values::Bytes { .. }, None) => Ok(new_empty_array(&self.data_type)),
        }
    }
}

impl GroupsAccumulator for Distinct {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        let nullable = (!self.takes_nulls).then_some(&values[0] as &dyn Array);
        let counted = Counted::new(nullable, filter, groups)?;
        let news = self.news(&values[0], &counted, groups)?;
        self.inner.update_batch(values, groups, Some(&news), total)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.seen.take(emit_to);
        self.inner.evaluate(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        // How many groups leave, the inner accumulator knows.
        let count = self.inner.evaluate(emit_to)?.len();
        let (groups, values) = self.seen.take(emit_to);
        let mut order: Vec<u32> =
            (0..groups.len() as u32).filter(|&at| (groups[at as usize] as usize) < count).collect();
        order.sort_by_key(|&at| groups[at as usize]);
        let mut lengths = vec![0; count];
        order.iter().for_each(|&at| lengths[groups[at as usize] as usize] += 1);
        let values = self.decode(&values, &order)?;
        let item = Arc::new(Field::new("item", self.data_type.clone(), true));
        Ok(vec![Arc::new(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), values, None)?)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        let lists = states[0].as_list::<i32>();
        let offsets = lists.value_offsets();
        let mut places = Vec::new();
        let mut spread = Vec::new();
        for (row, &group) in groups.iter().enumerate() {
            places.extend(offsets[row] as u32..offsets[row + 1] as u32);
            spread.resize(places.len(), group);
        }
        let values = take(lists.values(), &UInt32Array::from(places), None)?;
        self.update_batch(&[values], &spread, None, total)
    }

    fn convert_to_state(&self, _: &[ArrayRef], _: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        unconverted()
    }

    fn size(&self) -> usize {
        self.seen.size() + self.inner.size()
    }
}
