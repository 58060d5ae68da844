//! What a dry run wants to know of a job beside its rows: how late the rows of its tables come.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, TimestampMillisecondArray, new_null_array};
use arrow::datatypes::{Schema, TimestampMillisecondType};
use datafusion_physical_expr::expressions::Column;

use crate::arrow_types::{arrow_field, arrow_type};
use crate::plan::{Insert, Job, Projected, Relation, Stateful, StatefulInput, StatefulOperator, Table};
use crate::prune::pruned;
use crate::query::scan;

/// An insert of the times of a table that is read: of each row its time, and the watermark before it.
#[derive(Debug)]
pub struct Probe {
    /// The table.
    pub table: Arc<Table>,
    /// Its rows have two columns in milliseconds; the watermark of the first rows is null. Nothing is to be written.
    pub insert: Insert,
    /// How far its watermark is behind the newest row, where that is always as far.
    pub delay_ms: Option<i64>,
}

/// The probes of a job: one for each of its tables with a WATERMARK.
pub fn probes(job: &Job) -> Vec<Probe> {
    let mut tables: Vec<&Arc<Table>> = Vec::new();
    for table in job.inserts.iter().flat_map(|insert| insert.input.tables()) {
        if !tables.iter().any(|known| Arc::ptr_eq(known, table)) {
            tables.push(table);
        }
    }
    tables.into_iter().filter_map(probe).collect()
}

fn probe(table: &Arc<Table>) -> Option<Probe> {
    let (time, _) = *table.watermark.as_ref()?;
    let relation = scan(table).relation;
    let mut columns = relation.columns();
    let data_type = columns.get(time)?.1.with_nullable(true);
    let last = columns.len();
    columns.push(("$watermark".to_owned(), data_type.clone()));
    let projected = |name: &str, at: usize| Projected {
        name: name.to_owned(),
        data_type: data_type.clone(),
        expr: Arc::new(Column::new(name, at)),
    };
    let projection = vec![projected(&table.visible.get(time)?.name, time), projected("$watermark", last)];
    let inputs = vec![StatefulInput { relation, keys: Vec::new() }];
    let operator = StatefulOperator::CurrentWatermark;
    let times = Relation::Stateful(Box::new(Stateful { inputs, operator, columns }));
    let input = pruned(Relation::Project { input: Box::new(times), columns: projection });
    let sink = Table { name: format!("times of {}", table.name), ..table.as_ref().clone() };
    let insert = Insert { sink: Arc::new(sink), input };
    Some(Probe { table: table.clone(), insert, delay_ms: delay_of(table) })
}

/// The distance of a watermark to the row before it, if it is the same for two rows.
fn delay_of(table: &Table) -> Option<i64> {
    let (time, watermark) = table.watermark.as_ref()?;
    let seen = |ms: i64| {
        let columns = table.visible.iter().enumerate().map(|(at, column)| {
            if at == *time {
                let times = TimestampMillisecondArray::from(vec![ms]);
                arrow::compute::cast(&times, &arrow_type(&column.data_type))
            } else {
                Ok(new_null_array(&arrow_type(&column.data_type), 1))
            }
        });
        let fields: Vec<_> = table
            .visible
            .iter()
            .map(|column| arrow_field(&column.name, &column.data_type.with_nullable(true)))
            .collect();
        let columns = columns.collect::<Result<Vec<_>, _>>().ok()?;
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).ok()?;
        let value = watermark.evaluate(&batch).ok()?.into_array(1).ok()?;
        let value = value.as_primitive_opt::<TimestampMillisecondType>()?;
        value.is_valid(0).then(|| ms - value.value(0))
    };
    // Two moments that have nothing in common.
    let (one, other) = (seen(1_700_000_000_000)?, seen(1_234_567_891_234)?);
    (one == other).then_some(one)
}
