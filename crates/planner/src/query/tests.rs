//! Queries: what is planned, and what is told.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use crate::{Planned, Settings, Step, describe_job, plan};

const TABLES: &str = "
CREATE TABLE t (id INT, k STRING, v DOUBLE, tags ARRAY<STRING>, r ROW<a INT, b STRING>) WITH ('connector' = 'x');
CREATE TABLE o (id INT, k STRING) WITH ('connector' = 'y');
";

fn planned(sql: &str) -> Planned {
    plan(&narthex_sql::parse(&format!("{TABLES}{sql}")), &Settings::default(), Arc::new(|| 0))
}

/// The plan of the only job, without its first line.
fn tree(sql: &str) -> String {
    let planned = planned(sql);
    assert_eq!(planned.mistakes, [], "{sql}");
    match planned.plan.steps.as_slice() {
        [Step::Job(job)] => describe_job(job),
        other => panic!("{other:?}"),
    }
}

/// The messages of all mistakes.
fn told(sql: &str) -> Vec<String> {
    planned(sql).mistakes.into_iter().map(|mistake| mistake.message).collect()
}

#[test]
fn only_the_columns_that_are_needed_are_read() {
    let tree = tree("INSERT INTO o SELECT id, k FROM t WHERE v > 1");
    assert!(tree.contains("Source t (x): id, k, v"), "{tree}");
    assert!(!tree.contains("tags"), "{tree}");
}

#[test]
fn views_with_and_sub_queries_are_seen_through() {
    for sql in [
        "CREATE VIEW w AS SELECT id AS i, k FROM t; INSERT INTO o SELECT i, k FROM w",
        "CREATE VIEW w (a, b) AS SELECT id, k FROM t; INSERT INTO o SELECT w.a, w.b FROM w",
        "INSERT INTO o WITH q AS (SELECT id, k FROM t) SELECT * FROM q",
        "INSERT INTO o WITH q (a, b) AS (SELECT id, k FROM t) SELECT a, b FROM q AS z",
        "INSERT INTO o SELECT s.id, s.k FROM (SELECT id, k FROM t) AS s",
        "INSERT INTO o SELECT x, y FROM (SELECT id, k FROM t) AS s (x, y)",
        "INSERT INTO o SELECT * FROM (SELECT id, k FROM default_catalog.default_database.t)",
        "INSERT INTO o (k, id) SELECT k, id FROM t",
    ] {
        let tree = tree(sql);
        assert!(tree.contains("Source t (x): id, k"), "{sql}\n{tree}");
        assert_eq!(tree.matches("Project").count(), 1, "{sql}\n{tree}");
    }
}

#[test]
fn each_mistake_is_told_once_and_all_of_them() {
    assert_eq!(
        told(
            "INSERT INTO nowhere SELECT idd, K FROM t; INSERT INTO o SELECT id FROM t; INSERT INTO o SELECT id, k FROM s"
        ),
        [
            "there is no table nowhere",
            "there is no column idd; did you mean id?",
            "there is no column K; did you mean k?",
            "the query gives 1 column, o takes 2",
            "there is no table s; did you mean o?",
        ]
    );
}

#[test]
fn what_there_is_not_is_refused_by_name() {
    for (sql, what) in [
        (
            "SELECT k, COUNT(*) FROM t GROUP BY k",
            "these groups have no window: their results change with every row",
        ),
        (
            "SELECT DISTINCT id, k FROM t",
            "this SELECT DISTINCT has no window: its results would be kept for ever",
        ),
        ("SELECT id, k FROM t ORDER BY id", "ORDER BY is not supported but by the stream's time first"),
        ("SELECT id, k FROM t LIMIT 3", "LIMIT is not supported"),
        ("SELECT t.id, t.k FROM t JOIN o", "this JOIN has no condition"),
        (
            "SELECT t.id, o.k FROM t LEFT JOIN o ON t.id = o.id",
            "the rows of this outer join change: one that had no match may get one later",
        ),
        ("SELECT id, k FROM t UNION SELECT id, k FROM t", "UNION is not supported"),
        (
            "SELECT id, k FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(k), INTERVAL '1' SECOND))",
            "a window needs a time column; k is STRING",
        ),
    ] {
        let told = told(&format!("INSERT INTO o {sql}"));
        assert!(told.iter().any(|told| told == what), "{sql}: {told:?}");
    }
}

#[test]
fn a_broken_table_is_told_of_once() {
    assert_eq!(
        told("CREATE TABLE b (a INT, a INT) WITH ('connector' = 'x'); INSERT INTO o SELECT a, a FROM b"),
        ["there is a column a already"]
    );
}

#[test]
fn tables_are_made_like_others() {
    let tree = tree(
        "CREATE TABLE l (extra BIGINT) WITH ('connector' = 'z', 'more' = '1') LIKE t;
         INSERT INTO o SELECT id, k FROM l WHERE extra IS NULL",
    );
    assert!(tree.contains("Source l (z): id, k, extra"), "{tree}");
}

#[test]
fn a_view_cannot_be_written_and_a_table_not_made_twice() {
    assert_eq!(
        told("CREATE VIEW w AS SELECT 1 AS a; INSERT INTO w SELECT 1"),
        ["w is a view; rows go into tables"]
    );
    assert_eq!(
        told("CREATE TABLE t (a INT) WITH ('connector' = 'x')"),
        ["there is a table or view t already"]
    );
    assert_eq!(told("CREATE TABLE IF NOT EXISTS t (a INT) WITH ('connector' = 'x')"), [""; 0]);
    assert_eq!(told("DROP TABLE nope"), ["there is no table nope"]);
    assert_eq!(told("DROP TABLE IF EXISTS nope; DROP TABLE t; INSERT INTO o SELECT id, k FROM t").len(), 1);
}

#[test]
fn unnest_adds_the_columns_of_elements() {
    let tree = tree("INSERT INTO o SELECT id, tag FROM t CROSS JOIN UNNEST(tags) AS u (tag)");
    assert!(tree.contains("Unnest tags"), "{tree}");
    assert!(
        told("INSERT INTO o SELECT id, x FROM t CROSS JOIN UNNEST(k) AS u (x)")[0]
            .contains("takes an ARRAY, a MAP or a MULTISET")
    );
}

#[test]
fn settings_of_the_file_win_and_wrong_ones_are_mistakes() {
    let mut given = Settings::default();
    given.set("table.local-time-zone", "Asia/Tokyo").unwrap();
    let sql = format!(
        "{TABLES}SET 'table.local-time-zone' = 'Europe/Berlin'; INSERT INTO o SELECT id, k FROM t;
        RESET 'table.local-time-zone'; INSERT INTO o SELECT id, k FROM t"
    );
    let planned = plan(&narthex_sql::parse(&sql), &given, Arc::new(|| 0));
    let zones: Vec<String> = planned
        .plan
        .steps
        .iter()
        .map(|step| match step {
            Step::Job(job) => job.settings.zone().to_string(),
            Step::Print(text) => panic!("{text}"),
        })
        .collect();
    assert_eq!(zones, ["Europe/Berlin", "Asia/Tokyo"]);
    assert!(told("SET 'table.local-time-zone' = 'Mars'")[0].contains("write a zone"));
    assert_eq!(
        told("SET 'narthex.on-bad-recrd' = 'fail'"),
        ["there is no key narthex.on-bad-recrd; did you mean narthex.on-bad-record?"]
    );
    let warnings = super::tests::planned("SET 'parallelism.defalt' = '1'").warnings;
    assert_eq!(
        warnings[0].message,
        "the key parallelism.defalt means nothing here; did you mean parallelism.default?"
    );
}

#[test]
fn a_hint_gives_options_to_a_table_for_one_query() {
    let planned = planned(
        "INSERT INTO o /*+ OPTIONS('b' = '2') */ SELECT id, k FROM t /*+ OPTIONS('connector' = 'z', 'a' = '1') */ AS x;
         INSERT INTO o SELECT id, k FROM t;",
    );
    assert_eq!(planned.mistakes, []);
    let options = |table: usize, key: &str| planned.tables[table].option(key).map(str::to_owned);
    let found: Vec<_> = (0..planned.tables.len()).map(|at| (options(at, "a"), options(at, "b"))).collect();
    let some = |value: &str| Some(value.to_owned());
    assert_eq!(found, [(None, some("2")), (some("1"), None), (None, None), (None, None)]);
    assert_eq!(options(1, "connector"), some("z"));
    assert_eq!(options(3, "connector"), some("x"));
}

#[test]
fn a_hint_that_no_table_takes_is_a_mistake() {
    let told = told(
        "CREATE VIEW w AS SELECT id, k FROM t;
         INSERT INTO o SELECT id, k FROM w /*+ OPTIONS('a' = '1') */;
         INSERT INTO o SELECT id, k FROM t AS x /*+ OPTIONS('a' = '1') */;",
    );
    assert_eq!(
        told,
        ["w is a view; a hint gives options to a table", "a hint stands right behind the name of a table"]
    );
}

#[test]
fn tables_are_altered_and_renamed() {
    let planned = planned(
        "ALTER TABLE t SET ('connector' = 'z', 'a' = '1'); ALTER TABLE t RESET ('a'); ALTER TABLE t RENAME TO u;
         ALTER TABLE IF EXISTS nope SET ('a' = 'b'); USE CATALOG default_catalog; USE default_database;
         INSERT INTO o SELECT default_catalog.default_database.u.id, u.k FROM default_catalog.default_database.u",
    );
    assert_eq!(planned.mistakes, []);
    let u = planned.tables.iter().find(|table| table.name == "u").unwrap();
    assert_eq!((u.option("connector"), u.option("a")), (Some("z"), None));
    assert_eq!(
        told(
            "ALTER TABLE t RENAME TO u; INSERT INTO o SELECT id, k FROM t; ALTER TABLE u RENAME TO o; USE hive"
        ),
        [
            "there is no table t; did you mean o?",
            "there is a table or view o already",
            "there is no hive here"
        ]
    );
}

#[test]
fn what_is_wrong_whatever_the_columns_are_is_told_without_them() {
    assert_eq!(
        told(
            "INSERT INTO o SELECT NOPE(id), UPPER(1), v + ABS('x'), SUM(id), y AS user FROM nowhere WHERE UPER(k) = k"
        ),
        [
            "there is no function NOPE; did you mean NOW?",
            "UPPER does not take (INT)",
            "ABS does not take (CHAR(1))",
            "user is a reserved word",
            "there is no table nowhere",
            "there is no function UPER; did you mean UPPER?",
        ]
    );
}

#[test]
fn what_cannot_be_read_brings_no_further_mistakes() {
    assert_eq!(
        told(
            "CREATE TABLE s (id INTT) WITH ('connector' = 'z'); CREATE VIEW w AS SELECT FROM; INSERT INTO o SELECT id, k FROM s; INSERT INTO s SELECT x FROM w"
        ),
        ["there is no type INTT; did you mean INT?", "expected an expression, found FROM"]
    );
}

#[test]
fn clauses_of_others_are_refused() {
    for sql in [
        "INSERT INTO o SELECT TOP 1 id, k FROM t",
        "INSERT INTO o SELECT id, k INTO x FROM t",
        "INSERT INTO o SELECT id, k FROM t FOR UPDATE",
        "INSERT INTO o SELECT id, k FROM t WITH (NOLOCK)",
        "INSERT INTO o SELECT id, k FROM t PARTITION (p)",
        "INSERT INTO o SELECT * EXCLUDE (v, tags, r) FROM t",
        "INSERT INTO o SELECT 1, 'x' WHERE TRUE",
        "CREATE VIEW w AS SELECT id, id FROM t",
        "INSERT INTO o SELECT x.id, t.k FROM t AS x",
        "SET 'narthex.on-row-errr' = 'fail'",
        "INSERT INTO o SELECT id, NULL FROM t",
        "INSERT INTO o VALUES (1, NULL)",
    ] {
        assert_eq!(told(sql).len(), 1, "{sql}: {:?}", told(sql));
    }
}

#[test]
fn a_field_is_found_without_the_column_that_it_is_in() {
    let found = tree("INSERT INTO o SELECT a, b FROM t");
    assert!(found.contains("Source t (x): r"), "{found}");
    let both = "CREATE VIEW v AS SELECT r AS r1, r AS r2 FROM t; INSERT INTO o SELECT a, 'x' FROM v";
    assert_eq!(told(both), ["the field a is ambiguous"]);
    let elsewhere = "INSERT INTO o SELECT a, k FROM t CROSS JOIN UNNEST(tags) AS u (a)";
    assert_eq!(told(elsewhere), ["the column a is ambiguous"]);
}

#[test]
fn a_bare_null_is_no_column() {
    for sql in ["SELECT id, NULL FROM t", "VALUES (1, NULL), (2, 'x')", "SELECT id, UPPER(NULL) FROM t"] {
        assert_eq!(told(&format!("INSERT INTO o {sql}")), ["NULL has no type here"], "{sql}");
    }
}

#[test]
fn a_row_without_time_is_seen_where_watermarks_are_made() {
    let table = "CREATE TABLE w (id INT, k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'x');";
    let tree = tree(&format!("{table} INSERT INTO o SELECT id, k FROM w"));
    assert!(tree.contains("Not null: ts (a null fails the job)"), "{tree}");
}

#[test]
fn what_a_list_leaves_out_can_be_null() {
    let table =
        "CREATE TABLE n (id INT NOT NULL, k STRING, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'y');";
    let told = told(&format!("{table} INSERT INTO n (id) SELECT id FROM t"));
    assert_eq!(told, ["k of n is NOT NULL, and gets no value"]);
}

const TIMES: &str = "
CREATE TABLE a (id INT, k STRING, rt TIMESTAMP(3), WATERMARK FOR rt AS rt - INTERVAL '5' SECOND) WITH ('connector' = 'x');
CREATE TABLE b (id INT, k STRING, rt TIMESTAMP(3), WATERMARK FOR rt AS rt, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'x');
";

#[test]
fn bounds_of_a_join_are_read_however_they_are_written() {
    for (condition, bounds) in [
        ("b.rt BETWEEN a.rt - INTERVAL '1' SECOND AND a.rt + INTERVAL '2' SECOND", "from -1000 to 2000 ms"),
        ("a.rt BETWEEN b.rt - INTERVAL '1' SECOND AND b.rt + INTERVAL '2' SECOND", "from -2000 to 1000 ms"),
        ("a.rt + INTERVAL '1' SECOND > b.rt AND a.rt <= b.rt", "from 0 to 999 ms"),
        ("(b.rt > a.rt) AND INTERVAL '1' SECOND + a.rt >= b.rt - INTERVAL '1' SECOND", "from 1 to 2000 ms"),
        ("a.rt = b.rt", "from 0 to 0 ms"),
        (
            "b.rt >= a.rt AND b.rt >= a.rt - INTERVAL '9' SECOND AND a.rt > b.rt - INTERVAL '3' SECOND",
            "from 0 to 2999 ms",
        ),
    ] {
        for sql in [
            format!("SELECT a.id, b.k FROM a JOIN b ON a.k = b.k AND {condition}"),
            format!("SELECT a.id, b.k FROM a, b WHERE {condition} AND b.k = a.k"),
        ] {
            let tree = tree(&format!("{TIMES}INSERT INTO o {sql}"));
            assert!(tree.contains(&format!("Join, rt {bounds} behind rt by k = k; ")), "{sql}\n{tree}");
            assert!(!tree.contains("Filter"), "{sql}\n{tree}");
        }
    }
}

#[test]
fn what_concerns_one_side_is_asked_before_it_is_joined() {
    let sql = "SELECT a.id, b.k FROM a LEFT JOIN b ON a.k = b.k AND b.id > 7 AND a.rt = b.rt WHERE a.id < 3 AND b.id < 9";
    let tree = tree(&format!("{TIMES}INSERT INTO o {sql}"));
    let (above, below) = tree.split_once("Left join").unwrap();
    let (left, right) =
        below.split_once("Source b").map(|(before, _)| before.split_once("Source a").unwrap()).unwrap();
    assert!(above.contains("Filter id@") && above.contains("< 9"), "{tree}");
    assert!(left.contains("< 3") && !left.contains("< 9"), "{tree}");
    assert!(right.contains("> 7") && !right.contains("< 9"), "{tree}");
}

#[test]
fn a_join_tells_what_it_lacks() {
    for (sql, what) in [
        (
            "SELECT a.id, b.k FROM a JOIN b FOR SYSTEM_TIME AS OF a.rt ON a.id = b.id",
            "k is of the versions' key, and ON does not compare it",
        ),
        (
            "SELECT a.id, x.k FROM b JOIN a FOR SYSTEM_TIME AS OF b.rt AS x ON b.k = x.k",
            "this table has no versions: it needs a key and a time",
        ),
        (
            "SELECT a.id, b.k FROM a JOIN b FOR SYSTEM_TIME AS OF a.id ON a.k = b.k",
            "FOR SYSTEM_TIME AS OF takes the left side's time column",
        ),
        (
            "SELECT a.id, b.k FROM a RIGHT JOIN b FOR SYSTEM_TIME AS OF a.rt ON a.k = b.k",
            "FOR SYSTEM_TIME AS OF is for JOIN and LEFT JOIN",
        ),
        ("SELECT id, b.k FROM a JOIN b ON a.k = b.k", "the column id is ambiguous"),
        ("SELECT id, k FROM a WHERE id IN (SELECT id, k FROM b)", "IN compares 1 value with 2 columns"),
        ("SELECT id, k FROM a WHERE (id, k) IN (SELECT id FROM b)", "IN compares 2 values with 1 column"),
        ("SELECT id, k FROM a WHERE id IN (SELECT nothing FROM b)", "there is no column nothing"),
        ("SELECT id, k FROM a WHERE id IN (SELECT id FROM b LIMIT 1)", "LIMIT is not supported"),
        (
            "SELECT id, k FROM a WHERE id NOT IN (SELECT id FROM b)",
            "NOT IN with values that may be null needs both sides in the same windows",
        ),
        ("SELECT a.id, b.k FROM a JOIN b USING (nothing)", "there is no column nothing"),
    ] {
        let told = told(&format!("{TIMES}INSERT INTO o {sql}"));
        assert!(told.iter().any(|told| told.contains(what)), "{sql}: {told:?}");
    }
}
