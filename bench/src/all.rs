//! Every measurement, each in processes of its own, the ways in turn, medians in a table.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use narthex_receiver::{Keep, ReceiverConfig, ReceiverServer, Script};
use serde::de::DeserializeOwned;

use crate::case::Found;
use crate::load::Held;

#[derive(Debug, clap::Args)]
pub(crate) struct AllArgs {
    /// Rounds of each comparison
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Samples of each measurement
    #[arg(long, default_value_t = 4_000_000)]
    samples: usize,
    /// Seconds of the load
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only the parts whose name contains this: cost, load, slow
    #[arg(long, default_value = "")]
    only: String,
}

/// Runs the receiver until standard input ends; then it says how many samples came, and in how many requests.
pub(crate) fn receiver(delay_ms: u64) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut config = ReceiverConfig { keep: Keep::Nothing, log_limit: 0, ..ReceiverConfig::default() };
    if delay_ms > 0 {
        config = config.with_fault(format!("delay={delay_ms}ms").parse::<Script>()?);
    }
    let server = runtime.block_on(ReceiverServer::start(config))?;
    println!("{}", server.write_url());
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest)?;
    let stats = server.stats();
    // Who does not want to know has closed the pipe.
    let _ = writeln!(std::io::stdout(), "received {} {}", stats.samples.received, stats.all_requests());
    Ok(())
}

struct Receiver {
    process: Child,
    url: String,
}

impl Receiver {
    fn start(delay_ms: u64) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["receiver", "--delay-ms", &delay_ms.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        BufReader::new(process.stdout.take().context("no output")?).read_line(&mut url)?;
        Ok(Self { process, url: url.trim().to_owned() })
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn measure<T: DeserializeOwned>(args: &[String]) -> anyhow::Result<T> {
    let output = Command::new(std::env::current_exe()?).args(args).stderr(Stdio::inherit()).output()?;
    anyhow::ensure!(output.status.success(), "{args:?} ended with {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn case(
    url: &str,
    way: &str,
    series: usize,
    batch: usize,
    samples: usize,
    shards: usize,
) -> anyhow::Result<Found> {
    let words = ["case", "--url", url, "--way", way].map(str::to_owned);
    let numbers = [("--series", series), ("--batch", batch), ("--samples", samples), ("--shards", shards)];
    let numbers = numbers.into_iter().flat_map(|(flag, n)| [flag.to_owned(), n.to_string()]);
    measure(&words.into_iter().chain(numbers).collect::<Vec<_>>())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

pub(crate) fn run(args: &AllArgs) -> anyhow::Result<()> {
    if "cost".contains(&args.only) {
        cost(args)?;
    }
    if "load".contains(&args.only) {
        load(args)?;
    }
    if "slow".contains(&args.only) {
        slow(args)?;
    }
    Ok(())
}

/// The cost of a sample, beside a bare loop.
fn cost(args: &AllArgs) -> anyhow::Result<()> {
    let receiver = Receiver::start(0)?;
    println!(
        "\nCPU time per sample, µs (median of {} rounds, ways in turn; ratio: median of the rounds' ratios)\n",
        args.rounds
    );
    println!("| series | batch | bare loop | off | full | full / bare | full / off | bytes a sample |");
    println!("|---|---|---|---|---|---|---|---|");
    for (series, batch) in
        [(10_000, 500), (10_000, 2000), (10_000, 10_000), (100_000, 2000), (1_000_000, 2000)]
    {
        let mut rounds: [Vec<f64>; 3] = Default::default();
        let mut bytes = 0.0;
        for round in 0..args.rounds {
            // The order changes from round to round, so that a drift of the machine hits all ways alike.
            for at in 0..3 {
                let way = (at + round) % 3;
                let found =
                    case(&receiver.url, ["bare", "off", "full"][way], series, batch, args.samples, 8)?;
                rounds[way].push(found.cpu_us);
                bytes = found.bytes.unwrap_or(bytes);
            }
        }
        let ratio =
            |a: usize, b: usize| median(rounds[a].iter().zip(&rounds[b]).map(|(a, b)| a / b).collect());
        let [bare, off, full] = [0, 1, 2].map(|way| median(rounds[way].clone()));
        println!(
            "| {series} | {batch} | {bare:.3} | {off:.3} | {full:.3} | {:.2} | {:.3} | {bytes:.1} |",
            ratio(2, 0),
            ratio(2, 1)
        );
    }
    Ok(())
}

/// A rate held over a million series.
fn load(args: &AllArgs) -> anyhow::Result<()> {
    let receiver = Receiver::start(0)?;
    let seconds = args.seconds.to_string();
    let line = |more: &[&str]| {
        ["load", "--seconds", &seconds].iter().chain(more).map(|s| (*s).to_owned()).collect::<Vec<_>>()
    };
    let with: Held = measure(&line(&["--url", &receiver.url]))?;
    let generator: Held = measure(&line(&[]))?;
    println!("\n1,000,000 samples/s over 1,000,000 series, checks full, receiver on the same cores\n");
    println!(
        "| | samples/s | slowest second | CPU µs/sample | peak RSS MB | written |\n|---|---|---|---|---|---|"
    );
    for (name, held) in [("generator and sink", &with), ("generator alone", &generator)] {
        println!(
            "| {name} | {:.0} | {} | {:.3} | {:.0} | {} of {} |",
            held.rate, held.slowest_second, held.cpu_us, held.peak_rss_mb, held.written, held.samples
        );
    }
    Ok(())
}

/// A receiver that answers slowly.
fn slow(args: &AllArgs) -> anyhow::Result<()> {
    let receiver = Receiver::start(40)?;
    println!("\n40 ms added to each answer, 100,000 series, batches of 2,000\n");
    println!("| shards | samples/s |\n|---|---|");
    for shards in [1, 8, 32] {
        let found =
            case(&receiver.url, "full", 100_000, 2000, args.samples.min(50_000 * 5 * shards), shards)?;
        println!("| {shards} | {:.0} |", found.rate);
    }
    Ok(())
}
