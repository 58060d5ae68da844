//! Comparisons and conditions.

use super::*;

#[test]
fn values_of_several_types_are_compared() {
    check(&[
        ("1 = 1e0", "true"),
        ("1 = 1.0", "true"),
        ("2 > 1.5", "true"),
        ("CAST(0.1 AS FLOAT) = 0.5", "false"),
        ("9007199254740993 = 9007199254740993.0", "true"),
        ("'a' = 'a '", "false"),
        ("CAST('a' AS CHAR(3)) = 'a'", "false"),
        ("'a' < 'b'", "true"),
        ("DATE '2024-02-29' = '2024-02-29'", "true"),
        ("CAST('2024-02-29' AS STRING) = DATE '2024-02-29'", "true"),
        ("TIME '01:02:03' = '01:02:03'", "true"),
        ("TIMESTAMP '2024-02-29 01:02:03.123' = '2024-02-29 01:02:03.123'", "true"),
        ("TIMESTAMP '2024-02-29 01:02:03.123' < '2025-02-29 01:02:03.123'", "true"),
        ("DATE '2024-02-29' = 'x'", "!'x' is no DATE"),
        (
            "TIMESTAMP '2024-01-01 00:00:00' = CAST(TIMESTAMP '2024-01-01 00:00:00' AS TIMESTAMP_LTZ(3))",
            "true",
        ),
        ("INTERVAL '1' DAY < INTERVAL '25' HOUR", "true"),
        ("INTERVAL '1' DAY = INTERVAL '24' HOUR", "true"),
        ("x'01' < x'02'", "true"),
        ("FALSE < TRUE", "true"),
        ("7 > '3'", "true"),
        ("2 BETWEEN SYMMETRIC 3 AND 1", "true"),
        ("2 NOT BETWEEN SYMMETRIC 3 AND 1", "false"),
        ("2 BETWEEN ASYMMETRIC 3 AND 1", "false"),
        ("CAST('NaN' AS DOUBLE) NOT BETWEEN 1 AND 2", "false"),
        ("1.5 < CAST('NaN' AS DOUBLE)", "true"),
        ("1.5 = CAST('NaN' AS DOUBLE)", "false"),
        ("1 < CAST('NaN' AS DOUBLE)", "false"),
        ("NOT (CAST('NaN' AS DOUBLE) < 1)", "false"),
        ("NOT (1 < 2 AND CAST('NaN' AS DOUBLE) > 1)", "false"),
        ("1 IN (1, 'a')", "!no type in common"),
        ("7 BETWEEN '1' AND '8'", "true"),
        ("7 IN ('7', '2')", "true"),
        ("'s' > 1", "!'s' is no number"),
        ("'7' = 7", "!= does not take CHAR(1) and INT"),
        ("7 <> '7'", "!<> does not take INT and CHAR(1)"),
        ("7 IS DISTINCT FROM '7'", "!= does not take"),
        ("TRUE = 'true'", "!= does not take BOOLEAN and CHAR(4)"),
        ("TRUE = 1", "!= does not take BOOLEAN and INT"),
        ("DATE '2024-01-01' < TIMESTAMP '2024-01-01 00:00:00'", "!< does not take DATE and TIMESTAMP(0)"),
        ("INTERVAL '1' MONTH = INTERVAL '30' DAY", "!= does not take"),
        ("x'01' = 'a'", "!= does not take"),
        ("NULL = 1", "NULL"),
        ("NULL IS NULL", "true"),
    ]);
}

#[test]
fn nan_equals_itself_and_is_in_no_order() {
    let floats: ArrayRef = Arc::new(Float64Array::from(vec![Some(f64::NAN), Some(-0.0), Some(1.0), None]));
    let columns = [("d", "DOUBLE", floats)];
    for (expr, expected) in [
        ("d = d", ["true", "true", "true", "NULL"]),
        ("d <> d", ["false", "false", "false", "NULL"]),
        ("d >= d", ["true", "true", "true", "NULL"]),
        ("d > 0e0", ["false", "false", "true", "NULL"]),
        ("d < 5", ["false", "true", "true", "NULL"]),
        ("d = 0e0", ["false", "true", "false", "NULL"]),
        ("d IN (0e0, 1e0)", ["false", "false", "true", "NULL"]),
        ("GREATEST(d, 0.5e0)", ["NaN", "0.5", "1.0", "NULL"]),
        ("LEAST(d, 0.5e0)", ["0.5", "-0.0", "0.5", "NULL"]),
    ] {
        assert_eq!(eval_over(&columns, expr).unwrap(), expected, "{expr}");
    }
}

#[test]
fn nested_values_are_equal_by_their_parts() {
    check(&[
        ("ARRAY[1, 2] = ARRAY[1, 2]", "true"),
        ("ARRAY[1, NULL] = ARRAY[1, NULL]", "true"),
        ("ARRAY[1] = ARRAY[1, 2]", "false"),
        ("ARRAY[1] <> ARRAY[2]", "true"),
        ("MAP['a', 1, 'z', 2] = MAP['z', 2, 'a', 1]", "true"),
        ("MAP['a', 1] = MAP['a', 2]", "false"),
        ("ROW(1, 2) = ROW(1, 2)", "true"),
        ("ROW(1, 2) <> ROW(1, 3)", "true"),
        ("ROW(1, CAST(NULL AS INT)) = ROW(1, 2)", "NULL"),
        ("ROW(1, CAST(NULL AS INT)) = ROW(2, 2)", "false"),
        ("(1, 2) IN ((1, 2), (3, 4))", "true"),
        ("ARRAY[1] < ARRAY[2]", "!< does not take"),
    ]);
}

#[test]
fn conditions_have_three_values() {
    let three = || -> ArrayRef { Arc::new(BooleanArray::from(vec![Some(true), Some(false), None])) };
    let columns = [("a", "BOOLEAN", three())];
    for (expr, expected) in [
        ("a AND TRUE", ["true", "false", "NULL"]),
        ("a AND FALSE", ["false", "false", "false"]),
        ("a AND UNKNOWN", ["NULL", "false", "NULL"]),
        ("a OR TRUE", ["true", "true", "true"]),
        ("a OR UNKNOWN", ["true", "NULL", "NULL"]),
        ("UNKNOWN OR a", ["true", "NULL", "NULL"]),
        ("NOT a", ["false", "true", "NULL"]),
        ("a IS TRUE", ["true", "false", "false"]),
        ("a IS NOT TRUE", ["false", "true", "true"]),
        ("a IS FALSE", ["false", "true", "false"]),
        ("a IS NOT FALSE", ["true", "false", "true"]),
        ("a IS UNKNOWN", ["false", "false", "true"]),
        ("a IS NOT UNKNOWN", ["true", "true", "false"]),
        ("a IS NULL", ["false", "false", "true"]),
        ("a IS NOT NULL", ["true", "true", "false"]),
        ("a IS DISTINCT FROM TRUE", ["false", "true", "true"]),
        ("a IS NOT DISTINCT FROM NULL", ["false", "false", "true"]),
    ] {
        assert_eq!(eval_over(&columns, expr).unwrap(), expected, "{expr}");
    }
    check_types(&[
        ("i AND b", "!AND takes a BOOLEAN, not INT"),
        ("NOT i", "!NOT takes a BOOLEAN, not INT"),
        ("i IS TRUE", "!IS TRUE takes a BOOLEAN, not INT"),
        ("NULL AND b", "!NULL has no type here"),
        ("b OR r.x > 1", "BOOLEAN"),
        ("r.x IS NULL", "BOOLEAN NOT NULL"),
    ]);
}

#[test]
fn the_right_side_is_not_evaluated_where_the_left_decides() {
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(0), Some(5), Some(20), None]));
    let columns = [("i", "INT", numbers)];
    for (expr, expected) in [
        ("i <> 0 AND 10 / i > 1", ["false", "true", "false", "NULL"]),
        ("i = 0 OR 10 / i > 1", ["true", "true", "false", "NULL"]),
        ("CASE WHEN i = 0 THEN -1 ELSE 10 / i END", ["-1", "2", "0", "NULL"]),
        ("IF(i = 0, 0, 10 / i)", ["0", "2", "0", "NULL"]),
        ("COALESCE(i, 1 / 0)", ["0", "5", "20", "!"]),
    ] {
        let found = eval_over(&columns, expr);
        if expected[3] == "!" {
            assert!(found.unwrap_err().contains("division by zero"), "{expr}");
        } else {
            assert_eq!(found.unwrap(), expected, "{expr}");
        }
    }
    assert!(eval_over(&columns, "10 / i > 1 AND i <> 0").unwrap_err().contains("division by zero"));
}

#[test]
fn lists_and_ranges_know_nulls() {
    check(&[
        ("7 IN (1, NULL)", "NULL"),
        ("7 IN (7, NULL)", "true"),
        ("7 NOT IN (1, NULL)", "NULL"),
        ("7 NOT IN (7, NULL)", "false"),
        ("7 IN (1, 2.5, 7)", "true"),
        ("NULL IN (1, 2)", "NULL"),
        ("'c' IN ('a', 'b', 'c', 'd')", "true"),
        ("'x' IN ('a', 'b', 'c', 'd')", "false"),
        ("'x' IN ('a', 'b', 'c', CAST(NULL AS STRING))", "NULL"),
        ("'x' NOT IN ('a', 'b', 'c', 'd')", "true"),
        ("DATE '2024-02-29' IN ('2024-02-29', '2024-03-01')", "true"),
        ("7 BETWEEN 1 AND 8", "true"),
        ("7 BETWEEN 8 AND 1", "false"),
        ("7 NOT BETWEEN 8 AND 1", "true"),
        ("7 BETWEEN 1 AND 7.0", "true"),
    ]);
}
