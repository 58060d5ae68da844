//! Pushes metrics to a Pushgateway, now and then and at the end: for jobs that end before anybody scrapes them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Uri};
use narthex_client::{HttpTransport, HttpTransportConfig, Transport};
use narthex_planner::Push;
use prometheus_client::registry::Registry;

use crate::exposition::{TEXT, text_of};

/// Longest time of one push: a gateway that does not answer holds up no job.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Pushes a registry's metrics under one grouping key.
#[derive(Debug)]
pub(crate) struct Pusher {
    target: Arc<Target>,
    deletes: bool,
    regularly: tokio::task::JoinHandle<()>,
}

#[derive(Debug)]
struct Target {
    /// With the grouping key.
    url: Uri,
    transport: HttpTransport,
    registry: Arc<Registry>,
}

impl Pusher {
    /// Begins to push as the settings say.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub(crate) fn start(push: &Push, registry: Arc<Registry>) -> anyhow::Result<Self> {
        let config = HttpTransportConfig { timeout: TIMEOUT, ..HttpTransportConfig::default() };
        let url = grouped(push).parse()?;
        let target = Arc::new(Target { url, transport: HttpTransport::new(&config)?, registry });
        let (pushed, interval) = (target.clone(), push.interval);
        let regularly = tokio::spawn(async move {
            loop {
                tokio::time::sleep(interval).await;
                pushed.send(Method::PUT).await;
            }
        });
        Ok(Self { target, deletes: push.deletes_on_shutdown, regularly })
    }

    /// Pushes the last numbers, or takes all of them back if that is asked for.
    pub(crate) async fn end(self) {
        self.regularly.abort();
        // One that is under way may not come behind this one.
        let _ = self.regularly.await;
        self.target.send(if self.deletes { Method::DELETE } else { Method::PUT }).await;
    }
}

impl Target {
    async fn send(&self, method: Method) {
        let mut body = String::new();
        if method == Method::PUT
            && prometheus_client::encoding::text::encode(&mut body, &self.registry).is_err()
        {
            tracing::warn!("cannot write the metrics to be pushed");
            return;
        }
        let request = Request::builder()
            .method(method)
            .uri(self.url.clone())
            .header(http::header::CONTENT_TYPE, TEXT)
            .body(Bytes::from(text_of(&body)));
        // All of its parts have been checked.
        let Ok(request) = request else { return };
        let shown = &self.url;
        match self.transport.send(request).await {
            Ok(answer) if answer.status.is_success() => {}
            Ok(answer) => {
                let said = String::from_utf8_lossy(&answer.body).trim().chars().take(200).collect::<String>();
                tracing::warn!("the Pushgateway at {shown} answered {}: {said}", answer.status);
            }
            Err(error) => tracing::warn!("cannot push metrics to {shown}: {}", error.message),
        }
    }
}

/// The URL of a group: `…/metrics/job/NAME/LABEL/VALUE`; a value that a path cannot hold is written in base64.
fn grouped(push: &Push) -> String {
    let mut url = format!("{}/metrics", push.url.trim_end_matches('/'));
    let job = [("job".to_owned(), push.job_name.clone())];
    for (name, value) in job.iter().chain(&push.grouping_key) {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if !value.is_empty() && value.bytes().all(is_plain) {
            url.push_str(&format!("/{name}/{value}"));
        } else {
            use base64::Engine as _;
            // An empty value is a single padding character, as the Pushgateway reads it.
            let encoded = base64::engine::general_purpose::URL_SAFE.encode(value);
            url.push_str(&format!("/{name}@base64/{}", if value.is_empty() { "=" } else { &encoded }));
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_its_labels_in_the_path() {
        let push = |key: &[(&str, &str)]| Push {
            url: "http://gateway:9091/".to_owned(),
            interval: Duration::from_secs(15),
            job_name: "nightly".to_owned(),
            grouping_key: key.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            deletes_on_shutdown: false,
        };
        assert_eq!(grouped(&push(&[])), "http://gateway:9091/metrics/job/nightly");
        assert_eq!(
            grouped(&push(&[("instance", "a-1"), ("path", "/var/tmp"), ("empty", "")])),
            "http://gateway:9091/metrics/job/nightly/instance/a-1/path@base64/L3Zhci90bXA=/empty@base64/="
        );
    }
}
