//! The live page: what runs, as JSON at `/-/status`, and the page that shows it at `/`.
//!
//! The page is one answer that asks nobody but this process: style, scripts and charts are part of it. What devices
//! send gets into it as text, never as markup.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use narthex_engine::{JobLedger, Picture};
use narthex_model::{Clock, SystemClock};
use narthex_sink::{SinkMetrics, SinkStatus};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::input::SourceCounts;
use crate::sql::JobMetrics;

/// What runs here.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) command: &'static str,
    name: String,
    began_ms: i64,
    inputs: Vec<(String, Arc<SourceCounts>)>,
    jobs: JobMetrics,
    sinks: SinkMetrics,
}

/// All of it at one moment. Fields are added, never renamed: others may read it too.
#[derive(Serialize)]
struct Status<'a> {
    version: &'static str,
    command: &'a str,
    name: &'a str,
    began_ms: i64,
    now_ms: i64,
    is_ready: bool,
    inputs: Vec<Input<'a>>,
    jobs: Vec<Job>,
    sinks: Vec<SinkStatus>,
}

/// Lines that are read by a command without a job file.
#[derive(Serialize)]
struct Input<'a> {
    name: &'a str,
    records: u64,
    undecodable: u64,
}

#[derive(Serialize)]
struct Job {
    number: usize,
    #[serde(flatten)]
    picture: Picture,
    in_flight_bytes: usize,
    in_flight_limit_bytes: usize,
    ledger: JobLedger,
}

impl Live {
    /// Of a job file.
    pub(crate) fn of_file(name: &str, jobs: JobMetrics, sinks: SinkMetrics) -> Self {
        let began_ms = SystemClock.now_ms();
        Self { command: "run", name: name.to_owned(), began_ms, inputs: Vec::new(), jobs, sinks }
    }

    /// Of a command that reads these inputs.
    pub(crate) fn of_inputs(
        command: &'static str,
        inputs: Vec<(String, Arc<SourceCounts>)>,
        sinks: SinkMetrics,
    ) -> Self {
        let name = inputs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
        Self { command, name, began_ms: SystemClock.now_ms(), inputs, jobs: JobMetrics::default(), sinks }
    }

    /// All of it, as JSON.
    pub(crate) fn status(&self, is_ready: bool) -> Result<Vec<u8>, serde_json::Error> {
        let inputs = self.inputs.iter().map(|(name, counts)| Input {
            name,
            records: counts.records.load(Ordering::Relaxed),
            undecodable: counts.undecodable.load(Ordering::Relaxed),
        });
        let jobs = self.jobs.jobs().into_iter().map(|(number, job)| {
            let (in_flight_bytes, in_flight_limit_bytes) = job.in_flight();
            Job {
                number,
                picture: job.picture(),
                in_flight_bytes,
                in_flight_limit_bytes,
                ledger: job.ledger(),
            }
        });
        serde_json::to_vec(&Status {
            version: env!("CARGO_PKG_VERSION"),
            command: self.command,
            name: &self.name,
            began_ms: self.began_ms,
            now_ms: SystemClock.now_ms(),
            is_ready,
            inputs: inputs.collect(),
            jobs: jobs.collect(),
            sinks: self.sinks.status(),
        })
    }
}

/// The page, and what a browser may do with it.
pub(crate) struct Page {
    pub(crate) html: String,
    pub(crate) security_policy: String,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("bytes", &self.html.len()).finish_non_exhaustive()
    }
}

/// Put together once.
pub(crate) static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let own = [
        include_str!("../page/text.js"),
        include_str!("../page/history.js"),
        include_str!("../page/picture.js"),
        include_str!("../page/charts.js"),
        include_str!("../page/tables.js"),
        include_str!("../page/main.js"),
    ];
    let charts = include_str!("../page/uplot/uPlot.iife.min.js");
    let script = format!("{charts}\n(() => {{\n\"use strict\";\n{}\n}})();\n", own.join("\n"));
    let style = concat!(include_str!("../page/uplot/uPlot.min.css"), "\n", include_str!("../page/page.css"));
    let html = include_str!("../page/page.html").replace("/*STYLE*/", style).replace("/*SCRIPT*/", &script);
    // Only this script runs, and nobody is asked but this process.
    let hash = BASE64_STANDARD.encode(Sha256::digest(script.as_bytes()));
    let security_policy = format!(
        "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; img-src data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    Page { html, security_policy }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_whole_and_asks_nobody_else() {
        let page = &*PAGE;
        assert!(!page.html.contains("/*STYLE*/") && !page.html.contains("/*SCRIPT*/"));
        for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
            assert!(!page.html.contains(outside), "{outside}");
        }
        assert!(page.html.len() < 100_000, "{} bytes", page.html.len());
        // What would end the script early.
        let script = page.html.split_once("<script>").unwrap().1;
        assert_eq!(script.matches("</script").count(), 1);
    }

    #[test]
    fn a_status_without_anything_is_whole() {
        let live =
            Live::of_inputs("write", vec![("stdin".to_owned(), Arc::default())], SinkMetrics::default());
        let status: serde_json::Value = serde_json::from_slice(&live.status(true).unwrap()).unwrap();
        assert_eq!(status["inputs"][0]["name"], "stdin");
        assert_eq!(
            (status["is_ready"].as_bool(), status["jobs"].as_array().map(Vec::len)),
            (Some(true), Some(0))
        );
    }
}
