//! Cuts what is read into lines, and tells whoever stops the run what was read and not used.
//!
//! A pipe gives its bytes once: what this process has read and does not send is gone. So a signal is looked at
//! before each read and not between lines; every whole line that was read goes on its way.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use tokio::sync::Notify;

use crate::stop::Stop;

const CHUNK_BYTES: usize = 256 << 10;
/// Some editors write it at the start of a file, to say that it is UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What was cut.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Line<'a> {
    /// A line without its line feed.
    Whole(&'a [u8]),
    /// The beginning of a line beyond the limit; the rest is passed over.
    TooLong(&'a [u8]),
}

/// Why there are no more lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    OfInput,
    Stopped,
}

/// Cuts one source into lines until its end or a signal.
#[derive(Debug, Clone)]
pub(crate) struct LineReader {
    pub(crate) max_line_bytes: usize,
    pub(crate) stop: Stop,
    pub(crate) hold: Hold,
}

impl LineReader {
    /// Calls `take` with each line and its number.
    ///
    /// # Errors
    /// When the source cannot be read, or those of `take`.
    pub(crate) fn read(
        &self,
        name: &str,
        mut reader: impl Read,
        mut take: impl FnMut(u64, Line<'_>) -> anyhow::Result<()>,
    ) -> anyhow::Result<End> {
        let _released = ReleaseOnDrop(&self.hold);
        let source: Arc<str> = name.into();
        let mut cut = Cutter { take: &mut take, number: 0, is_skipping: false, max: self.max_line_bytes };
        let mut buffer: Vec<u8> = Vec::with_capacity(2 * CHUNK_BYTES);
        while !self.stop.is_set() {
            let unused_bytes = buffer.len();
            self.hold.release(Position { source: source.clone(), line: cut.number, unused_bytes });
            buffer.resize(unused_bytes + CHUNK_BYTES, 0);
            let read = match reader.read(&mut buffer[unused_bytes..]) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    buffer.truncate(unused_bytes);
                    continue;
                }
                Err(error) => return Err(error).with_context(|| format!("cannot read {name}")),
            };
            buffer.truncate(unused_bytes + read);
            if !self.hold.take() {
                if read > 0 {
                    tracing::warn!("{name}: {read} bytes came while the run was ending: they are discarded");
                }
                return Ok(End::Stopped);
            }
            if read == 0 {
                cut.rest(&buffer)?;
                return Ok(End::OfInput);
            }
            cut.lines(&mut buffer, unused_bytes)?;
        }
        self.hold.release(Position { source, line: cut.number, unused_bytes: buffer.len() });
        Ok(End::Stopped)
    }
}

struct Cutter<'a, T> {
    take: &'a mut T,
    number: u64,
    is_skipping: bool,
    max: usize,
}

impl<T: FnMut(u64, Line<'_>) -> anyhow::Result<()>> Cutter<'_, T> {
    /// Takes every whole line out of the buffer; bytes before `search` hold no line feed.
    fn lines(&mut self, buffer: &mut Vec<u8>, search: usize) -> anyhow::Result<()> {
        let (mut begin, mut search) = (0, search);
        while let Some(at) = memchr::memchr(b'\n', &buffer[search..]) {
            let end = search + at;
            if !std::mem::take(&mut self.is_skipping) {
                self.line(&buffer[begin..end])?;
            }
            (begin, search) = (end + 1, end + 1);
        }
        buffer.drain(..begin);
        if !self.is_skipping && buffer.len() > self.max {
            self.number += 1;
            self.is_skipping = true;
            (self.take)(self.number, Line::TooLong(buffer))?;
        }
        if self.is_skipping {
            buffer.clear();
        }
        Ok(())
    }

    /// Takes what stands behind the last line feed at the end of the input.
    fn rest(&mut self, buffer: &[u8]) -> anyhow::Result<()> {
        if buffer.is_empty() || self.is_skipping { Ok(()) } else { self.line(buffer) }
    }

    fn line(&mut self, line: &[u8]) -> anyhow::Result<()> {
        self.number += 1;
        let is_first = self.number == 1;
        let line = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| is_first).unwrap_or(line);
        (self.take)(self.number, Line::Whole(line))
    }
}

/// Whether the reading thread holds lines that it has not handed over. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hold(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
enum State {
    /// The thread waits for input, or has ended.
    Waiting(Option<Position>),
    /// It has read, and is not done with it.
    Holding,
    /// The run is ending: what is read from now on has nowhere to go.
    Closed,
}

impl Default for State {
    fn default() -> Self {
        State::Waiting(None)
    }
}

/// How far a source was used.
#[derive(Debug)]
pub(crate) struct Position {
    source: Arc<str>,
    /// The last line that was used.
    line: u64,
    /// Read beyond it: a line that was not whole yet.
    unused_bytes: usize,
}

impl Hold {
    /// Waits until every line that was read is handed over, for at most `limit`, and says where reading ended.
    pub(crate) async fn close(&self, limit: Duration) {
        match tokio::time::timeout(limit, self.closed()).await {
            Ok(Some(Position { source, line, unused_bytes: 0 })) => {
                tracing::info!("{source}: stopped after line {line}");
            }
            Ok(Some(Position { source, line, unused_bytes })) => tracing::warn!(
                "{source}: stopped after line {line}; {unused_bytes} bytes of a line that was not whole were read \
                 and are discarded"
            ),
            Ok(None) => {}
            Err(_) => tracing::warn!(
                "lines that were read could not be handed over within {limit:?}: they are discarded; look at the \
                 disk of the dead letters"
            ),
        }
    }

    async fn closed(&self) -> Option<Position> {
        loop {
            let changed = self.0.changed.notified();
            if let Some(position) = self.close_if_waiting() {
                return position;
            }
            changed.await;
        }
    }

    fn close_if_waiting(&self) -> Option<Option<Position>> {
        let mut state = self.lock();
        if matches!(*state, State::Holding) {
            return None;
        }
        match std::mem::replace(&mut *state, State::Closed) {
            State::Waiting(position) => Some(position),
            _ => Some(None),
        }
    }

    /// Claims what was just read; false when the run is ending without it.
    fn take(&self) -> bool {
        let mut state = self.lock();
        let is_open = !matches!(*state, State::Closed);
        if is_open {
            *state = State::Holding;
        }
        is_open
    }

    fn release(&self, position: Position) {
        self.leave(Some(position));
    }

    fn leave(&self, position: Option<Position>) {
        let mut state = self.lock();
        if !matches!(*state, State::Closed) {
            *state = State::Waiting(position);
        }
        drop(state);
        self.0.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// At the end of a source, and when it breaks off, nothing is held.
struct ReleaseOnDrop<'a>(&'a Hold);

impl Drop for ReleaseOnDrop<'_> {
    fn drop(&mut self) {
        if matches!(*self.0.lock(), State::Holding) {
            self.0.leave(None);
        }
    }
}
