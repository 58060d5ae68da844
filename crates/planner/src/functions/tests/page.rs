//! docs/sql-functions.md: every built-in function of Flink 2.2, what becomes of it here, and a call with its answer.
//!
//! What is here comes from the functions themselves, what Flink has from a list of names, and answers from the tables
//! of the other tests, which a real Flink gave. So a function that comes or goes changes the page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use narthex_testkit::generated::{self, code};

use super::{
    Answer, COLUMNS, answer, collections, conversions, hashes, json, numbers, patterns, strings, times,
};
use crate::aggregates::usages_of_many_rows;
use crate::functions::function_usages;
use crate::testing::{bind_over, type_over};

/// Flink's built-in functions, by the chapters of its documentation; operators are in docs/sql-reference.md.
const FLINK: &[(&str, &[&str])] = &[
    (
        "Numbers",
        &[
            "ABS",
            "ACOS",
            "ASIN",
            "ATAN",
            "ATAN2",
            "BIN",
            "CEIL",
            "CEILING",
            "COS",
            "COSH",
            "COT",
            "DEGREES",
            "E",
            "EXP",
            "FLOOR",
            "HEX",
            "LN",
            "LOG",
            "LOG10",
            "LOG2",
            "MOD",
            "PI",
            "POWER",
            "RADIANS",
            "RAND",
            "RAND_INTEGER",
            "ROUND",
            "SIGN",
            "SIN",
            "SINH",
            "SQRT",
            "TAN",
            "TANH",
            "TRUNCATE",
            "UNHEX",
            "UUID",
        ],
    ),
    (
        "Texts",
        &[
            "ASCII",
            "BTRIM",
            "CHARACTER_LENGTH",
            "CHAR_LENGTH",
            "CHR",
            "CONCAT",
            "CONCAT_WS",
            "DECODE",
            "ELT",
            "ENCODE",
            "ENDSWITH",
            "FROM_BASE64",
            "INITCAP",
            "INSTR",
            "LEFT",
            "LOCATE",
            "LOWER",
            "LPAD",
            "LTRIM",
            "OVERLAY",
            "PARSE_URL",
            "POSITION",
            "PRINTF",
            "REGEXP",
            "REGEXP_COUNT",
            "REGEXP_EXTRACT",
            "REGEXP_EXTRACT_ALL",
            "REGEXP_INSTR",
            "REGEXP_REPLACE",
            "REGEXP_SUBSTR",
            "REPEAT",
            "REPLACE",
            "REVERSE",
            "RIGHT",
            "RPAD",
            "RTRIM",
            "SPLIT",
            "SPLIT_INDEX",
            "STARTSWITH",
            "STR_TO_MAP",
            "SUBSTR",
            "SUBSTRING",
            "TO_BASE64",
            "TRANSLATE",
            "TRIM",
            "UPPER",
            "URL_DECODE",
            "URL_ENCODE",
        ],
    ),
    (
        "Times",
        &[
            "CONVERT_TZ",
            "CURRENT_DATE",
            "CURRENT_ROW_TIMESTAMP",
            "CURRENT_TIME",
            "CURRENT_TIMESTAMP",
            "CURRENT_WATERMARK",
            "DATE_FORMAT",
            "DAYOFMONTH",
            "DAYOFWEEK",
            "DAYOFYEAR",
            "EXTRACT",
            "FROM_UNIXTIME",
            "HOUR",
            "LOCALTIME",
            "LOCALTIMESTAMP",
            "MINUTE",
            "MONTH",
            "NOW",
            "OVERLAPS",
            "PROCTIME",
            "QUARTER",
            "SECOND",
            "SOURCE_WATERMARK",
            "TIMESTAMPADD",
            "TIMESTAMPDIFF",
            "TO_DATE",
            "TO_TIMESTAMP",
            "TO_TIMESTAMP_LTZ",
            "UNIX_TIMESTAMP",
            "WEEK",
            "YEAR",
        ],
    ),
    (
        "Choices and types",
        &[
            "CAST",
            "COALESCE",
            "GREATEST",
            "IF",
            "IFNULL",
            "IS_ALPHA",
            "IS_DECIMAL",
            "IS_DIGIT",
            "LEAST",
            "NULLIF",
            "TRY_CAST",
            "TYPEOF",
        ],
    ),
    (
        "Arrays and maps",
        &[
            "ARRAY_APPEND",
            "ARRAY_CONCAT",
            "ARRAY_CONTAINS",
            "ARRAY_DISTINCT",
            "ARRAY_EXCEPT",
            "ARRAY_INTERSECT",
            "ARRAY_JOIN",
            "ARRAY_MAX",
            "ARRAY_MIN",
            "ARRAY_POSITION",
            "ARRAY_PREPEND",
            "ARRAY_REMOVE",
            "ARRAY_REVERSE",
            "ARRAY_SLICE",
            "ARRAY_SORT",
            "ARRAY_UNION",
            "CARDINALITY",
            "ELEMENT",
            "MAP_ENTRIES",
            "MAP_FROM_ARRAYS",
            "MAP_KEYS",
            "MAP_UNION",
            "MAP_VALUES",
        ],
    ),
    (
        "JSON and variants",
        &[
            "IS JSON",
            "JSON",
            "JSON_ARRAY",
            "JSON_EXISTS",
            "JSON_OBJECT",
            "JSON_QUERY",
            "JSON_QUOTE",
            "JSON_STRING",
            "JSON_UNQUOTE",
            "JSON_VALUE",
            "OBJECT_OF",
            "OBJECT_UPDATE",
            "PARSE_JSON",
            "TRY_PARSE_JSON",
        ],
    ),
    ("Hashes", &["MD5", "SHA1", "SHA2", "SHA224", "SHA256", "SHA384", "SHA512"]),
    (
        "Many rows",
        &[
            "APPROX_COUNT_DISTINCT",
            "ARRAY_AGG",
            "AVG",
            "COLLECT",
            "COUNT",
            "CUME_DIST",
            "DENSE_RANK",
            "FIRST_VALUE",
            "GROUPING",
            "GROUPING_ID",
            "GROUP_ID",
            "JSON_ARRAYAGG",
            "JSON_OBJECTAGG",
            "LAG",
            "LAST_VALUE",
            "LEAD",
            "LISTAGG",
            "MAX",
            "MIN",
            "NTILE",
            "PERCENTILE",
            "PERCENT_RANK",
            "RANK",
            "ROW_NUMBER",
            "STDDEV",
            "STDDEV_POP",
            "STDDEV_SAMP",
            "SUM",
            "VARIANCE",
            "VAR_POP",
            "VAR_SAMP",
        ],
    ),
    (
        "Windows",
        &[
            "CUMULATE",
            "HOP",
            "HOP_END",
            "HOP_PROCTIME",
            "HOP_ROWTIME",
            "HOP_START",
            "SESSION",
            "SESSION_END",
            "SESSION_PROCTIME",
            "SESSION_ROWTIME",
            "SESSION_START",
            "TUMBLE",
            "TUMBLE_END",
            "TUMBLE_PROCTIME",
            "TUMBLE_ROWTIME",
            "TUMBLE_START",
        ],
    ),
    ("Models and vectors", &["ML_EVALUATE", "ML_PREDICT", "VECTOR_SEARCH"]),
    ("The session", &["CURRENT_DATABASE"]),
];

/// Forms that the binder knows by itself are asked for values in its own tests: a call of each, over the row. And COSH,
/// for which nobody has asked a Flink.
const FORMS: &[(&str, &str, &str)] = &[
    ("CAST", "CAST(2.9e0 AS INT)", "2"),
    ("COALESCE", "COALESCE(ns, 'none')", "'none'"),
    ("COSH", "COSH(0)", "1.0"),
    ("GREATEST", "GREATEST(i, 9)", "9"),
    ("IF", "IF(i > 1, 'many', 'one')", "'many'"),
    ("IFNULL", "IFNULL(ns, 'none')", "'none'"),
    ("LEAST", "LEAST(i, 9)", "7"),
    ("NULLIF", "NULLIF(i, 7)", "NULL"),
    ("OVERLAPS", "(od, ts) OVERLAPS (ts, ts6)", "true"),
    ("TRY_CAST", "TRY_CAST('x' AS INT)", "NULL"),
];

/// Where a function gives something else than in Flink.
const DIFFERS: &[(&[&str], &str)] = &[
    (
        &[
            "REGEXP",
            "REGEXP_COUNT",
            "REGEXP_EXTRACT",
            "REGEXP_EXTRACT_ALL",
            "REGEXP_INSTR",
            "REGEXP_REPLACE",
            "REGEXP_SUBSTR",
        ],
        "`$` and `\\Z` match at the very end alone, in Java also before a line break there; `\\X`, `\\N{…}`, `(?d)` \
         and `(?U)` are not known; a match that takes too many steps fails the row",
    ),
    (
        &["RAND", "RAND_INTEGER"],
        "with a seed the same numbers, but not to the same rows where several threads compute",
    ),
];

const HEAD: &str = "# Functions of Flink SQL

Every built-in function of Flink 2.2, and what becomes of it in `narthex run`. The page is written by a test from the \
functions themselves and a list of Flink's names (`crates/planner/src/functions/tests/page.rs`, `NARTHEX_UPDATE=1 \
cargo test --workspace functions::tests::page`); the answers are those that a real Flink 2.2.1 gave to the same calls, \
and a test asks for each of them here (there are COUNT in `crates/planner/src/functions/tests`). Operators, types and \
statements are in [sql-reference.md](sql-reference.md); `SHOW FUNCTIONS` prints what can be called.

*same*: the same value and the same type for every call of the tests, nulls and wrong arguments among them (COSH alone was not asked for). *differs*: \
the sentence says how. *refused*: the job is not started; the sentence is what `narthex check` says, at the place of \
the call.

Answers are shown as they are in memory: texts in quotes, times with a T. Some calls are over a row with ROW.

";

fn answers() -> impl Iterator<Item = &'static Answer> {
    [
        collections::ANSWERS,
        conversions::ANSWERS,
        hashes::ANSWERS,
        json::ANSWERS,
        numbers::ANSWERS,
        patterns::ANSWERS,
        strings::ANSWERS,
        times::ANSWERS,
    ]
    .into_iter()
    .flatten()
}

/// Whether an expression begins with a call of the function.
fn calls(expr: &str, name: &str) -> bool {
    match name {
        "IS JSON" | "OVERLAPS" => expr.contains(&format!(" {name}")) && !expr.contains(" NOT "),
        _ => expr.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')),
    }
}

/// Whether the function is called anywhere in an expression.
fn calls_inside(expr: &str, name: &str) -> bool {
    let is_name = |before: &str| before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    expr.match_indices(&format!("{name}(")).any(|(at, _)| !is_name(&expr[..at]))
}

/// A call of the function and its value: the first short one that is not null, without columns if there is one.
fn example(name: &str) -> Option<(&'static str, &'static str)> {
    let begins = answers().any(|(expr, ..)| calls(expr, name));
    let of_this =
        || answers().filter(|(expr, ..)| if begins { calls(expr, name) } else { calls_inside(expr, name) });
    let telling =
        |(expr, value, _): &&Answer| *value != "NULL" && *value != "''" && expr.len() + value.len() < 110;
    let has_columns = |(expr, ..): &&Answer| bind_over(&[], expr).is_err();
    let found = of_this().filter(telling).find(|answer| !has_columns(answer));
    let found = found.or_else(|| of_this().find(telling)).or_else(|| of_this().next());
    let form = || FORMS.iter().find(|(form, ..)| *form == name).map(|(_, expr, value)| (*expr, *value));
    found.map(|(expr, value, _)| (*expr, *value)).or_else(form)
}

fn how(name: &str) -> String {
    let differs = DIFFERS.iter().find(|(names, _)| names.contains(&name));
    differs.map_or_else(|| "same".to_owned(), |(_, how)| format!("differs: {how}"))
}

/// Whether each call gives something else: there is nothing to show then.
fn is_volatile(usage: &str) -> bool {
    let call = usage.replace("[seed]", "").replace("[seed,] bound", "9");
    bind_over(&COLUMNS, &call).is_ok_and(|bound| bound.expr.is_volatile_node())
}

#[test]
fn the_page_lists_every_function_of_flink() {
    let ours: BTreeSet<&str> = function_usages().map(|(name, _)| name).collect();
    let theirs: BTreeSet<&str> = FLINK.iter().flat_map(|(_, names)| names.iter().copied()).collect();
    let listed: usize = FLINK.iter().map(|(_, names)| names.len()).sum();
    assert_eq!(listed, theirs.len(), "a name is there twice");
    assert!(ours.is_subset(&theirs), "not in Flink: {:?}", ours.difference(&theirs).collect::<Vec<_>>());

    let row: Vec<String> =
        COLUMNS.iter().map(|(name, _)| format!("`{name}` = {}", code(&answer(name).0))).collect();
    let mut page = HEAD.replace("COUNT", &answers().count().to_string()).replace("ROW", &row.join(", "));
    let _ = writeln!(
        page,
        "Of {} functions {} are there as functions of a row; aggregates and windows are forms of queries ([SQL, item by item](sql-reference.md)).\n",
        theirs.len(),
        ours.len()
    );
    let (mut refused, mut silent) = (Vec::new(), Vec::new());
    let of_many_rows: BTreeMap<&str, &str> = usages_of_many_rows().collect();
    assert!(of_many_rows.keys().all(|name| theirs.contains(name)));
    for (title, names) in FLINK {
        let (here, missing): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| ours.contains(**name));
        let missing = missing.into_iter().filter(|name| !of_many_rows.contains_key(name));
        let missing: Vec<&str> = missing.collect();
        refused.extend(missing.iter().map(|name| [code(name), (*title).to_owned(), code(&refusal(name))]));
        if here.is_empty() {
            continue;
        }
        let lines = function_usages().filter(|(name, _)| here.contains(name)).map(|(name, usage)| {
            let (call, value) = example(name).unwrap_or_default();
            if call.is_empty() && !is_volatile(usage) {
                silent.push(name);
            }
            [code(usage), how(name), code(call), code(value)]
        });
        let table = generated::table(["function", "Flink", "such as", "gives"], lines);
        let _ = write!(page, "## {title}\n\n{table}\n");
    }
    assert_eq!(silent, [""; 0], "without a call that Flink answered");
    let table = generated::table(["function"], of_many_rows.values().map(|usage| [code(usage)]));
    let _ = write!(page, "## Many rows\n\nIn groups of windows, and with `OVER`.\n\n{table}\n");
    let table = generated::table(["function", "of", "what is said"], refused);
    let _ = write!(page, "## Refused\n\n{table}");
    generated::check_file("docs/sql-functions.md", &page);
}

fn refusal(name: &str) -> String {
    type_over(&COLUMNS, &format!("{name}(s)")).expect_err(name)
}

#[test]
fn what_differs_is_there_and_forms_give_what_the_page_says() {
    let ours: BTreeSet<&str> = function_usages().map(|(name, _)| name).collect();
    for (names, _) in DIFFERS {
        assert!(names.iter().all(|name| ours.contains(name)), "{names:?}");
    }
    for (name, expr, value) in FORMS {
        assert_eq!(answer(expr).0, *value, "{name}");
    }
}

/// As the page says that they differ.
#[test]
fn regular_expressions_end_at_the_very_end() {
    // Java finds it: there `$` also matches before a line break at the end.
    assert_eq!(answer("REGEXP(U&'a\\000A', 'a$')").0, "false");
    assert_eq!(answer("REGEXP('a', 'a$')").0, "true");
    assert_eq!(answer("REGEXP_COUNT('a', '\\X')").0, "NULL");
}
