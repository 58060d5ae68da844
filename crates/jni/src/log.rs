//! What the sink logs, handed to Java: `NativeLog.log(level, target, message)`, on a thread of its own.
//!
//! The queue is bounded and never waited for: whoever logs goes on, and lines beyond the bound are counted. The
//! thread lives while a sink is open. It holds a reference to a class of the job's, and a class loader can only
//! be freed when nobody does.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::time::Duration;

use jni::objects::JClass;
use jni::refs::Global;
use jni::vm::JavaVM;
use jni::{Env, JValue, jni_sig, jni_str};
use parking_lot::{Mutex, RwLock};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::daemon;

/// Lines that wait for Java.
const QUEUE: usize = 1024;
/// Longest message that is handed over; the receiver's words are cut earlier.
const LONGEST: usize = 8 * 1024;
/// Longest wait for the last lines when the last sink is closed.
const LAST_LINES: Duration = Duration::from_secs(1);

static LINES: RwLock<Option<SyncSender<Line>>> = RwLock::new(None);
static DROPPED: AtomicU64 = AtomicU64::new(0);
static USERS: Mutex<Users> = Mutex::new(Users { sinks: 0, ended: None });

struct Users {
    sinks: usize,
    /// Hung up when the thread has handed over its last line.
    ended: Option<Receiver<()>>,
}

struct Line {
    level: i32,
    target: &'static str,
    message: String,
}

/// Keeps the log flowing for as long as it lives.
#[derive(Debug)]
pub(crate) struct LogUse(());

impl LogUse {
    /// Begins to hand lines over, unless another sink did.
    pub(crate) fn begin(env: &mut Env<'_>) -> crate::error::Result<Self> {
        // Another subscriber would be one of this very library: nobody else can see its `tracing`.
        let _ = tracing::subscriber::set_global_default(ToJava);
        let mut users = USERS.lock();
        if users.ended.is_none() {
            // From a native method this asks the class loader of the class that declares it.
            let class = env.find_class(jni_str!("io/narthex/flink/internal/NativeLog"))?;
            let class = env.new_global_ref(class)?;
            let (lines, queue) = sync_channel(QUEUE);
            let (ends, ended) = channel::<()>();
            let vm = env.get_java_vm()?;
            daemon::spawn(vm, "narthex-log", move |vm| {
                hand_over(vm, &class, &queue);
                drop(class); // while the thread is attached
                drop(ends);
            })?;
            users.ended = Some(ended);
            *LINES.write() = Some(lines);
        }
        users.sinks += 1;
        Ok(Self(()))
    }
}

impl Drop for LogUse {
    fn drop(&mut self) {
        let mut users = USERS.lock();
        users.sinks -= 1;
        if users.sinks == 0 {
            // The thread ends when it has handed over what is left.
            *LINES.write() = None;
            if let Some(ended) = users.ended.take() {
                let _ = ended.recv_timeout(LAST_LINES); // nothing is ever sent: it ends either way
            }
        }
    }
}

fn hand_over(vm: &JavaVM, class: &Global<JClass<'static>>, queue: &Receiver<Line>) {
    for line in queue {
        let mut message = line.message;
        let dropped = DROPPED.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let _ = write!(message, " ({dropped} lines before this one were dropped: the log is too slow)");
        }
        // A log that throws must not stop the sink, and there is nobody else to tell.
        let _ = daemon::call(vm, |env| {
            let (target, message) = (env.new_string(line.target)?, env.new_string(&message)?);
            env.call_static_method(
                class,
                jni_str!("log"),
                jni_sig!("(ILjava/lang/String;Ljava/lang/String;)V"),
                &[JValue::Int(line.level), JValue::Object(target.as_ref()), JValue::Object(message.as_ref())],
            )?;
            Ok(())
        });
    }
}

/// Takes events from INFO on; spans are not used here.
struct ToJava;

impl Subscriber for ToJava {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(tracing::level_filters::LevelFilter::INFO)
    }

    fn event(&self, event: &Event<'_>) {
        let lines = LINES.read();
        let Some(lines) = lines.as_ref() else { return };
        let mut text = Text::default();
        event.record(&mut text);
        let level = level(*event.metadata().level());
        let line = Line { level, target: event.metadata().target(), message: text.cut() };
        if lines.try_send(line).is_err() {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// 1 is an error, 5 a trace.
fn level(level: Level) -> i32 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

/// The message, then the other fields as `name=value`.
#[derive(Default)]
struct Text(String);

impl Text {
    fn cut(mut self) -> String {
        if self.0.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|&end| self.0.is_char_boundary(end)).unwrap_or(0);
            self.0.truncate(end);
            self.0.push('…');
        }
        self.0
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = if field.name() == "message" {
            write!(self.0, "{value:?}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
    }
}
