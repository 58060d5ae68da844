//! `FROM`: tables, sub-queries, and `UNNEST` of what stands before it.

use narthex_sql::ast::{
    Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Spanned, TableAlias, TableFactor,
    TableWithJoins, Value,
};
use narthex_sql::{DataType, Name, Span};

use super::{NEEDS_TIME, QueryBinder, Rows};
use crate::plan::{Relation, Unnest};
use crate::scope::{Scope, ScopeColumn};

/// An `UNNEST` as it is written.
struct Unnested<'a> {
    arrays: &'a [Expr],
    alias: Option<&'a TableAlias>,
    with_ordinality: bool,
    span: Span,
}

impl QueryBinder<'_> {
    /// Rows of a whole FROM clause; without one, a single row without columns.
    pub(super) fn from(&self, from: &[TableWithJoins]) -> Option<Rows> {
        let Some((first, others)) = from.split_first() else { return Some(Rows::one()) };
        let mut rows = self.factor(&first.relation);
        for join in &first.joins {
            rows = self.join(rows, join);
        }
        for item in others {
            rows = self.joined(rows, &item.relation, false);
            for join in &item.joins {
                rows = self.join(rows, join);
            }
        }
        rows
    }

    /// What is on the left is none where it has a mistake; the right side may have one of its own.
    fn join(&self, left: Option<Rows>, join: &Join) -> Option<Rows> {
        let keeps_rows = match &join.join_operator {
            JoinOperator::CrossJoin(_) => false,
            JoinOperator::Join(JoinConstraint::On(on)) | JoinOperator::Inner(JoinConstraint::On(on))
                if is_true(on) =>
            {
                false
            }
            JoinOperator::Left(JoinConstraint::On(on)) | JoinOperator::LeftOuter(JoinConstraint::On(on))
                if is_true(on) =>
            {
                true
            }
            _ => {
                self.refuse(join.relation.span(), "this JOIN is not supported", NEEDS_TIME);
                let _ = self.factor(&join.relation);
                return None;
            }
        };
        self.joined(left, &join.relation, keeps_rows)
    }

    /// Only what each row has inside can be joined to it for now.
    fn joined(&self, left: Option<Rows>, right: &TableFactor, keeps_rows: bool) -> Option<Rows> {
        let Some(unnested) = unnested(right) else {
            self.refuse(right.span(), "joining tables is not supported", NEEDS_TIME);
            let _ = self.factor(right);
            return None;
        };
        self.unnest(left?, &unnested, keeps_rows)
    }

    fn factor(&self, factor: &TableFactor) -> Option<Rows> {
        if let Some(unnested) = unnested(factor) {
            return self.unnest(Rows::one(), &unnested, false);
        }
        if let Some(rows) = self.window_function(factor) {
            return rows;
        }
        match factor {
            TableFactor::Table { with_hints, partitions, json_path, index_hints, sample, .. }
                if !with_hints.is_empty()
                    || !partitions.is_empty()
                    || json_path.is_some()
                    || !index_hints.is_empty()
                    || sample.is_some() =>
            {
                self.refuse(
                    factor.span(),
                    "what stands behind this table is not Flink SQL",
                    "give it options with a hint: /*+ OPTIONS('key' = 'value') */",
                );
                None
            }
            TableFactor::Table { name, alias, args: None, version: None, .. } => {
                let rows = self.named_rows(&table_name(name))?;
                self.maybe_aliased(rows, alias.as_ref())
            }
            TableFactor::Table { version: Some(_), .. } => {
                self.refuse(factor.span(), "FOR SYSTEM_TIME AS OF is not supported", NEEDS_TIME);
                None
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let rows = self.query(subquery)?;
                self.maybe_aliased(rows, alias.as_ref())
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let rows = self.from(std::slice::from_ref(table_with_joins))?;
                self.maybe_aliased(rows, alias.as_ref())
            }
            TableFactor::Table { .. } | TableFactor::TableFunction { .. } | TableFactor::Function { .. } => {
                self.refuse(factor.span(), "table functions are not supported", NEEDS_TIME);
                None
            }
            other => {
                self.refuse(
                    other.span(),
                    "this is not supported in FROM",
                    "name a table, or write a query in parentheses",
                );
                None
            }
        }
    }

    fn maybe_aliased(&self, rows: Rows, alias: Option<&TableAlias>) -> Option<Rows> {
        match alias {
            Some(alias) => self.aliased(rows, alias),
            None => Some(rows),
        }
    }

    fn unnest(&self, input: Rows, unnested: &Unnested<'_>, keeps_rows: bool) -> Option<Rows> {
        let [array] = unnested.arrays else {
            self.refuse(unnested.span, "UNNEST takes one array", "write an UNNEST for each");
            return None;
        };
        let list = self.expr(&input.scope, array)?;
        let Some((mut columns, is_spread)) = elements(list.data_type.bare()) else {
            let message = format!("UNNEST takes an ARRAY or a MAP; this is {}", list.data_type.bare());
            self.refuse(array.span(), message, "see the column's type");
            return None;
        };
        if unnested.with_ordinality {
            columns.push(("ORDINALITY".to_owned(), DataType::NotNull(Box::new(DataType::Int))));
        }
        if keeps_rows {
            columns.iter_mut().for_each(|(_, data_type)| *data_type = data_type.with_nullable(true));
        }
        let mut added = Rows { relation: Relation::OneRow, scope: scope_of(&columns) };
        added = self.maybe_aliased(added, unnested.alias)?;
        let named = added
            .scope
            .columns
            .iter()
            .map(|column| (column.name.clone(), column.data_type.clone()))
            .collect();
        let unnest = Unnest {
            list: list.expr,
            columns: named,
            is_spread,
            with_ordinality: unnested.with_ordinality,
            keeps_rows,
        };
        let mut scope = input.scope;
        scope.columns.extend(added.scope.columns);
        Some(Rows { relation: Relation::Unnest { input: Box::new(input.relation), unnest }, scope })
    }
}

/// The columns of an element, and whether its fields become them.
fn elements(list: &DataType) -> Option<(Vec<(String, DataType)>, bool)> {
    match list {
        DataType::Array(element) => match element.bare() {
            DataType::Row(fields) => {
                let nullable = |data_type: &DataType| match element.is_nullable() {
                    true => data_type.with_nullable(true),
                    false => data_type.clone(),
                };
                Some((
                    fields.iter().map(|field| (field.name.clone(), nullable(&field.data_type))).collect(),
                    true,
                ))
            }
            _ => Some((vec![("EXPR$0".to_owned(), (**element).clone())], false)),
        },
        DataType::Map(key, value) => {
            Some((vec![("KEY".to_owned(), (**key).clone()), ("VALUE".to_owned(), (**value).clone())], true))
        }
        _ => None,
    }
}

fn scope_of(columns: &[(String, DataType)]) -> Scope {
    let columns =
        columns.iter().map(|(name, data_type)| ScopeColumn::plain(name, data_type.clone())).collect();
    Scope::of(columns)
}

fn unnested(factor: &TableFactor) -> Option<Unnested<'_>> {
    match factor {
        TableFactor::UNNEST { alias, array_exprs, with_ordinality, .. } => Some(Unnested {
            arrays: array_exprs,
            alias: alias.as_ref(),
            with_ordinality: *with_ordinality,
            span: factor.span(),
        }),
        _ => None,
    }
}

fn is_true(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == Value::Boolean(true))
}

/// A table's name as the catalog knows it.
pub(crate) fn table_name(name: &ObjectName) -> Name {
    let parts: Vec<Ident> = name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
    Name(parts)
}
