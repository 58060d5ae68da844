//! `blackhole`: takes rows and counts them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use narthex_engine::{Encoder, Error, Payload, TableSink, Teller, Writer};

use crate::options::Options;

/// Reads its options; `property-version` is Flink's only.
pub(crate) fn read(options: &mut Options<'_>) {
    options.check_known(&[], &[], |_| false);
}

/// A table that forgets what is written to it.
#[derive(Debug)]
pub(crate) struct Blackhole;

#[async_trait]
impl TableSink for Blackhole {
    fn encoder(&self) -> Result<Box<dyn Encoder>, Error> {
        Ok(Box::new(Self))
    }

    async fn open(&self) -> Result<Box<dyn Writer>, Error> {
        Ok(Box::new(Count::default()))
    }
}

impl Encoder for Blackhole {
    fn encode(&mut self, batch: &RecordBatch) -> Result<Payload, Error> {
        Ok(Payload::Rows(batch.num_rows() as u64))
    }
}

/// Rows that came.
#[derive(Default)]
struct Count(Arc<AtomicU64>);

#[async_trait]
impl Writer for Count {
    async fn write(&mut self, payload: Payload, left: &mut u64) -> Result<(), Error> {
        self.0.fetch_add(payload.rows(), Ordering::Relaxed);
        *left = 0;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn teller(&self) -> Option<Teller> {
        let rows = self.0.clone();
        Some(Box::new(move || serde_json::json!({"rows": rows.load(Ordering::Relaxed)})))
    }

    async fn finish(&mut self) -> Result<(), Error> {
        Ok(())
    }
}
