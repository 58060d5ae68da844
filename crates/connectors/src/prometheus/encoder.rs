//! Makes series of rows, column by column: texts go from the batch into the label set without a copy of their own.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, ListArray, MapArray, StringArray};
use arrow::record_batch::RecordBatch;
use chrono_tz::Tz;
use narthex_engine::{Encoder, Error, Payload};
use narthex_model::append_part;
use narthex_sink::{LabelCache, Labels, LabelsBuilder, Sample, Samples as SampleList, TimeSeries};

use crate::blocking::sink_error;
use crate::prometheus::columns::{Numbers, Times};
use crate::prometheus::label_text::{LabelValues, Piece, Written};
use crate::prometheus::mapping::{Mapping, MetricName, Samples};
use crate::prometheus::zone::Zone;

/// Rows whose label sets are looked up together, step by step: what a step reads is on its way into the cache while the
/// step before is done for the others, and bytes that were just written are not waited for.
const AHEAD: usize = 32;
const METRIC_NAME: &[u8] = b"__name__";
/// A sample of which nothing is known.
const NO_TIME: i64 = i64::MIN;

/// Makes series of a table's rows. It keeps its memory, and label sets that it saw lately.
pub(crate) struct SeriesEncoder {
    table: String,
    mapping: Arc<Mapping>,
    zone: Zone,
    builder: LabelsBuilder,
    cache: LabelCache,
    /// For each label column whose values are no texts.
    written: Vec<Written>,
    key_bytes: Vec<u8>,
}

/// What becomes of the rows of a batch.
#[derive(Default)]
struct Made {
    series: Vec<TimeSeries>,
    unwritable: Vec<(TimeSeries, String)>,
}

impl SeriesEncoder {
    pub(crate) fn new(table: String, mapping: Arc<Mapping>, zone: Tz) -> Self {
        Self {
            table,
            written: mapping.labels.iter().map(|_| Written::default()).collect(),
            mapping,
            zone: Zone::new(zone),
            builder: LabelsBuilder::new(),
            cache: LabelCache::default(),
            key_bytes: Vec::new(),
        }
    }

    fn encode_batch(&mut self, batch: &RecordBatch) -> Result<Made, String> {
        let Self { mapping, zone, builder, cache, written, key_bytes, .. } = self;
        for (label, written) in mapping.labels.iter().zip(written.iter_mut()) {
            let array = column(batch, label.column)?;
            if array.as_string_opt::<i32>().is_none() {
                written.fill(array, &label.data_type, zone)?;
            }
        }
        let columns = Columns::of(mapping, batch, written)?;
        let samples = SampleColumns::of(&mapping.samples, batch)?;
        let rows = batch.num_rows();
        let mut made = Made { series: Vec::with_capacity(rows), ..Made::default() };
        let mut pairs = Vec::with_capacity(columns.labels.len() + 8);
        let (mut ends, mut keys) = ([0; AHEAD], [None; AHEAD]);
        for first in (0..rows).step_by(AHEAD) {
            let group = first..(first + AHEAD).min(rows);
            key_bytes.clear();
            for (row, end) in group.clone().zip(&mut ends) {
                columns.add_key(row, key_bytes);
                *end = key_bytes.len();
            }
            let mut from = 0;
            for (&end, key) in ends[..group.len()].iter().zip(&mut keys) {
                *key = cache.key(&key_bytes[from..end], 0);
                from = end;
            }
            keys[..group.len()].iter().flatten().for_each(|key| cache.prefetch(*key));
            for (row, key) in group.zip(keys) {
                let labels = cache.get(key, || columns.build(row, builder, &mut pairs));
                samples.add(row, labels, columns.has_name(row), zone, &mut made);
            }
        }
        Ok(made)
    }
}

impl Encoder for SeriesEncoder {
    fn encode(&mut self, batch: &RecordBatch) -> Result<Payload, Error> {
        let made = self.encode_batch(batch).map_err(|problem| sink_error(&self.table, problem))?;
        Ok(Payload::Series {
            rows: batch.num_rows() as u64,
            series: made.series,
            unwritable: made.unwritable,
        })
    }
}

fn column(batch: &RecordBatch, at: usize) -> Result<&ArrayRef, String> {
    batch.columns().get(at).ok_or_else(|| format!("a row came with {} columns only", batch.num_columns()))
}

/// The columns of label sets.
struct Columns<'a> {
    name: Name<'a>,
    labels: Vec<(&'a [u8], LabelValues<'a>)>,
    map: Option<(&'a MapArray, &'a StringArray, &'a StringArray)>,
}

enum Name<'a> {
    Literal(&'a [u8]),
    Column(&'a StringArray),
}

impl<'a> Columns<'a> {
    fn of(mapping: &'a Mapping, batch: &'a RecordBatch, written: &'a [Written]) -> Result<Self, String> {
        let name = match &mapping.metric_name {
            MetricName::Literal(name) => Name::Literal(name.as_bytes()),
            MetricName::Column(at) => Name::Column(texts(column(batch, *at)?)?),
        };
        let mut labels = Vec::with_capacity(mapping.labels.len());
        for (label, written) in mapping.labels.iter().zip(written) {
            let values = match column(batch, label.column)?.as_string_opt::<i32>() {
                Some(texts) => LabelValues::Texts(texts),
                None => LabelValues::Written(written),
            };
            labels.push((label.name.as_bytes(), values));
        }
        let map = mapping.label_map.map(|at| {
            let map = column(batch, at)?.as_map_opt().ok_or("the column of metric.label.map is no map")?;
            Ok::<_, String>((map, texts(map.keys())?, texts(map.values())?))
        });
        Ok(Self { name, labels, map: map.transpose()? })
    }

    fn has_name(&self, row: usize) -> bool {
        match self.name {
            Name::Literal(_) => true,
            Name::Column(names) => names.is_valid(row),
        }
    }

    /// The metric's name; empty where it is null.
    #[inline]
    fn name(&self, row: usize) -> &'a [u8] {
        match self.name {
            Name::Literal(name) => name,
            Name::Column(names) => Piece::of(names, row).text(),
        }
    }

    /// Labels of the map, in its order.
    #[inline]
    fn map_labels(&self, row: usize) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let entries = self.map.filter(|(map, ..)| map.is_valid(row)).map(|(map, keys, values)| {
            let offsets = map.value_offsets();
            let range = offsets.get(row).copied().unwrap_or(0)..offsets.get(row + 1).copied().unwrap_or(0);
            range.map(|at| at as usize).filter_map(move |at| {
                let value = if values.is_null(at) { "" } else { values.value(at) };
                (!value.is_empty()).then(|| (keys.value(at).as_bytes(), value.as_bytes()))
            })
        });
        entries.into_iter().flatten()
    }

    /// Adds what the row's label set is known by: all its values, each with its length.
    #[inline]
    fn add_key(&self, row: usize, bytes: &mut Vec<u8>) {
        if let Name::Column(names) = self.name {
            add_to_key(bytes, Piece::of(names, row));
        }
        self.labels.iter().for_each(|(_, values)| add_to_key(bytes, values.piece(row)));
        self.map_labels(row).for_each(|(name, value)| {
            add_to_key(bytes, Piece::whole(name));
            add_to_key(bytes, Piece::whole(value));
        });
    }

    fn build(
        &self,
        row: usize,
        builder: &mut LabelsBuilder,
        pairs: &mut Vec<(&'a [u8], &'a [u8])>,
    ) -> Labels {
        pairs.clear();
        pairs.push((METRIC_NAME, self.name(row)));
        pairs.extend(self.labels.iter().map(|(name, values)| (*name, values.piece(row).text())));
        // An empty value is no label; with its name it could be a repetition.
        pairs.retain(|(_, value)| !value.is_empty());
        pairs.extend(self.map_labels(row));
        builder.build(pairs)
    }
}

/// A text with its length.
#[inline]
fn add_to_key(key: &mut Vec<u8>, Piece { of, from, len }: Piece<'_>) {
    key.extend_from_slice(&(len as u32).to_le_bytes());
    append_part::<32>(key, of, from..from + len);
}

fn texts(array: &ArrayRef) -> Result<&StringArray, String> {
    array
        .as_string_opt::<i32>()
        .ok_or_else(|| format!("a column of texts came as Arrow's {}", array.data_type()))
}

/// The columns of samples.
enum SampleColumns<'a> {
    One { values: Numbers<'a>, times: Times<'a>, stale: Option<&'a BooleanArray> },
    Several { lists: &'a ListArray, rows: &'a dyn Array, values: Numbers<'a>, times: Times<'a> },
}

impl<'a> SampleColumns<'a> {
    fn of(samples: &Samples, batch: &'a RecordBatch) -> Result<Self, String> {
        let numbers = |array: &'a ArrayRef| {
            Numbers::of(array).ok_or_else(|| format!("a value came as Arrow's {}", array.data_type()))
        };
        let times = |array: &'a ArrayRef| {
            Times::of(array).ok_or_else(|| format!("a time came as Arrow's {}", array.data_type()))
        };
        match samples {
            Samples::Columns { value, time, stale } => {
                let stale = stale.map(|at| {
                    column(batch, at)?
                        .as_boolean_opt()
                        .ok_or_else(|| "metric.stale came as no boolean".to_owned())
                });
                Ok(Self::One {
                    values: numbers(column(batch, *value)?)?,
                    times: times(column(batch, *time)?)?,
                    stale: stale.transpose()?,
                })
            }
            Samples::Array(at) => {
                let lists = column(batch, *at)?
                    .as_list_opt::<i32>()
                    .ok_or("the column of metric.samples is no array")?;
                let rows = lists.values().as_struct_opt().ok_or("the array of metric.samples has no rows")?;
                let [value, time] = rows.columns() else {
                    return Err("the rows of metric.samples have not two fields".to_owned());
                };
                Ok(Self::Several { lists, rows, values: numbers(value)?, times: times(time)? })
            }
        }
    }

    /// Adds the series of a row, or what of it cannot be written.
    #[inline]
    fn add(&self, row: usize, labels: Labels, has_name: bool, zone: &mut Zone, made: &mut Made) {
        let (good, nulls) = self.samples(row, zone);
        if !has_name {
            let nulls = std::iter::repeat_n(Sample::new(0.0, NO_TIME), nulls);
            let series = TimeSeries::new(labels, good.into_iter().chain(nulls));
            made.unwritable.push((series, "the metric name is null".to_owned()));
            return;
        }
        if nulls > 0 {
            let message = if nulls == 1 { "the sample is null" } else { "these samples are null" };
            let lost = TimeSeries::new(labels.clone(), std::iter::repeat_n(Sample::new(0.0, NO_TIME), nulls));
            made.unwritable.push((lost, message.to_owned()));
        }
        if !good.is_empty() {
            made.series.push(TimeSeries { labels, samples: good });
        }
    }

    /// The samples of a row, and how many of them are null.
    #[inline]
    fn samples(&self, row: usize, zone: &mut Zone) -> (SampleList, usize) {
        match self {
            Self::One { values, times, stale } => {
                let is_stale = stale.is_some_and(|stale| stale.is_valid(row) && stale.value(row));
                let sample = match (times.get(row, zone), is_stale) {
                    (Some(time), true) => Some(Sample::stale(time)),
                    (Some(time), false) => values.get(row).map(|value| Sample::new(value, time)),
                    (None, _) => None,
                };
                sample.map_or_else(|| (SampleList::new(), 1), |sample| (SampleList::from_buf([sample]), 0))
            }
            Self::Several { lists, rows, values, times } => {
                if lists.is_null(row) {
                    return (SampleList::new(), 1);
                }
                let offsets = lists.value_offsets();
                let range =
                    offsets.get(row).copied().unwrap_or(0)..offsets.get(row + 1).copied().unwrap_or(0);
                let mut nulls = 0;
                let mut good = SampleList::new();
                for at in range.map(|at| at as usize) {
                    let value = rows.is_valid(at).then(|| values.get(at)).flatten();
                    match (value, times.get(at, zone)) {
                        (Some(value), Some(time)) => good.push(Sample::new(value, time)),
                        _ => nulls += 1,
                    }
                }
                (good, nulls)
            }
        }
    }
}
