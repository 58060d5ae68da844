//! Real Prometheus servers as child processes: loopback, data in a temporary folder, nothing scraped.
//!
//! A test asks for a server with [`prometheus_or_skip`] and gets `None`, with a loud line, where that version
//! is not on the machine; with `NARTHEX_REQUIRE_SERVERS=1` (as in CI) that is an error instead. Such tests
//! live in files named `real_*.rs` and are `#[ignore]`d, so that `make unit` passes them over and `make it`
//! runs them.
//!
//! Real time only: under a paused tokio clock the waiting here would run ahead of the server.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use narthex_testkit::prometheus::{Version, prometheus_or_skip};
//!
//! let Some(mut server) = prometheus_or_skip(Version::V3).await? else { return Ok(()) };
//! // … write to server.write_url() …
//! for series in server.samples("temperature", 0..=4_000).await? {
//!     println!("{} {:?}", series.labels, series.samples);
//! }
//! server.kill_9()?;
//! server.start_again().await?; // same port, same data
//! # Ok(())
//! # }
//! ```

mod api;
mod process;

use std::fmt;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use tokio::time::sleep;

use self::api::Api;
use self::process::{Guarded, free_port, locate};

/// Longest wait for readiness; replaying the log of a killed server with a million samples takes seconds.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// Longest wait for an orderly stop.
const STOP_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(25);
/// How often a new server tries another port when somebody else was quicker to take its one.
const PORT_TRIES: usize = 5;

/// Which Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// Debian's 2.42, Remote-Write 1.0 only; found by `NARTHEX_PROMETHEUS_2`, on PATH, or in the cache.
    V2_42,
    /// The 3.x that `tests/servers/prometheus3/go.mod` pins; found by `NARTHEX_PROMETHEUS_3` or in the cache.
    V3,
}

impl Version {
    /// Both, for tests that loop.
    pub const ALL: [Self; 2] = [Self::V2_42, Self::V3];

    fn major(self) -> u8 {
        match self {
            Self::V2_42 => 2,
            Self::V3 => 3,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V2_42 => "Prometheus 2.42",
            Self::V3 => "Prometheus 3.x",
        })
    }
}

/// What a test may want different about its server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `storage.tsdb.out_of_order_time_window`; zero (the default, and Prometheus') refuses late samples.
    pub out_of_order_window: Duration,
    /// Further command-line arguments, as they are.
    pub extra_args: Vec<String>,
}

/// A running (or stopped) server. Dropping it kills it and removes its data.
#[derive(Debug)]
pub struct Prometheus {
    // Before `folder`: the process must be gone when its data is removed.
    process: Option<Guarded>,
    version: Version,
    options: Options,
    port: u16,
    api: Api,
    folder: TempDir,
}

/// Starts a server with default options, or says loudly why the test is skipped and returns `None`.
///
/// # Errors
/// When the server is there but does not start; and, with `NARTHEX_REQUIRE_SERVERS=1`, when it is not there.
pub async fn prometheus_or_skip(version: Version) -> anyhow::Result<Option<Prometheus>> {
    prometheus_or_skip_with(version, Options::default()).await
}

/// [`prometheus_or_skip`] with options.
///
/// # Errors
/// As [`prometheus_or_skip`].
pub async fn prometheus_or_skip_with(
    version: Version,
    options: Options,
) -> anyhow::Result<Option<Prometheus>> {
    match locate(version) {
        Ok(_) => Prometheus::start_with(version, options).await.map(Some),
        Err(why) if is_required() => Err(why),
        Err(why) => {
            // Past the test harness' capture, which would swallow the line of a test that "passes".
            writeln!(std::io::stderr(), "\nSKIPPED: tests on {version}: {why:#}")?;
            Ok(None)
        }
    }
}

/// The binary of promtool, or none, and loudly, where it is not on the machine.
///
/// # Errors
/// With `NARTHEX_REQUIRE_SERVERS=1`, when it is not there.
pub fn promtool_or_skip() -> anyhow::Result<Option<std::path::PathBuf>> {
    match self::process::promtool() {
        Ok(path) => Ok(Some(path)),
        Err(why) if is_required() => Err(why),
        Err(why) => {
            writeln!(std::io::stderr(), "\nSKIPPED: tests with promtool: {why:#}")?;
            Ok(None)
        }
    }
}

fn is_required() -> bool {
    std::env::var_os("NARTHEX_REQUIRE_SERVERS").is_some_and(|v| v == "1")
}

impl Prometheus {
    /// Starts a server and waits until it is ready.
    ///
    /// # Errors
    /// When this version is not on the machine or does not get ready; the message ends with its log.
    pub async fn start(version: Version) -> anyhow::Result<Self> {
        Self::start_with(version, Options::default()).await
    }

    /// [`Prometheus::start`] with options.
    ///
    /// # Errors
    /// As [`Prometheus::start`].
    pub async fn start_with(version: Version, options: Options) -> anyhow::Result<Self> {
        let folder =
            TempDir::with_prefix("narthex-prometheus-").context("cannot make a folder for Prometheus")?;
        write_config(folder.path(), &options)?;
        let api = Api::new(version)?;
        let mut server = Self { process: None, version, options, port: 0, api, folder };
        for attempt in 1.. {
            server.port = free_port()?;
            server.api.port = server.port;
            match server.start_again().await {
                Err(_) if attempt < PORT_TRIES && server.log().contains("address already in use") => {}
                other => return other.map(|()| server),
            }
        }
        bail!("unreachable: the loop above returns")
    }

    /// Starts it after [`stop`](Self::stop) or [`kill_9`](Self::kill_9), on the same port with the same data,
    /// and waits until it is ready. Does nothing when it runs.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        if self.process.is_some() {
            return Ok(());
        }
        self.process = Some(Guarded::spawn(&mut self.command()?)?);
        if let Err(error) = self.wait_until_ready().await {
            self.process = None;
            return Err(error.context(format!("{} does not start; its log:\n{}", self.version, self.log())));
        }
        Ok(())
    }

    /// Stops it in order: what is in memory is kept. Does nothing when it is stopped.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        self.api.quit().await?;
        tokio::time::timeout(STOP_WITHIN, async {
            while process.is_running()? {
                sleep(POLL).await;
            }
            anyhow::Ok(())
        })
        .await
        .with_context(|| format!("{} does not stop; its log:\n{}", self.version, self.log()))?
    }

    /// Kills it with SIGKILL and waits until it is gone. Does nothing when it is stopped.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill_9(&mut self) -> anyhow::Result<()> {
        self.process.take().map_or(Ok(()), |mut process| process.kill())
    }

    /// [`stop`](Self::stop), then [`start_again`](Self::start_again).
    ///
    /// # Errors
    /// When either fails.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        self.start_again().await
    }

    /// Which version it was started as.
    pub fn version(&self) -> Version {
        self.version
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end; the same for the server's whole life.
    pub fn base_url(&self) -> String {
        self.api.url("")
    }

    /// Where Remote-Write goes.
    pub fn write_url(&self) -> String {
        self.api.url("/api/v1/write")
    }

    /// The process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(Guarded::pid)
    }

    /// What it has logged so far, since its last start.
    pub fn log(&self) -> String {
        fs::read(self.folder.path().join("log"))
            .map_or_else(|e| format!("(no log: {e})"), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn command(&self) -> anyhow::Result<Command> {
        let folder = self.folder.path();
        let log = File::create(folder.join("log")).context("cannot create Prometheus' log")?;
        let mut command = Command::new(locate(self.version)?);
        command
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{}", self.port))
            // Tests write timestamps of any year; what is old for the clock must not be swept away.
            .arg("--storage.tsdb.retention.time=100y")
            .arg("--web.enable-remote-write-receiver")
            .arg("--web.enable-lifecycle")
            // The default of 50 million is enough for a million samples, but not for sums over them in 2.42.
            .arg("--query.max-samples=500000000")
            .arg("--query.timeout=10m")
            .args(&self.options.extra_args)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        Ok(command)
    }

    /// Ready means: it answers, and it is ours that answers, not a stranger on the port.
    async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let waiting = async {
            loop {
                let process = self.process.as_mut().context("not started")?;
                ensure!(process.is_running()?, "it ended by itself");
                if self.api.is_ready().await {
                    break;
                }
                sleep(POLL).await;
            }
            let data = self.api.flag("storage.tsdb.path").await?;
            ensure!(
                Path::new(&data).starts_with(self.folder.path()),
                "port {} answers with data in {data}",
                self.port
            );
            Ok(())
        };
        tokio::time::timeout(READY_WITHIN, waiting).await.context("not ready in time")?
    }
}

fn write_config(folder: &Path, options: &Options) -> anyhow::Result<()> {
    let text = format!(
        "global:\n  scrape_interval: 1m\nstorage:\n  tsdb:\n    out_of_order_time_window: {}ms\n",
        options.out_of_order_window.as_millis()
    );
    fs::write(folder.join("prometheus.yml"), text).context("cannot write Prometheus' configuration")
}
