//! docs/fault-matrix.md, written from the table.

use std::path::Path;

use crate::row::{End, Extra, Moment, Row, Seen};
use crate::{rows, run};

const HEAD: &str = "# Fault matrix

What becomes of samples when the receiver fails, one line a case. Each line is a test: the binary runs against a receiver that fails in just this way, and the requests that arrive, the order per series, the ledger, the exit code and the log lines are compared (`crates/cli/tests/fault_matrix`; this page is written from its table by `NARTHEX_UPDATE=1 cargo test -p narthex --test fault_matrix`).

**How to read it.**
*Flags*: where they are not named, `--on-reject isolate` and `--on-exhausted fail`. All runs have one shard, and retries after 10 to 40 ms instead of 30 ms to 5 s.
*Input*: vehicles × samples of each, and samples in a request where it is not all of them; `+` names a bad line at its end. *Open* means that the input does not end: the run ends by the signal named, or by itself.
*Requests*: the status of each request that arrived, `-` where no answer went out; `@n` is its `Retry-Attempt`, `x3` is three in a row.
*Ledger*: what is not named is zero. In every line `received` is the sum, the receiver holds what the ledger says (where it does not, the line says so), each lost sample but a repetition is in the dead letters, and no series' order is broken.

";

/// Compares the page with the file, or rewrites it when `NARTHEX_UPDATE` is set.
pub(crate) fn compare_or_update() {
    let path = Path::new("../../docs/fault-matrix.md");
    let page = page();
    if std::env::var_os("NARTHEX_UPDATE").is_some() {
        std::fs::write(path, page).expect("the page can be written");
        return;
    }
    let held = std::fs::read_to_string(path).unwrap_or_default();
    assert!(held == page, "docs/fault-matrix.md is not what the table says; NARTHEX_UPDATE=1 rewrites it");
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut number = 0;
    for (title, rows) in rows::chapters() {
        page += &format!(
            "## {title}\n\n| # | what happens | flags | input | requests | ledger | exit | log |\n|---|---|---|---|---|---|---|---|\n"
        );
        for row in rows {
            number += 1;
            page += &line(number, &row);
        }
        page.push('\n');
    }
    page.truncate(page.trim_end().len());
    page + "\n"
}

fn line(number: usize, row: &Row) -> String {
    let flags = run::flags(row).join(" ");
    let flags = flags.replace("--on-reject isolate ", "").replace("--on-exhausted fail ", "");
    let says: Vec<String> = row.says.iter().map(|text| format!("`{}`", text.replace('|', "\\|"))).collect();
    format!(
        "| {number} | {} | `{flags}` | {} | {} | {} | {} | {} |\n",
        row.name,
        input(row),
        requests(row),
        ledger(row),
        row.exit,
        says.join(", ")
    )
}

fn input(row: &Row) -> String {
    let input = row.input;
    let mut text = format!("{} × {}", input.vehicles, input.samples);
    if input.batch < input.vehicles * input.samples {
        text += &format!(" by {}", input.batch);
    }
    text += match input.extra {
        Extra::Nothing => "",
        Extra::Older => " + 1 older",
        Extra::Conflict => " + 1 other value",
        Extra::Same => " + 1 again",
        Extra::Future => " + 1 a day ahead",
        Extra::Large => " + 1 of 20 kB",
    };
    match row.end {
        End::Bounded => {}
        End::ByItself => text += ", open",
        End::Signal(name, Moment::Requests(_)) => text += &format!(", open, SIG{name}"),
        End::Signal(name, Moment::Says(_)) => text += &format!(", open, SIG{name} in trouble"),
    }
    text
}

fn requests(row: &Row) -> String {
    match row.seen {
        Seen::Exactly("") => "none".to_owned(),
        Seen::Exactly(text) => format!("`{text}`"),
        Seen::Between(least, most, "") => format!("{least} to {most}"),
        Seen::Between(least, most, begin) if least == most => format!("{least}, first `{begin}`"),
        Seen::Between(least, most, begin) => format!("{least} to {most}, first `{begin}`"),
        Seen::Attempts(least, most) if least == most => format!("none of {least} attempts arrives"),
        Seen::Attempts(..) => "no attempt arrives".to_owned(),
    }
}

fn ledger(row: &Row) -> String {
    let words: Vec<&str> = row.ledger.split_whitespace().collect();
    let doors: Vec<String> = words
        .chunks(2)
        .map(|pair| match pair[0].split_once('.') {
            Some((door, reason)) => format!("{door}{{{reason}}} {}", pair[1]),
            None => format!("{} {}", pair[0], pair[1]),
        })
        .collect();
    let held = row.held.map(|held| format!(" (the receiver holds {held})")).unwrap_or_default();
    format!("{}{held}", doors.join(", "))
}
