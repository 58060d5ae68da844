//! The server goes away and comes back, then throttles, under full input: memory stays flat, nothing is lost,
//! order is kept.
//!
//! An outage takes NARTHEX_OUTAGE_SECONDS each way, 3 by default; 60 for the long form.

use std::process::Stdio;
use std::time::Duration;

use narthex_testkit::prometheus::{Prometheus, Version, prometheus_or_skip};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::bench::{print, write};
use crate::support::ledger;
use crate::support::process::Running;
use crate::support::proxy::Proxy;

/// How much the resident memory may grow while nothing moves.
const GROWTH_KIB: u64 = 24 * 1024;

/// How long the generator must not have written a byte until the queues count as full.
const STILL: Duration = Duration::from_secs(1);

fn outage() -> Duration {
    let seconds = std::env::var("NARTHEX_OUTAGE_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(3))
}

/// `narthex generate` at full speed into `narthex write`.
struct Stream {
    generator: std::process::Child,
    writer: Running,
    folder: TempDir,
    samples: u64,
}

impl Stream {
    fn start(url: &str, series: u64, samples: u64) -> Self {
        let folder = TempDir::with_prefix("narthex-outage-").expect("a folder");
        let mut generator = std::process::Command::new(env!("CARGO_BIN_EXE_narthex"));
        generator.args(["generate", "--series", &series.to_string(), "--count", &samples.to_string()]);
        let mut generator =
            generator.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a generator");
        let mut command = write(url, &[], &folder);
        command.stdin(generator.stdout.take().expect("its output"));
        Self { generator, writer: Running::start(command), folder, samples }
    }

    /// Waits until backpressure has reached the generator: the queues, which are bounded, are full.
    async fn stands_still(&self) {
        let (begun, mut written, mut since) = (Instant::now(), self.generated_bytes(), Instant::now());
        while since.elapsed() < STILL {
            assert!(begun.elapsed() < Duration::from_secs(60), "the queues never fill up");
            sleep(Duration::from_millis(50)).await;
            let now = self.generated_bytes();
            if now != written || !self.generator_waits() {
                (written, since) = (now, Instant::now());
            }
        }
    }

    /// Whether the generator sleeps; one that only waits for a processor does not.
    fn generator_waits(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.generator.id())).expect("its state");
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
    }

    /// What the generator has written into the pipe so far.
    fn generated_bytes(&self) -> u64 {
        let counters =
            std::fs::read_to_string(format!("/proc/{}/io", self.generator.id())).expect("its counters");
        let line = counters.lines().find_map(|line| line.strip_prefix("wchar:")).expect("bytes written");
        line.trim().parse().expect("a number")
    }

    /// Watches memory for a while once nothing moves any more.
    async fn watch(&self, time: Duration) -> Watched {
        self.stands_still().await;
        let (begun, mut watched) = (Instant::now(), Watched { least: u64::MAX, most: 0, grown: 0 });
        while begun.elapsed() < time {
            let rss = self.writer.rss_kib();
            watched.least = watched.least.min(rss);
            watched.most = watched.most.max(rss);
            // What the allocator gives back in the meantime is no growth.
            watched.grown = watched.grown.max(rss - watched.least);
            sleep(Duration::from_millis(100)).await;
        }
        watched
    }

    /// Waits for the end: everything generated must be there, nothing lost.
    async fn finish(mut self, server: &Prometheus, what: &str) {
        let patience = Duration::from_secs(300);
        let ended = tokio::time::timeout(patience, self.writer.ended_whenever()).await.expect("it ends");
        self.generator.wait().expect("its end");
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let ledger = ledger::read(&self.folder.path().join("ledger.json"));
        let [written, replayed] = ["written", "replayed"].map(|key| ledger::count(&ledger, key));
        assert_eq!(ledger::count(&ledger, "received"), self.samples);
        assert_eq!(written + replayed, self.samples, "{ledger}");
        let now = crate::support::input::now_ms();
        let held = server.count("generated", now - 7_200_000..=now + 600_000).await.expect("a count");
        assert_eq!(held, self.samples, "{ledger}");
        let [requests, retries] = ["requests", "retries"].map(|key| ledger::count(&ledger, key));
        print(&format!(
            "{what}: {held} of {held} samples stored, {written} written, {replayed} replayed, 0 lost; {requests} requests, {retries} of them retries"
        ));
    }
}

/// Resident memory while nothing moves, in KiB.
struct Watched {
    least: u64,
    most: u64,
    /// The most above what it had been before.
    grown: u64,
}

fn assert_flat(what: &str, Watched { least, most, grown }: Watched) {
    let mib = |kib: u64| kib as f64 / 1024.0;
    print(&format!("{what}: resident memory {:.1} to {:.1} MiB", mib(least), mib(most)));
    assert!(
        grown < GROWTH_KIB && most < 256 << 10,
        "{what}: {least} to {most} KiB, {grown} KiB more than before"
    );
}

/// Waits until the server has got some samples of the stream.
async fn is_flowing(server: &Prometheus, more: f64) {
    const APPENDED: &str = "prometheus_tsdb_head_samples_appended_total";
    let before = server.metric(APPENDED).await.unwrap_or(0.0);
    let begun = Instant::now();
    while server.metric(APPENDED).await.unwrap_or(0.0) < before + more {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing arrives");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
#[ignore = "real server: make it"]
async fn killed_and_restarted_then_throttling_it_gets_everything() {
    for version in Version::ALL {
        for series in [10_000, 200] {
            let Some(mut server) = prometheus_or_skip(version).await.expect("a server") else { continue };
            let proxy = Proxy::start(&server.base_url(), &[]).await;
            let what = format!("{version}, {series} series");
            let stream = Stream::start(&proxy.write_url(), series, 1_500_000);
            is_flowing(&server, 100_000.0).await;
            server.kill_9().expect("kill -9");
            assert_flat(&format!("{what}, down for {} s", outage().as_secs()), stream.watch(outage()).await);
            server.start_again().await.expect("it starts again");
            is_flowing(&server, 100_000.0).await;
            proxy.throttle(true);
            assert_flat(
                &format!("{what}, throttling for {} s", outage().as_secs()),
                stream.watch(outage()).await,
            );
            proxy.throttle(false);
            stream.finish(&server, &what).await;
        }
    }
}

#[tokio::test]
#[ignore = "real server: make it"]
async fn killed_in_the_middle_of_a_stream_again_and_again_it_holds_what_it_acknowledged() {
    for version in Version::ALL {
        let Some(mut server) = prometheus_or_skip(version).await.expect("a server") else { continue };
        let stream = Stream::start(&server.write_url(), 500, 1_500_000);
        for _ in 0..3 {
            is_flowing(&server, 100_000.0).await;
            server.kill_9().expect("kill -9");
            server.start_again().await.expect("it starts again");
        }
        stream.finish(&server, &format!("{version}, killed three times")).await;
    }
}
