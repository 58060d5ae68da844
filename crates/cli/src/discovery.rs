//! Where a scraper finds this process: targets as Prometheus' service discovery reads them, from a file or over HTTP.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::json;

/// A file with the listener's address for `file_sd_configs`. It is there as long as this value.
#[derive(Debug)]
pub(crate) struct TargetFile(PathBuf);

impl TargetFile {
    /// Writes the file: whole, or not at all, for a Prometheus may read it at any time.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(path: &Path, targets: &str) -> anyhow::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
        let written = std::fs::write(&beside, targets).and_then(|()| std::fs::rename(&beside, path));
        if written.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        written.with_context(|| format!("cannot write the target file {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for TargetFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!("cannot remove the target file {}: {error}", self.0.display());
        }
    }
}

/// The targets of a listener: one, with what the process does.
pub(crate) fn targets(address: SocketAddr, command: &str) -> String {
    let host = if address.ip().is_unspecified() { host_name() } else { None };
    let target = match host {
        Some(host) => format!("{host}:{}", address.port()),
        None => address.to_string(),
    };
    format!("{}\n", json!([{"targets": [target], "labels": {"command": command}}]))
}

/// The machine's name, for a listener on all of its addresses.
fn host_name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_file_is_there_as_long_as_it_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("narthex.json");
        let text = targets(SocketAddr::from(([127, 0, 0, 1], 9464)), "run");
        assert_eq!(text, "[{\"labels\":{\"command\":\"run\"},\"targets\":[\"127.0.0.1:9464\"]}]\n");
        let file = TargetFile::write(&path, &text).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        drop(file);
        assert!(!path.exists());
        assert!(TargetFile::write(&folder.path().join("none/x"), &text).is_err());
        let everywhere = targets(SocketAddr::from(([0, 0, 0, 0], 9464)), "run");
        assert!(everywhere.contains(":9464") && !everywhere.contains("0.0.0.0"), "{everywhere}");
    }
}
