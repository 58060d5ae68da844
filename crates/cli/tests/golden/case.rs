//! A golden case: run here, its rows compared with those that a real Flink wrote.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// All of them, or those that `NARTHEX_GOLDEN` names.
pub(crate) fn cases() -> Vec<PathBuf> {
    cases_in("tests/flink/golden/cases")
}

/// Those in a folder of the repository.
pub(crate) fn cases_in(folder: &str) -> Vec<PathBuf> {
    let folder = fs::canonicalize(Path::new("../..").join(folder)).unwrap();
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let wanted = std::env::var("NARTHEX_GOLDEN").unwrap_or_default();
    cases.retain(|case| name(case).contains(&wanted));
    cases
}

/// Its folder's name.
pub(crate) fn name(case: &Path) -> String {
    case.file_name().unwrap().to_string_lossy().into_owned()
}

/// What was run and what it wrote.
pub(crate) struct Ran {
    pub(crate) output: Output,
    /// Rows by table.
    pub(crate) rows: BTreeMap<String, Vec<String>>,
}

/// Runs it in a folder of its own.
pub(crate) fn run(case: &Path, parallelism: usize) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    let sql = fs::read_to_string(case.join("job.sql")).unwrap();
    let sql = sql.replace("${CASE}/in", &case.join("in").display().to_string());
    let sql = sql.replace("${CASE}", &folder.path().display().to_string());
    let file = folder.path().join("job.sql");
    fs::write(&file, sql).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_narthex"))
        .args(["run", "--set", "narthex.on-bad-record=fail", "--set"])
        .arg(format!("parallelism.default={parallelism}"))
        .arg(&file)
        .output()
        .unwrap();
    let tables = fs::read_dir(case.join("expected")).unwrap().map(|entry| entry.unwrap().path());
    let tables = tables.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    let read = |path: PathBuf| {
        let table = path.file_stem().unwrap().to_string_lossy().into_owned();
        (table.clone(), written(&folder.path().join("out").join(table)))
    };
    Ran { output, rows: tables.map(read).collect() }
}

/// The rows of a table's finished files, as canonical text, sorted.
fn written(folder: &Path) -> Vec<String> {
    let mut rows = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        if !entry.file_name().to_string_lossy().starts_with(['.', '_']) {
            rows.extend(lines(&fs::read_to_string(entry.path()).unwrap()));
        }
    }
    rows.sort();
    rows
}

fn lines(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| canonical(&serde_json::from_str(line).unwrap_or_else(|_| Value::from(line))))
        .collect()
}

/// A value such that equal ones are equal as text: numbers as numbers, keys in order.
fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(float)) if float.fract() == 0.0 && float.abs() < 1e15 => format!("{float:.0}"),
            (None, Some(float)) => format!("{float:e}"),
            _ => number.to_string(),
        },
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().collect();
            let fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{key:?}:{}", canonical(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        other => other.to_string(),
    }
}

/// What is wrong; nothing when the case passes.
pub(crate) fn differences(case: &Path, parallelism: usize) -> Option<String> {
    let Ran { output, rows } = run(case, parallelism);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let about = fs::read_to_string(case.join("about.txt")).unwrap();
    let expected_code = match () {
        () if about.contains("(error at plan time)") => 64,
        () if about.contains("(error at run time)") => 1,
        () => 0,
    };
    let code = output.status.code();
    if code != Some(expected_code) {
        return Some(format!("exit {code:?}, not {expected_code}; it said\n{said}"));
    }
    if expected_code != 0 {
        return None;
    }
    if rows.is_empty() {
        return Some("it has no expected rows: expected/<table>.jsonl".to_owned());
    }
    let mut told = String::new();
    for (table, found) in rows {
        let mut expected = lines(&fs::read_to_string(case.join(format!("expected/{table}.jsonl"))).unwrap());
        expected.sort();
        let (missing, unexpected) = (left_over(&expected, &found), left_over(&found, &expected));
        for (what, rows) in [("missing", missing), ("unexpected", unexpected)] {
            for row in rows.iter().take(5) {
                writeln!(told, "{table}: {what}: {row}").unwrap();
            }
            if rows.len() > 5 {
                writeln!(told, "{table}: {what}: {} more", rows.len() - 5).unwrap();
            }
        }
    }
    (!told.is_empty()).then_some(told)
}

/// Rows of the first that are not in the second, each as often as it is missing there.
fn left_over<'a>(all: &'a [String], others: &[String]) -> Vec<&'a String> {
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    others.iter().for_each(|row| *counts.entry(row).or_default() += 1);
    let is_left = |row: &&String| match counts.get_mut(*row) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    all.iter().filter(is_left).collect()
}
