//! A part file: written under a hidden name, and renamed when it is complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that is written and that nobody sees yet. Dropped without [`Part::commit`] it is removed.
#[derive(Debug)]
pub(crate) struct Part {
    file: File,
    hidden: PathBuf,
    visible: PathBuf,
    bytes: u64,
    is_committed: bool,
}

impl Part {
    /// Begins a part of this name.
    ///
    /// # Errors
    /// When it cannot be created, or is there already.
    pub(crate) fn create(folder: &Path, name: &str) -> io::Result<Self> {
        let hidden = folder.join(format!(".{name}.inprogress"));
        let visible = folder.join(name);
        let file = OpenOptions::new().write(true).create_new(true).open(&hidden)?;
        Ok(Self { file, hidden, visible, bytes: 0, is_committed: false })
    }

    /// Appends whole records.
    pub(crate) fn write(&mut self, records: &[u8]) -> io::Result<()> {
        self.file.write_all(records)?;
        self.bytes += records.len() as u64;
        Ok(())
    }

    /// Bytes that were written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes the part visible: its bytes are on the disk before its name is.
    ///
    /// # Errors
    /// When the disk cannot take it; it stays hidden then, and is removed.
    pub(crate) fn commit(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.hidden, &self.visible)?;
        self.is_committed = true;
        // The name is on the disk when the folder is.
        self.visible.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_committed {
            // What cannot be removed stays hidden.
            let _ = fs::remove_file(&self.hidden);
        }
    }
}
