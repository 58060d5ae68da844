//! The cache, with a provider that plays a script.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as StdMutex};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;

use super::*;

const NOW_MS: i64 = 1_700_000_000_000;
const MINUTE_MS: i64 = 60_000;

type Step = Result<Credentials, CredentialsError>;

/// Gives the script's steps in turn, each after its delay; then says that it has no more.
#[derive(Debug, Clone)]
struct Provider(Arc<Script>);

#[derive(Debug, Default)]
struct Script {
    steps: StdMutex<VecDeque<Step>>,
    calls: AtomicUsize,
    delay: Duration,
}

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            self.0.calls.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(self.0.delay).await;
            self.0
                .steps
                .lock()
                .unwrap()
                .pop_front()
                .unwrap_or_else(|| Err(CredentialsError::not_loaded("end of script")))
        })
    }
}

fn cache(delay: Duration, steps: impl IntoIterator<Item = Step>) -> (Arc<CredentialCache>, Arc<Script>) {
    let script =
        Arc::new(Script { steps: StdMutex::new(steps.into_iter().collect()), delay, ..Script::default() });
    (Arc::new(CredentialCache::new(SharedCredentialsProvider::new(Provider(Arc::clone(&script))))), script)
}

fn until(id: &str, expiry_ms: i64) -> Step {
    let expiry = SystemTime::UNIX_EPOCH + Duration::from_millis(expiry_ms as u64);
    Ok(Credentials::new(id, "secret", None, Some(expiry), "script"))
}

fn outage() -> Step {
    Err(CredentialsError::provider_error("503 from the service"))
}

async fn id(cache: &CredentialCache, now_ms: i64) -> Result<String, SignError> {
    let identity = cache.at(now_ms).await?;
    Ok(identity.data::<Credentials>().unwrap().access_key_id().to_owned())
}

#[tokio::test]
async fn credentials_are_looked_up_once_while_they_are_good() {
    let (cache, script) = cache(Duration::ZERO, [until("A", NOW_MS + 60 * MINUTE_MS)]);
    for minute in 0..55 {
        assert_eq!(id(&cache, NOW_MS + minute * MINUTE_MS).await.unwrap(), "A");
    }
    assert_eq!(script.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn credentials_without_an_end_are_never_renewed() {
    let (cache, script) = cache(Duration::ZERO, [Ok(Credentials::from_keys("A", "secret", None))]);
    assert_eq!(id(&cache, NOW_MS).await.unwrap(), "A");
    assert_eq!(id(&cache, i64::MAX - 1).await.unwrap(), "A");
    assert_eq!(script.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn credentials_are_renewed_five_minutes_before_they_expire() {
    let expiry = NOW_MS + 60 * MINUTE_MS;
    let (cache, _) = cache(Duration::ZERO, [until("A", expiry), until("B", expiry + 60 * MINUTE_MS)]);
    assert_eq!(id(&cache, NOW_MS).await.unwrap(), "A");
    assert_eq!(id(&cache, expiry - RENEW_BEFORE_MS - 1).await.unwrap(), "A");
    assert_eq!(id(&cache, expiry - RENEW_BEFORE_MS).await.unwrap(), "B");
}

#[tokio::test]
async fn expired_credentials_are_replaced_not_used() {
    let (cache, _) =
        cache(Duration::ZERO, [until("A", NOW_MS + MINUTE_MS), until("B", NOW_MS + 600 * MINUTE_MS)]);
    assert_eq!(id(&cache, NOW_MS).await.unwrap(), "A");
    assert_eq!(id(&cache, NOW_MS + 120 * MINUTE_MS).await.unwrap(), "B");
}

#[tokio::test]
async fn a_failed_renewal_goes_on_with_the_old_credentials_and_pauses() {
    let expiry = NOW_MS + 60 * MINUTE_MS;
    let due = expiry - RENEW_BEFORE_MS;
    let (cache, script) =
        cache(Duration::ZERO, [until("A", expiry), outage(), until("B", expiry + 60 * MINUTE_MS)]);
    assert_eq!(id(&cache, NOW_MS).await.unwrap(), "A");
    for at in [due, due + 1, due + RENEW_AGAIN_MS - 1] {
        assert_eq!(id(&cache, at).await.unwrap(), "A");
    }
    assert_eq!(script.calls.load(Ordering::Relaxed), 2);
    assert_eq!(id(&cache, due + RENEW_AGAIN_MS).await.unwrap(), "B");
}

#[tokio::test]
async fn an_outage_past_the_expiry_is_a_retryable_error_until_the_service_is_back() {
    let steps = [until("A", NOW_MS + MINUTE_MS), outage(), until("B", NOW_MS + 60 * MINUTE_MS)];
    let (cache, _) = cache(Duration::ZERO, steps);
    assert_eq!(id(&cache, NOW_MS).await.unwrap(), "A");
    let error = id(&cache, NOW_MS + 2 * MINUTE_MS).await.unwrap_err();
    assert!(error.is_retryable && error.message.contains("503 from the service"), "{error}");
    assert_eq!(id(&cache, NOW_MS + 2 * MINUTE_MS).await.unwrap(), "B");
}

#[tokio::test]
async fn no_credentials_at_all_is_permanent_at_first_and_an_outage_later() {
    let (never, _) = cache(Duration::ZERO, []);
    let error = id(&never, NOW_MS).await.unwrap_err();
    assert!(!error.is_retryable && error.message.contains("AWS_ACCESS_KEY_ID"), "{error}");
    let (worked, _) = cache(Duration::ZERO, [until("A", NOW_MS + MINUTE_MS)]);
    assert_eq!(id(&worked, NOW_MS).await.unwrap(), "A");
    assert!(id(&worked, NOW_MS + 2 * MINUTE_MS).await.unwrap_err().is_retryable);
}

#[tokio::test]
async fn credentials_that_are_expired_on_arrival_are_a_retryable_error() {
    let (cache, _) =
        cache(Duration::ZERO, [until("A", NOW_MS - 90_000), until("B", NOW_MS + 60 * MINUTE_MS)]);
    let error = id(&cache, NOW_MS).await.unwrap_err();
    assert!(error.is_retryable && error.message.contains("expired 90 s ago"), "{error}");
    assert_eq!(id(&cache, NOW_MS).await.unwrap(), "B");
}

#[tokio::test]
async fn the_same_credentials_handed_out_to_their_end_cost_few_lookups() {
    let expiry = NOW_MS + 4 * MINUTE_MS;
    let (cache, script) = cache(Duration::ZERO, (0..100).map(|_| until("A", expiry)));
    for at in (NOW_MS..expiry - MARGIN_MS).step_by(100) {
        assert_eq!(id(&cache, at).await.unwrap(), "A");
    }
    let calls = script.calls.load(Ordering::Relaxed);
    assert!((3..12).contains(&calls), "{calls}");
}

#[tokio::test(start_paused = true)]
async fn many_shards_share_one_lookup_and_its_failure() {
    let (cache, script) = cache(Duration::from_secs(3), [outage(), until("A", NOW_MS + 60 * MINUTE_MS)]);
    let all_at_once = || {
        let shards: Vec<_> = (0..16)
            .map(|_| {
                tokio::spawn({
                    let cache = Arc::clone(&cache);
                    async move { id(&cache, NOW_MS).await }
                })
            })
            .collect();
        async move {
            let mut results = Vec::new();
            for shard in shards {
                results.push(shard.await.unwrap());
            }
            results
        }
    };
    assert!(all_at_once().await.iter().all(Result::is_err));
    assert_eq!(script.calls.load(Ordering::Relaxed), 1);
    assert!(all_at_once().await.iter().all(|result| result.as_ref().is_ok_and(|id| id == "A")));
    assert_eq!(script.calls.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_renewal_while_the_old_credentials_are_good() {
    let expiry = NOW_MS + 60 * MINUTE_MS;
    let (cache, _) = cache(Duration::from_secs(5), [until("A", expiry), until("B", expiry + 60 * MINUTE_MS)]);
    assert_eq!(id(&cache, NOW_MS).await.unwrap(), "A");
    let due = expiry - MINUTE_MS;
    let renewing = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { id(&cache, due).await.unwrap() }
    });
    tokio::task::yield_now().await;
    let started = tokio::time::Instant::now();
    assert_eq!(id(&cache, due).await.unwrap(), "A");
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(renewing.await.unwrap(), "B");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_is_a_retryable_error() {
    let (cache, _) = cache(Duration::from_secs(3600), [until("A", NOW_MS + 60 * MINUTE_MS)]);
    let error = id(&cache, NOW_MS).await.unwrap_err();
    assert!(error.is_retryable && error.message.contains("no answer in 30 s"), "{error}");
}
