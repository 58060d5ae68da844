//! `prometheus`: each row is a sample of a series, written by Remote-Write. Options and rules are those of the Flink
//! connector (docs/flink-sql.md), so that one `CREATE TABLE` does the same here and there.

mod columns;
mod encoder;
mod label_text;
mod mapping;
mod names;
mod settings;
#[cfg(test)]
mod tests;
mod writer;
mod zone;

use std::sync::Arc;

use async_trait::async_trait;
use narthex_engine::{Encoder, Error, TableSink, Writer};

use crate::definition::Context;
use crate::options::Options;
use crate::prometheus::encoder::SeriesEncoder;
use crate::prometheus::mapping::Mapping;
use crate::prometheus::settings::Settings;
pub(crate) use crate::prometheus::settings::TABLE_OPTIONS;

/// Reads the options: which columns make up a series, and how it is written. None where there are mistakes.
pub(crate) fn read(options: &mut Options<'_>) -> Option<(Mapping, Settings)> {
    let settings = settings::read(options);
    let mapping = mapping::read(options);
    options.mistakes.is_empty().then_some((mapping?, settings))
}

/// The table as it is written.
pub(crate) fn sink(options: &mut Options<'_>, context: &Context) -> Option<Arc<dyn TableSink>> {
    let (mapping, settings) = read(options)?;
    settings::check_signer(options, &settings, context);
    let table = options.table.name.clone();
    Some(Arc::new(PrometheusTable { table, mapping: Arc::new(mapping), settings, context: context.clone() }))
}

/// A table that is written to a Remote-Write receiver.
#[derive(Debug)]
struct PrometheusTable {
    table: String,
    mapping: Arc<Mapping>,
    settings: Settings,
    context: Context,
}

#[async_trait]
impl TableSink for PrometheusTable {
    fn encoder(&self) -> Result<Box<dyn Encoder>, Error> {
        Ok(Box::new(SeriesEncoder::new(self.table.clone(), self.mapping.clone(), self.context.zone)))
    }

    async fn open(&self) -> Result<Box<dyn Writer>, Error> {
        writer::open(&self.table, &self.settings, &self.context).await
    }
}
