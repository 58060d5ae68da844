//! The credential chain as a user meets it: a child process with its own environment, files and endpoints.
//!
//! A test runs this binary again with the one ignored test [`child`], which signs as its plan says and prints
//! what came out; the environment of this process is never changed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests; clippy.toml exempts tests alone

mod scripted;

use std::path::PathBuf;
use std::process::Command;

use narthex_client::Signer;
use narthex_signer_amp::AmpSigner;
use scripted::{Endpoint, keys_json, sts_error, sts_keys};
use serde::{Deserialize, Serialize};

const NOW_MS: i64 = 1_700_000_000_000;
const IN_AN_HOUR: &str = "2023-11-14T23:13:20Z";
const HOUR_MS: i64 = 3_600_000;
const TOMORROW: &str = "2023-11-15T22:13:20Z";
const ROLE: &str = "arn:aws:iam::123456789012:role/writer";
const PLAN: &str = "NARTHEX_TEST_PLAN";

/// What the child is to do.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Plan {
    url: Option<String>,
    region: Option<String>,
    profile: Option<String>,
    role_arn: Option<String>,
    external_id: Option<String>,
    /// Times to sign at; once at [`NOW_MS`] when empty.
    sign_at_ms: Vec<i64>,
}

/// What the child did.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Done {
    NotBuilt(String),
    Signed { credential: String, token: Option<String> },
    Failed { message: String, is_retryable: bool },
}

#[test]
#[ignore = "the other tests run it as a child, with an environment of its own"]
fn child() {
    let plan: Plan = serde_json::from_str(&std::env::var(PLAN).unwrap()).unwrap();
    // Everything the SDK logs goes where the parent looks for secrets.
    tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false).init();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for done in runtime.block_on(carry_out(plan)) {
        println!("\nDONE {}", serde_json::to_string(&done).unwrap());
    }
}

async fn carry_out(plan: Plan) -> Vec<Done> {
    let builder = AmpSigner::builder()
        .remote_write_url(plan.url)
        .region(plan.region)
        .profile(plan.profile)
        .role_arn(plan.role_arn)
        .external_id(plan.external_id);
    let signer = match builder.build().await {
        Ok(signer) => signer,
        Err(error) => return vec![Done::NotBuilt(error.to_string())],
    };
    let times = if plan.sign_at_ms.is_empty() { vec![NOW_MS] } else { plan.sign_at_ms };
    let mut done = Vec::new();
    for now_ms in times {
        let (mut head, ()) = http::Request::post("https://example.com/write").body(()).unwrap().into_parts();
        done.push(match signer.sign(&mut head, b"body", now_ms).await {
            Ok(()) => {
                let text =
                    |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
                let authorization = text("authorization").unwrap();
                let (_, credential) = authorization.split_once("Credential=").unwrap();
                let credential = credential.split_once(',').unwrap().0.to_owned();
                Done::Signed { credential, token: text("x-amz-security-token") }
            }
            Err(error) => Done::Failed { message: error.message, is_retryable: error.is_retryable },
        });
    }
    done
}

/// The child's environment, and a folder for its files.
struct Setting {
    home: PathBuf,
    variables: Vec<(String, String)>,
}

impl Setting {
    /// Nothing set, and no instance metadata service, which would cost seconds to miss.
    fn bare(test: &str) -> Self {
        let home =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("chain-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        Self { home, variables: Vec::new() }.with("AWS_EC2_METADATA_DISABLED", "true")
    }

    fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    fn with_region(self) -> Self {
        self.with("AWS_REGION", "eu-west-1")
    }

    fn with_keys(self) -> Self {
        self.with("AWS_ACCESS_KEY_ID", "AKIDENV").with("AWS_SECRET_ACCESS_KEY", "secret-of-AKIDENV")
    }

    /// Writes a file and points a variable at it.
    fn with_file(self, variable: &str, text: &str) -> Self {
        let path = self.home.join(variable.to_ascii_lowercase());
        std::fs::write(&path, text).unwrap();
        let path = path.to_str().unwrap().to_owned();
        self.with(variable, path)
    }

    fn run(&self, plan: &Plan) -> Vec<Done> {
        self.run_and_read(plan).0
    }

    /// What was done, and the log. No log holds a secret.
    fn run_and_read(&self, plan: &Plan) -> (Vec<Done>, String) {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env_clear()
            .env("HOME", &self.home)
            .env("PATH", "/usr/bin:/bin")
            .env(PLAN, serde_json::to_string(plan).unwrap())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        let is_done = |line: &&str| line.starts_with("DONE ");
        let done: Vec<_> = text
            .lines()
            .filter(is_done)
            .map(|l| serde_json::from_str(&l["DONE ".len()..]).unwrap())
            .collect();
        assert!(!done.is_empty(), "the child did nothing:\n{text}");
        let log: String =
            text.lines().filter(|line| !is_done(line)).map(|line| format!("{line}\n")).collect();
        assert!(!log.contains("secret-of-") && !log.contains("token-of-"), "a secret is in the log:\n{log}");
        std::fs::remove_dir_all(&self.home).unwrap();
        (done, log)
    }
}

fn signed(id: &str, region: &str, day: &str, token: Option<&str>) -> Done {
    Done::Signed { credential: format!("{id}/{day}/{region}/aps/aws4_request"), token: token.map(Into::into) }
}

fn failed(done: &[Done]) -> (&str, bool) {
    match done {
        [Done::Failed { message, is_retryable }] => (message, *is_retryable),
        other => panic!("{other:?}"),
    }
}

fn not_built(done: &[Done]) -> &str {
    match done {
        [Done::NotBuilt(message)] => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys_and_region_come_from_the_environment() {
    let setting = Setting::bare("env").with_keys().with_region().with("AWS_DEFAULT_REGION", "us-east-1");
    assert_eq!(setting.run(&Plan::default()), [signed("AKIDENV", "eu-west-1", "20231114", None)]);
}

#[test]
fn a_session_token_and_the_default_region_come_from_the_environment() {
    let setting = Setting::bare("env-token").with_keys().with("AWS_SESSION_TOKEN", "token-of-AKIDENV");
    let done = setting.with("AWS_REGION", "").with("AWS_DEFAULT_REGION", "us-east-1").run(&Plan::default());
    assert_eq!(done, [signed("AKIDENV", "us-east-1", "20231114", Some("token-of-AKIDENV"))]);
}

#[test]
fn the_region_of_the_url_counts_before_the_environment_and_the_log_says_so() {
    let url = "https://aps-workspaces.ap-south-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write";
    let plan = Plan { url: Some(url.into()), ..Plan::default() };
    let (done, log) = Setting::bare("url").with_keys().with_region().run_and_read(&plan);
    assert_eq!(done, [signed("AKIDENV", "ap-south-1", "20231114", None)]);
    assert!(log.contains("WARN") && log.contains("regions of settings, url and environment differ"), "{log}");
    assert!(log.contains("ap-south-1") && log.contains("eu-west-1"), "{log}");
}

#[test]
fn a_given_region_counts_before_the_url_and_the_log_says_so() {
    let url = "https://aps-workspaces.ap-south-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write";
    let plan = Plan { url: Some(url.into()), region: Some("us-west-2".into()), ..Plan::default() };
    let (done, log) = Setting::bare("given").with_keys().run_and_read(&plan);
    assert_eq!(done, [signed("AKIDENV", "us-west-2", "20231114", None)]);
    assert!(log.contains("WARN") && log.contains("ap-south-1"), "{log}");
}

#[test]
fn no_region_anywhere_is_a_mistake_that_says_what_to_set() {
    let done = Setting::bare("no-region").with_keys().run(&Plan::default());
    let message = not_built(&done);
    assert!(message.contains("AWS_REGION") && message.contains("\"eu-west-1\""), "{message}");
}

#[test]
fn keys_and_region_come_from_the_profile_of_the_environment() {
    let done = Setting::bare("profile")
        .with_file("AWS_CONFIG_FILE", "[profile fleet]\nregion = eu-north-1\n")
        .with_file(
            "AWS_SHARED_CREDENTIALS_FILE",
            "[fleet]\naws_access_key_id = AKIDFLEET\naws_secret_access_key = secret-of-AKIDFLEET\n",
        )
        .with("AWS_PROFILE", "fleet")
        .run(&Plan::default());
    assert_eq!(done, [signed("AKIDFLEET", "eu-north-1", "20231114", None)]);
}

#[test]
fn a_given_profile_counts_before_keys_in_the_environment() {
    let plan = Plan { profile: Some("fleet".into()), ..Plan::default() };
    let done = Setting::bare("given-profile")
        .with_keys()
        .with_file("AWS_CONFIG_FILE", "[profile fleet]\nregion = eu-north-1\n")
        .with_file(
            "AWS_SHARED_CREDENTIALS_FILE",
            "[fleet]\naws_access_key_id = AKIDFLEET\naws_secret_access_key = secret-of-AKIDFLEET\n",
        )
        .run(&plan);
    assert_eq!(done, [signed("AKIDFLEET", "eu-north-1", "20231114", None)]);
}

#[test]
fn a_profile_that_is_not_there_is_a_mistake_that_names_those_that_are() {
    let plan = Plan { profile: Some("flete".into()), ..Plan::default() };
    let setting = Setting::bare("no-profile").with_region();
    let done =
        setting.with_file("AWS_CONFIG_FILE", "[default]\n[profile fleet]\nregion = eu-north-1\n").run(&plan);
    let message = not_built(&done);
    assert!(message.contains("\"flete\"") && message.contains("\"fleet\""), "{message}");
}

#[test]
fn a_profile_that_logs_in_by_browser_is_a_mistake_that_shows_the_way_round() {
    let plan = Plan { profile: Some("sso".into()), ..Plan::default() };
    let config = "[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n";
    let done = Setting::bare("sso").with_region().with_file("AWS_CONFIG_FILE", config).run(&plan);
    assert!(
        not_built(&done).contains("credential_process = aws configure export-credentials --profile sso"),
        "{done:?}"
    );
}

#[test]
fn a_default_profile_that_logs_in_by_browser_fails_with_the_way_round() {
    let config = "[default]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n\
                  [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://example.com/start\n";
    let done =
        Setting::bare("default-sso").with_region().with_file("AWS_CONFIG_FILE", config).run(&Plan::default());
    let (message, is_retryable) = failed(&done);
    assert!(!is_retryable && message.contains("credential_process"), "{message}");
}

#[test]
fn a_broken_profile_file_is_a_mistake() {
    let plan = Plan { profile: Some("fleet".into()), ..Plan::default() };
    let done = Setting::bare("broken")
        .with_region()
        .with_file("AWS_CONFIG_FILE", "region = nowhere\n[profile fleet\n")
        .run(&plan);
    assert!(not_built(&done).contains("cannot read the aws profile \"fleet\""), "{done:?}");
}

#[test]
fn a_credential_process_is_run_again_when_its_keys_expire() {
    let setting = Setting::bare("process").with_region();
    let (count, answers) = (setting.home.join("count"), setting.home.join("answer"));
    std::fs::write(answers.with_extension("1"), keys_json("ASIAFIRST", IN_AN_HOUR)).unwrap();
    std::fs::write(answers.with_extension("2"), keys_json("ASIASECOND", TOMORROW)).unwrap();
    let script = setting.home.join("helper.sh");
    let text =
        format!("echo x >> {0}\ncat {1}.$(wc -l < {0} | tr -d ' ')\n", count.display(), answers.display());
    std::fs::write(&script, text).unwrap();
    let config = format!("[default]\ncredential_process = /bin/sh {}\n", script.display());
    let plan = Plan { sign_at_ms: vec![NOW_MS, NOW_MS + 1, NOW_MS + 2 * HOUR_MS], ..Plan::default() };
    let done = setting.with_file("AWS_CONFIG_FILE", &config).run(&plan);
    let first = || signed("ASIAFIRST", "eu-west-1", "20231114", Some("token-of-ASIAFIRST"));
    assert_eq!(
        done,
        [first(), first(), signed("ASIASECOND", "eu-west-1", "20231115", Some("token-of-ASIASECOND"))]
    );
}

#[test]
fn the_container_endpoint_is_asked_again_when_its_keys_expire() {
    let endpoint = Endpoint::start(vec![
        (200, keys_json("ASIAFIRST", IN_AN_HOUR)),
        (200, keys_json("ASIASECOND", TOMORROW)),
    ]);
    let plan =
        Plan { sign_at_ms: vec![NOW_MS, NOW_MS + HOUR_MS / 2, NOW_MS + 2 * HOUR_MS], ..Plan::default() };
    let done = Setting::bare("container")
        .with_region()
        .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/keys", endpoint.url))
        .with("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token-of-container")
        .run(&plan);
    let first = || signed("ASIAFIRST", "eu-west-1", "20231114", Some("token-of-ASIAFIRST"));
    assert_eq!(
        done,
        [first(), first(), signed("ASIASECOND", "eu-west-1", "20231115", Some("token-of-ASIASECOND"))]
    );
    let requests = endpoint.requests();
    assert_eq!(requests.len(), 2);
    assert!(
        requests[0].starts_with("GET /keys ") && requests[0].contains("token-of-container"),
        "{}",
        requests[0]
    );
}

#[test]
fn a_proxy_for_http_is_not_used_for_the_container_endpoint() {
    let endpoint = Endpoint::start(vec![(200, keys_json("ASIAFIRST", IN_AN_HOUR))]);
    let done = Setting::bare("proxy")
        .with_region()
        .with("HTTP_PROXY", "http://127.0.0.1:1")
        .with("HTTPS_PROXY", "http://127.0.0.1:1")
        .with("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.url.clone())
        .run(&Plan::default());
    assert_eq!(done, [signed("ASIAFIRST", "eu-west-1", "20231114", Some("token-of-ASIAFIRST"))]);
}

#[test]
fn a_container_endpoint_out_of_order_is_worth_a_retry() {
    let endpoint = Endpoint::start(vec![(500, "out of order".into())]);
    let setting = Setting::bare("container-500").with_region();
    let done = setting.with("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.url.clone()).run(&Plan::default());
    let (message, is_retryable) = failed(&done);
    assert!(is_retryable && message.contains("check that it is up"), "{message}");
}

#[test]
fn a_container_endpoint_that_refuses_connections_is_worth_a_retry() {
    let setting = Setting::bare("container-down").with_region();
    let done =
        setting.with("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/").run(&Plan::default());
    let (message, is_retryable) = failed(&done);
    assert!(is_retryable, "{message}");
}

#[test]
fn the_instance_metadata_service_is_the_last_resort() {
    let keys = keys_json("ASIAINSTANCE", "2100-01-01T00:00:00Z");
    let endpoint =
        Endpoint::start(vec![(200, "metadata-session".into()), (200, "writer".into()), (200, keys)]);
    let mut setting = Setting::bare("instance").with_region();
    setting.variables.retain(|(name, _)| name != "AWS_EC2_METADATA_DISABLED");
    let done = setting.with("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint.url.clone()).run(&Plan::default());
    assert_eq!(done, [signed("ASIAINSTANCE", "eu-west-1", "20231114", Some("token-of-ASIAINSTANCE"))]);
    assert!(endpoint.requests()[0].starts_with("PUT /latest/api/token"), "{:?}", endpoint.requests());
}

#[test]
fn a_web_identity_is_exchanged_for_keys() {
    let sts = Endpoint::start(vec![
        (200, sts_keys("AssumeRoleWithWebIdentity", "ASIAWEB", IN_AN_HOUR)),
        (200, sts_keys("AssumeRoleWithWebIdentity", "ASIAWEB2", TOMORROW)),
    ]);
    let plan = Plan { sign_at_ms: vec![NOW_MS, NOW_MS + 2 * HOUR_MS], ..Plan::default() };
    let done = Setting::bare("web")
        .with_region()
        .with_file("AWS_WEB_IDENTITY_TOKEN_FILE", "header.token-of-pod.signature")
        .with("AWS_ROLE_ARN", ROLE)
        .with("AWS_ENDPOINT_URL_STS", sts.url.clone())
        .run(&plan);
    let expected = [
        signed("ASIAWEB", "eu-west-1", "20231114", Some("token-of-ASIAWEB")),
        signed("ASIAWEB2", "eu-west-1", "20231115", Some("token-of-ASIAWEB2")),
    ];
    assert_eq!(done, expected);
    let request = &sts.requests()[0];
    assert!(
        request.contains("Action=AssumeRoleWithWebIdentity")
            && request.contains("header.token-of-pod.signature"),
        "{request}"
    );
    assert!(!request.to_ascii_lowercase().contains("\nauthorization:"), "{request}");
}

fn role(name: &str, sts: &Endpoint) -> (Setting, Plan) {
    let setting = Setting::bare(name).with_keys().with_region().with("AWS_ENDPOINT_URL_STS", sts.url.clone());
    (setting, Plan { role_arn: Some(ROLE.into()), external_id: Some("fleet/7".into()), ..Plan::default() })
}

#[test]
fn a_role_is_assumed_with_the_keys_found_and_again_when_it_expires() {
    let script = vec![
        (200, sts_keys("AssumeRole", "ASIAROLE", IN_AN_HOUR)),
        (200, sts_keys("AssumeRole", "ASIAROLE2", TOMORROW)),
    ];
    let sts = Endpoint::start(script);
    let (setting, mut plan) = role("role", &sts);
    plan.sign_at_ms = vec![NOW_MS, NOW_MS + HOUR_MS / 2, NOW_MS + 2 * HOUR_MS];
    let first = || signed("ASIAROLE", "eu-west-1", "20231114", Some("token-of-ASIAROLE"));
    let second = signed("ASIAROLE2", "eu-west-1", "20231115", Some("token-of-ASIAROLE2"));
    assert_eq!(setting.run(&plan), [first(), first(), second]);
    let requests = sts.requests();
    assert_eq!(requests.len(), 2);
    for part in [
        "Action=AssumeRole&",
        "RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fwriter",
        "RoleSessionName=narthex",
        "ExternalId=fleet%2F7",
        "Credential=AKIDENV/",
        "/eu-west-1/sts/aws4_request",
    ] {
        assert!(requests[0].contains(part), "{part} is missing in {}", requests[0]);
    }
}

#[test]
fn the_token_service_is_reached_over_tls_that_is_checked() {
    let keys = || vec![(200, sts_keys("AssumeRole", "ASIAROLE", IN_AN_HOUR))];
    let (sts, certificate) = Endpoint::start_tls(keys());
    let (setting, plan) = role("tls", &sts);
    let done = setting.with_file("SSL_CERT_FILE", &certificate).run(&plan);
    assert_eq!(done, [signed("ASIAROLE", "eu-west-1", "20231114", Some("token-of-ASIAROLE"))]);

    let (sts, _) = Endpoint::start_tls(keys());
    let (setting, plan) = role("tls-stranger", &sts);
    let done = setting.with_file("SSL_CERT_FILE", &certificate).run(&plan);
    let (message, is_retryable) = failed(&done);
    assert!(is_retryable && message.contains("certificate"), "{message}");
    assert!(sts.requests().is_empty());
}

#[test]
fn a_role_that_is_refused_is_permanent_and_says_why() {
    let sts = Endpoint::start(vec![(
        403,
        sts_error("AccessDenied", "User: arn:aws:iam::1:user/x is not authorized"),
    )]);
    let (setting, plan) = role("refused", &sts);
    let done = setting.run(&plan);
    let (message, is_retryable) = failed(&done);
    assert!(!is_retryable, "{message}");
    assert!(
        message.contains("AccessDenied: User: arn:aws:iam::1:user/x is not authorized; check the role"),
        "{message}"
    );
}

#[test]
fn what_the_token_service_repeats_of_a_request_is_not_shown() {
    let words = "The signature does not match.\n\nThe Canonical String should have been\nx-amz-security-token:token-of-request";
    let sts = Endpoint::start(vec![(403, sts_error("SignatureDoesNotMatch", words))]);
    let (setting, plan) = role("repeats", &sts);
    let done = setting.run(&plan);
    let (message, is_retryable) = failed(&done);
    assert!(
        !is_retryable && message.contains("SignatureDoesNotMatch") && !message.contains("token-of-"),
        "{message}"
    );
}

#[test]
fn a_token_service_out_of_order_is_worth_a_retry() {
    let sts = Endpoint::start(vec![(503, sts_error("ServiceUnavailable", "try later"))]);
    let (setting, plan) = role("sts-503", &sts);
    let done = setting.run(&plan);
    let (message, is_retryable) = failed(&done);
    assert!(is_retryable && message.contains("try later"), "{message}");
}

#[test]
fn a_role_without_keys_to_ask_for_it_is_permanent() {
    let done = Setting::bare("role-no-keys")
        .with_region()
        .run(&Plan { role_arn: Some(ROLE.into()), ..Plan::default() });
    let (message, is_retryable) = failed(&done);
    assert!(!is_retryable && message.contains("no aws credentials found"), "{message}");
}

#[test]
fn no_credentials_at_all_is_permanent_and_says_what_to_set() {
    let done = Setting::bare("nothing").with_region().run(&Plan::default());
    let (message, is_retryable) = failed(&done);
    assert!(!is_retryable, "{message}");
    for part in ["no aws credentials found", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "where a role is attached"] {
        assert!(message.contains(part), "{part} is missing in {message}");
    }
}
