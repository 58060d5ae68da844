//! Keeps panics inside: whatever a call does, Java gets a value or an exception.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use jni::strings::JNIString;
use jni::{Env, EnvUnowned, Outcome, jni_str};

use crate::error::{Error, Result};

thread_local! {
    /// What the last panic of this thread said, and where.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs a call of Java's. An error or a panic becomes a pending `PrometheusSinkException`, and the default is
/// returned, which Java never sees.
pub(crate) fn enter<T: Default>(mut env: EnvUnowned<'_>, call: impl FnOnce(&mut Env<'_>) -> Result<T>) -> T {
    note_panics();
    let outcome = env.with_env(|env| match catching(|| call(env)) {
        Ok(value) => Ok(value),
        Err(error) => {
            throw(env, &error);
            Err(jni::errors::Error::JavaException)
        }
    });
    match outcome.into_outcome() {
        Outcome::Ok(value) => value,
        // Thrown already. A panic while throwing leaves what the JVM itself has thrown, if anything.
        Outcome::Err(_) | Outcome::Panic(_) => T::default(),
    }
}

/// Runs `call`; a panic is an error that says what it said and where.
pub(crate) fn catching<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
        let said = LAST_PANIC.take().unwrap_or_else(|| "it panicked without a word".to_owned());
        Err(Error::Panicked(said))
    })
}

fn throw(env: &mut Env<'_>, error: &Error) {
    if env.exception_check() {
        return; // Java's own exception says more
    }
    let message = JNIString::new(error.to_string());
    let thrown = env
        .find_class(jni_str!("io/narthex/flink/PrometheusSinkException"))
        .and_then(|class| env.throw_new(class, &message));
    if !env.exception_check() {
        // The connector's class is not there: better a plain exception than none.
        let text = JNIString::new(format!("{error} (and no PrometheusSinkException: {thrown:?})"));
        let _ = env.throw_new(jni_str!("java/lang/RuntimeException"), &text);
    }
}

/// Has every panic remembered with its place, and logged: those of the sink's own threads reach nobody else.
fn note_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let said = panic.payload_as_str().unwrap_or("no message");
            let place = panic.location().map_or_else(|| "somewhere".to_owned(), ToString::to_string);
            let text = format!("panicked at {place}: {said}");
            tracing::error!("{text}; this is a defect of narthex, please report it");
            LAST_PANIC.set(Some(text));
        }));
    });
}
