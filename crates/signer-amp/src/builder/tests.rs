//! The builder's checks. What depends on the environment is in `tests/credential_chain.rs`.

use super::*;

const URL: &str = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write";
const ROLE: &str = "arn:aws:iam::123456789012:role/fleet/writer";

fn builder() -> AmpSignerBuilder {
    AmpSigner::builder().static_credentials(StaticCredentials::new("AKID", "topsecret"))
}

async fn mistakes(builder: AmpSignerBuilder) -> Vec<Mistake> {
    builder.build().await.map_or_else(|error| error.mistakes, |_| Vec::new())
}

#[tokio::test]
async fn the_url_of_a_workspace_is_enough() {
    let signer = builder().remote_write_url(URL.to_string()).build().await.unwrap();
    assert_eq!((signer.region(), signer.service()), ("eu-west-1", "aps"));
}

#[tokio::test]
async fn a_given_region_counts_before_the_url() {
    let signer =
        builder().remote_write_url(URL.to_string()).region("us-east-1".to_string()).build().await.unwrap();
    assert_eq!(signer.region(), "us-east-1");
}

#[tokio::test]
async fn every_mistake_is_reported_at_once_and_no_secret() {
    let error = AmpSigner::builder()
        .region("EU West".to_string())
        .service("".to_string())
        .profile("no-such-profile-anywhere".to_string())
        .external_id("x".to_string())
        .session_name("two words".to_string())
        .static_credentials(StaticCredentials::new("", "top secret").with_session_token("cookie\ncrumb"))
        .build()
        .await
        .unwrap_err();
    let text = error.to_string();
    assert_eq!(error.mistakes.len(), 11, "{text}");
    for part in [
        "\"EU West\"",
        "service \"\"",
        "\"no-such-profile-anywhere\"",
        "external id: it is for assuming a role",
        "session name: it is for assuming a role",
        "this external id",
        "\"two words\"",
        "two places",
        "the access key id is",
        "the secret access key is",
        "the session token is",
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
    assert!(!text.contains("top secret") && !text.contains("cookie"), "{text}");
    for line in text.lines() {
        assert!(line.starts_with("cannot ") && line.contains(": ") && line.contains("; "), "{line}");
    }
}

#[tokio::test]
async fn a_role_must_be_the_arn_of_a_role() {
    for arn in [
        "writer",
        "",
        "arn:aws:iam::123456789012:user/writer",
        "arn:aws:iam::1234:role/writer",
        "arn:aws:sts::123456789012:role/writer",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam:eu-west-1:123456789012:role/writer",
    ] {
        let found = mistakes(builder().remote_write_url(URL.to_string()).role_arn(arn.to_string())).await;
        assert_eq!(found, [Mistake::BadRoleArn { role_arn: arn.into() }], "{arn:?}");
    }
    for arn in [ROLE, "arn:aws-cn:iam::123456789012:role/writer", "arn:aws-us-gov:iam::123456789012:role/w"] {
        let role = builder().remote_write_url(URL.to_string()).role_arn(arn.to_string());
        assert_eq!(mistakes(role.external_id("fleet-7".to_string())).await, [], "{arn:?}");
    }
}

#[test]
fn no_debug_text_holds_a_secret() {
    let keys = StaticCredentials::new("AKID", "topsecret").with_session_token("toptoken");
    let text = format!("{keys:?} {:?}", AmpSigner::builder().static_credentials(keys.clone()));
    assert!(text.contains("AKID") && !text.contains("topsecret") && !text.contains("toptoken"), "{text}");
}

#[tokio::test]
async fn the_signer_s_debug_text_holds_no_secret() {
    let signer = builder().remote_write_url(URL.to_string()).build().await.unwrap();
    let text = format!("{signer:?}");
    assert!(text.contains("eu-west-1") && !text.contains("topsecret"), "{text}");
}
