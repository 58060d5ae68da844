//! `ARRAY[…]`, `MAP[…]`, `ROW(…)`, and what `[…]` behind them takes out.

use std::sync::Arc;

use arrow::array::types::Int32Type;
use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, UInt32Array, make_comparator, new_empty_array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::{SortOptions, interleave, take};
use arrow::datatypes::{DataType as ArrowType, Fields};
use datafusion_common::Result as Computed;
use narthex_sql::ast::{AccessExpr, Expr, Function, Subscript};
use narthex_sql::{DataType, Field, Mistake, Span};

use super::{Binder, children, names, refuse_bare_null};
use crate::arrow_types::{arrow_field, arrow_type};
use crate::bound::Bound;
use crate::common::{is_integer, is_text};
use crate::kernel::Kernel;

impl Binder<'_> {
    /// Binds `MAP[…]` and `ROW(…)`, which are calls.
    pub(super) fn constructed(
        &self,
        name: &str,
        call: &Function,
        span: Span,
    ) -> Option<Result<Bound, Mistake>> {
        let arguments = children::arguments(call);
        match name {
            "MAP" => Some(self.map(&arguments, span)),
            "ROW" => Some(self.row(arguments, span)),
            _ => None,
        }
    }

    fn all<'e>(&self, expressions: impl IntoIterator<Item = &'e Expr>) -> Result<Vec<Bound>, Mistake> {
        expressions.into_iter().map(|expr| self.bind(expr)).collect()
    }

    /// `ARRAY[a, b, …]`.
    pub(super) fn array(&self, elements: &[Expr], span: Span) -> Result<Bound, Mistake> {
        if elements.is_empty() {
            return Err(Mistake::new(span, "ARRAY[…] takes at least one element")
                .advise("the type of an empty array cannot be told"));
        }
        let elements = self.all(elements)?;
        let common = self.common("ARRAY", elements.iter().collect(), span)?;
        let elements = elements.into_iter().map(|element| self.to(element, &common));
        let elements = elements.collect::<Result<Vec<_>, _>>()?;
        let field = Arc::new(arrow_field("item", &common));
        let data_type = DataType::NotNull(Box::new(DataType::Array(Box::new(common))));
        Ok(Kernel::call("ARRAY", elements, data_type, span, move |arguments, rows| {
            let values = woven(arguments, rows)?;
            let offsets = OffsetBuffer::from_repeated_length(arguments.len(), rows);
            Ok(Arc::new(ListArray::try_new(field.clone(), offsets, values, None)?))
        }))
    }

    /// `MAP[key, value, …]`. The last value of a key counts.
    fn map(&self, entries: &[&Expr], span: Span) -> Result<Bound, Mistake> {
        if entries.is_empty() || !entries.len().is_multiple_of(2) {
            return Err(Mistake::new(
                span,
                format!("MAP[…] takes keys and values in turn, not {} of them", entries.len()),
            ));
        }
        let entries = self.all(entries.iter().copied())?;
        let turn = |from: usize| entries.iter().skip(from).step_by(2).collect::<Vec<&Bound>>();
        refuse_bare_null(&entries.iter().collect::<Vec<_>>())?;
        let (key, value) = (self.common("MAP", turn(0), span)?, self.common("MAP", turn(1), span)?);
        let types = [key.clone(), value.clone()];
        let entries = entries.into_iter().enumerate().map(|(at, entry)| self.to(entry, &types[at % 2]));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let data_type = DataType::Map(Box::new(key), Box::new(value));
        let returns = arrow_type(&data_type);
        let data_type = DataType::NotNull(Box::new(data_type));
        Ok(Kernel::call("MAP", entries, data_type, span, move |arguments, rows| {
            let turn = |from: usize| arguments.iter().skip(from).step_by(2).cloned().collect::<Vec<_>>();
            map_of(&woven(&turn(0), rows)?, &woven(&turn(1), rows)?, rows, &returns)
        }))
    }

    /// `ROW(a, b, …)` or `(a, b, …)`.
    pub(super) fn row<'e>(
        &self,
        fields: impl IntoIterator<Item = &'e Expr>,
        span: Span,
    ) -> Result<Bound, Mistake> {
        let values = self.all(fields)?;
        refuse_bare_null(&values.iter().collect::<Vec<_>>())?;
        if values.is_empty() {
            return Err(Mistake::new(span, "ROW(…) takes at least one field"));
        }
        let field = |(at, value): (usize, &Bound)| Field {
            name: format!("EXPR${at}"),
            data_type: value.data_type.clone(),
        };
        let data_type = DataType::Row(values.iter().enumerate().map(field).collect());
        let fields = match arrow_type(&data_type) {
            ArrowType::Struct(fields) => fields,
            _ => Fields::empty(),
        };
        let data_type = DataType::NotNull(Box::new(data_type));
        Ok(Kernel::call("ROW", values, data_type, span, move |arguments, _| {
            Ok(Arc::new(StructArray::try_new(fields.clone(), arguments.to_vec(), None)?))
        }))
    }

    /// `value[index]`, `value.field`, and more of them.
    pub(super) fn access(&self, root: &Expr, chain: &[AccessExpr]) -> Result<Bound, Mistake> {
        // `table.column[1]` comes as the name of a table with everything behind it.
        let (mut value, rest) = match (root, chain) {
            (Expr::Identifier(table), [AccessExpr::Dot(Expr::Identifier(column)), rest @ ..])
                if self.scope.has_table(&table.value) =>
            {
                (self.scope.column_of(table, column)?, rest)
            }
            _ => (self.bind(root)?, chain),
        };
        for access in rest {
            value = match access {
                AccessExpr::Dot(name) => Self::dotted(value, name)?,
                AccessExpr::Subscript(Subscript::Index { index }) => {
                    self.element(value, self.bind(index)?)?
                }
                AccessExpr::Subscript(slice) => {
                    return Err(Mistake::new(value.span, format!("[{slice}] is not supported"))
                        .advise("use ARRAY_SLICE(array, first, last)"));
                }
            };
        }
        Ok(value)
    }

    fn element(&self, value: Bound, index: Bound) -> Result<Bound, Mistake> {
        let span = value.span.union(&index.span);
        refuse_bare_null(&[&value, &index])?;
        match value.data_type.bare() {
            DataType::Array(_) => array_element(value, self.to(check_index(index)?, &DataType::Int)?, span),
            DataType::Map(key, _) => {
                let key = key.with_nullable(true);
                if is_text(&key) != is_text(&index.data_type) {
                    let found = index.data_type.bare();
                    return Err(Mistake::new(index.span, format!("the keys are {key}, not {found}")));
                }
                // A key of another length is not cut to the map's.
                let key = if is_text(&key) { DataType::STRING } else { key };
                let index = self.to(index, &key)?;
                map_element(value, index, span)
            }
            DataType::Row(_) if is_text(&index.data_type) => match index.constant_text() {
                Some(name) => names::field(value, &name, index.span),
                None => Err(Mistake::new(index.span, "the name of a row's field is a constant")),
            },
            DataType::Row(fields) => {
                let at = index.constant().and_then(|value| value.to_string().parse::<usize>().ok());
                let found = at.and_then(|at| fields.get(at.checked_sub(1)?)).map(|field| field.name.clone());
                let count = fields.len();
                match found {
                    Some(name) => names::field(value, &name, index.span),
                    None => Err(Mistake::new(index.span, format!("the fields of the row are 1 to {count}"))),
                }
            }
            other => {
                Err(Mistake::new(span, format!("[…] takes an element of an ARRAY or a MAP, not of {other}")))
            }
        }
    }
}

/// Elements are counted from 1.
fn check_index(index: Bound) -> Result<Bound, Mistake> {
    if !is_integer(&index.data_type) || matches!(index.data_type.bare(), DataType::BigInt) {
        let found = index.data_type.bare();
        return Err(Mistake::new(index.span, format!("the index of an ARRAY is an INT, not {found}")));
    }
    let constant = index.constant().and_then(|value| value.to_string().parse::<i64>().ok());
    match constant {
        Some(at) if at < 1 => Err(Mistake::new(
            index.span,
            format!("the elements of an ARRAY are counted from 1, not from {at}"),
        )),
        _ => Ok(index),
    }
}

/// Columns of as many rows as one: the first row's values, the second's, …
fn woven(columns: &[ArrayRef], rows: usize) -> Computed<ArrayRef> {
    let at: Vec<(usize, usize)> =
        (0..rows).flat_map(|row| (0..columns.len()).map(move |column| (column, row))).collect();
    let columns: Vec<&dyn Array> = columns.iter().map(AsRef::as_ref).collect();
    match columns.first() {
        Some(first) if at.is_empty() => Ok(new_empty_array(first.data_type())),
        _ => Ok(interleave(&columns, &at)?),
    }
}

fn map_of(keys: &ArrayRef, values: &ArrayRef, rows: usize, returns: &ArrowType) -> Computed<ArrayRef> {
    let width = keys.len().checked_div(rows).unwrap_or(0);
    let same = make_comparator(keys, keys, SortOptions::default())?;
    let mut kept = Vec::with_capacity(keys.len());
    let mut lengths = Vec::with_capacity(rows);
    for row in 0..rows {
        let entries = row * width..(row + 1) * width;
        let before = kept.len();
        for at in entries.clone() {
            let is_last = !(at + 1..entries.end).any(|later| same(at, later).is_eq());
            if is_last && keys.is_valid(at) {
                kept.push(at as u32);
            }
        }
        lengths.push(kept.len() - before);
    }
    let kept = UInt32Array::from(kept);
    let columns = vec![take(keys, &kept, None)?, take(values, &kept, None)?];
    let ArrowType::Map(field, is_sorted) = returns else { return Ok(keys.clone()) };
    let fields = match field.data_type() {
        ArrowType::Struct(fields) => fields.clone(),
        _ => Fields::empty(),
    };
    let entries = StructArray::try_new(fields, columns, None)?;
    let offsets = OffsetBuffer::from_lengths(lengths);
    Ok(Arc::new(MapArray::try_new(field.clone(), offsets, entries, None, *is_sorted)?))
}

fn array_element(value: Bound, index: Bound, span: Span) -> Result<Bound, Mistake> {
    let DataType::Array(element) = value.data_type.bare() else {
        return Err(Mistake::new(span, "[…] takes an element of an ARRAY"));
    };
    let data_type = element.bare().clone();
    Ok(Kernel::call("ELEMENT", vec![value, index], data_type, span, |arguments, rows| {
        let lists = arguments[0].as_list::<i32>();
        let indexes = arguments[1].as_primitive::<Int32Type>();
        let offsets = lists.value_offsets();
        let at = (0..rows).map(|row| {
            let index = (lists.is_valid(row) && indexes.is_valid(row)).then(|| indexes.value(row))?;
            let at = offsets[row].checked_add(index.checked_sub(1)?)?;
            (index >= 1 && at < offsets[row + 1]).then_some(at as u32)
        });
        Ok(take(lists.values(), &at.collect::<UInt32Array>(), None)?)
    }))
}

fn map_element(value: Bound, key: Bound, span: Span) -> Result<Bound, Mistake> {
    let DataType::Map(_, element) = value.data_type.bare() else {
        return Err(Mistake::new(span, "[…] takes a value of a MAP"));
    };
    let data_type = element.bare().clone();
    Ok(Kernel::call("VALUE OF", vec![value, key], data_type, span, |arguments, rows| {
        let (maps, wanted) = (arguments[0].as_map(), &arguments[1]);
        let same = make_comparator(maps.keys(), wanted, SortOptions::default())?;
        let offsets = maps.value_offsets();
        let nulls = NullBuffer::union(maps.nulls(), wanted.nulls());
        let at = (0..rows).map(|row| {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                return None;
            }
            let mut entries = offsets[row] as usize..offsets[row + 1] as usize;
            entries.find(|&entry| same(entry, row).is_eq()).map(|entry| entry as u32)
        });
        Ok(take(maps.values(), &at.collect::<UInt32Array>(), None)?)
    }))
}
