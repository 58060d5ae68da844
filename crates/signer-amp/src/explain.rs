//! Why there are no credentials, in words for the user, and whether waiting may help.

use std::error::Error as StdError;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::error::{ErrorMetadata, ProvideErrorMetadata};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use narthex_client::SignError;

/// Longest text of foreign origin in a message.
const MAX_CAUSE_CHARS: usize = 1024;
/// What STS says when something passes or is renewed by itself; its other answers are refusals. Source: AWS STS
/// API Reference, "Common error types", `AssumeRole` and `AssumeRoleWithWebIdentity`.
const PASSING_STS_CODES: [&str; 10] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "IDPCommunicationError",
    "InternalFailure",
    "InternalError",
    "RequestExpired",
    "RequestTimeout",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
];
const WHAT_TO_SET: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a profile (AWS_PROFILE), \
     or run where a role is attached";

/// A [`SignError`] that can be handed to several tasks.
#[derive(Debug, Clone)]
pub(crate) struct Explanation {
    pub(crate) message: String,
    pub(crate) is_retryable: bool,
}

impl From<Explanation> for SignError {
    fn from(explanation: Explanation) -> Self {
        SignError { message: explanation.message, is_retryable: explanation.is_retryable }
    }
}

/// The chain gave no credentials.
pub(crate) fn not_found(error: &CredentialsError) -> Explanation {
    let fault = fault(error);
    let cause = one_line(error);
    let (message, is_retryable) = match fault {
        Fault::Absent => (format!("no aws credentials found ({cause}); {WHAT_TO_SET}"), false),
        Fault::NotBuiltIn => (
            format!(
                "cannot use the aws profile: {cause}; aws sso and aws login are not built in, \
                 use credential_process = aws configure export-credentials --format process"
            ),
            false,
        ),
        Fault::Malformed => (format!("cannot use the aws configuration: {cause}; correct it"), false),
        Fault::Refused(code, words) => (
            format!(
                "the aws token service refused with {code}: {words}; \
                 check the role, its trust policy and the credentials that ask for it"
            ),
            false,
        ),
        Fault::Passing => (
            format!(
                "the aws credential service gave no credentials: {cause}; check that it is up and can be reached"
            ),
            true,
        ),
    };
    Explanation { message, is_retryable }
}

/// The chain hangs.
pub(crate) fn no_answer(after: Duration) -> Explanation {
    let message = format!(
        "the aws credential service gave no answer in {} s; check that it is up and can be reached",
        after.as_secs()
    );
    Explanation { message, is_retryable: true }
}

/// The chain handed out what is of no use.
pub(crate) fn expired(ago_ms: i64) -> Explanation {
    let message = format!(
        "the aws credential service handed out credentials that expired {} s ago; check the service and this \
         machine's clock",
        ago_ms.max(0) / 1000
    );
    Explanation { message, is_retryable: true }
}

/// An error with its causes on one line, each once, without control characters, cut.
pub(crate) fn one_line(error: &(dyn StdError + 'static)) -> String {
    let mut line = String::new();
    for link in chain(error) {
        let words = sts_answer(link)
            .map_or_else(|| link.to_string(), |meta| format!("{}: {}", code(meta), words(meta)));
        let words = first_line(&words);
        if !words.is_empty() && !line.contains(&words) {
            if !line.is_empty() {
                line.push_str(": ");
            }
            line.push_str(&words);
        }
    }
    cut(line)
}

enum Fault {
    Absent,
    NotBuiltIn,
    Malformed,
    Refused(String, String),
    Passing,
}

/// The innermost cause that says whose fault it is.
fn fault(error: &CredentialsError) -> Fault {
    let mut fault = Fault::Passing;
    for link in chain(error) {
        if let Some(meta) = sts_answer(link) {
            let is_refusal = meta.code().is_some_and(|code| !PASSING_STS_CODES.contains(&code));
            return if is_refusal { Fault::Refused(code(meta).into(), words(meta)) } else { Fault::Passing };
        }
        match link.downcast_ref::<CredentialsError>() {
            Some(CredentialsError::CredentialsNotLoaded(_)) => fault = Fault::Absent,
            // The SDK's only hint at a part of the chain that is not compiled in is its text.
            Some(CredentialsError::InvalidConfiguration(_)) if one_line(link).contains("cargo feature") => {
                return Fault::NotBuiltIn;
            }
            Some(CredentialsError::InvalidConfiguration(_)) => return Fault::Malformed,
            _ => {}
        }
    }
    fault
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |link: &&'a (dyn StdError + 'static)| StdError::source(*link))
}

fn sts_answer<'a>(link: &'a (dyn StdError + 'static)) -> Option<&'a ErrorMetadata> {
    let role = link.downcast_ref::<AssumeRoleError>().map(ProvideErrorMetadata::meta);
    role.or_else(|| link.downcast_ref::<AssumeRoleWithWebIdentityError>().map(ProvideErrorMetadata::meta))
}

fn code(meta: &ErrorMetadata) -> &str {
    meta.code().unwrap_or("no code")
}

fn words(meta: &ErrorMetadata) -> String {
    cut(first_line(meta.message().unwrap_or("no message")))
}

/// Later lines of an answer to a bad signature repeat the request, its session token included.
fn first_line(text: &str) -> String {
    text.trim().lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect()
}

fn cut(text: String) -> String {
    match text.char_indices().nth(MAX_CAUSE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
