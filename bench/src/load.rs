//! A rate held over many series; labels are drawn from a template, so that the process holds none of them.

use narthex_model::{Clock, LabelsBuilder, Sample, SystemClock, TimeSeries};
use narthex_sink::PrometheusSink;
use serde::{Deserialize, Serialize};
use tokio::time::{Duration, Instant};

use crate::{series, usage};

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LoadArgs {
    /// Where to write; without it only the generator runs
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Series
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) series: u64,
    /// Samples a second; 0 is as fast as possible
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) rate: u64,
    /// Seconds
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// Shards
    #[arg(long, default_value_t = 8)]
    pub(crate) shards: usize,
    /// off, labels or full
    #[arg(long, default_value = "full")]
    pub(crate) checks: String,
}

/// What a load found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) samples: u64,
    pub(crate) wall_seconds: f64,
    pub(crate) rate: f64,
    /// The slowest second of the run.
    pub(crate) slowest_second: u64,
    pub(crate) cpu_us: f64,
    pub(crate) peak_rss_mb: f64,
    pub(crate) written: u64,
}

/// Samples between two looks at the clock.
const SLICE: u64 = 5_000;

pub(crate) fn run(args: &LoadArgs) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let held = runtime.block_on(hold(args))?;
    println!("{}", serde_json::to_string(&held)?);
    Ok(())
}

async fn hold(args: &LoadArgs) -> anyhow::Result<Held> {
    let sink = match &args.url {
        Some(url) => {
            Some(PrometheusSink::builder(url).set("sink.checks", &args.checks).shards(args.shards).build()?)
        }
        None => None,
    };
    let mut builder = LabelsBuilder::new();
    let begin_ms = SystemClock.now_ms();
    let begin = Instant::now();
    let cpu = usage::cpu_seconds()?;
    let total = if args.rate == 0 { u64::MAX } else { args.rate * args.seconds };
    let (mut sent, mut by_second) = (0u64, vec![0u64; args.seconds as usize + 1]);
    while sent < total && begin.elapsed() < Duration::from_secs(args.seconds + args.seconds / 4) {
        for at in sent..sent + SLICE {
            // A stride that is no divisor visits every series once a pass, in an order no cache foresees.
            let series = at.wrapping_mul(7_368_787) % args.series;
            let pass = (at / args.series) as i64;
            let sample = Sample::new((at % 4000) as f64, begin_ms + pass * 1000);
            let series = TimeSeries::single(series::labels(&mut builder, series), sample);
            let Some(sink) = &sink else {
                std::hint::black_box(series);
                continue;
            };
            sink.send(series).await?;
        }
        sent += SLICE;
        let second = (begin.elapsed().as_secs() as usize).min(by_second.len() - 1);
        by_second[second] += SLICE;
        if args.rate > 0 {
            let due = begin + Duration::from_secs_f64(sent as f64 / args.rate as f64);
            tokio::time::sleep_until(due).await;
        } else if begin.elapsed() >= Duration::from_secs(args.seconds) {
            break;
        }
    }
    let written = match sink {
        Some(sink) => sink.close().await?.written,
        None => 0,
    };
    let wall = begin.elapsed().as_secs_f64();
    Ok(Held {
        samples: sent,
        wall_seconds: wall,
        rate: sent as f64 / wall,
        slowest_second: by_second[..args.seconds as usize].iter().copied().min().unwrap_or(0),
        cpu_us: (usage::cpu_seconds()? - cpu) / sent as f64 * 1e6,
        peak_rss_mb: usage::peak_rss_bytes()? as f64 / 1e6,
        written,
    })
}
