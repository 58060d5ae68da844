//! Arithmetic.

use super::*;

#[test]
fn results_have_flinks_types() {
    check_types(&[
        ("ti + ti", "TINYINT NOT NULL"),
        ("ti + si", "SMALLINT NOT NULL"),
        ("ti * i", "INT NOT NULL"),
        ("i + l", "BIGINT NOT NULL"),
        ("f + i", "FLOAT NOT NULL"),
        ("f + d", "FLOAT NOT NULL"),
        ("d + f", "DOUBLE NOT NULL"),
        ("f + de", "DOUBLE NOT NULL"),
        ("d + de", "DOUBLE NOT NULL"),
        ("l + de", "DECIMAL(23, 3) NOT NULL"),
        ("i + de", "DECIMAL(14, 3) NOT NULL"),
        ("de + de2", "DECIMAL(12, 3) NOT NULL"),
        ("de / de2", "DECIMAL(23, 14) NOT NULL"),
        ("de * i", "DECIMAL(21, 3) NOT NULL"),
        ("de / i", "DECIMAL(21, 14) NOT NULL"),
        ("i / de", "DECIMAL(24, 11) NOT NULL"),
        ("de % i", "DECIMAL(10, 3) NOT NULL"),
        ("i % de", "DECIMAL(10, 3) NOT NULL"),
        ("de % 2.5", "DECIMAL(4, 3) NOT NULL"),
        ("l % i", "INT NOT NULL"),
        ("i % l", "BIGINT NOT NULL"),
        ("l / ti", "BIGINT NOT NULL"),
        ("- ti", "TINYINT NOT NULL"),
        ("- de", "DECIMAL(10, 3) NOT NULL"),
        ("r.x + 1", "INT"),
        ("d % 2", "!% does not take DOUBLE and INT"),
        ("i + NULL", "!NULL has no type here"),
        ("s + 1", "!+ does not take STRING and INT"),
        ("b * 2", "!* does not take BOOLEAN and INT"),
        ("- s", "!- does not take STRING"),
        ("i & 1", "!there is no operator &"),
        ("CAST('1' AS DECIMAL(38, 10)) * CAST('1' AS DECIMAL(38, 10))", "DECIMAL(38, 6) NOT NULL"),
        ("CAST('1' AS DECIMAL(38, 10)) + CAST('1' AS DECIMAL(38, 20))", "DECIMAL(38, 9) NOT NULL"),
        ("CAST('1' AS DECIMAL(20, 18)) * CAST('3' AS DECIMAL(20, 18))", "DECIMAL(38, 33) NOT NULL"),
        ("CAST('1' AS DECIMAL(38, 2)) % CAST('0.3' AS DECIMAL(38, 4))", "DECIMAL(38, 4) NOT NULL"),
    ]);
}

#[test]
fn whole_numbers_wrap_around_and_are_cut() {
    check(&[
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("-7 % 4", "-3"),
        ("2147483647 + 1", "-2147483648"),
        ("9223372036854775807 + 1", "-9223372036854775808"),
        ("-9223372036854775808 / -1", "-9223372036854775808"),
        ("(-2147483647 - 1) / -1", "-2147483648"),
        ("(-2147483647 - 1) % -1", "0"),
        ("-(-2147483648)", "-2147483648"),
        ("-(CAST(-128 AS TINYINT))", "-128"),
        ("CAST(127 AS TINYINT) + CAST(1 AS TINYINT)", "-128"),
        ("CAST(32767 AS SMALLINT) * CAST(2 AS SMALLINT)", "-2"),
        ("CAST(100 AS TINYINT) + 7", "107"),
        ("CAST(NULL AS INT) / 0", "NULL"),
        ("1 / 0", "!division by zero"),
        ("1 % 0", "!division by zero"),
        ("1.5 / 0", "!division by zero"),
        ("1.5 % 0", "!division by zero"),
        ("1 / 0e0", "inf"),
        ("0e0 / 0", "NaN"),
    ]);
}

#[test]
fn decimals_are_exact_and_null_where_they_do_not_fit() {
    check(&[
        ("7 / 2.5", "2.800000"),
        ("CAST('1.005' AS DECIMAL(10, 3)) * CAST('3' AS DECIMAL(10, 2))", "3.01500"),
        ("CAST('-2.675' AS DECIMAL(10, 3)) / CAST('0.07' AS DECIMAL(10, 2))", "-38.21428571428571"),
        ("CAST('12.346' AS DECIMAL(10, 3)) / CAST('7' AS DECIMAL(10, 2))", "1.76371428571429"),
        ("CAST('-2.675' AS DECIMAL(10, 3)) % CAST('0.07' AS DECIMAL(10, 2))", "-0.015"),
        ("CAST('1' AS DECIMAL(38, 18)) / CAST('7' AS DECIMAL(38, 18))", "0.142857"),
        (
            "CAST('123456789012345678.123456789' AS DECIMAL(38, 18)) * CAST('3.7' AS DECIMAL(38, 18))",
            "456790119345679009.056790",
        ),
        ("CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0)) + 1", "NULL"),
        ("-1.5 - 2", "-3.5"),
        ("1.5 + 1e0", "2.5"),
    ]);
}

#[test]
fn an_expression_tells_all_its_mistakes() {
    use crate::bind::Binder;
    use crate::testing::environment;
    let script = narthex_sql::parse(
        "SELECT (nope + 1) * CASE WHEN 'a' + 1 > 2 THEN CAST(DATE '2024-01-01' AS INT) END",
    );
    let narthex_sql::StatementKind::Query(query) = &script.statements[0].kind else { panic!("no query") };
    let narthex_sql::ast::SetExpr::Select(select) = &*query.body else { panic!("no select") };
    let narthex_sql::ast::SelectItem::UnnamedExpr(expr) = &select.projection[0] else {
        panic!("no expression")
    };
    let (scope, environment) = (crate::Scope::default(), environment());
    let mistakes = Binder { scope: &scope, environment: &environment }.bind_all(expr).unwrap_err();
    let told: Vec<String> = mistakes.into_iter().map(|mistake| mistake.message).collect();
    assert_eq!(
        told,
        [
            "there is no column nope",
            "+ does not take CHAR(1) and INT",
            "a value of type DATE cannot be cast to INT",
        ]
    );
}
