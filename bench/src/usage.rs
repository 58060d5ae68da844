//! CPU time and memory of this process, as the kernel counts them.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// User and system time so far, in seconds.
pub(crate) fn cpu_seconds() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok((usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6)
}

/// Largest resident set so far, in bytes.
pub(crate) fn peak_rss_bytes() -> anyhow::Result<u64> {
    Ok(getrusage(UsageWho::RUSAGE_SELF)?.max_rss() as u64 * 1024)
}
