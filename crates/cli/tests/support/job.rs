//! A job file in a folder of its own, and `narthex run` over it.

use std::path::PathBuf;

use serde_json::Value;
use tokio::process::Command;

use super::ledger;
use super::process::{Ended, narthex, run, shell};
use super::scene::Scene;

/// The tables that most jobs need: `t` is read from `${F}/in.json`, `o` and `p` are written.
pub(crate) const TABLES: &str = "
CREATE TABLE t (n INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${F}/in.json', 'format' = 'json');
CREATE TABLE o (n INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '${F}/out', 'format' = 'json');
CREATE TABLE p (n INT, s STRING) WITH ('connector' = 'print');
CREATE TABLE endless (n INT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000');
CREATE TABLE hole (n INT) WITH ('connector' = 'blackhole');
CREATE TABLE m (n INT, ts TIMESTAMP_LTZ(3)) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = '${URL}',
  'metric.name.literal' = 'm', 'metric.sample.key' = 'n', 'metric.sample.timestamp' = 'ts',
  'sink.flush-buffer.timeout' = '50 ms', 'sink.retry.initial-backoff' = '1 ms', 'sink.retry.max-backoff' = '20 ms');
";

/// Rows of the table `t` into `o`.
pub(crate) const COPY: &str = "INSERT INTO o SELECT n, s FROM t;";

/// Where a job runs: a receiver, a folder, files in it.
pub(crate) struct Job(pub(crate) Scene);

impl Job {
    /// With a receiver that never fails.
    pub(crate) async fn new() -> Self {
        Self(Scene::new().await)
    }

    /// With a receiver that fails as the script says.
    pub(crate) async fn failing(script: &str) -> Self {
        Self(Scene::failing(script).await)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        self.0.file(name, content)
    }

    /// A job file of the tables and these statements; `${F}` stands for the folder, `${URL}` for the receiver.
    pub(crate) fn job(&self, sql: &str) -> String {
        self.whole(&format!("{TABLES}{sql}"))
    }

    /// A job file of these statements alone.
    pub(crate) fn whole(&self, sql: &str) -> String {
        let folder = self.0.folder.path().display().to_string();
        self.file("job.sql", sql.replace("${F}", &folder).replace("${URL}", &self.0.server.write_url()))
    }

    /// Arguments of `narthex run` over a job file, with ledger and dead letters in the folder.
    pub(crate) fn args(&self, file: &str, more: &[&str]) -> Vec<String> {
        let mut args = vec!["run".to_owned(), file.to_owned()];
        for (flag, name) in [("--ledger", "ledger.json"), ("--dead-letters", "dead.ndjson")] {
            if !more.contains(&flag) {
                args.extend([flag.to_owned(), self.path(name).display().to_string()]);
            }
        }
        args.extend(more.iter().map(|arg| (*arg).to_owned()));
        args
    }

    /// `narthex run` over the tables and these statements.
    pub(crate) fn command(&self, sql: &str, more: &[&str]) -> Command {
        narthex(self.args(&self.job(sql), more))
    }

    /// Runs it to its end, with nothing on standard input.
    pub(crate) async fn ran(&self, sql: &str, more: &[&str]) -> Ended {
        run(self.command(sql, more), "").await
    }

    /// The same in a shell line, see [`shell`].
    pub(crate) async fn ran_in_shell(&self, line: &str, sql: &str, more: &[&str]) -> Ended {
        run(shell(line, self.args(&self.job(sql), more)), "").await
    }

    pub(crate) fn ledger(&self) -> Value {
        self.0.ledger()
    }

    /// What became of the records of a table: records, rows, ignored, undecodable, after seeing that they add up.
    pub(crate) fn source(&self, table: &str) -> [u64; 4] {
        let ledger = self.ledger();
        let counts = ["records", "rows", "ignored", "undecodable"]
            .map(|key| ledger::count(&ledger, &format!("sources/{table}/{key}")));
        assert_eq!(counts[0], counts[1] + counts[2] + counts[3], "{ledger}");
        self.assert_operators_add_up();
        counts
    }

    /// `rows in = passed + filtered + failed + late + aggregated + held`.
    pub(crate) fn assert_operators_add_up(&self) {
        let ledger = self.ledger();
        for (name, rows) in ledger["operators"].as_object().into_iter().flatten() {
            let count = |key: &str| rows[key].as_u64().unwrap_or(0);
            let fates = ["passed", "filtered", "failed", "late", "aggregated", "held"];
            assert_eq!(count("rows_in"), fates.map(count).iter().sum::<u64>(), "{name}: {rows}");
        }
    }

    pub(crate) fn letters(&self) -> Vec<Value> {
        self.0.letters()
    }

    /// The lines of the finished files in a folder, sorted.
    pub(crate) fn written(&self, folder: &str) -> Vec<String> {
        let mut lines = Vec::new();
        for entry in std::fs::read_dir(self.path(folder)).into_iter().flatten().flatten() {
            if !entry.file_name().to_string_lossy().starts_with('.') {
                let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
                lines.extend(text.lines().map(str::to_owned));
            }
        }
        lines.sort();
        lines
    }

    /// Names of all files in a folder, hidden ones too.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder)).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }
}

/// Rows `{"n":0,"s":"x"}` and so on.
pub(crate) fn rows(count: usize) -> String {
    (0..count).map(|n| format!("{{\"n\":{n},\"s\":\"x\"}}\n")).collect()
}
