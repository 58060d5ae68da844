//! The functions that Java calls: `io.narthex.flink.internal.NativeSink`, method by method.
//!
//! Each takes what Java gave apart, finds the handle, and calls the method of the same name there.

use std::sync::Arc;
use std::time::Duration;

use jni::objects::{JByteArray, JByteBuffer, JClass, JObject, JString};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, EnvUnowned};
use narthex_sink::Signer;

use crate::callback::{self, JavaSigner};
use crate::error::{Error, Result};
use crate::guard::{catching, enter};
use crate::handle::Handle;
use crate::log::LogUse;
use crate::registry::Registry;

static HANDLES: Registry<Open> = Registry::new();

/// A sink, and the log that it needs for as long as it lives.
#[derive(Debug)]
struct Open {
    handle: Handle,
    _log: LogUse,
}

/// `long open(String[] options, NativeCallback callback)`
#[unsafe(no_mangle)]
extern "system" fn Java_io_narthex_flink_internal_NativeSink_open<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    options: JObject<'local>,
    callback: JObject<'local>,
) -> jlong {
    enter(env, |env| {
        let log = LogUse::begin(env)?;
        let options = callback::strings(env, options)?;
        let signer: Option<Arc<dyn Signer>> = if callback.is_null() {
            None
        } else {
            let callback = env.new_global_ref(callback)?;
            Some(Arc::new(JavaSigner::start(env.get_java_vm()?, callback)?))
        };
        Ok(HANDLES.insert(Open { handle: Handle::open(&options, signer)?, _log: log }))
    })
}

/// `int send(long handle, ByteBuffer buffer, int from, int to, long waitMillis, boolean force)`
#[unsafe(no_mangle)]
extern "system" fn Java_io_narthex_flink_internal_NativeSink_send<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    handle: jlong,
    buffer: JByteBuffer<'local>,
    from: jint,
    to: jint,
    wait_millis: jlong,
    force: jboolean,
) -> jint {
    enter(env, |env| {
        with(handle, |sink| {
            let records = region(env, &buffer, from, to)?;
            let taken = sink.send(records, millis(wait_millis), force).map_err(|error| match error {
                Error::Record { at, problem } => Error::Record { at: at + from as usize, problem },
                other => other,
            })?;
            Ok(from + taken as jint)
        })
    })
}

/// `boolean flush(long handle, long waitMillis)`
#[unsafe(no_mangle)]
extern "system" fn Java_io_narthex_flink_internal_NativeSink_flush<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    handle: jlong,
    wait_millis: jlong,
) -> jboolean {
    enter(env, |_| with(handle, |sink| sink.flush(millis(wait_millis))))
}

/// `byte[] unsettled(long handle)`
#[unsafe(no_mangle)]
extern "system" fn Java_io_narthex_flink_internal_NativeSink_unsettled<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    handle: jlong,
) -> jni::sys::jbyteArray {
    enter(env, |env| {
        let records = with(handle, Handle::unsettled)?;
        let array: JByteArray<'_> = env.byte_array_from_slice(&records)?;
        Ok(Raw(array.into_raw()))
    })
    .0
}

/// `void check(long handle)`
#[unsafe(no_mangle)]
extern "system" fn Java_io_narthex_flink_internal_NativeSink_check<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    handle: jlong,
) {
    enter(env, |_| with(handle, Handle::check));
}

/// `String ledger(long handle)`
#[unsafe(no_mangle)]
extern "system" fn Java_io_narthex_flink_internal_NativeSink_ledger<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    handle: jlong,
) -> jni::sys::jstring {
    enter(env, |env| text(env, &with(handle, Handle::ledger)?)).0
}

/// `String close(long handle, long drainMillis)`
#[unsafe(no_mangle)]
extern "system" fn Java_io_narthex_flink_internal_NativeSink_close<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    handle: jlong,
    drain_millis: jlong,
) -> jni::sys::jstring {
    enter(env, |env| {
        let open = HANDLES.remove(handle)?;
        let ledger = open.handle.close(millis(drain_millis))?;
        drop(open); // the last lines reach the log before the call returns
        text(env, &ledger)
    })
    .0
}

/// `void panic(long handle)`: for tests of what becomes of a panic.
#[unsafe(no_mangle)]
extern "system" fn Java_io_narthex_flink_internal_NativeSink_panic<'local>(
    env: EnvUnowned<'local>,
    _class: JClass<'local>,
    handle: jlong,
) {
    #[expect(clippy::panic, reason = "that is what it is for")]
    enter(env, |_| with(handle, |_| -> Result<()> { panic!("a test asked for this panic") }));
}

/// Calls the handle; a panic leaves it failed.
fn with<T>(handle: jlong, call: impl FnOnce(&Handle) -> Result<T>) -> Result<T> {
    let open = HANDLES.find(handle)?;
    let result = catching(|| call(&open.handle));
    if let Err(Error::Panicked(said)) = &result {
        open.handle.fail(said);
    }
    result
}

/// A time of Java's; what is below zero is none.
fn millis(millis: jlong) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// The bytes of a direct buffer between two positions.
fn region<'a>(env: &Env<'_>, buffer: &'a JByteBuffer<'_>, from: jint, to: jint) -> Result<&'a [u8]> {
    let capacity = env.get_direct_buffer_capacity(buffer);
    let address = env.get_direct_buffer_address(buffer);
    let (Ok(capacity), Ok(address)) = (capacity, address) else {
        return Err(Error::Buffer("it is no direct buffer".to_owned()));
    };
    let (begin, end) = (usize::try_from(from), usize::try_from(to));
    match (begin, end) {
        (Ok(begin), Ok(end)) if begin <= end && end <= capacity => {
            // SAFETY: the JVM says that `capacity` bytes lie at `address`, and the range is within them. The
            // buffer is reachable from Java's frame until this call returns, and Java's one thread that writes
            // to it is the one that is here.
            Ok(unsafe { std::slice::from_raw_parts(address.add(begin), end - begin) })
        }
        _ => Err(Error::Buffer(format!("{from} to {to} is no part of its {capacity} bytes"))),
    }
}

/// A reference that goes to Java; null where an exception is thrown.
struct Raw<T>(*mut T);

impl<T> Default for Raw<T> {
    fn default() -> Self {
        Self(std::ptr::null_mut())
    }
}

fn text(env: &mut Env<'_>, text: &str) -> Result<Raw<jni::sys::_jobject>> {
    let string: JString<'_> = env.new_string(text)?;
    Ok(Raw(string.into_raw()))
}
