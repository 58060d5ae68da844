//! Evaluates SQL expressions in tests.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::Schema;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use narthex_sql::ast::{SelectItem, SetExpr};
use narthex_sql::{DataType, StatementKind};

use crate::bind::Binder;
use crate::{Bound, Environment, Scope, ScopeColumn, arrow_field, arrow_type};

/// A job in UTC at 2024-05-06 07:08:09.123.
pub(crate) fn environment() -> Environment {
    Environment { zone: chrono_tz::UTC, now_ms: Arc::new(|| 1_714_979_289_123) }
}

/// Binds an expression over columns of these names and types.
pub(crate) fn bind_over(columns: &[(&str, &str)], expr: &str) -> Result<Bound, String> {
    let scope = Scope::of(
        columns
            .iter()
            .map(|(name, data_type)| ScopeColumn {
                table: Some("t".to_owned()),
                ..ScopeColumn::plain(*name, DataType::parse(data_type).unwrap())
            })
            .collect(),
    );
    let script = narthex_sql::parse(&format!("SELECT {expr}"));
    if let Some(mistake) = script.mistakes.first() {
        return Err(mistake.to_string());
    }
    let StatementKind::Query(query) = &script.statements[0].kind else { panic!("no query") };
    let SetExpr::Select(select) = &*query.body else { panic!("no select") };
    let SelectItem::UnnamedExpr(expr) = &select.projection[0] else { panic!("no expression") };
    let environment = environment();
    Binder { scope: &scope, environment: &environment }.bind(expr).map_err(|mistake| mistake.message)
}

/// The values of an expression over these columns, each as Arrow shows it (null: `NULL`), or what went wrong: when it
/// was bound, or when it was evaluated. Its Arrow type is checked against its Flink type.
pub(crate) fn eval_over(columns: &[(&str, &str, ArrayRef)], expr: &str) -> Result<Vec<String>, String> {
    let types: Vec<(&str, &str)> = columns.iter().map(|(name, data_type, _)| (*name, *data_type)).collect();
    let bound = bind_over(&types, expr)?;
    let fields: Vec<_> = types
        .iter()
        .map(|(name, data_type)| arrow_field(name, &DataType::parse(data_type).unwrap()))
        .collect();
    let rows = columns.first().map_or(1, |(_, _, array)| array.len());
    let arrays = columns.iter().map(|(_, _, array)| array.clone()).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options).unwrap();
    let value = bound.expr.evaluate(&batch).map_err(|error| error.to_string())?;
    let array = value.into_array(rows).map_err(|error| error.to_string())?;
    assert_eq!(array.data_type(), &arrow_type(&bound.data_type), "the type of {expr}");
    assert_eq!(array.len(), rows, "rows of {expr}");
    let options = FormatOptions::default().with_null("NULL");
    let shown = ArrayFormatter::try_new(&array, &options).unwrap();
    Ok((0..rows).map(|row| shown.value(row).to_string()).collect())
}

/// The value of an expression without columns.
pub(crate) fn eval(expr: &str) -> Result<String, String> {
    eval_over(&[], expr).map(|mut values| values.remove(0))
}

/// The type of an expression over columns of these names and types, as `TYPEOF` tells it.
pub(crate) fn type_over(columns: &[(&str, &str)], expr: &str) -> Result<String, String> {
    bind_over(columns, expr).map(|bound| bound.data_type.to_string())
}

/// Holds expressions against what they should give; `!` stands before what a mistake or an error contains.
pub(crate) fn check(table: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (expr, expected) in table {
        let found = eval(expr);
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
