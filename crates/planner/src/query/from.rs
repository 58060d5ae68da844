//! `FROM`: tables, sub-queries, `UNNEST` of what stands before it, and which of them are joined.

use std::sync::Arc;

use arrow::array::types::Int32Type;
use arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::take;
use arrow::datatypes::DataType as ArrowType;
use narthex_sql::ast::{
    Expr, Ident, Join, JoinConstraint, JoinOperator, ObjectName, Spanned, TableAlias, TableFactor,
    TableVersion, TableWithJoins, Value,
};
use narthex_sql::{DataType, Name, Span};

use super::conjuncts::Conjuncts;
use super::join::JoinCall;
use super::{QueryBinder, Rows};
use crate::arrow_types::arrow_type;
use crate::bound::Bound;
use crate::kernel::Kernel;
use crate::plan::{JoinSides, Relation, Unnest};
use crate::scope::{Scope, ScopeColumn};

/// An `UNNEST` as it is written.
struct Unnested<'a> {
    arrays: &'a [Expr],
    alias: Option<&'a TableAlias>,
    with_ordinality: bool,
    span: Span,
}

impl QueryBinder<'_> {
    /// Rows of a whole FROM clause; without one, a single row without columns. Joins take what concerns them out of
    /// WHERE.
    pub(super) fn from(&self, from: &[TableWithJoins], wheres: &Conjuncts<'_>) -> Option<Rows> {
        let Some((first, others)) = from.split_first() else { return Some(Rows::one()) };
        // What is true of the rows of a join need not be true of what one behind it keeps.
        let none = Conjuncts::default();
        let joins = || from.iter().flat_map(|item| &item.joins);
        let wheres = if joins().any(|join| sides(&join.join_operator).keeps()[1]) { &none } else { wheres };
        let mut rows = self.factor(&first.relation);
        for join in &first.joins {
            rows = self.join(rows, join, wheres);
        }
        for item in others {
            rows = self.joined(rows, &item.relation, &JoinConstraint::None, JoinSides::Inner, wheres);
            for join in &item.joins {
                rows = self.join(rows, join, wheres);
            }
        }
        rows
    }

    /// What is on the left is none where it has a mistake; the right side may have one of its own.
    fn join(&self, left: Option<Rows>, join: &Join, wheres: &Conjuncts<'_>) -> Option<Rows> {
        let operator = &join.join_operator;
        let constraint = match operator {
            JoinOperator::CrossJoin(JoinConstraint::None) => &JoinConstraint::None,
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint) => {
                if matches!(constraint, JoinConstraint::None) {
                    self.refuse(
                        join.relation.span(),
                        "this JOIN has no condition",
                        "write ON or USING, or CROSS JOIN",
                    );
                    let _ = self.factor(&join.relation);
                    return None;
                }
                constraint
            }
            _ => {
                let advice = "there are JOIN, LEFT, RIGHT and FULL JOIN, and CROSS JOIN";
                self.refuse(join.relation.span(), "this kind of JOIN is not Flink SQL", advice);
                let _ = self.factor(&join.relation);
                return None;
            }
        };
        self.joined(left, &join.relation, constraint, sides(operator), wheres)
    }

    /// Rows joined to what each of them has inside, or to those of a table.
    fn joined(
        &self,
        left: Option<Rows>,
        right: &TableFactor,
        constraint: &JoinConstraint,
        sides: JoinSides,
        wheres: &Conjuncts<'_>,
    ) -> Option<Rows> {
        if let Some(unnested) = unnested(right) {
            let is_plain = match constraint {
                JoinConstraint::None => true,
                JoinConstraint::On(on) => is_true(on),
                _ => false,
            };
            if !is_plain || sides.keeps()[1] {
                let advice =
                    "CROSS JOIN UNNEST(…), or LEFT JOIN UNNEST(…) ON TRUE; put conditions into WHERE";
                self.refuse(right.span(), "UNNEST is joined without condition", advice);
                return None;
            }
            return self.unnest(left?, &unnested, sides == JoinSides::Left);
        }
        let (rows, as_of) = match right {
            TableFactor::Table { name, alias, args: None, version: Some(version), .. } => {
                let TableVersion::ForSystemTimeAsOf(time) = version else {
                    let advice = "write FOR SYSTEM_TIME AS OF and the left side's time column";
                    self.refuse(right.span(), "this is not how Flink SQL asks for a version", advice);
                    return None;
                };
                let rows = self.named_rows(&table_name(name));
                (rows.and_then(|rows| self.maybe_aliased(rows, alias.as_ref())), Some(time))
            }
            other => (self.factor(other), None),
        };
        let call = JoinCall { constraint, sides, as_of, span: right.span() };
        self.tables_joined(left?, rows?, &call, wheres)
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
                let advice = "write FROM a JOIN b FOR SYSTEM_TIME AS OF a.rt ON a.k = b.k";
                self.refuse(factor.span(), "a version of a table is joined to rows with a time", advice);
                None
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let rows = self.query(subquery)?;
                self.maybe_aliased(rows, alias.as_ref())
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let rows = self.from(std::slice::from_ref(table_with_joins), &Conjuncts::default())?;
                self.maybe_aliased(rows, alias.as_ref())
            }
            TableFactor::Table { .. } | TableFactor::TableFunction { .. } | TableFactor::Function { .. } => {
                self.refuse(
                    factor.span(),
                    "table functions are not supported",
                    "there are TUMBLE, HOP, CUMULATE, SESSION and UNNEST",
                );
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
        self.not_replaced(&input.scope)?;
        let [array] = unnested.arrays else {
            self.refuse(unnested.span, "UNNEST takes one array", "write an UNNEST for each");
            return None;
        };
        let list = each_of_multiset(self.expr(&input.scope, array)?);
        let Some((mut columns, is_spread)) = elements(list.data_type.bare()) else {
            let message =
                format!("UNNEST takes an ARRAY, a MAP or a MULTISET; this is {}", list.data_type.bare());
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
        let mut scope = input.scope;
        if list.constant().is_some() {
            // Flink joins the rows of a constant as those of a table: no column tells time behind it.
            scope.columns.iter_mut().for_each(|column| (column.time, column.window) = (None, None));
        }
        let unnest = Unnest {
            list: list.expr,
            columns: named,
            is_spread,
            with_ordinality: unnested.with_ordinality,
            keeps_rows,
        };
        scope.columns.extend(added.scope.columns);
        Some(Rows { relation: Relation::Unnest { input: Box::new(input.relation), unnest }, scope })
    }
}

/// The columns of an element, and whether its fields become them.
/// A multiset as an array, in which each element is as often as it is there.
fn each_of_multiset(list: Bound) -> Bound {
    let DataType::Multiset(element) = list.data_type.bare() else { return list };
    let array = DataType::Array(element.clone());
    let (data_type, span) = (array.with_nullable(list.is_nullable()), list.span);
    let field = match arrow_type(&array) {
        ArrowType::List(field) => field,
        _ => return list,
    };
    Kernel::call("ELEMENTS", vec![list], data_type, span, move |arguments, _| {
        let sets = arguments[0].as_map();
        let times = sets.values().as_primitive::<Int32Type>();
        let (mut places, mut lengths) = (Vec::new(), Vec::with_capacity(sets.len()));
        for row in 0..sets.len() {
            let before = places.len();
            let entries = sets.value_offsets()[row]..sets.value_offsets()[row + 1];
            for entry in entries.filter(|_| sets.is_valid(row)) {
                let often = usize::try_from(times.value(entry as usize)).unwrap_or_default();
                places.extend(std::iter::repeat_n(entry as u32, often));
            }
            lengths.push(places.len() - before);
        }
        let elements = take(sets.keys(), &UInt32Array::from(places), None)?;
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(Arc::new(ListArray::try_new(field.clone(), offsets, elements, sets.nulls().cloned())?) as ArrayRef)
    })
}

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

/// Which rows come out of a join.
fn sides(operator: &JoinOperator) -> JoinSides {
    match operator {
        JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => JoinSides::Left,
        JoinOperator::Right(_) | JoinOperator::RightOuter(_) => JoinSides::Right,
        JoinOperator::FullOuter(_) => JoinSides::Full,
        _ => JoinSides::Inner,
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
