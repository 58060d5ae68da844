//! `narthex replay`: sends the samples of a dead-letter file again and lists what it cannot send.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context;
use narthex_sink::{DeadLetter, SeriesSender, TimeSeries, parse_duration};

use crate::input::SourceCounts;
use crate::ledger::SourceReport;
use crate::listen;
use crate::logging;
use crate::mistakes::Mistakes;
use crate::sink_flags::SinkFlags;
use crate::stop::Stop;
use crate::write::{RunFlags, close, finish, open_dead_letters, start_admin};

/// Flags of `narthex replay`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    #[command(flatten)]
    sink: SinkFlags,
    #[command(flatten)]
    run: RunFlags,
    /// The dead-letter file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Longest wait for the reader once the sink is closed; a pipe may never end.
const READER_ENDS_WITHIN: Duration = Duration::from_secs(1);

/// What was not sent: kind and reason, with how many.
type NotSent = BTreeMap<(String, String), u64>;

/// Runs `narthex replay`.
///
/// # Errors
/// Wrong flags (exit code 64), or a file that cannot be read.
pub(crate) async fn run(mut args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let mut mistakes = Mistakes::default();
    mistakes.take("log-format", logging::init(&args.run.log_format));
    let drain = mistakes.take("drain-timeout", parse_duration(&args.run.drain_timeout)).unwrap_or_default();
    let listen =
        args.run.listen.as_deref().and_then(|text| mistakes.take("listen", listen::parse_address(text)));
    mistakes.take("ledger", args.run.check_ledger());
    if let Some(path) = args.sink.value_of("sink.dead-letters.path")
        && std::fs::canonicalize(path)
            .ok()
            .is_some_and(|path| std::fs::canonicalize(&args.file).ok() == Some(path))
    {
        mistakes.add("dead-letters", "is the file that is replayed: it would feed on itself; name another");
    }
    mistakes.into_result()?;
    let file = File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;

    let mut mistakes = Mistakes::default();
    let dead_letters = open_dead_letters(&mut args.sink, &mut mistakes);
    let mut builder = args.sink.builder(&mut mistakes).await;
    if let Some(dead_letters) = dead_letters {
        builder = builder.dead_letters(dead_letters);
    }
    let sink = builder.build().map_err(|error| mistakes.add_all(error)).ok();
    mistakes.into_result()?;
    let Some(sink) = sink else { anyhow::bail!("flags were not understood") };

    let name = args.file.display().to_string();
    let counts = Arc::new(SourceCounts::default());
    let stop = Stop::on_signals()?;
    start_admin(listen, &sink, vec![(name.clone(), counts.clone())]).await?;
    let (sender, reading, read) = (sink.sender(), stop.clone(), counts.clone());
    let runtime = tokio::runtime::Handle::current();
    let mut reader =
        tokio::task::spawn_blocking(move || send_letters(file, &sender, &read, &reading, &runtime));
    let ended = tokio::select! {
        ended = &mut reader => Some(ended?),
        () = stop.wait() => {
            tracing::info!("stopping: draining for at most {:.0} s", drain.as_secs_f64());
            None
        }
        () = sink.failed() => None,
    };
    let closed = close(sink, stop, drain).await;
    // A closed sink takes nothing, so a reader that was waiting for room ends by itself.
    let ended = match ended {
        Some(ended) => ended,
        None => tokio::time::timeout(READER_ENDS_WITHIN, reader)
            .await
            .map_or_else(|_| Ok(NotSent::new()), |ended| ended?),
    };
    let (not_sent, unread) = match ended {
        Ok(not_sent) => (not_sent, None),
        Err(error) => (NotSent::new(), Some(error)),
    };
    list(&not_sent);
    let lost = closed.as_ref().map_or(0, narthex_sink::Ledger::lost);
    let report = SourceReport::of(&name, &counts);
    let undecodable = report.undecodable + not_sent.values().sum::<u64>();
    let code = finish(closed, vec![report], undecodable, &args.run)?;
    if lost > 0 {
        let _ = writeln!(
            std::io::stderr(),
            "{lost} samples were refused again: older samples than a series' newest need the receiver's out-of-order \
             window (Prometheus: storage.tsdb.out_of_order_time_window) and --out-of-order-window here"
        );
    }
    match unread {
        Some(error) => Err(error).with_context(|| format!("cannot read {name}")),
        None => Ok(code),
    }
}

fn send_letters(
    file: File,
    sender: &SeriesSender,
    counts: &SourceCounts,
    stop: &Stop,
    runtime: &tokio::runtime::Handle,
) -> std::io::Result<NotSent> {
    let mut not_sent = NotSent::new();
    for (at, line) in BufReader::new(file).split(b'\n').enumerate() {
        let line = line?;
        if stop.is_set() {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        counts.records.fetch_add(1, Ordering::Relaxed);
        let letter: DeadLetter = match serde_json::from_slice(&line) {
            Ok(letter) => letter,
            Err(error) => {
                counts.undecodable.fetch_add(1, Ordering::Relaxed);
                tracing::warn!("line {}: no dead letter: {error}", at + 1);
                continue;
            }
        };
        counts.rows.fetch_add(1, Ordering::Relaxed);
        match letter.labels().zip(letter.sample()) {
            Some((labels, sample)) => {
                let series = TimeSeries::single(labels, sample);
                if runtime.block_on(sender.send(series)).is_err() {
                    break; // the sink says why
                }
            }
            None => *not_sent.entry((letter.kind, letter.reason)).or_default() += 1,
        }
    }
    Ok(not_sent)
}

fn list(not_sent: &NotSent) {
    for ((kind, reason), letters) in not_sent {
        let _ = writeln!(
            std::io::stderr(),
            "not sent: {letters} {kind} letters ({reason}): they hold no whole sample; mend their source and write it again"
        );
    }
}
