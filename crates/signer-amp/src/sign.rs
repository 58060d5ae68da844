//! One request, signed: SigV4 in headers, the body's hash among them.
//!
//! Settings are those of every service but S3: the path is normalised and encoded a second time in the
//! canonical request. Source: AWS General Reference, "Create a signed AWS API request".

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::request::Parts;
use narthex_client::SignError;
use url::Url;

/// What signing sets; older ones, of an attempt before, are removed first.
const OWN_HEADERS: [HeaderName; 4] = [
    AUTHORIZATION,
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-content-sha256"),
    HeaderName::from_static("x-amz-security-token"),
];
/// Left out of the signature, because a proxy may change or drop them on the way.
const UNSIGNED_HEADERS: [&str; 14] = [
    "baggage",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];
/// 9999-12-31: the last day whose year has four digits, as the date in a signature must.
const LAST_MS: i64 = 253_402_300_799_999;

/// The parts of a signature that do not change.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) region: String,
    pub(crate) service: String,
}

/// Signs the request as of `now_ms`, and writes its URL in the form that an HTTP client sends.
pub(crate) fn sign(
    head: &mut Parts,
    body: &[u8],
    identity: &Identity,
    scope: &Scope,
    now_ms: i64,
) -> Result<(), SignError> {
    let time = time(now_ms)?;
    let url = settle_url(head)?;
    for name in &OWN_HEADERS {
        head.headers.remove(name);
    }
    let params = v4::SigningParams::builder()
        .identity(identity)
        .region(&scope.region)
        .name(&scope.service)
        .time(time)
        .settings(settings())
        .build()
        .map_err(failed)?
        .into();
    // A value that is not text cannot be signed, and need not be.
    let headers = head.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let request =
        SignableRequest::new(head.method.as_str(), url.as_str(), headers, SignableBody::Bytes(body));
    let (instructions, _) =
        aws_sigv4::http_request::sign(request.map_err(failed)?, &params).map_err(failed)?.into_parts();
    let (headers, _) = instructions.into_parts();
    for header in headers {
        let mut value = HeaderValue::from_str(header.value()).map_err(failed)?;
        value.set_sensitive(header.sensitive() || header.name() == AUTHORIZATION.as_str());
        head.headers.insert(header.name(), value);
    }
    Ok(())
}

fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = PercentEncodingMode::Double;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Enabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings.excluded_headers = Some(UNSIGNED_HEADERS.map(Cow::Borrowed).to_vec());
    settings
}

/// HTTP clients resolve dot segments and encode what a URL may not hold; the server checks the signature against
/// that. So the same is done before signing, and the head keeps the result.
fn settle_url(head: &mut Parts) -> Result<Url, SignError> {
    let cannot = |cause: String| {
        permanent(format!("the url cannot be signed: {cause}; give an absolute http or https url"))
    };
    let mut url = Url::parse(&head.uri.to_string()).map_err(|e| cannot(e.to_string()))?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err(cannot("it has no host".into()));
    }
    // User info would become an `Authorization` header beside ours.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    head.uri = url.as_str().parse().map_err(|e: http::uri::InvalidUri| cannot(e.to_string()))?;
    Ok(url)
}

fn time(now_ms: i64) -> Result<SystemTime, SignError> {
    match u64::try_from(now_ms) {
        Ok(since_epoch) if now_ms <= LAST_MS => {
            Ok(SystemTime::UNIX_EPOCH + Duration::from_millis(since_epoch))
        }
        _ => Err(permanent(format!(
            "the clock shows {now_ms} ms since 1970, which no signature can hold; set the clock"
        ))),
    }
}

fn failed(error: impl std::error::Error + 'static) -> SignError {
    permanent(format!("{}; check the url, the headers and the credentials", crate::explain::one_line(&error)))
}

fn permanent(message: String) -> SignError {
    SignError { message, is_retryable: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_credential_types::Credentials;

    const NOW_MS: i64 = 1_700_000_000_000;

    fn signed_at(head: &mut Parts, now_ms: i64) -> Result<(), SignError> {
        let identity = Credentials::from_keys("AKID", "secret", Some("token".into())).into();
        sign(head, b"body", &identity, &Scope { region: "eu-west-1".into(), service: "aps".into() }, now_ms)
    }

    fn head(url: &str) -> Parts {
        http::Request::post(url).body(()).unwrap().into_parts().0
    }

    #[test]
    fn signing_twice_leaves_one_signature_of_the_second_time() {
        let mut again = head("https://example.com/write");
        signed_at(&mut again, NOW_MS).unwrap();
        signed_at(&mut again, NOW_MS + 60_000).unwrap();
        let mut once = head("https://example.com/write");
        signed_at(&mut once, NOW_MS + 60_000).unwrap();
        assert_eq!(again.headers, once.headers);
        assert_eq!(again.headers.get_all("authorization").iter().count(), 1);
    }

    #[test]
    fn dot_segments_in_disguise_are_signed_as_they_are_sent() {
        let mut disguised = head("https://user:secret@example.com/a/%2e%2E/b");
        signed_at(&mut disguised, NOW_MS).unwrap();
        let mut plain = head("https://example.com/b");
        signed_at(&mut plain, NOW_MS).unwrap();
        assert_eq!(disguised.uri, plain.uri);
        assert_eq!(disguised.headers, plain.headers);
    }

    #[test]
    fn a_header_that_is_not_text_is_sent_unsigned() {
        let mut odd = head("https://example.com/write");
        odd.headers.insert("x-odd", HeaderValue::from_bytes(b"\xff").unwrap());
        signed_at(&mut odd, NOW_MS).unwrap();
        assert_eq!(odd.headers["x-odd"].as_bytes(), b"\xff");
        assert!(!odd.headers["authorization"].to_str().unwrap().contains("x-odd"));
    }

    #[test]
    fn signature_and_token_are_marked_as_secret() {
        let mut head = head("https://example.com/write");
        signed_at(&mut head, NOW_MS).unwrap();
        assert!(head.headers["authorization"].is_sensitive());
        assert!(head.headers["x-amz-security-token"].is_sensitive());
        assert!(!head.headers["x-amz-date"].is_sensitive());
    }

    #[test]
    fn a_time_that_no_signature_can_hold_is_an_error() {
        for now_ms in [-1, i64::MIN, LAST_MS + 1, i64::MAX] {
            let error = signed_at(&mut head("https://example.com/write"), now_ms).unwrap_err();
            assert!(!error.is_retryable && error.message.contains("set the clock"), "{error}");
        }
        signed_at(&mut head("https://example.com/write"), LAST_MS).unwrap();
        signed_at(&mut head("https://example.com/write"), 0).unwrap();
    }

    #[test]
    fn a_url_without_a_host_is_an_error() {
        let error = signed_at(&mut head("/api/v1/write"), NOW_MS).unwrap_err();
        assert!(!error.is_retryable && error.message.contains("absolute"), "{error}");
    }
}
