//! What an INSERT puts into a column: values of its type, or of one that becomes it without being asked.

use chrono_tz::Tz;
use narthex_sql::{DataType, Mistake, Span};

use crate::bound::Bound;
use crate::cast;

/// The value as one of the column's type. Numbers are widened, and rounded into a DECIMAL; a text or bytes are cut to
/// the column's length.
///
/// # Errors
/// When Flink asks for a CAST.
pub(crate) fn store(value: Bound, to: &DataType, zone: Tz, span: Span) -> Result<Bound, Mistake> {
    if !cast::is_implicit(&value.data_type, to) {
        let (from, to) = (value.data_type.bare(), to.bare());
        return Err(Mistake::new(
            span,
            format!("a value of type {from} does not go into a column of type {to}"),
        )
        .advise(format!("write CAST(… AS {to})")));
    }
    cast::cast(value, to, zone, span).map(Bound::folded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bind_over, environment};

    fn stored(from: &str, to: &str) -> Result<String, String> {
        let value = bind_over(&[("a", from)], "a").unwrap();
        let to = DataType::parse(to).unwrap();
        store(value, &to, environment().zone, Span::empty())
            .map(|bound| bound.data_type.to_string())
            .map_err(|mistake| mistake.message)
    }

    #[test]
    fn widening_is_done_and_narrowing_is_refused() {
        for (from, to) in [
            ("INT", "BIGINT"),
            ("INT", "DOUBLE"),
            ("INT", "DECIMAL(8, 2)"),
            ("DOUBLE", "DECIMAL(8, 2)"),
            ("BIGINT", "FLOAT"),
            ("DECIMAL(10, 3)", "DECIMAL(8, 2)"),
            ("STRING", "VARCHAR(3)"),
            ("CHAR(2)", "STRING"),
            ("TIMESTAMP(9)", "TIMESTAMP(3)"),
            ("TIMESTAMP(3)", "DATE"),
            ("TIMESTAMP(3)", "TIMESTAMP_LTZ(3)"),
            ("TIMESTAMP_LTZ(3)", "TIMESTAMP(3)"),
            ("CHAR(2)", "CHAR(5)"),
            ("ARRAY<INT>", "ARRAY<BIGINT>"),
            ("ROW<a INT, b CHAR(1)>", "ROW<c BIGINT, d STRING>"),
        ] {
            let to_shown = DataType::parse(to).unwrap().to_string();
            assert_eq!(stored(from, to), Ok(to_shown), "{from} into {to}");
        }
        for (from, to) in [
            ("BIGINT", "INT"),
            ("DOUBLE", "FLOAT"),
            ("DOUBLE", "BIGINT"),
            ("STRING", "INT"),
            ("INT", "STRING"),
            ("INT", "BOOLEAN"),
            ("STRING", "BYTES"),
            ("STRING", "CHAR(5)"),
            ("STRING", "TIMESTAMP(3)"),
            ("DATE", "TIMESTAMP(3)"),
            ("ARRAY<INT>", "INT"),
            ("ROW<a INT>", "ROW<a INT, b INT>"),
        ] {
            assert!(stored(from, to).is_err(), "{from} into {to}");
        }
    }
}
