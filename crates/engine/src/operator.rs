//! Operators without state: rows in, rows out.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::SchemaRef;
use datafusion_common::cast::as_boolean_array;
use datafusion_physical_expr::PhysicalExpr;
use narthex_planner::{OnNull, Unnest, Windows};

use crate::clock::marked;
use crate::graph::with_mark;
use crate::unnest::unnested;
use crate::windows::in_windows;

/// What is done to rows.
#[derive(Debug, Clone)]
pub enum Operator {
    /// Keeps rows for which it is true.
    Filter {
        /// A boolean.
        predicate: Arc<dyn PhysicalExpr>,
    },
    /// Computes columns.
    Project {
        /// Each of them.
        exprs: Vec<Arc<dyn PhysicalExpr>>,
        /// What comes out.
        schema: SchemaRef,
    },
    /// A row for each element of a list.
    Unnest {
        /// Which, and how.
        unnest: Unnest,
        /// What comes out.
        schema: SchemaRef,
    },
    /// Tells time: the watermark before each row becomes its last column.
    Watermark {
        /// The watermark behind a row.
        watermark: Arc<dyn PhysicalExpr>,
    },
    /// A row for each window that its time falls into.
    Windows {
        /// Which windows.
        windows: Windows,
        /// What comes out.
        schema: SchemaRef,
    },
    /// Sees that columns have no nulls.
    NotNull {
        /// Places and names of these columns.
        columns: Vec<(usize, String)>,
        /// What becomes of rows with nulls.
        on_null: OnNull,
    },
}

/// What an operator made of rows.
#[derive(Debug)]
pub(crate) struct Applied {
    /// Its rows.
    pub(crate) batch: RecordBatch,
    /// Rows that could not be computed, and why.
    pub(crate) failed: Vec<(RecordBatch, String)>,
}

impl Operator {
    /// Its name in ledgers and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Filter { .. } => "filter",
            Self::Project { .. } => "project",
            Self::Unnest { .. } => "unnest",
            Self::Watermark { .. } => "watermark",
            Self::Windows { .. } => "window",
            Self::NotNull { .. } => "not-null",
        }
    }

    /// Applies it. When it fails, the rows are halved until those that fail stand alone.
    pub(crate) fn apply(&self, batch: &RecordBatch) -> Applied {
        let mut failed = Vec::new();
        let batch = match self.apply_to_all(batch) {
            Ok(batch) => batch,
            Err(error) => {
                let mut parts = Vec::new();
                self.apply_to_halves(batch, error, &mut parts, &mut failed);
                self.joined(&parts, batch)
            }
        };
        Applied { batch, failed }
    }

    fn apply_to_halves(
        &self,
        batch: &RecordBatch,
        error: String,
        parts: &mut Vec<RecordBatch>,
        failed: &mut Vec<(RecordBatch, String)>,
    ) {
        let rows = batch.num_rows();
        if rows <= 1 {
            failed.push((batch.clone(), error));
            return;
        }
        for half in [batch.slice(0, rows / 2), batch.slice(rows / 2, rows - rows / 2)] {
            match self.apply_to_all(&half) {
                Ok(part) => parts.push(part),
                Err(error) => self.apply_to_halves(&half, error, parts, failed),
            }
        }
    }

    fn joined(&self, parts: &[RecordBatch], input: &RecordBatch) -> RecordBatch {
        let schema = match self {
            Self::Filter { .. } | Self::NotNull { .. } => input.schema(),
            Self::Watermark { .. } => with_mark(&input.schema(), input.num_columns()),
            Self::Project { schema, .. } | Self::Unnest { schema, .. } | Self::Windows { schema, .. } => {
                schema.clone()
            }
        };
        // Parts of one operator have one schema.
        concat_batches(&schema, parts).unwrap_or_else(|_| RecordBatch::new_empty(schema))
    }

    fn apply_to_all(&self, batch: &RecordBatch) -> Result<RecordBatch, String> {
        if batch.num_rows() == 0 {
            return Ok(self.joined(&[], batch));
        }
        match self {
            Self::Filter { predicate } => {
                let kept = predicate.evaluate(batch).and_then(|value| value.into_array(batch.num_rows()));
                let kept = kept.map_err(|error| told(&error))?;
                let kept = as_boolean_array(&kept).map_err(|error| told(&error))?;
                filter_record_batch(batch, kept).map_err(|error| error.to_string())
            }
            Self::Project { exprs, schema } => {
                let columns: Result<Vec<ArrayRef>, _> = exprs
                    .iter()
                    .map(|expr| expr.evaluate(batch).and_then(|value| value.into_array(batch.num_rows())))
                    .collect();
                with_columns(schema, columns.map_err(|error| told(&error))?, batch.num_rows())
            }
            Self::Unnest { unnest, schema } => unnested(batch, unnest, schema),
            Self::Watermark { watermark } => marked(batch, watermark).map(|(batch, _)| batch),
            Self::Windows { windows, schema } => in_windows(batch, windows, schema),
            Self::NotNull { columns, on_null } => not_null(batch, columns, *on_null),
        }
    }
}

/// A batch also where it has no columns.
pub(crate) fn with_columns(
    schema: &SchemaRef,
    columns: Vec<ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, String> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(|error| error.to_string())
}

/// What DataFusion says, without the kinds of errors that it nests.
pub(crate) fn told(error: &datafusion_common::DataFusionError) -> String {
    let text = error.strip_backtrace();
    let mut rest = text.as_str();
    for prefix in
        ["Execution error: ", "Arrow error: ", "External error: ", "Compute error: ", "Cast error: "]
    {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    rest.to_owned()
}

fn not_null(
    batch: &RecordBatch,
    columns: &[(usize, String)],
    on_null: OnNull,
) -> Result<RecordBatch, String> {
    let nullable = |(at, _): &&(usize, String)| batch.column(*at).null_count() > 0;
    let Some((_, name)) = columns.iter().find(nullable) else { return Ok(batch.clone()) };
    match on_null {
        OnNull::Fail => {
            return Err(format!(
                "the column {name} is NOT NULL, and the row has a null; filter such rows, or set \
                 table.exec.sink.not-null-enforcer to DROP"
            ));
        }
        OnNull::NoTime => {
            return Err(format!(
                "the row has no time: {name} is null, and the table's WATERMARK is made from it; give it another \
                 value in a computed column, with COALESCE"
            ));
        }
        OnNull::Drop => {}
    }
    let is_whole = |row: usize| columns.iter().all(|(at, _)| !batch.column(*at).is_null(row));
    let kept: BooleanArray = (0..batch.num_rows()).map(|row| Some(is_whole(row))).collect();
    filter_record_batch(batch, &kept).map_err(|error| error.to_string())
}
