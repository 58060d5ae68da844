//! Jobs in Flink SQL: `narthex run` and `narthex check`.

pub(crate) mod check;
mod closing;
mod environment;
mod job_file;
mod metrics;
mod rehearsal;
mod report;
pub(crate) mod run;
mod secrets;

pub(crate) use job_file::JobMistakes;
pub(crate) use metrics::JobMetrics;
