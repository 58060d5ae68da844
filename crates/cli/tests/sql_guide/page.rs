//! docs/sql-reference.md, written from the lists.

use std::collections::BTreeSet;

use narthex_connectors::{CONNECTOR_INFOS, METADATA, OptionInfo, format_options};
use narthex_testkit::generated::{check_file, code, table};

use crate::entry::{Entry, Place, ROWS, Verdict, case, link, one_line, written_table};
use crate::expressions::{self, EXPRESSIONS};
use crate::types::{self, ELSEWHERE, TYPES};
use crate::{differences, queries, statements};

const HEAD: &str = "# Flink SQL, item by item

What `narthex run` takes of Flink 2.2's SQL. The page is written by a test that runs every line of it (`crates/cli/tests/sql_guide`, `NARTHEX_UPDATE=1 cargo test --workspace --test sql_guide`), so it says what the binary does. Functions have a page of their own: [sql-functions.md](sql-functions.md). How to run a job file, and what the flags are: [sql.md](sql.md).

**same**: the rows are those of Flink. Where a case is named, the line is a part of that case, whose rows a real Flink 2.2.1 wrote and which this binary writes too ([golden cases](../tests/flink/golden/README.md)); other lines give the rows that Flink's documentation promises. **differs**: both are told. **refused**: `narthex check` and `narthex run` exit with 64, with this sentence and the place in the file.

Lines without a case read this table, and write a table `o`:

```sql
TABLES
```

```json
ROWS
```

";

/// Compares the page with the file, or rewrites it when `NARTHEX_UPDATE` is set.
pub(crate) fn compare_or_update() {
    let tables = crate::entry::TABLES.replace("${IN}", "/data/in").replace(" WITH", "\nWITH");
    let mut page = HEAD.replace("TABLES", &tables).replace("ROWS", &ROWS.join("\n"));
    page += &format!("## Statements\n\n{}\n", entries(statements::ENTRIES));
    page += &format!("## Queries\n\n{}\n", entries(queries::ENTRIES));
    page += &format!("## Operators\n\nTheir values are a real Flink's.\n\n{}\n", operators());
    page += &format!("Not there:\n\n{}\n", refused(expressions::REFUSED));
    page += &format!("## Types\n\n{}\n", types());
    page += &format!("Not there:\n\n{}\n", refused(types::REFUSED));
    page += &connectors();
    page += &formats();
    page += &settings();
    page += &format!("## Differences\n\n{}", entries(differences::ENTRIES));
    check_file("docs/sql-reference.md", &page);
}

fn entries(entries: &[Entry]) -> String {
    table(["what", "such as", "", "in Flink, and here"], entries.iter().map(line))
}

fn refused(entries: &[Entry]) -> String {
    table(["what", "such as", "", "what is said"], entries.iter().map(line))
}

fn line(entry: &Entry) -> [String; 4] {
    let (word, told) = match entry.verdict {
        Verdict::Case(number) => ("same", case(number).map(|case| link(&case)).unwrap_or_default()),
        Verdict::Same { rows, .. } => ("same", rows_in_code(rows)),
        Verdict::Differs { flink, rows, how, .. } => {
            ("differs", format!("Flink: {flink}. Here: {}: {how}.", rows_in_code(rows)))
        }
        Verdict::Fails { flink, says, .. } => {
            ("differs", format!("Flink: {flink}. Here the job fails, and says {}.", code(says)))
        }
        Verdict::Prints(text) => ("same but for the layout", code(text)),
        Verdict::Refused(_) => ("refused", code(&entry.refusal())),
    };
    let sql = one_line(entry.sql).replace("${IN}", "/data/in").replace("${OUT}", "/data/out");
    [entry.what.to_owned(), code(sql.trim_end_matches(';')), word.to_owned(), told]
}

fn rows_in_code(rows: &[&str]) -> String {
    rows.iter().map(|row| code(row)).collect::<Vec<_>>().join(" ")
}

/// One job computes all expressions, each into a column of its type.
fn computed(expressions: &[(&str, &str)]) -> Vec<String> {
    let columns: Vec<String> =
        expressions.iter().enumerate().map(|(at, (data_type, _))| format!("c{at} {data_type}")).collect();
    let values: Vec<&str> = expressions.iter().map(|(_, expr)| *expr).collect();
    let place = Place::new();
    let table = written_table("o", &columns.join(", "));
    let output = place.run("run", &format!("{table}INSERT INTO o SELECT {};", values.join(", ")));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let rows = place.rows("o");
    let [row] = rows.as_slice() else { panic!("{rows:?}: {said}") };
    let places: Vec<usize> = (0..expressions.len())
        .map(|at| row.find(&format!("\"c{at}\":")).unwrap_or_else(|| panic!("no c{at} in {row}")))
        .chain([row.len()])
        .collect();
    let value = |at: usize| {
        let value = &row[places[at] + format!("\"c{at}\":").len()..places[at + 1]];
        value[..value.len() - 1].to_owned()
    };
    (0..expressions.len()).map(value).collect()
}

fn operators() -> String {
    let asked: Vec<(&str, &str)> =
        EXPRESSIONS.iter().map(|(_, expr, data_type, _)| (*data_type, *expr)).collect();
    let found = computed(&asked);
    for ((_, expr, _, value), found) in EXPRESSIONS.iter().zip(&found) {
        assert_eq!(found, value, "{expr}");
    }
    let rows = EXPRESSIONS
        .iter()
        .map(|(what, expr, data_type, value)| [(*what).to_owned(), code(expr), code(data_type), code(value)]);
    table(["operator", "such as", "type", "in JSON"], rows)
}

fn types() -> String {
    let told: BTreeSet<&str> =
        TYPES.iter().flat_map(|(words, ..)| words.iter().copied()).chain(ELSEWHERE).collect();
    let known: BTreeSet<&str> = narthex_sql::DataType::names().collect();
    assert_eq!(told, known, "the words that a type begins with");
    let asked: Vec<(&str, &str)> = TYPES.iter().map(|(_, data_type, expr, _)| (*data_type, *expr)).collect();
    let found = computed(&asked);
    for ((_, data_type, _, value), found) in TYPES.iter().zip(&found) {
        assert_eq!(found, value, "{data_type}");
    }
    let rows = TYPES.iter().map(|(words, data_type, expr, value)| {
        let words: Vec<String> = words.iter().map(|word| code(word)).collect();
        [words.join(", "), code(data_type), code(expr), code(value)]
    });
    format!(
        "{}\n`NOT NULL` may stand behind each. `MULTISET<t>` can be declared and made by `datagen`; the formats do not \
         have it.\n",
        table(["type", "such as", "made by", "in JSON"], rows)
    )
}

fn connectors() -> String {
    let mut text = "## Connectors\n\nUnknown options are refused, the nearest known one is named. Durations and sizes \
                    are written Flink's way: `5 s`, `1 mb`. `${env:NAME}` in a value stands for a variable of the \
                    environment, which Flink does not know.\n\n"
        .to_owned();
    for info in CONNECTOR_INFOS {
        let names: Vec<String> = info.names.iter().map(|name| code(name)).collect();
        let use_of = match (info.is_read, info.is_written) {
            (true, true) => "Read and written.",
            (true, false) => "Only read.",
            _ => "Only written.",
        };
        text += &format!("### {}\n\n{} {use_of}\n\n", names.join(", "), info.doc);
        text += &match info.options {
            [] => "It has no options.\n".to_owned(),
            options => options_table("", options),
        };
        text += "\n";
        if !info.without_effect.is_empty() {
            let keys: Vec<String> = info.without_effect.iter().map(|key| code(key)).collect();
            text += &format!("Taken with a warning, without effect: {}.\n\n", keys.join(", "));
        }
        if !info.refused.is_empty() {
            let keys: Vec<String> =
                info.refused.iter().map(|(key, instead)| format!("{} ({instead})", code(key))).collect();
            text += &format!("Refused: {}.\n\n", keys.join("; "));
        }
        if info.names == ["filesystem"] {
            let keys: Vec<String> = METADATA
                .iter()
                .map(|(key, data_type)| format!("{} ({})", code(key), code(data_type)))
                .collect();
            text += &format!(
                "Metadata columns: {}. Files whose names end with `.gz`, `.gzip` or `.deflate` are unpacked; names \
                 that begin with `.` or `_` are not read.\n\n",
                keys.join(", ")
            );
        }
    }
    text
}

fn formats() -> String {
    let mut text =
        "## Formats\n\nAn unknown option of a format is told and ignored: Flink ignores it without a \
                    word.\n\n"
            .to_owned();
    for (name, options) in format_options() {
        text += &format!("### {}\n\n{}\n", code(name), options_table(&format!("{name}."), options));
    }
    text
}

fn options_table(prefix: &str, options: &[OptionInfo]) -> String {
    let rows = options.iter().map(|option| {
        let default = match option.default {
            text if text.contains(' ') && !text.starts_with(|c: char| c.is_ascii_digit()) => text.to_owned(),
            text if text.contains(", ") => text.to_owned(),
            text => code(text),
        };
        [code(&format!("{prefix}{}", option.key)), option.takes.to_owned(), default, option.doc.to_owned()]
    });
    table(["option", "value", "default", "what it does"], rows)
}

fn settings() -> String {
    let rows = narthex_planner::known_settings()
        .map(|(key, default, doc)| [code(key), code(default), doc.to_owned()]);
    let prefixes: Vec<String> =
        narthex_planner::flinks_settings().map(|prefix| code(&format!("{prefix}…"))).collect();
    let prefixes = prefixes.join(", ").replace("dml-sync…", "dml-sync");
    format!(
        "## Keys of SET\n\n`--set KEY=VALUE` does the same for a whole file.\n\n{}\nTaken without a word, since one \
         process needs them not: {prefixes}. Any other key is taken with a warning.\n\n",
        table(["key", "default", "what it does"], rows)
    )
}
