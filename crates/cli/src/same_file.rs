//! Refuses an output that is the same file as another output or as an input: one would eat the other.
//!
//! A file is known by device and inode, so that links are seen; one that is not there yet, by its folder and
//! name. Devices such as `/dev/null` and terminals may be named as often as one likes.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::mistakes::Mistakes;

/// Longest chain of symbolic links, as in Linux.
const MAX_LINKS: usize = 40;

/// Whether a path is the word for a standard stream.
pub(crate) fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// The files of a command line.
#[derive(Debug, Default)]
pub(crate) struct Files {
    inputs: Vec<(String, Identity)>,
    outputs: Vec<Output>,
}

#[derive(Debug)]
struct Output {
    flag: &'static str,
    /// What goes there, such as `the ledger`.
    what: &'static str,
    path: PathBuf,
    identity: Option<Identity>,
}

#[derive(Debug, PartialEq)]
enum Identity {
    Inode { device: u64, inode: u64 },
    NotThereYet(PathBuf),
}

impl Files {
    /// Adds files to read; none or `-` is standard input.
    pub(crate) fn inputs<'a>(&mut self, paths: impl IntoIterator<Item = &'a PathBuf>) {
        let before = self.inputs.len();
        let mut is_none = true;
        for path in paths {
            is_none = false;
            self.input(path);
        }
        if is_none && self.inputs.len() == before {
            self.input(Path::new("-"));
        }
    }

    /// Adds a file to read; `-` is standard input.
    pub(crate) fn input(&mut self, path: &Path) {
        if is_stream(path) {
            self.setting("standard input", Path::new("/dev/stdin"));
        } else {
            self.setting(&format!("the input {}", path.display()), path);
        }
    }

    /// Adds a file that is read for another purpose, such as a certificate.
    pub(crate) fn setting(&mut self, what: &str, path: &Path) {
        self.inputs.extend(identity(path).map(|identity| (what.to_owned(), identity)));
    }

    /// Adds a file to write `what` to; `-` is standard output.
    pub(crate) fn output(&mut self, flag: &'static str, what: &'static str, path: &Path) {
        let identity = identity(if is_stream(path) { Path::new("/dev/stdout") } else { path });
        self.outputs.push(Output { flag, what, path: path.to_owned(), identity });
    }

    /// Notes each output that is no file of its own; true if there is none.
    pub(crate) fn check(&self, mistakes: &mut Mistakes) -> bool {
        let mut are_apart = true;
        for (at, output) in self.outputs.iter().enumerate() {
            let clash = self.outputs[..at].iter().find_map(|other| output.clash_with(other));
            if let Some(problem) = clash.or_else(|| self.input_clash(output)) {
                mistakes.add(output.flag, problem);
                are_apart = false;
            }
        }
        are_apart
    }

    fn input_clash(&self, output: &Output) -> Option<String> {
        let wanted = output.identity.as_ref()?;
        let (what, _) = self.inputs.iter().find(|(_, identity)| identity == wanted)?;
        Some(format!(
            "{} is the same file as {what}: it would be overwritten, or feed on itself; name another file",
            output.name()
        ))
    }
}

impl Output {
    fn name(&self) -> String {
        if is_stream(&self.path) { "standard output".to_owned() } else { self.path.display().to_string() }
    }

    fn clash_with(&self, other: &Output) -> Option<String> {
        if is_stream(&self.path) && is_stream(&other.path) {
            return Some(format!("standard output carries {} already; name a file", other.what));
        }
        let is_same = self.identity.is_some() && self.identity == other.identity;
        is_same.then(|| {
            format!(
                "{} is the same file as {}, where {} goes: one would spoil the other; name another file",
                self.name(),
                other.name(),
                other.what
            )
        })
    }
}

/// What a path leads to; nothing where it may be shared.
fn identity(path: &Path) -> Option<Identity> {
    match fs::metadata(path) {
        Ok(meta) if may_be_shared(path, &meta) => None,
        Ok(meta) => Some(Identity::Inode { device: meta.dev(), inode: meta.ino() }),
        Err(_) => not_there_yet(path),
    }
}

/// Devices, and the pipes and sockets behind `/dev/stdin` and its like.
fn may_be_shared(path: &Path, meta: &Metadata) -> bool {
    let kind = meta.file_type();
    let is_stream = path.starts_with("/dev") || path.starts_with("/proc");
    kind.is_char_device() || kind.is_socket() || (kind.is_fifo() && is_stream)
}

/// Folder and name that creating the file would give it, behind links that lead nowhere yet.
fn not_there_yet(path: &Path) -> Option<Identity> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        match fs::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Some(Identity::NotThereYet(folder.join(path.file_name()?))),
        }
    }
    None
}
