//! Finding the server's binary and a port, and a child process that cannot outlive the test.

use std::collections::hash_map::RandomState;
use std::env;
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

use super::Version;

/// The binary of `version`: by environment variable, else on PATH (2.x), else in the cache that
/// `scripts/setup.sh` fills.
pub(super) fn locate(version: Version) -> anyhow::Result<PathBuf> {
    let variable = format!("NARTHEX_PROMETHEUS_{}", version.major());
    if let Some(path) = env::var_os(&variable).filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        let found =
            version_of(&path).with_context(|| format!("cannot run {variable}=\"{}\"", path.display()))?;
        return if is_version(&found, version) {
            Ok(path)
        } else {
            bail!("{variable}=\"{}\" is version {found}", path.display())
        };
    }
    let on_path =
        env::var_os("PATH").into_iter().flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
    let mut candidates: Vec<PathBuf> = on_path.map(|folder| folder.join("prometheus")).collect();
    candidates.push(match version {
        Version::V2_42 => cache()?.join("prometheus-2/prometheus"),
        Version::V3 => cache()?.join("prometheus-3/current/prometheus"),
    });
    if version == Version::V3 {
        candidates.reverse(); // the pinned one before any other 3.x
    }
    candidates
        .into_iter()
        .find(|path| path.is_file() && version_of(path).is_ok_and(|found| is_version(&found, version)))
        .with_context(|| format!("not on this machine; run scripts/setup.sh test, or set {variable}"))
}

/// promtool: by `NARTHEX_PROMTOOL`, else on PATH, else in the cache that `scripts/setup.sh` fills.
pub(super) fn promtool() -> anyhow::Result<PathBuf> {
    if let Some(path) = env::var_os("NARTHEX_PROMTOOL").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> =
        env::split_paths(&path).map(|folder| folder.join("promtool")).collect();
    candidates.push(cache()?.join("prometheus-2/promtool"));
    let found = candidates.into_iter().find(|path| path.is_file());
    found.context("promtool is not on this machine; run scripts/setup.sh test, or set NARTHEX_PROMTOOL")
}

fn cache() -> anyhow::Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(base.join("narthex"))
}

/// `2.42.0+ds` from `prometheus, version 2.42.0+ds (branch: …`; 2.x prints it on stdout or stderr.
fn version_of(binary: &Path) -> anyhow::Result<String> {
    let output = Command::new(binary).arg("--version").stdin(Stdio::null()).output()?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let version =
        text.split_once("prometheus, version ").and_then(|(_, rest)| rest.split_whitespace().next());
    Ok(version.context("it prints no version of Prometheus")?.to_owned())
}

fn is_version(found: &str, wanted: Version) -> bool {
    found.split('.').next().is_some_and(|major| major == wanted.major().to_string())
}

/// A loopback port that is free now.
///
/// Below 32768, outside the range from which systems give ports to clients: a port from within (what binding to
/// port 0 yields) could be taken by any connection while the server is down, even by a client's retry to that
/// very port, which on loopback then talks to itself.
pub(super) fn free_port() -> anyhow::Result<u16> {
    for _ in 0..1000 {
        let random = RandomState::new().build_hasher().finish();
        let port = 15_000 + (random % 17_000) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port between 15000 and 32000")
}

/// A child process that is killed on drop, and when the test process itself is killed.
#[derive(Debug)]
pub(super) struct Guarded {
    child: Child,
    /// A shell that waits for the end of its standard input, which comes when this process dies, then kills.
    watchdog: Child,
}

impl Guarded {
    pub(super) fn spawn(command: &mut Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_owned();
        let mut child = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let watchdog = Command::new("sh")
            .args(["-c", "read -r _; kill -9 \"$0\"", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match watchdog {
            Ok(watchdog) => Ok(Self { child, watchdog }),
            Err(error) => {
                child.kill()?;
                child.wait()?;
                Err(error).context("cannot start sh")
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn is_running(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Kills and reaps both; the watchdog first, since the child's id may go to another process afterwards.
    pub(super) fn kill(&mut self) -> anyhow::Result<()> {
        self.watchdog.kill()?;
        self.watchdog.wait()?;
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // Nobody could act on a failure here; killing what has ended already is none.
        let _ = self.kill();
    }
}
