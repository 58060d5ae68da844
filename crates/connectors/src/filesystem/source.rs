//! Finds files and hands them out as splits; with `source.monitor-interval` again and again.
//!
//! A file is known by its number on its device, so that one that is renamed (`a.log` to `a.log.1`) is not read again.
//! A split ends at the end of its file; when the file has grown, another split reads on from there.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use narthex_engine::{Error, NextSplit, Splits, TableSource, Watermarks};
use tokio::time::Instant;

use crate::definition::TableDefinition;
use crate::filesystem::FilesystemOptions;
use crate::filesystem::chunk::Rows;
use crate::filesystem::input::packed_ending;
use crate::filesystem::listing::{Found, Identity, list};
use crate::filesystem::path::Place;
use crate::filesystem::split::{FileSplit, Start};

/// A table whose files are read.
#[derive(Debug)]
pub(crate) struct FileSource {
    place: Place,
    monitor_interval: Option<Duration>,
    watermarks: Watermarks,
    rows: Arc<Rows>,
}

impl FileSource {
    /// # Errors
    /// When the format has no such types.
    pub(crate) fn new(
        table: &TableDefinition,
        read: FilesystemOptions,
        asked: &[usize],
    ) -> Result<Self, String> {
        let rows = Arc::new(Rows::new(table, read.format, asked)?);
        let monitor_interval = read.monitor_interval.filter(|_| read.place != Place::Stdin);
        Ok(Self { place: read.place, monitor_interval, watermarks: read.watermarks, rows })
    }

    fn failed(&self, cause: String) -> Error {
        Error::Source { table: self.rows.table.clone(), cause }
    }
}

impl TableSource for FileSource {
    fn open(&self) -> Result<Box<dyn Splits>, Error> {
        if self.place == Place::Stdin {
            let split = FileSplit::stdin(self.rows.clone());
            return Ok(Box::new(OnlyStdin(Some(split))));
        }
        let found = list(&self.place).map_err(|problem| self.failed(problem))?;
        if found.is_empty() && matches!(self.place, Place::Pattern { .. }) && self.monitor_interval.is_none()
        {
            return Err(self.failed("no file matches its path".to_owned()));
        }
        let mut files = Files {
            place: self.place.clone(),
            monitor_interval: self.monitor_interval,
            rows: self.rows.clone(),
            known: HashMap::new(),
            ready: VecDeque::new(),
            listed: Instant::now(),
            is_gone: false,
        };
        files.take(found);
        Ok(Box::new(files))
    }

    fn is_bounded(&self) -> bool {
        self.monitor_interval.is_none()
    }

    fn watermarks(&self) -> Watermarks {
        self.watermarks
    }
}

/// Standard input is one split.
struct OnlyStdin(Option<FileSplit>);

impl Splits for OnlyStdin {
    fn next(&mut self, _: Duration) -> Result<NextSplit, Error> {
        Ok(self.0.take().map_or(NextSplit::End, |split| NextSplit::Split(Box::new(split))))
    }
}

/// How far a file was read. The split that reads it has a clone, and so has each of its chunks until it is decoded.
#[derive(Default)]
pub(crate) struct Reading(Mutex<Position>);

/// Up to where a file was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// The first byte that was not read.
    pub(crate) byte: u64,
    /// Lines before it.
    pub(crate) lines: u64,
    /// It is within a record that is passed over.
    pub(crate) is_in_long_record: bool,
}

impl Reading {
    pub(crate) fn set(&self, position: Position) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = position;
    }

    pub(crate) fn get(&self) -> Position {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.get(), f)
    }
}

/// The files that were found.
struct Files {
    place: Place,
    monitor_interval: Option<Duration>,
    rows: Arc<Rows>,
    known: HashMap<Identity, Arc<Reading>>,
    ready: VecDeque<FileSplit>,
    listed: Instant,
    /// That the place is gone has been told.
    is_gone: bool,
}

impl Files {
    /// Makes splits of what is new or has grown, and forgets what is gone.
    fn take(&mut self, found: Vec<Found>) {
        let mut known = HashMap::with_capacity(found.len());
        for file in found {
            let identity = file.identity();
            if known.contains_key(&identity) && self.monitor_interval.is_some() {
                continue; // a second name of the same file
            }
            let reading = self.known.remove(&identity);
            let reading = match reading {
                Some(reading) if Arc::strong_count(&reading) > 1 => reading,
                Some(reading) => self.grown(&file, reading),
                None => self.start(file, Position::default()),
            };
            known.insert(identity, reading);
        }
        self.known = known;
    }

    fn start(&mut self, file: Found, position: Position) -> Arc<Reading> {
        let reading = Arc::new(Reading::default());
        reading.set(position);
        let is_last = self.monitor_interval.is_none();
        self.ready.push_back(FileSplit::new(
            self.rows.clone(),
            Start { file, position, is_last },
            reading.clone(),
        ));
        reading
    }

    fn grown(&mut self, file: &Found, reading: Arc<Reading>) -> Arc<Reading> {
        let (position, size) = (reading.get(), file.metadata.len());
        let is_read_once = packed_ending(&file.path).is_some() || !file.metadata.is_file();
        if is_read_once || size == position.byte {
            return reading;
        }
        if size < position.byte {
            tracing::warn!(
                "{} was cut from {} to {size} bytes; it is read again from its beginning",
                file.path.display(),
                position.byte
            );
            return self.start(file.clone(), Position::default());
        }
        self.start(file.clone(), position)
    }

    fn list_again(&mut self) -> Result<(), Error> {
        self.listed = Instant::now();
        // Logs are rotated by renaming: for a moment the file is not there. What was read of it stays known.
        if let Some(path) = self.place.path().filter(|path| !path.exists()) {
            if !std::mem::replace(&mut self.is_gone, true) {
                tracing::warn!("{} is gone; waiting for it to come back", path.display());
            }
            return Ok(());
        }
        self.is_gone = false;
        let failed = |cause| Error::Source { table: self.rows.table.clone(), cause };
        let found = list(&self.place).map_err(failed)?;
        self.take(found);
        Ok(())
    }
}

impl Splits for Files {
    fn next(&mut self, wait: Duration) -> Result<NextSplit, Error> {
        if let Some(split) = self.ready.pop_front() {
            return Ok(NextSplit::Split(Box::new(split)));
        }
        let Some(interval) = self.monitor_interval else { return Ok(NextSplit::End) };
        let left = interval.saturating_sub(self.listed.elapsed());
        if left > wait {
            std::thread::sleep(wait);
            return Ok(NextSplit::Later);
        }
        std::thread::sleep(left);
        self.list_again()?;
        Ok(self.ready.pop_front().map_or(NextSplit::Later, |split| NextSplit::Split(Box::new(split))))
    }
}
