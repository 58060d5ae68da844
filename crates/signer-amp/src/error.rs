//! What can be wrong with a signer's configuration, all of it at once.

use std::fmt;

/// Why [`AmpSignerBuilder::build`](crate::AmpSignerBuilder::build) refused, with every mistake it found.
#[derive(Debug)]
pub struct AmpSignerError {
    /// At least one.
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for AmpSignerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for AmpSignerError {}

/// One mistake. Its words hold no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// No region is given and none can be derived.
    #[error(
        "cannot choose the aws region to sign for: none is given, the url is not one of a workspace, \
         AWS_REGION and AWS_DEFAULT_REGION are not set, and {profile} names none; \
         set the region of the workspace, such as \"eu-west-1\""
    )]
    NoRegion {
        /// The profile that was looked into.
        profile: String,
    },
    /// What is given cannot be a region.
    #[error(
        "cannot sign for the aws region {region:?}: a region has only lower-case letters, digits and hyphens; \
         write it as in \"eu-west-1\""
    )]
    BadRegion {
        /// What was given.
        region: String,
    },
    /// The service's name cannot stand in a signature.
    #[error(
        "cannot sign for the aws service {service:?}: a service name has only lower-case letters, digits and \
         hyphens; leave it out for \"aps\""
    )]
    BadService {
        /// What was given.
        service: String,
    },
    /// The role is not an ARN.
    #[error(
        "cannot assume the role {role_arn:?}: it is not the arn of a role; \
         write it as \"arn:aws:iam::123456789012:role/name\""
    )]
    BadRoleArn {
        /// What was given.
        role_arn: String,
    },
    /// An option that only counts with a role.
    #[error(
        "cannot use the {option}: it is for assuming a role, and no role is given; add the role's arn or leave it out"
    )]
    NoRoleFor {
        /// The option.
        option: &'static str,
    },
    /// The external id breaks STS's rules.
    #[error(
        "cannot assume the role with this external id: it must have 2 to 1224 letters, digits or _+=,.@:/- ; \
         copy it from the role's trust policy"
    )]
    BadExternalId,
    /// The session name breaks STS's rules.
    #[error(
        "cannot assume the role under the session name {session_name:?}: it must be 2 to 64 letters, digits or any \
         of \"_+=,.@-\"; leave it out for \"narthex\""
    )]
    BadSessionName {
        /// What was given.
        session_name: String,
    },
    /// Part of the static credentials is empty or holds what a header cannot.
    #[error(
        "cannot use the static aws credentials: the {part} is empty or has white space or control characters in \
         it; copy it anew"
    )]
    BadStaticCredentials {
        /// Which part; never its value.
        part: &'static str,
    },
    /// Two sources of credentials.
    #[error(
        "cannot take aws credentials from two places: both static ones and the profile {profile:?} are given; give one"
    )]
    TwoSources {
        /// The profile.
        profile: String,
    },
    /// The files hold no such profile.
    #[error(
        "cannot use the aws profile {profile:?}: it is not in the config and credentials files (there: {known}); \
         correct the name, or AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE"
    )]
    NoSuchProfile {
        /// What was given.
        profile: String,
        /// The profiles that there are.
        known: String,
    },
    /// The profile's files cannot be read.
    #[error("cannot read the aws profile {profile:?}: {cause}; correct the file")]
    UnreadableProfile {
        /// What was given.
        profile: String,
        /// What is wrong.
        cause: String,
    },
    /// The profile logs in through a browser, which this crate leaves out.
    #[error(
        "cannot use the aws profile {profile:?}: it logs in through aws sso or aws login, which is not built in; \
         add a profile with credential_process = aws configure export-credentials --profile {profile} --format process"
    )]
    NeedsLogin {
        /// What was given.
        profile: String,
    },
}
