//! Signatures equal botocore's, byte for byte. The golden file is written by `tests/oracle/sigv4_cases.py`, and
//! `tests/oracle/check_sigv4.sh` compares it with an installed botocore.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests; clippy.toml exempts tests alone

use std::collections::BTreeMap;

use http::header::{HeaderName, HeaderValue};
use narthex_client::Signer;
use narthex_signer_amp::{AmpSigner, StaticCredentials};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    botocore: String,
    access_key_id: String,
    secret_access_key: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    method: String,
    url: String,
    wire_url: String,
    headers: Vec<(String, String)>,
    body: Body,
    region: String,
    service: String,
    session_token: Option<String>,
    now_ms: i64,
    signed: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Body {
    hex: String,
    times: usize,
}

impl Body {
    fn bytes(&self) -> Vec<u8> {
        let digits: Vec<_> = self.hex.chars().map(|c| c.to_digit(16).unwrap() as u8).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect::<Vec<_>>().repeat(self.times)
    }
}

#[tokio::test]
async fn signatures_equal_those_of_botocore() {
    let golden: Golden = serde_json::from_str(include_str!("sigv4_cases.json")).unwrap();
    assert!(golden.cases.len() >= 12 && !golden.botocore.is_empty());
    let mut failures = Vec::new();
    for case in &golden.cases {
        let expected = (case.wire_url.clone(), case.signed.clone());
        let got = sign(case, &golden).await;
        if got != expected {
            failures.push(format!("{}:\n  botocore: {expected:?}\n  narthex:  {got:?}", case.name));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} differ\n{}",
        failures.len(),
        golden.cases.len(),
        failures.join("\n")
    );
}

async fn sign(case: &Case, golden: &Golden) -> (String, BTreeMap<String, String>) {
    let mut credentials = StaticCredentials::new(&golden.access_key_id, &golden.secret_access_key);
    if let Some(token) = &case.session_token {
        credentials = credentials.with_session_token(token);
    }
    let signer = AmpSigner::builder()
        .region(case.region.clone())
        .service(case.service.clone())
        .static_credentials(credentials)
        .build()
        .await
        .unwrap();
    let request = http::Request::builder().method(case.method.as_str()).uri(&case.url).body(()).unwrap();
    let (mut head, ()) = request.into_parts();
    for (name, value) in &case.headers {
        let name: HeaderName = name.parse().unwrap();
        head.headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    signer.sign(&mut head, &case.body.bytes(), case.now_ms).await.unwrap();
    let names = ["authorization", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"];
    let signed = names.into_iter().filter_map(|name| {
        let mut values = head.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} stands twice");
        Some((name.to_owned(), value.to_str().unwrap().to_owned()))
    });
    let signed = signed.collect();
    (head.uri.to_string(), signed)
}
