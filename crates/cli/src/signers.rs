//! The request signers of this binary, by name: for the flags of `write` and `replay`, and for the tables of a job file.

use std::sync::Arc;

use async_trait::async_trait;
use narthex_connectors::SignerSource;
use narthex_sink::Signer;

/// Signs for Amazon Managed Service for Prometheus.
pub(crate) const AMP: &str = "amazon-managed-prometheus";
/// Its options.
pub(crate) const AMP_OPTIONS: [&str; 4] = ["aws.region", "aws.profile", "aws.role-arn", "aws.external-id"];

/// All signers.
#[derive(Debug)]
pub(crate) struct Signers;

impl Signers {
    /// For a job file; none where the binary was built without any.
    pub(crate) fn for_tables() -> Option<Arc<dyn SignerSource>> {
        cfg!(feature = "signer-amp").then(|| Arc::new(Self) as _)
    }
}

#[async_trait]
impl SignerSource for Signers {
    fn names(&self) -> Vec<&'static str> {
        vec![AMP]
    }

    fn options(&self, _signer: &str) -> Vec<&'static str> {
        AMP_OPTIONS.to_vec()
    }

    async fn signer(
        &self,
        _signer: &str,
        endpoint_url: &str,
        options: &[(String, String)],
    ) -> Result<Arc<dyn Signer>, String> {
        amp(endpoint_url, options).await
    }
}

/// The signer for a workspace. It reads the environment and the profile files, and opens no connection.
///
/// # Errors
/// All that is wrong.
#[cfg(feature = "signer-amp")]
pub(crate) async fn amp(url: &str, options: &[(String, String)]) -> Result<Arc<dyn Signer>, String> {
    let option =
        |key: &str| options.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value.clone());
    let signer = narthex_signer_amp::AmpSigner::builder()
        .remote_write_url(url.to_owned())
        .region(option("aws.region"))
        .profile(option("aws.profile"))
        .role_arn(option("aws.role-arn"))
        .external_id(option("aws.external-id"))
        .build()
        .await;
    signer.map(|signer| Arc::new(signer) as _).map_err(|error| error.to_string())
}

/// # Errors
/// Always: there is none in this binary.
#[cfg(not(feature = "signer-amp"))]
pub(crate) async fn amp(_url: &str, _options: &[(String, String)]) -> Result<Arc<dyn Signer>, String> {
    Err("this binary was built without the feature signer-amp".to_owned())
}
