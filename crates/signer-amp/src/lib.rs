//! Signs Remote-Write requests for Amazon Managed Service for Prometheus: SigV4, service `aps`.
//!
//! [`AmpSigner`] implements [`narthex_client::Signer`]: it looks credentials up lazily, holds them until shortly
//! before they expire, and signs each attempt with the time it is given. Credentials come from the default AWS
//! chain, from one named profile, or from the builder, optionally with a role assumed on top.
//!
//! What it does not do: AWS SSO and `aws login` sessions (two more SDK crates, a seventh of the build time; use
//! `credential_process`, see `docs/signing.md`), SigV4a, and asking the instance metadata service for a region.
//!
//! TLS for the credential services is rustls with ring, roots from the system, so building needs a C compiler
//! and neither cmake nor C++.
//!
//! ```
//! use narthex_client::Signer;
//! use narthex_signer_amp::{AmpSigner, StaticCredentials};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let url = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write";
//! let signer = AmpSigner::builder()
//!     .remote_write_url(url.to_string()) // names the region
//!     .static_credentials(StaticCredentials::new("AKIDEXAMPLE", "not-a-real-secret"))
//!     .build()
//!     .await?;
//!
//! let (mut head, ()) = http::Request::post(url).body(())?.into_parts();
//! signer.sign(&mut head, b"packed body", 1_700_000_000_000).await?;
//! assert_eq!(head.headers["x-amz-date"], "20231114T221320Z");
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod builder;
mod cache;
mod chain;
mod error;
mod explain;
mod region;
mod sign;
mod signer;

pub use builder::{AmpSignerBuilder, StaticCredentials};
pub use error::{AmpSignerError, Mistake};
pub use signer::AmpSigner;

/// The guide page, so that its Rust example is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/signing.md")]
struct Guide;
