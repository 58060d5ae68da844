//! Threads of Rust that call Java: attached as daemons, so that a JVM that ends does not wait for them.

use std::thread::Builder;

use jni::Env;
use jni::sys::{JNI_OK, JNI_VERSION_1_8, JavaVMAttachArgs};
use jni::vm::JavaVM;

/// Starts a thread that is attached to the JVM, as a daemon, for as long as `run` runs.
///
/// # Errors
/// When no thread can be started. Where it cannot be attached, `run` is not called.
pub(crate) fn spawn(
    vm: JavaVM,
    name: &'static str,
    run: impl FnOnce(&JavaVM) + Send + 'static,
) -> std::io::Result<()> {
    let thread = Builder::new().name(name.to_owned()).spawn(move || {
        let c_name = std::ffi::CString::new(name).unwrap_or_default();
        let mut args = JavaVMAttachArgs {
            version: JNI_VERSION_1_8,
            name: c_name.as_ptr().cast_mut(),
            group: std::ptr::null_mut(),
        };
        let raw = vm.get_raw();
        let mut env = std::ptr::null_mut();
        // SAFETY: `raw` is the running JVM; both pointers are to locals that outlive the call.
        let attached =
            unsafe { ((**raw).v1_4.AttachCurrentThreadAsDaemon)(raw, &mut env, (&raw mut args).cast()) };
        if attached != JNI_OK {
            return;
        }
        let _detach = Detach(&vm);
        run(&vm);
    });
    thread.map(drop)
}

/// Calls Java from an attached thread. What it throws is an error with its text.
pub(crate) fn call<T>(
    vm: &JavaVM,
    call: impl FnOnce(&mut Env<'_>) -> jni::errors::Result<T>,
) -> Result<T, String> {
    vm.attach_current_thread(|env| {
        let result = call(env);
        let Some(thrown) = env.exception_occurred() else {
            return Ok::<_, jni::errors::Error>(result.map_err(|error| error.to_string()));
        };
        env.exception_clear();
        let text = env
            .call_method(&thrown, jni::jni_str!("toString"), jni::jni_sig!("()Ljava/lang/String;"), &[])
            .and_then(|text| text.l())
            .and_then(|text| env.cast_local::<jni::objects::JString<'_>>(text))
            .and_then(|text| text.try_to_string(env));
        env.exception_clear();
        Ok(Err(text.unwrap_or_else(|error| format!("an exception without a text ({error})"))))
    })
    .map_err(|error| error.to_string())?
}

struct Detach<'a>(&'a JavaVM);

impl Drop for Detach<'_> {
    fn drop(&mut self) {
        let raw = self.0.get_raw();
        // SAFETY: this thread attached itself, and nothing of its frames is left. A failure changes nothing.
        let _ = unsafe { ((**raw).v1_1.DetachCurrentThread)(raw) };
    }
}
