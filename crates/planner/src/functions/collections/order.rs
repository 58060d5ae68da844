//! `ARRAY_SORT`, `ARRAY_MAX` and `ARRAY_MIN`.

use arrow::array::{Array, AsArray, UInt32Array};
use arrow::compute::take;
use narthex_sql::{DataType, Mistake};

use super::build::{Pool, lists};
use super::types::element_type;
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Array as AnyArray, Boolean};
use crate::functions::rows::nulls;

/// The type of the elements, which must have an order.
fn ordered(arguments: &Arguments<'_>) -> Result<DataType, Mistake> {
    use DataType as T;
    let inside = arguments.values.first().and_then(element_type);
    match inside.map(DataType::bare) {
        Some(T::Boolean | T::Array(_) | T::Map(..) | T::Multiset(_) | T::Row(_)) | None => {
            Err(arguments.refuse())
        }
        Some(_) => Ok(inside.cloned().unwrap_or(T::Null)),
    }
}

/// Nulls are the smallest, unless the third argument says where they go.
pub(super) fn sort(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[AnyArray, Boolean, Boolean], 1)?;
    let inside = ordered(&arguments)?;
    let returns = arguments.strict(arguments.bare(0));
    arguments.call(returns, move |columns, rows| {
        let pool = Pool::new(&[&columns[0]], |_| false)?;
        let keys = pool.keys()?;
        let [ascending, nulls_first] = [1, 2].map(|at| columns.get(at).map(|column| column.as_boolean()));
        lists(&inside, &pool.elements, columns, rows, |row, chosen| {
            let ascending = ascending.is_none_or(|ascending| ascending.value(row));
            let nulls_first = nulls_first.map_or(ascending, |nulls_first| nulls_first.value(row));
            let is_null = |place: &u32| pool.elements.is_null(*place as usize);
            let (nulls, mut there): (Vec<u32>, Vec<u32>) = pool.places(0, row).partition(is_null);
            there.sort_by(|one, other| {
                let order = keys.row(*one as usize).cmp(&keys.row(*other as usize));
                if ascending { order } else { order.reverse() }
            });
            let (first, second) = if nulls_first { (nulls, there) } else { (there, nulls) };
            chosen.extend(first.into_iter().chain(second));
            Ok(())
        })
    })
}

pub(super) fn max(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    extreme(arguments, true)
}

pub(super) fn min(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    extreme(arguments, false)
}

/// Nulls do not count; without any other element it is null.
fn extreme(arguments: Arguments<'_>, is_max: bool) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[AnyArray], 1)?;
    let inside = ordered(&arguments)?;
    arguments.call(inside.bare().clone(), move |columns, rows| {
        let pool = Pool::new(&[&columns[0]], |_| false)?;
        let (keys, nulls) = (pool.keys()?, nulls(columns));
        let places: UInt32Array = (0..rows)
            .map(|row| {
                if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                    return None;
                }
                let there = pool.places(0, row).filter(|place| pool.elements.is_valid(*place as usize));
                let key = |place: &u32| keys.row(*place as usize);
                if is_max { there.max_by_key(key) } else { there.min_by_key(key) }
            })
            .collect();
        Ok(take(&pool.elements, &places, None)?)
    })
}
