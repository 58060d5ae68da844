//! Unpacks bodies into buffers that are kept between requests: a fresh 700 kB a request costs more than
//! decoding it.

use std::sync::{Mutex, PoisonError};

use snap::raw::{Decoder, decompress_len};

/// Buffers above this many bytes are not kept.
const KEPT_BYTES: usize = 8 * 1024 * 1024;
/// More buffers than this are not kept; requests in flight beyond it allocate.
const KEPT_BUFFERS: usize = 32;

/// Buffers for unpacked bodies.
#[derive(Debug, Default)]
pub(crate) struct Buffers(Mutex<Vec<Vec<u8>>>);

/// Why a body could not be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnpackError {
    /// It is no snappy block.
    Corrupt,
    /// It unpacks to more than the limit.
    TooLarge,
}

impl Buffers {
    /// Unpacks `block` and hands the bytes to `read`.
    pub(crate) fn unpack<T>(
        &self,
        block: &[u8],
        limit: usize,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, UnpackError> {
        let length = decompress_len(block).map_err(|_| UnpackError::Corrupt)?;
        if length > limit {
            return Err(UnpackError::TooLarge);
        }
        let mut buffer = self.lock().pop().unwrap_or_default();
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        let unpacked = Decoder::new().decompress(block, &mut buffer).map_err(|_| UnpackError::Corrupt);
        let result = unpacked.map(|length| read(&buffer[..length]));
        self.give_back(buffer);
        result
    }

    fn give_back(&self, buffer: Vec<u8>) {
        let mut kept = self.lock();
        if buffer.len() <= KEPT_BYTES && kept.len() < KEPT_BUFFERS {
            kept.push(buffer);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
