//! A signer in Java: called once per attempt, on a thread of its own, one call at a time.

use std::fmt;
use std::sync::mpsc;

use http::{HeaderName, HeaderValue};
use jni::objects::{JByteArray, JObject, JObjectArray, JString};
use jni::refs::Global;
use jni::vm::JavaVM;
use jni::{Env, JValue, jni_sig, jni_str};
use narthex_sink::{BoxFuture, SignError, Signer};
use tokio::sync::oneshot;

use crate::daemon;

/// Java strings, names and values in turn.
type Headers = Vec<String>;

struct Job {
    headers: Headers,
    body: Vec<u8>,
    answer: oneshot::Sender<Result<Headers, String>>,
}

/// Asks `NativeCallback.sign`. Its thread ends when the sink is gone.
pub(crate) struct JavaSigner(mpsc::Sender<Job>);

impl fmt::Debug for JavaSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JavaSigner")
    }
}

impl JavaSigner {
    /// Starts the thread that calls `callback`.
    pub(crate) fn start(vm: JavaVM, callback: Global<JObject<'static>>) -> std::io::Result<Self> {
        let (jobs, queue) = mpsc::channel::<Job>();
        daemon::spawn(vm, "narthex-sign", move |vm| {
            for job in queue {
                let signed = daemon::call(vm, |env| sign(env, &callback, &job.headers, &job.body));
                // An attempt that was given up wants no answer.
                let _ = job.answer.send(signed);
            }
            drop(callback); // while the thread is attached
        })?;
        Ok(Self(jobs))
    }
}

impl Signer for JavaSigner {
    fn sign<'a>(
        &'a self,
        head: &'a mut http::request::Parts,
        body: &'a [u8],
        _now_ms: i64,
    ) -> BoxFuture<'a, Result<(), SignError>> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let headers = texts(head);
            let is_sent = self.0.send(Job { headers, body: body.to_vec(), answer }).is_ok();
            let answered = if is_sent { answered.await.ok() } else { None };
            let headers = match answered {
                Some(Ok(headers)) => headers,
                Some(Err(thrown)) => return Err(refused(format!("the request signer threw {thrown}"))),
                None => return Err(refused("the thread of the request signer has ended".to_owned())),
            };
            apply(head, headers).map_err(refused)
        })
    }
}

fn refused(message: String) -> SignError {
    SignError { message, is_retryable: false }
}

/// The headers as Java sees them. Bytes beyond ASCII are read as Latin-1, which loses none.
fn texts(head: &http::request::Parts) -> Headers {
    let text = |value: &HeaderValue| value.as_bytes().iter().map(|&byte| char::from(byte)).collect();
    head.headers.iter().flat_map(|(name, value)| [name.as_str().to_owned(), text(value)]).collect()
}

/// Makes the request's headers those that Java returned.
fn apply(head: &mut http::request::Parts, headers: Headers) -> Result<(), String> {
    let (pairs, over) = headers.as_chunks::<2>();
    if !over.is_empty() {
        return Err(format!(
            "the request signer returned {} names and values, one is missing",
            headers.len()
        ));
    }
    let mut map = http::HeaderMap::with_capacity(pairs.len());
    for [name, value] in pairs {
        let parsed = HeaderName::try_from(name.as_str()).map_err(|_| {
            format!("the request signer returned a header with the name {name:?}, which is none")
        })?;
        // The value may be a secret: it is not shown.
        let latin_1: Result<Vec<u8>, _> = value.chars().map(|c| u8::try_from(u32::from(c))).collect();
        let mut value =
            latin_1.ok().and_then(|bytes| HeaderValue::from_bytes(&bytes).ok()).ok_or_else(|| {
                format!("the request signer returned a value for {name} that no header can carry")
            })?;
        value.set_sensitive(true);
        map.append(parsed, value);
    }
    head.headers = map;
    Ok(())
}

fn sign(
    env: &mut Env<'_>,
    callback: &Global<JObject<'static>>,
    headers: &[String],
    body: &[u8],
) -> jni::errors::Result<Headers> {
    let array = JObjectArray::<JString<'_>>::new(env, headers.len(), JString::null())?;
    for (at, text) in headers.iter().enumerate() {
        let text = env.new_string(text)?;
        array.set_element(env, at, &text)?;
        env.delete_local_ref(text);
    }
    let body: JByteArray<'_> = env.byte_array_from_slice(body)?;
    let signed = env.call_method(
        callback,
        jni_str!("sign"),
        jni_sig!("([Ljava/lang/String;[B)[Ljava/lang/String;"),
        &[JValue::Object(array.as_ref()), JValue::Object(body.as_ref())],
    )?;
    strings(env, signed.l()?)
}

/// The strings of a `String[]`.
pub(crate) fn strings(env: &mut Env<'_>, array: JObject<'_>) -> jni::errors::Result<Vec<String>> {
    let array = env.cast_local::<JObjectArray<'_, JString<'_>>>(array)?;
    let mut strings = Vec::new();
    for at in 0..array.len(env)? {
        let text = array.get_element(env, at)?;
        strings.push(text.try_to_string(env)?);
        env.delete_local_ref(text);
    }
    Ok(strings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> http::request::Parts {
        let request = http::Request::post("http://h/w").header("a", "1").header("b", "2").body(());
        request.unwrap().into_parts().0
    }

    fn owned(texts: &[&str]) -> Headers {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn what_java_returns_replaces_what_it_was_given() {
        let mut head = head();
        assert_eq!(texts(&head), owned(&["a", "1", "b", "2"]));
        apply(&mut head, owned(&["a", "1", "X-Token", "s\u{e4}cret"])).unwrap();
        assert_eq!(texts(&head), owned(&["a", "1", "x-token", "s\u{e4}cret"]));
        assert!(head.headers["x-token"].is_sensitive());
    }

    #[test]
    fn headers_that_cannot_be_sent_are_refused_without_their_values() {
        for (headers, problem) in [
            (&["a"][..], "1 names and values, one is missing"),
            (&["a b", "1"], "the name \"a b\""),
            (&["a", "s3cret\n"], "a value for a"),
            (&["a", "s3cret\u{20ac}"], "a value for a"),
        ] {
            let mut head = head();
            let error = apply(&mut head, owned(headers)).unwrap_err();
            assert!(error.contains(problem) && !error.contains("s3cret"), "{error}");
            assert_eq!(texts(&head), owned(&["a", "1", "b", "2"]));
        }
    }
}
