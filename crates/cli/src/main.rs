//! The binary `narthex`: flags, wiring, exit codes.
//!
//! Exit codes: 0 done, 1 failed or stopped before everything was settled, 64 wrong flags or options.

mod discovery;
mod exit;
mod exposition;
mod generate;
mod input;
mod ledger;
mod lines;
mod listen;
mod live;
mod logging;
mod mistakes;
mod offer;
mod progress;
mod push;
mod receive;
mod replay;
mod same_file;
mod shell;
mod signers;
mod sink_flags;
mod sql;
mod stop;
mod throttle;
mod write;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// Label sets are made on the reading thread and dropped on the shards': the system's allocator takes a lock
/// for each of them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Streams samples into Prometheus by Remote-Write: in order, fast, every sample accounted for.
#[derive(Parser)]
#[command(name = "narthex", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a job file in Flink SQL
    Run(Box<sql::run::RunArgs>),
    /// Show all mistakes of a job file, or else its plan
    Check(Box<sql::check::CheckArgs>),
    /// Write samples from standard input or files to a Remote-Write receiver
    Write(Box<write::WriteArgs>),
    /// Run the built-in strict receiver
    Receive(Box<receive::ReceiveArgs>),
    /// Send the samples of a dead-letter file again
    Replay(Box<replay::ReplayArgs>),
    /// Make semi-random data, with errors injected by ratio
    Generate(Box<generate::GenerateArgs>),
    /// Print completions for a shell
    Completions(shell::CompletionsArgs),
    /// Print the manual page, or write one for each command
    Man(shell::ManArgs),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { ExitCode::from(exit::USAGE) } else { ExitCode::SUCCESS };
            let _ = error.print(); // a closed terminal changes nothing about the code
            return code;
        }
    };
    let result = match cli.command {
        Command::Generate(args) => generate::run(*args),
        Command::Completions(args) => shell::completions(&args, Cli::command()),
        Command::Man(args) => shell::man(&args, Cli::command()),
        Command::Run(args) => exit::in_runtime(sql::run::run(*args)),
        Command::Check(args) => exit::in_runtime(sql::check::run(*args)),
        Command::Write(args) => exit::in_runtime(write::run(*args)),
        Command::Receive(args) => exit::in_runtime(receive::run(*args)),
        Command::Replay(args) => exit::in_runtime(replay::run(*args)),
    };
    exit::code_of(result)
}
