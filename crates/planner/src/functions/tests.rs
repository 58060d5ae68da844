//! Every function in tables of (expression, value, type), as Flink 2.2.1 gave them over one row.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Float32Array,
    Float64Array, Int8Array, Int16Array, Int32Array, Int32Builder, Int64Array, ListBuilder, MapBuilder,
    MapFieldNames, StringArray, StringBuilder, StructArray, Time32MillisecondArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, new_null_array,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType as ArrowType, Float32Type, Float64Type};
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use narthex_sql::ast::{SelectItem, SetExpr};
use narthex_sql::{DataType, StatementKind};

use crate::bind::Binder;
use crate::testing::{bind_over, environment, type_over};
use crate::{Environment, Scope, ScopeColumn, arrow_field, arrow_type};

mod collections;
mod conversions;
mod hashes;
mod json;
mod numbers;
mod page;
mod patterns;
mod strings;
mod times;

/// An expression, its value, and its type, as Flink tells them.
type Answer = (&'static str, &'static str, &'static str);

/// The columns of the row; those with `n` are null.
const COLUMNS: [(&str, &str); 27] = [
    ("s", "STRING"),
    ("c", "CHAR(5)"),
    ("v", "VARCHAR(10)"),
    ("i", "INT"),
    ("l", "BIGINT"),
    ("ti", "TINYINT"),
    ("si", "SMALLINT"),
    ("d", "DOUBLE"),
    ("f", "FLOAT"),
    ("dc", "DECIMAL(10, 3)"),
    ("bo", "BOOLEAN"),
    ("dt", "DATE"),
    ("tm", "TIME(0)"),
    ("ts", "TIMESTAMP(3)"),
    ("ts6", "TIMESTAMP(6)"),
    ("ts9", "TIMESTAMP(9)"),
    ("lz", "TIMESTAMP_LTZ(3)"),
    ("od", "TIMESTAMP(3)"),
    ("ai", "ARRAY<INT>"),
    ("an", "ARRAY<INT>"),
    ("aa", "ARRAY<STRING>"),
    ("m", "MAP<STRING, INT>"),
    ("bb", "BYTES"),
    ("ns", "STRING"),
    ("ni", "INT"),
    ("x", "INT"),
    ("r", "ROW<a INT, b STRING>"),
];

/// 2024-05-06 07:08:09 in seconds.
const SECONDS: i64 = 1_714_979_289;

fn row() -> RecordBatch {
    let hello = || Arc::new(StringArray::from(vec!["Hello"])) as ArrayRef;
    let ints = |values: &[Option<i32>]| {
        let mut list = ListBuilder::new(Int32Builder::new());
        list.append_value(values.iter().copied());
        Arc::new(list.finish()) as ArrayRef
    };
    let mut texts = ListBuilder::new(StringBuilder::new());
    texts.append_value([Some("x"), Some("y")]);
    let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
    let mut map = MapBuilder::new(Some(names), StringBuilder::new(), Int32Builder::new())
        .with_values_field(arrow_field("value", &DataType::Int));
    for (key, value) in [("a", 1), ("b", 2)] {
        map.keys().append_value(key);
        map.values().append_value(value);
    }
    map.append(true).unwrap();
    let ArrowType::Struct(fields) = arrow_type(&DataType::parse("ROW<a INT, b STRING>").unwrap()) else {
        panic!()
    };
    let record: Vec<ArrayRef> =
        vec![Arc::new(Int32Array::from(vec![1])), Arc::new(StringArray::from(vec!["q"]))];
    let columns: Vec<ArrayRef> = vec![
        hello(),
        hello(),
        hello(),
        Arc::new(Int32Array::from(vec![7])),
        Arc::new(Int64Array::from(vec![7])),
        Arc::new(Int8Array::from(vec![7])),
        Arc::new(Int16Array::from(vec![7])),
        Arc::new(Float64Array::from(vec![2.5])),
        Arc::new(Float32Array::from(vec![2.5])),
        Arc::new(Decimal128Array::from(vec![-2675]).with_precision_and_scale(10, 3).unwrap()),
        Arc::new(BooleanArray::from(vec![true])),
        Arc::new(Date32Array::from(vec![19849])),
        Arc::new(Time32MillisecondArray::from(vec![25_689_000])),
        Arc::new(TimestampMillisecondArray::from(vec![SECONDS * 1000 + 123])),
        Arc::new(TimestampMicrosecondArray::from(vec![SECONDS * 1_000_000 + 123_456])),
        Arc::new(TimestampNanosecondArray::from(vec![SECONDS * 1_000_000_000 + 123_456_789])),
        Arc::new(TimestampMillisecondArray::from(vec![SECONDS * 1000 + 123]).with_timezone("UTC")),
        Arc::new(TimestampMillisecondArray::from(vec![-1])),
        ints(&[Some(3), Some(2), Some(2), Some(1)]),
        ints(&[Some(2), None]),
        Arc::new(texts.finish()),
        Arc::new(map.finish()),
        Arc::new(BinaryArray::from(vec![b"Hello" as &[u8]])),
        Arc::new(StringArray::new_null(1)),
        Arc::new(Int32Array::new_null(1)),
        Arc::new(Int32Array::from(vec![1])),
        Arc::new(StructArray::new(fields, record, None)),
    ];
    RecordBatch::try_from_iter_with_nullable(
        COLUMNS.iter().zip(columns).map(|((name, _), column)| (*name, column, true)),
    )
    .unwrap()
}

/// A value as the tables write it.
fn shown(array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) || *array.data_type() == ArrowType::Null {
        return "NULL".to_owned();
    }
    let all = |array: &ArrayRef| (0..array.len()).map(|at| shown(array, at)).collect::<Vec<_>>();
    match array.data_type() {
        ArrowType::Utf8 => format!("'{}'", array.as_string::<i32>().value(row)),
        ArrowType::Binary => {
            let bytes = array.as_binary::<i32>().value(row).iter();
            format!("x{}", bytes.map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        ArrowType::List(_) => format!("[{}]", all(&array.as_list::<i32>().value(row)).join(", ")),
        ArrowType::Map(..) => {
            let entries = array.as_map().value(row);
            let pairs = all(entries.column(0)).into_iter().zip(all(entries.column(1)));
            let mut pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(", "))
        }
        ArrowType::Struct(_) => {
            let fields = array.as_struct().columns().iter().map(|column| shown(column, row));
            format!("({})", fields.collect::<Vec<_>>().join(", "))
        }
        ArrowType::Float64 => super::java_number::double(array.as_primitive::<Float64Type>().value(row)),
        ArrowType::Float32 => super::java_number::float(array.as_primitive::<Float32Type>().value(row)),
        ArrowType::Timestamp(..) | ArrowType::Time32(_) => {
            trimmed(&array_value_to_string(array, row).unwrap())
        }
        _ => array_value_to_string(array, row).unwrap(),
    }
}

/// Java leaves out seconds that are zero.
fn trimmed(shown: &str) -> String {
    let (bare, zone) = shown.strip_suffix('Z').map_or((shown, ""), |bare| (bare, "Z"));
    let bare = if zone.is_empty() { bare.strip_suffix(":00").unwrap_or(bare) } else { bare };
    format!("{bare}{zone}")
}

/// The row, a row of nulls, and the row again, as a part of something longer: what a function computes in the third
/// must not depend on the others.
fn rows() -> RecordBatch {
    let row = row();
    let fields = row.schema().fields().clone();
    let nulls = fields.iter().map(|field| new_null_array(field.data_type(), 1)).collect();
    let nulls = RecordBatch::try_new(row.schema(), nulls).unwrap();
    concat_batches(&row.schema(), [&nulls, &row, &nulls, &row]).unwrap().slice(1, 3)
}

/// Calls that give something else each time.
fn is_volatile(expr: &str) -> bool {
    expr.contains("RAND") || expr.contains("UUID")
}

/// The value and the type of an expression over the row, or what went wrong.
fn answer(expr: &str) -> (String, String) {
    let bound = match bind_over(&COLUMNS, expr) {
        Ok(bound) => bound,
        Err(mistake) => return (format!("refused: {mistake}"), String::new()),
    };
    let data_type = bound.data_type.to_string();
    let value = bound.expr.evaluate(&row()).and_then(|value| value.into_array(1));
    let value = match value {
        Ok(array) => {
            assert_eq!(array.data_type(), &arrow_type(&bound.data_type), "the type of {expr}");
            let value = shown(&array, 0);
            let none = bound.expr.evaluate(&row().slice(0, 0)).unwrap().into_array(0).unwrap();
            assert_eq!(none.len(), 0, "no rows of {expr}");
            if let Ok(all) = bound.expr.evaluate(&rows()).and_then(|value| value.into_array(3))
                && !is_volatile(expr)
            {
                assert_eq!(
                    [shown(&all, 0), shown(&all, 2)],
                    [value.clone(), value.clone()],
                    "rows of {expr}"
                );
            }
            value
        }
        Err(error) => format!("failed: {}", error.to_string().trim_start_matches("Execution error: ")),
    };
    (value, data_type)
}

/// Checks a table; all that differ are told at once.
fn check(answers: &[Answer]) {
    let wrong: Vec<String> = answers
        .iter()
        .filter_map(|(expr, value, data_type)| {
            let (found, found_type) = answer(expr);
            let is_right = found == *value && (data_type.is_empty() || found_type == *data_type);
            (!is_right).then(|| format!("{expr}\n  is  {found} : {found_type}\n  not {value} : {data_type}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), answers.len(), wrong.join("\n"));
}

/// The value of an expression over the row in a session of another zone.
fn answer_in(zone: chrono_tz::Tz, expr: &str) -> String {
    let column =
        |(name, data_type): &(&str, &str)| ScopeColumn::plain(*name, DataType::parse(data_type).unwrap());
    let scope = Scope::of(COLUMNS.iter().map(column).collect());
    let script = narthex_sql::parse(&format!("SELECT {expr}"));
    let StatementKind::Query(query) = &script.statements[0].kind else { panic!("no query") };
    let SetExpr::Select(select) = &*query.body else { panic!("no select") };
    let SelectItem::UnnamedExpr(expr) = &select.projection[0] else { panic!("no expression") };
    let environment = Environment { zone, ..environment() };
    let bound = Binder { scope: &scope, environment: &environment }.bind(expr).unwrap();
    shown(&bound.expr.evaluate(&row()).unwrap().into_array(1).unwrap(), 0)
}

#[test]
fn moments_are_shown_by_the_clock_of_the_session() {
    // The moment is 2024-05-06 09:08:09.123 in Berlin.
    for (expr, expected) in [
        ("EXTRACT(HOUR FROM lz)", "9"),
        ("EXTRACT(EPOCH FROM lz)", "1714986489"),
        ("DATE_FORMAT(lz, 'yyyy-MM-dd HH:mm:ss.SSSSSS')", "'2024-05-06 09:08:09.123000'"),
        ("FLOOR(lz TO HOUR)", "2024-05-06T07:00:00Z"),
        ("FLOOR(lz TO DAY)", "2024-05-05T22:00:00Z"),
        ("CEIL(lz TO DAY)", "2024-05-06T22:00:00Z"),
        ("FLOOR(lz TO WEEK)", "2024-05-04T22:00:00Z"),
        ("CEIL(lz TO MONTH)", "2024-05-31T22:00:00Z"),
        ("FROM_UNIXTIME(1700000000)", "'2023-11-14 23:13:20'"),
        ("FROM_UNIXTIME(1700000000, 'HH z Z X XXX')", "'23 CET +0100 +01 +01:00'"),
        ("UNIX_TIMESTAMP('2024-02-29 10:11:12')", "1709197872"),
        ("UNIX_TIMESTAMP('2024-03-31 02:30:00')", "1711848600"),
        ("UNIX_TIMESTAMP('2024-02-29 10:11:12 +0000', 'yyyy-MM-dd HH:mm:ss Z')", "1709201472"),
        ("TO_DATE('2024-02-29 23:30:00', 'yyyy-MM-dd HH:mm:ss')", "2024-02-29"),
        ("TO_TIMESTAMP_LTZ('2024-02-29 10:11:12')", "2024-02-29T10:11:12Z"),
        ("TIMESTAMPADD(MONTH, 1, lz)", "2024-06-06T07:08:09.123Z"),
        ("LOCALTIMESTAMP", "2024-05-06T09:08:09.123"),
        ("CURRENT_TIME", "09:08:09"),
        ("JSON_STRING(lz)", "'\"2024-05-06T07:08:09.123Z\"'"),
    ] {
        assert_eq!(answer_in(chrono_tz::Europe::Berlin, expr), expected, "{expr}");
    }
}

#[test]
fn what_fails_says_why() {
    for (expr, expected) in [
        ("SHA2(s, 100)", "SHA2 has no 100 bits; there are 224, 256, 384 and 512"),
        (
            "DECODE(bb, 'bogus')",
            "there is no character set 'bogus'; there are: US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE, UTF-16LE",
        ),
        ("INSTR(s, 'l', 1, 0)", "INSTR: the occurrence is 0; it must be 1 or more"),
        ("RAND_INTEGER(0)", "RAND_INTEGER: the bound is 0; it must be 1 or more"),
        ("MOD(i, 0)", "division by zero in MOD"),
        ("TRUNCATE(d * 1e20)", "TRUNCATE takes no number as large as 2.5e20"),
        (
            "TO_TIMESTAMP_LTZ(l, 6)",
            "TO_TIMESTAMP_LTZ takes the precision 0 for seconds or 3 for milliseconds, not 6",
        ),
        (
            "TO_TIMESTAMP_LTZ(s)",
            "TO_TIMESTAMP_LTZ: 'Hello' is not a timestamp such as 2024-05-06 07:08:09.123",
        ),
        ("DATE_FORMAT(ts, 'bogus')", "there is no pattern letter b"),
        ("DATE_FORMAT(ts, 'z')", "the pattern letter z needs a zone, and a time has none"),
        ("FROM_UNIXTIME(l, 'bogus')", "there is no pattern letter b"),
        ("ELEMENT(ai)", "ELEMENT: the array has 4 elements, not one"),
        ("MAP_FROM_ARRAYS(ai, aa)", "MAP_FROM_ARRAYS: there are 4 keys and 2 values"),
        (
            "JSON_VALUE('{\"a\":\"x\"}', '$.a' RETURNING DOUBLE NULL ON ERROR)",
            "JSON_VALUE: \"x\" is no DOUBLE",
        ),
        ("JSON_VALUE('{}', '$.a' ERROR ON ERROR)", "JSON_VALUE: $.a: there is no member a"),
        ("JSON_QUERY('{}', 'lax $.a' ERROR ON EMPTY)", "JSON_QUERY: nothing is at lax $.a"),
        (
            "TIMESTAMPADD(DAY, 9223372036854775807, ts)",
            "TIMESTAMPADD: 9223372036854775807 units are too many",
        ),
    ] {
        assert_eq!(answer(expr).0, format!("failed: {expected}"), "{expr}");
    }
}

#[test]
fn edges_of_numbers_do_no_harm() {
    for expr in [
        "ROUND(d, -2147483648)",
        "ROUND(i, -2147483648)",
        "ROUND(dc, 2147483647)",
        "TRUNCATE(d, 2147483647)",
        "SUBSTRING(s, -2147483648, 2147483647)",
        "OVERLAY(s PLACING 'x' FROM -2147483648)",
        "ELT(-9223372036854775808 + l - l, s, s)",
        "ARRAY_SLICE(ai, -2147483648, 2147483647)",
        "INSTR(s, 'l', -2147483648, 2147483647)",
        "LEFT(s, -2147483648)",
        "TO_TIMESTAMP(REPEAT('9', 30), 'y')",
        "TO_TIMESTAMP('999999999', 'y')",
        "TO_DATE('999999999-999999999', 'y-M')",
        "PRINTF('%59999d', i)",
        "PRINTF('%99999999d', i)",
        "PRINTF('%.59999f', d)",
        "JSON_VALUE(CONCAT('0.', REPEAT('1', 70000)), '$')",
        "JSON_VALUE('1e99999999999999999999', '$')",
        "JSON_VALUE(REPEAT('[', 5000), '$')",
        "JSON_VALUE('{}', REPEAT('$[?(@', 5000))",
        "DATE_FORMAT(ts, REPEAT('[', 5000))",
        "FROM_UNIXTIME(l, REPEAT('y', 70000))",
        "REGEXP(REPEAT('a', 100), '(a+)+b')",
        "CEIL(od TO MILLENNIUM)",
    ] {
        answer(expr);
    }
}

#[test]
fn arguments_are_refused_with_what_is_taken() {
    for (expr, expected) in [
        ("POWER(ai, 2)", "POWER does not take (ARRAY<INT>, INT)"),
        ("CONCAT(s, i)", "CONCAT does not take (STRING, INT)"),
        ("REPEAT(s, l)", "REPEAT does not take (STRING, BIGINT)"),
        ("MOD(d, 2)", "MOD does not take (DOUBLE, INT)"),
        ("ARRAY_CONTAINS(ai, s)", "ARRAY_CONTAINS does not take (ARRAY<INT>, STRING)"),
        ("ARRAY_UNION(ai, aa)", "ARRAY_UNION does not take (ARRAY<INT>, ARRAY<STRING>)"),
        ("CARDINALITY(s)", "CARDINALITY does not take (STRING)"),
        ("EXTRACT(YEAR FROM tm)", "EXTRACT does not take YEAR of TIME(0)"),
        ("FLOOR(ts TO DOW)", "FLOOR does not take DOW of TIMESTAMP(3)"),
        ("TIMESTAMPADD(DAYS, 1, ts)", "TIMESTAMPADD: there is no unit DAYS; did you mean DAY?"),
        ("TIMESTAMPDIFF(DAY, ts, lz)", "TIMESTAMPDIFF does not take (TIMESTAMP(3), TIMESTAMP_LTZ(3))"),
        ("DATE_FORMAT(dt, 'yyyy')", "DATE_FORMAT does not take (DATE, CHAR(4))"),
        ("JSON_STRING(dt)", "JSON_STRING cannot write DATE as JSON"),
        ("JSON_VALUE(s, '$' RETURNING BIGINT)", "JSON_VALUE cannot return BIGINT"),
        ("JSON_OBJECT(s VALUE 1)", "JSON_OBJECT: a key must be a text that is never null, not STRING"),
        ("ELT(-1, s)", "ELT: the index is -1; it must be 0 or more"),
    ] {
        assert_eq!(type_over(&COLUMNS, expr).unwrap_err(), expected);
    }
}

#[test]
fn the_clock_is_asked_each_time() {
    for (expr, value, data_type) in [
        ("CURRENT_TIMESTAMP", "2024-05-06T07:08:09.123Z", "TIMESTAMP_LTZ(3) NOT NULL"),
        ("NOW()", "2024-05-06T07:08:09.123Z", "TIMESTAMP_LTZ(3) NOT NULL"),
        ("CURRENT_ROW_TIMESTAMP()", "2024-05-06T07:08:09.123Z", "TIMESTAMP_LTZ(3) NOT NULL"),
        ("PROCTIME()", "2024-05-06T07:08:09.123Z", "TIMESTAMP_LTZ(3) NOT NULL"),
        ("LOCALTIMESTAMP", "2024-05-06T07:08:09.123", "TIMESTAMP(3) NOT NULL"),
        ("CURRENT_DATE", "2024-05-06", "DATE NOT NULL"),
        ("CURRENT_TIME", "07:08:09", "TIME(0) NOT NULL"),
        ("LOCALTIME", "07:08:09", "TIME(0) NOT NULL"),
        ("UNIX_TIMESTAMP()", "1714979289", "BIGINT NOT NULL"),
    ] {
        assert_eq!(answer(expr), (value.to_owned(), data_type.to_owned()), "{expr}");
        let bound = bind_over(&COLUMNS, expr).unwrap();
        assert!(bound.expr.is_volatile_node() && bound.constant().is_none(), "{expr} is no constant");
    }
}

#[test]
fn random_values_differ_and_seeds_repeat() {
    assert_ne!(answer("RAND()"), answer("RAND()"));
    assert_ne!(answer("UUID()"), answer("UUID()"));
    assert_eq!(answer("RAND(7)"), answer("RAND(7)"));
    let uuid = answer("UUID()").0;
    assert!(uuid.len() == 38 && &uuid[15..16] == "4" && "89ab".contains(&uuid[20..21]), "{uuid}");
    assert_eq!(answer("SIGN(RAND_INTEGER(1))").0, "0");
}

#[test]
fn unknown_names_are_told_apart() {
    for (expr, expected) in [
        ("UPER(s)", "there is no function UPER; did you mean UPPER?"),
        ("COALESC(s, s)", "there is no function COALESC; did you mean COALESCE?"),
        ("COUNT(s)", "COUNT is an aggregate function and cannot stand here"),
        ("PARSE_JSON(s)", "Flink has the function PARSE_JSON, narthex does not have it"),
        ("LENGTH(s)", "there is no function LENGTH in Flink SQL; it is CHAR_LENGTH there"),
        ("UPPER(i)", "UPPER does not take (INT)"),
        ("UPPER(s, s)", "UPPER does not take (STRING, STRING)"),
    ] {
        assert_eq!(type_over(&COLUMNS, expr).unwrap_err(), expected);
    }
}

#[test]
fn names_are_sorted_unique_and_told_with_their_usage() {
    let usages: Vec<_> = super::function_usages().collect();
    assert!(usages.windows(2).all(|pair| pair[0].0 < pair[1].0));
    for (name, usage) in usages {
        assert!(usage.contains(name.split(' ').next_back().unwrap_or(name)), "{name}: {usage}");
    }
}
