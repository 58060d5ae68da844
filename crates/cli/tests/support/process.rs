//! The binary as a child process: what it says is collected while it runs, and it cannot outlive its test.

use std::ffi::OsStr;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Longest run of one child; those that hang are killed and fail their test.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// A running `narthex`.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Stream,
    stderr: Stream,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The exit code; none when a signal ended it.
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Ended {
    /// Standard output as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// A `narthex` that sees nothing of this process' environment that would change it.
pub(crate) fn narthex<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    clean(Command::new(env!("CARGO_BIN_EXE_narthex")), args)
}

/// A shell line with `narthex` as `"$0"` and the arguments as `"$@"`, for what needs redirections or limits.
pub(crate) fn shell<S: AsRef<OsStr>>(line: &str, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_narthex")]);
    clean(command, args)
}

fn clean<S: AsRef<OsStr>>(mut command: Command, args: impl IntoIterator<Item = S>) -> Command {
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(proxy).env_remove(proxy.to_lowercase());
    }
    command.env_remove("NARTHEX_LOG");
    command
}

/// Runs it with `input` on standard input until it ends by itself.
pub(crate) async fn run(command: Command, input: impl AsRef<[u8]>) -> Ended {
    let mut running = Running::start(command);
    running.feed(input.as_ref()).await;
    running.ended().await
}

impl Running {
    /// Starts it; standard input stays open until [`Self::end_input`].
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the binary starts");
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(Stream::collect).unwrap_or_default();
        let stderr = child.stderr.take().map(Stream::collect).unwrap_or_default();
        Self { child, stdin, stdout, stderr }
    }

    /// Writes to its standard input. It may have ended before it read everything.
    pub(crate) async fn feed(&mut self, input: &[u8]) {
        if let Some(stdin) = &mut self.stdin {
            let _ = stdin.write_all(input).await;
            let _ = stdin.flush().await;
        }
    }

    pub(crate) fn end_input(&mut self) {
        self.stdin = None;
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_none()
    }

    /// Sends a signal such as `TERM`.
    pub(crate) async fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status().await;
        assert!(sent.expect("kill").success());
    }

    /// Waits until it has said `text` on standard error.
    pub(crate) async fn says(&mut self, text: &str) {
        let found = self.stderr.until(|said| said.contains(text));
        timeout(ENDS_WITHIN, found)
            .await
            .unwrap_or_else(|_| panic!("never says {text:?}: {}", self.stderr()));
    }

    /// Waits until it has written `text` on standard output.
    pub(crate) async fn prints(&mut self, text: &str) {
        let found = self.stdout.until(|printed| printed.contains(text));
        timeout(ENDS_WITHIN, found)
            .await
            .unwrap_or_else(|_| panic!("never prints {text:?}: {}\n{}", self.stdout.text(), self.stderr()));
    }

    /// What it has said on standard error so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// The URL after `listening on`, once the line is whole.
    pub(crate) async fn admin_url(&mut self) -> String {
        self.says("\n").await;
        let said = self.stderr();
        let url = said.lines().next().and_then(|line| line.strip_prefix("listening on "));
        url.unwrap_or_else(|| panic!("it does not listen: {said}")).to_owned()
    }

    /// Resident memory in KiB.
    pub(crate) fn rss_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
    }

    /// Closes its input and waits for its end.
    pub(crate) async fn ended(mut self) -> Ended {
        self.end_input();
        self.ended_with_input_open().await
    }

    /// Waits for its end while its input stays open.
    pub(crate) async fn ended_with_input_open(mut self) -> Ended {
        if timeout(ENDS_WITHIN, self.child.wait()).await.is_err() {
            let said = self.stderr();
            self.child.kill().await.expect("kill");
            panic!("it does not end; it said: {said}");
        }
        self.ended_whenever().await
    }

    /// Waits for its end, however long that takes.
    pub(crate) async fn ended_whenever(mut self) -> Ended {
        let code = self.child.wait().await.expect("its status").code();
        drop(self.stdin.take());
        let stderr = String::from_utf8_lossy(&self.stderr.whole().await).into_owned();
        Ended { code, stdout: self.stdout.whole().await, stderr }
    }
}

/// Reads a pipe to its end, and lets others look at what has come.
#[derive(Debug, Default)]
struct Stream {
    shared: Arc<Shared>,
    task: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    bytes: Mutex<Vec<u8>>,
    grown: Notify,
}

impl Stream {
    fn collect(mut pipe: impl AsyncRead + Unpin + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let collected = shared.clone();
        let task = tokio::spawn(async move {
            let mut chunk = vec![0; 64 << 10];
            while let Ok(read @ 1..) = pipe.read(&mut chunk).await {
                collected
                    .bytes
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&chunk[..read]);
                collected.grown.notify_waiters();
            }
        });
        Self { shared, task: Some(task) }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shared.bytes.lock().unwrap_or_else(PoisonError::into_inner))
            .into_owned()
    }

    async fn until(&self, is_there: impl Fn(&str) -> bool) {
        loop {
            let grown = self.shared.grown.notified();
            if is_there(&self.text()) {
                return;
            }
            // A line may come between the look and the wait; a second look costs nothing.
            let _ = timeout(Duration::from_millis(50), grown).await;
        }
    }

    async fn whole(&mut self) -> Vec<u8> {
        if let Some(task) = self.task.take() {
            task.await.expect("the collector does not panic");
        }
        std::mem::take(&mut *self.shared.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
