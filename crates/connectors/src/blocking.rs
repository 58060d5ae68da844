//! Writes that may wait for a disk or a pipe, off the threads that must not wait.

use narthex_engine::Error;

/// Runs what blocks, on a thread where that is allowed.
///
/// # Errors
/// Those of `run`, and when the runtime is going down.
pub(crate) async fn blocking<T: Send + 'static>(
    table: &str,
    run: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let ended = tokio::task::spawn_blocking(run).await;
    ended.unwrap_or_else(|error| Err(sink_error(table, format!("its writer ended unexpectedly: {error}"))))
}

/// A table that could not be written.
pub(crate) fn sink_error(table: &str, cause: impl Into<String>) -> Error {
    Error::Sink { table: table.to_owned(), cause: cause.into() }
}
