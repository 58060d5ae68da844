//! The sink's options: one list for the builder, flags, SQL, docs and the Java factory.
//!
//! [`OPTIONS`] names each with type, default, range and doc. `options.json` beside this crate and
//! docs/sink-options.md are written from it, and a test holds them equal.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use narthex_client::{RetryPolicy, Secret};
use narthex_model::LabelFaults;

use crate::batch::CheckRules;

/// What an option's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionType {
    /// A whole number.
    Integer,
    /// `500 ms`, `5 s`, `10 min`.
    Duration,
    /// `64 kb`, `1 mb`.
    MemorySize,
    /// Free text.
    Text,
    /// A path of a file.
    Path,
    /// One of a few words.
    Enum(&'static [&'static str]),
    /// A duration or the word `unlimited`.
    DurationOrUnlimited,
    /// Repeatable `NAME=VALUE`; in SQL one option each, `sink.headers.NAME`.
    Headers,
}

/// One option.
#[derive(Debug, Clone, Copy)]
pub struct OptionSpec {
    /// The key in SQL; flags are the key without `sink.`, dots as dashes.
    pub key: &'static str,
    /// What its value looks like.
    pub option_type: OptionType,
    /// The default as one would write it; empty for none.
    pub default: &'static str,
    /// Allowed values, in words; empty where the type says it all.
    pub range: &'static str,
    /// Whether the value is a secret.
    pub is_secret: bool,
    /// What it does.
    pub doc: &'static str,
}

const fn option(
    key: &'static str,
    option_type: OptionType,
    default: &'static str,
    range: &'static str,
    doc: &'static str,
) -> OptionSpec {
    OptionSpec { key, option_type, default, range, is_secret: false, doc }
}

const fn secret(key: &'static str, doc: &'static str) -> OptionSpec {
    OptionSpec { key, option_type: OptionType::Text, default: "", range: "", is_secret: true, doc }
}

use OptionType::{Duration as Time, DurationOrUnlimited, Enum, Headers, Integer, MemorySize, Path, Text};

/// Every option of the sink, in the order of the docs.
pub const OPTIONS: &[OptionSpec] = &[
    option("sink.batch.max-size", Integer, "2000", "1 to 1000000", "Most samples in one request."),
    option(
        "sink.flush-buffer.size",
        MemorySize,
        "1 mb",
        "1 kb to 32 mb",
        "Most encoded bytes in one request, before compression. Prometheus 3 refuses more than 32 MiB.",
    ),
    option(
        "sink.flush-buffer.timeout",
        Time,
        "500 ms",
        "1 ms to 1 h",
        "Longest time that a sample waits for its request to fill.",
    ),
    option(
        "sink.requests.max-buffered",
        Integer,
        "4 requests a shard",
        "at least sink.shards × sink.batch.max-size",
        "Most samples that wait or are under way in all shards; beyond it the sink makes its source wait. Queues are \
         also bounded by 4 × sink.flush-buffer.size a shard.",
    ),
    option(
        "sink.requests.max-inflight",
        Integer,
        "1",
        "1",
        "Requests in flight per shard. Only 1: two at once could arrive in the wrong order. Raise sink.shards instead.",
    ),
    option(
        "sink.shards",
        Integer,
        "8",
        "1 to 1024",
        "Requests in flight at once, each of its own share of the series. Raise it for a receiver that answers slowly.",
    ),
    option(
        "sink.checks",
        Enum(&["off", "labels", "full"]),
        "full",
        "",
        "What is checked before sending: nothing but what no receiver takes, label sets, or also order, \
         repetition and future per series.",
    ),
    option(
        "sink.name-validation",
        Enum(&["legacy", "utf8"]),
        "legacy",
        "",
        "Which metric and label names are good: those of Remote-Write 1.0, or any valid UTF-8 (Prometheus 3).",
    ),
    option(
        "sink.out-of-order-window",
        DurationOrUnlimited,
        "0 s",
        "",
        "How late behind its series' newest a sample may be and still be sent. Set it to what the receiver takes \
         (Prometheus: storage.tsdb.out_of_order_time_window).",
    ),
    option(
        "sink.max-future",
        DurationOrUnlimited,
        "10 min",
        "",
        "How far ahead of the clock a sample may be (Prometheus 2.54 and later refuse more than 10 min).",
    ),
    option(
        "sink.checks.max-series",
        Integer,
        "5000000",
        "1000 to 1000000000",
        "Most series that the order checks remember, at most 32 bytes each; beyond it idle ones are forgotten first.",
    ),
    option(
        "sink.checks.idle-timeout",
        Time,
        "1 h",
        "1 s to 30 d",
        "A series without samples for this long (at most twice as long) is forgotten by the order checks.",
    ),
    option(
        "sink.on-reject",
        Enum(&["isolate", "discard"]),
        "isolate",
        "",
        "What happens to a request that the receiver refuses for its data: halve it until only the bad samples are \
         rejected, or reject it whole.",
    ),
    option(
        "sink.on-exhausted",
        Enum(&["fail", "discard"]),
        "fail",
        "",
        "What happens when retries end: stop, the samples staying with the source, or drop them and go on.",
    ),
    option(
        "sink.retry.max-retries",
        Integer,
        "",
        "0 to 4294967295",
        "Most retries of a request. Without this and max-time: for ever once the receiver has accepted anything, 60 s \
         before that.",
    ),
    option("sink.retry.max-time", Time, "", "", "Longest time that a request is tried."),
    option(
        "sink.retry.initial-backoff",
        Time,
        "30 ms",
        "1 ms to 1 h",
        "First wait between two attempts; doubled each time.",
    ),
    option(
        "sink.retry.max-backoff",
        Time,
        "5 s",
        "initial-backoff to 1 h",
        "Longest wait between two attempts.",
    ),
    option(
        "sink.retry.max-retry-after",
        Time,
        "2 min",
        "0 s to 1 d",
        "Longest Retry-After of a receiver that is honoured; longer ones are cut to this.",
    ),
    option(
        "sink.request.timeout",
        Time,
        "30 s",
        "1 ms to 1 h",
        "Longest time of one attempt, connecting included.",
    ),
    option(
        "sink.dead-letters.path",
        Path,
        "",
        "",
        "File to which lost samples are appended as NDJSON, with the reason.",
    ),
    option("sink.auth.username", Text, "", "", "User name for basic authentication."),
    secret("sink.auth.password", "Password for basic authentication."),
    option("sink.auth.password-file", Path, "", "", "File with the password; read again when it changes."),
    secret("sink.auth.bearer-token", "Token for bearer authentication."),
    option("sink.auth.bearer-token-file", Path, "", "", "File with the token; read again when it changes."),
    OptionSpec {
        is_secret: true,
        ..option(
            "sink.headers",
            Headers,
            "",
            "",
            "Further headers, such as X-Scope-OrgID=tenant. Those of the protocol cannot be replaced.",
        )
    },
    option("sink.tls.ca-file", Path, "", "", "PEM file with the CAs to trust instead of the system's."),
    option("sink.tls.cert-file", Path, "", "", "PEM file with the client's certificate chain."),
    option("sink.tls.key-file", Path, "", "", "PEM file with the client's private key."),
];

/// How much is checked before sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Checks {
    /// Only what no receiver takes.
    Off,
    /// Label sets.
    Labels,
    /// Label sets, and order, repetition and future per series.
    #[default]
    Full,
}

/// Which names are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum NameValidation {
    /// Remote-Write 1.0's.
    #[default]
    Legacy,
    /// Any valid UTF-8.
    Utf8,
}

/// What happens to a request that is refused for its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnReject {
    /// Find the bad samples, write the rest.
    #[default]
    Isolate,
    /// Reject the request whole.
    Discard,
}

/// What happens when retries end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnExhausted {
    /// Stop; the samples stay pending.
    #[default]
    Fail,
    /// Drop the samples and go on.
    Discard,
}

/// What was asked for, checked and ready.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) batch_samples: usize,
    pub(crate) batch_bytes: usize,
    pub(crate) batch_age: Duration,
    pub(crate) max_buffered: Option<usize>,
    pub(crate) shards: usize,
    pub(crate) checks: Checks,
    /// Set by whoever resumes, not by the user: see the builder.
    pub(crate) is_after_restart: bool,
    pub(crate) names: NameValidation,
    /// None is unlimited.
    pub(crate) out_of_order_window: Option<Duration>,
    /// None is unlimited.
    pub(crate) max_future: Option<Duration>,
    pub(crate) max_series: usize,
    pub(crate) series_idle_timeout: Duration,
    pub(crate) on_reject: OnReject,
    pub(crate) on_exhausted: OnExhausted,
    pub(crate) retry: RetryPolicy,
    pub(crate) request_timeout: Duration,
    pub(crate) dead_letters_path: Option<PathBuf>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) bearer_token: Option<Secret>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) cert_file: Option<PathBuf>,
    pub(crate) key_file: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            batch_samples: 2000,
            batch_bytes: 1 << 20,
            batch_age: Duration::from_millis(500),
            max_buffered: None,
            shards: 8,
            checks: Checks::default(),
            is_after_restart: false,
            names: NameValidation::default(),
            out_of_order_window: Some(Duration::ZERO),
            max_future: Some(Duration::from_secs(600)),
            max_series: 5_000_000,
            series_idle_timeout: Duration::from_secs(3600),
            on_reject: OnReject::default(),
            on_exhausted: OnExhausted::default(),
            retry: RetryPolicy::default(),
            request_timeout: Duration::from_secs(30),
            dead_letters_path: None,
            username: None,
            password: None,
            bearer_token: None,
            headers: Vec::new(),
            ca_file: None,
            cert_file: None,
            key_file: None,
        }
    }
}

impl Options {
    pub(crate) fn check_rules(&self) -> CheckRules {
        let ms = |limit: Option<Duration>| {
            limit.map_or(i64::MAX, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
        };
        CheckRules {
            faults: match (self.checks, self.names) {
                (Checks::Off, _) => LabelFaults::FATAL,
                (_, NameValidation::Legacy) => LabelFaults::LEGACY,
                (_, NameValidation::Utf8) => LabelFaults::UTF8,
            },
            out_of_order_window_ms: ms(self.out_of_order_window),
            max_future_ms: ms(self.max_future),
        }
    }
}

macro_rules! words {
    ($type:ident { $($word:literal = $variant:ident),+ }) => {
        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(one_of(text, &[$($word),+])),
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word,)+ })
            }
        }
    };
}

words!(Checks { "off" = Off, "labels" = Labels, "full" = Full });
words!(NameValidation { "legacy" = Legacy, "utf8" = Utf8 });
words!(OnReject { "isolate" = Isolate, "discard" = Discard });
words!(OnExhausted { "fail" = Fail, "discard" = Discard });

fn one_of(text: &str, words: &[&str]) -> String {
    format!("{text:?} is not one of {}", words.join(", "))
}
