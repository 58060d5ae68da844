//! A dry run: a job with its real tables, or samples of them, and the built-in receiver in place of all that it would write
//! to. Behind it stands what there is to know before the job goes live.

mod lateness;
mod page;
mod series;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use narthex_connectors::{Context, TableDefinition};
use narthex_engine::{TableSink, TableSource};
use narthex_planner::{Job, Probe, Table};
use narthex_receiver::{Keep, ReceiverConfig, ReceiverServer, ServerConfig, ServerHandle};
use narthex_sink::{DeadLetters, parse_duration};
use narthex_sql::{Mistake, OptionEntry, Span, nearest};
use parking_lot::Mutex;

use self::lateness::{Lateness, TimesSink};
use self::series::{Seen, SeenSink};
use super::closing::Closing;
use super::job_file::JobFile;
use crate::mistakes::Mistakes;

/// How many lost samples, rows and records of each reason are shown.
const EXAMPLES: usize = 2;
/// Longer than any sample is late.
const UNLIMITED: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A file that stands for a table.
#[derive(Debug)]
pub(crate) struct SampleFile {
    /// None where the job reads only one.
    table: Option<String>,
    path: PathBuf,
}

impl SampleFile {
    /// Reads `[TABLE=]FILE`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (table, path) = match text.split_once('=') {
            Some((table, path)) if !table.contains('/') => (Some(table.trim().to_owned()), path),
            _ => (None, text),
        };
        if path.trim().is_empty() || table.as_deref() == Some("") {
            return Err("takes FILE or TABLE=FILE, such as events.json".to_owned());
        }
        Ok(Self { table, path: path.into() })
    }
}

/// What stands in for the world, and what it has seen.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    receiver: ServerHandle,
    samples: Vec<SampleFile>,
    examples: DeadLetters,
    series: Mutex<Vec<Arc<Seen>>>,
    times: Mutex<Vec<Arc<Lateness>>>,
    /// Tables that are no Prometheus'.
    others: Mutex<Vec<String>>,
}

impl Rehearsal {
    /// Of the jobs of a file: starts the receiver, on a free port of loopback.
    ///
    /// # Errors
    /// When there is no port.
    pub(crate) async fn of(file: &JobFile, samples: Vec<SampleFile>) -> anyhow::Result<Self> {
        let written = file.planned().flat_map(|job| &job.inserts).map(|insert| insert.sink.as_ref());
        let window = window(written);
        let config = ReceiverConfig {
            keep: Keep::Newest,
            log_limit: 0,
            out_of_order_window: window.unwrap_or_default(),
            ..ReceiverConfig::default()
        };
        let server = ReceiverServer::start(ServerConfig::from(config)).await;
        Ok(Self {
            receiver: server.context("cannot start the built-in receiver")?,
            samples,
            examples: DeadLetters::examples(EXAMPLES),
            series: Mutex::default(),
            times: Mutex::default(),
            others: Mutex::default(),
        })
    }

    /// Where what comes to nothing goes.
    pub(crate) fn dead_letters(&self) -> DeadLetters {
        self.examples.clone()
    }

    /// What reads a table: its own connector, or the sample that stands for it.
    pub(crate) fn source(
        &self,
        job: &Job,
        definition: TableDefinition,
        asked: &[usize],
        context: &Context,
    ) -> Result<Arc<dyn TableSource>, Vec<Mistake>> {
        let Some(sample) = self.sample_of(job, &definition.name) else {
            return narthex_connectors::source(&definition, asked, context);
        };
        let format = match option(&definition, "format") {
            Some(format) => format.to_owned(),
            None if sample.path.extension().is_some_and(|extension| extension == "csv") => "csv".to_owned(),
            None => "json".to_owned(),
        };
        let of_format = format!("{format}.");
        let path = sample.path.display().to_string();
        let mut options: Vec<OptionEntry> = definition.options.clone();
        options.retain(|option| option.key.starts_with(&of_format));
        let span = definition.name_span;
        options.extend([
            entry("connector", "filesystem", span),
            entry("path", &path, span),
            entry("format", &format, span),
        ]);
        narthex_connectors::source(&TableDefinition { options, ..definition }, asked, context)
    }

    fn sample_of(&self, job: &Job, table: &str) -> Option<&SampleFile> {
        let is_only = read_by(job).len() == 1;
        self.samples.iter().find(|sample| match &sample.table {
            Some(name) => name == table,
            None => is_only,
        })
    }

    /// Sees that each sample stands for a table that some job reads, and that all tables end.
    ///
    /// # Errors
    /// [`Mistakes`] of the flag.
    pub(crate) fn check(&self, file: &JobFile) -> anyhow::Result<()> {
        let mut mistakes = Mistakes::default();
        let tables: BTreeSet<&str> =
            file.planned().flat_map(read_by).map(|table| table.name.as_str()).collect();
        let listed = || tables.iter().copied().collect::<Vec<_>>().join(", ");
        let mut named = BTreeSet::new();
        for sample in &self.samples {
            let path = sample.path.as_path();
            if !named.insert(sample.table.as_deref()) {
                let table = sample.table.as_deref().unwrap_or("the table");
                mistakes.add("sample", format!("{table} has two samples; put them into one file"));
            }
            if path != std::path::Path::new("-") && !path.is_file() {
                mistakes.add("sample", format!("there is no file {}", path.display()));
            }
            match &sample.table {
                None if tables.len() != 1 => mistakes.add(
                    "sample",
                    format!("the file reads {} tables; say which: TABLE=FILE, of {}", tables.len(), listed()),
                ),
                Some(name) if !tables.contains(name.as_str()) => {
                    let near = nearest(name, tables.iter().copied());
                    let near = near.map(|near| format!("; did you mean {near}?"));
                    let advice = near.unwrap_or_else(|| format!("; it reads {}", listed()));
                    mistakes.add("sample", format!("no job of the file reads a table {name}{advice}"));
                }
                _ => {}
            }
        }
        if self.samples.iter().filter(|sample| sample.path.as_os_str() == "-").count() > 1 {
            mistakes.add("sample", "standard input is there once: it can stand for one table");
        }
        let scans = file.jobs.iter().flat_map(|job| job.graph.scans.iter().zip(&job.sources));
        for (scan, source) in scans {
            if let (Some(table), Some(source)) = (&scan.table, source)
                && !source.is_bounded()
            {
                let name = &table.name;
                let problem = format!("the table {name} does not end by itself: add --sample {name}=FILE");
                mistakes.add("sample", problem);
            }
        }
        mistakes.into_result()
    }

    /// What takes a table's rows in place of what it is written to.
    pub(crate) fn sink(
        &self,
        definition: &TableDefinition,
        context: &Context,
    ) -> Result<Arc<dyn TableSink>, Vec<Mistake>> {
        // Its own options are checked first, all the same.
        let mistakes = narthex_connectors::check(definition);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        if !is_prometheus(definition) {
            let mut others = self.others.lock();
            if !others.contains(&definition.name) {
                others.push(definition.name.clone());
            }
            drop(others);
            let hole = TableDefinition { options: Vec::new(), ..definition.clone() };
            return narthex_connectors::sink(&hole.option("connector", "blackhole"), context);
        }
        let mut options: Vec<OptionEntry> = definition.options.clone();
        options.retain(|option| !goes_out(&option.key));
        options.push(entry("metric.endpoint-url", &self.receiver.write_url(), definition.name_span));
        let inside = narthex_connectors::sink(&TableDefinition { options, ..definition.clone() }, context)?;
        // What several jobs write to a table is told together.
        let mut all = self.series.lock();
        let known = all.iter().find(|seen| seen.table == definition.name).cloned();
        let seen = known.unwrap_or_else(|| {
            all.push(Arc::new(Seen::of(&definition.name)));
            all[all.len() - 1].clone()
        });
        Ok(Arc::new(SeenSink { inside, seen }))
    }

    /// What takes the times of a table's rows.
    pub(crate) fn times(&self, probe: &Probe) -> Arc<dyn TableSink> {
        let mut all = self.times.lock();
        let known = all.iter().find(|times| times.table == probe.table.name).cloned();
        let times = known.unwrap_or_else(|| {
            all.push(Arc::new(Lateness::of(&probe.table.name, probe.delay_ms)));
            all[all.len() - 1].clone()
        });
        Arc::new(TimesSink(times))
    }

    /// What was seen, for people.
    pub(crate) fn page(&self, closing: &Closing, name: &str, took: Duration) -> String {
        let seen = page::Findings {
            series: &self.series.lock(),
            others: &self.others.lock(),
            times: &self.times.lock(),
            examples: &self.examples.kept(),
        };
        page::page(&seen, closing, name, took)
    }
}

/// The tables that a job reads, in the order of its scans.
fn read_by(job: &Job) -> Vec<&Arc<Table>> {
    let mut tables: Vec<&Arc<Table>> = Vec::new();
    for table in job.inserts.iter().flat_map(|insert| insert.input.tables()) {
        if !tables.iter().any(|known| Arc::ptr_eq(known, table)) {
            tables.push(table);
        }
    }
    tables
}

/// The longest out-of-order window that a table says its receiver has.
fn window<'a>(tables: impl Iterator<Item = &'a Table>) -> Option<Duration> {
    let windows = tables.filter_map(|table| table.option("sink.out-of-order-window"));
    windows
        .filter_map(|text| match text.trim() {
            "unlimited" => Some(UNLIMITED),
            text => parse_duration(text).ok(),
        })
        .max()
}

fn is_prometheus(definition: &TableDefinition) -> bool {
    option(definition, "connector").is_some_and(|connector| connector.ends_with("prometheus"))
}

/// Options that a rehearsal leaves out: where to, who says so, and files that are written.
fn goes_out(key: &str) -> bool {
    let prefixes = ["sink.auth.", "sink.tls.", "sink.headers", "aws."];
    let keys = ["metric.endpoint-url", "metric.request-signer", "sink.dead-letters.path", "sink.proxy"];
    keys.contains(&key) || prefixes.iter().any(|prefix| key.starts_with(prefix))
}

fn option<'a>(definition: &'a TableDefinition, key: &str) -> Option<&'a str> {
    definition.options.iter().find(|option| option.key == key).map(|option| option.value.as_str())
}

fn entry(key: &str, value: &str, span: Span) -> OptionEntry {
    OptionEntry { key: key.to_owned(), value: value.to_owned(), key_span: span, value_span: span }
}
