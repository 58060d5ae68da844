//! Which connectors there are: from a table's options to what reads or writes it.

use std::path::Path;
use std::sync::Arc;

use narthex_engine::{TableSink, TableSource};
use narthex_sql::{Mistake, nearest};

use crate::blackhole::{self, Blackhole};
use crate::datagen::{self, Datagen};
use crate::definition::{Context, TableDefinition};
use crate::filesystem;
use crate::options::Options;
use crate::print::{self, Print};
use crate::prometheus;

/// The names of all connectors.
pub const CONNECTORS: [&str; 6] =
    ["filesystem", "datagen", "print", "blackhole", "prometheus", "narthex-prometheus"];

/// A connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connector {
    Filesystem,
    Datagen,
    Print,
    Blackhole,
    Prometheus,
}

impl Connector {
    fn of(options: &mut Options<'_>) -> Option<Self> {
        let Some(entry) = options.entry("connector") else {
            let problem = format!("the table {} has no connector", options.table.name);
            let advice = format!("write WITH ('connector' = '…', …); there are {}", CONNECTORS.join(", "));
            options.mistakes.push(Mistake::new(options.table.name_span, problem).advise(advice));
            return None;
        };
        Some(match entry.value.as_str() {
            "filesystem" => Self::Filesystem,
            "datagen" => Self::Datagen,
            "print" => Self::Print,
            "blackhole" => Self::Blackhole,
            "prometheus" | "narthex-prometheus" => Self::Prometheus,
            other => {
                let near = nearest(other, CONNECTORS).map(|name| format!("; did you mean {name}?"));
                let problem = format!("there is no connector {other:?}{}", near.unwrap_or_default());
                let advice = format!("there are {}", CONNECTORS.join(", "));
                options.mistakes.push(Mistake::new(entry.value_span, problem).advise(advice));
                return None;
            }
        })
    }
}

/// All mistakes in a table's options, found without opening what it reads or writes.
pub fn check(table: &TableDefinition) -> Vec<Mistake> {
    checked(table).mistakes
}

/// What in a table's options has no effect and does no harm.
pub fn warnings(table: &TableDefinition) -> Vec<Mistake> {
    checked(table).warnings
}

/// Whether a table reads this file of this machine, or would if it were there.
pub fn reads(table: &TableDefinition, file: &Path) -> bool {
    let mut options = Options::new(table);
    Connector::of(&mut options) == Some(Connector::Filesystem) && filesystem::reads(&options, file)
}

/// Whether a table reads standard input: then only one job can read it, and once.
pub fn reads_standard_input(table: &TableDefinition) -> bool {
    let mut options = Options::new(table);
    Connector::of(&mut options) == Some(Connector::Filesystem) && options.text("path") == Some("-")
}

/// Whether rows that are written to one table come back when the other is read on as its files grow.
pub fn feeds(written: &TableDefinition, read: &TableDefinition) -> bool {
    let mut options = Options::new(written);
    if Connector::of(&mut options) != Some(Connector::Filesystem) {
        return false;
    }
    let reads_on = read.options.iter().any(|option| option.key == "source.monitor-interval");
    reads_on && filesystem::part_path(&options).is_some_and(|part| reads(read, &part))
}

fn checked(table: &TableDefinition) -> Options<'_> {
    let mut options = Options::new(table);
    match Connector::of(&mut options) {
        None => {}
        Some(Connector::Filesystem) => filesystem::check(&mut options),
        Some(Connector::Datagen) => drop(datagen::read(&mut options)),
        Some(Connector::Print) => drop(print::read(&mut options)),
        Some(Connector::Blackhole) => blackhole::read(&mut options),
        Some(Connector::Prometheus) => drop(prometheus::read(&mut options)),
    }
    options
}

/// A table that is read. `asked` are the columns that are wanted, in that order, as positions among the table's.
///
/// # Errors
/// All mistakes in its options.
pub fn source(
    table: &TableDefinition,
    asked: &[usize],
    context: &Context,
) -> Result<Arc<dyn TableSource>, Vec<Mistake>> {
    let mut options = Options::new(table);
    let source: Option<Arc<dyn TableSource>> = match Connector::of(&mut options) {
        None => None,
        Some(Connector::Datagen) => {
            let read = datagen::read(&mut options);
            options.mistakes.is_empty().then(|| Arc::new(Datagen::new(table, read, asked, context)) as _)
        }
        Some(Connector::Filesystem) => filesystem::source(&mut options, asked),
        Some(_) => {
            let name = options.text("connector").unwrap_or_default();
            options.bad_value("connector", format!("a table of the connector {name} can only be written"))
        }
    };
    source.filter(|_| options.mistakes.is_empty()).ok_or(options.mistakes)
}

/// A table that is written.
///
/// # Errors
/// All mistakes in its options.
pub fn sink(table: &TableDefinition, context: &Context) -> Result<Arc<dyn TableSink>, Vec<Mistake>> {
    let mut options = Options::new(table);
    let sink: Option<Arc<dyn TableSink>> = match Connector::of(&mut options) {
        None => None,
        Some(Connector::Print) => {
            let read = print::read(&mut options);
            Some(Arc::new(Print::new(&options, read)))
        }
        Some(Connector::Blackhole) => {
            blackhole::read(&mut options);
            Some(Arc::new(Blackhole))
        }
        Some(Connector::Prometheus) => prometheus::sink(&mut options, context),
        Some(Connector::Filesystem) => filesystem::sink(&mut options),
        Some(Connector::Datagen) => {
            options.bad_value("connector", "a table of the connector datagen can only be read")
        }
    };
    sink.filter(|_| options.mistakes.is_empty()).ok_or(options.mistakes)
}

#[cfg(test)]
mod tests;
