//! The signer: credentials from the cache, a signature for each attempt.

use std::fmt;

use http::request::Parts;
use narthex_client::{BoxFuture, SignError, Signer};

use crate::builder::AmpSignerBuilder;
use crate::cache::CredentialCache;
use crate::sign::{self, Scope};

/// Signs requests for Amazon Managed Service for Prometheus. Cheap to share; one serves all shards.
pub struct AmpSigner {
    scope: Scope,
    credentials: CredentialCache,
}

impl AmpSigner {
    /// A builder with nothing set: region and credentials from URL and environment.
    pub fn builder() -> AmpSignerBuilder {
        AmpSignerBuilder::default()
    }

    /// The region that requests are signed for.
    pub fn region(&self) -> &str {
        &self.scope.region
    }

    /// The service that requests are signed for.
    pub fn service(&self) -> &str {
        &self.scope.service
    }

    pub(crate) fn new(scope: Scope, credentials: CredentialCache) -> Self {
        Self { scope, credentials }
    }
}

impl fmt::Debug for AmpSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AmpSigner")
            .field("region", &self.scope.region)
            .field("service", &self.scope.service)
            .finish_non_exhaustive()
    }
}

impl Signer for AmpSigner {
    fn sign<'a>(
        &'a self,
        head: &'a mut Parts,
        body: &'a [u8],
        now_ms: i64,
    ) -> BoxFuture<'a, Result<(), SignError>> {
        Box::pin(async move {
            let identity = self.credentials.at(now_ms).await?;
            sign::sign(head, body, &identity, &self.scope, now_ms)
        })
    }
}
