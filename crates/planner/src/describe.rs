//! Tables and plans as text: DESCRIBE, SHOW, EXPLAIN.

use std::fmt::Write;

use narthex_sql::ast::Ident;
use narthex_sql::{Column, ColumnKind, DataType, Watermark};

use crate::catalog::Entry;
use crate::plan::{
    Frame, Insert, Job, Join, JoinKind, JoinSides, OnNull, Relation, Stateful, StatefulInput,
    StatefulOperator, Table,
};
use crate::secret::shown;

/// The columns of a table or view: name, type, and what else there is to know.
pub(crate) fn entry(entry: &Entry) -> Option<String> {
    let mut text = String::new();
    match entry {
        Entry::Table(table) => {
            for column in &table.visible {
                let key = if table.primary_key.contains(&column.name) { ", primary key" } else { "" };
                let computed = if column.is_computed { ", computed" } else { "" };
                line(&mut text, &column.name, &column.data_type, &format!("{key}{computed}"));
            }
        }
        Entry::View(rows) => {
            rows.scope.columns.iter().for_each(|column| line(&mut text, &column.name, &column.data_type, ""));
        }
        Entry::Broken => return None,
    }
    Some(text)
}

fn line(text: &mut String, name: &str, data_type: &DataType, more: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name} {data_type}{more}");
}

/// A table as a statement that would make it; secrets are left out.
pub(crate) fn create(entry: &Entry) -> Option<String> {
    let Entry::Table(table) = entry else { return self::entry(entry) };
    let definition = &table.definition;
    let mut parts: Vec<String> = definition.columns.iter().map(column).collect();
    if let Some(Watermark { column, expr }) = &definition.watermark {
        parts.push(format!("WATERMARK FOR {} AS {expr}", quoted(column.0.iter())));
    }
    if !definition.primary_key.is_empty() {
        parts.push(format!("PRIMARY KEY ({}) NOT ENFORCED", list(&definition.primary_key)));
    }
    let options = table.options.iter().map(|option| {
        let value = shown(&option.key, &option.value).replace('\'', "''");
        format!("'{}' = '{value}'", option.key.replace('\'', "''"))
    });
    let options: Vec<String> = options.collect();
    let mut text = format!("CREATE TABLE `{}` (\n  {}\n)", table.name, parts.join(",\n  "));
    if !definition.partitioned_by.is_empty() {
        text.push_str(&format!(" PARTITIONED BY ({})", list(&definition.partitioned_by)));
    }
    text.push_str(&format!(" WITH (\n  {}\n);\n", options.join(",\n  ")));
    Some(text)
}

fn column(column: &Column) -> String {
    let name = quoted([&column.name]);
    match &column.kind {
        ColumnKind::Physical { data_type } => format!("{name} {data_type}"),
        ColumnKind::Metadata { data_type, from, is_virtual } => {
            let from = from.as_ref().map(|from| format!(" FROM '{}'", from.replace('\'', "''")));
            let is_virtual = if *is_virtual { " VIRTUAL" } else { "" };
            format!("{name} {data_type} METADATA{}{is_virtual}", from.unwrap_or_default())
        }
        ColumnKind::Computed { expr } => format!("{name} AS {expr}"),
    }
}

fn quoted<'a>(parts: impl IntoIterator<Item = &'a Ident>) -> String {
    let parts = parts.into_iter().map(|part| format!("`{}`", part.value.replace('`', "``")));
    parts.collect::<Vec<_>>().join(".")
}

fn list(names: &[Ident]) -> String {
    names.iter().map(|name| quoted([name])).collect::<Vec<_>>().join(", ")
}

/// A job as a tree, from its tables of rows to what they come from.
pub fn job(job: &Job) -> String {
    let mut text = String::new();
    job.inserts.iter().for_each(|insert| self::insert(&mut text, insert));
    text
}

fn insert(text: &mut String, insert: &Insert) {
    let _ = writeln!(text, "Sink {}", described(&insert.sink));
    relation(text, &insert.input, 1);
}

fn described(table: &Table) -> String {
    format!("{} ({})", table.name, table.option("connector").unwrap_or("no connector"))
}

fn relation(text: &mut String, of: &Relation, depth: usize) {
    let indent = "  ".repeat(depth);
    let below = match of {
        Relation::Scan { table, columns } => {
            let names: Vec<&str> =
                columns.iter().filter_map(|&at| Some(table.columns.get(at)?.name.as_str())).collect();
            let _ = writeln!(text, "{indent}Source {}: {}", described(table), names.join(", "));
            return;
        }
        Relation::OneRow => {
            let _ = writeln!(text, "{indent}one row");
            return;
        }
        Relation::Filter { input, predicate } => {
            let _ = writeln!(text, "{indent}Filter {predicate}");
            input
        }
        Relation::Project { input, columns } => {
            let columns: Vec<String> =
                columns.iter().map(|column| format!("{} = {}", column.name, column.expr)).collect();
            let _ = writeln!(text, "{indent}Project {}", columns.join(", "));
            input
        }
        Relation::Unnest { input, unnest } => {
            let _ = writeln!(text, "{indent}Unnest {}", unnest.list);
            input
        }
        Relation::Watermark { input, time, watermark } => {
            let name = input.columns().get(*time).map(|(name, _)| name.clone()).unwrap_or_default();
            let _ = writeln!(text, "{indent}Watermark for {name}: {watermark}");
            input
        }
        Relation::Clock { input } => {
            let _ = writeln!(text, "{indent}Time of the machine's clock");
            input
        }
        Relation::Windows { input, windows } => {
            let _ = writeln!(text, "{indent}Windows {}", windows.kind);
            input
        }
        Relation::Stateful(stateful) => {
            self::stateful(text, stateful, depth);
            return;
        }
        Relation::NotNull { input, columns, on_null } => {
            let names: Vec<&str> = columns.iter().map(|(_, name)| name.as_str()).collect();
            let fate = match on_null {
                OnNull::Drop => "rows with nulls are dropped",
                OnNull::Fail | OnNull::NoTime => "a null fails the job",
            };
            let _ = writeln!(text, "{indent}Not null: {} ({fate})", names.join(", "));
            input
        }
        Relation::Union(inputs) => {
            let _ = writeln!(text, "{indent}Union");
            inputs.iter().for_each(|input| relation(text, input, depth + 1));
            return;
        }
    };
    relation(text, below, depth + 1);
}

/// A join: of which rows, and how long they are kept.
fn joined(join: &Join, inputs: &[StatefulInput]) -> String {
    let columns: Vec<_> = inputs.iter().map(|input| input.relation.columns()).collect();
    let named = |side: usize, at: usize| {
        columns
            .get(side)
            .and_then(|columns| columns.get(at))
            .map(|(name, _)| name.as_str())
            .unwrap_or_default()
    };
    let keys: Vec<String> =
        join.keys.iter().map(|key| format!("{} = {}", named(0, key.left), named(1, key.right))).collect();
    let keys = if keys.is_empty() { "all with all".to_owned() } else { keys.join(", ") };
    let sides = match join.sides {
        JoinSides::Inner => "Join",
        JoinSides::Left => "Left join",
        JoinSides::Right => "Right join",
        JoinSides::Full => "Full join",
        JoinSides::Semi => "Semi join",
        JoinSides::Anti => "Anti join",
    };
    let (of, kept) = match &join.kind {
        JoinKind::Regular => (String::new(), "keeps every row that ever came".to_owned()),
        JoinKind::Interval { left, right, least_ms, most_ms } => {
            let (left, right) = (named(0, *left), named(1, *right));
            let between = format!(", {right} from {least_ms} to {most_ms} ms behind {left}");
            (between, format!("keeps rows for {} ms", most_ms.saturating_sub(*least_ms).max(0)))
        }
        JoinKind::Window { .. } => (" of windows".to_owned(), "keeps the rows of open windows".to_owned()),
        JoinKind::Temporal { left, .. } => (
            format!(" with the version at {}", named(0, *left)),
            "keeps the last version of every key, and rows until their time has come".to_owned(),
        ),
    };
    format!("{sides}{of} by {keys}; {kept}")
}

/// An operator that keeps rows: by which keys, and what it keeps until when.
fn stateful(text: &mut String, of: &Stateful, depth: usize) {
    let indent = "  ".repeat(depth);
    let columns = of.inputs.first().map(|input| input.relation.columns()).unwrap_or_default();
    let named = |places: &[usize]| {
        let names = places.iter().filter_map(|&at| Some(columns.get(at)?.0.as_str()));
        names.collect::<Vec<_>>().join(", ")
    };
    let by = |keys: &[usize]| match keys {
        [] => "all rows in one group".to_owned(),
        keys => format!("by {}", named(keys)),
    };
    let _ = match &of.operator {
        StatefulOperator::WindowAggregate { keys, aggregates, .. } => {
            let calls: Vec<String> = aggregates
                .iter()
                .map(|call| {
                    let distinct = if call.is_distinct { "DISTINCT " } else { "" };
                    let filter =
                        call.filter.map(|at| format!(" FILTER {}", named(&[at]))).unwrap_or_default();
                    format!("{:?}({distinct}{}){filter}", call.function, named(&call.arguments))
                })
                .collect();
            writeln!(
                text,
                "{indent}Aggregate {}: {}; keeps an entry for each group of each open window",
                by(keys),
                calls.join(", ")
            )
        }
        StatefulOperator::Sessions { keys, windows } => {
            writeln!(text, "{indent}Sessions {}, {}; keeps the rows of open sessions", by(keys), windows.kind)
        }
        StatefulOperator::WindowRank { keys, from, to, .. } => writeln!(
            text,
            "{indent}Rank {}, rows {from} to {to} of each window; keeps the rows of open windows that may be among them",
            by(keys)
        ),
        StatefulOperator::Over { keys, frame, .. } => writeln!(
            text,
            "{indent}Over {}, {}",
            by(keys),
            match frame {
                Frame::Rows(Some(rows)) => format!("{rows} rows before; keeps these rows of each key"),
                Frame::Range(Some(ms)) => format!("{ms} ms before; keeps these rows of each key"),
                Frame::Rows(None) | Frame::Range(None) =>
                    "all rows before; keeps the values of every key that was ever seen".to_owned(),
            }
        ),
        StatefulOperator::FirstRow { keys, .. } => {
            writeln!(text, "{indent}First row {}; keeps every key that was ever seen", by(keys))
        }
        StatefulOperator::Sort { time, order } => {
            let by: Vec<usize> = std::iter::once(*time).chain(order.iter().map(|key| key.column)).collect();
            writeln!(
                text,
                "{indent}Sort by {}, in one task; keeps rows until their time has passed",
                named(&by)
            )
        }
        StatefulOperator::Reorder { time } => {
            writeln!(text, "{indent}Reorder by {}; keeps rows until their time has passed", named(&[*time]))
        }
        StatefulOperator::CurrentWatermark => writeln!(text, "{indent}Current watermark; in one task"),
        StatefulOperator::Join(join) => writeln!(text, "{indent}{}", joined(join, &of.inputs)),
    };
    of.inputs.iter().for_each(|input| relation(text, &input.relation, depth + 1));
}
