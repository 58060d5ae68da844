//! Credentials, held until shortly before they expire.
//!
//! Time is the `now_ms` of the request to sign, so that a test sets it. One task looks up at a time; the others
//! go on with what is held as long as it is good, and wait only when nothing is. While what is held is still
//! good, a failed renewal is logged and tried again later, never returned.

use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::identity::Identity;
use narthex_client::SignError;
use tokio::sync::Mutex;
use tracing::instrument::WithSubscriber;
use tracing::subscriber::NoSubscriber;

use crate::explain::{self, Explanation};

/// How long before expiry a renewal starts, at most: the container and instance services hand out the next
/// credentials at least 5 minutes before the old ones end (EC2 User Guide, "Retrieve security credentials").
const RENEW_BEFORE_MS: i64 = 5 * 60_000;
/// Not used any more this close to expiry: a request signed now still has to arrive.
const MARGIN_MS: i64 = 10_000;
/// Pause after a failed renewal while the held credentials are good; also the most frequent WARN about it.
const RENEW_AGAIN_MS: i64 = 30_000;
/// Above what the chain's own timeouts and retries add up to when every step is tried.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(30);

/// Looks credentials up when they are needed, and keeps them.
#[derive(Debug)]
pub(crate) struct CredentialCache {
    provider: SharedCredentialsProvider,
    state: RwLock<State>,
    looking_up: Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    last_failure: Option<Explanation>,
    /// Look-ups that ended, so that a task that waited for one can tell.
    lookups: u64,
}

#[derive(Debug, Clone)]
struct Held {
    identity: Identity,
    renew_at_ms: i64,
    good_until_ms: i64,
}

enum Need {
    Nothing(Identity),
    Renewal(Identity),
    Lookup,
}

impl CredentialCache {
    pub(crate) fn new(provider: SharedCredentialsProvider) -> Self {
        Self { provider, state: RwLock::default(), looking_up: Mutex::new(()) }
    }

    /// Credentials that are good at `now_ms`.
    pub(crate) async fn at(&self, now_ms: i64) -> Result<Identity, SignError> {
        let seen = self.state.read().unwrap_or_else(PoisonError::into_inner).lookups;
        match self.need(now_ms) {
            Need::Nothing(identity) => Ok(identity),
            Need::Renewal(identity) => match self.looking_up.try_lock() {
                Err(_) => Ok(identity),
                Ok(_guard) => Ok(self.renew(now_ms).await.unwrap_or(identity)),
            },
            Need::Lookup => {
                let _guard = self.looking_up.lock().await;
                match self.need(now_ms) {
                    Need::Nothing(identity) | Need::Renewal(identity) => Ok(identity),
                    Need::Lookup => self.look_up_unless_just_failed(seen, now_ms).await,
                }
            }
        }
    }

    fn need(&self, now_ms: i64) -> Need {
        match &self.state.read().unwrap_or_else(PoisonError::into_inner).held {
            Some(held) if now_ms < held.renew_at_ms.min(held.good_until_ms) => {
                Need::Nothing(held.identity.clone())
            }
            Some(held) if now_ms < held.good_until_ms => Need::Renewal(held.identity.clone()),
            _ => Need::Lookup,
        }
    }

    async fn renew(&self, now_ms: i64) -> Option<Identity> {
        match self.look_up(now_ms).await {
            Ok(identity) => Some(identity),
            Err(failure) => {
                let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
                if let Some(held) = &mut state.held {
                    held.renew_at_ms = now_ms.saturating_add(RENEW_AGAIN_MS);
                    let good_for_s = held.good_until_ms.saturating_sub(now_ms) / 1000;
                    tracing::warn!(cause = %failure.message, good_for_s, "cannot renew the aws credentials, goes on with the old ones");
                }
                None
            }
        }
    }

    /// Shards that waited for the same failed look-up share its answer, instead of waiting for one more each.
    async fn look_up_unless_just_failed(&self, seen: u64, now_ms: i64) -> Result<Identity, SignError> {
        let just_failed = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            state.last_failure.clone().filter(|_| state.lookups != seen)
        };
        match just_failed {
            Some(failure) => Err(failure.into()),
            None => self.look_up(now_ms).await.map_err(SignError::from),
        }
    }

    async fn look_up(&self, now_ms: i64) -> Result<Identity, Explanation> {
        // The SDK logs what services answer, and the token service's answer to a bad signature repeats the
        // request, session token included. What a user needs of it is in the error.
        let lookup = self.provider.provide_credentials().with_subscriber(NoSubscriber::default());
        let found = tokio::time::timeout(LOOKUP_TIMEOUT, lookup).await;
        let found = match found {
            Ok(Ok(credentials)) => hold(credentials, now_ms),
            Ok(Err(error)) => Err(explain::not_found(&error)),
            Err(_) => Err(explain::no_answer(LOOKUP_TIMEOUT)),
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.lookups += 1;
        match found {
            Ok(held) => {
                let identity = held.identity.clone();
                state.last_failure = None;
                state.held = Some(held);
                Ok(identity)
            }
            Err(mut failure) => {
                // What worked before can work again: the service is out of order, not the configuration.
                failure.is_retryable |= state.held.is_some();
                state.last_failure = Some(failure.clone());
                Err(failure)
            }
        }
    }
}

fn hold(credentials: Credentials, now_ms: i64) -> Result<Held, Explanation> {
    let Some(expiry) = credentials.expiry() else {
        return Ok(Held { identity: credentials.into(), renew_at_ms: i64::MAX, good_until_ms: i64::MAX });
    };
    let expiry_ms = since_epoch_ms(expiry);
    let good_until_ms = expiry_ms.saturating_sub(MARGIN_MS);
    if now_ms >= good_until_ms {
        return Err(explain::expired(now_ms.saturating_sub(expiry_ms)));
    }
    // A quarter of what is left bounds the look-ups when a service hands out the same credentials to their end.
    let renew_before_ms = (expiry_ms.saturating_sub(now_ms) / 4).min(RENEW_BEFORE_MS);
    Ok(Held { identity: credentials.into(), renew_at_ms: expiry_ms - renew_before_ms, good_until_ms })
}

fn since_epoch_ms(time: SystemTime) -> i64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests;
