//! What `SET` sets: keys that mean something here, and those that only Flink needs.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono_tz::Tz;
use narthex_model::{parse_bytes, parse_duration};
use narthex_sql::nearest;

/// Keys and values; what the file says wins over what came with the command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, String>);

/// A key that has a meaning here.
struct Key {
    name: &'static str,
    /// What its value must be; any text where it is not checked.
    check: fn(&str) -> Result<(), String>,
    /// What holds without it.
    default: &'static str,
    /// What it does, for the guide.
    doc: &'static str,
}

const KEYS: &[Key] = &[
    Key {
        name: "metrics.push.delete-on-shutdown",
        check: |value| one_of(value, &["true", "false"]),
        default: "false",
        doc: "Whether the last push takes the group back in place of leaving its last numbers.",
    },
    Key {
        name: "metrics.push.grouping-key",
        check: |value| grouping_key(value).map(|_| ()),
        default: "",
        doc: "Labels of the group besides `job`, as `instance=a;site=b`.",
    },
    Key {
        name: "metrics.push.interval",
        check: interval,
        default: "15 s",
        doc: "How often metrics are pushed while the jobs of the file run.",
    },
    Key {
        name: "metrics.push.job-name",
        check: |value| if value.is_empty() { Err("it is empty".to_owned()) } else { Ok(()) },
        default: "narthex",
        doc: "The label `job` of the group.",
    },
    Key {
        name: "metrics.push.url",
        check: gateway,
        default: "",
        doc: "A Pushgateway, such as `http://localhost:9091`: the metrics of all jobs of the file are pushed to it, at an \
              interval and at the end. What the file's last job has set holds for all of them.",
    },
    Key {
        name: "narthex.on-bad-record",
        check: |value| one_of(value, &["fail", "dead-letter"]),
        default: "dead-letter",
        doc: "What becomes of a record that cannot be decoded, where its format has no `ignore-parse-errors`: `fail` \
              as in Flink, or `dead-letter`.",
    },
    Key {
        name: "narthex.on-late-row",
        check: |value| one_of(value, &["count", "dead-letter"]),
        default: "count",
        doc: "What becomes of a row that comes to a window, join or OVER when its time has passed: it counts as `late`, \
              and with `dead-letter` it is one too.",
    },
    Key {
        name: "narthex.on-row-error",
        check: |value| one_of(value, &["fail", "dead-letter"]),
        default: "fail",
        doc: "What becomes of a row that cannot be computed, or has a null for a NOT NULL column: `fail` as in Flink, \
              or `dead-letter`.",
    },
    Key {
        name: "parallelism.default",
        check: parallelism,
        default: "",
        doc: "Threads that compute; without it, as many as there are cores.",
    },
    Key {
        name: "pipeline.auto-watermark-interval",
        check: |value| parse_duration(value).map(|_| ()),
        default: "200 ms",
        doc: "How often a table with `scan.watermark.emit.strategy` = `on-periodic` tells its time; \
              `0 ms`: behind each row.",
    },
    Key { name: "pipeline.name", check: |_| Ok(()), default: "", doc: "No effect." },
    Key {
        name: "state.memory.limit",
        check: |value| memory_size(value).map(|_| ()),
        default: "",
        doc: "Resident memory of the process, such as `2 gb`, at which a job that keeps rows fails, with the name of the \
              operator that keeps the most; without it, there is no limit. (Linux.)",
    },
    Key {
        name: "table.exec.legacy-cast-behaviour",
        check: no_legacy_casts,
        default: "DISABLED",
        doc: "Casts are those of Flink since 1.15; the ones before are refused.",
    },
    Key {
        name: "table.exec.resource.default-parallelism",
        check: parallelism,
        default: "",
        doc: "The same; it wins over `parallelism.default`.",
    },
    Key {
        name: "table.exec.sink.not-null-enforcer",
        check: |value| one_of(value, &["ERROR", "DROP"]),
        default: "ERROR",
        doc: "`DROP` leaves out rows with a null for a NOT NULL column; they count as `filtered`.",
    },
    Key {
        name: "table.exec.state.ttl",
        check: |value| parse_duration(value).map(|_| ()),
        default: "0 ms",
        doc: "How long the state of a key is kept for which nothing has come, by the clock of the machine: of first rows, of \
              OVER (but RANGE over an interval of time), of joins without bounds, and the versions of temporal joins. \
              `0 ms`: for ever.",
    },
    Key {
        name: "table.local-time-zone",
        check: |value| zone(value).map(|_| ()),
        default: "UTC",
        doc: "The zone of the session, such as `Europe/Berlin`. (Flink: that of the machine.)",
    },
];

/// Keys that mean something here, with their defaults and what they do, for the guide.
pub fn known_settings() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    KEYS.iter().map(|key| (key.name, key.default, key.doc))
}

/// Beginnings of keys that only Flink needs and that are taken without a word, for the guide.
pub fn flinks_settings() -> impl Iterator<Item = &'static str> {
    FLINKS.iter().copied()
}

/// Keys that say how a cluster does what one process does by itself, or what the client shows: taken without a word.
const FLINKS: &[&str] = &[
    "cluster.",
    "execution.",
    "jobmanager.",
    "metrics.",
    "pipeline.",
    "rest.",
    "restart-strategy.",
    "sql-client.",
    "state.",
    "table.dml-sync",
    "table.exec.",
    "table.optimizer.",
    "table.plan.",
    "taskmanager.",
];

impl Settings {
    /// Sets a key. What there is to say about it comes back.
    ///
    /// # Errors
    /// When the value is none for this key.
    pub fn set(&mut self, key: &str, value: &str) -> Result<Option<String>, String> {
        let known = KEYS.iter().find(|known| known.name == key);
        if known.is_none() && key.starts_with("narthex.") {
            let names = || KEYS.iter().map(|known| known.name).filter(|name| name.starts_with("narthex."));
            let advice = nearest(key, names()).map(|name| format!("; did you mean {name}?"));
            let all: Vec<&str> = names().collect();
            let advice = advice.unwrap_or_else(|| format!(": there are {}", all.join(", ")));
            return Err(format!("there is no key {key}{advice}"));
        }
        if let Some(known) = known {
            (known.check)(value).map_err(|why| format!("{value:?} is no value for {key}: {why}"))?;
        }
        self.0.insert(key.to_owned(), value.to_owned());
        if known.is_some() || FLINKS.iter().any(|prefix| key.starts_with(prefix)) {
            return Ok(None);
        }
        let advice = nearest(key, KEYS.iter().map(|known| known.name));
        let advice = advice.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
        Ok(Some(format!("the key {key} means nothing here{advice}")))
    }

    /// Forgets a key, or all.
    pub fn reset(&mut self, key: Option<&str>) {
        match key {
            Some(key) => drop(self.0.remove(key)),
            None => self.0.clear(),
        }
    }

    /// All keys that are set.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The value of a key.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The session's zone; UTC unless set.
    pub fn zone(&self) -> Tz {
        self.value("table.local-time-zone").and_then(|value| zone(value).ok()).unwrap_or(Tz::UTC)
    }

    /// How many tasks; none: as many as there are cores.
    pub fn parallelism(&self) -> Option<usize> {
        let keys = ["table.exec.resource.default-parallelism", "parallelism.default"];
        keys.iter().find_map(|key| self.value(key)?.parse().ok().filter(|&tasks: &usize| tasks > 0))
    }

    /// Bytes of memory that the process may have.
    pub fn state_memory_limit(&self) -> Option<u64> {
        self.value("state.memory.limit").and_then(|value| memory_size(value).ok())
    }

    /// Whether rows that come when their time has passed become dead letters.
    pub fn reports_late_rows(&self) -> bool {
        self.value("narthex.on-late-row").is_some_and(|value| value.eq_ignore_ascii_case("dead-letter"))
    }

    /// Where metrics are pushed to, if they are.
    pub fn push(&self) -> Option<Push> {
        let interval = self.value("metrics.push.interval").and_then(|value| parse_duration(value).ok());
        let key = self.value("metrics.push.grouping-key").and_then(|value| grouping_key(value).ok());
        let deletes = self.value("metrics.push.delete-on-shutdown");
        Some(Push {
            url: self.value("metrics.push.url")?.to_owned(),
            interval: interval.unwrap_or(Duration::from_secs(15)),
            job_name: self.value("metrics.push.job-name").unwrap_or("narthex").to_owned(),
            grouping_key: key.unwrap_or_default(),
            deletes_on_shutdown: deletes.is_some_and(|value| value.eq_ignore_ascii_case("true")),
        })
    }

    /// How often a table tells its time that does so periodically; 200 ms unless set.
    pub fn watermark_interval(&self) -> Duration {
        let interval = self.value("pipeline.auto-watermark-interval");
        interval.and_then(|value| parse_duration(value).ok()).unwrap_or(Duration::from_millis(200))
    }

    /// How long state is kept that nothing asks for; none: for ever.
    pub fn state_ttl(&self) -> Option<Duration> {
        let ttl = self.value("table.exec.state.ttl").and_then(|value| parse_duration(value).ok());
        ttl.filter(|ttl| !ttl.is_zero())
    }

    /// Whether rows with a null in a NOT NULL column of a sink are left out; else they fail the job.
    pub fn drops_nulls(&self) -> bool {
        self.value("table.exec.sink.not-null-enforcer")
            .is_some_and(|value| value.eq_ignore_ascii_case("DROP"))
    }

    /// Whether a record that cannot be decoded fails the job; else it becomes a dead letter.
    pub fn fails_on_bad_record(&self) -> bool {
        self.value("narthex.on-bad-record").is_some_and(|value| value.eq_ignore_ascii_case("fail"))
    }

    /// Whether a row that cannot be computed fails the job; else it becomes a dead letter.
    pub fn fails_on_row_error(&self) -> bool {
        self.value("narthex.on-row-error").is_none_or(|value| value.eq_ignore_ascii_case("fail"))
    }
}

/// Where and how metrics are pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The Pushgateway.
    pub url: String,
    /// How often.
    pub interval: Duration,
    /// The label `job`.
    pub job_name: String,
    /// Further labels of the group.
    pub grouping_key: Vec<(String, String)>,
    /// The group is taken back at the end.
    pub deletes_on_shutdown: bool,
}

fn interval(value: &str) -> Result<(), String> {
    if parse_duration(value)? < Duration::from_millis(100) {
        return Err("write 100 ms or more".to_owned());
    }
    Ok(())
}

fn gateway(value: &str) -> Result<(), String> {
    let rest = value.strip_prefix("http://").or_else(|| value.strip_prefix("https://"));
    let is_good = rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['@', '?', '#', ' '])
    });
    if is_good { Ok(()) } else { Err("write http://HOST:PORT, without user, password and query".to_owned()) }
}

/// Labels and values of `a=b;c=d`.
fn grouping_key(value: &str) -> Result<Vec<(String, String)>, String> {
    let mut labels: Vec<(String, String)> = Vec::new();
    for pair in value.split(';').filter(|pair| !pair.trim().is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            return Err("write labels and values, such as instance=a;site=b".to_owned());
        };
        let name = name.trim();
        let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
        let is_name = name.bytes().next().is_some_and(is_letter)
            && name.bytes().all(|byte| is_letter(byte) || byte.is_ascii_digit());
        if !is_name || name.starts_with("__") {
            return Err(format!("{name:?} is no name of a label"));
        }
        if name == "job" || labels.iter().any(|(known, _)| known == name) {
            return Err(format!("the label {name} is there already"));
        }
        labels.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(labels)
}

fn one_of(value: &str, values: &[&str]) -> Result<(), String> {
    if values.iter().any(|known| known.eq_ignore_ascii_case(value)) {
        return Ok(());
    }
    Err(format!("write {}", values.join(" or ")))
}

fn no_legacy_casts(value: &str) -> Result<(), String> {
    if value.eq_ignore_ascii_case("DISABLED") {
        return Ok(());
    }
    Err("values are cast as Flink casts them by default; use TRY_CAST where a wrong one is to be null"
        .to_owned())
}

/// Bytes, as Flink writes sizes.
fn memory_size(value: &str) -> Result<u64, String> {
    match parse_bytes(value)? {
        0 => Err("write a number and a unit, such as 512 mb or 2 gb".to_owned()),
        bytes => Ok(bytes as u64),
    }
}

fn parallelism(value: &str) -> Result<(), String> {
    match value.parse::<i32>() {
        // Flink's -1 stands for its default.
        Ok(-1 | 1..=1024) => Ok(()),
        _ => Err("write a number from 1 to 1024".to_owned()),
    }
}

fn zone(value: &str) -> Result<Tz, String> {
    value.parse().map_err(|_| "write a zone such as UTC or Europe/Berlin".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_where_is_checked() {
        let mut settings = Settings::default();
        for (key, value) in [
            ("metrics.push.url", "gateway:9091"),
            ("metrics.push.url", "http://me:secret@gateway:9091"),
            ("metrics.push.interval", "1 ms"),
            ("metrics.push.grouping-key", "a"),
            ("metrics.push.grouping-key", "job=x"),
            ("metrics.push.grouping-key", "a=1;a=2"),
            ("metrics.push.grouping-key", "1a=1"),
            ("metrics.push.job-name", ""),
            ("metrics.push.delete-on-shutdown", "perhaps"),
        ] {
            assert!(settings.set(key, value).is_err(), "{key} = {value}");
        }
        assert_eq!(settings.push(), None);
        for (key, value) in [
            ("metrics.push.url", "https://gateway/push"),
            ("metrics.push.grouping-key", "instance = a ; site=b c;"),
        ] {
            assert_eq!(settings.set(key, value), Ok(None), "{key} = {value}");
        }
        let labels =
            [("instance", "a"), ("site", "b c")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(settings.push().map(|push| push.grouping_key), Some(labels.to_vec()));
    }

    #[test]
    fn what_is_documented_as_default_holds_without_the_key() {
        let mut pushing = Settings::default();
        assert_eq!(pushing.set("metrics.push.url", "http://localhost:9091"), Ok(None));
        for (key, default, _) in known_settings().filter(|(key, ..)| key.starts_with("metrics.push.")) {
            let mut settings = pushing.clone();
            assert!(default.is_empty() || settings.set(key, default) == Ok(None), "{key}");
            assert_eq!(settings.push(), pushing.push(), "{key}");
        }
        let untouched = Settings::default();
        let seen = |settings: &Settings| {
            let (zone, parallelism) = (settings.zone(), settings.parallelism());
            (
                zone,
                parallelism,
                settings.drops_nulls(),
                settings.fails_on_bad_record(),
                settings.fails_on_row_error(),
                settings.state_ttl(),
                settings.reports_late_rows(),
                settings.watermark_interval(),
            )
        };
        for (key, default, _) in known_settings().filter(|(_, default, _)| !default.is_empty()) {
            let mut settings = Settings::default();
            assert_eq!(settings.set(key, default), Ok(None), "{key}");
            assert_eq!(seen(&settings), seen(&untouched), "{key}");
        }
    }
}
