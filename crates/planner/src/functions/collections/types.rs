//! Which element types go together.

use narthex_sql::{DataType, Mistake};

use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::{is_integer, is_number, is_text, widen};

/// The type of an array's elements; none of what is no array.
pub(super) fn element_type(value: &Bound) -> Option<&DataType> {
    match value.data_type.bare() {
        DataType::Array(inside) => Some(inside),
        _ => None,
    }
}

fn rank(data_type: &DataType) -> Option<u8> {
    Some(match data_type {
        DataType::TinyInt => 3,
        DataType::SmallInt => 5,
        DataType::Int => 10,
        DataType::BigInt => 19,
        _ => return None,
    })
}

/// The type that holds the values of both.
pub(super) fn common(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType as T;
    let is_nullable = one.is_nullable() || other.is_nullable();
    let (one, other) = (one.bare(), other.bare());
    let common = match (one, other) {
        _ if one == other => one.clone(),
        (T::Null, known) | (known, T::Null) => return Some(known.clone()),
        (T::Char(a), T::Char(b) | T::Varchar(b)) | (T::Varchar(a), T::Char(b) | T::Varchar(b)) => {
            T::Varchar(*a.max(b))
        }
        (T::Binary(a), T::Binary(b) | T::Varbinary(b))
        | (T::Varbinary(a), T::Binary(b) | T::Varbinary(b)) => T::Varbinary(*a.max(b)),
        _ if is_integer(one) && is_integer(other) => {
            if rank(one) >= rank(other) {
                one.clone()
            } else {
                other.clone()
            }
        }
        (T::Double | T::Float, _) | (_, T::Double | T::Float) if is_number(one) && is_number(other) => {
            // FLOAT holds no decimals exactly; with an integer it stays.
            let both_small = |a: &T, b: &T| *a == T::Float && is_integer(b);
            if both_small(one, other) || both_small(other, one) { T::Float } else { T::Double }
        }
        _ => {
            let ((p, s), (q, t)) = (exact(one)?, exact(other)?);
            let (whole, scale) = ((p - s).max(q - t), s.max(t));
            T::Decimal((whole + scale).min(38), scale)
        }
    };
    Some(common.with_nullable(is_nullable))
}

fn exact(data_type: &DataType) -> Option<(u8, u8)> {
    match data_type {
        DataType::Decimal(precision, scale) => Some((*precision, *scale)),
        other => rank(other).map(|precision| (precision, 0)),
    }
}

/// Whether a value becomes one of a type without being asked to.
pub(super) fn fits(from: &DataType, to: &DataType) -> bool {
    let (from, to) = (from.bare(), to.bare());
    *from == DataType::Null
        || (is_text(from) && is_text(to))
        || common(from, to).is_some_and(|common| common.bare() == to)
}

/// An array and an element, the element as the array's.
pub(super) fn array_and_element<'a>(
    mut arguments: Arguments<'a>,
) -> Result<(Arguments<'a>, DataType), Mistake> {
    let fitting = match &arguments.values[..] {
        [array, element] => element_type(array).filter(|inside| fits(&element.data_type, inside)),
        _ => None,
    };
    let Some(inside) = fitting.cloned() else { return Err(arguments.refuse()) };
    let element = arguments.values.remove(1);
    arguments.values.push(match element.data_type.bare() {
        DataType::Null => Bound::null(inside.bare(), element.span),
        from if is_text(from) => element,
        _ => widen(element, inside.bare()),
    });
    comparable(&arguments, &inside)?;
    Ok((arguments, inside))
}

/// Arrays alone, all with the type that holds the elements of all.
pub(super) fn same_arrays<'a>(mut arguments: Arguments<'a>) -> Result<(Arguments<'a>, DataType), Mistake> {
    let types: Option<Vec<DataType>> =
        arguments.values.iter().map(|value| element_type(value).cloned()).collect();
    let common = types.and_then(|types| {
        let (first, others) = types.split_first()?;
        others.iter().try_fold(first.clone(), |held, other| common(&held, other))
    });
    let Some(inside) = common else { return Err(arguments.refuse()) };
    comparable(&arguments, &inside)?;
    let array = DataType::Array(Box::new(inside.clone()));
    arguments.values = arguments.values.into_iter().map(|value| as_type(value, &array)).collect();
    Ok((arguments, inside))
}

/// A value as a type; where Arrow sees no difference, as it is.
pub(super) fn as_type(value: Bound, to: &DataType) -> Bound {
    if crate::arrow_types::arrow_type(&value.data_type) == crate::arrow_types::arrow_type(to) {
        return value;
    }
    widen(value, to)
}

/// Elements are compared with each other, which maps cannot be.
fn comparable(arguments: &Arguments<'_>, inside: &DataType) -> Result<(), Mistake> {
    fn is_map(data_type: &DataType) -> bool {
        match data_type.bare() {
            DataType::Map(..) | DataType::Multiset(_) => true,
            DataType::Array(inside) => is_map(inside),
            DataType::Row(fields) => fields.iter().any(|field| is_map(&field.data_type)),
            _ => false,
        }
    }
    if !is_map(inside) {
        return Ok(());
    }
    let message = format!("{} does not compare maps", arguments.function.name);
    Err(Mistake::new(arguments.span, message))
}
