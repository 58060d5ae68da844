//! `narthex replay`: sends the samples of a dead-letter file again and lists what it cannot send.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use narthex_sink::{DeadLetter, Ledger, Reason, TimeSeries, parse_duration};

use crate::input::{Source, SourceCounts};
use crate::ledger::SourceReport;
use crate::lines::{Hold, Line, LineReader};
use crate::listen;
use crate::logging;
use crate::mistakes::Mistakes;
use crate::offer::Offer;
use crate::same_file::Files;
use crate::sink_flags::SinkFlags;
use crate::stop::Stop;
use crate::throttle::is_said;
use crate::write::{RunFlags, close, finish, open_outputs, start_listening};

/// Flags of `narthex replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    sink: SinkFlags,
    #[command(flatten)]
    run: RunFlags,
    /// The dead-letter file; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Longest wait for the reader once the sink is closed; a pipe may never end.
const READER_ENDS_WITHIN: Duration = Duration::from_secs(1);
/// Longest letter: a line of `write` in base64, with room for its names.
const MAX_LETTER_BYTES: usize = 64 << 20;
/// How receivers say that a sample is too late.
const WORDS_FOR_LATE: [&str; 3] = ["out of order", "too old", "out of bounds"];

/// What the reader found.
#[derive(Debug, Default)]
struct Found {
    /// Kind and reason of what was not sent, with how many.
    not_sent: BTreeMap<(String, String), u64>,
    /// Letters sent that were lost for being late.
    late: u64,
}

/// Runs `narthex replay`.
///
/// # Errors
/// Wrong flags (exit code 64), or a file that cannot be read or holds no dead letter.
pub(crate) async fn run(mut args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let mut mistakes = Mistakes::default();
    mistakes.take("log-format", logging::init(&args.run.log_format));
    let stop = Stop::on_signals()?;
    let drain = mistakes.take("drain-timeout", parse_duration(&args.run.drain_timeout)).unwrap_or_default();
    let listen =
        args.run.listen.as_deref().and_then(|text| mistakes.take("listen", listen::parse_address(text)));
    mistakes.take("ledger", args.run.check_ledger());
    let mut files = Files::default();
    files.input(&args.file);
    let dead_letters = open_outputs(files, &mut args.sink, &args.run, &mut mistakes);
    let mut builder = args.sink.builder(&mut mistakes).await;
    if let Some(dead_letters) = &dead_letters {
        builder = builder.dead_letters(dead_letters.clone());
    }
    let sink = builder.build().map_err(|error| mistakes.add_all(error)).ok();
    mistakes.into_result()?;
    let Some(sink) = sink else { anyhow::bail!("flags were not understood") };
    args.run.empty_ledger()?;

    let source = Source::open(&args.file)?;
    let (name, counts) = (source.name.clone(), source.counts.clone());
    let hold = Hold::default();
    stop.begin();
    let _listening = start_listening(
        listen,
        &args.run,
        "replay",
        &sink,
        dead_letters,
        vec![(name.clone(), counts.clone())],
    )
    .await?;
    let found = Arc::<Mutex<Found>>::default();
    let replayer = Replayer {
        lines: LineReader { max_line_bytes: MAX_LETTER_BYTES, stop: stop.clone(), hold: hold.clone() },
        offer: Offer {
            sender: sink.sender(),
            stop: stop.clone(),
            runtime: tokio::runtime::Handle::current(),
        },
        counts: counts.clone(),
        found: found.clone(),
    };
    let mut reader = tokio::task::spawn_blocking(move || replayer.run(source));
    let ended = tokio::select! {
        ended = &mut reader => Some(ended?),
        () = stop.wait() => {
            tracing::info!("stopping: draining for at most {:.0} s", drain.as_secs_f64());
            None
        }
        () = sink.failed() => None,
    };
    let closed = close(sink, stop.clone(), drain, &hold).await;
    // A closed sink takes nothing, so a reader that was waiting for room ends by itself.
    let ended = match ended {
        Some(ended) => ended,
        None => tokio::time::timeout(READER_ENDS_WITHIN, reader).await.map_or(Ok(()), |ended| ended?),
    };
    let found = lock(&found);
    found.list();
    let refused_late = closed.as_ref().is_ok_and(|ledger| found.are_late_again(ledger));
    let report = SourceReport::of(&name, &counts);
    let (records, letters) = (report.records, report.rows);
    let undecodable = report.undecodable + found.not_sent.values().sum::<u64>();
    let has_failed = closed.is_err();
    let code = finish(closed, vec![report], undecodable, &args.run)?;
    if refused_late {
        let _ = writeln!(
            std::io::stderr(),
            "samples were refused again as too late: older samples than a series' newest need the receiver's \
             out-of-order window (Prometheus: storage.tsdb.out_of_order_time_window) and --out-of-order-window here"
        );
    }
    if has_failed {
        return Ok(code); // the log has said why, and the reader's error is the same one
    }
    ended?;
    anyhow::ensure!(
        letters > 0 || records == 0 || stop.is_set(),
        "{name} holds no dead letters: none of its {records} lines is one; name a file that --dead-letters wrote, \
         or send samples with narthex write"
    );
    Ok(code)
}

/// Reads letters on a thread of its own.
struct Replayer {
    lines: LineReader,
    offer: Offer,
    counts: Arc<SourceCounts>,
    found: Arc<Mutex<Found>>,
}

impl Replayer {
    fn run(&self, source: Source) -> anyhow::Result<()> {
        let name = source.name.clone();
        self.lines.read(&name, source.into_read(), |number, line| match line {
            Line::Whole(line) if line.trim_ascii().is_empty() => Ok(()),
            Line::Whole(line) => match serde_json::from_slice(line) {
                Ok(letter) => self.send(letter),
                Err(error) => self.no_letter(&name, number, error),
            },
            Line::TooLong(_) => {
                let limit = MAX_LETTER_BYTES >> 20;
                self.no_letter(&name, number, format_args!("the line is longer than {limit} MiB"))
            }
        })?;
        Ok(())
    }

    fn send(&self, letter: DeadLetter) -> anyhow::Result<()> {
        self.counts.records.fetch_add(1, Ordering::Relaxed);
        self.counts.rows.fetch_add(1, Ordering::Relaxed);
        match letter.labels().zip(letter.sample()) {
            Some((labels, sample)) => {
                if was_late(&letter) {
                    lock(&self.found).late += 1;
                }
                Ok(self.offer.send(TimeSeries::single(labels, sample))?)
            }
            None => {
                *lock(&self.found).not_sent.entry((letter.kind, letter.reason)).or_default() += 1;
                Ok(())
            }
        }
    }

    fn no_letter(&self, name: &str, number: u64, why: impl std::fmt::Display) -> anyhow::Result<()> {
        self.counts.records.fetch_add(1, Ordering::Relaxed);
        let before = self.counts.undecodable.fetch_add(1, Ordering::Relaxed);
        if is_said(before) {
            tracing::warn!("{name}:{number}: no dead letter: {why} ({} so far)", before + 1);
        }
        Ok(())
    }
}

/// Whether a sample was lost for being late, by the checks or in the receiver's words.
fn was_late(letter: &DeadLetter) -> bool {
    let message = letter.message.as_deref().unwrap_or_default();
    matches!(letter.reason.as_str(), "out_of_order" | "overtaken")
        || WORDS_FOR_LATE.iter().any(|words| message.contains(words))
}

fn lock(found: &Mutex<Found>) -> MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Found {
    fn list(&self) {
        for ((kind, reason), letters) in &self.not_sent {
            let _ = writeln!(
                std::io::stderr(),
                "not sent: {letters} {kind} letters ({reason}): they hold no whole sample; mend their source and write \
                 it again"
            );
        }
    }

    /// Whether samples were refused as late: by the checks here, or, as the ledger does not keep the receiver's
    /// words, by a receiver that was sent samples which had been late before.
    fn are_late_again(&self, ledger: &Ledger) -> bool {
        let is_late = |reason: &Reason| matches!(reason, Reason::OutOfOrder | Reason::Overtaken);
        let dropped = ledger.dropped.iter().any(|(reason, count)| is_late(reason) && *count > 0);
        dropped || (self.late > 0 && ledger.rejected_total() > 0)
    }
}
