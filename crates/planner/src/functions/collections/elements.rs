//! Functions that look into an array or map.

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType as ArrowType, Int32Type};
use narthex_sql::{DataType, Mistake};

use super::build::Pool;
use super::types::{array_and_element, element_type};
use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::{Array as AnyArray, Text};
use crate::functions::arguments::is_text;
use crate::functions::rows::{booleans, fail, nulls, numbers, text, texts};

/// A null element is found where there is a null.
pub(super) fn contains(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let (arguments, _) = array_and_element(arguments)?;
    let returns = DataType::Boolean.with_nullable(arguments.values[0].is_nullable());
    arguments.call(returns, |columns, rows| {
        let pool = Pool::new(&[&columns[0], &columns[1]], |at| at == 1)?;
        let keys = pool.keys()?;
        booleans(&columns[..1], rows, |row| {
            let sought = keys.row(pool.places(1, row).start as usize);
            Ok(Some(pool.places(0, row).any(|place| keys.row(place as usize) == sought)))
        })
    })
}

/// 0 where it is not.
pub(super) fn position(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let (arguments, _) = array_and_element(arguments)?;
    let returns = arguments.strict(&DataType::Int);
    arguments.call(returns, |columns, rows| {
        let pool = Pool::new(&[&columns[0], &columns[1]], |at| at == 1)?;
        let keys = pool.keys()?;
        numbers::<Int32Type>(columns, rows, |row| {
            let sought = keys.row(pool.places(1, row).start as usize);
            let found = pool.places(0, row).position(|place| keys.row(place as usize) == sought);
            Ok(Some(found.map_or(0, |at| at as i32 + 1)))
        })
    })
}

/// Nulls are left out, or written as the third argument.
pub(super) fn join(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[AnyArray, Text, Text], 2)?;
    if !element_type(&arguments.values[0]).is_some_and(is_text) {
        return Err(arguments.refuse());
    }
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        let pool = Pool::new(&[&columns[0]], |_| false)?;
        let (elements, separator, for_null) =
            (text(&pool.elements), text(&columns[1]), columns.get(2).map(text));
        texts(columns, rows, |row, out| {
            let mut is_first = true;
            for place in pool.places(0, row) {
                let place = place as usize;
                let part = if elements.is_valid(place) {
                    elements.value(place)
                } else if let Some(for_null) = for_null {
                    for_null.value(row)
                } else {
                    continue;
                };
                if !is_first {
                    out.push_str(separator.value(row));
                }
                out.push_str(part);
                is_first = false;
            }
            Ok(true)
        })
    })
}

pub(super) fn cardinality(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let is_collection =
        |value: &Bound| matches!(value.data_type.bare(), DataType::Array(_) | DataType::Map(..));
    if arguments.values.len() != 1 || !is_collection(&arguments.values[0]) {
        return Err(arguments.refuse());
    }
    let returns = arguments.strict(&DataType::Int);
    arguments.call(returns, |columns, rows| {
        let column: &ArrayRef = &columns[0];
        let is_map = matches!(column.data_type(), ArrowType::Map(..));
        numbers::<Int32Type>(columns, rows, |row| {
            Ok(Some(if is_map {
                column.as_map().value_length(row)
            } else {
                column.as_list::<i32>().value_length(row)
            }))
        })
    })
}

/// The only element; null of an empty array.
pub(super) fn element(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[AnyArray], 1)?;
    let Some(inside) = element_type(&arguments.values[0]).cloned() else { return Err(arguments.refuse()) };
    let returns = inside.with_nullable(inside.is_nullable() || arguments.any_nullable());
    arguments.call(returns, |columns, rows| {
        let pool = Pool::new(&[&columns[0]], |_| false)?;
        let nulls = nulls(columns);
        let mut places = Vec::with_capacity(rows);
        for row in 0..rows {
            let mut found = pool.places(0, row);
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                found = 0..0;
            }
            if found.len() > 1 {
                return fail(format!("ELEMENT: the array has {} elements, not one", found.len()));
            }
            places.push(found.next());
        }
        Ok(take(&pool.elements, &UInt32Array::from(places), None)?)
    })
}
