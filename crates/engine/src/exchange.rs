//! Rows with the same key go to the same task.

use std::hash::{BuildHasher, Hasher};

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::datatypes::SchemaRef;

use crate::error::Error;
use crate::operators::rows::{Keys, told};

/// Divides rows by their keys. All of one job divide alike.
pub(crate) struct Exchange {
    keys: Keys,
    /// One where there are no keys: it gets all.
    tasks: usize,
}

impl Exchange {
    pub(crate) fn new(schema: &SchemaRef, keys: &[usize], tasks: usize) -> Result<Self, Error> {
        let tasks = if keys.is_empty() { 1 } else { tasks };
        Ok(Self { keys: Keys::new(schema, keys)?, tasks })
    }

    /// The rows of each task that gets some.
    pub(crate) fn divide(&self, batch: RecordBatch) -> Result<Vec<(usize, RecordBatch)>, Error> {
        if self.tasks == 1 {
            return Ok(vec![(0, batch)]);
        }
        let keys = self.keys.of(&batch)?;
        let rows = batch.num_rows();
        let mut of_tasks: Vec<Vec<u32>> = (0..self.tasks).map(|_| Vec::with_capacity(rows)).collect();
        for row in 0..rows {
            of_tasks[task_of(keys.row(row), self.tasks)].push(row as u32);
        }
        let mut divided = Vec::new();
        for (task, rows) in of_tasks.into_iter().enumerate() {
            if rows.len() == batch.num_rows() {
                return Ok(vec![(task, batch)]);
            }
            if !rows.is_empty() {
                let rows = UInt32Array::from(rows);
                divided.push((task, take_record_batch(&batch, &rows).map_err(told)?));
            }
        }
        Ok(divided)
    }
}

/// The task of a key: the same in each run, so that a job's tasks can be found again.
fn task_of(key: &[u8], tasks: usize) -> usize {
    let mut hasher = foldhash::quality::FixedState::with_seed(SEED).build_hasher();
    hasher.write(key);
    // By the high bits: the low ones choose a key's place in the tables of its task. Scaled, which is quicker than a
    // remainder.
    (((hasher.finish() >> 32) * tasks as u64) >> 32) as usize
}

/// Any number does.
const SEED: u64 = 0x6e61_7274_6865_7821;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};

    use super::*;

    #[test]
    fn each_key_has_one_task_and_its_rows_stay_in_order() {
        let fields = vec![Field::new("k", DataType::Utf8, true), Field::new("n", DataType::Int64, true)];
        let schema = Arc::new(Schema::new(fields));
        let keys: Vec<Option<String>> =
            (0..1_000).map(|n| (n % 7 > 0).then(|| format!("k{}", n % 7))).collect();
        let columns: Vec<ArrayRef> =
            vec![Arc::new(StringArray::from(keys)), Arc::new((0..1_000).map(Some).collect::<Int64Array>())];
        let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
        let divided = Exchange::new(&schema, &[0], 3).unwrap().divide(batch).unwrap();
        let mut owner = std::collections::BTreeMap::new();
        let mut seen = 0;
        for (task, rows) in &divided {
            let numbers = rows.column(1).as_primitive::<Int64Type>().values().to_vec();
            assert!(numbers.is_sorted());
            seen += numbers.len();
            for key in rows.column(0).as_string::<i32>().iter() {
                assert_eq!(*owner.entry(key.map(str::to_owned)).or_insert(*task), *task);
            }
        }
        assert_eq!((seen, owner.len()), (1_000, 7));
        assert!(divided.len() > 1, "all keys are on one task");
    }
}
