//! Expressions as Flink 2.2.1 evaluated them.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, Int32Array, StringArray};

use crate::testing::{check, eval, eval_over, type_over};

/// Columns of many types, named as in the tables below.
const COLUMNS: [(&str, &str); 19] = [
    ("ti", "TINYINT NOT NULL"),
    ("si", "SMALLINT NOT NULL"),
    ("i", "INT NOT NULL"),
    ("l", "BIGINT NOT NULL"),
    ("f", "FLOAT NOT NULL"),
    ("d", "DOUBLE NOT NULL"),
    ("de", "DECIMAL(10, 3) NOT NULL"),
    ("de2", "DECIMAL(10, 2) NOT NULL"),
    ("s", "STRING NOT NULL"),
    ("v", "VARCHAR(3) NOT NULL"),
    ("b", "BOOLEAN NOT NULL"),
    ("bn", "BYTES NOT NULL"),
    ("dt", "DATE NOT NULL"),
    ("tm", "TIME(0) NOT NULL"),
    ("ts", "TIMESTAMP(3) NOT NULL"),
    ("lz", "TIMESTAMP_LTZ(3) NOT NULL"),
    ("ar", "ARRAY<INT NOT NULL> NOT NULL"),
    ("m", "MAP<CHAR(1) NOT NULL, INT NOT NULL> NOT NULL"),
    ("r", "ROW<x INT, y STRING> NOT NULL"),
];

/// As [`check`], of types.
fn check_types(table: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (expr, expected) in table {
        let found = type_over(&COLUMNS, expr);
        let is_right = match (&found, expected.strip_prefix('!')) {
            (Ok(found), None) => found == expected,
            (Err(found), Some(part)) => found.contains(part),
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{expr}: expected {expected}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

mod choices;
mod comparisons;
mod forms;
mod literals;
mod nested;
mod numbers;
mod texts;
mod times;
