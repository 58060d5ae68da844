//! Options from Java: keys and values in turn, names as in the list of options, and a few that are not in it.

use std::sync::Arc;

use narthex_sink::{PrometheusSink, PrometheusSinkBuilder, Signer};

use crate::error::{Error, Result};

/// The receiver's URL.
const URL: &str = "metric.endpoint-url";
/// `true` when the job was restored: its source may send again what was written.
const AFTER_RESTART: &str = "after-restart";
/// The `User-Agent`.
const USER_AGENT: &str = "user-agent";
/// Every request panics, on a thread of the sink, with this message: for tests. A release build has no such option.
#[cfg(debug_assertions)]
const PANIC: &str = "test.panic";

/// A builder with all options set. Mistakes are found when it builds, all together.
///
/// # Errors
/// When a key has no value.
pub fn builder(options: &[String], signer: Option<Arc<dyn Signer>>) -> Result<PrometheusSinkBuilder> {
    let (pairs, over) = options.as_chunks::<2>();
    if !over.is_empty() {
        return Err(Error::OddOptions(options.len()));
    }
    let url = pairs.iter().rfind(|[key, _]| key == URL).map_or("", |[_, url]| url);
    let mut builder = PrometheusSink::builder(url);
    for [key, value] in pairs {
        builder = match key.as_str() {
            URL => builder,
            USER_AGENT => builder.user_agent(value),
            AFTER_RESTART => builder.after_restart(value == "true"),
            #[cfg(debug_assertions)]
            PANIC => builder.signer(Arc::new(Panics(value.clone()))),
            _ => builder.set(key, value),
        };
    }
    Ok(match signer {
        Some(signer) => builder.signer(signer),
        None => builder,
    })
}

/// Stands where each request passes on its way out.
#[cfg(debug_assertions)]
#[derive(Debug)]
struct Panics(String);

#[cfg(debug_assertions)]
impl Signer for Panics {
    fn sign<'a>(
        &'a self,
        _head: &'a mut http::request::Parts,
        _body: &'a [u8],
        _now_ms: i64,
    ) -> narthex_sink::BoxFuture<'a, std::result::Result<(), narthex_sink::SignError>> {
        #[expect(clippy::panic, reason = "that is what it is for")]
        Box::pin(async move { panic!("{}", self.0) })
    }
}
