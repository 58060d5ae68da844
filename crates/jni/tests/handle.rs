//! A handle as Java uses it, without Java: a real receiver on a loopback port, in real time.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::time::Duration;

use narthex_jni::error::Error;
use narthex_jni::handle::Handle;
use narthex_jni::record::{self, Decoder, Record};
use narthex_receiver::{ReceiverConfig, ReceiverServer, Script, ServerHandle};
use narthex_sink::{BoxFuture, Labels, Origin, Sample, SignError, Signer, TimeSeries};
use tokio::runtime::Runtime;
use tokio::time::Instant;

const SOON: Duration = Duration::from_secs(20);
const NONE: Duration = Duration::ZERO;

struct Rig {
    server: ServerHandle,
    _runtime: Runtime,
}

impl Rig {
    fn new(script: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let config = match script {
            "" => ReceiverConfig::default(),
            script => ReceiverConfig::default().with_fault(script.parse::<Script>().unwrap()),
        };
        let server = runtime.block_on(ReceiverServer::start(config)).unwrap();
        Self { server, _runtime: runtime }
    }

    fn open(&self, options: &[(&str, &str)]) -> Handle {
        open(&self.server.write_url(), options, None).unwrap()
    }

    fn stored(&self) -> usize {
        self.server.dump().iter().map(|series| series.samples.len()).sum()
    }
}

fn open(url: &str, options: &[(&str, &str)], signer: Option<Arc<dyn Signer>>) -> Result<Handle, Error> {
    let pairs = [("metric.endpoint-url", url), ("sink.shards", "1"), ("sink.retry.max-backoff", "50 ms")];
    let pairs = pairs.into_iter().chain(options.iter().copied());
    let options: Vec<String> = pairs.flat_map(|(key, value)| [key.to_owned(), value.to_owned()]).collect();
    Handle::open(&options, signer)
}

fn series(n: usize, seconds: impl IntoIterator<Item = i64>) -> TimeSeries {
    let now = narthex_sink::Clock::now_ms(&narthex_sink::SystemClock) / 3_600_000 * 3_600_000;
    let labels = Labels::from_pairs([("__name__", "m".to_owned()), ("n", n.to_string())]);
    TimeSeries::new(labels, seconds.into_iter().map(|s| Sample::new(s as f64, now + s * 1000)))
}

fn packed(all: impl IntoIterator<Item = TimeSeries>) -> Vec<u8> {
    let mut bytes = Vec::new();
    all.into_iter().for_each(|series| record::encode(&series, &mut bytes));
    bytes
}

fn read(mut bytes: &[u8]) -> Vec<TimeSeries> {
    let (mut decoder, mut all) = (Decoder::default(), Vec::new());
    while !bytes.is_empty() {
        let (record, length) = decoder.decode(bytes).unwrap();
        let Record::Series(series) = record else { panic!("{record:?}") };
        all.push(series);
        bytes = &bytes[length..];
    }
    all
}

/// A record that cannot be written, with these samples.
fn unwritable(reason: &str, series: TimeSeries) -> Vec<u8> {
    let plain = packed([series]);
    let mut content = vec![1, reason.len() as u8];
    content.extend(reason.as_bytes());
    content.extend(3u32.to_le_bytes());
    content.extend(b"why");
    content.extend(&plain[5..]);
    [&(content.len() as u32).to_le_bytes()[..], &content].concat()
}

/// Names of two labels under number 0.
fn names() -> Vec<u8> {
    let mut content = vec![4, 0, 0, 2, 0];
    for name in ["__name__", "n"] {
        content.extend((name.len() as u32).to_le_bytes());
        content.extend(name.as_bytes());
    }
    [&(content.len() as u32).to_le_bytes()[..], &content].concat()
}

/// The record of a series, with nothing but the values of these labels.
fn shaped(series: &TimeSeries) -> Vec<u8> {
    let plain = packed([series.clone()]);
    let mut content = vec![5, 0, 0];
    for (_, value) in series.labels.iter() {
        content.extend((value.len() as u32).to_le_bytes());
        content.extend(value);
    }
    content.extend(&plain[plain.len() - 16 * series.samples.len() - 4..]);
    [&(content.len() as u32).to_le_bytes()[..], &content].concat()
}

#[test]
fn names_are_kept_from_call_to_call_and_may_be_told_again() {
    let rig = Rig::new("");
    let handle = rig.open(&[]);
    for call in 0..3 {
        let records = (0..100).flat_map(|n| shaped(&series(n, [call])));
        let bytes: Vec<u8> = match call {
            2 => records.collect(),
            _ => names().into_iter().chain(records).collect(),
        };
        assert_eq!(handle.send(&bytes, NONE, false).unwrap(), bytes.len());
    }
    let error = rig.open(&[]).send(&shaped(&series(0, [0])), NONE, false).unwrap_err();
    assert!(error.to_string().contains("there is no shape 0"), "{error}");
    assert!(handle.flush(SOON).unwrap());
    assert_eq!(rig.stored(), 300);
    assert!(rig.server.dump().iter().all(|series| series.samples.len() == 3));
}

#[test]
fn names_are_no_record_to_a_full_sink_and_a_snapshot_is_plain() {
    let rig = Rig::new("503x*");
    let options = [
        ("sink.batch.max-size", "10"),
        ("sink.requests.max-buffered", "20"),
        ("sink.retry.max-time", "60 s"),
    ];
    let handle = rig.open(&options);
    let all: Vec<TimeSeries> = (0..100).map(|n| series(n, [0])).collect();
    let before = packed(all.clone());
    let taken = handle.send(&before, Duration::from_millis(200), false).unwrap();
    let next = read(&before[..taken]).len();
    assert!(next < 90);
    // Names are taken without room, and with force the first series behind them too.
    let (first, second) = (shaped(&all[next]), shaped(&all[next + 1]));
    let bytes = [&names()[..], &first, &second].concat();
    assert_eq!(handle.send(&bytes, NONE, false).unwrap(), names().len());
    assert_eq!(handle.send(&bytes, NONE, true).unwrap(), names().len() + first.len());
    assert_eq!(handle.send(&second, NONE, true).unwrap(), second.len());
    assert_eq!(handle.unsettled().unwrap(), packed(all[..next + 2].to_vec()));
    handle.close(NONE).unwrap();
}

#[test]
fn what_is_sent_is_written_and_the_ledger_says_so() {
    let rig = Rig::new("");
    let handle = rig.open(&[("user-agent", "flink/test")]);
    let bytes = packed((0..500).map(|n| series(n, [0, 1])));
    assert_eq!(handle.send(&bytes, NONE, false).unwrap(), bytes.len());
    assert!(handle.flush(SOON).unwrap());
    assert!(handle.unsettled().unwrap().is_empty());
    handle.check().unwrap();
    let ledger = handle.ledger().unwrap();
    assert!(ledger.contains(r#""received":1000,"written":1000,"#), "{ledger}");
    assert_eq!(handle.close(SOON).unwrap(), ledger);
    assert_eq!(rig.stored(), 1000);
}

#[test]
fn a_full_sink_takes_a_part_and_with_force_one_record_more() {
    let rig = Rig::new("503x*");
    let options = [
        ("sink.batch.max-size", "10"),
        ("sink.requests.max-buffered", "20"),
        ("sink.retry.max-time", "60 s"),
    ];
    let handle = rig.open(&options);
    let bytes = packed((0..100).map(|n| series(n, [0])));
    let begin = Instant::now();
    let taken = handle.send(&bytes, Duration::from_millis(200), false).unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(200) && begin.elapsed() < SOON);
    assert!(taken > 0 && taken < bytes.len(), "{taken}");
    assert_eq!(handle.send(&bytes[taken..], NONE, false).unwrap(), 0);
    let forced = handle.send(&bytes[taken..], NONE, true).unwrap();
    assert_eq!(read(&bytes[taken..taken + forced]).len(), 1);
    assert!(!handle.flush(Duration::from_millis(50)).unwrap());
    // All of it is in the snapshot, in order, and nothing else.
    assert_eq!(read(&handle.unsettled().unwrap()), read(&bytes[..taken + forced]));
    assert!(handle.close(NONE).unwrap().contains(r#""written":0,"#));
}

#[test]
fn a_snapshot_goes_into_the_next_sink() {
    let rig = Rig::new("503x5");
    let first = rig.open(&[
        ("sink.retry.initial-backoff", "1 h"),
        ("sink.retry.max-backoff", "1 h"),
        ("sink.retry.max-time", "2 h"),
    ]);
    let bytes = packed([Origin::Rescaled.stamp(series(0, [0])), series(1, [0, 1]), series(1, [2])]);
    first.send(&bytes, NONE, false).unwrap();
    let snapshot = first.unsettled().unwrap();
    first.close(NONE).unwrap();
    assert!(matches!(Origin::of(&read(&snapshot)[0]), Origin::Rescaled));
    let second = rig.open(&[]);
    assert_eq!(second.send(&snapshot, NONE, false).unwrap(), snapshot.len());
    assert!(second.flush(SOON).unwrap());
    assert_eq!(rig.stored(), 4);
}

#[test]
fn a_record_that_cannot_be_written_is_counted_and_filed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dead.ndjson");
    let rig = Rig::new("");
    let handle = rig.open(&[("sink.dead-letters.path", path.to_str().unwrap())]);
    let bytes = [unwritable("null", series(0, [])), unwritable("no_timestamp", series(1, [1]))].concat();
    assert_eq!(handle.send(&bytes, NONE, false).unwrap(), bytes.len());
    let ledger = handle.close(SOON).unwrap();
    assert!(ledger.contains(r#""dropped":{"no_timestamp":1,"null":1}"#), "{ledger}");
    let letters = std::fs::read_to_string(path).unwrap();
    assert!(letters.lines().count() == 2 && letters.contains(r#""message":"why""#), "{letters}");
}

#[test]
fn a_broken_record_is_an_error_with_its_place_and_what_is_before_it_is_taken() {
    let rig = Rig::new("");
    let handle = rig.open(&[]);
    let good = packed([series(0, [0])]);
    let bytes = [&good[..], &[9, 0, 0, 0, 7]].concat();
    let error = handle.send(&bytes, NONE, false).unwrap_err();
    assert!(matches!(error, Error::Record { at, .. } if at == good.len()), "{error}");
    assert!(handle.flush(SOON).unwrap());
    assert_eq!(rig.stored(), 1);
}

#[test]
fn a_wrong_receiver_stops_every_call_but_ledger_and_close() {
    let rig = Rig::new("401x*");
    let handle = rig.open(&[]);
    let bytes = packed([series(0, [0])]);
    handle.send(&bytes, NONE, false).unwrap();
    let said = handle.flush(SOON).unwrap_err().to_string();
    assert!(said.contains("401"), "{said}");
    let all = [
        handle.check().unwrap_err(),
        handle.send(&bytes, NONE, true).unwrap_err(),
        handle.unsettled().unwrap_err(),
    ];
    assert!(all.iter().all(|error| error.to_string() == said), "{all:?}");
    assert!(handle.ledger().unwrap().contains(r#""pending":1"#));
    assert!(handle.close(SOON).unwrap().contains(r#""pending":1"#));
}

#[test]
fn all_mistakes_come_in_one_error() {
    let error =
        open("nowhere", &[("sink.shard", "1"), ("sink.batch.max-size", "0"), ("user-agent", "\n")], None);
    let text = error.err().unwrap().to_string();
    for part in ["metric.endpoint-url: ", "sink.shard: ", "sink.batch.max-size: ", "user_agent: "] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    assert!(matches!(Handle::open(&["a".to_owned()], None), Err(Error::OddOptions(1))));
}

#[test]
fn a_closed_or_panicked_handle_says_so() {
    let rig = Rig::new("");
    let handle = rig.open(&[]);
    handle.fail("panicked at a.rs:1:2: on purpose");
    let said = handle.check().unwrap_err().to_string();
    assert!(said.contains("panicked at a.rs:1:2: on purpose"), "{said}");
    handle.ledger().unwrap();
    handle.close(SOON).unwrap();
    assert!(matches!(handle.close(NONE), Err(Error::Closed)));
    assert!(matches!(handle.ledger(), Err(Error::Closed)));
}

#[test]
fn closing_never_waits_for_a_receiver_that_does_not_answer() {
    let rig = Rig::new("silencex*");
    for drain in [NONE, Duration::from_millis(300)] {
        let handle = rig.open(&[]);
        handle.send(&packed([series(0, [0])]), NONE, false).unwrap();
        let begin = Instant::now();
        assert!(handle.close(drain).unwrap().contains(r#""pending":1"#));
        assert!(begin.elapsed() >= drain && begin.elapsed() < drain + Duration::from_secs(2));
    }
}

#[derive(Debug)]
struct Refuses;

impl Signer for Refuses {
    fn sign<'a>(
        &'a self,
        _head: &'a mut http::request::Parts,
        _body: &'a [u8],
        _now_ms: i64,
    ) -> BoxFuture<'a, Result<(), SignError>> {
        let message = "the request signer threw java.lang.Error: no".to_owned();
        Box::pin(std::future::ready(Err(SignError { message, is_retryable: false })))
    }
}

#[test]
fn a_signer_that_throws_stops_the_sink_with_its_words() {
    let rig = Rig::new("");
    let handle = open(&rig.server.write_url(), &[], Some(Arc::new(Refuses))).unwrap();
    handle.send(&packed([series(0, [0])]), NONE, false).unwrap();
    let said = handle.flush(SOON).unwrap_err().to_string();
    assert!(said.contains("java.lang.Error: no"), "{said}");
    assert_eq!(rig.stored(), 0);
}
