//! Statements as they are read, and mistakes as they are told.

use super::*;
use crate::statement::ColumnKind;

fn mistakes(text: &str) -> Vec<String> {
    parse(text).mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_table_with_everything() {
    let script = parse(
        "CREATE TEMPORARY TABLE IF NOT EXISTS a.b.`t` (
           id BIGINT NOT NULL COMMENT 'the key', -- a comment; with a semicolon
           `value` ROW<x INT, y ARRAY<STRING>>,
           topic STRING METADATA FROM 'topic' VIRTUAL,
           `partition` INT METADATA,
           rt AS TO_TIMESTAMP_LTZ(id, 3) COMMENT 'time',
           WATERMARK FOR rt AS rt - INTERVAL '5' SECOND,
           CONSTRAINT pk PRIMARY KEY (id) NOT ENFORCED
         ) COMMENT 'it''s' PARTITIONED BY (id) WITH ('connector' = 'kafka', 'a;b' = '')
         LIKE base (EXCLUDING ALL OVERWRITING OPTIONS)",
    );
    assert_eq!(script.mistakes, []);
    let StatementKind::CreateTable(table) = &script.statements[0].kind else { panic!("{script:?}") };
    assert_eq!(table.name.to_string(), "a.b.t");
    let kinds: Vec<&str> = table
        .columns
        .iter()
        .map(|column| match column.kind {
            ColumnKind::Physical { .. } => "physical",
            ColumnKind::Metadata { is_virtual: true, .. } => "virtual",
            ColumnKind::Metadata { .. } => "metadata",
            ColumnKind::Computed { .. } => "computed",
        })
        .collect();
    assert_eq!(kinds, ["physical", "physical", "virtual", "metadata", "computed"]);
    assert_eq!(table.columns[0].comment.as_deref(), Some("the key"));
    assert_eq!(table.watermark.as_ref().unwrap().expr.to_string(), "rt - INTERVAL '5' SECOND");
    assert_eq!(table.primary_key[0].value, "id");
    assert_eq!(table.comment.as_deref(), Some("it's"));
    assert_eq!(table.options[1].key, "a;b");
    assert_eq!(table.like.as_ref().unwrap().features.len(), 2);
}

#[test]
fn all_mistakes_of_a_file_at_once() {
    let told = mistakes(
        "CREATE TABLE t (
  a INTT,
  b ARRAY<STRNG>,
  c INT PRIMARY KEY,
  d INT,
  WATERMARK FOR d
) WITH ('connector' 'print', \"path\" = 'x', 'a' = 'b', 'a' = 'c');
INSRT INTO t SELECT 1;
INSERT INTO t SELECT FROM;
SELECT CAST(a AS TIMSTAMP) FROM t;
EXECUTE STATEMENT SET BEGIN
INSERT INTO t SELECT 1 2;
SELECT 1;
END;
SET 'a' = b;
SELECT 1 FROM t /*+ BROADCAST(t) */;
SELECT 1 FROM t /*+ OPTIONS('a' 'b') */;",
    );
    assert_eq!(
        told,
        [
            "2:5: there is no type INTT; did you mean INT?",
            "3:11: there is no type STRNG; did you mean STRING?",
            "4:20: nobody checks a PRIMARY KEY: write NOT ENFORCED behind it",
            "7:1: expected AS, found )",
            "7:21: expected =, found 'print'",
            "7:30: double quotes have no meaning in Flink SQL",
            "7:55: the option 'a' is there twice",
            "8:1: no statement begins with INSRT; did you mean INSERT?",
            "9:22: expected an expression, found FROM",
            "10:18: there is no type TIMSTAMP; did you mean TIMESTAMP?",
            "12:24: expected the end of the statement, found 2",
            "13:1: expected INSERT, found SELECT",
            "15:11: expected a text in single quotes, found b",
            "16:21: the hint BROADCAST is not supported: there is OPTIONS",
            "17:33: expected =, found 'b'",
        ]
    );
}

#[test]
fn what_ends_too_early_is_told_where_it_ends() {
    assert_eq!(mistakes("CREATE TABLE t ("), ["1:17: expected a name, found the end of the statement"]);
    assert_eq!(mistakes("SELECT 'open"), ["1:8: this text has no end; a ' is missing"]);
    assert_eq!(mistakes("SELECT 1;\nSELECT `open"), ["2:8: this name has no end; a ` is missing"]);
    assert_eq!(mistakes("SELECT 1; SELECT /* open\n"), ["1:18: this comment has no end; write */"]);
    assert_eq!(
        mistakes("EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1;"),
        ["1:51: the statement set has no end"]
    );
    assert_eq!(mistakes("-- nothing but a comment\n;;\n"), [""; 0]);
}

#[test]
fn a_missing_semicolon_costs_itself_alone() {
    let script = parse(
        "CREATE TABLE t (a INT) WITH ('connector' = 'print')
INSERT INTO t SELECT 1 FROM t
SET 'a' = 'b';
EXECUTE STATEMENT SET BEGIN
  INSERT INTO t SELECT 1
  INSERT INTO t SELECT 2 AS a FROM t
END;",
    );
    let told: Vec<String> = script.mistakes.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "2:1: a ; is missing before INSERT",
            "3:1: a ; is missing before SET",
            "6:3: a ; is missing before INSERT",
            "7:1: a ; is missing before END",
        ]
    );
    assert_eq!(script.statements.len(), 4);
}

#[test]
fn a_missing_quote_is_told_where_it_is_missing() {
    assert_eq!(
        mistakes("SELECT 1 FORM t;\nSELECT 'a, b\nFROM t WHERE c = 'x';\nSELECT 'it''s';"),
        ["1:15: expected the end of the statement, found t", "2:8: this text has no end; a ' is missing"]
    );
}

#[test]
fn words_and_signs_of_others_are_told() {
    assert_eq!(
        mistakes(
            "CREATE TABLE value (user STRING, `user` INT);
CREATE TABLE t (r ROW<day INT>) WITH ('a' = 'b');
SELECT a != 'x!', a <> 1 FROM t;"
        ),
        [
            "1:14: value is a reserved word; as a name it is written `value`",
            "2:23: day is a reserved word; as a name it is written `day`",
            "3:10: != is no operator in Flink SQL; write <>",
        ]
    );
    assert_eq!(
        mistakes(
            "\u{feff}SELECT a::INT, b == 1 FROM t; SELECT 1 // it is no comment\n + 2; SELECT INTERVAL '5'"
        ),
        [
            "1:1: there is a byte order mark here",
            "1:10: :: is no operator in Flink SQL; write CAST(value AS type)",
            "1:19: == is no operator in Flink SQL; write =",
            "1:41: a comment begins with --, not with //",
            "2:14: expected a unit of time behind INTERVAL, as in INTERVAL '5' SECOND",
        ]
    );
}

#[test]
fn a_hint_knows_behind_what_it_stands() {
    let script = parse(
        "INSERT INTO o\nSELECT a FROM t /*+ OPTIONS('k' =\n 'v', 'k' = 'w') */ AS x, u; SELECT 1 FROM t",
    );
    assert_eq!(script.mistakes, []);
    let [hint] = script.statements[0].hints.as_slice() else { panic!("{script:?}") };
    assert_eq!(hint.behind, Location::new(2, 16));
    let [option] = hint.options.as_slice() else { panic!("{hint:?}") };
    assert_eq!((option.key.as_str(), option.value.as_str()), ("k", "v"));
    assert_eq!(option.key_span, Span::new(Location::new(2, 29), Location::new(2, 32)));
    assert_eq!(option.value_span, Span::new(Location::new(3, 2), Location::new(3, 5)));
    assert_eq!(script.statements[1].hints, []);
}

#[test]
fn statements_that_change_tables_and_names() {
    let script = parse(
        "ALTER TABLE t SET ('a' = 'b', 'c' = 'd'); ALTER TABLE IF EXISTS t RESET ('a'); ALTER TABLE t RENAME TO u;
         USE CATALOG default_catalog; USE default_catalog.default_database; SHOW CURRENT CATALOG; SHOW DATABASES;
         EXPLAIN PLAN FOR SELECT 1; EXPLAIN ESTIMATED_COST, CHANGELOG_MODE INSERT INTO t SELECT 1; TABLE t;
         EXPLAIN STATEMENT SET BEGIN INSERT INTO t SELECT 1; INSERT INTO t TABLE u; END",
    );
    assert_eq!(script.mistakes, []);
    assert_eq!(script.statements.len(), 11);
    assert!(matches!(&script.statements[10].kind, StatementKind::Explain(set)
        if matches!(&set.kind, StatementKind::StatementSet(inserts) if inserts.len() == 2)));
    assert_eq!(
        mistakes(
            "ALTER TABLE t ADD x INT; ALTER VIEW v AS SELECT 1; CREATE OR REPLACE TABLE t (a INT); EXPLAIN SHOW TABLES"
        ),
        [
            "1:15: ALTER TABLE knows SET, RESET and RENAME TO; columns, watermarks and keys stand in CREATE TABLE",
            "1:32: expected TABLE: nothing else can be altered, found VIEW",
            "1:59: CREATE OR REPLACE is not supported: DROP TABLE IF EXISTS, then CREATE TABLE",
            "1:87: EXPLAIN explains a query or an INSERT",
        ]
    );
}

#[test]
fn statements_of_the_sql_client() {
    let script = parse(
        "SET; SET 'a' = 'b'; RESET 'a'; RESET; SHOW TABLES; SHOW CREATE TABLE t; DESC t; DESCRIBE a.t;
         EXPLAIN SELECT 1; DROP TEMPORARY VIEW IF EXISTS v; CREATE VIEW v (a, b) AS SELECT 1, 2;
         INSERT INTO t (a, b) VALUES (1, 2); INSERT INTO t (SELECT 1); INSERT OVERWRITE t SELECT 1;
         BEGIN STATEMENT SET; INSERT INTO t SELECT 1; INSERT INTO t SELECT 2; END;
         VALUES (1); WITH a AS (SELECT 1) SELECT * FROM a; SHOW COLUMNS FROM t",
    );
    assert_eq!(script.mistakes, []);
    assert_eq!(script.statements.len(), 18);
    let StatementKind::StatementSet(inserts) = &script.statements[14].kind else { panic!("{script:?}") };
    assert_eq!(inserts.len(), 2);
    assert_eq!(script.statements[10].span.start.line, 2);
}

#[test]
fn what_only_other_dialects_have_is_told() {
    for (sql, told) in [
        ("SELECT a != 1 FROM t", "1:10: != is no operator in Flink SQL; write <>"),
        ("SELECT a == 1 FROM t", "1:10: == is no operator in Flink SQL; write ="),
        ("SELECT a::INT FROM t", "1:9: :: is no operator in Flink SQL; write CAST(value AS type)"),
        ("SELECT 0x1f", "1:8: 0x1f is no number in Flink SQL"),
    ] {
        assert_eq!(mistakes(sql)[0], told, "{sql}");
    }
    assert_eq!(mistakes("SELECT x'1f', a <> 1 FROM t"), [""; 0]);
}

#[test]
fn reserved_words_stand_in_back_quotes() {
    let told = |word: &str| format!("{word} is a reserved word; as a name it is written `{word}`");
    assert_eq!(mistakes("CREATE TABLE t (value INT)"), [format!("1:17: {}", told("value"))]);
    assert_eq!(mistakes("CREATE TABLE order (a INT)"), [format!("1:14: {}", told("order"))]);
    assert_eq!(mistakes("CREATE TABLE t (a ROW<user INT>)"), [format!("1:23: {}", told("user"))]);
    assert_eq!(mistakes("CREATE TABLE t (`value` INT, `timestamp` BIGINT, name STRING, data INT)"), [""; 0]);
}
