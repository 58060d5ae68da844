//! Types as they are written, and as Flink writes them.

use super::*;

fn told(text: &str) -> String {
    match DataType::parse(text) {
        Ok(data_type) => data_type.to_string(),
        Err(TypeMistake(message)) => message,
    }
}

#[test]
fn every_spelling_has_one_name() {
    for (written, shown) in [
        ("CHAR", "CHAR(1)"),
        ("varchar(3)", "VARCHAR(3)"),
        ("VARCHAR(2147483647)", "STRING"),
        ("BYTES", "BYTES"),
        ("VARBINARY(7)", "VARBINARY(7)"),
        ("DEC(5)", "DECIMAL(5, 0)"),
        ("NUMERIC(5, 2)", "DECIMAL(5, 2)"),
        ("DECIMAL", "DECIMAL(10, 0)"),
        ("INTEGER", "INT"),
        ("DOUBLE PRECISION", "DOUBLE"),
        ("TIME", "TIME(0)"),
        ("TIMESTAMP", "TIMESTAMP(6)"),
        ("TIMESTAMP(3) WITHOUT TIME ZONE", "TIMESTAMP(3)"),
        ("TIMESTAMP(3) WITH LOCAL TIME ZONE", "TIMESTAMP_LTZ(3)"),
        ("timestamp_ltz(9)", "TIMESTAMP_LTZ(9)"),
        ("INT NOT NULL", "INT NOT NULL"),
        ("INT NULL", "INT"),
        ("INT ARRAY NOT NULL", "ARRAY<INT> NOT NULL"),
        ("MULTISET<STRING>", "MULTISET<STRING>"),
        (
            "MAP<STRING, ARRAY<ROW<a INT, b ARRAY<MAP<INT,DOUBLE>>>>>",
            "MAP<STRING, ARRAY<ROW<`a` INT, `b` ARRAY<MAP<INT, DOUBLE>>>>>",
        ),
        ("ROW(x INT NOT NULL, `y z` STRING 'words')", "ROW<`x` INT NOT NULL, `y z` STRING>"),
    ] {
        assert_eq!(told(written), shown, "{written}");
        assert_eq!(told(shown), shown, "read back");
    }
}

#[test]
fn what_is_no_type_is_told() {
    for (written, message) in [
        ("TIMESTMP(3)", "there is no type TIMESTMP; did you mean TIMESTAMP?"),
        ("UUID", "there is no type UUID"),
        ("TIMESTAMP(3) WITH TIME ZONE", "Flink SQL has no TIMESTAMP WITH TIME ZONE; write TIMESTAMP_LTZ"),
        ("TIMESTAMP(10)", "a precision of 10 is not between 0 and 9"),
        ("DECIMAL(39)", "a precision of 39 is not between 1 and 38"),
        ("DECIMAL(3, 4)", "a scale of 4 is more than the precision, 3"),
        ("VARCHAR(0)", "a length of 0 is not between 1 and 2147483647"),
        ("VARCHAR(99999999999)", "a length of 99999999999 is not between 1 and 2147483647"),
        ("ARRAY", "expected <, found the end of the statement"),
        ("ARRAY<INT", "expected >, found the end of the statement"),
        ("ARRAY<INT>>", "there is a > too many"),
        ("INT INT", "expected the end of the type, found INT"),
        ("", "expected a type, found the end of the statement"),
    ] {
        assert_eq!(told(written), message, "{written}");
    }
    let deep = "ARRAY<".repeat(10_000);
    assert_eq!(told(&deep), "types are nested more than 50 deep");
}
