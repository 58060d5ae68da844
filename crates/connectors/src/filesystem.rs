//! `filesystem`: files of records that are read, once or as they grow, and part files that are written.

mod chunk;
mod glob;
mod input;
mod listing;
mod metadata;
mod part;
mod path;
mod sink;
mod source;
mod split;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use narthex_engine::{TableSink, TableSource, Watermarks};
use narthex_sql::{Mistake, nearest};

pub use crate::filesystem::metadata::METADATA;
use crate::filesystem::path::Place;
use crate::filesystem::sink::{FileSink, Rolling};
use crate::filesystem::source::FileSource;
use crate::format::Format;
use crate::options::{OptionInfo, Options, keys, one_of};
use crate::watermarks;

/// What has a meaning here.
pub(crate) const OPTIONS: &[OptionInfo] = &[
    OptionInfo {
        key: "path",
        takes: "a path or a `file:` URI",
        default: "",
        doc: "Required. To read: a file, a folder with all below it, a pattern such as `logs/*.json`, or `-` for standard input. To write: a folder, which is made if it is not there.",
    },
    OptionInfo {
        key: "format",
        takes: "`json` or `csv`",
        default: "",
        doc: "Required. Its own options begin with its name.",
    },
    OptionInfo {
        key: "source.monitor-interval",
        takes: "duration",
        default: "",
        doc: "How often to look for new files and for what was added to known ones; the job does not end then. Without it, what is there is read, and the job ends.",
    },
    watermarks::IDLE_TIMEOUT_INFO,
    watermarks::EMIT_STRATEGY_INFO,
    OptionInfo {
        key: "sink.rolling-policy.file-size",
        takes: "size",
        default: "128 mb",
        doc: "A part file of this size is complete.",
    },
    OptionInfo {
        key: "sink.rolling-policy.rollover-interval",
        takes: "duration",
        default: "30 min",
        doc: "A part file this long after its first row is complete.",
    },
    OptionInfo {
        key: "sink.rolling-policy.inactivity-interval",
        takes: "duration",
        default: "30 min",
        doc: "A part file this long after its last row is complete.",
    },
    OptionInfo {
        key: "sink.rolling-policy.check-interval",
        takes: "duration",
        default: "1 min",
        doc: "No effect: it is looked at each write, and while nothing comes.",
    },
    OptionInfo {
        key: "sink.parallelism",
        takes: "a number from 1 on",
        default: "",
        doc: "No effect: one thread writes.",
    },
];
/// What Flink knows, and what changes nothing about the rows here.
pub(crate) const WITHOUT_EFFECT: [&str; 16] = [
    "source.report-statistics",
    "partition.default-name",
    "partition.time-extractor.kind",
    "partition.time-extractor.class",
    "partition.time-extractor.timestamp-formatter",
    "partition.time-extractor.timestamp-pattern",
    "sink.shuffle-by-partition.enable",
    "sink.partition-commit.trigger",
    "sink.partition-commit.delay",
    "sink.partition-commit.watermark-time-zone",
    "sink.partition-commit.policy.kind",
    "sink.partition-commit.policy.class",
    "sink.partition-commit.policy.class.parameters",
    "sink.partition-commit.success-file.name",
    "compaction.file-size",
    "compaction.parallelism",
];
/// What Flink knows, and what would make other rows or other files.
pub(crate) const NOT_SUPPORTED: [(&str, &str); 2] = [
    ("source.path.regex-pattern", "write a pattern into path instead, such as /data/*.json"),
    ("auto-compaction", "leave it out; raise sink.rolling-policy.file-size for fewer files"),
];
const ROLL_BYTES: usize = 128 << 20;
const ROLL_INTERVAL: Duration = Duration::from_secs(30 * 60);
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

/// What a table's options say.
#[derive(Debug, Clone)]
pub(crate) struct FilesystemOptions {
    place: Place,
    format: Format,
    /// None reads what is there and ends.
    monitor_interval: Option<Duration>,
    watermarks: Watermarks,
    rolling: Rolling,
}

/// Reads the options; none, and mistakes, where they do not say enough.
pub(crate) fn read(options: &mut Options<'_>) -> Option<FilesystemOptions> {
    let format_name = options.required("format", "json").map(str::trim);
    let prefix = format_name.map(|name| format!("{name}."));
    let known = keys(OPTIONS);
    options.check_known(&known, &known, |key| {
        WITHOUT_EFFECT.contains(&key)
            || NOT_SUPPORTED.iter().any(|(other, _)| *other == key)
            || prefix.as_ref().is_some_and(|prefix| key.starts_with(prefix.as_str()))
    });
    options.warn_unused(&WITHOUT_EFFECT, "part files are as they are written, without partitions");
    check_not_supported(options);
    let place = options.required("path", "/data/in");
    let place = place.and_then(|path| match Place::parse(path) {
        Ok(place) => Some(place),
        Err(problem) => options.bad_value("path", problem),
    });
    let format = format_name.and_then(|name| format(options, name));
    let monitor_interval = options.duration("source.monitor-interval", SHORTEST_INTERVAL);
    let watermarks = watermarks::read(options);
    let rolling = rolling(options);
    metadata::check(options);
    Some(FilesystemOptions { place: place?, format: format?, monitor_interval, watermarks, rolling })
}

fn check_not_supported(options: &mut Options<'_>) {
    for (key, instead) in NOT_SUPPORTED {
        let is_off = options.text(key).is_some_and(|text| text.eq_ignore_ascii_case("false"));
        if options.entry(key).is_some() && !is_off {
            options.bad_key(key, format!("is not supported; {instead}"));
        }
    }
    if !options.table.partitioned_by.is_empty() {
        let problem = format!(
            "the table {} is PARTITIONED BY {}, and the connector filesystem has no partitions here; leave it out and \
             read the folders by a pattern in path",
            options.table.name,
            options.table.partitioned_by.join(", ")
        );
        options.of_table(options.table.name_span, problem);
    }
}

fn rolling(options: &mut Options<'_>) -> Rolling {
    // Accepted; there is one writer, which looks at every write.
    options.integer("sink.parallelism", 1..=i64::from(i32::MAX));
    options.duration("sink.rolling-policy.check-interval", SHORTEST_INTERVAL);
    let inactivity = options.duration("sink.rolling-policy.inactivity-interval", SHORTEST_INTERVAL);
    let rollover = options.duration("sink.rolling-policy.rollover-interval", SHORTEST_INTERVAL);
    Rolling {
        bytes: options.size("sink.rolling-policy.file-size").unwrap_or(ROLL_BYTES).max(1) as u64,
        age: rollover.unwrap_or(ROLL_INTERVAL),
        idle: inactivity.unwrap_or(ROLL_INTERVAL),
    }
}

/// The format with its options. What it does not know is told and ignored, as Flink ignores it.
fn format(options: &mut Options<'_>, name: &str) -> Option<Format> {
    let Some(known) = Format::options(name) else {
        return options.bad_value("format", one_of(name, &Format::NAMES));
    };
    for entry in &options.table.options {
        let Some(key) = entry.key.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else {
            continue;
        };
        if !known.iter().any(|other| other.key == key) {
            let near = nearest(key, known.iter().map(|other| other.key));
            let near = near.map(|near| format!("; did you mean {name}.{near}?")).unwrap_or_default();
            let problem =
                format!("{}: the format {name} has no such option, and it is ignored{near}", entry.key);
            options.warnings.push(Mistake::new(entry.key_span, problem));
        }
    }
    let value = |key: &str| options.text(&format!("{name}.{key}")).map(str::to_owned);
    match Format::new(name, &value) {
        Ok(format) => Some(format),
        Err(problems) => {
            for (key, problem) in problems {
                options.bad_value::<()>(&format!("{name}.{key}"), problem);
            }
            None
        }
    }
}

/// Checks what is common to both directions: that the format has the types of at least one.
pub(crate) fn check(options: &mut Options<'_>) {
    let Some(read) = read(options) else { return };
    let columns = metadata::physical_columns(options.table);
    let all: Vec<_> = (0..columns.len()).collect();
    if let (Err(problem), Err(_)) = (read.format.decoder(&columns, &all), read.format.encoder(&columns)) {
        options.of_table(options.table.name_span, problem);
    }
}

/// Whether the table reads this file, or would if it were there.
pub(crate) fn reads(options: &Options<'_>, file: &Path) -> bool {
    options
        .text("path")
        .and_then(|path| Place::parse(path).ok())
        .is_some_and(|place| listing::reads(&place, file))
}

/// Where a part of the table would be, if it is written.
pub(crate) fn part_path(options: &Options<'_>) -> Option<PathBuf> {
    match Place::parse(options.text("path")?).ok()? {
        Place::Local(folder) => Some(folder.join("part-0")),
        Place::Stdin | Place::Pattern { .. } => None,
    }
}

/// The table as it is read.
pub(crate) fn source(options: &mut Options<'_>, asked: &[usize]) -> Option<Arc<dyn TableSource>> {
    let read = read(options)?;
    if read.place == Place::Stdin && read.monitor_interval.is_some() {
        options.warn_unused(&["source.monitor-interval"], "standard input is read until it ends");
    }
    match FileSource::new(options.table, read, asked) {
        Ok(source) => Some(Arc::new(source)),
        Err(problem) => {
            options.of_table(options.table.name_span, problem);
            None
        }
    }
}

/// The table as it is written.
pub(crate) fn sink(options: &mut Options<'_>) -> Option<Arc<dyn TableSink>> {
    let read = read(options)?;
    for metadata in options.table.metadata.iter().filter(|metadata| !metadata.is_virtual) {
        let problem =
            format!("the metadata {} can only be read; declare the column as VIRTUAL", metadata.key);
        options.of_table(metadata.span, problem);
    }
    let folder = match read.place {
        Place::Local(path) => path,
        Place::Stdin => {
            return options.bad_value("path", "\"-\" is standard input; a table is written to a folder");
        }
        Place::Pattern { .. } => {
            return options.bad_value("path", "is a pattern; a table is written to one folder");
        }
    };
    match FileSink::new(options.table, folder, read.format, read.rolling) {
        Ok(sink) => Some(Arc::new(sink)),
        Err(problem) => {
            options.of_table(options.table.name_span, problem);
            None
        }
    }
}
