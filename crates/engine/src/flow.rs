//! The way of a batch through a pipeline: operators without state, then encoded for a table or divided among tasks.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;

use crate::clock::{NEVER, marked};
use crate::error::Error;
use crate::exchange::Exchange;
use crate::graph::{Pipeline, To};
use crate::operator::Operator;
use crate::run::Shared;
use crate::table::{Encoder, Payload};

/// What a thread needs to take batches through pipelines.
pub(crate) struct Flow {
    shared: Arc<Shared>,
    /// One for each sink.
    encoders: Vec<Box<dyn Encoder>>,
    /// One for each pipeline into a stage.
    exchanges: Vec<Option<Exchange>>,
}

/// What became of a batch.
#[derive(Default)]
pub(crate) struct Flowed {
    /// Rows for a table.
    pub(crate) payload: Option<Payload>,
    /// Rows for the tasks of a stage, by task.
    pub(crate) rows: Vec<(usize, RecordBatch)>,
    /// The watermark behind the last row, where the pipeline tells time.
    pub(crate) watermark: Option<i64>,
}

impl Flow {
    pub(crate) fn new(shared: Arc<Shared>, encoders: Vec<Box<dyn Encoder>>) -> Result<Self, Error> {
        let tasks = shared.tasks();
        let mut exchanges = Vec::new();
        for pipeline in &shared.graph.pipelines {
            exchanges.push(match &pipeline.to {
                To::Sink(_) => None,
                To::Stage { stage, input, keys } => {
                    Some(Exchange::new(&shared.graph.stages[*stage].inputs[*input], keys, tasks)?)
                }
            });
        }
        Ok(Self { shared, encoders, exchanges })
    }

    /// Takes a batch through a pipeline.
    pub(crate) fn through(&mut self, at: usize, batch: RecordBatch) -> Result<Flowed, Error> {
        let shared = self.shared.clone();
        let pipeline = &shared.graph.pipelines[at];
        let mut flowed = Flowed::default();
        let batch = self.operated(at, pipeline, batch, &mut flowed)?;
        if batch.num_rows() == 0 {
            return Ok(flowed);
        }
        match &pipeline.to {
            To::Sink(sink) => {
                shared.count_written(*sink, batch.num_rows() as u64);
                flowed.payload = Some(self.encoders[*sink].encode(&batch)?);
            }
            To::Stage { .. } => {
                if let Some(exchange) = &self.exchanges[at] {
                    flowed.rows = exchange.divide(batch)?;
                }
            }
        }
        Ok(flowed)
    }

    fn operated(
        &self,
        at: usize,
        pipeline: &Pipeline,
        batch: RecordBatch,
        flowed: &mut Flowed,
    ) -> Result<RecordBatch, Error> {
        let shared = &self.shared;
        let mut batch = batch;
        for (operator, counts) in pipeline.operators.iter().zip(shared.counts_of(at)) {
            if batch.num_rows() == 0 {
                break;
            }
            let rows_in = batch.num_rows() as u64;
            if let Operator::Watermark { watermark } = operator {
                let (with_marks, latest) = marked(&batch, watermark).map_err(Error::Row)?;
                batch = with_marks;
                flowed.watermark = (latest > NEVER).then_some(latest);
                shared.count_operator(operator, counts, rows_in, rows_in, 0);
                continue;
            }
            let applied = operator.apply(&batch);
            batch = applied.batch;
            let failed = applied.failed.len() as u64;
            shared.count_operator(operator, counts, rows_in, batch.num_rows() as u64, failed);
            shared.judge_rows(pipeline.sink, &applied.failed)?;
        }
        Ok(batch)
    }
}
