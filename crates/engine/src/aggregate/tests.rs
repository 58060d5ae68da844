//! Aggregates of small tables of values, held against what a real Flink 2.2.1 gave.

mod merging;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, Int8Array,
    Int32Array, Int64Array, StringArray, StructArray,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion_expr::{EmitTo, GroupsAccumulator};
use narthex_planner::{AggregateCall, AggregateFunction as F, arrow_type};
use narthex_sql::DataType;

use super::accumulator;

pub(super) fn call(function: F, argument: &str, returns: &str, is_distinct: bool) -> AggregateCall {
    AggregateCall {
        function,
        arguments: vec![0],
        argument_types: vec![DataType::parse(argument).unwrap()],
        is_distinct,
        filter: None,
        data_type: DataType::parse(returns).unwrap(),
    }
}

/// The results as Arrow shows them, of the call's type.
pub(super) fn shown(array: &ArrayRef, call: &AggregateCall) -> Vec<String> {
    assert_eq!(array.data_type(), &arrow_type(&call.data_type), "{call:?}");
    let options = FormatOptions::default().with_null("NULL");
    let formatter = ArrayFormatter::try_new(array, &options).unwrap();
    (0..array.len()).map(|row| formatter.value(row).to_string()).collect()
}

/// The result of one group, the second of three: what its neighbours have must not matter.
fn of_group(call: &AggregateCall, values: &ArrayRef, filter: Option<&BooleanArray>) -> String {
    let mut accumulator = accumulator(call).unwrap();
    let others = vec![0; values.len()];
    accumulator.update_batch(std::slice::from_ref(values), &others, None, 1).unwrap();
    let groups = vec![1; values.len()];
    accumulator.update_batch(std::slice::from_ref(values), &groups, filter, 3).unwrap();
    assert!(accumulator.size() > 0 || values.null_count() == values.len(), "{call:?}");
    let all = shown(&accumulator.evaluate(EmitTo::All).unwrap(), call);
    assert_eq!(all.len(), 3);
    all[1].clone()
}

fn check(function: F, argument: &str, returns: &str, values: ArrayRef, expected: &str) {
    let plain = call(function.clone(), argument, returns, false);
    assert_eq!(of_group(&plain, &values, None), expected, "{function:?} of {values:?}");
}

fn check_distinct(function: F, argument: &str, returns: &str, values: ArrayRef, expected: &str) {
    let distinct = call(function.clone(), argument, returns, true);
    assert_eq!(of_group(&distinct, &values, None), expected, "DISTINCT {function:?} of {values:?}");
}

fn ints(values: &[Option<i32>]) -> ArrayRef {
    Arc::new(Int32Array::from(values.to_vec()))
}

fn doubles(values: &[Option<f64>]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn decimals(values: &[Option<i128>], precision: u8, scale: i8) -> ArrayRef {
    let array = Decimal128Array::from(values.to_vec());
    Arc::new(array.with_precision_and_scale(precision, scale).unwrap())
}

const ABOUT: [Option<i32>; 4] = [Some(5), Some(-2), None, Some(-2)];

#[test]
fn integers_wrap_and_truncate() {
    check(F::Sum, "TINYINT", "TINYINT", Arc::new(Int8Array::from(vec![100, 100])), "-56");
    check(F::Avg, "TINYINT", "TINYINT", Arc::new(Int8Array::from(vec![100, 100])), "100");
    check(F::Sum, "INT", "INT", ints(&[Some(1 << 30), Some(1 << 30)]), "-2147483648");
    check(F::Avg, "INT", "INT", ints(&[Some(1 << 30), Some(1 << 30)]), "1073741824");
    let large: ArrayRef = Arc::new(Int64Array::from(vec![1_i64 << 62, 1 << 62]));
    check(F::Avg, "BIGINT", "BIGINT", large, "-4611686018427387904");
    check(F::Avg, "INT", "INT", ints(&[Some(-7), Some(0)]), "-3");
    check(F::Sum, "INT", "INT", ints(&ABOUT), "1");
    check(F::Avg, "INT", "INT", ints(&[None, None]), "NULL");
    check(F::Sum, "INT", "INT", ints(&[]), "NULL");
    check(F::Count, "INT", "BIGINT", ints(&ABOUT), "3");
    check(F::Min, "INT", "INT", ints(&ABOUT), "-2");
    check(F::Max, "INT", "INT", ints(&ABOUT), "5");
}

#[test]
fn decimals_are_exact_and_null_where_they_do_not_fit() {
    let values = || decimals(&[Some(125), Some(999), None, Some(-333)], 6, 2);
    check(F::Sum, "DECIMAL(6, 2)", "DECIMAL(38, 2)", values(), "7.91");
    check(F::Avg, "DECIMAL(6, 2)", "DECIMAL(38, 6)", values(), "2.636667");
    check(F::Max, "DECIMAL(6, 2)", "DECIMAL(6, 2)", values(), "9.99");
    let largest = || decimals(&[Some(10_i128.pow(38) - 1), Some(1), Some(-5)], 38, 0);
    check(F::Sum, "DECIMAL(38, 0)", "DECIMAL(38, 0)", largest(), "NULL");
    check(F::Avg, "DECIMAL(38, 0)", "DECIMAL(38, 6)", largest(), "NULL");
}

#[test]
fn floats_keep_the_first_nan_and_the_first_zero() {
    let nan = f64::NAN;
    for (values, min, max) in [
        ([1.5, nan, 2.5], "1.5", "2.5"),
        ([nan, 1.5, 0.5], "NaN", "NaN"),
        ([-0.0, 0.0, 0.0], "-0.0", "-0.0"),
        ([0.0, -0.0, 0.0], "0.0", "0.0"),
    ] {
        let values = doubles(&values.map(Some));
        check(F::Min, "DOUBLE", "DOUBLE", values.clone(), min);
        check(F::Max, "DOUBLE", "DOUBLE", values, max);
    }
    check(F::Sum, "DOUBLE", "DOUBLE", doubles(&[Some(-0.0)]), "-0.0");
    check(F::Avg, "DOUBLE", "DOUBLE", doubles(&[Some(1.5), None, Some(2.25)]), "1.875");
    check(F::Sum, "FLOAT", "FLOAT", Arc::new(Float32Array::from(vec![0.5, 1.5])), "2.0");
    check(F::Avg, "FLOAT", "FLOAT", Arc::new(Float32Array::from(vec![0.5, 1.5])), "1.0");
}

#[test]
fn texts_and_booleans_have_an_order() {
    let values = || texts(&[Some("ä"), Some("z"), None, Some("")]);
    check(F::Min, "STRING", "STRING", values(), "");
    check(F::Max, "STRING", "STRING", values(), "ä");
    let values = || Arc::new(BooleanArray::from(vec![None, Some(true), Some(false)]));
    check(F::Min, "BOOLEAN", "BOOLEAN", values(), "false");
    check(F::Max, "BOOLEAN", "BOOLEAN", values(), "true");
    check(F::FirstValue, "BOOLEAN", "BOOLEAN", values(), "true");
    check(F::LastValue, "BOOLEAN", "BOOLEAN", values(), "false");
}

#[test]
fn spreads_have_the_arguments_type() {
    let whole = |values: &[Option<i64>]| -> ArrayRef { Arc::new(Int64Array::from(values.to_vec())) };
    let values = || whole(&[Some(5), Some(-2), Some(1), Some(-2)]);
    check(F::VarSamp, "BIGINT", "INT", values(), "11");
    check(F::VarPop, "BIGINT", "INT", values(), "8");
    check(F::StddevPop, "BIGINT", "INT", values(), "2");
    check(F::StddevPop, "BIGINT", "TINYINT", values(), "2");
    check(F::VarSamp, "BIGINT", "INT", whole(&[None, Some(7)]), "NULL");
    check(F::StddevPop, "BIGINT", "BIGINT", whole(&[None, Some(7)]), "0");
    // As a real Flink answered: they wrap around.
    let large = || whole(&[Some(50_000), Some(1), Some(30_000)]);
    check(F::VarSamp, "BIGINT", "INT", large(), "-798349098");
    check(F::StddevPop, "BIGINT", "INT", large(), "0");
    let small = || whole(&[Some(100), Some(1), Some(-90)]);
    check(F::StddevPop, "BIGINT", "TINYINT", small(), "0");
    check(F::VarSamp, "BIGINT", "TINYINT", small(), "-57");
    let long = whole(&[Some(4_000_000_000), Some(1), Some(3_000_000_001)]);
    check(F::VarSamp, "BIGINT", "BIGINT", long, "4333333331666666667");
}

#[test]
fn first_and_last_go_by_arrival_and_pass_over_nulls() {
    let values = || ints(&[None, Some(3), Some(1), None]);
    check(F::FirstValue, "INT", "INT", values(), "3");
    check(F::LastValue, "INT", "INT", values(), "1");
    check(F::FirstValue, "INT", "INT", ints(&[None]), "NULL");
    let values = || texts(&[None, Some("a"), Some(""), None]);
    check(F::FirstValue, "STRING", "STRING", values(), "a");
    check(F::LastValue, "STRING", "STRING", values(), "");
    let values: ArrayRef = Arc::new(BinaryArray::from(vec![&[0_u8, 255][..], &[1]]));
    check(F::LastValue, "BYTES", "BYTES", values, "01");
    let field = Arc::new(narthex_planner::arrow_field("p", &DataType::Int));
    let rows: ArrayRef = Arc::new(StructArray::from(vec![(field, ints(&[Some(1), None]))]));
    check(F::FirstValue, "ROW<p INT>", "ROW<p INT>", rows.clone(), "{p: 1}");
    check(F::LastValue, "ROW<p INT>", "ROW<p INT>", rows, "{p: NULL}");
}

#[test]
fn lists_hold_values_as_they_came() {
    let comma = || F::ListAgg { separator: ",".to_owned() };
    check(comma(), "STRING", "STRING", texts(&[Some("ä"), Some("z"), None, Some("z")]), "ä,z,z");
    check(comma(), "STRING", "STRING", texts(&[Some(""), Some("")]), ",");
    check(comma(), "STRING", "STRING", texts(&[None]), "NULL");
    check(F::ArrayAgg, "INT", "ARRAY<INT>", ints(&ABOUT), "[5, -2, NULL, -2]");
    check(F::ArrayAgg, "INT", "ARRAY<INT>", ints(&[None]), "[NULL]");
    check(F::ArrayAgg, "INT", "ARRAY<INT>", ints(&[]), "NULL");
    check(F::Collect, "INT", "MULTISET<INT>", ints(&ABOUT), "{5: 1, -2: 2}");
    check(F::Collect, "INT", "MULTISET<INT>", ints(&[None]), "{}");
}

#[test]
fn percentiles_lie_between_two_values() {
    let one = |fraction| F::Percentile { fractions: vec![fraction], is_list: false };
    let values = || doubles(&[Some(5.0), Some(-2.0), Some(1.0), Some(-2.0), None]);
    for (fraction, expected) in [(0.5, "-0.5"), (0.1, "-2.0"), (0.9, "3.8000000000000007"), (1.0, "5.0")] {
        check(one(fraction), "DOUBLE", "DOUBLE", values(), expected);
    }
    let several = F::Percentile { fractions: vec![0.1, 0.9, 0.5], is_list: true };
    check(several.clone(), "DOUBLE", "ARRAY<DOUBLE>", values(), "[-2.0, 3.8000000000000007, -0.5]");
    check(several, "DOUBLE", "ARRAY<DOUBLE>", doubles(&[None]), "NULL");
    check(one(0.25), "DOUBLE", "DOUBLE", doubles(&[1.5, f64::NAN, 2.5, 2.5].map(Some)), "2.25");
    check_distinct(one(0.5), "DOUBLE", "DOUBLE", doubles(&[5.0, -2.0, -2.0].map(Some)), "1.5");
}

#[test]
fn a_percentiles_frequency_counts_a_value_so_often() {
    let mut call = call(F::Percentile { fractions: vec![0.5], is_list: false }, "DOUBLE", "DOUBLE", false);
    call.arguments.push(1);
    call.argument_types.push(DataType::BigInt);
    let values = doubles(&[Some(5.0), Some(-2.0), None, Some(-2.0)]);
    let counts: ArrayRef = Arc::new(Int64Array::from(vec![Some(5), Some(-2), Some(1), None]));
    let mut accumulator = accumulator(&call).unwrap();
    accumulator.update_batch(&[values, counts], &[0; 4], None, 1).unwrap();
    assert_eq!(shown(&accumulator.evaluate(EmitTo::All).unwrap(), &call), ["5.0"]);
}

#[test]
fn distinct_counts_each_value_once() {
    check_distinct(F::Sum, "INT", "INT", ints(&ABOUT), "3");
    check_distinct(F::Avg, "INT", "INT", ints(&ABOUT), "1");
    check_distinct(F::Count, "STRING", "BIGINT", texts(&[Some("a"), None, Some(""), Some("a")]), "2");
    let floats = doubles(&[f64::NAN, 0.0, -0.0, f64::NAN].map(Some));
    check_distinct(F::Count, "DOUBLE", "BIGINT", floats, "3");
    check_distinct(F::ArrayAgg, "INT", "ARRAY<INT>", ints(&[Some(5), None, Some(5), None]), "[5, NULL]");
    let comma = F::ListAgg { separator: ",".to_owned() };
    check_distinct(comma, "STRING", "STRING", texts(&[Some("ä"), Some("z"), None, Some("z")]), "ä,z");
    check_distinct(F::Collect, "STRING", "MULTISET<STRING>", texts(&[Some("z"), Some("z")]), "{z: 1}");
    check_distinct(F::LastValue, "INT", "INT", ints(&[Some(1), Some(2), Some(1)]), "2");
    check(F::ApproxCountDistinct, "STRING", "BIGINT", texts(&[Some("a"), None, Some("a")]), "1");
    let flags: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), Some(true), None, Some(false)]));
    check_distinct(F::Count, "BOOLEAN", "BIGINT", flags, "2");
}

#[test]
fn rows_count_where_the_filter_is_true() {
    let filter = BooleanArray::from(vec![Some(true), Some(false), None, Some(true)]);
    let values = ints(&[Some(7), Some(8), Some(9), Some(7)]);
    for (function, returns, expected) in [
        (F::CountStar, "BIGINT", "2"),
        (F::Sum, "INT", "14"),
        (F::Max, "INT", "7"),
        (F::ArrayAgg, "ARRAY<INT>", "[7, 7]"),
        (F::Collect, "MULTISET<INT>", "{7: 2}"),
    ] {
        let call = call(function, "INT", returns, false);
        assert_eq!(of_group(&call, &values, Some(&filter)), expected, "{call:?}");
    }
    let none = BooleanArray::from(vec![false; 4]);
    let array_agg = call(F::ArrayAgg, "INT", "ARRAY<INT>", false);
    assert_eq!(of_group(&array_agg, &values, Some(&none)), "NULL");
    let count = call(F::Count, "INT", "BIGINT", true);
    assert_eq!(of_group(&count, &values, Some(&none)), "0");
}

#[test]
fn rows_of_different_lengths_are_an_error() {
    let mut sum = accumulator(&call(F::Sum, "INT", "INT", false)).unwrap();
    assert!(sum.update_batch(&[ints(&ABOUT)], &[0, 0], None, 1).is_err());
}

#[test]
fn what_has_no_such_aggregate_is_refused() {
    assert!(accumulator(&call(F::Sum, "STRING", "STRING", false)).is_err());
    assert!(accumulator(&call(F::Min, "BYTES", "BYTES", false)).is_err());
}
