//! What a server says over HTTP: readiness, flags, its own metrics, and the samples that it holds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use narthex_model::{Labels, Sample, TimeSeries};
use reqwest::{Client, Url};
use serde::Deserialize;

use super::{Prometheus, Version};

impl Prometheus {
    /// All samples of the series that `selector` selects (`up`, `{job="a"}`) with timestamps in `window_ms`,
    /// in one request; 100,000 series of 10 samples are 100 MB of JSON. Series are sorted by their text.
    ///
    /// Values are exact. Not shown by Prometheus' API, and so not here: stale markers, and which NaN it was.
    ///
    /// # Errors
    /// When the server does not answer or the selector is wrong.
    pub async fn samples(
        &self,
        selector: &str,
        window_ms: RangeInclusive<i64>,
    ) -> anyhow::Result<Vec<TimeSeries>> {
        let body = self.api.query(&self.api.over(selector, &window_ms), *window_ms.end()).await?;
        let rows: Vec<Row<'_>> = result(&body)?;
        let mut series: Vec<TimeSeries> = Vec::with_capacity(rows.len());
        for row in rows {
            let samples: Vec<Sample> = row.values.iter().map(Point::sample).collect::<Result<_, _>>()?;
            let inside = samples.into_iter().filter(|sample| window_ms.contains(&sample.timestamp_ms));
            let one = TimeSeries::new(labels(&row.metric), inside);
            if !one.samples.is_empty() {
                series.push(one);
            }
        }
        series.sort_by_cached_key(|series| series.labels.to_string());
        Ok(series)
    }

    /// How many samples the selected series hold in `window_ms`, stale markers not counted.
    ///
    /// # Errors
    /// As [`samples`](Self::samples).
    pub async fn count(&self, selector: &str, window_ms: RangeInclusive<i64>) -> anyhow::Result<u64> {
        let counts = self.count_per_series(selector, window_ms).await?;
        Ok(counts.into_iter().map(|(_, count)| count as u64).sum())
    }

    /// The number of samples of each selected series in `window_ms`; the labels without `__name__`.
    ///
    /// # Errors
    /// As [`samples`](Self::samples); and when two series differ in `__name__` alone.
    pub async fn count_per_series(
        &self,
        selector: &str,
        window_ms: RangeInclusive<i64>,
    ) -> anyhow::Result<Vec<(Labels, f64)>> {
        let promql = format!("count_over_time({})", self.api.over(selector, &window_ms));
        self.query(&promql, *window_ms.end()).await
    }

    /// The sum of the values of each selected series in `window_ms`, as PromQL computes it (exact for whole
    /// numbers); the labels without `__name__`.
    ///
    /// # Errors
    /// As [`count_per_series`](Self::count_per_series).
    pub async fn sum_per_series(
        &self,
        selector: &str,
        window_ms: RangeInclusive<i64>,
    ) -> anyhow::Result<Vec<(Labels, f64)>> {
        let promql = format!("sum_over_time({})", self.api.over(selector, &window_ms));
        self.query(&promql, *window_ms.end()).await
    }

    /// The instant vector that `promql` yields at `at_ms`, sorted by the labels' text.
    ///
    /// # Errors
    /// When the server does not answer, refuses the query, or yields something else than a vector.
    pub async fn query(&self, promql: &str, at_ms: i64) -> anyhow::Result<Vec<(Labels, f64)>> {
        let body = self.api.query(promql, at_ms).await?;
        let mut vector: Vec<(Labels, f64)> = Vec::new();
        for row in result(&body)? {
            let point = row.value.with_context(|| format!("\"{promql}\" yields no vector"))?;
            vector.push((labels(&row.metric), point.sample()?.value()));
        }
        vector.sort_by_cached_key(|(labels, _)| labels.to_string());
        Ok(vector)
    }

    /// One of the server's own metrics: the sum over all its lines in `/metrics`, or, when `name` has braces,
    /// the one line that begins with exactly that.
    ///
    /// # Errors
    /// When the server does not answer or has no such metric.
    pub async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let text = self.api.get("/metrics").await?;
        let lines =
            text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
        let values: Vec<f64> = lines
            .filter(|(key, _)| *key == name || key.split('{').next() == Some(name))
            .map(|(_, value)| value.parse())
            .collect::<Result<_, _>>()?;
        ensure!(!values.is_empty(), "{} has no metric \"{name}\"", self.version);
        Ok(values.into_iter().sum())
    }
}

/// The HTTP client of one server.
#[derive(Debug)]
pub(super) struct Api {
    client: Client,
    version: Version,
    pub(super) port: u16,
}

impl Api {
    pub(super) fn new(version: Version) -> anyhow::Result<Self> {
        // Loopback without TLS; but the client insists on a configuration, and a process-wide default provider
        // would change what the code under test sees.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        // No idle connections: they would be reset by each restart.
        let client =
            Client::builder().tls_backend_preconfigured(tls).no_proxy().pool_max_idle_per_host(0).build()?;
        Ok(Self { client, version, port: 0 })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(super) async fn is_ready(&self) -> bool {
        self.client.get(self.url("/-/ready")).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    pub(super) async fn quit(&self) -> anyhow::Result<()> {
        self.client.post(self.url("/-/quit")).send().await?.error_for_status()?;
        Ok(())
    }

    /// The value of one of its command-line flags.
    pub(super) async fn flag(&self, name: &str) -> anyhow::Result<String> {
        let flags: Answer<BTreeMap<String, String>> =
            serde_json::from_str(&self.get("/api/v1/status/flags").await?)?;
        flags.data.and_then(|mut flags| flags.remove(name)).with_context(|| format!("it has no flag {name}"))
    }

    async fn get(&self, path: &str) -> anyhow::Result<String> {
        Ok(self.client.get(self.url(path)).send().await?.error_for_status()?.text().await?)
    }

    /// The answer's text; a refused query is told from a broken server by [`result`].
    async fn query(&self, promql: &str, at_ms: i64) -> anyhow::Result<String> {
        let time = format!("{:.3}", at_ms as f64 / 1000.0);
        let url = Url::parse_with_params(&self.url("/api/v1/query"), [("query", promql), ("time", &time)])?;
        Ok(self
            .client
            .post(url)
            .send()
            .await
            .with_context(|| format!("cannot ask {}", self.version))?
            .text()
            .await?)
    }

    /// `selector[…]`, which evaluated at the window's end covers the window: 2.x includes the left edge, 3.x
    /// does not.
    fn over(&self, selector: &str, window_ms: &RangeInclusive<i64>) -> String {
        let length_ms = window_ms.end() - window_ms.start();
        let range_ms = match self.version {
            Version::V2_42 => length_ms.max(1),
            Version::V3 => length_ms + 1,
        };
        format!("{selector}[{range_ms}ms]")
    }
}

#[derive(Deserialize)]
struct Answer<T> {
    error: Option<String>,
    data: Option<T>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    result: Vec<Row<'a>>,
}

/// A series in an answer: `value` in a vector, `values` in a matrix.
#[derive(Deserialize)]
struct Row<'a> {
    #[serde(borrow)]
    metric: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    #[serde(borrow, default)]
    values: Vec<Point<'a>>,
    #[serde(borrow)]
    value: Option<Point<'a>>,
}

/// Seconds, and the value as text, since JSON has no NaN or infinity.
#[derive(Deserialize)]
struct Point<'a>(f64, #[serde(borrow)] Cow<'a, str>);

impl Point<'_> {
    fn sample(&self) -> anyhow::Result<Sample> {
        let value = self.1.parse().with_context(|| format!("\"{}\" is no value", self.1))?;
        Ok(Sample::new(value, (self.0 * 1000.0).round() as i64))
    }
}

fn result(body: &str) -> anyhow::Result<Vec<Row<'_>>> {
    let answer: Answer<Data<'_>> =
        serde_json::from_str(body).with_context(|| format!("not an answer: {:.200}", body))?;
    match answer {
        Answer { data: Some(data), .. } => Ok(data.result),
        Answer { error, .. } => bail!("the query is refused: {}", error.unwrap_or_default()),
    }
}

fn labels(metric: &BTreeMap<Cow<'_, str>, Cow<'_, str>>) -> Labels {
    Labels::from_pairs(metric.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())))
}
