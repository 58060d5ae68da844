//! What a table's options say about the sink: all but the columns.

use std::time::Duration;

use narthex_sink::{OPTIONS, OptionSpec, OptionType, PrometheusSink, PrometheusSinkBuilder};
use narthex_sql::nearest;

use crate::definition::Context;
use crate::options::{OptionInfo, Options, keys, one_of};

const URL: &str = "metric.endpoint-url";
const SIGNER: &str = "metric.request-signer";
const AMP: &str = "amazon-managed-prometheus";
/// Options of a request signer begin so.
const AWS: &str = "aws.";
/// Headers, one option each.
const HEADERS: &str = "sink.headers.";
const LONGEST_CHECKPOINT_WAIT: Duration = Duration::from_secs(3600);

/// The options of the table alone, in the order of docs/flink-sql.md.
pub(crate) const TABLE_OPTIONS: &[OptionInfo] = &[
    OptionInfo {
        key: "metric.endpoint-url",
        takes: "URL",
        default: "",
        doc: "Required. Where the receiver takes Remote-Write, such as `http://localhost:9090/api/v1/write`.",
    },
    OptionInfo {
        key: "metric.name",
        takes: "column",
        default: "",
        doc: "The column with the metric's name. This or the next is required.",
    },
    OptionInfo { key: "metric.name.literal", takes: "text", default: "", doc: "The metric's name itself." },
    OptionInfo {
        key: "metric.sample.key",
        takes: "column",
        default: "",
        doc: "The column with the value. Required, but with `metric.samples`.",
    },
    OptionInfo {
        key: "metric.sample.timestamp",
        takes: "column",
        default: "",
        doc: "The column with the time. Required, but with `metric.samples`.",
    },
    OptionInfo {
        key: "metric.samples",
        takes: "column",
        default: "",
        doc: "In place of these two an `ARRAY<ROW<value, timestamp>>`, oldest first.",
    },
    OptionInfo {
        key: "metric.label.keys",
        takes: "columns",
        default: "every other scalar column",
        doc: "The labels, as `a;b` or `[a,b]`.",
    },
    OptionInfo {
        key: "metric.label.map",
        takes: "column",
        default: "",
        doc: "A `MAP<STRING, STRING>` with further labels.",
    },
    OptionInfo {
        key: "metric.stale",
        takes: "column",
        default: "",
        doc: "A `BOOLEAN`; where it is true, a stale marker ends the series.",
    },
    OptionInfo {
        key: "metric.request-signer",
        takes: "text",
        default: "",
        doc: "Who signs requests, with its options `aws.…`.",
    },
    OptionInfo {
        key: "sink.reorder",
        takes: "`true` or `false`",
        default: "false",
        doc: "Whether rows wait until the watermark has passed their time, and are written in its order. The query must \
              give the column of a `WATERMARK`. A row behind the watermark goes on at once.",
    },
    OptionInfo {
        key: "sink.parallelism",
        takes: "a number from 1 on",
        default: "",
        doc: "No effect here, checked for Flink's sake.",
    },
    OptionInfo {
        key: "sink.checkpoint-wait",
        takes: "duration",
        default: "5 s",
        doc: "No effect here, checked for Flink's sake.",
    },
];

/// Where and how to write, as typed: what it means is the sink's.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) url: String,
    /// Options of the sink, by key.
    pub(crate) options: Vec<(String, String)>,
    pub(crate) signer: Option<SignerSettings>,
}

/// Which signer, and its options.
#[derive(Debug, Clone)]
pub(crate) struct SignerSettings {
    pub(crate) name: String,
    pub(crate) options: Vec<(String, String)>,
}

/// Shows no values: they may be secrets.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("url", &narthex_sink::shown_url(&self.url)).finish_non_exhaustive()
    }
}

impl Settings {
    /// A builder with everything but the signer.
    pub(crate) fn builder(&self) -> PrometheusSinkBuilder {
        let builder = PrometheusSink::builder(&self.url);
        self.options.iter().fold(builder, |builder, (key, value)| builder.set(key, value))
    }
}

/// Reads the settings; not to be used where there are mistakes.
pub(crate) fn read(options: &mut Options<'_>) -> Settings {
    check_keys(options);
    check_flink_only(options);
    // Read where the query is planned.
    let reorders = options.boolean("sink.reorder") == Some(true);
    if reorders && options.entry("metric.samples").is_some() {
        options.bad_key(
            "sink.reorder",
            "a row of several samples has no time of its own; leave out one of both",
        );
    }
    let signer = signer(options);
    let url = options.text(URL).filter(|url| !url.trim().is_empty());
    if url.is_none() {
        options.missing(URL, "is missing; for example 'http://localhost:9090/api/v1/write'");
    }
    let sink_options = options.table.options.iter().filter(|entry| spec_of(&entry.key).is_some());
    let sink_options = sink_options.map(|entry| (entry.key.clone(), entry.value.clone())).collect();
    // Checked all the same where there is none, for the other options' sake.
    let url = url.unwrap_or("http://localhost/").trim().to_owned();
    let settings = Settings { url, options: sink_options, signer };
    check_sink(options, &settings);
    for metadata in &options.table.metadata {
        if !metadata.is_virtual {
            let problem = format!("the connector prometheus has no metadata; there is no {}", metadata.key);
            options.of_table(metadata.span, problem);
        }
    }
    settings
}

/// The sink's option of a key; `sink.headers.NAME` is one of `sink.headers`.
fn spec_of(key: &str) -> Option<&'static OptionSpec> {
    let key =
        if key.strip_prefix(HEADERS).is_some_and(|name| !name.is_empty()) { "sink.headers" } else { key };
    OPTIONS.iter().find(|option| option.key == key)
}

fn check_keys(options: &mut Options<'_>) {
    let common = ["connector", "property-version"];
    let known: Vec<_> = keys(TABLE_OPTIONS)
        .into_iter()
        .chain(OPTIONS.iter().map(|option| option.key))
        .chain(common)
        .collect();
    for entry in &options.table.options {
        let key = entry.key.as_str();
        if known.contains(&key) || spec_of(key).is_some() || key.starts_with(AWS) {
            continue;
        }
        let near = nearest(key, known.iter().copied()).map(|near| format!("; the nearest is {near}"));
        options.bad_key(key, format!("there is no such option{}", near.unwrap_or_default()));
    }
}

/// What only Flink makes use of is checked all the same, so that one table is good in both.
fn check_flink_only(options: &mut Options<'_>) {
    if let Some(text) = options.text("sink.parallelism") {
        let is_good = text.trim().parse().is_ok_and(|number: u32| (1..=99_999).contains(&number));
        if !is_good {
            let problem = format!(
                "{text:?} is no number of subtasks; write 1 or more, or leave it out for as many as the query has"
            );
            options.bad_value::<()>("sink.parallelism", problem);
        }
    }
    let wait = options.duration("sink.checkpoint-wait", Duration::ZERO);
    if let (Some(wait), Some(text)) = (wait, options.text("sink.checkpoint-wait"))
        && wait > LONGEST_CHECKPOINT_WAIT
    {
        let problem = format!("{text} is out of range; allowed are 0 s to 1 h");
        options.bad_value::<()>("sink.checkpoint-wait", problem);
    }
}

fn signer(options: &mut Options<'_>) -> Option<SignerSettings> {
    let is_of_signer = |key: &str| key.starts_with(AWS);
    let Some(name) = options.text(SIGNER) else {
        let entries = options.table.options.iter();
        for entry in entries.filter(|entry| is_of_signer(&entry.key)) {
            let problem = format!("has no use without '{SIGNER}' = '{AMP}'; add that, or remove this");
            options.bad_key(&entry.key, problem);
        }
        return None;
    };
    let entries = options.table.options.iter().filter(|entry| is_of_signer(&entry.key));
    let own = entries.map(|entry| (entry.key.clone(), entry.value.clone())).collect();
    Some(SignerSettings { name: name.trim().to_owned(), options: own })
}

/// Checks that there is such a signer, and that it has such options.
pub(crate) fn check_signer(options: &mut Options<'_>, settings: &Settings, context: &Context) {
    let Some(asked) = &settings.signer else { return };
    let Some(signers) = &context.signers else {
        let problem = format!("there is no signer {:?}; this binary was built without any", asked.name);
        options.bad_value::<()>(SIGNER, problem);
        return;
    };
    let names = signers.names();
    if !names.contains(&asked.name.as_str()) {
        options.bad_value::<()>(SIGNER, one_of(&asked.name, &names));
        return;
    }
    let known = signers.options(&asked.name);
    for (key, _) in asked.options.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
        let near = nearest(key, known.iter().copied()).map(|near| format!("; the nearest is {near}"));
        let near = near.unwrap_or_default();
        options.bad_key(key, format!("the signer {:?} has no such option{near}", asked.name));
    }
}

/// Has the sink check its options, and puts what it says to the places where they stand.
fn check_sink(options: &mut Options<'_>, settings: &Settings) {
    let mut is_empty = Vec::new();
    for (key, value) in &settings.options {
        let takes_text = spec_of(key).is_some_and(|spec| {
            matches!(spec.option_type, OptionType::Text | OptionType::Path | OptionType::Headers)
        });
        if takes_text && value.trim().is_empty() {
            is_empty.push(key.clone());
        }
    }
    is_empty.iter().for_each(|key| {
        options.bad_value::<()>(key, "is empty");
    });
    let Err(error) = settings.builder().check() else { return };
    for mistake in error.0 {
        // An empty secret was told of already.
        if !is_empty.contains(&mistake.option) {
            options.bad_value::<()>(&mistake.option, mistake.problem);
        }
    }
}
