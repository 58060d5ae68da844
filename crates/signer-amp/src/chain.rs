//! Where credentials come from: given, one profile, or the default chain; a role on top when asked for.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

/// What the role session is called in CloudTrail unless the user says otherwise.
const SESSION_NAME: &str = "narthex";

/// A checked choice of credentials.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) base: Base,
    pub(crate) role: Option<Role>,
}

/// The credentials that sign, or that ask for the role.
#[derive(Debug)]
pub(crate) enum Base {
    /// These, for ever.
    Static(aws_credential_types::Credentials),
    /// This profile alone: whoever names one does not want the environment's keys to win.
    Profile(String),
    /// Environment, profile, web identity, container, instance: the first that has any.
    Default,
}

/// A role to assume.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) arn: String,
    pub(crate) external_id: Option<String>,
    pub(crate) session_name: Option<String>,
}

/// Opens no connection and runs nothing: that happens at the first look-up.
pub(crate) async fn provider(source: Source, region: &str) -> SharedCredentialsProvider {
    let region = Region::new(region.to_owned());
    let http = http_client();
    let config =
        ProviderConfig::without_region().with_region(Some(region.clone())).with_http_client(http.clone());
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(region.clone()).http_client(http);
    let base = match source.base {
        Base::Static(credentials) => SharedCredentialsProvider::new(credentials),
        Base::Profile(name) => {
            loader = loader.profile_name(&name);
            let profile = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(name);
            SharedCredentialsProvider::new(profile.build())
        }
        Base::Default => {
            let chain = DefaultCredentialsChain::builder().configure(config).region(region);
            SharedCredentialsProvider::new(chain.build().await)
        }
    };
    let Some(role) = source.role else { return base };
    let mut assume = AssumeRoleProvider::builder(role.arn)
        .session_name(role.session_name.unwrap_or_else(|| SESSION_NAME.into()))
        .configure(&loader.credentials_provider(base).load().await);
    if let Some(external_id) = role.external_id {
        assume = assume.external_id(external_id);
    }
    SharedCredentialsProvider::new(assume.build().await)
}

/// rustls with ring. One connector for each pair of timeouts that the SDK asks for.
fn http_client() -> SharedHttpClient {
    let connectors: Mutex<HashMap<[Option<Duration>; 2], SharedHttpConnector>> = Mutex::default();
    http_client_fn(move |settings: &HttpConnectorSettings, components: &RuntimeComponents| {
        connectors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry([settings.connect_timeout(), settings.read_timeout()])
            .or_insert_with(|| connector(settings, components))
            .clone()
    })
}

fn connector(settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
    let mut builder = Connector::builder()
        .connector_settings(settings.clone())
        .proxy_config(proxy())
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring));
    builder.set_sleep_impl(components.sleep_impl());
    SharedHttpConnector::new(builder.build())
}

/// The proxy for https alone, which is how STS is reached: the container and instance services speak plain http
/// on addresses that no proxy can reach, and what they answer is no proxy's business.
fn proxy() -> ProxyConfig {
    let variable =
        |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    let Some(url) = variable(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]) else {
        return ProxyConfig::disabled();
    };
    match ProxyConfig::https(url) {
        Ok(proxy) => proxy.no_proxy(variable(&["no_proxy", "NO_PROXY"]).unwrap_or_default()),
        Err(_) => {
            tracing::warn!(
                "cannot use HTTPS_PROXY for the aws credential services: it is not a url; goes without"
            );
            ProxyConfig::disabled()
        }
    }
}
