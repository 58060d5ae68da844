//! A receiver of this process, and a folder for ledger and dead letters.

use std::path::PathBuf;

use narthex_receiver::{HeldSeries, ReceiverConfig, ReceiverServer, Script, ServerHandle};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::ledger;
use super::process::{Ended, narthex, run};

/// Where a run writes to.
pub(crate) struct Scene {
    pub(crate) server: ServerHandle,
    pub(crate) folder: TempDir,
}

impl Scene {
    /// A receiver that behaves as Prometheus 3 and never fails.
    pub(crate) async fn new() -> Self {
        Self::failing("").await
    }

    /// A receiver with a fault script.
    pub(crate) async fn failing(script: &str) -> Self {
        let mut config = ReceiverConfig::default();
        if !script.is_empty() {
            config.faults.push(script.parse::<Script>().expect("a script"));
        }
        let server = ReceiverServer::start(config).await.expect("a receiver");
        Self { server, folder: TempDir::with_prefix("narthex-binary-").expect("a folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of this content.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("a file");
        path.display().to_string()
    }

    /// `narthex write` to the receiver, with ledger and dead letters in the folder.
    pub(crate) fn write(&self, args: &[&str]) -> Command {
        let mut command = narthex(["write", "--url", &self.server.write_url()]);
        command.arg("--ledger").arg(self.path("ledger.json")).args(args);
        if !args.contains(&"--dead-letters") {
            command.arg("--dead-letters").arg(self.path("dead.ndjson"));
        }
        command
    }

    /// The arguments of [`Self::write`], for a shell.
    pub(crate) fn write_args(&self, args: &[&str]) -> Vec<String> {
        let command = self.write(args);
        command.as_std().get_args().map(|arg| arg.to_string_lossy().into_owned()).collect()
    }

    /// Runs [`Self::write`] over an input.
    pub(crate) async fn written(&self, args: &[&str], input: impl AsRef<[u8]>) -> Ended {
        run(self.write(args), input).await
    }

    pub(crate) fn ledger(&self) -> Value {
        ledger::read(&self.path("ledger.json"))
    }

    /// The ledger without requests and sources is exactly this.
    #[track_caller]
    pub(crate) fn assert_ledger(&self, expected: &str) {
        assert_eq!(ledger::doors(&self.ledger()), ledger::expected(expected));
    }

    pub(crate) fn letters(&self) -> Vec<Value> {
        ledger::letters(&self.path("dead.ndjson"))
    }

    pub(crate) fn held(&self) -> Vec<HeldSeries> {
        self.server.dump()
    }

    pub(crate) fn held_samples(&self) -> usize {
        self.held().iter().map(|series| series.samples.len()).sum()
    }
}
