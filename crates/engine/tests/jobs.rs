//! Jobs over tables made for the test: order, failures, back-pressure, the ledger.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::{AsArray, Int64Array};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use narthex_engine::{
    BadRecord, Chunk, Decoded, Encoder, Error, JobGraph, Next, NextSplit, Outcome, Payload, Reporter,
    RunOptions, Running, Split, Splits, TableSink, TableSource, Writer,
};
use narthex_planner::{Job, Settings, Step};

/// Numbers from 0, in chunks; some chunks take longer than others.
#[derive(Debug, Clone)]
struct Numbers {
    chunks: u64,
    rows: u64,
    /// Every n-th record cannot be decoded.
    bad_every: Option<u64>,
    given: Arc<AtomicU64>,
}

impl Numbers {
    fn of(chunks: u64, rows: u64) -> Self {
        Self { chunks, rows, bad_every: None, given: Arc::default() }
    }
}

impl TableSource for Numbers {
    fn open(&self) -> Result<Box<dyn Splits>, Error> {
        Ok(Box::new(OneSplit(Some(self.clone()))))
    }

    fn is_bounded(&self) -> bool {
        true
    }
}

struct OneSplit(Option<Numbers>);

impl Splits for OneSplit {
    fn next(&mut self, _wait: Duration) -> Result<NextSplit, Error> {
        Ok(self
            .0
            .take()
            .map_or(NextSplit::End, |numbers| NextSplit::Split(Box::new(Reading { numbers, next: 0 }))))
    }
}

struct Reading {
    numbers: Numbers,
    next: u64,
}

impl Split for Reading {
    fn name(&self) -> &str {
        "numbers"
    }

    fn next(&mut self, _wait: Duration) -> Result<Next, Error> {
        if self.next == self.numbers.chunks {
            return Ok(Next::End);
        }
        let Numbers { rows, bad_every, ref given, .. } = self.numbers;
        given.fetch_add(rows, Ordering::Relaxed);
        let chunk = Range { from: self.next * rows, rows, bad_every };
        self.next += 1;
        Ok(Next::Chunk(Box::new(chunk)))
    }
}

struct Range {
    from: u64,
    rows: u64,
    bad_every: Option<u64>,
}

impl Chunk for Range {
    fn bytes(&self) -> usize {
        64 * 1024
    }

    fn decode(self: Box<Self>) -> Result<Decoded, Error> {
        if self.from.is_multiple_of(3) {
            std::thread::sleep(Duration::from_micros(300));
        }
        let all = self.from..self.from + self.rows;
        let is_bad = |n: &u64| self.bad_every.is_some_and(|every| n.is_multiple_of(every));
        let bad = all.clone().filter(is_bad).map(|n| BadRecord {
            place: format!("numbers:{n}"),
            raw: n.to_string().into_bytes(),
            message: "no number".into(),
        });
        let bad: Vec<_> = bad.collect();
        let good: Int64Array = all.filter(|n| !is_bad(n)).map(|n| n as i64).collect();
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        let batch = RecordBatch::try_new(schema, vec![Arc::new(good)]).unwrap();
        Ok(Decoded { batch, records: self.rows, ignored: 0, bad })
    }
}

/// Keeps what it is given.
#[derive(Debug, Clone, Default)]
struct Kept {
    rows: Arc<Mutex<Vec<i64>>>,
    is_stuck: Arc<AtomicBool>,
    fails_after: Option<usize>,
    is_finished: Arc<AtomicBool>,
}

struct AsText;

impl Encoder for AsText {
    fn encode(&mut self, batch: &RecordBatch) -> Result<Payload, Error> {
        let numbers = batch.column(0).as_primitive::<Int64Type>();
        let bytes = numbers.values().iter().flat_map(|n| format!("{n}\n").into_bytes()).collect();
        Ok(Payload::Bytes { rows: batch.num_rows() as u64, bytes })
    }
}

#[async_trait]
impl TableSink for Kept {
    fn encoder(&self) -> Result<Box<dyn Encoder>, Error> {
        Ok(Box::new(AsText))
    }

    async fn open(&self) -> Result<Box<dyn Writer>, Error> {
        Ok(Box::new(self.clone()))
    }
}

#[async_trait]
impl Writer for Kept {
    async fn write(&mut self, payload: Payload, left: &mut u64) -> Result<(), Error> {
        while self.is_stuck.load(Ordering::Relaxed) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        *left = 0;
        let Payload::Bytes { bytes, .. } = payload else { panic!("{payload:?}") };
        let text = String::from_utf8(bytes).unwrap();
        let mut rows = self.rows.lock().unwrap();
        rows.extend(text.lines().map(|line| line.parse::<i64>().unwrap()));
        match self.fails_after {
            Some(most) if rows.len() > most => {
                Err(Error::Sink { table: "o".into(), cause: "it is full".into() })
            }
            _ => Ok(()),
        }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Error> {
        self.is_finished.store(true, Ordering::Relaxed);
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Heard(Mutex<Vec<String>>);

impl Reporter for Heard {
    fn bad_record(&self, table: &str, record: &BadRecord) {
        self.0.lock().unwrap().push(format!("{table}: {}", record.place));
    }

    fn bad_row(&self, table: &str, row: &RecordBatch, why: &str) {
        let n = row.column(0).as_primitive::<Int64Type>().value(0);
        self.0.lock().unwrap().push(format!("{table}: {n}: {why}"));
    }

    fn late_row(&self, _operator: &str, _row: &RecordBatch, _watermark: i64) {}
}

fn job(query: &str) -> Job {
    let sql = format!(
        "CREATE TABLE g (n BIGINT) WITH ('connector' = 'x'); CREATE TABLE o (n BIGINT) WITH ('connector' = 'y');
         INSERT INTO o {query}"
    );
    let planned = narthex_planner::plan(&narthex_sql::parse(&sql), &Settings::default(), Arc::new(|| 0));
    assert_eq!(planned.mistakes, []);
    match planned.plan.steps.into_iter().next().unwrap() {
        Step::Job(job) => job,
        Step::Print(text) => panic!("{text}"),
    }
}

fn options(workers: usize) -> RunOptions {
    RunOptions {
        workers,
        room_bytes: 1 << 20,
        fails_on_bad_record: false,
        fails_on_row_error: false,
        memory_limit: None,
        state_ttl: None,
        watermark_interval: Duration::from_millis(200),
        reports_late_rows: false,
    }
}

async fn started(
    query: &str,
    numbers: Numbers,
    kept: &Kept,
    options: RunOptions,
    heard: &Arc<Heard>,
) -> Running {
    let graph = JobGraph::of(&job(query));
    narthex_engine::start(
        graph,
        vec![Some(Arc::new(numbers))],
        vec![Arc::new(kept.clone())],
        options,
        heard.clone(),
    )
    .await
    .unwrap()
}

async fn ran(query: &str, numbers: Numbers, kept: &Kept, options: RunOptions, heard: &Arc<Heard>) -> Outcome {
    started(query, numbers, kept, options, heard).await.finished().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_in_the_order_of_reading_however_many_compute() {
    for workers in [1, 2, 7] {
        let (kept, heard) = (Kept::default(), Arc::default());
        let outcome = ran("SELECT n FROM g", Numbers::of(500, 100), &kept, options(workers), &heard).await;
        assert_eq!(outcome.error, None);
        assert!(kept.rows.lock().unwrap().iter().copied().eq(0..50_000), "{workers} workers");
        assert_eq!(outcome.ledger.tables["o"].rows, 50_000);
        assert!(kept.is_finished.load(Ordering::Relaxed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_record_and_row_is_counted_where_it_goes() {
    let (kept, heard) = (Kept::default(), Arc::<Heard>::default());
    let numbers = Numbers { bad_every: Some(10), ..Numbers::of(10, 100) };
    let outcome = ran("SELECT n / (n - 55) FROM g WHERE n < 500", numbers, &kept, options(2), &heard).await;
    assert_eq!(outcome.error, None);
    let source = &outcome.ledger.sources["g"];
    assert_eq!((source.records, source.rows, source.undecodable, source.ignored), (1000, 900, 100, 0));
    let filter = &outcome.ledger.operators["filter-1-1"];
    assert_eq!((filter.rows_in, filter.passed, filter.filtered, filter.failed), (900, 450, 450, 0));
    let project = &outcome.ledger.operators["project-1-2"];
    assert_eq!((project.rows_in, project.passed, project.failed, project.rows_out), (450, 449, 1, 449));
    assert_eq!((outcome.ledger.tables["o"].rows, kept.rows.lock().unwrap().len()), (449, 449));
    let heard = heard.0.lock().unwrap();
    assert_eq!(heard.len(), 101);
    assert!(heard.contains(&"o: 55: division by zero".to_owned()), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_record_or_row_fails_the_job_where_that_is_wanted() {
    let (kept, heard) = (Kept::default(), Arc::default());
    let numbers = Numbers { bad_every: Some(77), ..Numbers::of(10, 100) };
    let strict = RunOptions { fails_on_bad_record: true, ..options(2) };
    let outcome = ran("SELECT n FROM g", numbers, &kept, strict, &heard).await;
    assert!(matches!(outcome.error, Some(Error::Record { .. })), "{:?}", outcome.error);
    assert!(!kept.is_finished.load(Ordering::Relaxed));

    let strict = RunOptions { fails_on_row_error: true, ..options(2) };
    let outcome = ran("SELECT 1 / (n - 55) FROM g", Numbers::of(10, 100), &kept, strict, &heard).await;
    let Some(Error::Row(why)) = outcome.error else { panic!("{:?}", outcome.error) };
    assert!(why.starts_with("division by zero (for the table "), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_takes_nothing_stops_the_reading() {
    let (kept, heard) = (Kept::default(), Arc::default());
    kept.is_stuck.store(true, Ordering::Relaxed);
    let numbers = Numbers::of(1000, 10);
    let given = numbers.given.clone();
    let running = started("SELECT n FROM g", numbers, &kept, options(2), &heard).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    // A megabyte of room, chunks of 64 KiB: sixteen are under way, and one waits.
    assert!(given.load(Ordering::Relaxed) <= 17 * 10, "{given:?}");
    kept.is_stuck.store(false, Ordering::Relaxed);
    assert_eq!(running.finished().await.error, None);
    assert_eq!(kept.rows.lock().unwrap().len(), 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_fails_ends_the_job() {
    let (kept, heard) = (Kept { fails_after: Some(500), ..Kept::default() }, Arc::default());
    let outcome = ran("SELECT n FROM g", Numbers::of(100_000, 100), &kept, options(2), &heard).await;
    assert_eq!(outcome.error.unwrap().to_string(), "cannot write the table o: it is full");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_before_a_stop_is_written() {
    let (kept, heard) = (Kept::default(), Arc::default());
    let numbers = Numbers::of(1_000_000, 10);
    let given = numbers.given.clone();
    let running = started("SELECT n FROM g", numbers, &kept, options(2), &heard).await;
    while kept.rows.lock().unwrap().len() < 1000 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    running.stop();
    let outcome = running.finished().await;
    assert_eq!(outcome.error, None);
    let rows = kept.rows.lock().unwrap();
    assert!(rows.len() < 10_000_000);
    assert_eq!(rows.len() as u64, given.load(Ordering::Relaxed));
    assert!(rows.iter().copied().eq(0..rows.len() as i64));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_given_up_waits_for_no_table_and_says_what_it_did_not_take() {
    let (kept, heard) = (Kept::default(), Arc::default());
    let running = started("SELECT n FROM g", Numbers::of(1_000_000, 10), &kept, options(2), &heard).await;
    while kept.rows.lock().unwrap().len() < 1000 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    kept.is_stuck.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let abandon = running.abandoner();
    running.stop();
    abandon(Error::Unfinished { seconds: 0.05 });
    let outcome = tokio::time::timeout(Duration::from_secs(5), running.finished()).await.unwrap();
    assert_eq!(outcome.error, Some(Error::Unfinished { seconds: 0.05 }));
    let (taken, table) = (kept.rows.lock().unwrap().len() as u64, &outcome.ledger.tables["o"]);
    assert!(table.unwritten > 0 && table.rows == taken + table.unwritten, "{taken} of {table:?}");
    assert!(!kept.is_finished.load(Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread")]
async fn values_and_unions_need_no_table() {
    let (kept, heard) = (Kept::default(), Arc::<Heard>::default());
    let graph = JobGraph::of(&job("SELECT CAST(1 AS BIGINT) UNION ALL SELECT CAST(2 AS BIGINT)"));
    assert_eq!(graph.scans.len(), 2);
    let sinks: Vec<Arc<dyn TableSink>> = vec![Arc::new(kept.clone())];
    let running = narthex_engine::start(graph, vec![None, None], sinks, options(2), heard).await.unwrap();
    assert_eq!(running.finished().await.error, None);
    let mut rows = kept.rows.lock().unwrap().clone();
    rows.sort_unstable();
    assert_eq!(rows, [1, 2]);
}
