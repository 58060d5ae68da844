//! What aggregates take and give, held against a real Flink 2.2.1.

use super::*;
use crate::testing::bind_over;

const COLUMNS: [(&str, &str); 13] = [
    ("i", "INT"),
    ("n", "INT NOT NULL"),
    ("b", "BIGINT"),
    ("f", "FLOAT"),
    ("d", "DOUBLE"),
    ("g", "DECIMAL(6, 2)"),
    ("h", "DECIMAL(30, 10) NOT NULL"),
    ("s", "STRING"),
    ("v", "VARCHAR(3) NOT NULL"),
    ("x", "BOOLEAN"),
    ("r", "ROW<p INT>"),
    ("y", "BYTES"),
    ("a", "ARRAY<INT>"),
];

fn resolved(name: &str, arguments: &[&str], is_distinct: bool, keys: bool) -> Result<Resolved, Mistake> {
    let arguments = arguments.iter().map(|argument| bind_over(&COLUMNS, argument).unwrap()).collect();
    resolve(name, arguments, is_distinct, keys, Span::empty())
}

fn type_of(name: &str, arguments: &[&str]) -> String {
    match resolved(name, arguments, false, true) {
        Ok(resolved) => resolved.data_type.to_string(),
        Err(mistake) => format!("!{}", mistake.message),
    }
}

#[test]
fn results_have_flinks_types() {
    for (name, arguments, expected) in [
        ("COUNT", &[][..], "BIGINT NOT NULL"),
        ("COUNT", &["r"], "BIGINT NOT NULL"),
        ("COUNT", &["i", "s"], "!COUNT does not take (INT, STRING)"),
        ("APPROX_COUNT_DISTINCT", &["s"], "BIGINT NOT NULL"),
        ("SUM", &["i"], "INT"),
        ("SUM", &["n"], "INT NOT NULL"),
        ("SUM", &["f"], "FLOAT"),
        ("SUM", &["g"], "DECIMAL(38, 2)"),
        ("SUM", &["h"], "DECIMAL(38, 10) NOT NULL"),
        ("SUM", &["s"], "!SUM does not take (STRING)"),
        ("SUM", &["x"], "!SUM does not take (BOOLEAN)"),
        ("SUM", &["NULL"], "!NULL has no type here"),
        ("SUM", &[], "!SUM does not take ()"),
        ("AVG", &["n"], "INT NOT NULL"),
        ("AVG", &["g"], "DECIMAL(38, 6)"),
        ("AVG", &["h"], "DECIMAL(38, 10) NOT NULL"),
        ("STDDEV_POP", &["i"], "INT"),
        ("STDDEV", &["b"], "BIGINT"),
        ("VARIANCE", &["n"], "INT NOT NULL"),
        ("VAR_SAMP", &["g"], "DECIMAL(38, 6)"),
        ("VAR_POP", &["f"], "FLOAT"),
        ("STDDEV", &["s"], "!STDDEV does not take (STRING)"),
        ("MIN", &["v"], "VARCHAR(3) NOT NULL"),
        ("MAX", &["x"], "BOOLEAN"),
        ("MIN", &["y"], "!MIN does not take (BYTES)"),
        ("MIN", &["r"], "!MIN does not take (ROW<`p` INT>)"),
        ("FIRST_VALUE", &["r"], "ROW<`p` INT>"),
        ("LAST_VALUE", &["n"], "INT NOT NULL"),
        ("LISTAGG", &["s"], "STRING"),
        ("LISTAGG", &["v", "'+'"], "VARCHAR(3) NOT NULL"),
        ("LISTAGG", &["i"], "!LISTAGG does not take (INT)"),
        ("LISTAGG", &["s", "s"], "!the separator of LISTAGG is no constant text"),
        ("ARRAY_AGG", &["n"], "ARRAY<INT NOT NULL> NOT NULL"),
        ("ARRAY_AGG", &["i"], "ARRAY<INT>"),
        ("COLLECT", &["i"], "MULTISET<INT> NOT NULL"),
        ("PERCENTILE", &["n", "0.5"], "DOUBLE"),
        ("PERCENTILE", &["g", "1"], "DOUBLE"),
        ("PERCENTILE", &["i", "ARRAY[0, 1]"], "ARRAY<DOUBLE>"),
        ("PERCENTILE", &["i", "0.5", "n"], "DOUBLE"),
        ("PERCENTILE", &["i", "1.5"], "!the fraction of PERCENTILE is no constant from 0 to 1"),
        ("PERCENTILE", &["i", "d"], "!the fraction of PERCENTILE is no constant from 0 to 1"),
        ("PERCENTILE", &["s", "0.5"], "!PERCENTILE does not take (STRING, DECIMAL(2, 1))"),
    ] {
        assert_eq!(type_of(name, arguments), expected, "{name}({arguments:?})");
    }
}

#[test]
fn without_keys_a_result_may_be_null_unless_it_counts() {
    for (name, expected) in [
        ("SUM", "INT"),
        ("MIN", "INT"),
        ("ARRAY_AGG", "ARRAY<INT NOT NULL>"),
        ("COUNT", "BIGINT NOT NULL"),
        ("COLLECT", "MULTISET<INT NOT NULL> NOT NULL"),
    ] {
        let resolved = resolved(name, &["n"], false, false).unwrap();
        assert_eq!(resolved.data_type.to_string(), expected, "{name}");
    }
}

#[test]
fn constants_belong_to_the_function() {
    let list = resolved("LISTAGG", &["s", "' + '"], false, true).unwrap();
    assert_eq!(list.function, AggregateFunction::ListAgg { separator: " + ".to_owned() });
    assert_eq!(list.arguments.len(), 1);
    let percentile = resolved("PERCENTILE", &["i", "ARRAY[0.1, 0.95]", "n"], false, true).unwrap();
    let fractions = vec![0.1, 0.95];
    assert_eq!(percentile.function, AggregateFunction::Percentile { fractions, is_list: true });
    let types: Vec<String> =
        percentile.arguments.iter().map(|argument| argument.data_type.to_string()).collect();
    assert_eq!(types, ["DOUBLE", "BIGINT NOT NULL"]);
}

#[test]
fn distinct_is_of_values_that_flink_can_tell_apart() {
    assert!(resolved("COUNT", &["a"], true, true).is_ok());
    for (name, arguments) in
        [("COUNT", &["r"][..]), ("COUNT", &["y"]), ("COUNT", &[]), ("PERCENTILE", &["i", "0.5", "n"])]
    {
        assert!(resolved(name, arguments, true, true).is_err(), "{name}({arguments:?})");
    }
}

#[test]
fn names_are_sorted_and_known() {
    assert!(USAGES.is_sorted());
    assert!(is_aggregate("STDDEV") && is_aggregate("COUNT") && !is_aggregate("UPPER"));
}
