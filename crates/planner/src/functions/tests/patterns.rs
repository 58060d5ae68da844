//! Regular expressions.

use super::{Answer, check};

#[test]
fn patterns_are_as_in_flink() {
    check(ANSWERS);
}

#[rustfmt::skip]
pub(super) const ANSWERS: &[Answer] = &[
    (r#"REGEXP_REPLACE(s, 'l+', '$0\')"#, r#"'He$0\o'"#, "STRING"),
    ("REGEXP_REPLACE(s, '(', 'x')", "NULL", "STRING"),
    ("REGEXP_REPLACE(s, '', '-')", "'-H-e-l-l-o-'", "STRING"),
    ("REGEXP_EXTRACT(s, 'l(.)', 1)", "'l'", "STRING"),
    ("REGEXP_EXTRACT(s, 'l(.)', 2)", "NULL", "STRING"),
    ("REGEXP_EXTRACT(s, 'l(.)', -1)", "NULL", "STRING"),
    ("REGEXP_EXTRACT(s, '(')", "NULL", "STRING"),
    ("REGEXP_EXTRACT(s, 'H(x)?', 1)", "NULL", "STRING"),
    ("REGEXP_EXTRACT(s, 'l(.)', l)", "NULL", "STRING"),
    ("REGEXP_EXTRACT_ALL(s, 'l')", "NULL", "ARRAY<STRING>"),
    ("REGEXP_EXTRACT_ALL(s, 'l', 0)", "['l', 'l']", "ARRAY<STRING>"),
    ("REGEXP_EXTRACT_ALL(s, '(l)(.)', 2)", "['l']", "ARRAY<STRING>"),
    ("REGEXP_EXTRACT_ALL(s, '(l)(.)')", "['l']", "ARRAY<STRING>"),
    ("REGEXP_EXTRACT_ALL(s, '(l)(.)', 3)", "NULL", "ARRAY<STRING>"),
    ("REGEXP_EXTRACT_ALL(s, '(l)(.)', -1)", "NULL", "ARRAY<STRING>"),
    ("REGEXP_EXTRACT_ALL(s, '(')", "NULL", "ARRAY<STRING>"),
    ("REGEXP_EXTRACT_ALL(s, '(x)?l', 1)", "[NULL, NULL]", "ARRAY<STRING>"),
    ("REGEXP_COUNT(s, 'l')", "2", "INT"),
    ("REGEXP_COUNT(s, '')", "6", "INT"),
    ("REGEXP_COUNT(s, '(')", "NULL", "INT"),
    ("REGEXP_INSTR(s, 'l')", "3", "INT"),
    ("REGEXP_INSTR(s, 'z')", "0", "INT"),
    ("REGEXP_INSTR(s, '(')", "NULL", "INT"),
    ("REGEXP_SUBSTR(s, 'l+')", "'ll'", "STRING"),
    ("REGEXP_SUBSTR(s, '(')", "NULL", "STRING"),
    ("REGEXP(s, '(')", "false", "BOOLEAN"),
    ("REGEXP(s, '')", "false", "BOOLEAN"),
    ("REGEXP(s, 'l')", "true", "BOOLEAN"),
    ("REGEXP_REPLACE('a', 'b', 'c')", "'a'", "STRING NOT NULL"),
    ("REGEXP_EXTRACT('a', 'b')", "NULL", "STRING"),
    ("REGEXP('a', 'b')", "false", "BOOLEAN NOT NULL"),
    (r#"REGEXP_EXTRACT('a.b', 'a\.b')"#, "'a.b'", "STRING"),
    ("REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 2)", "'bar'", "STRING"),
    (r#"REGEXP_EXTRACT('aab', '(a)\1')"#, "'aa'", "STRING"),
    ("REGEXP_EXTRACT('ab', 'a(?=b)')", "'a'", "STRING"),
    (r#"REGEXP_EXTRACT('a1', '\p{Alpha}\d')"#, "'a1'", "STRING"),
    (r#"REGEXP_EXTRACT('ä', '\w')"#, "NULL", "STRING"),
    (r#"REGEXP_EXTRACT('ä', '\p{L}')"#, "'ä'", "STRING"),
    (r#"REGEXP_EXTRACT('ä', '\p{Alpha}')"#, "NULL", "STRING"),
    ("REGEXP_EXTRACT('ab', '(?<x>a)b', 1)", "'a'", "STRING"),
    ("REGEXP_EXTRACT('AB', '(?i)ab')", "'AB'", "STRING"),
    ("REGEXP_EXTRACT('aaa', 'a*+a')", "NULL", "STRING"),
    (r#"REGEXP_EXTRACT('a+b', '\Qa+\E.')"#, "'a+b'", "STRING"),
    ("REGEXP_COUNT('aaa', 'aa')", "1", "INT"),
    ("REGEXP_INSTR('😀b', 'b')", "3", "INT"),
    (r#"REGEXP_REPLACE('a.b.c', '\.', '\')"#, r#"'a\b\c'"#, "STRING NOT NULL"),
    ("REGEXP_COUNT('a', 'b')", "0", "INT"),
    ("REGEXP_INSTR('a', 'b')", "0", "INT"),
    ("REGEXP_SUBSTR('a', 'b')", "NULL", "STRING"),
    ("REGEXP_EXTRACT_ALL('a', 'b')", "NULL", "ARRAY<STRING>"),
];
