//! Tests of the generator as a whole: flags, streams, writing.

mod flags;
mod stream;
mod vehicles;
mod writing;

use clap::Parser;

use super::GenerateArgs;
use super::manifest::Manifest;
use super::plan::Plan;
use super::stream::Stream;

/// A time for plans that name none: 2023-11-14T22:13:20Z.
const NOW_MS: i64 = 1_700_000_000_000;

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    args: GenerateArgs,
}

/// Flags as typed, separated by blanks.
fn args(flags: &str) -> GenerateArgs {
    let words = std::iter::once("generate").chain(flags.split_whitespace());
    Command::try_parse_from(words).expect("flags that clap takes").args
}

fn plan(flags: &str) -> Plan {
    Plan::new(&args(flags), NOW_MS).expect("a valid plan")
}

/// The mistakes, as they are printed.
fn mistakes(flags: &str) -> Vec<String> {
    let mistakes = Plan::new(&args(flags), NOW_MS).expect_err("mistakes");
    mistakes.iter().map(|(flag, problem)| format!("--{flag}: {problem}")).collect()
}

/// The whole stream and its manifest.
fn generate(flags: &str) -> (Vec<u8>, String) {
    let plan = plan(flags);
    let mut stream = Stream::new(&plan);
    let mut manifest = Manifest::new(true);
    let mut lines = Vec::new();
    while stream.append_next(&mut lines, &mut manifest) {}
    manifest.finish(plan.start_ms, stream.counts(), plan.kind.is_samples());
    (lines, String::from_utf8(manifest.text).expect("a manifest is text"))
}

fn lines(stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    stream.split_inclusive(|&b| b == b'\n').map(|line| line.strip_suffix(b"\n").expect("a whole line"))
}
