//! Rows through the sink into the built-in receiver.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, StringArray, TimestampMillisecondArray};
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use narthex_engine::TableSink;
use narthex_planner::arrow_field;
use narthex_receiver::{ReceiverConfig, ReceiverServer, ServerConfig, ServerHandle};
use narthex_sink::{DeadLetters, Labels, ManualClock, SignError, Signer};
use serde_json::{Value, json};

use super::{PLAIN, options};
use crate::testing::{messages, table_of};
use crate::{Context, SignerSource, sink};

const NOW_MS: i64 = 1_714_979_289_123;

async fn receiver() -> ServerHandle {
    let receiver = ReceiverConfig { clock: Arc::new(ManualClock::at(NOW_MS)), ..ReceiverConfig::default() };
    ReceiverServer::start(ServerConfig { receiver, ..ServerConfig::default() }).await.unwrap()
}

fn context() -> Context {
    Context { clock: Arc::new(ManualClock::at(NOW_MS)), ..Context::new("narthex/test") }
}

fn batch(rows: &[(Option<&str>, Option<f64>, i64, &str)]) -> RecordBatch {
    let table = table_of(PLAIN, &options(&[]));
    let fields: Vec<_> = table.columns.iter().map(|(name, data_type)| arrow_field(name, data_type)).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter(rows.iter().map(|row| row.0))),
        Arc::new(Float64Array::from_iter(rows.iter().map(|row| row.1))),
        Arc::new(
            TimestampMillisecondArray::from_iter_values(rows.iter().map(|row| row.2)).with_timezone("UTC"),
        ),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.3))),
    ];
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

async fn write(sink: &dyn TableSink, batches: &[RecordBatch]) -> Result<Value, narthex_engine::Error> {
    let mut encoder = sink.encoder().unwrap();
    let mut writer = sink.open().await?;
    for batch in batches {
        let payload = encoder.encode(batch).unwrap();
        let mut left = payload.rows();
        writer.write(payload, &mut left).await?;
        assert_eq!(left, 0);
    }
    let ledger = writer.teller().unwrap();
    writer.flush().await?;
    assert_eq!(ledger()["pending"], 0);
    writer.finish().await?;
    Ok(ledger())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_stored_and_counted_to_the_last() {
    let server = receiver().await;
    let url = server.write_url();
    let table = table_of(PLAIN, &options(&[("metric.endpoint-url", &url), ("sink.shards", "2")]));
    let folder = tempfile::tempdir().unwrap();
    let letters = folder.path().join("lost.ndjson");
    let context = Context { dead_letters: Some(DeadLetters::open(&letters).unwrap()), ..context() };
    let good: Vec<_> = (0..3000).map(|n| (Some("rpm"), Some(n as f64), NOW_MS - 3000 + n, "h1")).collect();
    let bad = [(Some("rpm"), None, NOW_MS, "h2"), (None, Some(1.0), NOW_MS, "h3")];
    let ledger = write(&*sink(&table, &context).unwrap(), &[batch(&good), batch(&bad)]).await.unwrap();
    assert_eq!((&ledger["received"], &ledger["written"]), (&json!(3002), &json!(3000)));
    assert_eq!(ledger["dropped"], json!({"null": 2}));
    let labels = Labels::from_pairs([("__name__", "rpm"), ("host", "h1")]);
    assert_eq!(server.receiver().series(&labels).unwrap().samples.len(), 3000);
    assert_eq!(server.log()[0].headers.get("user-agent").unwrap(), "narthex/test");
    let letters = std::fs::read_to_string(letters).unwrap();
    assert!(letters.contains("the sample is null") && letters.contains("\"h2\""), "{letters}");
    assert!(letters.contains("the metric name is null") && letters.contains("\"value\":1.0"), "{letters}");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_receiver_fails_the_job_with_the_reason() {
    let server = receiver().await;
    let url = format!("{}/nowhere", server.url());
    let table = table_of(PLAIN, &options(&[("metric.endpoint-url", &url)]));
    let rows = batch(&[(Some("m"), Some(1.0), NOW_MS, "h")]);
    let error = write(&*sink(&table, &context()).unwrap(), &[rows]).await.unwrap_err().to_string();
    assert!(error.starts_with("cannot write the table t: ") && error.contains("404"), "{error}");
    server.shutdown().await;
}

/// Puts a header on each request.
#[derive(Debug)]
struct Stamp(String);

impl Signer for Stamp {
    fn sign<'a>(
        &'a self,
        request: &'a mut http::request::Parts,
        _: &'a [u8],
        _: i64,
    ) -> narthex_sink::BoxFuture<'a, Result<(), SignError>> {
        request.headers.insert("x-stamp", self.0.parse().unwrap());
        Box::pin(std::future::ready(Ok(())))
    }
}

struct Stamps;

#[async_trait]
impl SignerSource for Stamps {
    fn names(&self) -> Vec<&'static str> {
        vec!["stamps"]
    }

    fn options(&self, _: &str) -> Vec<&'static str> {
        vec!["aws.ink"]
    }

    async fn signer(
        &self,
        _: &str,
        _: &str,
        options: &[(String, String)],
    ) -> Result<Arc<dyn Signer>, String> {
        Ok(Arc::new(Stamp(options[0].1.clone())))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signer_is_asked_for_by_name_and_gets_its_options() {
    let server = receiver().await;
    let url = server.write_url();
    let context = Context { signers: Some(Arc::new(Stamps)), ..context() };
    let rows = [batch(&[(Some("m"), Some(1.0), NOW_MS, "h")])];
    let with = |name: &str, key: &str| {
        let changes = [("metric.endpoint-url", url.as_str()), ("metric.request-signer", name), (key, "blue")];
        sink(&table_of(PLAIN, &options(&changes)), &context).map_err(|mistakes| messages(&mistakes))
    };
    write(&*with("stamps", "aws.ink").unwrap(), &rows).await.unwrap();
    assert_eq!(server.log()[0].headers.get("x-stamp").unwrap(), "blue");
    for (name, key, expected) in [
        ("stamp", "aws.ink", "metric.request-signer: \"stamp\" is not one of stamps; did you mean stamps?"),
        ("stamps", "aws.inc", "aws.inc: the signer \"stamps\" has no such option; the nearest is aws.ink"),
    ] {
        assert_eq!(with(name, key).err().unwrap(), [expected]);
    }
    server.shutdown().await;
}
