//! Tables of `CREATE TABLE` texts, and mistakes in them as a person sees them.

use narthex_sql::{ColumnKind, Mistake, Source, StatementKind};

use crate::{MetadataColumn, TableDefinition};

/// The table that a statement creates.
pub(crate) fn table(text: &str) -> TableDefinition {
    let script = narthex_sql::parse(text);
    assert_eq!(script.mistakes, []);
    let StatementKind::CreateTable(create) = script.statements.into_iter().next().unwrap().kind else {
        panic!("no CREATE TABLE: {text}")
    };
    let mut table = TableDefinition::named(create.name.to_string());
    table.name_span = create.name.span();
    table.options = create.options;
    table.partitioned_by = create.partitioned_by.into_iter().map(|name| name.value).collect();
    for column in create.columns {
        let data_type = match column.kind {
            ColumnKind::Physical { data_type } => data_type,
            ColumnKind::Metadata { data_type, from, is_virtual } => {
                table.metadata.push(MetadataColumn {
                    column: table.columns.len(),
                    key: from.unwrap_or_else(|| column.name.value.clone()),
                    is_virtual,
                    span: column.name.span,
                });
                data_type
            }
            ColumnKind::Computed { .. } => continue,
        };
        table.columns.push((column.name.value, data_type));
    }
    table
}

/// A table of these columns and options.
pub(crate) fn table_of(columns: &str, options: &[(&str, &str)]) -> TableDefinition {
    let options: Vec<_> =
        options.iter().map(|(key, value)| format!("'{key}' = '{}'", value.replace('\'', "''"))).collect();
    table(&format!("CREATE TABLE t ({columns}) WITH (\n{}\n);", options.join(",\n")))
}

/// Mistakes as they are shown, one after the other.
pub(crate) fn shown(text: &str, mistakes: &[Mistake]) -> String {
    let source = Source { name: "job.sql", text };
    mistakes.iter().map(|mistake| source.show(mistake)).collect()
}

/// Only what they say.
pub(crate) fn messages(mistakes: &[Mistake]) -> Vec<String> {
    mistakes.iter().map(|mistake| mistake.message.clone()).collect()
}
