//! Finds the files of a place: in folders below each other, without hidden ones, in the order of their paths.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::filesystem::path::Place;

/// A file that was found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) metadata: Metadata,
}

/// Which file it is, whatever its name: device and number.
pub(crate) type Identity = (u64, u64);

impl Found {
    pub(crate) fn identity(&self) -> Identity {
        (self.metadata.dev(), self.metadata.ino())
    }
}

/// The files of a place. A file that goes away meanwhile is none; a place that is not there is an error.
///
/// # Errors
/// What cannot be listed, and why.
pub(crate) fn list(place: &Place) -> Result<Vec<Found>, String> {
    let mut listing = Listing { place, found: Vec::new(), folders: HashSet::new() };
    match place {
        Place::Stdin => {}
        Place::Local(path) => {
            let metadata = fs::metadata(path).map_err(|error| problem(path, &error))?;
            if metadata.is_dir() {
                listing.folder(path, &mut Vec::new())?;
            } else {
                listing.found.push(Found { path: path.clone(), metadata });
            }
        }
        Place::Pattern { folder, .. } => listing.folder(folder, &mut Vec::new())?,
    }
    let mut found = listing.found;
    found.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    Ok(found)
}

/// Whether a file of this name is among them, or would be if it were there.
pub(crate) fn reads(place: &Place, file: &Path) -> bool {
    let (Some(folder), Some(file)) = (place.path().and_then(resolved), resolved(file)) else { return false };
    let Ok(below) = file.strip_prefix(&folder) else { return false };
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
    !parts.iter().any(|part| part.starts_with(['.', '_'])) && is_wanted(place, &parts)
}

/// A path without links; of a file that is not there, the folder's.
fn resolved(path: &Path) -> Option<PathBuf> {
    fs::canonicalize(path).ok().or_else(|| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Some(fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?.join(path.file_name()?))
    })
}

/// A file that matches, or that is in a folder that does.
fn is_wanted(place: &Place, parts: &[&str]) -> bool {
    let Place::Pattern { glob, .. } = place else { return true };
    (1..=parts.len()).any(|count| glob.matches(&parts[..count]))
}

fn problem(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file and no folder {}", path.display()),
        _ => format!("{}: {error}", path.display()),
    }
}

struct Listing<'a> {
    place: &'a Place,
    found: Vec<Found>,
    /// Folders that were visited: links may lead back.
    folders: HashSet<Identity>,
}

impl Listing<'_> {
    /// Lists a folder and those below; `below` is its path below the place's folder.
    fn folder(&mut self, folder: &Path, below: &mut Vec<String>) -> Result<(), String> {
        let metadata = fs::metadata(folder).map_err(|error| problem(folder, &error))?;
        if !self.folders.insert((metadata.dev(), metadata.ino())) {
            return Ok(());
        }
        for entry in fs::read_dir(folder).map_err(|error| problem(folder, &error))? {
            let entry = entry.map_err(|error| problem(folder, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(['.', '_']) {
                continue;
            }
            below.push(name);
            let listed = self.entry(&entry.path(), below);
            below.pop();
            listed?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, below: &mut Vec<String>) -> Result<(), String> {
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            // Gone since, or a link to nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(problem(path, &error)),
        };
        if !metadata.is_dir() {
            if self.is_wanted(below) {
                self.found.push(Found { path: path.to_owned(), metadata });
            }
            return Ok(());
        }
        if self.may_hold_wanted(below) { self.folder(path, below) } else { Ok(()) }
    }

    fn is_wanted(&self, below: &[String]) -> bool {
        is_wanted(self.place, &below.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn may_hold_wanted(&self, below: &[String]) -> bool {
        let Place::Pattern { glob, .. } = self.place else { return true };
        let parts: Vec<_> = below.iter().map(String::as_str).collect();
        glob.may_match_below(&parts) || self.is_wanted(below)
    }
}
