//! `narthex write`: samples from standard input or files to a Remote-Write receiver.

use std::os::unix::fs::FileTypeExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use narthex_protocol::text::Format;
use narthex_sink::{
    CloseError, DeadLetters, Ledger, PrometheusSink, SinkError, SinkMetrics, SystemClock, parse_duration,
};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use tokio::time::Instant;

use crate::input::{self, Ingest, MAX_LINE_BYTES, SourceCounts};
use crate::ledger::{Report, SourceReport, write_json};
use crate::lines::{Hold, LineReader};
use crate::listen::{self, Listening};
use crate::live::Live;
use crate::mistakes::Mistakes;
use crate::offer::Offer;
use crate::same_file::{Files, is_stream};
use crate::sink_flags::{DEAD_LETTERS, SinkFlags};
use crate::stop::Stop;
use crate::{logging, progress};

/// Flags of `narthex write`.
#[derive(Debug, clap::Args)]
pub(crate) struct WriteArgs {
    #[command(flatten)]
    sink: SinkFlags,
    #[command(flatten)]
    run: RunFlags,
    /// What the lines are: exposition, openmetrics or ndjson
    #[arg(long, value_name = "NAME", default_value = "ndjson")]
    format: String,
    /// What time samples without a timestamp get: none (they are dropped) or now
    #[arg(long, value_name = "WORD", default_value = "none")]
    timestamp: String,
    /// Files to read, one after the other; none or - is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Flags of every command that runs a sink.
#[derive(Debug, clap::Args)]
pub(crate) struct RunFlags {
    /// Write the closing ledger as a JSON object; - is standard output
    #[arg(long, value_name = "PATH")]
    pub(crate) ledger: Option<PathBuf>,
    /// Exit with 1 when anything was rejected, dropped (but for repetitions) or undecodable
    #[arg(long)]
    pub(crate) fail_on_loss: bool,
    /// Longest time that a SIGINT, SIGTERM or SIGHUP may take to drain
    #[arg(long, value_name = "DURATION", default_value = "10 s")]
    pub(crate) drain_timeout: String,
    /// Serve /metrics, /-/healthy and /-/ready; a bare port is on loopback, port 0 is any free one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Tell Prometheus' file-based service discovery of --listen: the file is there while the command runs
    #[arg(long, value_name = "PATH", requires = "listen")]
    pub(crate) sd_file: Option<PathBuf>,
    /// Logs as text or json
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: String,
}

impl RunFlags {
    /// Whether the ledger's folder is there: better said before the run than after it.
    pub(crate) fn check_ledger(&self) -> Result<(), String> {
        let Some(path) = &self.ledger else { return Ok(()) };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        match folder {
            Some(folder) if !folder.is_dir() => Err(format!("{} is no folder to write to", folder.display())),
            _ if path.is_dir() => Err(format!("{} is a folder; name a file", path.display())),
            _ => Ok(()),
        }
    }

    /// Adds the files that are written.
    pub(crate) fn files(&self, files: &mut Files) {
        if let Some(path) = &self.ledger {
            files.output("ledger", "the ledger", path);
        }
        if let Some(path) = &self.sd_file {
            files.output("sd-file", "the target file", path);
        }
    }

    /// Empties the ledger of an earlier run: should this one not come to its end, nobody takes the old one for
    /// its ledger. What is no file, such as a pipe, is left alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn empty_ledger(&self) -> anyhow::Result<()> {
        let Some(path) = self.ledger.as_ref().filter(|path| path.is_file()) else { return Ok(()) };
        let emptied = std::fs::OpenOptions::new().write(true).truncate(true).open(path);
        emptied.map(drop).with_context(|| format!("cannot write the ledger to {}", path.display()))
    }
}

/// Runs `narthex write`.
///
/// # Errors
/// Wrong flags (exit code 64), or an input that cannot be opened or read.
pub(crate) async fn run(mut args: WriteArgs) -> anyhow::Result<ExitCode> {
    let mut mistakes = Mistakes::default();
    mistakes.take("log-format", logging::init(&args.run.log_format));
    let stop = Stop::on_signals()?;
    let format: Option<Format> = mistakes.take("format", args.format.parse());
    let stamp_now = match args.timestamp.as_str() {
        "now" => true,
        "none" => false,
        other => {
            mistakes.add("timestamp", format!("{other:?} is not one of none, now"));
            false
        }
    };
    let listen =
        args.run.listen.as_deref().and_then(|text| mistakes.take("listen", listen::parse_address(text)));
    let drain = mistakes.take("drain-timeout", parse_duration(&args.run.drain_timeout)).unwrap_or_default();
    mistakes.take("ledger", args.run.check_ledger());
    let mut files = Files::default();
    files.inputs(&args.files);
    let dead_letters = open_outputs(files, &mut args.sink, &args.run, &mut mistakes);
    let mut builder = args.sink.builder(&mut mistakes).await;
    if let Some(dead_letters) = &dead_letters {
        builder = builder.dead_letters(dead_letters.clone());
    }
    let sink = builder.build().map_err(|error| mistakes.add_all(error)).ok();
    mistakes.into_result()?;
    let (Some(format), Some(sink)) = (format, sink) else { anyhow::bail!("flags were not understood") };
    args.run.empty_ledger()?;

    let sources = match input::open(&args.files) {
        Ok(sources) => sources,
        Err(error) => {
            drop(sink);
            return Err(error);
        }
    };
    let counts: Vec<(String, Arc<SourceCounts>)> =
        sources.iter().map(|source| (source.name.clone(), source.counts.clone())).collect();
    stop.begin();
    let listening =
        start_listening(listen, &args.run, "write", &sink, dead_letters.clone(), counts.clone()).await?;
    tracing::info!("writing {format} from {} to {}", names(&counts), narthex_sink::shown_url(&args.sink.url));

    let hold = Hold::default();
    let ingest = Ingest {
        format,
        stamp_now,
        lines: LineReader { max_line_bytes: MAX_LINE_BYTES, stop: stop.clone(), hold: hold.clone() },
        offer: Offer {
            sender: sink.sender(),
            stop: stop.clone(),
            runtime: tokio::runtime::Handle::current(),
        },
        dead_letters,
        clock: Arc::new(SystemClock),
    };
    let reader = tokio::task::spawn_blocking(move || ingest.run(sources));
    let read_counts = counts.clone();
    let read = move || read_counts.iter().map(|(_, c)| c.records.load(Ordering::Relaxed)).sum();
    let shown = tokio::spawn(progress::show(sink.ledger_reader(), read));

    let ended = tokio::select! {
        ended = reader => ended?,
        () = stop.wait() => {
            tracing::info!("stopping: draining for at most {:.0} s", drain.as_secs_f64());
            Ok(())
        }
        () = sink.failed() => Ok(()),
    };
    listening.drains();
    let closed = close(sink, stop, drain, &hold).await;
    shown.abort();
    progress::wipe();
    let reports: Vec<SourceReport> =
        counts.iter().map(|(name, counts)| SourceReport::of(name, counts)).collect();
    let undecodable: u64 = reports.iter().map(|report| report.undecodable).sum();
    let code = finish(closed, reports, undecodable, &args.run)?;
    // A sink that has stopped says why in the log; the reader's error is the same one.
    if code == ExitCode::SUCCESS { ended.map(|()| code) } else { Ok(code) }
}

/// Opens the dead-letter file, which source and sink share, once it is sure that no output is another file of
/// the command.
pub(crate) fn open_outputs(
    mut files: Files,
    sink: &mut SinkFlags,
    run: &RunFlags,
    mistakes: &mut Mistakes,
) -> Option<DeadLetters> {
    sink.check_credentials(mistakes);
    run.files(&mut files);
    sink.files(&mut files);
    let are_apart = files.check(mistakes);
    let path = sink.take(DEAD_LETTERS).filter(|_| are_apart)?;
    let opened = open_dead_letters(&path).map_err(|(path, error)| format!("cannot open {path}: {error}"));
    mistakes.take("dead-letters", opened)
}

/// Opens the file of dead letters; `-` is standard output. A pipe that nobody reads yet is waited for, and told.
pub(crate) fn open_dead_letters(path: &str) -> Result<DeadLetters, (&str, std::io::Error)> {
    let path = if is_stream(path.as_ref()) { "/dev/stdout" } else { path };
    let is_pipe = std::fs::metadata(path).is_ok_and(|meta| meta.file_type().is_fifo());
    if is_pipe && !path.starts_with("/dev/") {
        tracing::info!("{path} is a pipe: waiting until somebody reads it");
    }
    DeadLetters::open(path).map_err(|error| (path, error))
}

/// Starts the listener, if one was asked for.
pub(crate) async fn start_listening(
    listen: Option<std::net::SocketAddr>,
    flags: &RunFlags,
    command: &'static str,
    sink: &PrometheusSink,
    letters: Option<DeadLetters>,
    counts: Vec<(String, Arc<SourceCounts>)>,
) -> anyhow::Result<Listening> {
    let sinks = SinkMetrics::default();
    sinks.add(sink, &[]);
    let live = Live::of_inputs(command, counts.clone(), sinks.clone());
    let collectors: Vec<Box<dyn Collector>> = vec![Box::new(sinks), Box::new(SourceCollector(counts))];
    listen::start(listen, flags, listen::registry(letters, collectors), live).await
}

/// Drains: for as long as it takes at the end of the input, within the limit once a signal came. What the
/// reader holds then goes to the sink before it is closed.
pub(crate) async fn close(
    sink: PrometheusSink,
    stop: Stop,
    drain: Duration,
    hold: &Hold,
) -> Result<Ledger, CloseError> {
    if !stop.is_set() {
        let flushed = tokio::select! {
            flushed = sink.flush() => flushed.is_ok(),
            () = stop.wait() => false,
        };
        if flushed {
            return sink.close_within(None).await;
        }
    }
    let begun = Instant::now();
    if stop.is_set() {
        hold.close(drain).await;
    }
    let closed = sink.close_within(drain.saturating_sub(begun.elapsed())).await;
    closed.map_err(|mut closed| {
        // The limit as it was given, not what the reader left of it.
        if let SinkError::DrainTimeout { seconds, .. } = &mut closed.error {
            *seconds = drain.as_secs_f64();
        }
        closed
    })
}

/// Prints and writes the ledger, and says how the program ends.
pub(crate) fn finish(
    closed: Result<Ledger, CloseError>,
    sources: Vec<SourceReport>,
    undecodable: u64,
    flags: &RunFlags,
) -> anyhow::Result<ExitCode> {
    let (ledger, error) = match closed {
        Ok(ledger) => (ledger, None),
        Err(error) => (*error.ledger, Some(error.error)),
    };
    let report = Report { ledger: &ledger, sources };
    report.print();
    if let Some(path) = &flags.ledger {
        write_json(&report, path)?;
    }
    match error {
        Some(error @ SinkError::DrainTimeout { .. }) => anyhow::bail!(error),
        Some(_) => return Ok(ExitCode::FAILURE), // the log has said why
        None => {}
    }
    let has_loss = ledger.lost() + undecodable > 0;
    let failed = ledger.pending > 0 || ledger.dead_letters_failed > 0 || (flags.fail_on_loss && has_loss);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn names(counts: &[(String, Arc<SourceCounts>)]) -> String {
    match counts {
        [(name, _)] => name.clone(),
        many => format!("{} files", many.len()),
    }
}

/// Source metrics (R23).
#[derive(Debug)]
struct SourceCollector(Vec<(String, Arc<SourceCounts>)>);

impl Collector for SourceCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        type Pick = fn(&SourceCounts) -> u64;
        let families: [(&str, &str, Pick); 2] = [
            ("narthex_source_records", "Records read", |c| c.records.load(Ordering::Relaxed)),
            ("narthex_source_undecodable", "Records that could not be decoded", |c| {
                c.undecodable.load(Ordering::Relaxed)
            }),
        ];
        for (name, help, pick) in families {
            let kind = prometheus_client::metrics::MetricType::Counter;
            let mut family = encoder.encode_descriptor(name, help, None, kind)?;
            for (source, counts) in &self.0 {
                let metric = ConstCounter::new(pick(counts));
                metric.encode(family.encode_family(&[("source", source.as_str())])?)?;
            }
        }
        Ok(())
    }
}
