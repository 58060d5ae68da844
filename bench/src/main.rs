//! `bench-sink`: what the sink costs. Each measurement is a process of its own; the receiver too.
//!
//! `bench-sink all` runs the table of docs/benchmarks.md; the other commands are its parts.

mod all;
mod case;
mod load;
mod series;
mod usage;

use clap::{Parser, Subcommand};

/// As in the binary `narthex`: label sets are made on one thread and dropped on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(
    name = "bench-sink",
    about = "CPU time per sample from ready series to the socket of a decoding receiver"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run every measurement and print the tables
    All(all::AllArgs),
    /// Run a receiver that decodes everything and keeps nothing, until standard input ends
    Receiver {
        /// Added to each answer, in milliseconds
        #[arg(long, default_value_t = 0)]
        delay_ms: u64,
    },
    /// One measurement, printed as JSON
    Case(case::CaseArgs),
    /// Hold a rate over many series, labels drawn from a template, and print rate and memory as JSON
    Load(load::LoadArgs),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::All(args) => all::run(&args),
        Command::Receiver { delay_ms } => all::receiver(delay_ms),
        Command::Case(args) => case::run(&args),
        Command::Load(args) => load::run(&args),
    }
}
