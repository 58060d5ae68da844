//! `print`: rows as Flink prints them, on standard output or standard error.

mod values;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use narthex_engine::{Encoder, Error, Payload, TableSink, Teller, Writer};
use narthex_sql::DataType;

use crate::blocking::{blocking, sink_error};
use crate::options::{OptionInfo, Options, keys};

/// What a table takes.
pub(crate) const OPTIONS: &[OptionInfo] = &[
    OptionInfo {
        key: "print-identifier",
        takes: "text",
        default: "",
        doc: "Stands before each row, with `> `.",
    },
    OptionInfo {
        key: "standard-error",
        takes: "`true` or `false`",
        default: "false",
        doc: "Whether rows go to standard error.",
    },
    OptionInfo {
        key: "sink.parallelism",
        takes: "a number from 1 on",
        default: "",
        doc: "No effect: one thread writes, so no row begins with a subtask's number.",
    },
];

/// What a print table's options say.
#[derive(Debug, Clone, Default)]
pub(crate) struct PrintOptions {
    identifier: String,
    to_standard_error: bool,
}

/// Reads the options.
pub(crate) fn read(options: &mut Options<'_>) -> PrintOptions {
    let known = keys(OPTIONS);
    options.check_known(&known, &known, |_| false);
    // Accepted; there is one stream and one writer, so each line is without a subtask's number.
    options.integer("sink.parallelism", 1..=i64::from(i32::MAX));
    PrintOptions {
        identifier: options.text("print-identifier").unwrap_or_default().to_owned(),
        to_standard_error: options.boolean("standard-error").unwrap_or_default(),
    }
}

/// A table whose rows are printed.
#[derive(Debug, Clone)]
pub(crate) struct Print {
    table: String,
    columns: Vec<DataType>,
    prefix: String,
    to_standard_error: bool,
}

impl Print {
    pub(crate) fn new(options: &Options<'_>, read: PrintOptions) -> Self {
        let prefix =
            if read.identifier.is_empty() { String::new() } else { format!("{}> ", read.identifier) };
        Self {
            table: options.table.name.clone(),
            columns: options.table.written_columns().into_iter().map(|(_, data_type)| data_type).collect(),
            prefix,
            to_standard_error: read.to_standard_error,
        }
    }
}

#[async_trait]
impl TableSink for Print {
    fn encoder(&self) -> Result<Box<dyn Encoder>, Error> {
        Ok(Box::new(self.clone()))
    }

    async fn open(&self) -> Result<Box<dyn Writer>, Error> {
        let (to, name): (Box<dyn Write + Send>, _) = match self.to_standard_error {
            false => (Box::new(io::stdout()), "standard output"),
            true => (Box::new(io::stderr()), "standard error"),
        };
        Ok(Box::new(Printer { table: self.table.clone(), name, to: Some(to), rows: Arc::default() }))
    }
}

impl Encoder for Print {
    fn encode(&mut self, batch: &RecordBatch) -> Result<Payload, Error> {
        let mut bytes = Vec::with_capacity(batch.num_rows() * 32);
        for row in 0..batch.num_rows() {
            bytes.extend_from_slice(self.prefix.as_bytes());
            values::put_row(&mut bytes, &self.columns, batch.columns(), row)
                .map_err(|problem| sink_error(&self.table, problem))?;
            bytes.push(b'\n');
        }
        Ok(Payload::Bytes { rows: batch.num_rows() as u64, bytes })
    }
}

/// Writes lines to a stream that others may write to as well: each payload in one piece.
struct Printer {
    table: String,
    name: &'static str,
    /// Gone only while it writes.
    to: Option<Box<dyn Write + Send>>,
    rows: Arc<AtomicU64>,
}

#[async_trait]
impl Writer for Printer {
    async fn write(&mut self, payload: Payload, left: &mut u64) -> Result<(), Error> {
        *left = 0;
        self.rows.fetch_add(payload.rows(), Ordering::Relaxed);
        let Payload::Bytes { bytes, .. } = payload else { return Ok(()) };
        let Some(mut to) = self.to.take() else {
            return Err(sink_error(&self.table, format!("{} failed before", self.name)));
        };
        let (table, name) = (self.table.clone(), self.name);
        let written = blocking(&self.table, move || match to.write_all(&bytes).and_then(|()| to.flush()) {
            Ok(()) => Ok(to),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                Err(sink_error(&table, format!("nobody reads {name} any more (broken pipe)")))
            }
            Err(error) => Err(sink_error(&table, format!("{name}: {error}"))),
        });
        self.to = Some(written.await?);
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn teller(&self) -> Option<Teller> {
        let rows = self.rows.clone();
        Some(Box::new(move || serde_json::json!({"rows": rows.load(Ordering::Relaxed)})))
    }

    async fn finish(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printer(to: Box<dyn Write + Send>) -> Printer {
        Printer { table: "t".to_owned(), name: "standard output", to: Some(to), rows: Arc::default() }
    }

    fn lines(text: &str) -> Payload {
        Payload::Bytes { rows: 1, bytes: text.as_bytes().to_vec() }
    }

    #[tokio::test]
    async fn lines_are_written_and_rows_counted() {
        let out = Shared::default();
        let mut printer = Box::new(printer(Box::new(out.clone())));
        printer.write(lines("+I[1]\n"), &mut 0).await.unwrap();
        printer.write(lines("+I[2]\n"), &mut 0).await.unwrap();
        assert_eq!(*out.0.lock().unwrap(), b"+I[1]\n+I[2]\n");
        printer.finish().await.unwrap();
        assert_eq!(printer.teller().unwrap()(), serde_json::json!({"rows": 2}));
    }

    #[tokio::test]
    async fn a_closed_pipe_is_told_in_words() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut printer = printer(Box::new(writer));
        let error = printer.write(lines("+I[1]\n"), &mut 0).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot write the table t: nobody reads standard output any more (broken pipe)"
        );
        assert!(
            printer.write(lines("+I[1]\n"), &mut 0).await.unwrap_err().to_string().contains("failed before")
        );
    }
}
