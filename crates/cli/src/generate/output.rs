//! Writes a stream out: as fast as it goes or at a pace, quietly ending where the reader has gone.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::time::Instant;

use super::manifest::Manifest;
use super::stream::Stream;
use crate::same_file::is_stream;

/// Bytes that are collected before they are written.
const BLOCK_BYTES: usize = 128 * 1024;
/// Shortest sleep of a paced stream; what falls due meanwhile is written together.
const TICK: Duration = Duration::from_millis(5);

/// Where bytes go, and how it is called in messages.
pub(super) struct Output {
    name: String,
    to: Box<dyn Write>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Complete,
    /// The reader closed its end.
    Closed,
}

impl Output {
    /// Standard output.
    pub(super) fn stdout() -> Self {
        // Not line-buffered: blocks are collected here.
        let to: Box<dyn Write> = match raw_stdout() {
            Some(file) => Box::new(file),
            None => Box::new(io::stdout().lock()),
        };
        Self { name: "standard output".to_owned(), to }
    }

    /// A new file, or what is left of an old one after emptying it; `-` is standard output.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        if is_stream(path) {
            return Ok(Self::stdout());
        }
        let name = format!("{:?}", path.display().to_string());
        let file = File::create(path).with_context(|| format!("cannot create {name}"))?;
        Ok(Self { name, to: Box::new(file) })
    }

    #[cfg(test)]
    pub(super) fn to(name: &str, to: impl Write + 'static) -> Self {
        Self { name: name.to_owned(), to: Box::new(to) }
    }

    /// Writes and empties `bytes`.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>) -> anyhow::Result<End> {
        let result = self.to.write_all(bytes).and_then(|()| self.to.flush());
        bytes.clear();
        match result {
            Ok(()) => Ok(End::Complete),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(End::Closed),
            Err(error) if error.kind() == ErrorKind::StorageFull => {
                bail!("cannot write to {}: {error}; free some space, or write elsewhere", self.name)
            }
            Err(error) => Err(error).with_context(|| format!("cannot write to {}", self.name)),
        }
    }
}

/// Standard output without the buffer that the standard library puts before it.
#[cfg(unix)]
fn raw_stdout() -> Option<File> {
    use std::os::fd::AsFd;
    io::stdout().as_fd().try_clone_to_owned().ok().map(File::from)
}

#[cfg(not(unix))]
fn raw_stdout() -> Option<File> {
    None
}

/// Writes the stream to its end; the manifest's lines never lag behind those that they speak of.
pub(super) fn write_stream(
    stream: &mut Stream,
    rate: Option<f64>,
    output: &mut Output,
    manifest: &mut Manifest,
    mut manifest_output: Option<&mut Output>,
) -> anyhow::Result<End> {
    let mut lines = Vec::with_capacity(BLOCK_BYTES + 4096);
    let mut pace = rate.map(Pace::new);
    loop {
        let due = pace.as_mut().map_or(u64::MAX, Pace::wait);
        let mut more = true;
        while more && stream.counts().clean < due && lines.len() < BLOCK_BYTES {
            more = stream.append_next(&mut lines, manifest);
        }
        if let Some(manifest_output) = manifest_output.as_deref_mut() {
            manifest_output.write(&mut manifest.text)?;
        }
        if output.write(&mut lines)? == End::Closed {
            return Ok(End::Closed);
        }
        if !more {
            return Ok(End::Complete);
        }
        if let Some(pace) = &mut pace {
            pace.written = stream.counts().clean;
        }
    }
}

/// Says how many events are due at a rate.
#[derive(Debug)]
struct Pace {
    started: Instant,
    rate: f64,
    /// Events written so far.
    written: u64,
}

impl Pace {
    fn new(rate: f64) -> Self {
        Self { started: Instant::now(), rate, written: 0 }
    }

    /// Sleeps until at least one more event is due; after a stall, all that were missed are due at once.
    fn wait(&mut self) -> u64 {
        loop {
            let elapsed = self.started.elapsed();
            let due = due(self.rate, elapsed);
            if due > self.written {
                return due;
            }
            let next = Duration::from_secs_f64(self.written as f64 / self.rate);
            sleep(next.saturating_sub(elapsed).max(TICK));
        }
    }
}

/// Events due after `elapsed`; the first at once.
fn due(rate: f64, elapsed: Duration) -> u64 {
    (elapsed.as_secs_f64() * rate) as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_event_is_due_at_once_and_then_one_every_interval() {
        assert_eq!(due(10.0, Duration::ZERO), 1);
        assert_eq!(due(10.0, Duration::from_millis(99)), 1);
        assert_eq!(due(10.0, Duration::from_millis(100)), 2);
        assert_eq!(due(0.001, Duration::from_secs(999)), 1);
        assert_eq!(due(1e6, Duration::from_secs(60)), 60_000_001);
    }
}
