//! A job file, read, planned and connected: everything that can be a mistake is found before anything runs.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use narthex_connectors::{Context, MetadataColumn, TableDefinition};
use narthex_engine::{JobGraph, TableSink, TableSource};
use narthex_planner::{Job, Plan, Settings, Step, Table};
use narthex_sql::{Location, Mistake, Source, Span};

use super::environment;
use super::rehearsal::Rehearsal;
use super::secrets::Masked;

/// A job file and what it comes to.
#[derive(Debug)]
pub(crate) struct JobFile {
    /// As the user named it.
    pub(crate) name: String,
    /// All of it.
    pub(crate) text: String,
    /// What is to be run.
    pub(crate) plan: Plan,
    /// Its jobs, in order, with their tables.
    pub(crate) jobs: Vec<Connected>,
    /// What may be a mistake, as it is shown.
    pub(crate) warnings: Vec<String>,
}

/// The mistakes of a job file, as they are shown.
#[derive(Debug)]
pub(crate) struct JobMistakes(String);

impl fmt::Display for JobMistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JobMistakes {}

/// A job with its tables. Nothing is open yet.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) graph: JobGraph,
    pub(crate) sources: Vec<Option<Arc<dyn TableSource>>>,
    pub(crate) sinks: Vec<Arc<dyn TableSink>>,
    pub(crate) settings: Settings,
}

impl JobFile {
    /// Reads and plans a file, and finds what reads and writes its tables.
    ///
    /// # Errors
    /// When it cannot be read, or its [`JobMistakes`].
    pub(crate) fn load(path: &Path, settings: &Settings, context: &Context) -> anyhow::Result<Self> {
        Self::load_for(path, settings, context, None)
    }

    /// The same for a rehearsal, which stands in for what its jobs write to.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(crate) fn load_for(
        path: &Path,
        settings: &Settings,
        context: &Context,
        rehearsal: Option<&Rehearsal>,
    ) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
        let mut text = String::from_utf8(bytes).map_err(|error| no_utf8(&name, &error))?;
        // Some editors write it before a text.
        if text.starts_with(BYTE_ORDER_MARK) {
            text.drain(..BYTE_ORDER_MARK.len_utf8());
        }
        Ok(Self::plan(name, text, settings, context, rehearsal)?)
    }

    /// The jobs of the file as they were planned.
    pub(crate) fn planned(&self) -> impl Iterator<Item = &Job> {
        self.plan.steps.iter().filter_map(|step| match step {
            Step::Job(job) => Some(job),
            Step::Print(_) => None,
        })
    }

    /// Plans the text of a file.
    fn plan(
        name: String,
        text: String,
        settings: &Settings,
        context: &Context,
        rehearsal: Option<&Rehearsal>,
    ) -> Result<Self, JobMistakes> {
        let mut script = narthex_sql::parse(&text);
        let mut masked = Masked::of(&text);
        let variable = |name: &str| std::env::var(name).ok();
        environment::expand(&mut script, variable, |option| masked.learn(&option.key, &option.value));
        let clock = || narthex_model::Clock::now_ms(&narthex_model::SystemClock);
        let planned = narthex_planner::plan(&script, settings, Arc::new(clock));
        let (mut mistakes, mut warnings) = (planned.mistakes, planned.warnings);
        for table in &planned.tables {
            mistakes.extend(narthex_connectors::check(&definition(table)));
            warnings.extend(narthex_connectors::warnings(&definition(table)));
        }
        let mut jobs = Vec::new();
        let mut reader_of_stdin = None;
        for step in &planned.plan.steps {
            if let Step::Job(job) = step {
                let job_number = jobs.len() + 1;
                let context = Context { zone: job.settings.zone(), job_number, ..context.clone() };
                let connected = connected(job, &context, rehearsal, &mut mistakes);
                if rehearsal.is_none() {
                    check_standard_input(job, connected.as_ref(), &mut reader_of_stdin, &mut mistakes);
                }
                jobs.extend(connected);
            }
        }
        let shown = |mistake: &Mistake| {
            let message = masked.message(mistake.message.clone());
            Source { name: &name, text: &masked.text }.show(&Mistake { message, ..mistake.clone() })
        };
        if script.statements.is_empty() && mistakes.is_empty() {
            let nothing = Mistake::new(at(1, 1), "there is no statement in this file");
            mistakes.push(nothing.advise("a job has tables and an INSERT INTO at the least"));
        }
        if !mistakes.is_empty() {
            let names = planned.tables.iter().map(|table| table.name_span.start).collect();
            return Err(told(shown, mistakes, &names));
        }
        let warnings = warnings.iter().map(shown).collect();
        Ok(Self { name, text, plan: planned.plan, jobs, warnings })
    }

    /// The table of its jobs that reads a file, or would if it were there.
    pub(crate) fn reader_of(&self, file: &Path) -> Option<&str> {
        let mut scans =
            self.jobs.iter().flat_map(|job| &job.graph.scans).filter_map(|scan| scan.table.as_ref());
        let reader = scans.find(|table| narthex_connectors::reads(&definition(table), file))?;
        Some(&reader.name)
    }
}

/// A job with what reads and writes its tables; none when there are mistakes, which are told.
fn connected(
    job: &Job,
    context: &Context,
    rehearsal: Option<&Rehearsal>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Connected> {
    let probes = rehearsal.map(|_| narthex_planner::probes(job)).unwrap_or_default();
    let graph = JobGraph::of_inserts(job.inserts.iter().chain(probes.iter().map(|probe| &probe.insert)));
    let (mut sources, mut sinks) = (Vec::new(), Vec::new());
    for scan in &graph.scans {
        let Some(table) = &scan.table else {
            sources.push(None);
            continue;
        };
        let source = match rehearsal {
            Some(rehearsal) => rehearsal.source(job, definition(table), &scan.columns, context),
            None => narthex_connectors::source(&definition(table), &scan.columns, context),
        };
        source.map(|source| sources.push(Some(source))).unwrap_or_else(|found| mistakes.extend(found));
    }
    for table in &graph.sinks {
        let probe = probes.iter().find(|probe| Arc::ptr_eq(&probe.insert.sink, table));
        let sink = match (rehearsal, probe) {
            (Some(rehearsal), Some(probe)) => Ok(rehearsal.times(probe)),
            (Some(rehearsal), None) => rehearsal.sink(&definition(table), context),
            (None, _) => narthex_connectors::sink(&definition(table), context),
        };
        sink.map(|sink| sinks.push(sink)).unwrap_or_else(|found| mistakes.extend(found));
    }
    if rehearsal.is_none() {
        check_circles(job, &graph, mistakes);
    }
    let is_whole = sources.len() == graph.scans.len() && sinks.len() == graph.sinks.len();
    is_whole.then(|| Connected { graph, sources, sinks, settings: job.settings.clone() })
}

/// Refuses a job that would read its own rows, for ever.
fn check_circles(job: &Job, graph: &JobGraph, mistakes: &mut Vec<Mistake>) {
    for read in graph.scans.iter().filter_map(|scan| scan.table.as_ref()) {
        for written in &graph.sinks {
            if narthex_connectors::feeds(&definition(written), &definition(read)) {
                let message = format!("{} is written to where {} reads on", written.name, read.name);
                let advice = "its rows would come back for ever: write to another folder";
                mistakes.push(Mistake::new(job.span, message).advise(advice));
            }
        }
    }
}

/// Standard input is there once: a second reader would get the rest of it, or nothing.
fn check_standard_input(
    job: &Job,
    connected: Option<&Connected>,
    reader: &mut Option<String>,
    mistakes: &mut Vec<Mistake>,
) {
    let scans = connected.iter().flat_map(|connected| &connected.graph.scans);
    let tables = scans.filter_map(|scan| scan.table.as_ref());
    for table in tables.filter(|table| narthex_connectors::reads_standard_input(&definition(table))) {
        if let Some(other) = reader {
            let message = format!("this reads standard input ({}), which {other} reads already", table.name);
            let advice = "read one table, and write all INSERTs of it into one EXECUTE STATEMENT SET";
            mistakes.push(Mistake::new(job.span, message).advise(advice));
        }
        reader.get_or_insert_with(|| format!("line {} ({})", job.span.start.line, table.name));
    }
}

fn definition(table: &Table) -> TableDefinition {
    let metadata = table.columns.iter().enumerate().filter_map(|(column, declared)| {
        let (key, span) = (declared.metadata.clone()?, declared.span);
        Some(MetadataColumn { column, key, is_virtual: declared.is_virtual, span })
    });
    TableDefinition {
        name: table.name.clone(),
        columns: table.columns.iter().map(|column| (column.name.clone(), column.data_type.clone())).collect(),
        metadata: metadata.collect(),
        options: table.options.clone(),
        name_span: table.name_span,
        primary_key: table.primary_key.clone(),
        partitioned_by: table.partitioned_by.clone(),
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';
/// How many mistakes are shown: who has more of them has made the same one again and again.
const SHOWN: usize = 100;

/// Shows mistakes, each once. Where a table's name stands, all that is missing of it is told; elsewhere the first one
/// at a place explains the others.
fn told(
    shown: impl Fn(&Mistake) -> String,
    mut mistakes: Vec<Mistake>,
    names: &BTreeSet<Location>,
) -> JobMistakes {
    mistakes.sort_by_key(|mistake| mistake.span.start);
    let mut seen = BTreeSet::new();
    mistakes.retain(|mistake| {
        let place = mistake.span.start;
        let message = if names.contains(&place) { mistake.message.clone() } else { String::new() };
        seen.insert((place, message))
    });
    let mut text: String = mistakes.iter().take(SHOWN).map(shown).collect();
    text.push_str(&match mistakes.len() {
        1 => "1 mistake".to_owned(),
        many if many > SHOWN => format!("{many} mistakes, of which these are the first {SHOWN}"),
        many => format!("{many} mistakes"),
    });
    JobMistakes(text)
}

/// What to say of a file that is no text.
fn no_utf8(name: &str, error: &std::string::FromUtf8Error) -> JobMistakes {
    let whole = error.utf8_error().valid_up_to();
    let bytes = error.as_bytes();
    let before = String::from_utf8_lossy(&bytes[..whole]);
    let line = before.split('\n').count() as u64;
    let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) as u64 + 1;
    let mistake = Mistake::new(at(line, column), "the file is not UTF-8 from here on")
        .advise("save it as UTF-8; file names the encoding that it has");
    let text = Masked::of(&String::from_utf8_lossy(bytes)).text;
    told(|mistake| Source { name, text: &text }.show(mistake), vec![mistake], &BTreeSet::new())
}

fn at(line: u64, column: u64) -> Span {
    Span::new(Location { line, column }, Location { line, column })
}

#[cfg(test)]
mod tests;
