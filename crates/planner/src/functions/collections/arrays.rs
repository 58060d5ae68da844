//! Functions that make an array of another.

use std::collections::HashSet;

use arrow::array::ArrayRef;
use arrow::row::Rows;
use datafusion_common::Result as Computed;
use narthex_sql::{DataType, Mistake};

use super::build::{Pool, lists};
use super::types::{array_and_element, element_type, same_arrays};
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Array, Int};
use crate::functions::rows::ints;

/// Chooses the places of a row's elements; the range is where they are.
type Choose = fn(std::ops::Range<u32>, &Rows, &mut Vec<u32>);

pub(super) fn reverse(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    of_one(arguments, |places, _, chosen| chosen.extend(places.rev()))
}

/// The first of equal elements stays.
pub(super) fn distinct(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    of_one(arguments, |places, keys, chosen| {
        let mut seen = HashSet::new();
        chosen.extend(places.filter(|place| seen.insert(keys.row(*place as usize))));
    })
}

fn of_one(arguments: Arguments<'_>, choose: Choose) -> Result<Bound, Mistake> {
    if arguments.values.len() != 1 {
        return Err(arguments.refuse());
    }
    let (arguments, inside) = same_arrays(arguments)?;
    let returns = arguments.values[0].data_type.clone();
    arguments.call(returns, move |columns, rows| {
        let pool = Pool::new(&[&columns[0]], |_| false)?;
        let keys = pool.keys()?;
        lists(&inside, &pool.elements, columns, rows, |row, chosen| {
            choose(pool.places(0, row), &keys, chosen);
            Ok(())
        })
    })
}

/// A null element removes nulls.
pub(super) fn remove(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let (arguments, inside) = array_and_element(arguments)?;
    let returns = arguments.values[0].data_type.clone();
    arguments.call(returns, move |columns, rows| {
        let pool = Pool::new(&[&columns[0], &columns[1]], |at| at == 1)?;
        let keys = pool.keys()?;
        lists(&inside, &pool.elements, &columns[..1], rows, |row, chosen| {
            let removed = keys.row(pool.places(1, row).start as usize);
            chosen.extend(pool.places(0, row).filter(|place| keys.row(*place as usize) != removed));
            Ok(())
        })
    })
}

pub(super) fn append(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    add(arguments, |array, element, chosen| {
        chosen.extend(array);
        chosen.push(element);
    })
}

pub(super) fn prepend(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    add(arguments, |array, element, chosen| {
        chosen.push(element);
        chosen.extend(array);
    })
}

fn add(
    arguments: Arguments<'_>,
    add: fn(std::ops::Range<u32>, u32, &mut Vec<u32>),
) -> Result<Bound, Mistake> {
    let (arguments, inside) = array_and_element(arguments)?;
    let is_nullable = inside.is_nullable() || arguments.values[1].is_nullable();
    let inside = inside.with_nullable(is_nullable);
    // As in Flink, where it is never null for a null element.
    let returns = arguments.strict(&DataType::Array(Box::new(inside.clone())));
    arguments.call(returns, move |columns, rows| {
        let pool = Pool::new(&[&columns[0], &columns[1]], |at| at == 1)?;
        lists(&inside, &pool.elements, &columns[..1], rows, |row, chosen| {
            add(pool.places(0, row), pool.places(1, row).start, chosen);
            Ok(())
        })
    })
}

/// From a place to another, both included; negative ones count from the end, 0 is the first.
pub(super) fn slice(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Array, Int, Int], 2)?;
    let Some(inside) = element_type(&arguments.values[0]).cloned() else { return Err(arguments.refuse()) };
    let returns = arguments.strict(arguments.bare(0));
    arguments.call(returns, move |columns, rows| sliced(&inside, columns, rows))
}

fn sliced(inside: &DataType, columns: &[ArrayRef], rows: usize) -> Computed<ArrayRef> {
    let pool = Pool::new(&[&columns[0]], |_| false)?;
    let (starts, ends) = (ints(&columns[1]), columns.get(2).map(ints));
    lists(inside, &pool.elements, columns, rows, |row, chosen| {
        let places = pool.places(0, row);
        let count = places.len() as i64;
        let place = |given: i32| match i64::from(given) {
            // One before the first is taken for the first, as 0 is.
            given if given < 0 && given + count + 1 == 0 => 1,
            given if given < 0 => given + count + 1,
            0 => 1,
            given => given,
        };
        let from = place(starts.value(row)).max(1);
        let to = ends.map_or(count, |ends| place(ends.value(row))).min(count);
        if from <= to {
            chosen.extend(places.start + from as u32 - 1..places.start + to as u32);
        }
        Ok(())
    })
}
