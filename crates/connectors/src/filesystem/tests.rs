//! Files in folders of their own: what is read, as it grows, and what is written.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, AsArray, Int32Array, StringArray};
use arrow::datatypes::{Int32Type, Int64Type, Schema, TimestampMillisecondType};
use arrow::record_batch::RecordBatch;
use narthex_engine::{Error, Next, NextSplit, Split, Splits, TableSource};
use narthex_planner::arrow_field;
use serde_json::json;
use tempfile::TempDir;

use super::chunk::Rows;
use super::input::Input;
use super::split::FileSplit;
use crate::testing::{messages, shown, table, table_of};
use crate::{Context, check, sink, source, warnings};

const WAIT: Duration = Duration::from_millis(500);

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn append(folder: &TempDir, name: &str, text: &str) {
    let mut file = fs::OpenOptions::new().append(true).open(folder.path().join(name)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn open_at(path: &str, columns: &str, more: &[(&str, &str)]) -> Result<Arc<dyn TableSource>, Vec<String>> {
    let mut options = vec![("connector", "filesystem"), ("path", path), ("format", "json")];
    options.extend(more);
    let table = table_of(columns, &options);
    let all: Vec<_> = (0..table.columns.len()).collect();
    source(&table, &all, &Context::new("test")).map_err(|mistakes| messages(&mistakes))
}

/// All batches of a split, up to its end.
fn read_split(split: &mut dyn Split) -> Result<Vec<RecordBatch>, Error> {
    let mut batches = Vec::new();
    loop {
        match split.next(WAIT)? {
            Next::Chunk(chunk) => batches.push(chunk.decode()?.batch),
            Next::Later => {}
            Next::End => return Ok(batches),
        }
    }
}

/// The numbers of a column `n`, of all splits that are there now.
fn numbers(splits: &mut dyn Splits) -> Vec<i32> {
    let mut numbers = Vec::new();
    while let NextSplit::Split(mut split) = splits.next(Duration::ZERO).unwrap() {
        for batch in read_split(&mut *split).unwrap() {
            numbers.extend(batch.column(0).as_primitive::<Int32Type>().values());
        }
    }
    numbers
}

fn numbers_at(path: &str) -> Result<Vec<i32>, String> {
    let source = open_at(path, "n INT", &[]).unwrap();
    assert!(source.is_bounded());
    let mut splits = source.open().map_err(|error| error.to_string())?;
    Ok(numbers(&mut *splits))
}

#[test]
fn folders_files_patterns_and_uris_are_read_in_the_order_of_names() {
    let folder = folder();
    write(&folder, "b.json", "{\"n\": 2}\n{\"n\": 3}");
    write(&folder, "a/x.json", "{\"n\": 1}\n");
    write(&folder, "c/d/y.txt", "{\"n\": 4}\n");
    write(&folder, ".hidden", "{\"n\": 9}\n");
    write(&folder, "_tmp/z.json", "{\"n\": 9}\n");
    write(&folder, "empty.json", "");
    let path = folder.path().display();
    for (path, expected) in [
        (format!("{path}"), Ok(vec![1, 2, 3, 4])),
        (format!("file://{path}/"), Ok(vec![1, 2, 3, 4])),
        (format!("{path}/b.json"), Ok(vec![2, 3])),
        (format!("{path}/.hidden"), Ok(vec![9])),
        (format!("{path}/*.json"), Ok(vec![2, 3])),
        (format!("{path}/**/*.json"), Ok(vec![1, 2, 3])),
        (format!("{path}/[ac]"), Ok(vec![1, 4])),
        (format!("{path}/*.xml"), Err("cannot read the table t: no file matches its path".to_owned())),
        (
            format!("{path}/no"),
            Err(format!("cannot read the table t: there is no file and no folder {path}/no")),
        ),
    ] {
        assert_eq!(numbers_at(&path), expected, "{path}");
    }
}

#[test]
fn packed_files_are_unpacked_by_their_ending() {
    let folder = folder();
    let file = fs::File::create(folder.path().join("a.json.gz")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gz.write_all(b"{\"n\": 1}\n{\"n\": 2}\n").unwrap();
    gz.finish().unwrap();
    assert_eq!(numbers_at(folder.path().to_str().unwrap()), Ok(vec![1, 2]));
    write(&folder, "b.json.zst", "x");
    let source = open_at(folder.path().join("b.json.zst").to_str().unwrap(), "n INT", &[]).unwrap();
    let NextSplit::Split(mut split) = source.open().unwrap().next(WAIT).unwrap() else { panic!() };
    let error = read_split(&mut *split).unwrap_err().to_string();
    assert!(error.contains("files that end with .zst are not unpacked"), "{error}");
}

#[test]
fn a_large_file_comes_in_chunks_that_end_with_records() {
    let folder = folder();
    let text: String = (0..60_000).map(|n| format!("{{\"n\": {n}, \"x\": \"some more text\"}}\n")).collect();
    write(&folder, "a.json", &text);
    let source = open_at(folder.path().to_str().unwrap(), "n INT", &[]).unwrap();
    let NextSplit::Split(mut split) = source.open().unwrap().next(WAIT).unwrap() else { panic!() };
    let (mut chunks, mut bytes, mut all) = (0, 0, Vec::new());
    while let Next::Chunk(chunk) = split.next(WAIT).unwrap() {
        chunks += 1;
        bytes += chunk.bytes();
        assert!(chunk.bytes() <= 256 << 10);
        all.extend(chunk.decode().unwrap().batch.column(0).as_primitive::<Int32Type>().values());
    }
    assert_eq!((bytes, all), (text.len(), (0..60_000).collect()));
    assert!(chunks >= text.len() / (256 << 10), "{chunks}");
}

#[test]
fn a_bad_record_is_told_with_its_file_and_line() {
    let folder = folder();
    let good = "{\"n\": 1}\n".repeat(40_000);
    write(&folder, "a.json", &format!("{good}{{\"n\": x}}\n{{\"n\": 2}}\n"));
    let path = folder.path().join("a.json");
    let bad = |more: &[(&str, &str)]| -> Result<Vec<String>, String> {
        let source = open_at(path.to_str().unwrap(), "n INT", more).unwrap();
        let NextSplit::Split(mut split) = source.open().unwrap().next(WAIT).unwrap() else { panic!() };
        let mut bad = Vec::new();
        while let Next::Chunk(chunk) = split.next(WAIT).unwrap() {
            let decoded = chunk.decode().map_err(|error| error.to_string())?;
            bad.extend(decoded.bad.into_iter().map(|record| record.place));
        }
        Ok(bad)
    };
    let place = format!("{}:40001", path.display());
    assert_eq!(bad(&[]), Ok(vec![place.clone()]));
    assert_eq!(bad(&[("json.ignore-parse-errors", "true")]), Ok(vec![]));
    let failed = bad(&[("json.ignore-parse-errors", "false")]).unwrap_err();
    assert!(failed.starts_with(&format!("cannot decode a record of {place}: ")), "{failed}");
}

#[test]
fn metadata_say_where_a_record_is_from() {
    let folder = folder();
    write(&folder, "a.json", "{\"n\": 1}\n");
    let columns = "p STRING NOT NULL METADATA FROM 'file.path', n INT, `file.name` STRING METADATA, \
                   size BIGINT METADATA FROM 'file.size' VIRTUAL, \
                   t TIMESTAMP_LTZ(3) METADATA FROM 'file.modification-time'";
    let path = folder.path().join("a.json");
    let table = table_of(
        columns,
        &[("connector", "filesystem"), ("path", path.to_str().unwrap()), ("format", "json")],
    );
    let source = source(&table, &[3, 1, 0, 2, 4], &Context::new("test")).unwrap();
    let NextSplit::Split(mut split) = source.open().unwrap().next(WAIT).unwrap() else { panic!() };
    let batch = read_split(&mut *split).unwrap().remove(0);
    assert_eq!(batch.column(0).as_primitive::<Int64Type>().value(0), 9);
    assert_eq!(batch.column(1).as_primitive::<Int32Type>().value(0), 1);
    assert_eq!(batch.column(2).as_string::<i32>().value(0), path.to_str().unwrap());
    assert_eq!(batch.column(3).as_string::<i32>().value(0), "a.json");
    assert!(batch.column(4).as_primitive::<TimestampMillisecondType>().value(0) > 1_500_000_000_000);
    let wrong = "a INT METADATA FROM 'file.siz', b INT METADATA FROM 'file.size'";
    let table = table_of(wrong, &[("connector", "filesystem"), ("path", "/x"), ("format", "json")]);
    assert_eq!(
        messages(&check(&table)),
        [
            "metadata: \"file.siz\" is not one of file.path, file.name, file.size, file.modification-time; did you \
             mean file.size?",
            "the column b is INT; as file.size it must be BIGINT",
        ]
    );
}

fn tail(folder: &TempDir) -> Box<dyn Splits> {
    let source =
        open_at(folder.path().to_str().unwrap(), "n INT", &[("source.monitor-interval", "20 ms")]).unwrap();
    assert!(!source.is_bounded());
    source.open().unwrap()
}

/// Numbers that come within a while.
fn soon(splits: &mut dyn Splits) -> Vec<i32> {
    let mut all = numbers(splits);
    for _ in 0..5 {
        std::thread::sleep(Duration::from_millis(25));
        all.extend(numbers(splits));
    }
    all
}

#[test]
fn what_grows_is_read_on_and_new_files_are_found() {
    let folder = folder();
    write(&folder, "a.json", "{\"n\": 1}\n{\"n\":");
    let mut splits = tail(&folder);
    assert_eq!(soon(&mut *splits), [1], "half a line waits for its end");
    append(&folder, "a.json", " 2}\n{\"n\": 3}\n");
    assert_eq!(soon(&mut *splits), [2, 3]);
    write(&folder, "b.json", "{\"n\": 4}\n");
    assert_eq!(soon(&mut *splits), [4]);
    assert_eq!(soon(&mut *splits), [0; 0]);
}

#[test]
fn a_rotated_file_is_not_read_twice_and_a_cut_one_from_its_beginning() {
    let folder = folder();
    write(&folder, "a.log", "{\"n\": 1}\n{\"n\": 2}\n");
    let mut splits = tail(&folder);
    assert_eq!(soon(&mut *splits), [1, 2]);
    append(&folder, "a.log", "{\"n\": 3}\n");
    fs::rename(folder.path().join("a.log"), folder.path().join("a.log.1")).unwrap();
    write(&folder, "a.log", "{\"n\": 4}\n");
    assert_eq!(soon(&mut *splits), [4, 3]);
    fs::write(folder.path().join("a.log"), "").unwrap();
    assert_eq!(soon(&mut *splits), [0; 0]);
    append(&folder, "a.log", "{\"n\": 5}\n");
    assert_eq!(soon(&mut *splits), [5]);
    fs::remove_file(folder.path().join("a.log.1")).unwrap();
    assert_eq!(soon(&mut *splits), [0; 0]);
}

#[test]
fn a_file_is_read_on_only_when_its_chunks_are_decoded() {
    let folder = folder();
    write(&folder, "a.json", "{\"n\": 1}\n");
    let mut splits = tail(&folder);
    let NextSplit::Split(mut split) = splits.next(WAIT).unwrap() else { panic!() };
    let Next::Chunk(chunk) = split.next(WAIT).unwrap() else { panic!() };
    drop(split);
    append(&folder, "a.json", "{\"n\": 2}\n");
    std::thread::sleep(Duration::from_millis(25));
    assert!(matches!(splits.next(Duration::from_millis(50)).unwrap(), NextSplit::Later));
    chunk.decode().unwrap();
    assert_eq!(soon(&mut *splits), [2]);
}

fn rows() -> Arc<Rows> {
    let table = table_of("n INT", &[("connector", "filesystem"), ("path", "-"), ("format", "json")]);
    let mut options = crate::options::Options::new(&table);
    let read = super::read(&mut options).unwrap();
    Arc::new(Rows::new(&table, read.format, &[0]).unwrap())
}

#[test]
fn a_pipe_is_waited_for_and_its_records_come_early() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut split = FileSplit::stream(rows(), Input::stream(reader));
    let begun = tokio::time::Instant::now();
    assert!(matches!(split.next(Duration::from_millis(60)).unwrap(), Next::Later));
    assert!((50..400).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    writer.write_all(b"{\"n\": 1}\n{\"n\": 2}\n{\"n\"").unwrap();
    let begun = tokio::time::Instant::now();
    let Next::Chunk(chunk) = split.next(Duration::from_secs(5)).unwrap() else { panic!() };
    assert!(begun.elapsed() < Duration::from_millis(400), "{:?}", begun.elapsed());
    assert_eq!(chunk.decode().unwrap().batch.num_rows(), 2);
    writer.write_all(b": x}").unwrap();
    drop(writer);
    let Next::Chunk(chunk) = split.next(Duration::from_secs(5)).unwrap() else { panic!() };
    let bad = chunk.decode().unwrap().bad;
    assert_eq!(bad.iter().map(|record| record.place.as_str()).collect::<Vec<_>>(), ["standard input:3"]);
    assert!(matches!(split.next(WAIT).unwrap(), Next::End));
}

#[test]
fn a_named_pipe_without_writer_does_not_keep_its_reader() {
    let folder = folder();
    let path = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let source = open_at(path.to_str().unwrap(), "n INT", &[]).unwrap();
    let NextSplit::Split(mut split) = source.open().unwrap().next(WAIT).unwrap() else { panic!() };
    let begun = tokio::time::Instant::now();
    assert!(matches!(split.next(Duration::from_millis(30)).unwrap(), Next::Later));
    assert!(begun.elapsed() < Duration::from_millis(400));
    fs::write(&path, "{\"n\": 7}\n").unwrap();
    let batches = read_split(&mut *split).unwrap();
    assert_eq!(batches[0].column(0).as_primitive::<Int32Type>().value(0), 7);
}

/// A line of so many bytes, and `{"n":7}` behind it.
struct LongLine(usize);

impl std::io::Read for LongLine {
    fn read(&mut self, space: &mut [u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Ok(0);
        }
        let behind = b"\n{\"n\":7}\n";
        let count = self.0.min(space.len());
        space[..count].fill(b'x');
        self.0 -= count;
        if self.0 == 0 && space.len() >= count + behind.len() {
            space[count..count + behind.len()].copy_from_slice(behind);
            return Ok(count + behind.len());
        }
        Ok(count)
    }
}

#[test]
fn a_record_that_is_too_long_costs_itself_and_not_all_of_the_memory() {
    let mut split = FileSplit::stream(rows(), Input::stream(LongLine((130 << 20) + 7)));
    let mut decoded = Vec::new();
    loop {
        match split.next(WAIT).unwrap() {
            Next::Chunk(chunk) => decoded.push(chunk.decode().unwrap()),
            Next::Later => {}
            Next::End => break,
        }
    }
    let [long, behind] = decoded.as_slice() else { panic!("{} chunks", decoded.len()) };
    assert_eq!((long.records, long.batch.num_rows()), (1, 0));
    assert_eq!(long.bad[0].place, "standard input:1");
    assert_eq!(long.bad[0].message, "it is longer than 64 mb; does each record end with a line end?");
    assert_eq!(long.bad[0].raw.len(), 64 << 10);
    assert_eq!((behind.records, behind.batch.num_rows()), (1, 1));
}

#[test]
fn a_record_without_end_lets_the_job_be_stopped() {
    let mut split = FileSplit::stream(rows(), Input::stream(std::io::repeat(b'x')));
    let begun = tokio::time::Instant::now();
    while !matches!(split.next(WAIT).unwrap(), Next::Chunk(_)) {}
    let short = Duration::from_millis(20);
    assert!(matches!(split.next(short).unwrap(), Next::Later));
    assert!(begun.elapsed() < Duration::from_secs(30));
}

fn batch(numbers: &[i32], texts: &[&str]) -> RecordBatch {
    let fields = [("n", "INT"), ("s", "STRING")];
    let fields = fields.map(|(name, text)| arrow_field(name, &narthex_sql::DataType::parse(text).unwrap()));
    let columns: Vec<Arc<dyn Array>> =
        vec![Arc::new(Int32Array::from(numbers.to_vec())), Arc::new(StringArray::from(texts.to_vec()))];
    RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), columns).unwrap()
}

fn sink_at(path: &Path, more: &[(&str, &str)]) -> Arc<dyn narthex_engine::TableSink> {
    let mut options = vec![("connector", "filesystem"), ("path", path.to_str().unwrap()), ("format", "json")];
    options.extend(more);
    sink(&table_of("n INT, s STRING", &options), &Context::new("test")).unwrap()
}

/// Names of the files in a folder: visible ones, and how many hidden.
fn files(folder: &Path) -> (Vec<String>, usize) {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let (hidden, mut visible): (Vec<_>, Vec<_>) = names.partition(|name| name.starts_with('.'));
    visible.sort();
    (visible, hidden.len())
}

#[tokio::test]
async fn a_part_is_seen_when_it_is_whole_and_earlier_ones_stay() {
    let folder = folder();
    let out = folder.path().join("deep/out");
    for job in 1..=2 {
        let sink = sink_at(&out, &[]);
        let mut writer = sink.open().await.unwrap();
        let mut encoder = sink.encoder().unwrap();
        writer.write(encoder.encode(&batch(&[1, 2], &["a", "b"])).unwrap(), &mut 0).await.unwrap();
        writer.flush().await.unwrap();
        let (visible, hidden) = files(&out);
        assert_eq!((visible.len(), hidden), (job - 1, 1));
        writer.finish().await.unwrap();
        assert_eq!(writer.teller().unwrap()(), json!({"rows": 2, "files": 1, "bytes": 32}));
        let (visible, hidden) = files(&out);
        assert_eq!((visible.len(), hidden), (job, 0));
        for name in visible {
            assert!(name.starts_with("part-"), "{name}");
            assert_eq!(
                fs::read_to_string(out.join(name)).unwrap(),
                "{\"n\":1,\"s\":\"a\"}\n{\"n\":2,\"s\":\"b\"}\n"
            );
        }
    }
    let sink = sink_at(&folder.path().join("none"), &[]);
    let mut writer = sink.open().await.unwrap();
    writer.finish().await.unwrap();
    assert_eq!(writer.teller().unwrap()(), json!({"rows": 0, "files": 0, "bytes": 0}));
    assert_eq!(files(&folder.path().join("none")), (vec![], 0), "no rows, no file");
}

#[tokio::test]
async fn parts_are_rolled_by_size_and_by_time() {
    let folder = folder();
    let sink = sink_at(folder.path(), &[("sink.rolling-policy.file-size", "40 b")]);
    let mut writer = sink.open().await.unwrap();
    let mut encoder = sink.encoder().unwrap();
    for n in 0..6 {
        writer.write(encoder.encode(&batch(&[n], &["abc"])).unwrap(), &mut 0).await.unwrap();
    }
    assert_eq!(files(folder.path()).0.len(), 2, "of three rows each");
    writer.finish().await.unwrap();
    assert_eq!(files(folder.path()), (files(folder.path()).0, 0));
    let folder = tempfile::tempdir().unwrap();
    let sink = sink_at(folder.path(), &[("sink.rolling-policy.rollover-interval", "20 ms")]);
    let mut writer = sink.open().await.unwrap();
    writer.write(encoder.encode(&batch(&[1], &["a"])).unwrap(), &mut 0).await.unwrap();
    tokio::time::sleep(Duration::from_millis(30)).await;
    writer.flush().await.unwrap();
    assert_eq!(files(folder.path()).0.len(), 1);
}

#[tokio::test]
async fn what_fails_leaves_nothing_to_be_seen() {
    let folder = folder();
    write(&folder, "file", "x");
    let error = sink_at(&folder.path().join("file"), &[]).open().await.err().unwrap().to_string();
    assert!(error.ends_with("is a file; a table is written to a folder"), "{error}");
    let out = folder.path().join("out");
    let sink = sink_at(&out, &[]);
    let mut writer = sink.open().await.unwrap();
    writer.write(sink.encoder().unwrap().encode(&batch(&[1], &["a"])).unwrap(), &mut 0).await.unwrap();
    drop(writer);
    assert_eq!(files(&out), (vec![], 0), "a job that is cancelled removes its part");
    let mut writer = sink.open().await.unwrap();
    fs::remove_dir_all(&out).unwrap();
    let payload = sink.encoder().unwrap().encode(&batch(&[1], &["a"])).unwrap();
    let error = writer.write(payload, &mut 0).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot write the table t: {}: ", out.display())), "{error}");
    assert!(writer.flush().await.unwrap_err().to_string().ends_with("it failed before"));
}

#[test]
fn mistakes_in_options_are_shown_where_they_stand() {
    let text = "\
CREATE TABLE t (n INT) WITH (
  'connector' = 'filesystem',
  'path' = '/x',
  'paht' = 'x',
  'source.monitor-interval' = 'soon'
);";
    assert_eq!(
        shown(text, &check(&table(text))),
        "\
job.sql:1:14: format: is missing; write for example 'format' = 'json'
  1 | CREATE TABLE t (n INT) WITH (
    |              ^
job.sql:4:3: paht: the connector filesystem has no such option; did you mean path?
  4 |   'paht' = 'x',
    |   ^^^^^^
    = it takes path, format, source.monitor-interval, scan.watermark.idle-timeout, \
     scan.watermark.emit.strategy, sink.rolling-policy.file-size, \
sink.rolling-policy.rollover-interval, sink.rolling-policy.inactivity-interval, sink.rolling-policy.check-interval, \
sink.parallelism
job.sql:5:31: source.monitor-interval: \"soon\" does not begin with a whole number
  5 |   'source.monitor-interval' = 'soon'
    |                               ^^^^^^
"
    );
}

#[test]
fn options_of_the_format_are_its_own() {
    let with = |more: &[(&str, &str)]| {
        let mut options = vec![("connector", "filesystem"), ("path", "/x"), ("format", "json")];
        options.extend(more);
        table_of("n INT", &options)
    };
    let unknown = with(&[("json.ignore-parse-error", "true")]);
    assert_eq!(check(&unknown), []);
    assert_eq!(
        messages(&warnings(&unknown)),
        ["json.ignore-parse-error: the format json has no such option, and it is ignored; did you mean \
             json.ignore-parse-errors?"]
    );
    let told = messages(&check(&with(&[("json.ignore-parse-errors", "maybe")])));
    assert!(told.len() == 1 && told[0].starts_with("json.ignore-parse-errors: "), "{told:?}");
    let told = messages(&check(&with(&[("csv.field-delimiter", ";")])));
    assert_eq!(told, ["csv.field-delimiter: the connector filesystem has no such option"]);
    let other = [("connector", "filesystem"), ("path", "/x"), ("format", "jsn")];
    let told = messages(&check(&table_of("n INT", &other)));
    assert_eq!(told, ["format: \"jsn\" is not one of json, csv; did you mean json?"]);
    let told = messages(&check(&with(&[("auto-compaction", "true"), ("partition.default-name", "x")])));
    assert_eq!(
        told,
        [
            "auto-compaction: is not supported; leave it out; raise sink.rolling-policy.file-size for fewer files"
        ]
    );
    assert_eq!(warnings(&with(&[("partition.default-name", "x")])).len(), 1);
    let mut partitioned = with(&[]);
    partitioned.partitioned_by = vec!["n".to_owned()];
    assert!(messages(&check(&partitioned))[0].starts_with("the table t is PARTITIONED BY n"));
}
