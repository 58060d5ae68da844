//! Expressions as they are read.

use sqlparser::ast::{SelectItem, SetExpr};

use crate::{StatementKind, parse};

/// An expression, read and written again; or the mistake in it, with its column within the expression.
fn read(expr: &str) -> String {
    let script = parse(&format!("SELECT {expr}"));
    if let Some(mistake) = script.mistakes.first() {
        return format!("{}: {}", mistake.span.start.column - 7, mistake.message);
    }
    let StatementKind::Query(query) = &script.statements[0].kind else { panic!("{script:?}") };
    let SetExpr::Select(select) = &*query.body else { panic!("{query}") };
    let SelectItem::UnnamedExpr(expr) = &select.projection[0] else { panic!("{select}") };
    expr.to_string()
}

#[test]
fn what_sqlparser_does_not_read_by_itself() {
    for (written, read_as) in [
        ("a BETWEEN ASYMMETRIC 1 AND 2 AND b", "a BETWEEN 1 AND 2 AND b"),
        ("a NOT BETWEEN ASYMMETRIC 1 AND 2", "a NOT BETWEEN 1 AND 2"),
        ("a + 1 BETWEEN SYMMETRIC b AND c + 1 OR d", "BETWEEN SYMMETRIC(a + 1, b, c + 1) OR d"),
        ("a NOT BETWEEN SYMMETRIC 1 AND 2", "NOT BETWEEN SYMMETRIC(a, 1, 2)"),
        ("a = ANY (1, 2) AND b", "= ANY(a, 1, 2) AND b"),
        ("a <= SOME (1)", "<= ANY(a, 1)"),
        ("a <> ALL (b, c)", "<> ALL(a, b, c)"),
        ("TRIM(LEADING FROM a)", "TRIM(LEADING a)"),
        ("TRIM(BOTH 'x' FROM a)", "TRIM(BOTH 'x' FROM a)"),
        ("TRIM('x' FROM a)", "TRIM('x' FROM a)"),
        ("TRIM(TRAILING a)", "TRIM(TRAILING a)"),
        ("TRIM(a)", "TRIM(a)"),
        ("POSITION('a' IN b)", "POSITION('a' IN b)"),
        ("POSITION('a' IN b FROM 2)", "LOCATE('a', b, 2)"),
        ("JSON_OBJECT()", "JSON_OBJECT()"),
        ("JSON_OBJECT(NULL ON NULL)", "JSON_OBJECT(NULL ON NULL)"),
        ("JSON_OBJECT('a' : 1, 'b':c ABSENT ON NULL)", "JSON_OBJECT('a' : 1, 'b' : c ABSENT ON NULL)"),
        ("JSON_OBJECT(KEY 'a' VALUE 1)", "JSON_OBJECT('a' VALUE 1)"),
        ("JSON_OBJECT(key VALUE 1)", "JSON_OBJECT(key VALUE 1)"),
        ("U&'\\00e4'", "U&'\\00E4'"),
        ("X'41'", "X'41'"),
        ("`a``b`", "`a``b`"),
    ] {
        assert_eq!(read(written), read_as, "{written}");
    }
}

#[test]
fn what_flink_does_not_read_either() {
    for (written, told) in [
        ("TRIM(FROM a)", "6: there is nothing before FROM; write TRIM(text) or TRIM('x' FROM text)"),
        (
            "TRIM(a, 'x')",
            "7: expected FROM or ); characters to trim stand before the text, as in TRIM('x' FROM text), found ,",
        ),
        ("POSITION('a', b)", "13: expected IN, as in POSITION(sought IN text), found ,"),
        ("JSON_OBJECT('a', 1)", "16: expected VALUE or :, as in JSON_OBJECT('key' VALUE value), found ,"),
        ("1 // 2", "3: a comment begins with --, not with //"),
    ] {
        assert_eq!(read(written), told, "{written}");
    }
}
