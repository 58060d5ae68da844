//! The one type that holds the values of several: of branches, of elements, of the inputs of a UNION.

use narthex_sql::{DataType, Field};

/// The type that all of these become, if there is one. It may be null where one of them may be.
///
/// Nothing is lost but digits of a second that a float cannot hold; texts and numbers have no type in common.
pub(crate) fn common_type(types: &[DataType]) -> Option<DataType> {
    of_all(types, Floats::Double)
}

/// As [`common_type`], where SQL's own forms ask: CASE, IF, ARRAY, MAP, VALUES, UNION. Of FLOAT and DOUBLE the first
/// one stays.
pub(crate) fn least_restrictive(types: &[DataType]) -> Option<DataType> {
    of_all(types, Floats::First)
}

/// What FLOAT and DOUBLE become.
#[derive(Clone, Copy)]
enum Floats {
    Double,
    First,
}

fn of_all(types: &[DataType], floats: Floats) -> Option<DataType> {
    let is_nullable = types.iter().any(|data_type| data_type.is_nullable());
    let mut known = types.iter().map(DataType::bare).filter(|bare| !matches!(bare, DataType::Null));
    let first = known.next()?.clone();
    let common = known.try_fold(first, |common, next| of_two(&common, next, floats))?;
    Some(common.with_nullable(is_nullable))
}

/// Without `NOT NULL`, which is the caller's.
fn of_two(left: &DataType, right: &DataType, floats: Floats) -> Option<DataType> {
    use DataType::{
        Array, Binary, Char, Map, Multiset, Row, Time, Timestamp, TimestampLtz, Varbinary, Varchar,
    };
    if left == right {
        return Some(left.clone());
    }
    if matches!(floats, Floats::First) && is_float(left) && is_float(right) {
        return Some(left.clone());
    }
    if is_number(left) && is_number(right) {
        return Some(of_numbers(left, right));
    }
    Some(match (left, right) {
        (Char(left) | Varchar(left), Char(right) | Varchar(right)) => Varchar(*left.max(right)),
        (Binary(left) | Varbinary(left), Binary(right) | Varbinary(right)) => Varbinary(*left.max(right)),
        (Time(left), Time(right)) => Time(*left.max(right)),
        (Timestamp(left), Timestamp(right) | TimestampLtz(right)) => Timestamp(*left.max(right)),
        (TimestampLtz(left), Timestamp(right) | TimestampLtz(right)) => TimestampLtz(*left.max(right)),
        (Array(left), Array(right)) => Array(Box::new(inside(left, right, floats)?)),
        (Multiset(left), Multiset(right)) => Multiset(Box::new(inside(left, right, floats)?)),
        (Map(left_key, left), Map(right_key, right)) => {
            Map(Box::new(inside(left_key, right_key, floats)?), Box::new(inside(left, right, floats)?))
        }
        (Row(left), Row(right)) if left.len() == right.len() => Row(fields(left, right, floats)?),
        _ => return None,
    })
}

fn inside(left: &DataType, right: &DataType, floats: Floats) -> Option<DataType> {
    of_all(&[left.clone(), right.clone()], floats)
}

/// The names are the first row's.
fn fields(left: &[Field], right: &[Field], floats: Floats) -> Option<Vec<Field>> {
    let field = |(left, right): (&Field, &Field)| {
        Some(Field { name: left.name.clone(), data_type: inside(&left.data_type, &right.data_type, floats)? })
    };
    left.iter().zip(right).map(field).collect()
}

/// Whether values of the type can be calculated with.
pub(crate) fn is_number(data_type: &DataType) -> bool {
    is_float(data_type) || as_decimal(data_type).is_some()
}

/// FLOAT and DOUBLE.
pub(crate) fn is_float(data_type: &DataType) -> bool {
    matches!(data_type.bare(), DataType::Float | DataType::Double)
}

/// Whole numbers.
pub(crate) fn is_integer(data_type: &DataType) -> bool {
    use DataType::{BigInt, Int, SmallInt, TinyInt};
    matches!(data_type.bare(), TinyInt | SmallInt | Int | BigInt)
}

/// CHAR and VARCHAR.
pub(crate) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type.bare(), DataType::Char(_) | DataType::Varchar(_))
}

/// The digits of an exact number, in all and behind the point.
pub(crate) fn as_decimal(data_type: &DataType) -> Option<(u8, u8)> {
    match data_type.bare() {
        DataType::TinyInt => Some((3, 0)),
        DataType::SmallInt => Some((5, 0)),
        DataType::Int => Some((10, 0)),
        DataType::BigInt => Some((19, 0)),
        DataType::Decimal(precision, scale) => Some((*precision, *scale)),
        _ => None,
    }
}

fn of_numbers(left: &DataType, right: &DataType) -> DataType {
    match (as_decimal(left), as_decimal(right)) {
        (Some((left_digits, left_scale)), Some((right_digits, right_scale))) => {
            if is_integer(left) && is_integer(right) {
                return if left_digits >= right_digits { left.clone() } else { right.clone() };
            }
            let whole = (left_digits - left_scale).max(right_digits - right_scale);
            let scale = left_scale.max(right_scale).min(38 - whole);
            DataType::Decimal(whole + scale, scale)
        }
        (None, None) => DataType::Double,
        (Some(_), None) if is_integer(left) => right.clone(),
        (None, Some(_)) if is_integer(right) => left.clone(),
        _ => DataType::Double,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_meet_where_flink_lets_them() {
        for (types, expected) in [
            (vec!["INT NOT NULL", "BIGINT NOT NULL"], "BIGINT NOT NULL"),
            (vec!["INT", "BIGINT NOT NULL"], "BIGINT"),
            (vec!["DECIMAL(10, 3)", "DECIMAL(10, 2)"], "DECIMAL(11, 3)"),
            (vec!["DECIMAL(10, 3)", "INT"], "DECIMAL(13, 3)"),
            (vec!["DECIMAL(38, 0)", "DECIMAL(38, 20)"], "DECIMAL(38, 0)"),
            (vec!["FLOAT", "BIGINT"], "FLOAT"),
            (vec!["FLOAT", "DECIMAL(3, 1)"], "DOUBLE"),
            (vec!["FLOAT", "DOUBLE"], "DOUBLE"),
            (vec!["CHAR(1) NOT NULL", "CHAR(3) NOT NULL"], "VARCHAR(3) NOT NULL"),
            (vec!["CHAR(2)", "STRING"], "STRING"),
            (vec!["TIMESTAMP(3)", "TIMESTAMP(6)"], "TIMESTAMP(6)"),
            (vec!["ARRAY<INT NOT NULL>", "ARRAY<BIGINT>"], "ARRAY<BIGINT>"),
            (vec!["ROW<a INT, b CHAR(1)>", "ROW<c BIGINT, d CHAR(2)>"], "ROW<`a` BIGINT, `b` VARCHAR(2)>"),
            (vec!["INT", "STRING"], "none"),
            (vec!["DATE", "TIMESTAMP(3)"], "none"),
            (vec!["BOOLEAN", "INT"], "none"),
        ] {
            let parsed: Vec<DataType> = types.iter().map(|text| DataType::parse(text).unwrap()).collect();
            let common = common_type(&parsed).map_or("none".to_owned(), |common| common.to_string());
            assert_eq!(common, expected, "{types:?}");
        }
        assert_eq!(common_type(&[DataType::Null]), None);
        assert_eq!(common_type(&[DataType::Null, DataType::Int]), Some(DataType::Int));
    }

    #[test]
    fn of_floats_the_first_stays_where_a_form_of_sql_asks() {
        for (types, expected) in [
            (vec!["FLOAT", "DOUBLE"], "FLOAT"),
            (vec!["DOUBLE", "FLOAT"], "DOUBLE"),
            (vec!["INT", "FLOAT", "DOUBLE"], "FLOAT"),
            (vec!["FLOAT", "DECIMAL(3, 1)"], "DOUBLE"),
            (vec!["ARRAY<FLOAT>", "ARRAY<DOUBLE>"], "ARRAY<FLOAT>"),
        ] {
            let parsed: Vec<DataType> = types.iter().map(|text| DataType::parse(text).unwrap()).collect();
            let common = least_restrictive(&parsed).map_or("none".to_owned(), |common| common.to_string());
            assert_eq!(common, expected, "{types:?}");
        }
    }
}
