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
SELECT 1 /*+ OPTIONS('a'='b') */ FROM t;",
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
            "16:10: hints are not supported, and would change what the query does",
        ]
    );
}

#[test]
fn what_ends_too_early_is_told_where_it_ends() {
    assert_eq!(mistakes("CREATE TABLE t ("), ["1:17: expected identifier, found the end of the statement"]);
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
