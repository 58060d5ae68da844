//! CASE and its short forms.

use super::*;

#[test]
fn branches_meet_in_one_type() {
    check_types(&[
        ("CASE WHEN b THEN 1 ELSE 2 END", "INT NOT NULL"),
        ("CASE WHEN b THEN 1 END", "INT"),
        ("CASE WHEN b THEN i ELSE l END", "BIGINT NOT NULL"),
        ("CASE WHEN b THEN 'a' ELSE 'bcd' END", "VARCHAR(3) NOT NULL"),
        ("CASE WHEN b THEN 'a' ELSE s END", "STRING NOT NULL"),
        ("CASE WHEN b THEN de ELSE de2 END", "DECIMAL(11, 3) NOT NULL"),
        ("CASE WHEN b THEN de ELSE d END", "DOUBLE NOT NULL"),
        ("CASE WHEN b THEN f ELSE l END", "FLOAT NOT NULL"),
        ("CASE WHEN b THEN f ELSE d END", "FLOAT NOT NULL"),
        ("CASE WHEN b THEN d ELSE f END", "DOUBLE NOT NULL"),
        ("COALESCE(CAST(NULL AS FLOAT), d)", "DOUBLE NOT NULL"),
        ("IFNULL('abc', s)", "CHAR(3) NOT NULL"),
        ("IFNULL(i, l)", "BIGINT NOT NULL"),
        ("CASE WHEN b THEN NULL ELSE 1 END", "INT"),
        ("CASE WHEN NULL THEN 1 END", "INT"),
        ("CASE i WHEN 1 THEN 'a' WHEN 2 THEN 'bb' END", "VARCHAR(2)"),
        ("CASE WHEN b THEN ar ELSE ARRAY[CAST(1 AS BIGINT)] END", "ARRAY<BIGINT NOT NULL> NOT NULL"),
        ("CASE WHEN b THEN dt ELSE ts END", "!the values of CASE have no type in common: DATE, TIMESTAMP(3)"),
        ("CASE WHEN b THEN i ELSE '1' END", "!no type in common"),
        ("CASE WHEN b THEN NULL ELSE NULL END", "!not all NULL"),
        ("CASE WHEN i THEN 1 END", "!WHEN takes a BOOLEAN, not INT"),
        ("CASE i WHEN '1' THEN 1 END", "!= does not take INT and CHAR(1)"),
        ("COALESCE(i, 0)", "INT NOT NULL"),
        ("COALESCE(r.x, l)", "BIGINT NOT NULL"),
        ("COALESCE(r.x, NULL)", "INT"),
        ("COALESCE(NULL, 1)", "INT NOT NULL"),
        ("COALESCE(v, 'xxxxx')", "VARCHAR(5) NOT NULL"),
        ("COALESCE(f, d)", "DOUBLE NOT NULL"),
        ("COALESCE(i, 'x')", "!no type in common"),
        ("NULLIF(i, 1)", "INT"),
        ("NULLIF(i, s)", "!= does not take"),
        ("IF(b, 1, 2)", "INT NOT NULL"),
        ("IF(b, i, l)", "BIGINT NOT NULL"),
        ("IF(r.x > 1, 1, 2)", "INT"),
        ("IF(b, 'a', 'bcd')", "VARCHAR(3) NOT NULL"),
        ("IF(b, 1, NULL)", "!NULL has no type here"),
        ("IFNULL(r.x, l)", "BIGINT NOT NULL"),
        ("GREATEST(i, 1.5)", "DECIMAL(11, 1) NOT NULL"),
        ("GREATEST(ts, lz)", "TIMESTAMP_LTZ(3) NOT NULL"),
        ("LEAST('a', 'bc')", "VARCHAR(2) NOT NULL"),
        ("GREATEST(i, s)", "!no type in common"),
        ("GREATEST(ar, ar)", "!GREATEST does not take ARRAY"),
        ("SUM(i)", "!SUM is an aggregate function"),
        ("ROW_NUMBER() OVER (ORDER BY i)", "!OVER"),
        ("EXISTS (SELECT 1)", "!queries inside of expressions"),
        ("i IN (SELECT 1)", "!queries inside of expressions"),
        ("(SELECT 1)", "!queries inside of expressions"),
    ]);
}

#[test]
fn the_first_branch_that_holds_is_taken() {
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), Some("y"), None]));
    let columns = [("s", "STRING", texts)];
    for (expr, expected) in [
        ("CASE s WHEN 'x' THEN 'one' WHEN 'y' THEN 'eleven' END || '|'", ["one|", "eleven|", "NULL"]),
        ("CASE WHEN s = 'x' THEN 'a' ELSE 'bcd' END || '|'", ["a|", "bcd|", "bcd|"]),
        ("COALESCE(s, 'none')", ["x", "y", "none"]),
        ("IFNULL(s, 'none')", ["x", "y", "none"]),
        ("NULLIF(s, 'x')", ["NULL", "y", "NULL"]),
        ("IF(s = 'x', 1, 2)", ["1", "2", "2"]),
        ("GREATEST(s, 'xa')", ["xa", "y", "NULL"]),
        ("CASE WHEN s IS NULL THEN 1 WHEN s = 'x' THEN 2.5 END", ["2.5", "NULL", "1.0"]),
    ] {
        assert_eq!(eval_over(&columns, expr).unwrap(), expected, "{expr}");
    }
}
