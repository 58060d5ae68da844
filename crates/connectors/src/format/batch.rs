//! The columns of a batch in the making. They keep their room from batch to batch.

use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use narthex_engine::Error;
use narthex_planner::{arrow_field, arrow_type};
use narthex_sql::DataType;

use super::column::Column;

/// Columns that are filled row by row.
pub(super) struct BatchColumns {
    schema: Arc<Schema>,
    pub(super) all: Vec<Column>,
}

impl BatchColumns {
    /// Empty columns of these names and types.
    pub(super) fn new<'a>(
        columns: impl IntoIterator<Item = (&'a str, &'a DataType)>,
    ) -> Result<Self, String> {
        let (mut fields, mut all) = (Vec::new(), Vec::new());
        for (name, data_type) in columns {
            let column = Column::new(&arrow_type(data_type));
            all.push(column.ok_or_else(|| format!("the column {name}: there is no type {data_type}"))?);
            fields.push(arrow_field(name, data_type));
        }
        Ok(Self { schema: Arc::new(Schema::new(fields)), all })
    }

    /// Takes back what stands behind so many rows.
    pub(super) fn cut_back(&mut self, rows: usize) {
        self.all.iter_mut().for_each(|column| column.truncate(rows));
    }

    /// The batch; the columns are empty again.
    pub(super) fn finish(&mut self, rows: usize) -> Result<RecordBatch, Error> {
        let failed = |error: ArrowError| Error::Row(format!("its columns do not fit: {error}"));
        let arrays =
            self.all.iter_mut().map(Column::finish).collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options).map_err(failed)
    }
}
