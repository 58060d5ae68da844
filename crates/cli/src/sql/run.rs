//! `narthex run`: a job file in Flink SQL, run here.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use narthex_connectors::Context;
use narthex_engine::{Error, Outcome, RunOptions, Running};
use narthex_planner::{Settings, Step};
use narthex_sink::{DeadLetters, SinkMetrics, parse_duration};
use prometheus_client::collector::Collector;
use tokio::time::Instant;

use super::closing::Closing;
use super::job_file::{Connected, JobFile};
use super::metrics::JobMetrics;
use super::rehearsal::{Rehearsal, SampleFile};
use super::report::Report;
use crate::ledger::write_json;
use crate::listen;
use crate::live::Live;
use crate::logging;
use crate::mistakes::Mistakes;
use crate::push::Pusher;
use crate::same_file::{Files, is_stream};
use crate::signers::Signers;
use crate::stop::Stop;
use crate::write::{RunFlags, open_dead_letters};

/// Bytes of input on their way at most, in all of a job, for each worker: four chunks, so that none has to wait for the
/// reader, and so few that what one thread has written is still in a cache when the next one reads it.
const ROOM_BYTES_A_WORKER: usize = 1 << 20;
/// The same for all workers together, at the least.
const LEAST_ROOM_BYTES: usize = 2 << 20;
/// What a job that is given up may take to end its threads.
const END: Duration = Duration::from_secs(1);

/// How often several endless jobs are asked whether one has failed.
const LOOK: Duration = Duration::from_millis(100);

/// Flags of `narthex run`.
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    run: RunFlags,
    /// Set a key for the whole file, as SET does; what the file sets wins
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Append records, rows and samples that came to nothing to this NDJSON file; - is standard output
    #[arg(long, value_name = "PATH")]
    dead_letters: Option<String>,
    /// Write nothing: samples go to the built-in receiver, and what they come to is printed
    #[arg(long, conflicts_with = "dead_letters")]
    dry_run: bool,
    /// The job file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Reads `--set KEY=VALUE`; what there is to warn of comes back too.
pub(crate) fn settings(pairs: &[String], mistakes: &mut Mistakes) -> (Settings, Vec<String>) {
    let (mut settings, mut warnings) = (Settings::default(), Vec::new());
    for pair in pairs {
        let Some((key, value)) = pair.split_once('=').filter(|(key, _)| !key.trim().is_empty()) else {
            // What was typed may be a secret.
            mistakes.add("set", "takes KEY=VALUE, such as parallelism.default=2");
            continue;
        };
        if let Some(Some(warning)) = mistakes.take("set", settings.set(key.trim(), value.trim())) {
            warnings.push(format!("--set: {warning}"));
        }
    }
    (settings, warnings)
}

/// What the tables of a job file know of it.
pub(crate) fn context(dead_letters: Option<DeadLetters>, metrics: SinkMetrics) -> Context {
    let user_agent = concat!("narthex/", env!("CARGO_PKG_VERSION"));
    Context { dead_letters, metrics, signers: Signers::for_tables(), ..Context::new(user_agent) }
}

/// Runs `narthex run`.
///
/// # Errors
/// Wrong flags or a wrong job file (exit code 64), or a job that failed.
pub(crate) async fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let mut mistakes = Mistakes::default();
    mistakes.take("log-format", logging::init_for_job(&args.run.log_format));
    let stop = Stop::on_signals()?;
    let listen =
        args.run.listen.as_deref().and_then(|text| mistakes.take("listen", listen::parse_address(text)));
    let drain = mistakes.take("drain-timeout", parse_duration(&args.run.drain_timeout)).unwrap_or_default();
    mistakes.take("ledger", args.run.check_ledger());
    let (settings, warnings) = settings(&args.set, &mut mistakes);
    let mut files = Files::default();
    files.input(&args.file);
    args.run.files(&mut files);
    if let Some(path) = &args.dead_letters {
        files.output("dead-letters", "dead letters", path.as_ref());
    }
    let dead_letters = if files.check(&mut mistakes) { args.dead_letters.as_deref() } else { None };
    let dead_letters = dead_letters
        .map(|path| open_dead_letters(path).map_err(|(path, error)| format!("cannot open {path}: {error}")));
    let dead_letters = dead_letters.and_then(|opened| mistakes.take("dead-letters", opened));
    mistakes.into_result()?;
    let sinks = SinkMetrics::default();
    let mut dead_letters = dead_letters;
    let mut job_file = JobFile::load(&args.file, &settings, &context(dead_letters.clone(), sinks.clone()))?;
    let rehearsal = if args.dry_run { Some(Rehearsal::of(&job_file, Vec::new()).await?) } else { None };
    if let Some(rehearsal) = &rehearsal {
        dead_letters = Some(rehearsal.dead_letters());
        job_file = JobFile::load_for(
            &args.file,
            &settings,
            &context(dead_letters.clone(), sinks.clone()),
            Some(rehearsal),
        )?;
    }
    check_outputs(&job_file, &args)?;
    args.run.empty_ledger()?;
    stop.begin();
    let metrics = JobMetrics::default();
    let live = Live::of_file(&job_file.name, metrics.clone(), sinks.clone());
    let collectors: Vec<Box<dyn Collector>> = vec![Box::new(metrics.clone()), Box::new(sinks)];
    let registry = listen::registry(dead_letters.clone(), collectors);
    let push = job_file.planned().last().and_then(|job| job.settings.push());
    let push = push.filter(|_| rehearsal.is_none());
    let pusher = push.map(|push| Pusher::start(&push, registry.clone())).transpose()?;
    let listening = listen::start(listen, &args.run, registry, live).await?;
    // Behind the line that says where it listens, which is to be the first.
    warnings.iter().chain(&job_file.warnings).for_each(|warning| tracing::warn!("{}", warning.trim_end()));
    let wants_letters = |job: &narthex_planner::Job| job.settings.reports_late_rows();
    if dead_letters.is_none() && job_file.planned().any(wants_letters) {
        tracing::warn!("narthex.on-late-row = dead-letter has no effect without --dead-letters PATH");
    }
    let began = Instant::now();
    let name = job_file.name.clone();
    let mut jobs = Jobs::new(dead_letters, stop, drain, metrics, rehearsal.is_some());
    jobs.run_all(job_file).await?;
    listening.drains();
    if let Some(pusher) = pusher {
        pusher.end().await;
    }
    let failed = jobs.report.dead_letters.as_ref().map_or(0, DeadLetters::failed);
    jobs.closing.tell_of_dead_letters(failed);
    match &rehearsal {
        Some(rehearsal) => print(&rehearsal.page(&jobs.closing, &name, began.elapsed()))?,
        None => jobs.closing.print(),
    }
    if let Some(path) = &args.run.ledger {
        write_json(&jobs.closing, path)?;
    }
    if let Some(error) = jobs.error {
        return Err(error);
    }
    let failed = jobs.closing.is_unsettled() || args.run.fail_on_loss && jobs.closing.has_loss();
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Runs the jobs of a file over samples of their tables: what they come to, as text.
///
/// # Errors
/// A wrong job file or samples that do not fit it, or a job that failed; what it came to until then is printed.
pub(crate) async fn rehearse(
    file: &Path,
    settings: &Settings,
    samples: Vec<SampleFile>,
) -> anyhow::Result<String> {
    let rehearsal =
        Rehearsal::of(&JobFile::load(file, settings, &context(None, SinkMetrics::default()))?, samples)
            .await?;
    let dead_letters = Some(rehearsal.dead_letters());
    let context = context(dead_letters.clone(), SinkMetrics::default());
    let job_file = JobFile::load_for(file, settings, &context, Some(&rehearsal))?;
    rehearsal.check(&job_file)?;
    let stop = Stop::on_signals()?;
    stop.begin();
    let (began, name) = (Instant::now(), job_file.name.clone());
    let mut jobs = Jobs::new(dead_letters, stop, END, JobMetrics::default(), true);
    jobs.run_all(job_file).await?;
    let page = rehearsal.page(&jobs.closing, &name, began.elapsed());
    match jobs.error {
        Some(error) => {
            print(&page)?;
            Err(error)
        }
        None => Ok(page),
    }
}

/// Refuses outputs that a table reads.
fn check_outputs(job_file: &JobFile, args: &RunArgs) -> anyhow::Result<()> {
    let mut mistakes = Mistakes::default();
    let ledger = args.run.ledger.as_deref().map(|path| ("ledger", path));
    let dead_letters = args.dead_letters.as_deref().map(|path| ("dead-letters", Path::new(path)));
    for (flag, path) in ledger.into_iter().chain(dead_letters).filter(|(_, path)| !is_stream(path)) {
        if let Some(table) = job_file.reader_of(path) {
            let path = path.display();
            mistakes.add(
                flag,
                format!("{path} is read by the table {table}: it would feed on itself; name another file"),
            );
        }
    }
    mistakes.into_result()
}

/// Writes to standard output.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write to standard output")
}

/// The jobs of a file: bounded ones in turn, endless ones side by side.
struct Jobs {
    closing: Closing,
    running: Vec<(usize, Running)>,
    report: Arc<Report>,
    stop: Stop,
    drain: Duration,
    /// Set when the drain has begun.
    drains_until: Option<Instant>,
    started: usize,
    metrics: JobMetrics,
    is_rehearsal: bool,
    error: Option<anyhow::Error>,
}

impl Jobs {
    fn new(
        dead_letters: Option<DeadLetters>,
        stop: Stop,
        drain: Duration,
        metrics: JobMetrics,
        is_rehearsal: bool,
    ) -> Self {
        Self {
            closing: Closing::default(),
            running: Vec::new(),
            report: Arc::new(Report { dead_letters, ..Report::default() }),
            stop,
            drain,
            drains_until: None,
            started: 0,
            metrics,
            is_rehearsal,
            error: None,
        }
    }

    /// Runs all jobs of a file to their end, and prints what it asks for between them, but in a
    /// rehearsal.
    async fn run_all(&mut self, job_file: JobFile) -> anyhow::Result<()> {
        let mut connected = job_file.jobs.into_iter();
        for step in &job_file.plan.steps {
            match step {
                Step::Print(text) if !self.is_rehearsal => print(text)?,
                Step::Print(_) => {}
                Step::Job(_) => {
                    if let Some(job) = connected.next() {
                        self.run(job).await;
                    }
                }
            }
            if self.error.is_some() || self.stop.is_set() {
                break;
            }
        }
        self.end().await;
        Ok(())
    }

    /// Starts a job, and waits for it if it ends by itself.
    async fn run(&mut self, job: Connected) {
        self.started += 1;
        let number = self.started;
        let is_bounded = job.sources.iter().flatten().all(|source| source.is_bounded());
        let workers = job.settings.parallelism().unwrap_or_else(cores);
        let options = RunOptions {
            workers,
            room_bytes: workers.saturating_mul(ROOM_BYTES_A_WORKER).max(LEAST_ROOM_BYTES),
            fails_on_bad_record: job.settings.fails_on_bad_record(),
            fails_on_row_error: job.settings.fails_on_row_error(),
            reports_late_rows: job.settings.reports_late_rows() || self.is_rehearsal,
            memory_limit: job.settings.state_memory_limit(),
            watermark_interval: job.settings.watermark_interval(),
            state_ttl: job.settings.state_ttl(),
        };
        match narthex_engine::start(job.graph, job.sources, job.sinks, options, self.report.clone()).await {
            Ok(running) => {
                self.metrics.add(number, running.watcher());
                if is_bounded {
                    self.finish(number, running).await;
                } else {
                    self.running.push((number, running));
                }
            }
            Err(error) => self.error = Some(error.into()),
        }
    }

    /// Waits for the endless jobs: until one fails, or a signal comes. Then all of them drain side by side.
    async fn end(&mut self) {
        let mut running = std::mem::take(&mut self.running);
        let has_failed = || running.iter().any(|(_, job)| job.has_failed());
        let mut look = tokio::time::interval(LOOK);
        while running.len() > 1 && self.error.is_none() && !self.stop.is_set() && !has_failed() {
            look.tick().await;
        }
        if running.len() > 1 || self.error.is_some() {
            running.iter().for_each(|(_, job)| job.stop());
            self.drain_until();
        }
        // The one that has failed says why the others end.
        running.sort_by_key(|(_, job)| !job.has_failed());
        for (number, job) in running {
            self.finish(number, job).await;
        }
    }

    /// When the drain ends: the limit is that of all jobs together.
    fn drain_until(&mut self) -> Instant {
        let drain = self.drain;
        *self.drains_until.get_or_insert_with(|| {
            tracing::info!("stopping: draining for at most {:.0} s", drain.as_secs_f64());
            Instant::now() + drain
        })
    }

    async fn finish(&mut self, number: usize, running: Running) {
        let (stopper, abandon, ledger) = (running.stopper(), running.abandoner(), running.ledger_reader());
        let mut finished = Box::pin(running.finished());
        let ended = tokio::select! {
            outcome = &mut finished, if self.drains_until.is_none() => Some(outcome),
            () = self.stop.wait(), if self.drains_until.is_none() => None,
            else => None,
        };
        let outcome = if let Some(outcome) = ended {
            outcome
        } else {
            stopper();
            if let Ok(outcome) = tokio::time::timeout_at(self.drain_until(), &mut finished).await {
                outcome
            } else {
                let why = Error::Unfinished { seconds: self.drain.as_secs_f64() };
                abandon(why.clone());
                let ended = tokio::time::timeout(END, &mut finished).await;
                ended.unwrap_or_else(|_| Outcome { ledger: ledger(), error: Some(why) })
            }
        };
        self.closing.add(number, outcome.ledger);
        if let Some(error) = outcome.error {
            self.error.get_or_insert(error.into());
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
