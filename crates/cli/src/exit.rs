//! Exit codes, and how a result becomes one.

use std::io::Write;
use std::process::ExitCode;

use crate::mistakes::Mistakes;
use crate::sql::JobMistakes;

/// Wrong flags, options or SQL (`EX_USAGE` of sysexits).
pub(crate) const USAGE: u8 = 64;

/// Runs a command on a multi-threaded runtime.
pub(crate) fn in_runtime(
    command: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(command);
    // A thread may still wait for input that never comes.
    runtime.shutdown_background();
    result
}

/// The exit code; an error is printed with its causes on one line, mistakes one a line.
pub(crate) fn code_of(result: anyhow::Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            if let Some(mistakes) = error.downcast_ref::<JobMistakes>() {
                let _ = writeln!(std::io::stderr(), "{mistakes}");
                return ExitCode::from(USAGE);
            }
            let is_usage = error.downcast_ref::<Mistakes>().is_some();
            let _ = writeln!(std::io::stderr(), "narthex: {error:#}");
            if is_usage { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
        }
    }
}
