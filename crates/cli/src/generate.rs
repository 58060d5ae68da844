//! `narthex generate`: made-up data at high volume, the same for the same flags, with errors where wanted.
//!
//! The stream ([`stream`]) is a function of the [`plan`]: no clock, no I/O. This file has the flags and joins
//! the stream to files and standard output. `docs/generate.md` is the user's page.

mod digits;
mod inject;
mod manifest;
mod output;
mod plan;
mod positions;
mod rng;
mod series;
mod stream;
mod subject;
#[cfg(test)]
mod tests;
mod time;
mod vehicles;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use narthex_model::{Clock, SystemClock};

use inject::Injection;
use manifest::Manifest;
use output::{End, Output, write_stream};
use plan::{Kind, Plan};
use stream::{Counts, Stream};

use crate::mistakes::Mistakes;
use crate::same_file::Files;

/// Generates made-up data as NDJSON, with errors injected where wanted.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct GenerateArgs {
    /// What to generate
    #[arg(long, value_enum, default_value_t = Kind::Series)]
    kind: Kind,
    /// Number of plain series (default 1000)
    #[arg(long, value_name = "N")]
    series: Option<u64>,
    /// Labels of a plain series, `__name__` and `series` among them (default 10)
    #[arg(long, value_name = "N")]
    labels: Option<u32>,
    /// Number of vehicles (default 1000)
    #[arg(long, value_name = "N")]
    devices: Option<u64>,
    /// Give each event of a vehicle a latitude and a longitude
    #[arg(long)]
    positions: bool,

    /// Clean events in all, injected errors not counted (default 100000, without a rate)
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Clean events of each series or vehicle, on average
    #[arg(long, value_name = "N")]
    samples_per_series: Option<u64>,
    /// Length of the stream in event time, such as "5 min"
    #[arg(long, value_name = "SPAN")]
    duration: Option<String>,
    /// Clean events a second of real time; 0 is as fast as possible
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0.0,
        hide_default_value = true,
        allow_negative_numbers = true
    )]
    rate: f64,
    /// Event time between two events of a series or vehicle (default: as the rate makes it; without one 10 s,
    /// or less so that all fit into 50 min)
    #[arg(long, value_name = "SPAN")]
    step: Option<String>,
    /// Event time of the first event: RFC 3339 or milliseconds since 1970 (default: so that the last one is of
    /// now; printed on stderr)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    start: Option<String>,
    /// Another seed gives other data
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// Extra samples older than the newest of their series, as a share of the clean ones (0 to 1; so below)
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    out_of_order: Option<f64>,
    /// Extra samples 10 to 30 minutes late
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    late: Option<f64>,
    /// Extra samples that repeat the newest of their series
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    duplicate: Option<f64>,
    /// Extra samples with the newest timestamp of their series and another value
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    conflict: Option<f64>,
    /// Extra lines that do not decode
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    malformed: Option<f64>,
    /// Extra samples with a label name that is not allowed
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    bad_label: Option<f64>,
    /// Clean samples whose value becomes NaN
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    nan: Option<f64>,
    /// Extra samples ten years ahead
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    future: Option<f64>,
    /// Clean events whose position is one to ten degrees off; with --positions
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    gps_jump: Option<f64>,

    /// Write to a file instead of standard output; - is standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// List each injected error in a file, as NDJSON, with a closing summary; - is standard output, beside --output
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
}

/// Runs the command. A reader that closes standard output ends it with success.
///
/// # Errors
/// All [`Mistakes`] in the flags at once; or when a file cannot be created or written: the message says which
/// and why.
pub(crate) fn run(args: GenerateArgs) -> anyhow::Result<ExitCode> {
    let now_ms = SystemClock.now_ms();
    let mut told = Mistakes::default();
    let plan = Plan::new(&args, now_ms)
        .map_err(|mistakes| mistakes.iter().for_each(|(flag, problem)| told.add(flag, problem)))
        .ok();
    let mut files = Files::default();
    files.output("output", "the stream", args.output.as_deref().unwrap_or(Path::new("-")));
    if let Some(path) = &args.manifest {
        files.output("manifest", "the manifest", path);
    }
    files.check(&mut told);
    told.into_result()?;
    let Some(plan) = plan else { anyhow::bail!("flags were not understood") };
    let mut output = args.output.as_deref().map_or_else(|| Ok(Output::stdout()), Output::create)?;
    let mut manifest_output = args.manifest.as_deref().map(Output::create).transpose()?;
    eprintln!("start: {}", time::format_time(plan.start_ms));
    if let Some(note) = plan.note(now_ms) {
        eprintln!("note: {note}");
    }
    let mut stream = Stream::new(&plan);
    let mut manifest = Manifest::new(manifest_output.is_some());
    let end = write_stream(&mut stream, plan.rate, &mut output, &mut manifest, manifest_output.as_mut())?;
    if end == End::Complete {
        manifest.finish(plan.start_ms, stream.counts(), plan.kind.is_samples());
        if let Some(manifest_output) = &mut manifest_output {
            manifest_output.write(&mut manifest.text)?;
        }
        eprintln!("{}", summary(stream.counts()));
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(counts: &Counts) -> String {
    let injected = Injection::ALL.iter().zip(counts.injected).filter(|&(_, count)| count > 0);
    injected.fold(format!("lines: {}, clean: {}", counts.lines, counts.clean), |text, (injection, count)| {
        format!("{text}, {}: {count}", injection.name())
    })
}
