//! Arrays, maps and rows.

use super::*;

#[test]
fn nested_values_have_flinks_types() {
    check_types(&[
        ("ARRAY[1, 2]", "ARRAY<INT NOT NULL> NOT NULL"),
        ("ARRAY[1, NULL]", "ARRAY<INT> NOT NULL"),
        ("ARRAY[1, 2.5]", "ARRAY<DECIMAL(11, 1) NOT NULL> NOT NULL"),
        ("ARRAY['a', 'bcd']", "ARRAY<VARCHAR(3) NOT NULL> NOT NULL"),
        ("ARRAY[i, l]", "ARRAY<BIGINT NOT NULL> NOT NULL"),
        ("ARRAY[ARRAY[1], ARRAY[2, NULL]]", "ARRAY<ARRAY<INT> NOT NULL> NOT NULL"),
        ("ARRAY[]", "!at least one element"),
        ("ARRAY[1, 'a']", "!no type in common"),
        ("ARRAY[NULL]", "!not all NULL"),
        ("MAP['a', 1, 'bc', 2]", "MAP<VARCHAR(2) NOT NULL, INT NOT NULL> NOT NULL"),
        ("MAP['a']", "!keys and values in turn"),
        ("MAP['a', 1, 'bc', NULL]", "!NULL has no type here"),
        ("ROW(1, 'a')", "ROW<`EXPR$0` INT NOT NULL, `EXPR$1` CHAR(1) NOT NULL> NOT NULL"),
        (
            "(1, 'a', s)",
            "ROW<`EXPR$0` INT NOT NULL, `EXPR$1` CHAR(1) NOT NULL, `EXPR$2` STRING NOT NULL> NOT NULL",
        ),
        ("ar[1]", "INT"),
        ("ar[0]", "!counted from 1"),
        ("ar[-1]", "!counted from 1"),
        ("ar[l]", "!the index of an ARRAY is an INT, not BIGINT"),
        ("ar[s]", "!the index of an ARRAY is an INT"),
        ("t.ar[1]", "INT"),
        ("m['a']", "INT"),
        ("m[1]", "!the keys are"),
        ("i[1]", "!an ARRAY or a MAP, not of INT"),
        ("r.x", "INT"),
        ("r['x']", "INT"),
        ("t.r.y", "STRING"),
        ("(r).x", "INT"),
        ("t.i", "INT NOT NULL"),
        ("r.z", "!the row has no field z"),
        ("r.X", "!the row has no field X; did you mean x?"),
        ("r.x.y", "!there is no field y: the value before it is no ROW but INT"),
        ("I", "!there is no column I; did you mean i?"),
    ]);
}

#[test]
fn parts_are_taken_out() {
    check(&[
        ("ARRAY[10, 20][2]", "20"),
        ("ARRAY[10, 20][3]", "NULL"),
        ("ARRAY[10, NULL][2]", "NULL"),
        ("MAP['a', 1, 'z', 3]['z']", "3"),
        ("MAP['a', 1, 'z', 3]['q']", "NULL"),
        ("CAST(MAP['a', 1, 'b', 2, 'a', 3] AS STRING)", "{b=2, a=3}"),
        ("MAP[1, 'a', 2.5, 'b'][1]", "a"),
        ("(ROW(1, 'q')).EXPR$1", "q"),
        ("ROW(ARRAY[1, 2], 'q').EXPR$0[2]", "2"),
        ("CAST(ROW(1, 'q') AS ROW<a INT, b STRING>).b", "q"),
    ]);
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), Some(0), Some(3), None]));
    let columns = [("i", "INT", numbers)];
    for (expr, expected) in [
        ("ARRAY[i, 7, i * 10][i]", ["1", "NULL", "30", "NULL"]),
        ("MAP[i, 'x', 3, 'y'][3]", ["y", "y", "y", "y"]),
        ("CAST(ARRAY[i, 2] AS STRING)", ["[1, 2]", "[0, 2]", "[3, 2]", "[NULL, 2]"]),
        ("ROW(i, 2).EXPR$0 + 1", ["2", "1", "4", "NULL"]),
    ] {
        assert_eq!(eval_over(&columns, expr).unwrap(), expected, "{expr}");
    }
}
