//! `narthex check`: all mistakes of a job file, or else what it would do.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use narthex_planner::{Job, Step};
use narthex_sink::SinkMetrics;

use super::job_file::JobFile;
use super::rehearsal::SampleFile;
use super::{environment, run};
use crate::logging;
use crate::mistakes::Mistakes;

/// Flags of `narthex check`.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Set a key for the whole file, as SET does; what the file sets wins
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Where the file is to run: narthex, or flink (then what only narthex understands is listed)
    #[arg(long, value_name = "NAME", default_value = "narthex")]
    engine: String,
    /// Run the jobs over this file in place of their table, or of TABLE, without writing anything: series, samples/s,
    /// late rows by watermark delay, labels that make series many, what would be lost; may be repeated
    #[arg(long, value_name = "[TABLE=]FILE")]
    sample: Vec<String>,
    /// The job file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Runs `narthex check`.
///
/// # Errors
/// Wrong flags or a wrong job file: exit code 64.
pub(crate) async fn run(args: CheckArgs) -> anyhow::Result<ExitCode> {
    let mut mistakes = Mistakes::default();
    mistakes.take("log-format", logging::init_for_job("text"));
    if !["narthex", "flink"].contains(&args.engine.as_str()) {
        mistakes.add("engine", format!("{:?} is not one of narthex, flink", args.engine));
    }
    let (settings, warnings) = run::settings(&args.set, &mut mistakes);
    let samples = args.sample.iter().filter_map(|text| mistakes.take("sample", SampleFile::parse(text)));
    let samples: Vec<SampleFile> = samples.collect();
    mistakes.into_result()?;
    let file = JobFile::load(&args.file, &settings, &run::context(None, SinkMetrics::default()))?;
    let mut text = String::new();
    warnings.iter().for_each(|warning| text.push_str(&format!("{warning}\n")));
    file.warnings.iter().for_each(|warning| text.push_str(warning));
    if args.engine == "flink" {
        ours_alone(&file, &mut text);
    } else {
        jobs(&file, &mut text);
    }
    run::print(&text)?;
    if !samples.is_empty() {
        run::print(&format!("\n{}", run::rehearse(&args.file, &settings, samples).await?))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn jobs(file: &JobFile, text: &mut String) {
    let jobs: Vec<&Job> = file
        .plan
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Job(job) => Some(job),
            Step::Print(_) => None,
        })
        .collect();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}: no mistakes; {}", file.name, counted(jobs.len(), "job"));
    for (number, job) in jobs.iter().enumerate() {
        let _ = writeln!(text, "\njob {} (line {}): {}", number + 1, job.span.start.line, in_words(job));
        text.push_str(&narthex_planner::describe_job(job));
    }
}

fn in_words(job: &Job) -> String {
    let mut words: Vec<String> = Vec::new();
    for insert in &job.inserts {
        let from: Vec<&str> = insert.input.tables().iter().map(|table| table.name.as_str()).collect();
        let from = if from.is_empty() { "its own values".to_owned() } else { from.join(" and ") };
        words.push(format!("writes rows of {from} to {}", insert.sink.name));
    }
    words.join("; ")
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What only narthex understands, with its lines.
fn ours_alone(file: &JobFile, text: &mut String) {
    let before = text.len();
    for (number, line) in file.text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        if environment::asks(line) {
            let _ = writeln!(text, "{}:{number}: Flink has no ${{env:…}}: write the value", file.name);
        }
        let compact: String = line.chars().filter(|c| !c.is_whitespace()).collect();
        if compact.contains("'path'='-'") {
            let _ = writeln!(text, "{}:{number}: Flink does not read standard input: name a file", file.name);
        }
        if compact.starts_with("SET'narthex.") {
            let _ = writeln!(text, "{}:{number}: this key means nothing to Flink", file.name);
        }
    }
    if text.len() == before {
        let _ = writeln!(text, "{}: nothing that only narthex understands", file.name);
    }
}
