//! What a dry run has found, as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use narthex_model::format_duration;
use narthex_sink::DeadLetter;

use super::lateness::Lateness;
use super::series::{Seen, Summary};
use crate::sql::closing::Closing;

/// Labels that are listed.
const LABELS: usize = 8;
/// A label is told of when there would be so many times fewer series without it.
const FEWER: usize = 10;

/// What it is of.
pub(super) struct Findings<'a> {
    pub(super) series: &'a [Arc<Seen>],
    /// Tables that are no Prometheus'.
    pub(super) others: &'a [String],
    pub(super) times: &'a [Arc<Lateness>],
    pub(super) examples: &'a BTreeMap<String, Vec<DeadLetter>>,
}

/// All of it.
pub(super) fn page(found: &Findings<'_>, closing: &Closing, name: &str, took: Duration) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let records = closing.records();
    let _ = writeln!(
        text,
        "{name}: a dry run over {records} records in {:.1} s; nothing has been written",
        took.as_secs_f64()
    );
    found.series.iter().for_each(|seen| of_table(&mut text, &seen.table, &seen.summary(), closing));
    for table in found.others {
        let _ = writeln!(text, "\n{table}: {} rows", closing.rows_of(table));
    }
    found.times.iter().for_each(|times| lateness(&mut text, times));
    let state = closing.state();
    if !state.is_empty() {
        let _ = writeln!(text, "\nstate at its largest:");
        for (operator, entries, bytes) in state {
            let _ = writeln!(
                text,
                "  {operator}: {entries} keys, groups or rows, about {} KiB",
                bytes.div_ceil(1024)
            );
        }
    }
    let late = closing.late();
    if !late.is_empty() {
        let _ = writeln!(text, "\nlate for their operator:");
        for (operator, late, rows) in late {
            let _ = writeln!(text, "  {operator}: {late} of {rows} rows ({})", percent(late, rows));
        }
    }
    losses(&mut text, found.examples, closing);
    text
}

fn of_table(text: &mut String, table: &str, seen: &Summary, closing: &Closing) {
    let more = if seen.is_cut { "more than " } else { "" };
    let span = Duration::from_millis(seen.span_ms.unsigned_abs());
    let rate = seen.samples as f64 / span.as_secs_f64();
    let _ = write!(text, "\n{table}: {} samples of {more}{} series", seen.samples, seen.series);
    if seen.span_ms > 0 {
        let _ = write!(
            text,
            " over {} of their time: {rate:.1} samples/s, and {} in the fullest second",
            about(seen.span_ms),
            seen.most_a_second
        );
    }
    let _ = writeln!(text);
    let fates = closing.fates_of(table);
    if !fates.is_empty() {
        let _ = writeln!(text, "  the built-in receiver: {}", fates.join(", "));
    }
    if seen.series < 2 {
        return;
    }
    let width = seen.labels.iter().map(|label| label.name.len()).max().unwrap_or(0).max(5);
    let _ = writeln!(text, "  {:width$} {:>10} {:>22}", "label", "values", "series without it");
    for label in seen.labels.iter().take(LABELS) {
        let _ = writeln!(text, "  {:width$} {:>10} {:>22}", label.name, label.values, label.series_without);
    }
    if seen.labels.len() > LABELS {
        let _ = writeln!(text, "  and {} more", seen.labels.len() - LABELS);
    }
    let worst = seen.labels.iter().min_by_key(|label| label.series_without);
    if let Some(worst) = worst.filter(|label| label.series_without * FEWER <= seen.series) {
        let _ = writeln!(
            text,
            "  {} makes the series so many: without it there would be {} instead of {more}{}",
            worst.name, worst.series_without, seen.series
        );
    }
}

fn lateness(text: &mut String, times: &Lateness) {
    let (rows, most_ms) = times.rows();
    if rows == 0 {
        return;
    }
    let most = about(most_ms);
    let Some(own) = times.delay_ms else {
        let late = times.at_delays().first().map_or(0, |at| at.late);
        let _ = writeln!(
            text,
            "\n{}: {late} of {rows} rows ({}) came behind the watermark, at most {most}",
            times.table,
            percent(late, rows)
        );
        return;
    };
    if most_ms <= 0 {
        let _ = writeln!(text, "\n{}: no row came behind another by its time", times.table);
        return;
    }
    let _ = writeln!(
        text,
        "\n{}: rows behind the watermark, by its delay (now {}); the furthest came {most} behind the newest before it",
        times.table,
        about(own)
    );
    for at in times.at_delays() {
        let own = if at.is_own { "  now" } else { "" };
        let share = percent(at.late, rows);
        let _ = writeln!(text, "  {:>9} {:>10} {share:>9}{own}", about(at.delay_ms), at.late);
    }
}

/// A time in milliseconds; of a long one the seconds are enough.
fn about(ms: i64) -> String {
    let ms = ms.max(0).unsigned_abs();
    let rounded = if ms < 10_000 { ms } else { (ms + 500) / 1_000 * 1_000 };
    format_duration(Duration::from_millis(rounded))
}

/// What would be lost, and why.
fn losses(text: &mut String, examples: &BTreeMap<String, Vec<DeadLetter>>, closing: &Closing) {
    let lost = closing.lost();
    if lost.is_empty() && closing.records() > 0 {
        let _ = writeln!(text, "\nnothing would be lost");
        return;
    }
    if lost.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nwhat would be lost:");
    for (reason, count) in lost {
        let _ = writeln!(text, "  {reason}: {count}");
        for letter in examples.get(&reason).into_iter().flatten() {
            let _ = writeln!(text, "    such as {}", shown(letter));
        }
    }
}

fn shown(letter: &DeadLetter) -> String {
    let message = letter.message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
    let source = letter.source.as_deref().map(|source| format!(" ({source})")).unwrap_or_default();
    let what = match letter.kind.as_str() {
        "sample" => {
            let labels = letter.labels().map(|labels| labels.to_string()).unwrap_or_default();
            match letter.sample() {
                Some(sample) => format!("{labels} {} @ {} ms", sample.value(), sample.timestamp_ms),
                None => labels,
            }
        }
        "row" => {
            let columns = letter
                .row
                .iter()
                .map(|(name, value)| format!("{name} = {}", value.as_deref().unwrap_or("null")));
            columns.collect::<Vec<_>>().join(", ")
        }
        _ => letter.raw.clone().unwrap_or_default(),
    };
    format!("{what}{message}{source}")
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".to_owned();
    }
    let percent = part as f64 * 100.0 / whole as f64;
    if part > 0 && percent < 0.01 { "< 0.01 %".to_owned() } else { format!("{percent:.2} %") }
}
