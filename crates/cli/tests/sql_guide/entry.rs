//! An entry of the guide: a piece of SQL, and what becomes of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::golden;

/// A piece of SQL, and what becomes of it.
#[derive(Debug)]
pub(crate) struct Entry {
    /// What it is, in words.
    pub(crate) what: &'static str,
    /// A part of a golden case, or statements behind [`TABLES`].
    pub(crate) sql: &'static str,
    pub(crate) verdict: Verdict,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Verdict {
    /// It is a part of the golden case of this number: a real Flink wrote its rows, and the same come here.
    Case(&'static str),
    /// A table `o` with these columns gets these rows, as in Flink.
    Same { columns: &'static str, rows: &'static [&'static str] },
    /// It gets other rows than in Flink, or there they fail the job.
    Differs { columns: &'static str, flink: &'static str, rows: &'static [&'static str], how: &'static str },
    /// It prints this in other words than Flink does.
    Prints(&'static str),
    /// It runs and fails with this message, where Flink gives something.
    Fails { columns: &'static str, flink: &'static str, says: &'static str },
    /// It is refused before anything runs, with these words.
    Refused(&'static str),
}

/// What there is to read.
pub(crate) const TABLES: &str = "CREATE TABLE t (id INT, k STRING, v DOUBLE, ts TIMESTAMP(3), tags ARRAY<STRING>, \
m MAP<STRING, INT>, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = '${IN}/t.json', 'format' = 'json');";

/// The rows of `t`.
pub(crate) const ROWS: [&str; 2] = [
    r#"{"id":1,"k":"a","v":1.5,"ts":"2024-05-06 07:08:09.123","tags":["x","y"],"m":{"p":1}}"#,
    r#"{"id":2,"k":null,"v":-3,"ts":"2024-05-06 07:08:10","tags":[],"m":{}}"#,
];

/// What else there is to read.
const FILES: [(&str, &[u8]); 6] = [
    (
        "ties.json",
        b"{\"id\":1,\"ts\":\"2024-05-06 07:08:09\"}\n{\"id\":2,\"ts\":\"2024-05-06 07:08:10\"}\n\
          {\"id\":3,\"ts\":\"2024-05-06 07:08:10\"}\n{\"id\":4,\"ts\":\"2024-05-06 07:08:11\"}\n",
    ),
    ("mixed.json", b"{\"id\":1}\nnonsense\n{\"id\":2}\n"),
    ("mixed.csv", b"1,2\n2,x\n3,4\n"),
    ("digits.json", b"{\"ts\":\"2024-05-06 07:08:09.123456\"}\n"),
    ("latin.json", b"{\"k\":\"\xc3\xa4\"}\n{\"k\":\"\xe4\"}\n"),
    ("hex.json", b"{\"v\":\"0x1p0\"}\n"),
];

/// A folder with the input, and a job file.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("in")).unwrap();
        fs::write(place.path("in/t.json"), ROWS.join("\n") + "\n").unwrap();
        for (name, content) in FILES {
            fs::write(place.path("in").join(name), content).unwrap();
        }
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a job.
    pub(crate) fn run(&self, command: &str, sql: &str) -> Output {
        let folder = self.0.path().display().to_string();
        let sql = sql.replace("${IN}", &format!("{folder}/in")).replace("${OUT}", &format!("{folder}/out"));
        fs::write(self.path("job.sql"), sql).unwrap();
        Command::new(env!("CARGO_BIN_EXE_narthex"))
            .current_dir(self.0.path())
            .args([command, "job.sql"])
            .output()
            .unwrap()
    }

    /// The rows of a table that was written, in order.
    pub(crate) fn rows(&self, table: &str) -> Vec<String> {
        let folder = fs::read_dir(self.path("out").join(table)).into_iter().flatten();
        let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| !file.file_name().unwrap().to_string_lossy().starts_with('.'));
        files.sort_by_key(|file| fs::metadata(file).unwrap().modified().unwrap());
        files.iter().flat_map(|file| lines(&fs::read(file).unwrap())).collect()
    }
}

fn lines(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect()
}

/// A table that is written as JSON.
pub(crate) fn written_table(name: &str, columns: &str) -> String {
    format!(
        "CREATE TABLE {name} ({columns}) WITH ('connector' = 'filesystem', 'path' = '${{OUT}}/{name}', 'format' = 'json');\n"
    )
}

impl Entry {
    /// What is otherwise than the entry says.
    pub(crate) fn problem(&self) -> Option<String> {
        match self.verdict {
            Verdict::Case(number) => self.problem_with_case(number),
            Verdict::Same { columns, rows } | Verdict::Differs { columns, rows, .. } => {
                let (place, output) = self.run(columns);
                let found = place.rows("o");
                (output.status.code() != Some(0) || found != rows)
                    .then(|| format!("gives {found:#?}, {}", told(&output)))
            }
            Verdict::Prints(expected) => {
                let (_, output) = self.run("");
                let printed = String::from_utf8_lossy(&output.stdout).into_owned();
                (output.status.code() != Some(0) || one_line(&printed) != expected)
                    .then(|| format!("prints {:?}, {}", one_line(&printed), told(&output)))
            }
            Verdict::Fails { columns, says, .. } => {
                let (_, output) = self.run(columns);
                let said = String::from_utf8_lossy(&output.stderr);
                (output.status.code() != Some(1) || !said.contains(says)).then(|| told(&output))
            }
            Verdict::Refused(sentence) => {
                let output = self.checked();
                let said = String::from_utf8_lossy(&output.stderr);
                (output.status.code() != Some(64) || !said.contains(sentence)).then(|| told(&output))
            }
        }
    }

    /// What is said of its first mistake, and what is advised.
    pub(crate) fn refusal(&self) -> String {
        let said = String::from_utf8_lossy(&self.checked().stderr).into_owned();
        let mut lines =
            said.lines().take_while(|line| !line.ends_with("mistake") && !line.ends_with("mistakes"));
        let first = lines.next().unwrap_or_default();
        let message = first.splitn(4, ':').last().unwrap_or_default().trim();
        let advice =
            lines.take_while(|line| line.starts_with(' ')).find_map(|line| line.trim().strip_prefix("= "));
        advice.map_or_else(|| message.to_owned(), |advice| format!("{message} ({advice})"))
    }

    fn checked(&self) -> Output {
        let sql = format!("{TABLES}\n{}{}", written_table("o", "n INT"), self.sql);
        Place::new().run("check", &sql)
    }

    fn run(&self, columns: &str) -> (Place, Output) {
        let place = Place::new();
        let table = if columns.is_empty() { String::new() } else { written_table("o", columns) };
        let output = place.run("run", &format!("{TABLES}\n{table}{};\n", self.sql.trim_end_matches(';')));
        (place, output)
    }

    fn problem_with_case(&self, number: &str) -> Option<String> {
        let case = case(number)?;
        let sql = fs::read_to_string(case.join("job.sql")).unwrap();
        if !one_line(&sql).contains(&one_line(self.sql)) {
            return Some(format!("is no part of {}", case.display()));
        }
        golden::differences(&case, 1)
    }
}

/// The folder of a golden case; one that is not there is a mistake in the list.
pub(crate) fn case(number: &str) -> Option<PathBuf> {
    let found = golden::cases().into_iter().find(|case| golden::name(case).starts_with(number));
    found.or_else(|| std::env::var_os("NARTHEX_GOLDEN").map_or_else(|| panic!("no case {number}"), |_| None))
}

/// A case's folder, as a page in docs links to it.
pub(crate) fn link(case: &Path) -> String {
    let name = golden::name(case);
    format!("[{name}](../tests/flink/golden/cases/{name}/job.sql)")
}

/// Without its line ends.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn told(output: &Output) -> String {
    format!("exit {:?}:\n{}", output.status.code(), String::from_utf8_lossy(&output.stderr))
}
