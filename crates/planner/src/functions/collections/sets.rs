//! Functions that make one array of several.

use std::collections::HashSet;

use arrow::row::Row;
use narthex_sql::{DataType, Mistake};

use super::build::{Pool, lists};
use super::types::same_arrays;
use crate::bound::Bound;
use crate::functions::Arguments;

/// All elements, one array behind the other.
pub(super) fn concat(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    combine(arguments, |_, _, _| true)
}

/// The elements of both, each once.
pub(super) fn union(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    two(arguments, |_, _, is_new| is_new)
}

/// The elements of the first that the second does not have, each once.
pub(super) fn except(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    two(arguments, |input, is_in_second, is_new| input == 0 && !is_in_second && is_new)
}

/// The elements of the first that the second has, each once.
pub(super) fn intersect(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    two(arguments, |input, is_in_second, is_new| input == 0 && is_in_second && is_new)
}

/// Whether an element of an input is taken, that is or is not in the second, and was or was not there before.
type Takes = fn(usize, bool, bool) -> bool;

fn two(arguments: Arguments<'_>, takes: Takes) -> Result<Bound, Mistake> {
    if arguments.values.len() != 2 {
        return Err(arguments.refuse());
    }
    combine(arguments, takes)
}

fn combine(arguments: Arguments<'_>, takes: Takes) -> Result<Bound, Mistake> {
    let (arguments, inside) = same_arrays(arguments)?;
    let returns = arguments.strict(&DataType::Array(Box::new(inside.clone())));
    arguments.call(returns, move |columns, rows| {
        let pool = Pool::new(&columns.iter().collect::<Vec<_>>(), |_| false)?;
        let keys = pool.keys()?;
        lists(&inside, &pool.elements, columns, rows, |row, chosen| {
            let key = |place: u32| keys.row(place as usize);
            let second: HashSet<Row<'_>> = match columns.len() {
                2 => pool.places(1, row).map(key).collect(),
                _ => HashSet::new(),
            };
            let mut seen = HashSet::new();
            for input in 0..columns.len() {
                for place in pool.places(input, row) {
                    let key = key(place);
                    if takes(input, second.contains(&key), seen.insert(key)) {
                        chosen.push(place);
                    }
                }
            }
            Ok(())
        })
    })
}
