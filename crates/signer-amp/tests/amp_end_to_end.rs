//! One sample into a real workspace of Amazon Managed Service for Prometheus, and back out of it.
//!
//! Runs when `NARTHEX_AMP_REMOTE_WRITE_URL` holds a workspace's remote-write URL and the AWS chain finds
//! credentials that may write and query there; otherwise it says that it is skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests; clippy.toml exempts tests alone

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use narthex_client::{HttpTransport, HttpTransportConfig, Signer, Transport};
use narthex_model::{Clock, Labels, Sample, SystemClock};
use narthex_protocol::{encode, headers, snappy};
use narthex_signer_amp::AmpSigner;

const URL: &str = "NARTHEX_AMP_REMOTE_WRITE_URL";
const WRITE_PATH: &str = "/api/v1/remote_write";
const VALUE: f64 = 42.5;
/// How long a sample may take to be seen by a query.
const PATIENCE: Duration = Duration::from_secs(60);

/// Past the test harness, which keeps what a passing test prints to itself.
fn skip(cause: &str) {
    let _ =
        writeln!(std::io::stderr().lock(), "SKIPPED: end-to-end test against a real AMP workspace: {cause}");
}

#[tokio::test]
async fn a_signed_sample_is_accepted_and_found_again() {
    let Some(url) = std::env::var(URL).ok().filter(|url| !url.is_empty()) else {
        return skip(&format!("{URL} is not set"));
    };
    let signer = AmpSigner::builder().remote_write_url(url.clone()).build().await.unwrap();
    let now_ms = SystemClock.now_ms();
    let run = now_ms.to_string();
    let mut write = Request::post(&url).body(body(&run, now_ms)).unwrap();
    for (name, value) in [headers::CONTENT_ENCODING, headers::CONTENT_TYPE, headers::VERSION] {
        write.headers_mut().insert(name, value.parse().unwrap());
    }
    let write = match signed(&signer, write).await {
        Ok(write) => write,
        Err(error) if !error.is_retryable => return skip(&error.to_string()),
        Err(error) => panic!("{error}"),
    };
    let transport = HttpTransport::new(&HttpTransportConfig::default()).unwrap();
    let answer = transport.send(write).await.unwrap();
    assert!(answer.status.is_success(), "{}: {}", answer.status, String::from_utf8_lossy(&answer.body));

    let base = url.strip_suffix(WRITE_PATH).expect("a remote-write url ends with /api/v1/remote_write");
    let query = format!("{base}/api/v1/query?query=narthex_end_to_end%7Brun%3D%22{run}%22%7D");
    let started = tokio::time::Instant::now();
    loop {
        let request = signed(&signer, Request::get(&query).body(Bytes::new()).unwrap()).await.unwrap();
        let answer = transport.send(request).await.unwrap();
        assert!(answer.status.is_success(), "{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        let found: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        match found["data"]["result"][0]["value"][1].as_str() {
            Some(value) => return assert_eq!(value, VALUE.to_string()),
            None => assert!(started.elapsed() < PATIENCE, "written, but not found: {found}"),
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

async fn signed(
    signer: &AmpSigner,
    request: Request<Bytes>,
) -> Result<Request<Bytes>, narthex_client::SignError> {
    let (mut head, body) = request.into_parts();
    signer.sign(&mut head, &body, SystemClock.now_ms()).await?;
    Ok(Request::from_parts(head, body))
}

fn body(run: &str, now_ms: i64) -> Bytes {
    let labels = Labels::from_pairs([("__name__", "narthex_end_to_end"), ("run", run)]);
    let mut message = Vec::new();
    encode::put_series(&mut message, &labels, std::iter::once(Sample::new(VALUE, now_ms)));
    let mut packed = Vec::new();
    packed.extend_from_slice(snappy::Compressor::default().compress(&message).unwrap());
    packed.into()
}
