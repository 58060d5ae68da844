//! Captures what is logged on this thread, so that a test can assert log lines.
//!
//! ```
//! let logs = narthex_testkit::logs::capture();
//! tracing::warn!("lost {} samples", 3);
//! assert_eq!(logs.at(tracing::Level::WARN), ["lost 3 samples"]);
//! ```

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// Lines logged by this thread since [`capture`], until it is dropped. Tasks of a current-thread runtime are
/// on the same thread.
#[derive(Debug)]
pub struct Logs {
    lines: Arc<Lines>,
    _guard: DefaultGuard,
}

#[derive(Debug, Default)]
struct Lines(Mutex<Vec<(Level, String)>>);

/// Begins to capture, from TRACE up.
pub fn capture() -> Logs {
    // Without a subscriber for all threads, a log line that another thread is the first to reach may be
    // remembered as of no interest to anybody. An error says that there is one already.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
    let lines = Arc::new(Lines::default());
    let subscriber = tracing_subscriber::registry().with(Capture(lines.clone()));
    Logs { lines, _guard: tracing::subscriber::set_default(subscriber) }
}

impl Logs {
    /// The messages of a level, with their fields, oldest first.
    pub fn at(&self, level: Level) -> Vec<String> {
        let lines = self.lines.lock();
        lines.iter().filter(|(at, _)| *at == level).map(|(_, line)| line.clone()).collect()
    }

    /// Everything, one line a message.
    pub fn text(&self) -> String {
        self.lines.lock().iter().map(|(level, line)| format!("{level} {line}\n")).collect()
    }
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, Vec<(Level, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Capture(Arc<Lines>);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Capture {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.0.lock().push((*event.metadata().level(), line.0));
    }
}

#[derive(Default)]
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}
