//! `datagen`: made-up rows, random or in sequence, at a given rate.

mod fields;
mod generate;
mod pace;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use narthex_engine::{Chunk, Decoded, Error, Next, NextSplit, Split, Splits, TableSource, Watermarks};
use narthex_planner::arrow_field;
use narthex_sink::Clock;
use rand::SeedableRng;
use rand::rngs::SmallRng;

use crate::datagen::fields::Field;
pub(crate) use crate::datagen::fields::OPTIONS;
use crate::datagen::pace::Pace;
use crate::definition::{Context, TableDefinition};
use crate::options::{Options, keys};
use crate::watermarks;

/// Most rows of a chunk.
const CHUNK_ROWS: u64 = 8192;
/// Most bytes of a chunk, as far as they can be told before; one row may have more.
const CHUNK_BYTES: u64 = 1 << 20;

/// What a table's options say.
#[derive(Debug)]
pub(crate) struct DatagenOptions {
    rows_per_second: u64,
    /// None is without end.
    rows: Option<u64>,
    fields: Vec<Field>,
    watermarks: Watermarks,
}

/// Reads the options.
pub(crate) fn read(options: &mut Options<'_>) -> DatagenOptions {
    let rows_per_second = options.integer("rows-per-second", 1..=i64::MAX).unwrap_or(10_000);
    let number_of_rows = options.integer("number-of-rows", 0..=i64::MAX);
    // Accepted; one thread cuts off the rows, and any number of workers make them.
    options.integer("scan.parallelism", 1..=i64::from(i32::MAX));
    let watermarks = watermarks::read(options);
    for metadata in &options.table.metadata {
        options.of_table(
            metadata.span,
            format!("the connector datagen has no metadata; there is no {}", metadata.key),
        );
    }
    let mut known = Vec::new();
    let columns = options.table.columns.iter();
    let fields: Vec<_> =
        columns.map(|(name, data_type)| fields::read(options, name, data_type, &mut known)).collect();
    let listed = keys(OPTIONS);
    let of_table = listed.iter().copied().filter(|key| !key.contains('#'));
    let known: Vec<_> = known.iter().map(String::as_str).chain(of_table).collect();
    options.check_known(&known, &listed, |_| false);
    // The rows end with the first sequence that does.
    let sequences = fields.iter().filter_map(Field::rows);
    let rows = sequences.chain(number_of_rows.map(|rows| rows as u64)).min();
    DatagenOptions { rows_per_second: rows_per_second as u64, rows, fields, watermarks }
}

/// A table of made-up rows.
#[derive(Debug)]
pub(crate) struct Datagen {
    shared: Arc<Shared>,
    rows_per_second: u64,
    rows: Option<u64>,
    watermarks: Watermarks,
}

/// What all chunks have in common.
#[derive(Debug)]
struct Shared {
    table: String,
    schema: SchemaRef,
    fields: Vec<Field>,
    clock: Arc<dyn Clock>,
    seed: u64,
    /// About how many bytes a row takes.
    row_bytes: u64,
}

impl Datagen {
    pub(crate) fn new(
        table: &TableDefinition,
        read: DatagenOptions,
        asked: &[usize],
        context: &Context,
    ) -> Self {
        Self::seeded(table, read, asked, context, RandomState::new().hash_one(0))
    }

    fn seeded(
        table: &TableDefinition,
        read: DatagenOptions,
        asked: &[usize],
        context: &Context,
        seed: u64,
    ) -> Self {
        let DatagenOptions { rows_per_second, rows, fields, watermarks } = read;
        let columns = asked.iter().filter_map(|at| table.columns.get(*at));
        let schema =
            Schema::new(columns.map(|(name, data_type)| arrow_field(name, data_type)).collect::<Vec<_>>());
        let fields: Vec<_> = asked.iter().filter_map(|at| fields.get(*at).cloned()).collect();
        let shared = Shared {
            table: table.name.clone(),
            schema: Arc::new(schema),
            row_bytes: fields.iter().map(Field::bytes).sum::<u64>().max(1),
            fields,
            clock: context.clock.clone(),
            seed,
        };
        Self { shared: Arc::new(shared), rows_per_second, rows, watermarks }
    }
}

impl TableSource for Datagen {
    fn open(&self) -> Result<Box<dyn Splits>, Error> {
        let most = (CHUNK_BYTES / self.shared.row_bytes).clamp(1, CHUNK_ROWS);
        let rows = Rows {
            shared: self.shared.clone(),
            pace: Pace::new(self.rows_per_second, most),
            made: 0,
            rows: self.rows.unwrap_or(u64::MAX),
        };
        Ok(Box::new(OneSplit(Some(Box::new(rows)))))
    }

    fn is_bounded(&self) -> bool {
        self.rows.is_some()
    }

    fn watermarks(&self) -> Watermarks {
        self.watermarks
    }
}

/// A source of one part.
struct OneSplit(Option<Box<dyn Split>>);

impl Splits for OneSplit {
    fn next(&mut self, _: Duration) -> Result<NextSplit, Error> {
        Ok(self.0.take().map_or(NextSplit::End, NextSplit::Split))
    }
}

/// Cuts off rows when they are due.
struct Rows {
    shared: Arc<Shared>,
    pace: Pace,
    made: u64,
    rows: u64,
}

impl Split for Rows {
    fn name(&self) -> &str {
        &self.shared.table
    }

    fn next(&mut self, wait: Duration) -> Result<Next, Error> {
        let left = self.rows - self.made;
        if left == 0 {
            return Ok(Next::End);
        }
        let count = self.pace.take(left, wait);
        if count == 0 {
            return Ok(Next::Later);
        }
        let first = self.made;
        self.made += count;
        Ok(Next::Chunk(Box::new(Range { shared: self.shared.clone(), first, count })))
    }
}

/// Rows that are due and not made yet.
struct Range {
    shared: Arc<Shared>,
    first: u64,
    count: u64,
}

impl Chunk for Range {
    fn bytes(&self) -> usize {
        self.count.saturating_mul(self.shared.row_bytes) as usize
    }

    fn decode(self: Box<Self>) -> Result<Decoded, Error> {
        let Self { shared, first, count } = *self;
        // Random numbers of their own, so that the threads that make chunks need not agree on an order.
        let mut random = SmallRng::seed_from_u64(shared.seed ^ first.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let rows = generate::Rows { first, count: count as usize, now_ms: shared.clock.now_ms() };
        let columns = shared.fields.iter().map(|field| generate::column(field, rows, &mut random));
        let options = RecordBatchOptions::new().with_row_count(Some(rows.count));
        let failed = |cause: String| Error::Source { table: shared.table.clone(), cause };
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|error| failed(error.to_string()))?;
        let batch = RecordBatch::try_new_with_options(shared.schema.clone(), columns, &options)
            .map_err(|error| failed(error.to_string()))?;
        Ok(Decoded { batch, records: count, ignored: 0, bad: Vec::new() })
    }
}

#[cfg(test)]
mod tests;
