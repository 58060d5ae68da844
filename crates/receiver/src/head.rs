//! What the head of a write request says: method, media type, encoding, attempt, credentials.

use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};

const V1_MESSAGE: &str = "prometheus.WriteRequest";
const V2_MESSAGE: &str = "io.prometheus.write.v2.Request";
const RETRY_ATTEMPT: &str = narthex_protocol::headers::RETRY_ATTEMPT;

/// Judges `Content-Type` and `Content-Encoding` as 3.15 does: letter by letter, a missing one is fine, and a
/// parameter counts only when it begins with `proto=` (a space before it hides it). The error is the text
/// of the 415.
pub(crate) fn check_media_type(headers: &HeaderMap) -> Result<(), String> {
    let message = message_of(text_of(headers, &CONTENT_TYPE))?;
    if message != V1_MESSAGE {
        return Err(format!(
            "{message} protobuf message is not accepted by this server; only accepts {V1_MESSAGE}"
        ));
    }
    match text_of(headers, &CONTENT_ENCODING) {
        "" | "snappy" => Ok(()),
        other => Err(format!(
            "{other} encoding (compression) is not accepted by this server; only snappy is acceptable"
        )),
    }
}

fn message_of(content_type: &str) -> Result<&'static str, String> {
    let mut parts = content_type.split(';');
    let media_type = parts.next().unwrap_or_default();
    if content_type.is_empty() {
        return Ok(V1_MESSAGE);
    }
    if media_type.trim() != "application/x-protobuf" {
        return Err(format!(
            "expected application/x-protobuf as the first (media) part, got {content_type} content-type"
        ));
    }
    match parts.find_map(|part| part.strip_prefix("proto=")) {
        None | Some(V1_MESSAGE) => Ok(V1_MESSAGE),
        Some(V2_MESSAGE) => Ok(V2_MESSAGE),
        Some(other) => {
            Err(format!("got {content_type} content type; unknown remote write protobuf message {other}"))
        }
    }
}

fn text_of<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// `Retry-Attempt`; zero when it is missing or no number.
pub(crate) fn attempt(headers: &HeaderMap) -> u32 {
    headers.get(RETRY_ATTEMPT).and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok()).unwrap_or_default()
}

/// Whether the request shows what is asked for.
pub(crate) fn is_authorized(headers: &HeaderMap, wanted: &str) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|shown| shown.as_bytes() == wanted.as_bytes())
}
