//! One measurement: ready series, in random order, through the sink or through a bare loop.

use std::sync::Arc;

use bytes::Bytes;
use narthex_client::{HttpTransport, HttpTransportConfig, Transport};
use narthex_model::{Clock, Labels, LabelsBuilder, Sample, SystemClock, TimeSeries};
use narthex_protocol::snappy::Compressor;
use narthex_protocol::{encode, headers};
use narthex_sink::PrometheusSink;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{series, usage};

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct CaseArgs {
    /// Where to write
    #[arg(long)]
    pub(crate) url: String,
    /// bare, off, labels or full
    #[arg(long)]
    pub(crate) way: String,
    /// Series
    #[arg(long, default_value_t = 10_000)]
    pub(crate) series: usize,
    /// Samples in a request
    #[arg(long, default_value_t = 2000)]
    pub(crate) batch: usize,
    /// Samples to measure; one pass over the series goes before
    #[arg(long, default_value_t = 4_000_000)]
    pub(crate) samples: usize,
    /// Shards
    #[arg(long, default_value_t = 8)]
    pub(crate) shards: usize,
    /// Threads of the runtime; with 1, sender, shards and connections share one, as the bare loop does
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
}

/// What a measurement found.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Found {
    /// CPU time (user and system) per sample, in microseconds.
    pub(crate) cpu_us: f64,
    /// Samples per second of wall time.
    pub(crate) rate: f64,
    /// Packed bytes per sample, where known.
    pub(crate) bytes: Option<f64>,
}

pub(crate) fn run(args: &CaseArgs) -> anyhow::Result<()> {
    let mut builder = LabelsBuilder::new();
    let made: Vec<Labels> = (0..args.series as u64).map(|n| series::labels(&mut builder, n)).collect();
    // Shuffled here, not while sending: the caller walks its list, everything behind it is met at random.
    let ready = series::shuffled(args.series).into_iter().map(|n| made[n as usize].clone()).collect();
    drop(made);
    let work = Work { args, ready };
    let runtime = match args.threads {
        1 => tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        threads => {
            tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?
        }
    };
    let found =
        runtime.block_on(async { if args.way == "bare" { work.bare().await } else { work.sink().await } })?;
    println!("{}", serde_json::to_string(&found)?);
    Ok(())
}

struct Work<'a> {
    args: &'a CaseArgs,
    ready: Vec<Labels>,
}

impl Work<'_> {
    /// Label sets and timestamps: one pass over the series after the other, a second apart, ending about now.
    fn samples(&self, from_pass: usize, count: usize) -> impl Iterator<Item = (&Labels, Sample)> {
        let begin = SystemClock.now_ms() / 1000 * 1000 - 1_000_000;
        let passes = (from_pass..).flat_map(move |pass| {
            let timestamp_ms = begin + 1000 * pass as i64;
            self.ready
                .iter()
                .enumerate()
                .map(move |(at, labels)| (labels, Sample::new((at & 0xfff) as f64, timestamp_ms)))
        });
        passes.take(count)
    }

    async fn sink(&self) -> anyhow::Result<Found> {
        let sink = PrometheusSink::builder(&self.args.url)
            .set("sink.checks", &self.args.way)
            .batch_max_size(self.args.batch)
            .flush_buffer_size(8 << 20)
            .shards(self.args.shards)
            .build()?;
        let sender = sink.sender();
        let send = async |from: usize, count: usize| {
            for (labels, sample) in self.samples(from, count) {
                if let Err(series) = sender.try_send(TimeSeries::single(labels.clone(), sample)) {
                    sender.send(series).await?;
                }
            }
            sink.flush().await?;
            anyhow::Ok(())
        };
        send(0, self.ready.len()).await?;
        let (cpu, wall) = (usage::cpu_seconds()?, Instant::now());
        send(1, self.args.samples).await?;
        let (cpu, wall) = (usage::cpu_seconds()? - cpu, wall.elapsed().as_secs_f64());
        let ledger = sink.close().await?;
        anyhow::ensure!(
            ledger.written as usize == self.args.samples + self.ready.len(),
            "lost samples: {ledger:?}"
        );
        let samples = self.args.samples as f64;
        Ok(Found { cpu_us: cpu / samples * 1e6, rate: samples / wall, bytes: None })
    }

    /// The same work without order, checks, shards or ledger: encode, compress, send, one after the other.
    async fn bare(&self) -> anyhow::Result<Found> {
        let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new(&HttpTransportConfig::default())?);
        let url: http::Uri = self.args.url.parse()?;
        let mut compressor = Compressor::default();
        let mut plain = Vec::new();
        let mut packed_bytes = 0;
        let mut send = async |from: usize, count: usize| {
            let mut filled = 0;
            for (at, (labels, sample)) in self.samples(from, count).enumerate() {
                encode::put_series(&mut plain, labels, std::iter::once(sample));
                filled += 1;
                if filled == self.args.batch || at + 1 == count {
                    let packed = Bytes::copy_from_slice(compressor.compress(&plain)?);
                    packed_bytes += packed.len();
                    post(&*transport, &url, packed).await?;
                    plain.clear();
                    filled = 0;
                }
            }
            anyhow::Ok(())
        };
        send(0, self.ready.len()).await?;
        let (cpu, wall) = (usage::cpu_seconds()?, Instant::now());
        send(1, self.args.samples).await?;
        let (cpu, wall) = (usage::cpu_seconds()? - cpu, wall.elapsed().as_secs_f64());
        let samples = self.args.samples as f64;
        let bytes = packed_bytes as f64 / (samples + self.ready.len() as f64);
        Ok(Found { cpu_us: cpu / samples * 1e6, rate: samples / wall, bytes: Some(bytes) })
    }
}

async fn post(transport: &dyn Transport, url: &http::Uri, body: Bytes) -> anyhow::Result<()> {
    let mut request = http::Request::post(url);
    for (name, value) in [headers::CONTENT_ENCODING, headers::CONTENT_TYPE, headers::VERSION] {
        request = request.header(name, value);
    }
    let answer = transport.send(request.body(body)?).await?;
    anyhow::ensure!(answer.status.is_success(), "the receiver answered {}", answer.status);
    Ok(())
}
