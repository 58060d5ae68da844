//! What a query without FROM reads: one row without columns.

use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::Schema;

use crate::error::Error;
use crate::operator::with_columns;
use crate::table::{Chunk, Decoded, Next, NextSplit, Split, Splits};

/// A split that gives the row once.
pub(super) fn splits() -> Box<dyn Splits> {
    Box::new(Once(Some(())))
}

/// Whether it is still to be given.
struct Once(Option<()>);

impl Splits for Once {
    fn next(&mut self, _wait: Duration) -> Result<NextSplit, Error> {
        Ok(self.0.take().map_or(NextSplit::End, |()| NextSplit::Split(Box::new(Self(Some(()))))))
    }
}

impl Split for Once {
    fn name(&self) -> &str {
        "VALUES"
    }

    fn next(&mut self, _wait: Duration) -> Result<Next, Error> {
        Ok(self.0.take().map_or(Next::End, |()| Next::Chunk(Box::new(Row))))
    }
}

struct Row;

impl Chunk for Row {
    fn bytes(&self) -> usize {
        0
    }

    fn decode(self: Box<Self>) -> Result<Decoded, Error> {
        let batch = with_columns(&Arc::new(Schema::empty()), Vec::new(), 1).map_err(Error::Row)?;
        Ok(Decoded { batch, records: 1, ignored: 0, bad: Vec::new() })
    }
}
