//! What a signer is built from, and the checks on it: every mistake is reported at once.

use std::fmt;

use aws_config::profile::ProfileSet;
use aws_credential_types::Credentials;
use aws_types::os_shim_internal::{Env, Fs};

use crate::cache::CredentialCache;
use crate::chain::{self, Base, Role, Source};
use crate::error::{AmpSignerError, Mistake};
use crate::region::{self, Choice};
use crate::sign::Scope;
use crate::signer::AmpSigner;

/// The service that a workspace's signatures are for.
const SERVICE: &str = "aps";

/// Access keys given by the embedding program.
#[derive(Clone)]
pub struct StaticCredentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl StaticCredentials {
    /// A pair of keys without a session.
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: None,
        }
    }

    /// Adds the token of a session; such keys end with it, and nothing renews them here.
    pub fn with_session_token(mut self, session_token: impl Into<String>) -> Self {
        self.session_token = Some(session_token.into());
        self
    }
}

impl fmt::Debug for StaticCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticCredentials")
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &"***")
            .field("session_token", &self.session_token.as_ref().map(|_| "***"))
            .finish()
    }
}

/// Sets an [`AmpSigner`] up. Each setter takes `None` for "not given".
#[derive(Debug, Clone, Default)]
pub struct AmpSignerBuilder {
    remote_write_url: Option<String>,
    region: Option<String>,
    service: Option<String>,
    profile: Option<String>,
    role_arn: Option<String>,
    external_id: Option<String>,
    session_name: Option<String>,
    static_credentials: Option<StaticCredentials>,
}

impl AmpSignerBuilder {
    /// Where the requests go. A workspace's URL names its region; it is used for nothing else.
    pub fn remote_write_url(mut self, url: impl Into<Option<String>>) -> Self {
        self.remote_write_url = url.into();
        self
    }

    /// The region to sign for. Default: the one in the URL, then `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile.
    pub fn region(mut self, region: impl Into<Option<String>>) -> Self {
        self.region = region.into();
        self
    }

    /// The service to sign for. Default: `aps`.
    pub fn service(mut self, service: impl Into<Option<String>>) -> Self {
        self.service = service.into();
        self
    }

    /// Takes credentials from this profile alone. Default: the AWS chain, where `AWS_PROFILE` counts after keys in
    /// the environment.
    pub fn profile(mut self, profile: impl Into<Option<String>>) -> Self {
        self.profile = profile.into();
        self
    }

    /// A role to assume with the credentials found.
    pub fn role_arn(mut self, role_arn: impl Into<Option<String>>) -> Self {
        self.role_arn = role_arn.into();
        self
    }

    /// What the role's trust policy asks of other accounts. Needs [`role_arn`](Self::role_arn).
    pub fn external_id(mut self, external_id: impl Into<Option<String>>) -> Self {
        self.external_id = external_id.into();
        self
    }

    /// What the role's session is called in logs. Default: `narthex`. Needs [`role_arn`](Self::role_arn).
    pub fn session_name(mut self, session_name: impl Into<Option<String>>) -> Self {
        self.session_name = session_name.into();
        self
    }

    /// Takes these keys and looks nowhere else.
    pub fn static_credentials(mut self, credentials: impl Into<Option<StaticCredentials>>) -> Self {
        self.static_credentials = credentials.into();
        self
    }

    /// Checks everything and sets the signer up. Reads the environment and the profile files; opens no connection.
    ///
    /// # Errors
    /// Every mistake there is, in the order of the setters.
    pub async fn build(self) -> Result<AmpSigner, AmpSignerError> {
        let mut mistakes = Vec::new();
        let region = self.choose_region(&mut mistakes).await;
        let service = self.service.clone().unwrap_or_else(|| SERVICE.into());
        if !region::is_name(&service) {
            mistakes.push(Mistake::BadService { service: service.clone() });
        }
        if let Some(profile) = &self.profile {
            mistakes.extend(check_profile(profile).await);
        }
        self.check_role(&mut mistakes);
        self.check_static_credentials(&mut mistakes);
        match region {
            Some(region) if mistakes.is_empty() => {
                tracing::info!(region, service, "signs requests with aws credentials");
                let provider = chain::provider(self.source(), &region).await;
                Ok(AmpSigner::new(Scope { region, service }, CredentialCache::new(provider)))
            }
            _ => Err(AmpSignerError { mistakes }),
        }
    }

    async fn choose_region(&self, mistakes: &mut Vec<Mistake>) -> Option<String> {
        let of_url = self.remote_write_url.as_deref().and_then(region::of_url);
        let of_environment = match &self.region {
            Some(_) => None,
            None => region::of_environment(self.profile.as_deref()).await,
        };
        let Some(Choice { region, overruled }) =
            region::choose(self.region.as_deref(), of_url.as_deref(), of_environment.as_deref())
        else {
            let profile = self
                .profile
                .as_ref()
                .map_or("the default profile".into(), |name| format!("the profile {name:?}"));
            mistakes.push(Mistake::NoRegion { profile });
            return None;
        };
        if !region::is_valid(&region) {
            mistakes.push(Mistake::BadRegion { region });
            return None;
        }
        if let Some(other) = overruled {
            tracing::warn!(
                signed_for = region,
                instead_of = other.region,
                "the aws regions of settings, url and environment differ, {} counts",
                other.by
            );
        }
        Some(region)
    }

    fn check_role(&self, mistakes: &mut Vec<Mistake>) {
        match &self.role_arn {
            Some(role_arn) if !is_role_arn(role_arn) => {
                mistakes.push(Mistake::BadRoleArn { role_arn: role_arn.clone() })
            }
            Some(_) => {}
            None => {
                let given = [
                    ("external id", self.external_id.is_some()),
                    ("session name", self.session_name.is_some()),
                ];
                let lonely = given.into_iter().filter(|(_, is_given)| *is_given);
                mistakes.extend(lonely.map(|(option, _)| Mistake::NoRoleFor { option }));
            }
        }
        if self.external_id.as_ref().is_some_and(|id| !is_sts_text(id, 1224, "_+=,.@:/-")) {
            mistakes.push(Mistake::BadExternalId);
        }
        if let Some(name) = self.session_name.as_ref().filter(|name| !is_sts_text(name, 64, "_+=,.@-")) {
            mistakes.push(Mistake::BadSessionName { session_name: name.clone() });
        }
    }

    fn check_static_credentials(&self, mistakes: &mut Vec<Mistake>) {
        let Some(given) = &self.static_credentials else { return };
        if let Some(profile) = &self.profile {
            mistakes.push(Mistake::TwoSources { profile: profile.clone() });
        }
        let parts = [
            ("access key id", Some(&given.access_key_id)),
            ("secret access key", Some(&given.secret_access_key)),
            ("session token", given.session_token.as_ref()),
        ];
        let is_bad = |text: &String| text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic());
        let bad = parts.into_iter().filter(|(_, text)| text.is_some_and(is_bad));
        mistakes.extend(bad.map(|(part, _)| Mistake::BadStaticCredentials { part }));
    }

    fn source(self) -> Source {
        let base = match (self.static_credentials, self.profile) {
            (Some(keys), _) => Base::Static(Credentials::new(
                keys.access_key_id,
                keys.secret_access_key,
                keys.session_token,
                None,
                "given",
            )),
            (None, Some(profile)) => Base::Profile(profile),
            (None, None) => Base::Default,
        };
        let Self { external_id, session_name, .. } = self;
        Source { base, role: self.role_arn.map(|arn| Role { arn, external_id, session_name }) }
    }
}

async fn check_profile(name: &str) -> Option<Mistake> {
    let profile = name.to_owned();
    let profiles = match load_profiles(name).await {
        Ok(profiles) => profiles,
        Err(cause) => return Some(Mistake::UnreadableProfile { profile, cause }),
    };
    let Some(found) = profiles.get_profile(name) else {
        let mut names: Vec<_> = profiles.profiles().map(|name| format!("{name:?}")).collect();
        names.sort_unstable();
        let known = if names.is_empty() { "none".into() } else { names.join(", ") };
        return Some(Mistake::NoSuchProfile { profile, known });
    };
    let logs_in =
        ["sso_session", "sso_start_url", "login_session"].iter().any(|key| found.get(key).is_some());
    let has_other_source =
        ["credential_process", "aws_access_key_id", "role_arn"].iter().any(|key| found.get(key).is_some());
    (logs_in && !has_other_source).then_some(Mistake::NeedsLogin { profile })
}

#[allow(deprecated)] // the new name of `ProfileFiles` is in a crate that is not for use from outside
async fn load_profiles(name: &str) -> Result<ProfileSet, String> {
    let files = aws_config::profile::profile_file::ProfileFiles::default();
    aws_config::profile::load(&Fs::real(), &Env::real(), &files, Some(name.to_owned().into()))
        .await
        .map_err(|error| crate::explain::one_line(&error))
}

/// `arn:<partition>:iam::<12 digits>:role/<path and name>`.
fn is_role_arn(text: &str) -> bool {
    let parts: Vec<_> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, account, resource] = parts[..] else { return false };
    arn == "arn"
        && partition.starts_with("aws")
        && service == "iam"
        && region.is_empty()
        && account.len() == 12
        && account.bytes().all(|b| b.is_ascii_digit())
        && resource
            .strip_prefix("role/")
            .is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()))
}

/// The alphabets of STS's parameters. Source: AWS STS API Reference, `AssumeRole`.
fn is_sts_text(text: &str, most: usize, marks: &str) -> bool {
    (2..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
}

#[cfg(test)]
mod tests;
