//! Answers as a Go server writes them: plain text with a final newline, `nosniff`, nothing behind a 204.

use bytes::Bytes;
use http::header::{
    ALLOW, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};

use crate::fault::ScriptedAnswer;

/// Where a scripted redirect points when the script does not say.
const ELSEWHERE: HeaderValue = HeaderValue::from_static("/elsewhere");

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = status;
    answer
}

/// An error in the server's words.
pub(crate) fn text(status: StatusCode, words: &str) -> Response<Bytes> {
    let mut answer = with_body(status, "text/plain; charset=utf-8", format!("{words}\n"));
    answer.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// An answer of a content type.
pub(crate) fn with_body(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// 401, with the scheme that is asked for.
pub(crate) fn unauthorized(scheme: &'static str) -> Response<Bytes> {
    let mut answer = text(StatusCode::UNAUTHORIZED, "Unauthorized");
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    answer
}

/// 405, with the methods that are allowed.
pub(crate) fn wrong_method(allowed: &'static str) -> Response<Bytes> {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

/// What a script says.
pub(crate) fn scripted(script: &ScriptedAnswer) -> Response<Bytes> {
    let name = script.status.canonical_reason().unwrap_or("scripted");
    let mut answer = match &script.body {
        None if script.status.is_success() => empty(script.status),
        body => text(script.status, body.as_deref().unwrap_or(name)),
    };
    let location = script.location.clone().or_else(|| script.status.is_redirection().then_some(ELSEWHERE));
    let extra: [(HeaderName, Option<HeaderValue>); 2] =
        [(RETRY_AFTER, script.retry_after.clone()), (LOCATION, location)];
    for (name, value) in extra {
        if let Some(value) = value {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}
