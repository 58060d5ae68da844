//! The snappy block format (Remote-Write 1.0: MUST; framed: MUST NOT).

use snap::raw::{Decoder, Encoder, decompress_len, max_compress_len};

/// Why a body could not be unpacked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnappyError {
    /// The bytes are no snappy block.
    #[error("snappy: corrupt input")]
    Corrupt(#[source] snap::Error),
    /// The block says that it unpacks to more than the limit.
    #[error("snappy: {length} bytes unpacked, more than the limit of {limit}")]
    TooLarge {
        /// What the block's header says.
        length: usize,
        /// What the caller allows.
        limit: usize,
    },
}

/// Packs one block after another, keeping its memory between them.
pub struct Compressor {
    encoder: Encoder,
    /// Room for the largest block so far. It is never cleared: what the encoder does not write is not read.
    room: Vec<u8>,
}

impl Default for Compressor {
    fn default() -> Self {
        Self { encoder: Encoder::new(), room: Vec::new() }
    }
}

impl std::fmt::Debug for Compressor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Compressor")
    }
}

impl Compressor {
    /// The packed `input`, valid until the next call.
    ///
    /// # Errors
    /// When `input` is longer than the format allows (4 GiB).
    pub fn compress(&mut self, input: &[u8]) -> Result<&[u8], SnappyError> {
        let most = max_compress_len(input.len());
        if self.room.len() < most {
            self.room.resize(most, 0);
        }
        let length = self.encoder.compress(input, &mut self.room).map_err(SnappyError::Corrupt)?;
        Ok(&self.room[..length])
    }
}

/// Unpacks a block of at most `limit` unpacked bytes.
///
/// # Errors
/// When the block is corrupt or unpacks to more than `limit`; nothing of that size is allocated.
pub fn decompress(block: &[u8], limit: usize) -> Result<Vec<u8>, SnappyError> {
    let length = decompress_len(block).map_err(SnappyError::Corrupt)?;
    if length > limit {
        return Err(SnappyError::TooLarge { length, limit });
    }
    Decoder::new().decompress_vec(block).map_err(SnappyError::Corrupt)
}
