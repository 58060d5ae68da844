//! Where bytes come from: a file that is read directly, or something that may keep its reader waiting.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use flate2::read::{MultiGzDecoder, ZlibDecoder};

/// Most bytes of a read from a stream.
const STREAM_BYTES: usize = 64 << 10;
/// Reads that wait for whoever takes them.
const STREAM_READS: usize = 4;
/// Packed files that Flink reads and that are not read here.
const OTHER_PACKED: [&str; 5] = ["bz2", "xz", "zst", "zstd", "snappy"];

/// What is read.
pub(crate) enum Input {
    /// A file, from a position on; reading it does not wait for anybody.
    File(File),
    /// A packed file.
    Packed(Box<dyn Read + Send>),
    /// Standard input, a pipe, a device: read by a thread of its own.
    Stream(Receiver<io::Result<Vec<u8>>>),
}

/// What a read gave.
pub(crate) enum Got {
    /// Something, appended to the buffer.
    Bytes,
    /// Nothing within the time.
    Nothing,
    /// There is no more, for now.
    End,
}

impl Input {
    /// Standard input.
    pub(crate) fn stdin() -> Self {
        Self::stream(io::stdin())
    }

    /// A stream.
    pub(crate) fn stream(from: impl Read + Send + 'static) -> Self {
        let (to, receiver) = sync_channel(STREAM_READS);
        thread::spawn(move || read_stream(from, &to));
        Self::Stream(receiver)
    }

    /// A named pipe or a device. Also opening it may wait: for somebody who writes.
    fn device(path: PathBuf) -> Self {
        let (to, receiver) = sync_channel(STREAM_READS);
        thread::spawn(move || match File::open(path) {
            Ok(file) => read_stream(file, &to),
            // Nobody to tell it to: the split is gone.
            Err(error) => drop(to.send(Err(error))),
        });
        Self::Stream(receiver)
    }

    /// Opens a file at a position, which is of what is in it where it is packed.
    pub(crate) fn open(path: &Path, position: u64) -> io::Result<Self> {
        if !fs::metadata(path)?.is_file() {
            return Ok(Self::device(path.to_owned()));
        }
        let mut file = File::open(path)?;
        if let Some(ending) = packed_ending(path) {
            return match ending {
                "gz" | "gzip" => Ok(Self::Packed(Box::new(MultiGzDecoder::new(io::BufReader::new(file))))),
                "deflate" => Ok(Self::Packed(Box::new(ZlibDecoder::new(io::BufReader::new(file))))),
                other => {
                    let problem = format!(
                        "files that end with .{other} are not unpacked; unpack it, or pack it with gzip"
                    );
                    Err(io::Error::new(io::ErrorKind::Unsupported, problem))
                }
            };
        }
        file.seek(SeekFrom::Start(position))?;
        Ok(Self::File(file))
    }

    /// Reads at most `most` bytes behind what is in the buffer; a stream is waited for.
    pub(crate) fn read(&mut self, buffer: &mut Vec<u8>, most: usize, wait: Duration) -> io::Result<Got> {
        match self {
            Self::File(file) => read_up_to(file, buffer, most),
            Self::Packed(packed) => read_up_to(packed, buffer, most).map_err(|error| {
                io::Error::new(error.kind(), format!("it cannot be unpacked: {error}; is it whole?"))
            }),
            Self::Stream(stream) => match stream.recv_timeout(wait) {
                Ok(bytes) => {
                    buffer.extend_from_slice(&bytes?);
                    Ok(Got::Bytes)
                }
                Err(RecvTimeoutError::Timeout) => Ok(Got::Nothing),
                Err(RecvTimeoutError::Disconnected) => Ok(Got::End),
            },
        }
    }

    /// Whether what comes may be waited for.
    pub(crate) fn is_stream(&self) -> bool {
        matches!(self, Self::Stream(_))
    }
}

/// The ending of a packed file.
pub(crate) fn packed_ending(path: &Path) -> Option<&str> {
    let ending = path.extension()?.to_str()?;
    let is_packed = ["gz", "gzip", "deflate"].contains(&ending) || OTHER_PACKED.contains(&ending);
    is_packed.then_some(ending)
}

fn read_up_to(from: &mut dyn Read, buffer: &mut Vec<u8>, most: usize) -> io::Result<Got> {
    buffer.reserve(most);
    let read = from.take(most as u64).read_to_end(buffer)?;
    Ok(if read == 0 { Got::End } else { Got::Bytes })
}

/// Ends with the stream, with an error, or when nobody takes what was read.
fn read_stream(mut from: impl Read, to: &SyncSender<io::Result<Vec<u8>>>) {
    let mut space = vec![0; STREAM_BYTES];
    loop {
        let read = match from.read(&mut space) {
            Ok(0) => return,
            Ok(count) => Ok(space[..count].to_vec()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Err(error),
        };
        let is_over = read.is_err();
        if to.send(read).is_err() || is_over {
            return;
        }
    }
}
