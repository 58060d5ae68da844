//! Runs plans: tasks by source split, bounded channels, streaming operators, the ledger of each stage.
//!
//! A job is a [`JobGraph`]: tables that are read, tables that are written, and between them pipelines of operators.
//! Threads that read cut what they read into chunks; workers decode and compute them side by side; what comes out is
//! put back into the order in which it was read, and written. What is on its way is bounded in bytes, so that a table
//! that takes nothing more stops the reading.

mod aggregate;
mod clock;
mod error;
mod exchange;
mod flow;
mod graph;
mod ledger;
mod memory;
mod operator;
mod operators;
mod order;
mod picture;
mod read;
mod run;
mod stage;
mod table;
mod unnest;
mod windows;
mod work;

pub use error::Error;
pub use graph::{From, JobGraph, Pipeline, ScanNode, StageNode, To};
pub use ledger::{JobLedger, OperatorLedger, SourceLedger, TableLedger};
pub use operator::Operator;
pub use picture::{Node, NodeKind, Picture};
pub use run::{Outcome, Reporter, RunOptions, Running, Watcher, start};
pub use table::{
    BadRecord, Chunk, Decoded, Encoder, Next, NextSplit, Payload, Split, Splits, TableSink, TableSource,
    Teller, Watermarks, Writer,
};
